// The page: what there is, what is shown of it, and one long request for news after another.

import { Box, botName } from "./box.js";
import { allPressed, press, pressed } from "./clicks.js";
import { button, make } from "./dom.js";
import { drawMessage, portrait } from "./message.js";
import { morph } from "./morph.js";
import { plain } from "./mrkdwn.js";
import { ask } from "./server.js";
import { language, words } from "./words.js";

const byId = (id) => document.getElementById(id);
const house = byId("house");
const messages = new Map(); // "channel ts" -> message, oldest first
let world;
let at = 0; // the last change that we know of
let was = {}; // the place before this one
let opened = ""; // the thread that was opened by its button
let announcing;
let listening = false;

// Where we are: #CHANNEL or #CHANNEL/TS, so that the browser's own Back closes a thread.
function place() {
  const [channel, ts] = location.hash.slice(1).split("/");
  const known = world.channels.find((each) => each.id === channel) ?? world.channels[0];
  return { channel: known, ts: messages.has(`${known.id} ${ts}`) ? ts : "" };
}

const go = (channel, ts = "") => (location.hash = ts ? `${channel}/${ts}` : channel);
const title = (channel) => (channel.kind === "im" ? channel.name : `#${channel.name}`);
const touch = matchMedia("(pointer: coarse)");

function speak() {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = words[each.dataset.say];
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", words[each.dataset.label]);
}

// Drawing

function draw() {
  const { channel, ts } = place();
  drawPlaces(channel);
  byId("channel-name").textContent = title(channel);
  byId("channel-topic").textContent = channel.kind === "im" ? words.directTopic : words.channelTopic;
  document.title = `${title(channel)} · CocoAI`;
  const here = [...messages.values()].filter((each) => each.channel === channel.id);
  const parents = here.filter((each) => !each.thread_ts);
  drawList(byId("channel-messages"), parents, (each) => here.filter((reply) => reply.thread_ts === each.ts && !reply.whispered));
  drawWelcome(channel, parents.length === 0);
  channelBox.show(words.write(title(channel)), channel.kind !== "im");
  drawThread(ts, here);
}

function drawThread(ts, here) {
  byId("thread").hidden = !ts;
  house.classList.toggle("threaded", Boolean(ts));
  drawList(byId("thread-messages"), ts ? here.filter((each) => ts === each.ts || ts === each.thread_ts) : []);
  threadBox.show(words.replyLabel, false, words.reply);
}

function drawPlaces(current) {
  const list = byId("places");
  for (const channel of world.channels) {
    let opener = list.querySelector(`[data-id="${channel.id}"]`);
    if (!opener) {
      opener = button("place", title(channel), () => go(channel.id));
      opener.dataset.id = channel.id;
      if (channel.kind === "im") opener.prepend(make("span", "unseen", `${words.direct}: `), portrait(world.bot, world));
      list.appendChild(make("li")).append(opener);
    }
    if (channel === current) opener.setAttribute("aria-current", "page");
    else opener.removeAttribute("aria-current");
  }
}

function drawWelcome(channel, empty) {
  const direct = channel.kind === "im";
  byId("welcome").hidden = !empty;
  byId("welcome-title").textContent = words.welcomeTitle;
  byId("welcome-text").textContent = direct ? words.welcomeDirect : words.welcomeChannel;
  if (!empty) return;
  const ideas = words.ideas.map((idea) => button("idea", idea, () => channelBox.fill(direct ? idea : `@${botName(world)} ${idea}`)));
  byId("ideas").replaceChildren(...ideas);
}

// Elements are kept and changed where they stand, so that focus, selection and scrolling stay where they are.
function drawList(list, shown, repliesOf) {
  const scroll = list.parentElement;
  const following = scroll.scrollTop >= scroll.scrollHeight - scroll.clientHeight - 80 || scroll.scrollTop >= list.left - 80;
  const old = new Map([...list.children].map((each) => [each.dataset.ts, each]));
  let grew = false;
  shown.forEach((message, index) => {
    const replies = repliesOf?.(message) ?? [];
    const print = JSON.stringify([message, replies.length, replies.at(-1)?.ts, follows(message, shown[index - 1]), allPressed(message)]);
    let item = old.get(message.ts);
    if (item?.print !== print) {
      const fresh = drawMessage(message, follows(message, shown[index - 1]), { ...scene, world, replies: repliesOf ? replies : null });
      if (item) grow(item, fresh);
      else item = fresh;
      item.print = print;
      grew = true;
    }
    old.delete(message.ts);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  for (const gone of old.values()) gone.remove();
  if (grew && following) toEnd(list);
}

// The newest comes into view, but never so far that its own beginning is gone: a long answer is read from its top.
function toEnd(list) {
  const scroll = list.parentElement;
  const end = scroll.scrollHeight - scroll.clientHeight;
  list.left = Math.max(0, Math.min(end, (list.lastElementChild?.offsetTop ?? end) - 16));
  scroll.scrollTop = list.left;
}

// What had the focus may be gone now: then its message takes it, so that the keyboard goes on from there.
function grow(item, fresh) {
  const focused = item.contains(document.activeElement);
  morph(item, fresh);
  if (focused && !item.contains(document.activeElement)) item.focus();
}

// A run of messages by one author within five minutes shows the name once; a whisper is no part of it.
function follows(message, before) {
  if (!before || before.whispered || message.whispered) return false;
  return before.user === message.user && Number(message.ts) - Number(before.ts) < 300 && !before.thread_ts === !message.thread_ts;
}

// What can be done with a message.
const scene = {
  pressed,
  press: (message, given) => press(message, given, draw),
  open: openThread,
  dismiss: (message) => {
    messages.delete(`${message.channel} ${message.ts}`);
    draw();
    (place().ts ? threadBox : channelBox).area.focus();
  },
};

// Threads

// A thread opened by its button gives the focus back to that button; one opened by a question, to the box.
function openThread(message) {
  go(message.channel, message.ts);
  opened = message.ts;
}

const closeThread = () => go(place().channel.id);

// After each change of place: scroll to the newest, and put the focus where one goes on.
function arrived() {
  const { channel, ts } = place();
  const before = was;
  was = { channel, ts };
  draw();
  if (channel !== before.channel) toEnd(byId("channel-messages"));
  if (ts) toEnd(byId("thread-messages"));
  const opener = byId("channel-messages").querySelector(`[data-ts="${before.ts}"] button`);
  if (!ts && before.ts && before.ts === opened && opener) opener.focus();
  // A phone's keyboard would cover the answer that is awaited, so there the heading takes the focus.
  else if (touch.matches) byId(ts ? "thread-name" : "channel-name").focus();
  else (ts ? threadBox : channelBox).area.focus();
}

// Writing

const channelBox = new Box(byId("channel-write"), () => world, () => ({ channel: place().channel.id }), follow);
const threadBox = new Box(byId("thread-write"), () => world, () => ({ channel: place().channel.id, thread_ts: place().ts }), follow);

// The answer comes in a thread: follow the question there.
function follow(where, ts, asked) {
  if (where.thread_ts) toEnd(byId("thread-messages"));
  else if (asked) go(where.channel, ts);
  else toEnd(byId("channel-messages"));
}

// News

function take(news) {
  if (news.run !== world.run) messages.clear(); // another server: everything comes anew
  world.run = news.run;
  at = news.at;
  // What only we could see is gone when the page is opened anew, as in Slack.
  const kept = news.messages.filter((each) => listening || !each.whispered);
  for (const message of kept) messages.set(`${message.channel} ${message.ts}`, message);
  for (const [channel, ts] of news.removed) messages.delete(`${channel} ${ts}`);
  // A question just sent opens its thread; it may be known here only now.
  const waiting = byId("thread").hidden && place().ts;
  draw();
  if (waiting) arrived();
  announce(news.messages.filter((each) => each.user === world.bot));
}

// A growing answer is read out once, when it has come to rest.
function announce(written) {
  if (!written.length) return;
  clearTimeout(announcing);
  const last = written.at(-1);
  announcing = setTimeout(() => {
    const said = messages.get(`${last.channel} ${last.ts}`);
    if (said) byId("status").textContent = words.answered(world.people[world.bot].name, plain(said.text, world.people).slice(0, 600));
  }, 1500);
}

async function listen() {
  listening = true;
  for (let wait = 500; ; ) {
    const news = await ask(`/page/news?run=${world.run}&after=${at}`).catch(() => null);
    byId("banner").hidden = Boolean(news);
    if (news) {
      take(news);
      wait = 500;
    } else {
      byId("banner").textContent = words.lost;
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, 5000);
    }
  }
}

speak();
world = await ask("/page/world");
take(await ask("/page/news?run=new"));
arrived();
addEventListener("hashchange", arrived);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !byId("confirm").open && place().ts) closeThread();
});
byId("close").addEventListener("click", closeThread);
listen();
