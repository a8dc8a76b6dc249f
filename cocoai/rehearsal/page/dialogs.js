// The page's own dialogs: one asks for a confirmation, one has a field to write in, one shows a phone's notification.

import { make } from "./dom.js";
import { texts } from "./texts.js";

const byId = (id) => document.getElementById(id);

// Shows a confirmation object as a dialog; resolves to true if the person agrees.
// Source: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object.
export function confirmed({ title, text, confirm, deny, style }) {
  byId("confirm-title").textContent = title?.text ?? texts.sure;
  byId("confirm-text").textContent = text?.text ?? "";
  byId("agree").textContent = confirm?.text ?? texts.yes;
  byId("agree").className = `press ${style === "danger" ? "danger" : "primary"}`;
  byId("deny").textContent = deny?.text ?? texts.no;
  return answered(byId("confirm"), byId("agree"), byId("deny"));
}

// Shows a field that holds `text`, and above it a list of `targets` (each an id and a label) if there are any, and a
// `quote`. Resolves to the text and the id of the chosen target; to null if the person cancels.
export async function written({ title, label, text = "", quote = "", targets = [], action }) {
  const [area, list] = [byId("compose-text"), byId("compose-target")];
  byId("compose-title").textContent = title;
  byId("compose-label").textContent = label;
  byId("compose-to").hidden = !targets.length;
  list.replaceChildren(...targets.map(([id, name]) => Object.assign(make("option", "", name), { value: id })));
  byId("compose-quote").textContent = quote;
  byId("compose-quote").hidden = !quote;
  byId("compose-do").textContent = action;
  byId("compose-cancel").textContent = texts.cancel;
  area.value = text;
  area.onkeydown = (event) => {
    // While a Japanese input method is composing, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    byId("compose-do").click();
  };
  const agreed = answered(byId("compose"), byId("compose-do"), byId("compose-cancel"));
  area.setSelectionRange(text.length, text.length);
  if (!targets.length) area.focus();
  return (await agreed) ? { text: area.value.trim(), target: list.value } : null;
}

// Shows a notification as a phone does: whom it is from, in which channel ("": a direct message), and its words.
export function shown(from, channel, words) {
  byId("phone-from").textContent = from;
  byId("phone-channel").textContent = channel;
  byId("phone-text").textContent = words;
  byId("phone-close").onclick = () => byId("phone").close();
  byId("phone").showModal();
}

// Shows a dialog; resolves to true if it was closed by the button `agree`, to false if by `deny` or Escape.
function answered(dialog, agree, deny) {
  agree.onclick = () => dialog.close("agreed");
  deny.onclick = () => dialog.close("");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "agreed"), { once: true }));
}
