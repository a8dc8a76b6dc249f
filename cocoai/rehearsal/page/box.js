// The input field: Enter sends, Shift+Enter starts a new line, a button inserts the mention, and files or a table can
// be attached.

import { act } from "./asker.js";
import { acceptFiles, encoded, Files } from "./files.js";
import { Recorder } from "./recorder.js";
import { texts } from "./texts.js";
import { typed } from "./typing.js";

const COMMAND = /^\/\S+/; // a space before the slash makes a message of it
const MENTION = /@cocoai(?![a-z0-9_])/i; // the text that the server turns into a mention

export const botName = (world) => world.people[world.bot].name;
const share = async (message, files) => act("/page/share", { ...message, files: await Promise.all(files.map(encoded)) });

export class Box {
  // `world` returns the people and the limits, `target` the channel and thread of the message; `sent(place, ts, isQuestion)`
  // is called when one was sent.
  constructor(form, world, target, sent) {
    form.append(document.getElementById("writing").content.cloneNode(true));
    this.area = form.querySelector("textarea");
    this.button = form.querySelector(".send");
    this.mention = form.querySelector(".mention");
    this.hint = form.querySelector(".hint");
    this.error = form.querySelector(".refused");
    this.typing = form.querySelector(".typing");
    this.world = world;
    this.target = target;
    this.sent = sent;
    this.hint.id = `${form.id}-hint`;
    this.area.setAttribute("aria-describedby", this.hint.id);
    this.button.setAttribute("aria-label", texts.send);
    this.mention.textContent = "@CocoAI";
    this.mention.setAttribute("aria-label", texts.mention);
    this.area.addEventListener("input", () => {
      this.refresh();
      // A command is written for nobody else, and begins with its slash alone.
      if (this.area.value.trim() && !this.area.value.startsWith("/")) typed(this.target());
    });
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.mention.addEventListener("click", () => this.insertMention());
    this.attach(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.refresh();
  }

  // Connects the list of files with the button, the file chooser, the microphone, dropping and pasting.
  attach(form) {
    const input = form.querySelector(".choose");
    const attach = form.querySelector(".attach");
    this.files = new Files(form.querySelector(".chips"), this.world, () => this.refresh(), (why) => this.showError(why));
    this.files.list.setAttribute("aria-label", texts.files);
    attach.setAttribute("aria-label", texts.attach);
    attach.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.files.add([...input.files]);
      input.value = "";
      this.area.focus();
    });
    const add = (file) => this.files.add([file]);
    this.recorder = new Recorder(form.querySelector(".record"), add, (why) => this.showError(why));
    acceptFiles(form.closest(".room"), (files) => this.files.add(files), (rows) => this.files.addTable(rows));
  }

  // Sets the labels for the channel or thread that is shown; `needed` says whether a question needs a mention of the bot
  // there, and `has_bot` whether the bot is in the channel at all.
  show(label, { kind, has_bot: hasBot, needed }, placeholder = label) {
    this.needed = needed;
    this.hasBot = hasBot;
    this.mention.hidden = kind === "im" || !hasBot;
    this.area.setAttribute("aria-label", label);
    this.area.placeholder = placeholder;
    this.refresh();
  }

  // Shows who is writing; "" if nobody is.
  showTyping(line) {
    this.typing.textContent = line;
  }

  // Returns the command that is written, such as `/cocoai`; "" if it is a message. Files go with messages only.
  get command() {
    return this.files.isEmpty ? (COMMAND.exec(this.area.value)?.[0] ?? "") : "";
  }

  // Replaces the text and puts the cursor behind it.
  fill(text) {
    this.area.value = text;
    this.refresh();
    this.area.focus();
    this.area.setSelectionRange(text.length, text.length);
  }

  // Puts `@CocoAI ` in the place of the selection, after a space if the text before it needs one.
  insertMention() {
    const { value, selectionStart, selectionEnd } = this.area;
    const before = value.slice(0, selectionStart);
    const name = `${before && !/\s$/.test(before) ? " " : ""}@${botName(this.world())} `;
    this.area.setRangeText(name, selectionStart, selectionEnd, "end");
    this.refresh();
    this.area.focus();
  }

  // Updates the button, the hint and the height to the text.
  refresh() {
    const text = this.area.value.trim();
    const isUnheard = text && !this.command && (!this.hasBot || (this.needed && !MENTION.test(text)));
    this.button.disabled = !text && this.files.isEmpty;
    this.hint.textContent = isUnheard ? (this.hasBot ? texts.noMention : texts.outside) : this.command ? texts.command : texts.keys;
    this.hint.classList.toggle("alone", Boolean(isUnheard));
    this.area.style.height = "auto";
    // While a thread covers the field its height cannot be measured (0).
    if (this.area.scrollHeight) this.area.style.height = `${Math.min(this.area.scrollHeight, innerHeight / 3)}px`;
  }

  // Sends the message when Enter is pressed without Shift.
  key(event) {
    // While a Japanese input method is composing, Enter belongs to it (keyCode 229 is Safari's for that Enter).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  // Sends the text and the files, if there are any. The field is emptied at once, so that the next message can be typed
  // meanwhile; a message that could not be sent is put back, with an error line.
  async send() {
    const text = this.area.value.trim();
    if (!text && this.files.isEmpty) return;
    if (this.command) return this.run(this.command, text);
    const place = this.target();
    const { files, table } = this.files.take();
    this.area.value = "";
    this.refresh();
    this.showError("");
    const message = table ? { ...place, text, table } : { ...place, text };
    const request = files.length ? share(message, files) : act("/page/say", message);
    const response = await request.catch(() => null);
    if (response) {
      this.sent(place, response.ts, this.hasBot && (!this.needed || MENTION.test(text)));
    } else {
      this.showError(texts.sendFailed);
      this.files.set([...files, ...this.files.chosen], table ?? this.files.table);
      this.fill([text, this.area.value].filter(Boolean).join("\n"));
    }
  }

  // Runs a slash command, as Slack does: only the app's own, and in no thread. What it refuses is kept in the field.
  async run(command, text) {
    const { channel, thread_ts } = this.target();
    if (thread_ts) return this.showError(texts.commandInThread(command));
    if (command !== this.world().command) return this.showError(texts.unknownCommand(command));
    this.area.value = "";
    this.refresh();
    this.showError("");
    const words = text.slice(command.length).trim();
    if (await act("/page/command", { channel, text: words }).catch(() => null)) return; // what fails, Slackbot tells
    this.showError(texts.sendFailed);
    this.fill([text, this.area.value].filter(Boolean).join("\n"));
  }

  // Shows why the message was not sent; "" hides it.
  showError(why) {
    this.error.textContent = why;
    this.error.hidden = !why;
  }
}
