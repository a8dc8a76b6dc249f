// Renders a context_actions block as Slack shows it: quiet icons, of which one's own vote is lit, and a bin that only some
// people see. Source: docs.slack.dev/reference/block-kit/blocks/context-actions-block.

import { drawing } from "./dom.js";
import { pressable } from "./press_button.js";
import { texts } from "./texts.js";

const THUMB = "M7 9l3-6a1.8 1.8 0 0 1 1.8 1.8v2.7h3.8a1.6 1.6 0 0 1 1.6 1.9l-1 5.6a1.8 1.8 0 0 1-1.8 1.5H7zM7 9H3.5v7.5H7";
const BIN = "M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6M8.5 9v4.5M11.5 9v4.5";

// Appends the icons that the person at the page sees, and labels them as a group; hides the block if there are none.
export function contextActions(block, holder, scene) {
  holder.setAttribute("role", "group");
  holder.setAttribute("aria-label", texts.icons);
  for (const each of block.elements ?? []) holder.append(...(each.type === "feedback_buttons" ? feedback(each, scene) : bin(each, scene)));
  holder.hidden = !holder.children.length;
}

// Returns the two thumbs; the one that the person pressed last is lit.
function feedback({ action_id: action, positive_button: positive, negative_button: negative }, scene) {
  const vote = scene.votes[scene.me]?.[action];
  return [[positive, "up"], [negative, "down"]].flatMap(([spec, way]) => {
    const pressed = { action_id: action, value: spec.value, key: `${action} ${way}` };
    const nodes = pressable(pressed, [drawing(THUMB)], `icon ${way}`, scene);
    nodes[0].setAttribute("aria-pressed", String(vote === spec.value));
    return named(nodes, spec);
  });
}

// Returns the bin, in an array: an empty one if the person is none of those who see it.
function bin(spec, scene) {
  if (spec.visible_to_user_ids && !spec.visible_to_user_ids.includes(scene.me)) return [];
  return named(pressable({ ...spec, key: String(spec.action_id) }, [drawing(BIN)], "icon", scene), spec);
}

// Gives the first node what a screen reader says, and what is shown beside the pointer; returns all.
function named(nodes, { text, accessibility_label: label }) {
  nodes[0].setAttribute("aria-label", label ?? text.text);
  nodes[0].title = text.text;
  return nodes;
}
