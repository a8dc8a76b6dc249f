// Sends the click on a button, after a confirmation dialog if the button has one, and remembers how it went.

import { act } from "./asker.js";
import { confirmed } from "./dialogs.js";
import { texts } from "./texts.js";

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
  const result = await act("/page/click", click).catch(() => ({ failure: "http_timeout" }));
  if (result.failure) state.set(action, texts.clickFailed(texts.failure(result.failure)));
  else state.delete(action);
  redraw();
}
