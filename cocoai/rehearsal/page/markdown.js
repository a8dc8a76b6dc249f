// Renders standard Markdown as Slack's markdown block does: headings in one size, images as links, no HTML. The text is
// parsed by CommonMark's rules, tables and task lists by GitHub's; what these show literally is shown literally here too,
// so that mistakes can be seen. Each line is read a few times at most, for any input.
// Sources: docs.slack.dev/reference/block-kit/blocks/markdown-block, spec.commonmark.org/0.31.2, github.github.com/gfm.

import { make, scrollable } from "./dom.js";
import { inline } from "./inline.js";
import { texts } from "./texts.js";

const DEEPEST = 12; // nested lists and quotes
const FENCE = /^( {0,3})(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}#{1,6}(?=[ \t]|$)/;
const SETEXT_UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const THEMATIC_BREAK = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +|$)/;
const TASK = /^\[([ xX])\] +(?=\S)/;
const TABLE_DELIMITER = /^ {0,3}\|?[ \t]*:?-+:?(?:[ \t]*\|[ \t]*:?-+:?)*[ \t]*\|?$/;
const INDENT = /^ */;
const LEAD = /^(?:[ \t>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))+/;

// Returns a fragment with the rendered text; `people` maps the ids of users to their names, for mentions.
export function render(text, people) {
  const whole = document.createDocumentFragment();
  parseBlocks(text.split(/\r\n?|\n/).map(untabbed), whole, people, 0);
  return whole;
}

// The parsers of each kind of block. Each returns the index of the line after its block, or `at` if there is none here.
const BLOCK_PARSERS = [blank, fence, indented, heading, thematicBreak, quote, list, table, paragraph];

// Appends the blocks of these lines to `parent`; `depth` counts the lists and quotes around them.
function parseBlocks(lines, parent, people, depth) {
  for (let at = 0; at < lines.length; ) {
    const start = at;
    for (const parser of BLOCK_PARSERS) if (at === start) at = parser(lines, start, parent, people, depth);
  }
}

const isBlank = (line) => !line.trim();
const indentOf = (line) => INDENT.exec(line)[0].length;
const untabbed = (line) => line.replace(LEAD, (lead) => [...lead].reduce((made, char) => made + (char === "\t" ? toStop(made) : char), ""));
const toStop = (made) => " ".repeat(4 - (made.length % 4));

function blank(lines, at) {
  return isBlank(lines[at]) ? at + 1 : at;
}

// Code between fences, without the indentation of the opening fence.
function fence(lines, at, parent) {
  const opening = openFence(null, lines[at]);
  if (!opening) return at;
  let end = at + 1;
  while (end < lines.length && openFence(opening, lines[end])) end += 1;
  const indent = new RegExp(`^ {0,${opening[1].length}}`);
  const code = lines.slice(at + 1, end).map((line) => line.replace(indent, ""));
  parent.append(codeBlock(code, opening[3].trim().split(/\s/, 1)[0]));
  return end + 1; // a fence that is not closed extends to the end
}

// Returns the code fence that is open after a line, or null; `before` is the one that was open before it.
function openFence(before, line) {
  const found = FENCE.exec(line);
  if (!before) return found && !(found[2][0] === "`" && found[3].includes("`")) ? found : null;
  return found && found[2].startsWith(before[2]) && isBlank(found[3]) ? null : before;
}

// Returns the element of a code block, with the language above it if one is given.
function codeBlock(code, language = "") {
  const made = make("div", "code");
  if (language) made.append(make("span", "language", language));
  const pre = scrollable(make("pre"));
  pre.append(make("code", "", code.join("\n")));
  made.append(pre);
  return made;
}

// Code in lines that begin with four spaces; blank lines at its end do not belong to it.
function indented(lines, at, parent) {
  let end = at;
  while (end < lines.length && (indentOf(lines[end]) > 3 || (end > at && isBlank(lines[end])))) end += 1;
  while (end > at && isBlank(lines[end - 1])) end -= 1;
  if (end > at) parent.append(codeBlock(lines.slice(at, end).map((line) => line.slice(4))));
  return end;
}

// A heading that begins with one to six #.
function heading(lines, at, parent, people) {
  const marker = HEADING.exec(lines[at]);
  if (!marker) return at;
  title(withoutClosing(lines[at].slice(marker[0].length).trim()), parent, people);
  return at + 1;
}

// Returns a heading's text without its closing sequence of #.
function withoutClosing(text) {
  let end = text.length;
  while (text[end - 1] === "#") end -= 1;
  return !end || text[end - 1] === " " ? text.slice(0, end).trimEnd() : text;
}

function title(text, parent, people) {
  const made = make("h3", "heading");
  inline(text, made, people);
  parent.append(made);
}

function thematicBreak(lines, at, parent) {
  if (!THEMATIC_BREAK.test(lines[at])) return at;
  parent.append(make("hr"));
  return at + 1;
}

// Lines that begin with >, and the blocks in them.
function quote(lines, at, parent, people, depth) {
  if (!QUOTE.test(lines[at]) || depth >= DEEPEST) return at;
  const made = make("blockquote");
  const [inside, end] = containedLines(lines, at, (line) => (QUOTE.test(line) ? line.replace(QUOTE, "") : null));
  parseBlocks(inside, made, people, depth + 1);
  parent.append(made);
  return end;
}

// Returns the lines of a quote or a list item without their markers, and the index of the line after them. `unmarked`
// returns a line without its marker, or null; a paragraph's continuation lines need none.
function containedLines(lines, start, unmarked) {
  const inside = [];
  let open = null;
  let at = start;
  for (; at < lines.length; at++) {
    const line = unmarked(lines[at]) ?? (open || !isContinuation(inside.at(-1), lines[at]) ? null : lines[at].trimStart());
    if (line === null) break;
    open = openFence(open, line);
    inside.push(line);
  }
  return [inside, at];
}

const isParagraph = (line) => Boolean(line?.trim()) && !HEADING.test(line) && !FENCE.test(line) && !THEMATIC_BREAK.test(line);
const isContinuation = (before, line) => isParagraph(before) && !interruptsParagraph(line) && !ITEM.test(line);

// Returns true if a line ends the paragraph before it. A number other than 1 does not: "in\n1984. It was" is no list.
function interruptsParagraph(line) {
  const item = ITEM.exec(line);
  const startsList = item && line.length > item[0].length && (!/\d/.test(item[2]) || Number.parseInt(item[2], 10) === 1);
  return startsList || isBlank(line) || Boolean(openFence(null, line)) || HEADING.test(line) || THEMATIC_BREAK.test(line) || QUOTE.test(line);
}

// A list: all items that follow each other with the same kind of marker (`-`, `*`, `+`, `1.` or `1)`).
function list(lines, start, parent, people, depth) {
  const first = ITEM.exec(lines[start]);
  if (!first || depth >= DEEPEST) return start;
  const ordered = /\d/.test(first[2]);
  const made = make(ordered ? "ol" : "ul");
  if (ordered && Number.parseInt(first[2], 10) !== 1) made.start = Number.parseInt(first[2], 10);
  let at = start;
  for (let found = first; found && found[2].at(-1) === first[2].at(-1) && !THEMATIC_BREAK.test(lines[at]); found = ITEM.exec(lines[at] ?? "")) {
    const [inside, end] = itemLines(lines, at, found);
    made.append(listItem(inside, people, depth + 1));
    at = end;
  }
  parent.append(made);
  return at;
}

// Returns the lines of one list item, and the index of the line after them.
function itemLines(lines, start, [all, indent, marker, space]) {
  const narrow = space.length > 4 || all.length === lines[start].length; // then only one space belongs to the marker
  const width = indent.length + marker.length + (narrow ? 1 : space.length);
  let at = start;
  const unmarked = (line) => (at++ === start || isBlank(line) || indentOf(line) >= width ? line.slice(width) : null);
  return containedLines(lines, start, unmarked);
}

// Returns the element of a list item, with a box before it if it is a task (`[ ]` or `[x]`).
function listItem(lines, people, depth) {
  const made = make("li");
  const task = TASK.exec(lines[0]);
  if (task) {
    made.className = "task";
    made.append(make("span", "tick", task[1] === " " ? "☐" : "☑"));
    lines[0] = lines[0].slice(task[0].length);
  }
  parseBlocks(lines, made, people, depth);
  return made;
}

// A table: a row of headings, a row of delimiters with as many cells, and the rows up to the end of the paragraph.
// It begins only where a paragraph could: Slack does not document that it may follow a line of text.
function table(lines, at, parent, people) {
  if (!lines[at].includes("|") || !TABLE_DELIMITER.test(lines[at + 1]?.trimEnd() ?? "")) return at;
  const alignments = cells(lines[at + 1]).map(alignment);
  const head = cells(lines[at]);
  if (head.length !== alignments.length) return at;
  const made = make("table");
  row(made.createTHead(), head, "th", alignments, people);
  const body = made.createTBody();
  let end = at + 2;
  for (; end < lines.length && !interruptsParagraph(lines[end]); end++) row(body, cells(lines[end]), "td", alignments, people);
  const holder = scrollable(make("div", "wide"), texts.table);
  holder.append(made);
  parent.append(holder);
  return end;
}

const cells = (line) => line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

// Returns the CSS class for a column's delimiter: `:-:` is center, `-:` is right, any other has none ("").
function alignment(marker) {
  if (marker.endsWith(":")) return marker.startsWith(":") ? "center" : "right";
  return "";
}

// Appends a row with a cell for each column: missing cells are empty, excess ones are left out.
function row(part, texts, name, alignments, people) {
  const made = make("tr");
  alignments.forEach((each, index) => {
    const cell = make(name, each);
    inline(texts[index] ?? "", cell, people);
    made.append(cell);
  });
  part.append(made);
}

// A paragraph; or a heading, if a line of = or - is below it.
function paragraph(lines, at, parent, people) {
  let end = at + 1;
  while (end < lines.length && !SETEXT_UNDERLINE.test(lines[end]) && !interruptsParagraph(lines[end])) end += 1;
  const text = lines.slice(at, end).map((line) => line.trimStart()).join("\n").trimEnd();
  if (SETEXT_UNDERLINE.test(lines[end] ?? "")) {
    title(text, parent, people);
    return end + 1;
  }
  const made = make("p");
  inline(text, made, people);
  parent.append(made);
  return end;
}
