// Sends the click on a button, after a confirmation dialog if the button has one, and remembers how it went.

import { postJson } from "./server.js";
import { texts } from "./texts.js";

const byId = (id) => document.getElementById(id);
const states = new Map(); // "channel ts" -> action -> "busy", or the reason of a failure
const place = (message) => `${message.channel} ${message.ts}`;

// `pressed` returns the state of one button of a message ("" if there is none), `allPressed` those of all its buttons.
export const pressed = (message, action) => states.get(place(message))?.get(action) ?? "";
export const allPressed = (message) => [...(states.get(place(message)) ?? [])];

// Sends a click and stores its outcome; `redraw` is called when the button's state has changed. Nothing is sent while
// an earlier click on the button is under way, or if the person does not confirm it.
export async function press(message, { action_id: action, confirm }, redraw) {
  if (pressed(message, action) === "busy" || (confirm && !(await confirmed(confirm)))) return;
  const state = states.get(place(message)) ?? new Map();
  states.set(place(message), state.set(action, "busy"));
  redraw();
  const click = { channel: message.channel, ts: message.ts, action };
  const result = await postJson("/page/click", click).catch(() => ({ failure: texts.noResponse }));
  if (result.failure) state.set(action, texts.clickFailed(result.failure));
  else state.delete(action);
  redraw();
}

// Shows a confirmation object as a dialog; resolves to true if the person agrees.
// Source: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object.
function confirmed({ title, text, confirm, deny, style }) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title?.text ?? texts.sure;
  byId("confirm-text").textContent = text?.text ?? "";
  byId("agree").textContent = confirm?.text ?? texts.yes;
  byId("agree").className = `press ${style === "danger" ? "danger" : "primary"}`;
  byId("deny").textContent = deny?.text ?? texts.no;
  byId("agree").onclick = () => dialog.close("agreed");
  byId("deny").onclick = () => dialog.close("");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "agreed"), { once: true }));
}
