// Pressing a button: people are asked first where the button wants that, then Slack is told, and it shows how that went.

import { tell } from "./server.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const states = new Map(); // "channel ts" -> action -> "busy", or why it failed
const place = (message) => `${message.channel} ${message.ts}`;

export const pressed = (message, action) => states.get(place(message))?.get(action) ?? "";
export const allPressed = (message) => [...(states.get(place(message)) ?? [])];

// `redraw` is called whenever there is something else to be shown.
export async function press(message, { action_id: action, confirm }, redraw) {
  if (pressed(message, action) === "busy" || (confirm && !(await agreed(confirm)))) return;
  const state = states.get(place(message)) ?? new Map();
  states.set(place(message), state.set(action, "busy"));
  redraw();
  const told = await tell("/page/click", { channel: message.channel, ts: message.ts, action }).catch(() => ({ failure: words.unanswered }));
  if (told.failure) state.set(action, words.unclicked(told.failure));
  else state.delete(action);
  redraw();
}

// A confirmation object: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
function agreed({ title, text, confirm, deny, style }) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title?.text ?? words.sure;
  byId("confirm-text").textContent = text?.text ?? "";
  byId("agree").textContent = confirm?.text ?? words.yes;
  byId("agree").className = `press ${style === "danger" ? "danger" : "primary"}`;
  byId("deny").textContent = deny?.text ?? words.no;
  byId("agree").onclick = () => dialog.close("agreed");
  byId("deny").onclick = () => dialog.close("");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "agreed"), { once: true }));
}
