// The box to write in: Enter sends, Shift+Enter makes a new line, the mention can be had by a button, and files go along.

import { catchFiles, Files, packed } from "./files.js";
import { tell } from "./server.js";
import { words } from "./words.js";

const MENTION = /@cocoai(?![a-z0-9_])/i; // what the server makes a mention of

export const botName = (world) => world.people[world.bot].name;
const share = async (said, files) => tell("/page/share", { ...said, files: await Promise.all(files.map(packed)) });

export class Box {
  // `world` gives who and what there is, `target` where the words go; `sent(where, ts, asked)` is told of what was sent.
  constructor(form, world, target, sent) {
    form.append(document.getElementById("writing").content.cloneNode(true));
    this.area = form.querySelector("textarea");
    this.button = form.querySelector(".send");
    this.mention = form.querySelector(".mention");
    this.hint = form.querySelector(".hint");
    this.refused = form.querySelector(".refused");
    this.world = world;
    this.target = target;
    this.sent = sent;
    this.hint.id = `${form.id}-hint`;
    this.area.setAttribute("aria-describedby", this.hint.id);
    this.button.setAttribute("aria-label", words.send);
    this.mention.textContent = "@CocoAI";
    this.mention.setAttribute("aria-label", words.mention);
    this.area.addEventListener("input", () => this.settle());
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.mention.addEventListener("click", () => this.call());
    this.attach(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.settle();
  }

  attach(form) {
    const input = form.querySelector(".choose");
    const attach = form.querySelector(".attach");
    this.files = new Files(form.querySelector(".chips"), this.world, () => this.settle(), (why) => this.refuse(why));
    this.files.list.setAttribute("aria-label", words.files);
    attach.setAttribute("aria-label", words.attach);
    attach.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.files.add([...input.files]);
      input.value = "";
      this.area.focus();
    });
    catchFiles(form.closest(".room"), (files) => this.files.add(files));
  }

  show(label, mentions, placeholder = label) {
    this.mentions = mentions;
    this.mention.hidden = !mentions;
    this.area.setAttribute("aria-label", label);
    this.area.placeholder = placeholder;
    this.settle();
  }

  fill(text) {
    this.area.value = text;
    this.settle();
    this.area.focus();
    this.area.setSelectionRange(text.length, text.length);
  }

  call() {
    const { value, selectionStart, selectionEnd } = this.area;
    const before = value.slice(0, selectionStart);
    const name = `${before && !/\s$/.test(before) ? " " : ""}@${botName(this.world())} `;
    this.area.setRangeText(name, selectionStart, selectionEnd, "end");
    this.settle();
    this.area.focus();
  }

  settle() {
    const text = this.area.value.trim();
    const alone = this.mentions && text && !MENTION.test(text);
    this.button.disabled = !text && !this.files.chosen.length;
    this.hint.textContent = alone ? words.alone : words.keys;
    this.hint.classList.toggle("alone", Boolean(alone));
    this.area.style.height = "auto";
    // Nothing can be measured while a thread covers the box.
    if (this.area.scrollHeight) this.area.style.height = `${Math.min(this.area.scrollHeight, innerHeight / 3)}px`;
  }

  key(event) {
    // While a Japanese input method is choosing, Enter belongs to it (229: what Safari says of that Enter).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.send();
  }

  // The box is empty at once: what is typed meanwhile is the next message. If nobody took the words, they come back.
  async send() {
    const text = this.area.value.trim();
    if (!text && !this.files.chosen.length) return;
    const where = this.target();
    const files = this.files.take();
    this.area.value = "";
    this.settle();
    this.refuse("");
    const said = files.length ? share({ ...where, text }, files) : tell("/page/say", { ...where, text });
    const told = await said.catch(() => null);
    if (told) {
      this.sent(where, told.ts, !this.mentions || MENTION.test(text));
    } else {
      this.refuse(words.unsent);
      this.files.set([...files, ...this.files.chosen]);
      this.fill([text, this.area.value].filter(Boolean).join("\n"));
    }
  }

  refuse(why) {
    this.refused.textContent = why;
    this.refused.hidden = !why;
  }
}
