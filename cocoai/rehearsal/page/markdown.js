// Standard Markdown as Slack's markdown block shows it: headings in one size, images as links, no HTML. It is read by
// CommonMark's rules, and tables and task lists by GitHub's, so that what they would not take stays as it stands: the
// page hides no mistake. Each line is read a few times at most, however odd the text.
// Sources: docs.slack.dev/reference/block-kit/blocks/markdown-block, spec.commonmark.org/0.31.2, github.github.com/gfm.

import { make, wide } from "./dom.js";
import { inline } from "./inline.js";
import { words } from "./words.js";

const DEEPEST = 12; // lists and quotes in each other
const FENCE = /^( {0,3})(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}#{1,6}(?=[ \t]|$)/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
const TASK = /^\[([ xX])\] +(?=\S)/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?(?:[ \t]*\|[ \t]*:?-+:?)*[ \t]*\|?$/;
const INDENT = /^ */;
const LEAD = /^(?:[ \t>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))+/;

export function render(text, people) {
  const whole = document.createDocumentFragment();
  read(text.split(/\r\n?|\n/).map(untabbed), whole, people, 0);
  return whole;
}

// Each kind takes the lines that are its own, and says where the next begin; where it began, if none are.
const KINDS = [blank, fence, indented, heading, rule, quote, list, table, paragraph];

function read(lines, parent, people, depth) {
  for (let at = 0; at < lines.length; ) {
    const start = at;
    for (const kind of KINDS) if (at === start) at = kind(lines, start, parent, people, depth);
  }
}

const isBlank = (line) => !line.trim();
const indentOf = (line) => INDENT.exec(line)[0].length;
const untabbed = (line) => line.replace(LEAD, (lead) => [...lead].reduce((made, char) => made + (char === "\t" ? toStop(made) : char), ""));
const toStop = (made) => " ".repeat(4 - (made.length % 4));

function blank(lines, at) {
  return isBlank(lines[at]) ? at + 1 : at;
}

function fence(lines, at, parent) {
  const opening = opened(null, lines[at]);
  if (!opening) return at;
  let end = at + 1;
  while (end < lines.length && opened(opening, lines[end])) end += 1;
  const indent = new RegExp(`^ {0,${opening[1].length}}`);
  const code = lines.slice(at + 1, end).map((line) => line.replace(indent, ""));
  parent.append(block(code, opening[3].trim().split(/\s/, 1)[0]));
  return end + 1; // an open fence goes on to the end
}

// The fence that is open after this line, given the one that was open before it.
function opened(before, line) {
  const found = FENCE.exec(line);
  if (!before) return found && !(found[2][0] === "`" && found[3].includes("`")) ? found : null;
  return found && found[2].startsWith(before[2]) && isBlank(found[3]) ? null : before;
}

function block(code, language = "") {
  const made = make("div", "code");
  if (language) made.append(make("span", "language", language));
  const pre = wide(make("pre"));
  pre.append(make("code", "", code.join("\n")));
  made.append(pre);
  return made;
}

function indented(lines, at, parent) {
  let end = at;
  while (end < lines.length && (indentOf(lines[end]) > 3 || (end > at && isBlank(lines[end])))) end += 1;
  while (end > at && isBlank(lines[end - 1])) end -= 1;
  if (end > at) parent.append(block(lines.slice(at, end).map((line) => line.slice(4))));
  return end;
}

function heading(lines, at, parent, people) {
  const marker = HEADING.exec(lines[at]);
  if (!marker) return at;
  title(closed(lines[at].slice(marker[0].length).trim()), parent, people);
  return at + 1;
}

// A heading's own signs may stand behind it, too.
function closed(text) {
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  return !end || text[end - 1] === " " ? text.slice(0, end).trimEnd() : text;
}

function title(text, parent, people) {
  const made = make("h4", "heading");
  inline(text, made, people);
  parent.append(made);
}

function rule(lines, at, parent) {
  if (!RULE.test(lines[at])) return at;
  parent.append(make("hr"));
  return at + 1;
}

function quote(lines, at, parent, people, depth) {
  if (!QUOTE.test(lines[at]) || depth >= DEEPEST) return at;
  const made = make("blockquote");
  const [inside, end] = within(lines, at, (line) => (QUOTE.test(line) ? line.replace(QUOTE, "") : null));
  read(inside, made, people, depth + 1);
  parent.append(made);
  return end;
}

// The lines of a quote or an item, without what marks them as such (`bare`; null: not marked), and where they end.
// A paragraph's further lines need no mark.
function within(lines, start, bare) {
  const inside = [];
  let open = null;
  let at = start;
  for (; at < lines.length; at++) {
    const line = bare(lines[at]) ?? (open || !goesOn(inside.at(-1), lines[at]) ? null : lines[at].trimStart());
    if (line === null) break;
    open = opened(open, line);
    inside.push(line);
  }
  return [inside, at];
}

const isParagraph = (line) => Boolean(line?.trim()) && !HEADING.test(line) && !FENCE.test(line) && !RULE.test(line);
const goesOn = (before, line) => isParagraph(before) && !begins(line) && !ITEM.test(line);

// Does this line end a paragraph? A number other than 1 does not: "in\n1984. It was" is no list.
function begins(line) {
  const item = ITEM.exec(line);
  const listed = item && line.length > item[0].length && (!/\d/.test(item[2]) || Number.parseInt(item[2], 10) === 1);
  return listed || isBlank(line) || Boolean(opened(null, line)) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line);
}

function list(lines, start, parent, people, depth) {
  const first = ITEM.exec(lines[start]);
  if (!first || depth >= DEEPEST) return start;
  const ordered = /\d/.test(first[2]);
  const made = make(ordered ? "ol" : "ul");
  if (ordered && Number.parseInt(first[2], 10) !== 1) made.start = Number.parseInt(first[2], 10);
  let at = start;
  for (let found = first; found && found[2].at(-1) === first[2].at(-1) && !RULE.test(lines[at]); found = ITEM.exec(lines[at] ?? "")) {
    const [inside, end] = item(lines, at, found);
    made.append(entry(inside, people, depth + 1));
    at = end;
  }
  parent.append(made);
  return at;
}

function item(lines, start, [all, indent, marker, space]) {
  const narrow = space.length > 4 || all.length === lines[start].length; // then one space belongs to the marker
  const width = indent.length + marker.length + (narrow ? 1 : space.length);
  let at = start;
  const bare = (line) => (at++ === start || isBlank(line) || indentOf(line) >= width ? line.slice(width) : null);
  return within(lines, start, bare);
}

function entry(lines, people, depth) {
  const made = make("li");
  const task = TASK.exec(lines[0]);
  if (task) {
    made.className = "task";
    made.append(make("span", "tick", task[1] === " " ? "☐" : "☑"));
    lines[0] = lines[0].slice(task[0].length);
  }
  read(lines, made, people, depth);
  return made;
}

// A table begins where a paragraph could: under a line of text it is none, for nobody promises that in Slack.
function table(lines, at, parent, people) {
  if (!lines[at].includes("|") || !TABLE_RULE.test(lines[at + 1]?.trimEnd() ?? "")) return at;
  const sides = cells(lines[at + 1]).map(side);
  const head = cells(lines[at]);
  if (head.length !== sides.length) return at;
  const made = make("table");
  row(made.createTHead(), head, "th", sides, people);
  const body = made.createTBody();
  let end = at + 2;
  for (; end < lines.length && !begins(lines[end]); end++) row(body, cells(lines[end]), "td", sides, people);
  const holder = wide(make("div", "wide"), words.table);
  holder.append(made);
  parent.append(holder);
  return end;
}

const cells = (line) => line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

function side(marker) {
  if (marker.endsWith(":")) return marker.startsWith(":") ? "center" : "right";
  return "";
}

// As many cells as there are columns: what is missing is empty, what is too much is not shown.
function row(part, texts, name, sides, people) {
  const made = make("tr");
  sides.forEach((each, index) => {
    const cell = make(name, each);
    inline(texts[index] ?? "", cell, people);
    made.append(cell);
  });
  part.append(made);
}

function paragraph(lines, at, parent, people) {
  let end = at + 1;
  while (end < lines.length && !UNDERLINE.test(lines[end]) && !begins(lines[end])) end += 1;
  const text = lines.slice(at, end).map((line) => line.trimStart()).join("\n").trimEnd();
  if (UNDERLINE.test(lines[end] ?? "")) {
    title(text, parent, people);
    return end + 1;
  }
  const made = make("p");
  inline(text, made, people);
  parent.append(made);
  return end;
}
