// The page: its messages, what is shown of them, and the long polling for changes.

import { act, choosePerson, me, sees } from "./asker.js";
import { Box, botName } from "./box.js";
import { press, pressed } from "./clicks.js";
import { button, make } from "./dom.js";
import { drawTabs, openTabsBy } from "./home.js";
import { portrait } from "./message.js";
import { MessageActions } from "./message_actions.js";
import { drawList, toEnd, walkable } from "./message_list.js";
import { showModal } from "./modal.js";
import { nameChannels, plain } from "./mrkdwn.js";
import { getJson } from "./server.js";
import { language, money, texts } from "./texts.js";
import { noteTyping, typingLine } from "./typing.js";

const byId = (id) => document.getElementById(id);
const layout = byId("layout");
const messages = new Map(); // "channel ts" -> message, oldest first
let world;
let at = 0; // the number of the last known change
let surfaces = { key: "", views: {}, homes: {} }; // the open modals and the Home tab of each person
let previous = {}; // the place that was shown before
let openedByButton = ""; // the ts of the thread that was opened by its button
let announcing; // the timer of the next announcement
let listening = false;

// Returns the channel and the thread of the URL, #CHANNEL or #CHANNEL/TS, so the browser's Back button closes a thread;
// and whether it names the Home tab, #CHANNEL/home, which a direct conversation with the app has.
function place() {
  const [channel, ts] = location.hash.slice(1).split("/");
  const visible = world.channels.filter(sees);
  const known = visible.find((each) => each.id === channel) ?? visible[0];
  const isHome = known.kind === "im" && ts === "home";
  return { channel: known, ts: messages.has(`${known.id} ${ts}`) ? ts : "", isHome };
}

const go = (channel, ts = "") => (location.hash = ts ? `${channel}/${ts}` : channel);
const title = (channel) => (channel.kind === "im" ? channel.name : `#${channel.name}`);
const touch = matchMedia("(pointer: coarse)");

// Puts the texts into the elements of the HTML that name one.
function showTexts() {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = texts[each.dataset.text];
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", texts[each.dataset.label]);
}

// Drawing

// Draws the channel and the thread of the URL, and all around them.
function draw() {
  const { channel, ts, isHome } = place();
  drawPlaces(channel);
  byId("channel-name").textContent = title(channel);
  byId("channel-topic").textContent = channel.kind === "im" ? texts.directTopic : channel.has_bot ? texts.channelTopic : texts.outsideTopic;
  document.title = `${title(channel)} · CocoAI`;
  const here = [...messages.values()].filter((each) => each.channel === channel.id && isSeen(each));
  const parents = here.filter((each) => !each.thread_ts);
  const repliesOf = (each) => here.filter((reply) => reply.thread_ts === each.ts && !reply.only_for);
  drawList(byId("channel-messages"), parents, { ...scene, world, me: me() }, repliesOf);
  drawWelcome(channel, parents.length === 0);
  const needed = channel.kind !== "im";
  channelBox.show(texts.write(title(channel)), { ...channel, needed });
  channelBox.showTyping(typingLine(channel.id, "", parents, world.people));
  drawTabs(!needed, isHome, surfaces.homes[me()], plainScene());
  showModal(surfaces.views[me()] ?? [], plainScene());
  drawThread(ts, here, channel);
}

// What blocks outside of messages are drawn with.
const plainScene = () => ({ people: world.people, channels: world.channels, me: me(), votes: {}, pressed: () => "" });

// An ephemeral message is shown to one person only.
const isSeen = (message) => message.only_for === "" || message.only_for === me();

// Draws the thread of the message `ts` from the channel's messages; hides it if `ts` is empty. Where the bot has been
// asked before, a question needs no mention.
function drawThread(ts, here, channel) {
  byId("thread").hidden = !ts;
  layout.classList.toggle("threaded", Boolean(ts));
  const shown = ts ? here.filter((each) => ts === each.ts || ts === each.thread_ts) : [];
  drawList(byId("thread-messages"), shown, { ...scene, world, me: me() });
  const isAsked = shown.some((each) => each.user === world.bot || each.text.includes(`<@${world.bot}>`));
  threadBox.showTyping(typingLine(channel.id, ts, shown, world.people));
  threadBox.show(texts.replyLabel, { ...channel, needed: channel.kind !== "im" && !isAsked }, texts.reply);
}

// Draws the list of channels, each a button that opens it, and marks the current one.
function drawPlaces(current) {
  const list = byId("places");
  const visible = world.channels.filter(sees);
  for (const each of list.querySelectorAll("[data-id]")) if (!visible.some(({ id }) => id === each.dataset.id)) each.parentElement.remove();
  for (const channel of visible) {
    let opener = list.querySelector(`[data-id="${channel.id}"]`);
    if (!opener) {
      opener = button("place", title(channel), () => go(channel.id));
      opener.dataset.id = channel.id;
      if (channel.kind === "im") opener.prepend(make("span", "unseen", `${texts.direct}: `), portrait(world.bot, world));
      list.appendChild(make("li")).append(opener);
    }
    if (channel === current) opener.setAttribute("aria-current", "page");
    else opener.removeAttribute("aria-current");
  }
}

// Shows a welcome with sample questions in a channel without messages, and hides it in any other.
function drawWelcome(channel, empty) {
  const direct = channel.kind === "im";
  byId("welcome").hidden = !empty;
  byId("welcome-title").textContent = channel.has_bot ? texts.welcomeTitle : texts.outsideTitle;
  byId("welcome-text").textContent = direct ? texts.welcomeDirect : channel.has_bot ? texts.welcomeChannel : texts.outsideTopic;
  byId("ideas").hidden = !channel.has_bot;
  if (!empty) return;
  const ideas = texts.ideas.map((idea) => button("idea", idea, () => channelBox.fill(direct ? idea : `@${botName(world)} ${idea}`)));
  byId("ideas").replaceChildren(...ideas);
}

// The button may be older than the message, which may have been edited since.
const newest = ({ channel, ts }) => messages.get(`${channel} ${ts}`);

// The functions that a message's buttons call.
const scene = {
  pressed,
  press: (message, spec) => press(message, spec, draw),
  open: openThread,
  more: (message, opener) => actions.open(newest(message), opener),
  pick: (message, opener) => actions.pick(newest(message), opener),
  react: (message, name) => actions.react(newest(message), name),
  dismiss: (message) => {
    messages.delete(`${message.channel} ${message.ts}`);
    draw();
    (place().ts ? threadBox : channelBox).area.focus();
  },
};

const actions = new MessageActions(() => world, () => [...messages.values()].filter(isSeen), title, showFailure, go);

// Threads

// Opens a thread. When it is closed, the focus returns to its button; after a thread that a question opened, to the field.
function openThread(message) {
  go(message.channel, message.ts);
  openedByButton = message.ts;
}

const closeThread = () => go(place().channel.id);

// Draws the place of the URL, scrolls to its newest message and sets the focus; runs after each change of the URL.
function showPlace() {
  const { channel, ts, isHome } = place();
  const before = previous;
  previous = { channel, ts, isHome };
  // Slack tells the app of each opening.
  const isOpened = channel !== before.channel || isHome !== before.isHome;
  if (isOpened && channel.kind === "im") act("/page/home", { tab: isHome ? "home" : "messages" }).catch(() => {});
  draw();
  if (channel !== before.channel || before.isHome) toEnd(byId("channel-messages"));
  if (ts) toEnd(byId("thread-messages"));
  const opener = byId("channel-messages").querySelector(`[data-ts="${before.ts}"] button`);
  if (isHome || (before.isHome && before.channel === channel)) return; // the focus stays on the tab
  if (!ts && before.ts && before.ts === openedByButton && opener) opener.focus();
  // On a phone the keyboard would cover the answer, so the heading takes the focus.
  else if (touch.matches) byId(ts ? "thread-name" : "channel-name").focus();
  else (ts ? threadBox : channelBox).area.focus();
}

// Writing

const channelBox = new Box(byId("channel-write"), () => world, () => ({ channel: place().channel.id }), follow);
const threadBox = new Box(byId("thread-write"), () => world, () => ({ channel: place().channel.id, thread_ts: place().ts }), follow);

// After a message was sent: a question opens its thread, in which the answer comes; else the list is scrolled.
function follow(sentTo, ts, isQuestion) {
  if (sentTo.thread_ts) toEnd(byId("thread-messages"));
  else if (isQuestion) go(sentTo.channel, ts);
  else toEnd(byId("channel-messages"));
}

// News

// Stores changed messages, removes deleted ones, and draws.
function apply(news) {
  if (news.run !== world.run) messages.clear(); // another server: it has sent all its messages
  world.run = news.run;
  at = news.at;
  // Ephemeral messages are not shown when the page is loaded again, as in Slack.
  const kept = news.messages.filter((each) => listening || !each.only_for);
  for (const message of kept) messages.set(`${message.channel} ${message.ts}`, message);
  for (const [channel, ts] of news.removed) messages.delete(`${channel} ${ts}`);
  // The URL may name the thread of a question that was just sent and is known only now.
  if (news.surfaces) surfaces = news.surfaces;
  noteTyping(news.typing, news.messages, draw);
  const waiting = byId("thread").hidden && place().ts;
  draw();
  if (waiting) showPlace();
  showBilled(news.billed);
  announce(news.messages.filter((each) => each.user === world.bot && isSeen(each)));
}

// Shows what the practice OpenAI has billed so far; hides it if `billed` is null, as with the real OpenAI.
function showBilled(billed) {
  byId("billed").hidden = !billed;
  byId("billed").textContent = billed ? texts.billed(money(billed.nano_dollars), billed.requests) : "";
}

// Has a screen reader read the bot's last message once, when it has not changed for a while.
function announce(changed) {
  if (!changed.length) return;
  clearTimeout(announcing);
  const last = changed.at(-1);
  announcing = setTimeout(() => {
    const message = messages.get(`${last.channel} ${last.ts}`);
    if (message) byId("status").textContent = texts.answered(world.people[world.bot].name, plain(message.text, world.people).slice(0, 600));
  }, 1500);
}

// Shows a line over the page; "" hides it.
function showBanner(line) {
  byId("banner").textContent = line;
  byId("banner").hidden = !line;
}

// Shows for some seconds that an action failed.
function showFailure(line) {
  showBanner(line);
  setTimeout(() => byId("banner").textContent === line && showBanner(""), 6000);
}

// Polls for changes for ever; after a failure it waits, up to 5 s.
async function listen() {
  listening = true;
  for (let wait = 500; ; ) {
    const news = await getJson(`/page/news?run=${world.run}&after=${at}&surfaces=${surfaces.key}`).catch(() => null);
    if (news) {
      if (byId("banner").textContent === texts.disconnected) showBanner("");
      apply(news);
      wait = 500;
    } else {
      showBanner(texts.disconnected);
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, 5000);
    }
  }
}

showTexts();
world = await getJson("/page/world");
nameChannels(world.channel_names);
choosePerson(byId("asker"), world, () => {
  draw();
  byId("status").textContent = texts.nowAs(world.people[me()].name);
});
for (const list of document.querySelectorAll(".messages")) walkable(list);
apply(await getJson("/page/news?run=new"));
showPlace();
openTabsBy((tab) => go(place().channel.id, tab === "home" ? "home" : ""));
addEventListener("hashchange", showPlace);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog[open]") && place().ts) closeThread();
});
byId("close").addEventListener("click", closeThread);
listen();
