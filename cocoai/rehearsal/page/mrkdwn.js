// Renders Slack's mrkdwn as Slack does. Text is only ever added as text nodes, so nothing in it can become markup.
// What Slack shows literally (Markdown's **, #, tables) is shown literally here too, so that mistakes can be seen.

import { isSafeUrl, link, make, scrollable } from "./dom.js";
import { emoji } from "./emoji.js";

const FENCE = /```\n?([\s\S]+?)\n?```/;
const QUOTE = /^(?:&gt;|>) ?/;
const BULLET = /^( *)([•◦▪]) +/;
// A marker counts only at a word boundary, and Japanese letters are word characters too, as in Slack. Inside, each
// character has only one possible match: otherwise a row of backquotes would make the expression backtrack exponentially.
const TOKEN =
  /`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}*_~])([*_~])(?![\s*_~])((?:`[^`\n]*`|<[^<>\n]*>|(?!\3)[^`<\n]|`(?![^`\n]*`)|<(?![^<>\n]*>))+?)(?<!\s)\3(?![\p{L}\p{N}*_~])|:([a-z0-9_+-]+):/u;
const STYLES = { "*": "strong", _: "em", "~": "s" };

const channels = {}; // their names, by their ids

// Has references to channels shown by their names, by their ids.
export const nameChannels = (names) => Object.assign(channels, names);

// Returns a fragment with the rendered text; `people` maps the ids of users to their names, for mentions.
export function render(text, people) {
  const whole = document.createDocumentFragment();
  let rest = text;
  for (let fence = FENCE.exec(rest); fence; fence = FENCE.exec(rest)) {
    lines(rest.slice(0, fence.index).replace(/\n$/, ""), whole, people);
    const block = scrollable(make("pre"));
    block.append(make("code", "", flat(fence[1])));
    whole.append(block);
    rest = rest.slice(fence.index + fence[0].length).replace(/^\n/, "");
  }
  lines(rest, whole, people);
  return whole;
}

// Returns the rendered text without markup.
export function plain(text, people) {
  const holder = make("div");
  holder.append(render(text, people));
  return holder.textContent;
}

// Returns the beginning of a text in one line without markup, cut to so many characters.
export function beginning(text, people, most = 60) {
  const line = plain(text.replaceAll("\n", " "), people).replace(/\s+/g, " ").trim();
  const letters = [...line];
  return letters.length > most ? `${letters.slice(0, most).join("").trim()}…` : line;
}

// Returns a stored text as its author typed it, to be edited: mentions as @Name, links as URLs, and no entities.
export function typedText(text, people) {
  const named = text.replace(/<@([A-Z0-9]+)(?:\|[^>]*)?>/g, (all, id) => (people[id] ? `@${people[id].name}` : all));
  return unescaped(named.replace(/<((?:https?:|mailto:)[^<>|\s]+)(?:\|[^<>]*)?>/g, (_, target) => target.replace(/^mailto:/, "")));
}

// Appends text that has no code block: its paragraphs, quotes and bulleted lists, line by line.
function lines(text, parent, people) {
  if (!text) return;
  let open = null; // the quote or list that the next line may belong to
  let quotesRest = false; // after >>> all lines are quoted
  for (const line of text.split("\n")) {
    quotesRest ||= /^(?:&gt;|>){3}/.test(line);
    const bullet = BULLET.exec(line);
    if (quotesRest || QUOTE.test(line)) {
      open = container(parent, open, "blockquote");
      const row = make("p");
      inline(line.replace(/^(?:&gt;|>){3} ?/, "").replace(QUOTE, ""), row, people);
      open.append(row);
    } else if (bullet) {
      open = container(parent, open, "ul");
      const level = { "◦": 1, "▪": 2 }[bullet[2]] ?? 0;
      const item = make("li", `deep${Math.min(3, Math.max(level, Math.floor(bullet[1].length / 4)))}`);
      inline(line.slice(bullet[0].length), item, people);
      open.append(item);
    } else {
      open = null;
      const row = make("p", line.trim() ? "" : "gap");
      if (line.trim()) inline(line, row, people);
      parent.append(row);
    }
  }
}

// Returns `open` if it is such an element, else a new one.
function container(parent, open, name) {
  if (open?.localName === name) return open;
  const made = make(name);
  parent.append(made);
  return made;
}

// Appends one line: code, control sequences, emoji names, and bold, italic or struck text, in which it calls itself.
function inline(text, parent, people) {
  let rest = text;
  for (let found = TOKEN.exec(rest); found; found = TOKEN.exec(rest)) {
    const [all, code, control, marker, marked, name] = found;
    parent.append(unescaped(rest.slice(0, found.index)));
    if (code !== undefined) parent.append(make("code", "", flat(code)));
    else if (control !== undefined) parent.append(controlNode(control, people));
    else if (name !== undefined) parent.append(emoji(name));
    else {
      const styled = make(STYLES[marker]);
      inline(marked, styled, people);
      parent.append(styled);
    }
    rest = rest.slice(found.index + all.length);
  }
  parent.append(unescaped(rest));
}

// Returns the node of a control sequence <…>: a mention or a link; literally if it is neither.
export function controlNode(control, people) {
  const bar = control.indexOf("|");
  const target = bar < 0 ? control : control.slice(0, bar);
  const label = unescaped(bar < 0 ? "" : control.slice(bar + 1));
  if (target.startsWith("@")) return mention(`@${people[target.slice(1)]?.name ?? (label || target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${label || (channels[target.slice(1)] ?? target.slice(1))}`);
  if (/^!(here|channel|everyone)$/.test(target)) return mention(`@${target.slice(1)}`, "ping");
  if (target.startsWith("!")) return target.startsWith("!date") ? document.createTextNode(label) : mention(label || target, "ping");
  return isSafeUrl(target) ? link(unescaped(target), label) : document.createTextNode(unescaped(`<${control}>`));
}

const mention = (text, more = "") => make("span", `mention ${more}`.trim(), text);

// Returns the text of code: a link is shown as its label or URL, and no other markup is read.
const flat = (text) => unescaped(text.replace(/<(?:mailto:|tel:)?([^<>|\n]+)(?:\|([^<>\n]*))?>/g, (_, target, label) => label ?? target));
const unescaped = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
