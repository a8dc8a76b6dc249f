// The box to write in: Enter sends, Shift+Enter makes a new line, and the mention can be had by a button.

import { words } from "./words.js";

const MENTION = /@cocoai(?![a-z0-9_])/i; // what the server makes a mention of

export class Box {
  // `name` gives the bot's name, `target` where the words go; `sent(where, ts, asked)` is told of what was sent.
  constructor(form, name, target, sent) {
    form.append(document.getElementById("writing").content.cloneNode(true));
    this.area = form.querySelector("textarea");
    this.button = form.querySelector(".send");
    this.mention = form.querySelector(".mention");
    this.hint = form.querySelector(".hint");
    this.refused = form.querySelector(".refused");
    this.name = name;
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
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.settle();
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
    const name = `${before && !/\s$/.test(before) ? " " : ""}@${this.name()} `;
    this.area.setRangeText(name, selectionStart, selectionEnd, "end");
    this.settle();
    this.area.focus();
  }

  settle() {
    const text = this.area.value.trim();
    const alone = this.mentions && text && !MENTION.test(text);
    this.button.disabled = !text;
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
    if (!text) return;
    const where = this.target();
    this.area.value = "";
    this.settle();
    const reply = await fetch("/page/say", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...where, text }),
    }).catch(() => null);
    this.refused.hidden = Boolean(reply?.ok);
    if (reply?.ok) {
      this.sent(where, (await reply.json()).ts, !this.mentions || MENTION.test(text));
    } else {
      this.refused.textContent = words.unsent;
      this.fill([text, this.area.value].filter(Boolean).join("\n"));
    }
  }
}
