// The page: what there is, what is shown of it, and one long request for news after another.

import { Box } from "./box.js";
import { emoji, plain, render } from "./mrkdwn.js";
import { language, words } from "./words.js";

const byId = (id) => document.getElementById(id);
const house = byId("house");
const messages = new Map(); // "channel ts" -> message, oldest first
let world;
let at = 0; // the last change that we know of
let was = {}; // the place before this one
let opened = ""; // the thread that was opened by its button
let announcing;

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
  drawList(byId("channel-messages"), parents, (each) => here.filter((reply) => reply.thread_ts === each.ts));
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
    let button = list.querySelector(`[data-id="${channel.id}"]`);
    if (!button) {
      button = make("button", "place", title(channel));
      button.type = "button";
      button.dataset.id = channel.id;
      if (channel.kind === "im") button.prepend(make("span", "unseen", `${words.direct}: `), picture(world.bot));
      button.addEventListener("click", () => go(channel.id));
      list.appendChild(make("li")).append(button);
    }
    if (channel === current) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}

function drawWelcome(channel, empty) {
  const direct = channel.kind === "im";
  byId("welcome").hidden = !empty;
  byId("welcome-title").textContent = words.welcomeTitle;
  byId("welcome-text").textContent = direct ? words.welcomeDirect : words.welcomeChannel;
  if (!empty) return;
  const ideas = words.ideas.map((idea) => {
    const button = make("button", "idea", idea);
    button.type = "button";
    button.addEventListener("click", () => channelBox.fill(direct ? idea : `@${world.people[world.bot].name} ${idea}`));
    return button;
  });
  byId("ideas").replaceChildren(...ideas);
}

// Elements are kept while what they show is the same, so that focus, selection and scrolling stay where they are.
function drawList(list, shown, repliesOf) {
  const scroll = list.parentElement;
  const following = scroll.scrollTop >= scroll.scrollHeight - scroll.clientHeight - 80 || scroll.scrollTop >= list.left - 80;
  const old = new Map([...list.children].map((each) => [each.dataset.ts, each]));
  let grew = false;
  shown.forEach((message, index) => {
    const replies = repliesOf?.(message) ?? [];
    const print = JSON.stringify([message, replies.length, replies.at(-1)?.ts, follows(message, shown[index - 1])]);
    let item = old.get(message.ts);
    if (item?.print !== print) {
      const fresh = drawMessage(message, follows(message, shown[index - 1]), repliesOf ? replies : null);
      fresh.print = print;
      grew = true;
      if (item) replace(item, fresh);
      item = fresh;
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

function replace(item, fresh) {
  const focused = item.contains(document.activeElement) && document.activeElement.className;
  item.replaceWith(fresh);
  if (focused) fresh.getElementsByClassName(focused)[0]?.focus();
}

// A run of messages by one author within five minutes shows the name once.
function follows(message, before) {
  return Boolean(before) && before.user === message.user && Number(message.ts) - Number(before.ts) < 300 && !before.thread_ts === !message.thread_ts;
}

function drawMessage(message, following, replies) {
  const item = make("li", following ? "message following" : "message");
  const body = make("div", "body");
  item.dataset.ts = message.ts;
  if (following) item.append(make("span", "picture"));
  else item.append(picture(message.user));
  body.append(byline(message, following), text(message), reactions(message), foot(message, replies));
  item.append(body);
  return item;
}

function byline(message, following) {
  const line = make("p", following ? "byline unseen" : "byline");
  const person = world.people[message.user];
  line.append(make("b", "", message.user === world.me ? words.you : (person?.name ?? message.user)));
  if (person?.bot) line.append(make("span", "app", words.app));
  const time = make("time", "", clock(message.ts));
  time.dateTime = new Date(Number(message.ts) * 1000).toISOString();
  line.append(time);
  if (message.delivery && !message.delivery.failure) line.append(make("span", "heard", words.heard(message.delivery.ms)));
  return line;
}

function text(message) {
  const holder = make("div", "text");
  holder.append(render(message.text, world.people));
  if (message.edited) (holder.lastElementChild?.localName === "p" ? holder.lastElementChild : holder).append(make("span", "edited", words.edited));
  return holder;
}

function reactions(message) {
  const row = make("p", "reactions");
  for (const [name, count] of Object.entries(message.reactions)) row.append(make("span", "reaction", `${emoji(name)} ${count}`));
  return row;
}

function foot(message, replies) {
  const row = make("p", "foot");
  if (replies) {
    const button = make("button", replies.length ? "replies" : "answer", replies.length ? words.count(replies.length) : words.openThread);
    button.type = "button";
    button.addEventListener("click", () => openThread(message));
    if (replies.length) {
      const voices = [...new Set(replies.map((each) => each.user))].slice(0, 3);
      button.prepend(...voices.map(picture));
      button.append(make("time", "", clock(replies.at(-1).ts)));
    }
    row.append(button);
  }
  if (message.delivery?.failure) row.append(make("span", "unheard", words.unheard(message.delivery.failure)));
  return row;
}

function picture(user) {
  if (user === world.bot) {
    const image = make("img", "picture");
    image.src = "/icon.svg";
    image.alt = "";
    return image;
  }
  const letter = make("span", "picture person", (user === world.me ? words.you : (world.people[user]?.name ?? user)).slice(0, 1));
  letter.setAttribute("aria-hidden", "true");
  return letter;
}

const clock = (ts) => new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(Number(ts) * 1000);

function make(name, className = "", textContent = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (textContent) made.textContent = textContent;
  return made;
}

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

const botName = () => world.people[world.bot].name;
const channelBox = new Box(byId("channel-write"), botName, () => ({ channel: place().channel.id }), follow);
const threadBox = new Box(byId("thread-write"), botName, () => ({ channel: place().channel.id, thread_ts: place().ts }), follow);

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
  for (const message of news.messages) messages.set(`${message.channel} ${message.ts}`, message);
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

async function told(path) {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error(reply.statusText);
  return reply.json();
}

async function listen() {
  for (let wait = 500; ; ) {
    const news = await told(`/page/news?run=${world.run}&after=${at}`).catch(() => null);
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
world = await told("/page/world");
take(await told("/page/news?run=new"));
arrived();
addEventListener("hashchange", arrived);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && place().ts) closeThread();
});
byId("close").addEventListener("click", closeThread);
listen();
