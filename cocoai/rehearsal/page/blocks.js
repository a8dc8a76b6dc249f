// Renders Slack's blocks as Slack shows them. `scene` holds the people, the person at the page (`me`), the message's
// `votes` and two functions for the buttons: `press(button)` sends the click, `pressed(key)` returns "busy" until it is
// answered, the reason if it failed, else "".
// Source: docs.slack.dev/reference/block-kit/blocks.

import { chart } from "./chart.js";
import { contextActions } from "./context_actions.js";
import { isSafeUrl, link, make, scrollable } from "./dom.js";
import { emoji } from "./emoji.js";
import { input } from "./inputs.js";
import { render as markdown } from "./markdown.js";
import { render as mrkdwn } from "./mrkdwn.js";
import { pressable } from "./press_button.js";
import { texts } from "./texts.js";

const RENDERERS = { markdown: markdownBlock, section, context, divider, header, actions, image, table, data_table: dataTable, data_visualization: visualization, context_actions: contextActions, input };

// Returns a fragment with an element for each block; one of an unknown type shows a notice.
export function render(blocks, scene) {
  const whole = document.createDocumentFragment();
  let rows = 0;
  for (const block of blocks) {
    const holder = make("div", `block ${RENDERERS[block.type] ? block.type : "unknown"}`);
    // The key lets `morph` find a row of buttons again when blocks above it come or go.
    if (block.type.endsWith("actions")) holder.dataset.key = `${block.type} ${rows++}`;
    whole.append(holder);
    (RENDERERS[block.type] ?? unknown)(block, holder, scene);
  }
  return whole;
}

function markdownBlock(block, holder, scene) {
  holder.append(markdown(String(block.text), scene.people));
}

// Appends a section's text and fields, and beside them its accessory. Like all renderers it fills `holder`.
function section(block, holder, scene) {
  const content = make("div", "section-text");
  if (block.text) appendText(block.text, content, scene);
  if (block.fields) {
    const fields = make("div", "fields");
    for (const field of block.fields) appendText(field, fields.appendChild(make("div")), scene);
    content.append(fields);
  }
  holder.append(content);
  if (block.accessory) holder.append(...element(block.accessory, scene));
}

// Appends a context block's texts and images.
function context(block, holder, scene) {
  for (const each of block.elements ?? []) {
    if (each.type === "image") holder.append(imageLink(each));
    else appendText(each, holder.appendChild(make("div")), scene);
  }
}

function divider(_, holder) {
  holder.append(make("hr"));
}

function header(block, holder, scene) {
  appendText(block.text, holder.appendChild(make("h3", "heading")), scene);
}

// Appends the elements of an actions block, and labels them as a group.
function actions(block, holder, scene) {
  holder.setAttribute("role", "group");
  holder.setAttribute("aria-label", texts.actions);
  for (const each of block.elements ?? []) holder.append(...element(each, scene));
}

function image(block, holder) {
  holder.append(imageLink(block));
}

// Appends a table block; its first row holds the headings, as where cells are pasted from a spreadsheet.
function table({ rows = [] }, holder) {
  const made = make("table");
  const [head, body] = [made.createTHead(), make("tbody")];
  const isHeading = (index) => index === 0 && rows.length > 1;
  rows.forEach((row, index) => {
    const line = (isHeading(index) ? head : body).appendChild(make("tr"));
    for (const cell of row) line.append(make(isHeading(index) && cellText(cell) ? "th" : "td", "", cellText(cell)));
  });
  made.append(body);
  const wide = scrollable(make("div", "wide"), texts.table);
  wide.append(made);
  holder.append(wide);
}

function visualization(block, holder) {
  holder.append(chart(block));
}

// Appends a data_table block: its caption, its header, and rows that begin with what tells them apart. All rows are
// shown; a line below says how many Slack shows at once.
function dataTable({ caption = "", rows = [], page_size: page = 5, row_header_column_index: first = 0 }, holder) {
  const made = make("table");
  made.append(make("caption", "", String(caption)));
  const [head, body] = [made.createTHead(), make("tbody")];
  rows.forEach((row, index) => {
    const line = (index ? body : head).appendChild(make("tr"));
    row.forEach((cell, column) => {
      const isHeading = !index || column === first;
      const isNumber = rows[Math.max(index, 1)]?.[column]?.type === "raw_number";
      const made = line.appendChild(make(isHeading ? "th" : "td", isNumber ? "right" : "", cellText(cell)));
      if (isHeading) made.scope = index ? "row" : "col";
    });
  });
  made.append(body);
  const wide = scrollable(make("div", "wide data"), String(caption));
  wide.append(made);
  holder.append(wide);
  if (rows.length - 1 > page) holder.append(make("p", "pages", texts.pages(rows.length - 1, page)));
}

// Returns the text of a table's cell: of raw_text and raw_number it is a field, of rich_text it lies in its elements.
function cellText({ text = "", elements = [] }) {
  return typeof text === "string" && !elements.length ? text : elements.map(cellText).join("");
}

function unknown(block, holder) {
  holder.textContent = texts.unknownBlock(String(block.type));
}

// The page loads nothing from other hosts, so an image is shown as a link to it.
function imageLink({ image_url: target = "", alt_text: label = "" }) {
  return isSafeUrl(String(target)) ? link(String(target), String(label)) : document.createTextNode(String(label));
}

// Appends a text object: mrkdwn, or plain text, in which only emoji names are replaced.
function appendText({ type, text } = {}, holder, scene) {
  if (type === "mrkdwn") holder.append(mrkdwn(String(text), scene.people));
  else holder.append(String(text ?? "").replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name)));
}

// Returns the nodes of an interactive element; this page knows buttons only.
function element(spec, scene) {
  if (spec.type !== "button") return [make("span", "unknown", texts.unknownBlock(String(spec.type)))];
  const words = make("span");
  appendText(spec.text, words, scene);
  const nodes = pressable({ ...spec, key: String(spec.action_id) }, words.childNodes, `press ${spec.style ?? ""}`.trim(), scene);
  const [made] = nodes;
  if (spec.accessibility_label) made.setAttribute("aria-label", spoken(spec.accessibility_label, made.textContent));
  return nodes;
}

// Returns a button's label for screen readers; people who speak to their machine say what they see, so it is in there.
function spoken(label, words) {
  return !/\p{L}/u.test(words) || label.toLowerCase().includes(words.toLowerCase()) ? label : `${words}: ${label}`;
}
