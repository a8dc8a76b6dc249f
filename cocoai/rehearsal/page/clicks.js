// Sends the click on a button, after a confirmation dialog if the button has one, and remembers how it went.

import { act } from "./asker.js";
import { confirmed } from "./dialogs.js";
import { texts } from "./texts.js";

const states = new Map(); // "channel ts" -> a button's key -> "busy", or the reason of a failure
const place = (message) => `${message.channel} ${message.ts}`;

// `pressed` returns the state of one button of a message ("" if there is none), `allPressed` those of all its buttons.
export const pressed = (message, key) => states.get(place(message))?.get(key) ?? "";
export const allPressed = (message) => [...(states.get(place(message)) ?? [])];

// Sends a click and stores its outcome; `redraw` is called when the button's state has changed. Nothing is sent while
// an earlier click on the button is under way, or if the person does not confirm it.
export async function press(message, { action_id: action, value, confirm, key }, redraw) {
  if (pressed(message, key) === "busy" || (confirm && !(await confirmed(confirm)))) return;
  const state = states.get(place(message)) ?? new Map();
  states.set(place(message), state.set(key, "busy"));
  redraw();
  const click = { channel: message.channel, ts: message.ts, action, value };
  const result = await act("/page/click", click).catch(() => ({ failure: "http_timeout" }));
  if (result.failure) state.set(key, texts.clickFailed(texts.failure(result.failure)));
  else state.delete(key);
  redraw();
}
