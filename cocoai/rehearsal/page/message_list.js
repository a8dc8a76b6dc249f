// A list of messages: drawn with as few changes as possible, followed to its end, and walked with the arrow keys.

import { allPressed } from "./clicks.js";
import { drawMessage } from "./message.js";
import { morph } from "./morph.js";

const NEAR = 80; // pixels from the end at which the list still follows it
const MOVES = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

// Draws a list of messages; `repliesOf` returns the replies to one (in a thread it is left out). Elements are kept and
// changed in place, so that focus, selection and scrolling are kept. A list that was scrolled to its end stays there.
export function drawList(list, shown, scene, repliesOf) {
  list.hidden = !shown.length; // a screen reader would announce an empty list
  const scroll = list.parentElement;
  const following = scroll.scrollTop >= scroll.scrollHeight - scroll.clientHeight - NEAR || scroll.scrollTop >= list.left - NEAR;
  const old = new Map([...list.children].map((each) => [each.dataset.ts, each]));
  let grew = false;
  shown.forEach((message, index) => {
    const replies = repliesOf?.(message) ?? [];
    const state = JSON.stringify([message, replies.length, replies.at(-1)?.ts, follows(message, shown[index - 1]), allPressed(message), scene.me]);
    let item = old.get(message.ts);
    if (item?.state !== state) {
      const fresh = drawMessage(message, follows(message, shown[index - 1]), { ...scene, replies: repliesOf ? replies : null });
      if (item) update(item, fresh);
      else item = fresh;
      item.state = state;
      grew = true;
    }
    old.delete(message.ts);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  for (const gone of old.values()) leave(gone);
  rove(list);
  if (grew && following) toEnd(list);
}

// Scrolls to the newest message, but not past its beginning: a long answer is read from its top.
export function toEnd(list) {
  const scroll = list.parentElement;
  const end = scroll.scrollHeight - scroll.clientHeight;
  list.left = Math.max(0, Math.min(end, (list.lastElementChild?.offsetTop ?? end) - 16));
  scroll.scrollTop = list.left;
}

// Lets the arrow keys, Home and End move the focus from message to message. Tab enters the list at one message only.
export function walkable(list) {
  list.addEventListener("focusin", (event) => {
    list.current = event.target.closest(".message")?.dataset.ts;
    rove(list);
  });
  list.addEventListener("keydown", (event) => {
    // Code and wide tables are scrolled with the same keys.
    if (!(event.key in MOVES) || event.target.closest("pre, .wide") || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = [...list.children];
    const at = items.indexOf(event.target.closest(".message"));
    const to = Math.max(0, Math.min(items.length - 1, at + MOVES[event.key]));
    event.preventDefault();
    items[to].focus();
  });
}

// Makes one message of the list, and its buttons, the one that Tab reaches: the last that had the focus, else the newest.
function rove(list) {
  const items = [...list.children];
  const stop = items.find((each) => each.dataset.ts === list.current) ?? items.at(-1);
  for (const item of items) {
    item.tabIndex = item === stop ? 0 : -1;
    for (const button of item.querySelectorAll("button")) {
      if (item === stop) button.removeAttribute("tabindex");
      else button.tabIndex = -1;
    }
  }
}

// Removes a message; if it had the focus, the one beside it takes it.
function leave(item) {
  const beside = item.nextElementSibling ?? item.previousElementSibling;
  const focused = item.contains(document.activeElement);
  item.remove();
  if (focused) beside?.focus();
}

// Changes a message in place; if its focused element is removed, the message itself takes the focus.
function update(item, fresh) {
  const focused = item.contains(document.activeElement);
  morph(item, fresh);
  if (focused && !item.contains(document.activeElement)) item.focus();
}

// Returns true if a message follows one of the same author within five minutes: the name is not shown again then.
// Ephemeral and deleted messages are not counted.
function follows(message, before) {
  if (!before || before.only_for || message.only_for || before.subtype === "tombstone" || message.subtype === "tombstone") return false;
  return before.user === message.user && Number(message.ts) - Number(before.ts) < 300 && !before.thread_ts === !message.thread_ts;
}
