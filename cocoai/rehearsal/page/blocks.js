// Slack's blocks as Slack shows them. `scene` gives the people, and what is known of the buttons: `press(button)` tells
// Slack, `pressed(action)` is "busy" while it does, a few words if that failed, else empty.
// Source: docs.slack.dev/reference/block-kit/blocks.

import { button, isAddress, link, make } from "./dom.js";
import { render as markdown } from "./markdown.js";
import { emoji, render as mrkdwn } from "./mrkdwn.js";
import { words } from "./words.js";

const KINDS = { markdown: written, section, context, divider, header, actions, image };

export function render(blocks, scene) {
  const whole = document.createDocumentFragment();
  let rows = 0;
  for (const block of blocks) {
    const holder = make("div", `block ${KINDS[block.type] ? block.type : "unknown"}`);
    // A row of buttons stays itself, whatever comes or goes above it.
    if (block.type === "actions") holder.dataset.key = `actions ${rows++}`;
    whole.append(holder);
    (KINDS[block.type] ?? unknown)(block, holder, scene);
  }
  return whole;
}

function written(block, holder, scene) {
  holder.append(markdown(String(block.text), scene.people));
}

function section(block, holder, scene) {
  const said = make("div", "said");
  if (block.text) say(block.text, said, scene);
  if (block.fields) {
    const fields = make("div", "fields");
    for (const field of block.fields) say(field, fields.appendChild(make("div")), scene);
    said.append(fields);
  }
  holder.append(said);
  if (block.accessory) holder.append(...element(block.accessory, scene));
}

function context(block, holder, scene) {
  for (const each of block.elements ?? []) {
    if (each.type === "image") holder.append(picture(each));
    else say(each, holder.appendChild(make("div")), scene);
  }
}

function divider(_, holder) {
  holder.append(make("hr"));
}

function header(block, holder, scene) {
  say(block.text, holder.appendChild(make("h4", "heading")), scene);
}

function actions(block, holder, scene) {
  holder.setAttribute("role", "group");
  holder.setAttribute("aria-label", words.actions);
  for (const each of block.elements ?? []) holder.append(...element(each, scene));
}

function image(block, holder) {
  holder.append(picture(block));
}

function unknown(block, holder) {
  holder.textContent = words.unknownBlock(String(block.type));
}

// Nothing is loaded from elsewhere: a picture is a link to itself.
function picture({ image_url: target = "", alt_text: label = "" }) {
  return isAddress(String(target)) ? link(String(target), String(label)) : document.createTextNode(String(label));
}

// A text object: plain, where only an emoji is more than a letter, or mrkdwn.
function say({ type, text } = {}, holder, scene) {
  if (type === "mrkdwn") holder.append(mrkdwn(String(text), scene.people));
  else holder.append(String(text ?? "").replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name)));
}

function element(given, scene) {
  return given.type === "button" ? pressable(given, scene) : [make("span", "unknown", words.unknownBlock(String(given.type)))];
}

// A button, and beside it the sign that pressing it did not work.
function pressable(given, scene) {
  const action = String(given.action_id);
  const state = scene.pressed(action);
  const made = button(`press ${given.style ?? ""}`.trim(), "", () => scene.press(given));
  say(given.text, made, scene);
  made.dataset.key = action;
  if (given.accessibility_label) made.setAttribute("aria-label", given.accessibility_label);
  if (state === "busy") made.setAttribute("aria-busy", "true");
  if (!state || state === "busy") return [made];
  const warning = make("span", "failed", `⚠️ ${state}`);
  warning.dataset.key = `${action} failed`;
  warning.setAttribute("role", "alert");
  return [made, warning];
}
