// Parses the Markdown inlines of a paragraph by CommonMark's rules: a delimiter run that CommonMark shows literally is
// shown literally here too, as in `**「強調」**は`. The text is read once from left to right, whatever it holds.
// Source: spec.commonmark.org/0.31.2, appendix "A parsing strategy"; Slack adds mrkdwn's <…> and :emoji:.

import { isSafeUrl, link, make } from "./dom.js";
import { emoji } from "./emoji.js";
import { controlNode } from "./mrkdwn.js";

const DEEPEST = 24; // nested elements; browsers fail at some thousands
const PLAIN_TEXT = /[^\\`<&:[\]!*_~\nh]+/y;
const TICKS = /`+/y;
const CONTROL = /<((?:https?:\/\/|mailto:|tel:)[^<>\s|]+(?:\|[^<>\n]*)?|[@#][A-Z0-9]+(?:\|[^<>\n]*)?|![a-z][^<>\n]*)>/y;
const ENTITY = /&(?:amp|lt|gt|quot|apos|nbsp|#39);/y;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": "\u00a0", "&#39;": "'" };
const EMOJI = /:([a-z0-9_+-]+):/y;
const BARE_URL = /https?:\/\/(?:[^\s<\]]|\](?!\())+/y;
const TRAILING = /[?!.,:*_~'"]/;
const TARGET =
  /\(\s{0,9}(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))(?:\s{1,9}(?:"[^"\n]*"|'[^'\n]*'))?\s{0,9}\)/y;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const SPACE = /^[\p{Zs}\s]?$/u;
const PUNCTUATION = /^[\p{P}\p{S}]$/u;

// Appends the parsed text to `parent`.
export function inline(text, parent, people) {
  parent.append(new InlineParser(text, people).parse());
}

// Parses one text; `people` maps the ids of users to their names, for mentions.
class InlineParser {
  constructor(text, people) {
    this.text = text;
    this.people = people;
    this.at = 0;
    this.pending = ""; // text that was read and is not yet a node
    this.output = document.createDocumentFragment();
    this.runs = []; // the delimiter runs of * _ ~
    this.brackets = [];
    this.backticks = Map.groupBy([...text.matchAll(/`+/g)].reverse(), ([run]) => run.length);
  }

  // Reads the whole text and returns its nodes in a fragment.
  parse() {
    while (this.at < this.text.length) {
      if (!PARSERS[this.text[this.at]]?.call(this)) this.addText(this.next(PLAIN_TEXT)?.[0] ?? this.text[this.at++]);
    }
    this.flush();
    this.matchDelimiters(0);
    return this.output;
  }

  // Returns the match of a pattern at the current position, and moves behind it; null if there is none.
  next(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  addText(text) {
    this.pending += text;
    return true;
  }

  addNode(node) {
    this.flush();
    this.output.append(node);
    return node;
  }

  flush() {
    if (this.pending) this.output.append(this.pending);
    this.pending = "";
  }

  // A backslash: before punctuation it makes that literal.
  escaped() {
    const next = this.text[this.at + 1] ?? "";
    this.at += 1;
    if (next === "\n") return true; // a hard line break: here every line break is one
    if (!ESCAPABLE.test(next)) return this.addText("\\");
    this.at += 1;
    return this.addText(next);
  }

  // A run of backquotes: up to the next run of the same length the text is code; without one it is literal.
  code() {
    const run = this.next(TICKS)[0];
    const ends = this.backticks.get(run.length);
    while (ends.at(-1)?.index < this.at) ends.pop();
    if (!ends.length) return this.addText(run);
    const end = ends.at(-1).index;
    const inside = this.text.slice(this.at, end).replaceAll("\n", " ");
    const padded = inside.startsWith(" ") && inside.endsWith(" ") && inside.trim();
    this.at = end + run.length;
    return this.addNode(make("code", "", padded ? inside.slice(1, -1) : inside));
  }

  control() {
    const found = this.next(CONTROL);
    return found && this.addNode(controlNode(found[1], this.people));
  }

  entity() {
    const found = this.next(ENTITY);
    return found && this.addText(ENTITIES[found[0]]);
  }

  emojiName() {
    const found = this.next(EMOJI);
    return found && this.addText(emoji(found[1]));
  }

  // A bare URL extends to the next space, as in GitHub's Markdown, also over Japanese characters.
  bareUrl() {
    const start = this.at;
    if (/[a-z0-9]/i.test(this.text[start - 1] ?? "")) return false;
    const found = this.next(BARE_URL)?.[0];
    if (!found) return false;
    const target = trimmed(found);
    this.at = start + target.length;
    return this.addNode(link(unescaped(target)));
  }

  // A line break, without the spaces around it.
  lineBreak() {
    this.pending = this.pending.trimEnd();
    this.addNode(make("br"));
    this.at += 1;
    while (this.text[this.at] === " ") this.at += 1;
    return true;
  }

  // `[` or `![`: appended as text and remembered, because a `]` may make it a link.
  openBracket() {
    const image = this.text[this.at] === "!";
    if (image && this.text[this.at + 1] !== "[") return false;
    this.at += image ? 2 : 1;
    const node = this.addNode(document.createTextNode(image ? "![" : "["));
    this.brackets.push({ node, image, active: true, runs: this.runs.length });
    return true;
  }

  // [text](target): an image becomes a link, as in Slack; without a safe URL the text is shown literally.
  closeBracket() {
    this.at += 1;
    const bracket = this.brackets.pop();
    const start = this.at;
    const found = bracket?.active && this.next(TARGET);
    const target = found && unescaped((found[1] ?? found[2]).replace(/\\([!-/:-@[-`{-~])/g, "$1"));
    if (!found || !isSafeUrl(target)) {
      this.at = start;
      return this.addText("]");
    }
    this.flush();
    this.matchDelimiters(bracket.runs);
    this.makeLink(bracket, target);
    return true;
  }

  // Moves the nodes after a bracket into a link, in the bracket's place; links among them are dissolved.
  makeLink({ node, image }, target) {
    const made = link(target);
    move(following(node), made);
    for (const inner of made.querySelectorAll("a")) inner.replaceWith(...inner.childNodes);
    if (!made.textContent) made.textContent = target;
    this.output.append(made);
    node.remove();
    // Links cannot be nested: the open brackets around this one become inactive.
    for (let at = this.brackets.length - 1; !image && this.brackets[at]?.active; at--) this.brackets[at].active = this.brackets[at].image;
  }

  // A run of `*`, `_` or `~`: appended as text and remembered for `matchDelimiters`.
  delimiterRun() {
    const start = this.at;
    const char = this.text[start];
    while (this.text[this.at] === char) this.at += 1;
    const node = this.addNode(document.createTextNode(this.text.slice(start, this.at)));
    this.runs.push({ node, char, length: this.at - start, left: this.at - start, ...flanking(this.text, start, this.at) });
    return true;
  }

  // Matches each closing run from index `from` on with the nearest opener that fits. `bottoms` is CommonMark's
  // openers_bottom: for each kind of closer the index below which no opener fits, so that nothing is searched twice.
  matchDelimiters(from) {
    const openers = [];
    const bottoms = new Map();
    for (const run of this.runs.splice(from)) {
      while (run.closes && run.left) {
        const kind = `${run.char}${run.opens}${run.length % 3}`;
        const index = openers.findLastIndex((opener, at) => at < (bottoms.get(kind) ?? 0) || fits(opener, run));
        if (index < (bottoms.get(kind) ?? 0)) {
          bottoms.set(kind, openers.length);
          break;
        }
        openers.length = emphasize(openers[index], run) ? index + (openers[index].left ? 1 : 0) : 0;
        for (const [each, bottom] of bottoms) bottoms.set(each, Math.min(bottom, openers.length));
      }
      if (run.opens && run.left) openers.push(run);
    }
  }
}

// The parser for each character that may begin markup; a falsy result means that there was no markup.
const PARSERS = {
  "\\": InlineParser.prototype.escaped,
  "`": InlineParser.prototype.code,
  "<": InlineParser.prototype.control,
  "&": InlineParser.prototype.entity,
  ":": InlineParser.prototype.emojiName,
  h: InlineParser.prototype.bareUrl,
  "\n": InlineParser.prototype.lineBreak,
  "[": InlineParser.prototype.openBracket,
  "!": InlineParser.prototype.openBracket,
  "]": InlineParser.prototype.closeBracket,
  "*": InlineParser.prototype.delimiterRun,
  _: InlineParser.prototype.delimiterRun,
  "~": InlineParser.prototype.delimiterRun,
};

// Returns whether a delimiter run can open and close emphasis, by the characters beside it. Full-width brackets are
// punctuation and Japanese characters are letters: the reason why emphasis in Japanese often fails.
function flanking(text, start, end) {
  const before = [...text.slice(Math.max(0, start - 2), start)].at(-1) ?? "";
  const after = [...text.slice(end, end + 2)][0] ?? "";
  const left = !SPACE.test(after) && (!PUNCTUATION.test(after) || SPACE.test(before) || PUNCTUATION.test(before));
  const right = !SPACE.test(before) && (!PUNCTUATION.test(before) || SPACE.test(after) || PUNCTUATION.test(after));
  if (text[start] !== "_") return { opens: left, closes: right };
  return { opens: left && (!right || PUNCTUATION.test(before)), closes: right && (!left || PUNCTUATION.test(after)) };
}

// Returns true if two delimiter runs may belong together: of one character, `~` only in twos, and by the rule of three
// (CommonMark, 6.2, rules 9 and 10).
function fits(opener, closer) {
  if (opener.char !== closer.char) return false;
  if (opener.char === "~") return opener.length === 2 && closer.length === 2;
  const both = opener.closes || closer.opens;
  return !both || (opener.length + closer.length) % 3 > 0 || (opener.length % 3 === 0 && closer.length % 3 === 0);
}

// Makes an element of the nodes between two runs (`strong`, `em` or `s`), and takes the delimiters that it uses from
// both. Returns false, and changes nothing, if it would be nested too deep.
function emphasize(opener, closer) {
  const inside = following(opener.node, closer.node);
  if (inside.some((node) => node.depth >= DEEPEST)) return false;
  const used = opener.left > 1 && closer.left > 1 ? 2 : 1;
  const made = make(opener.char === "~" ? "s" : used > 1 ? "strong" : "em");
  move(inside, made);
  opener.node.after(made);
  for (const run of [opener, closer]) {
    run.left -= used;
    run.node.data = run.char.repeat(run.left);
    if (!run.left) run.node.remove();
  }
  return true;
}

// Moves nodes into an element, and stores on it (`depth`) how many elements are nested there.
function move(nodes, to) {
  to.depth = 1;
  to.replaceChildren();
  for (const node of nodes) {
    to.depth = Math.max(to.depth, 1 + (node.depth ?? 0));
    to.append(node);
  }
}

// Returns the siblings after a node, up to `end`.
function following(node, end = null) {
  const found = [];
  for (let each = node.nextSibling; each !== end; each = each.nextSibling) found.push(each);
  return found;
}

// Replaces entities by their characters.
const unescaped = (text) => text.replace(/&(?:amp|lt|gt|quot|apos|nbsp|#39);/g, (entity) => ENTITIES[entity]);

// Returns a URL without the punctuation that ends its sentence, and without a bracket that it did not open.
function trimmed(url) {
  let end = url.length;
  let open = [...url].reduce((sum, char) => sum + (char === "(" ? 1 : char === ")" ? -1 : 0), 0);
  for (; end; end--) {
    const last = url[end - 1];
    if (last === ")" && open < 0) open += 1;
    else if (!TRAILING.test(last)) break;
  }
  return url.slice(0, end);
}
