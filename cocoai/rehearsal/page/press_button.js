// Makes what can be pressed in a message. `scene` is as in blocks.js.

import { button, make } from "./dom.js";

// Returns a button with the children `content`, and after it a warning if the last click on it failed. `spec` has its
// action_id, its value, perhaps a confirm, and the `key` that tells it from the message's other buttons.
export function pressable(spec, content, className, scene) {
  const state = scene.pressed(spec.key);
  const made = button(className, "", () => scene.press(spec));
  made.append(...content);
  made.dataset.key = spec.key;
  if (state === "busy") made.setAttribute("aria-busy", "true");
  if (!state || state === "busy") return [made];
  const warning = make("span", "failed", `⚠️ ${state}`);
  warning.dataset.key = `${spec.key} failed`;
  warning.setAttribute("role", "alert");
  return [made, warning];
}
