// Who is writing: the page tells the others, and shows a line while one of them does. The app has no such line in Slack;
// here it is one that writes while its placeholder stands.

import { act, me } from "./asker.js";
import { texts } from "./texts.js";

const SHOWN = 5000; // ms after the last key for which one is said to be writing
const AGAIN = 3000; // ms after which the others are told again
const writers = new Map(); // a person's id -> the channel, the thread_ts, and until when that is shown
let told = 0;

// Tells the others that the person writes in a channel or thread; an error is ignored, since nothing depends on it.
export function typed(place) {
  if (Date.now() < told + AGAIN) return;
  told = Date.now();
  act("/page/typing", place).catch(() => {});
}

// Notes who began or went on to write, and forgets those whose messages have come; `redraw` is called when the line ends.
export function noteTyping(typing, messages, redraw) {
  for (const { user, channel, thread_ts } of typing) writers.set(user, { channel, thread_ts, until: Date.now() + SHOWN });
  for (const { user } of messages) writers.delete(user);
  if (typing.length) setTimeout(redraw, SHOWN + 50);
}

// Returns the line for a channel or thread; "" if nobody else writes there. `shown` are the messages of it.
export function typingLine(channel, thread, shown, people) {
  const here = [...writers].filter(([user, at]) => user !== me() && at.channel === channel && (at.thread_ts ?? "") === thread && at.until > Date.now());
  const all = new Set([...here.map(([user]) => user), ...shown.filter((each) => each.writing).map((each) => each.user)]);
  return all.size ? texts.typing([...all].map((user) => people[user]?.name ?? user)) : "";
}
