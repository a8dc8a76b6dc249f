// Renders the input blocks of a modal, and reads what was written into them; of the elements it knows plain_text_input.
// Source: docs.slack.dev/reference/block-kit/blocks/input-block.

import { make } from "./dom.js";
import { texts } from "./texts.js";

// Appends an input block: its label, its control, a hint and a place for an error.
export function input({ block_id: block, label, element, hint, optional }, holder) {
  if (element.type !== "plain_text_input") {
    holder.append(make("span", "unknown", texts.unknownBlock(String(element.type))));
    return;
  }
  const control = field(element);
  const parts = { label: make("label", "input-label", label.text), hint: make("p", "input-hint", hint?.text ?? ""), error: make("p", "failed input-error") };
  if (optional) parts.label.append(" ", make("small", "", texts.optional));
  Object.assign(control, { id: `input-${block}`, required: !optional });
  Object.assign(control.dataset, { key: `input ${block}`, block });
  parts.label.htmlFor = control.id;
  parts.hint.id = `${control.id}-hint`;
  parts.error.id = `${control.id}-error`;
  parts.hint.hidden = !hint;
  parts.error.hidden = true;
  parts.error.setAttribute("role", "alert");
  holder.dataset.key = `block ${block}`; // so that what is written stays when blocks above it come or go
  control.setAttribute("aria-describedby", `${parts.hint.id} ${parts.error.id}`);
  holder.append(parts.label, control, parts.hint, parts.error);
}

// Returns the control of a plain_text_input element.
function field({ multiline, initial_value: text = "", placeholder, min_length: least = 0, max_length: most = 3000 }) {
  const control = multiline ? Object.assign(make("textarea", "", text), { rows: 4 }) : make("input");
  if (!multiline) control.setAttribute("value", text);
  control.placeholder = placeholder?.text ?? "";
  control.maxLength = most;
  control.dataset.least = least;
  return control;
}

const controls = (holder) => [...holder.querySelectorAll("[data-block]")];

// Returns what is written into the inputs, by block_id.
export const valuesIn = (holder) => Object.fromEntries(controls(holder).map((each) => [each.dataset.block, each.value]));

// Returns what is wrong with what is written, by block_id: what Slack's own client says before it sends anything.
export function problemsIn(holder) {
  const problems = {};
  for (const each of controls(holder)) {
    const least = Number(each.dataset.least);
    if (each.required && !each.value.trim()) problems[each.dataset.block] = texts.required;
    else if (each.value && each.value.length < least) problems[each.dataset.block] = texts.tooShort(least);
  }
  return problems;
}

// Shows an error under each input that `errors` names by its block_id, and puts the focus on the first; hides the others.
export function showProblems(holder, errors) {
  for (const each of controls(holder).reverse()) {
    const why = errors[each.dataset.block] ?? "";
    const line = document.getElementById(`${each.id}-error`);
    line.textContent = why;
    line.hidden = !why;
    each.setAttribute("aria-invalid", String(Boolean(why)));
    if (why) each.focus();
  }
}
