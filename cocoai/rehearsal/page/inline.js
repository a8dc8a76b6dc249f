// Markdown within a paragraph, by CommonMark's rules, read once from left to right: a marker that CommonMark would
// leave standing stands here too, as in `**「強調」**は`. Nothing is read twice, however odd the text.
// Source: spec.commonmark.org/0.31.2, appendix "A parsing strategy"; what Slack adds is mrkdwn's <…> and :emoji:.

import { isAddress, link, make } from "./dom.js";
import { controlled, emoji } from "./mrkdwn.js";

const DEEPEST = 24; // elements in each other; browsers bear no tower of thousands
const WORDS = /[^\\`<&:[\]!*_~\nh]+/y;
const TICKS = /`+/y;
const CONTROL = /<((?:https?:\/\/|mailto:|tel:)[^<>\s|]+(?:\|[^<>\n]*)?|[@#][A-Z0-9]+(?:\|[^<>\n]*)?|![a-z][^<>\n]*)>/y;
const ENTITY = /&(?:amp|lt|gt|quot|apos|nbsp|#39);/y;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&nbsp;": "\u00a0", "&#39;": "'" };
const EMOJI = /:([a-z0-9_+-]+):/y;
const ADDRESS = /https?:\/\/(?:[^\s<\]]|\](?!\())+/y;
const TRAILING = /[?!.,:*_~'"]/;
const TARGET =
  /\(\s{0,9}(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\((?:[^\s()\\]|\\.)*\))*))(?:\s{1,9}(?:"[^"\n]*"|'[^'\n]*'))?\s{0,9}\)/y;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const SPACE = /^[\p{Zs}\s]?$/u;
const MARK = /^[\p{P}\p{S}]$/u;

export function inline(text, parent, people) {
  parent.append(new Reading(text, people).whole());
}

class Reading {
  constructor(text, people) {
    this.text = text;
    this.people = people;
    this.at = 0;
    this.words = ""; // read, and not yet a node
    this.made = document.createDocumentFragment();
    this.runs = []; // of * _ ~
    this.brackets = [];
    this.ticks = Map.groupBy([...text.matchAll(/`+/g)].reverse(), ([run]) => run.length);
  }

  whole() {
    while (this.at < this.text.length) {
      if (!READERS[this.text[this.at]]?.call(this)) this.say(this.next(WORDS)?.[0] ?? this.text[this.at++]);
    }
    this.flush();
    this.pair(0);
    return this.made;
  }

  // What the pattern finds right here; it is behind us then.
  next(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  say(words) {
    this.words += words;
    return true;
  }

  put(node) {
    this.flush();
    this.made.append(node);
    return node;
  }

  flush() {
    if (this.words) this.made.append(this.words);
    this.words = "";
  }

  escaped() {
    const mark = this.text[this.at + 1] ?? "";
    this.at += 1;
    if (mark === "\n") return true; // a hard break: here every break is one
    if (!ESCAPABLE.test(mark)) return this.say("\\");
    this.at += 1;
    return this.say(mark);
  }

  code() {
    const run = this.next(TICKS)[0];
    const ends = this.ticks.get(run.length);
    while (ends.at(-1)?.index < this.at) ends.pop();
    if (!ends.length) return this.say(run);
    const end = ends.at(-1).index;
    const inside = this.text.slice(this.at, end).replaceAll("\n", " ");
    const padded = inside.startsWith(" ") && inside.endsWith(" ") && inside.trim();
    this.at = end + run.length;
    return this.put(make("code", "", padded ? inside.slice(1, -1) : inside));
  }

  control() {
    const found = this.next(CONTROL);
    return found && this.put(controlled(found[1], this.people));
  }

  entity() {
    const found = this.next(ENTITY);
    return found && this.say(ENTITIES[found[0]]);
  }

  name() {
    const found = this.next(EMOJI);
    return found && this.say(emoji(found[1]));
  }

  // Up to the next space, as GitHub's Markdown takes it: Japanese that follows without one belongs to the address.
  address() {
    const start = this.at;
    if (/[a-z0-9]/i.test(this.text[start - 1] ?? "")) return false;
    const found = this.next(ADDRESS)?.[0];
    if (!found) return false;
    const target = trimmed(found);
    this.at = start + target.length;
    return this.put(link(unescaped(target)));
  }

  line() {
    this.words = this.words.trimEnd();
    this.put(make("br"));
    this.at += 1;
    while (this.text[this.at] === " ") this.at += 1;
    return true;
  }

  opening() {
    const image = this.text[this.at] === "!";
    if (image && this.text[this.at + 1] !== "[") return false;
    this.at += image ? 2 : 1;
    const node = this.put(document.createTextNode(image ? "![" : "["));
    this.brackets.push({ node, image, live: true, runs: this.runs.length });
    return true;
  }

  // [text](target): an image becomes a link, as in Slack; what is no address stays as it stands.
  closing() {
    this.at += 1;
    const bracket = this.brackets.pop();
    const start = this.at;
    const found = bracket?.live && this.next(TARGET);
    const target = found && unescaped((found[1] ?? found[2]).replace(/\\([!-/:-@[-`{-~])/g, "$1"));
    if (!found || !isAddress(target)) {
      this.at = start;
      return this.say("]");
    }
    this.flush();
    this.pair(bracket.runs);
    this.wrap(bracket, target);
    return true;
  }

  wrap({ node, image }, target) {
    const made = link(target);
    move(following(node), made);
    for (const inner of made.querySelectorAll("a")) inner.replaceWith(...inner.childNodes);
    if (!made.textContent) made.textContent = target;
    this.made.append(made);
    node.remove();
    // No link holds another: what is open around this one cannot become a link any more.
    for (let at = this.brackets.length - 1; !image && this.brackets[at]?.live; at--) this.brackets[at].live = this.brackets[at].image;
  }

  run() {
    const start = this.at;
    const char = this.text[start];
    while (this.text[this.at] === char) this.at += 1;
    const node = this.put(document.createTextNode(this.text.slice(start, this.at)));
    this.runs.push({ node, char, length: this.at - start, left: this.at - start, ...edges(this.text, start, this.at) });
    return true;
  }

  // Each run that closes takes the nearest that opens and fits. `floors` notes how far down there is nothing for a
  // closer of its kind, so that nothing is searched twice.
  pair(from) {
    const openers = [];
    const floors = new Map();
    for (const run of this.runs.splice(from)) {
      while (run.closes && run.left) {
        const sort = `${run.char}${run.opens}${run.length % 3}`;
        const index = openers.findLastIndex((opener, at) => at < (floors.get(sort) ?? 0) || fits(opener, run));
        if (index < (floors.get(sort) ?? 0)) {
          floors.set(sort, openers.length);
          break;
        }
        openers.length = emphasize(openers[index], run) ? index + (openers[index].left ? 1 : 0) : 0;
        for (const [each, floor] of floors) floors.set(each, Math.min(floor, openers.length));
      }
      if (run.opens && run.left) openers.push(run);
    }
  }
}

const READERS = {
  "\\": Reading.prototype.escaped,
  "`": Reading.prototype.code,
  "<": Reading.prototype.control,
  "&": Reading.prototype.entity,
  ":": Reading.prototype.name,
  h: Reading.prototype.address,
  "\n": Reading.prototype.line,
  "[": Reading.prototype.opening,
  "!": Reading.prototype.opening,
  "]": Reading.prototype.closing,
  "*": Reading.prototype.run,
  _: Reading.prototype.run,
  "~": Reading.prototype.run,
};

// Can a run open or close, given the characters beside it? Letters of every script are letters, a full-width bracket is
// punctuation: this is the rule that Japanese emphasis stumbles over.
function edges(text, start, end) {
  const before = [...text.slice(Math.max(0, start - 2), start)].at(-1) ?? "";
  const after = [...text.slice(end, end + 2)][0] ?? "";
  const left = !SPACE.test(after) && (!MARK.test(after) || SPACE.test(before) || MARK.test(before));
  const right = !SPACE.test(before) && (!MARK.test(before) || SPACE.test(after) || MARK.test(after));
  if (text[start] !== "_") return { opens: left, closes: right };
  return { opens: left && (!right || MARK.test(before)), closes: right && (!left || MARK.test(after)) };
}

function fits(opener, closer) {
  if (opener.char !== closer.char) return false;
  if (opener.char === "~") return opener.length === 2 && closer.length === 2;
  const both = opener.closes || closer.opens;
  return !both || (opener.length + closer.length) % 3 > 0 || (opener.length % 3 === 0 && closer.length % 3 === 0);
}

// What stands between the two becomes one element; false if the tower would be too high.
function emphasize(opener, closer) {
  const inside = following(opener.node, closer.node);
  if (inside.some((node) => node.depth >= DEEPEST)) return false;
  const taken = opener.left > 1 && closer.left > 1 ? 2 : 1;
  const made = make(opener.char === "~" ? "s" : taken > 1 ? "strong" : "em");
  move(inside, made);
  opener.node.after(made);
  for (const run of [opener, closer]) {
    run.left -= taken;
    run.node.data = run.char.repeat(run.left);
    if (!run.left) run.node.remove();
  }
  return true;
}

// `depth` is kept on the element: how many stand in each other there.
function move(nodes, to) {
  to.depth = 1;
  to.replaceChildren();
  for (const node of nodes) {
    to.depth = Math.max(to.depth, 1 + (node.depth ?? 0));
    to.append(node);
  }
}

function following(node, end = null) {
  const found = [];
  for (let each = node.nextSibling; each !== end; each = each.nextSibling) found.push(each);
  return found;
}

const unescaped = (text) => text.replace(/&(?:amp|lt|gt|quot|apos|nbsp|#39);/g, (entity) => ENTITIES[entity]);

// Without what ends the sentence around it, and without a bracket that it did not open.
function trimmed(address) {
  let end = address.length;
  let open = [...address].reduce((sum, char) => sum + (char === "(" ? 1 : char === ")" ? -1 : 0), 0);
  for (; end; end--) {
    const last = address[end - 1];
    if (last === ")" && open < 0) open += 1;
    else if (!TRAILING.test(last)) break;
  }
  return address.slice(0, end);
}
