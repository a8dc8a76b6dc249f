// One message: who said it and when, its text or blocks, its files, and what can be done with it.
// `scene` gives the world, the replies (null in a thread), and what happens when something is pressed.

import { render as renderBlocks } from "./blocks.js";
import { button, link, make } from "./dom.js";
import { emoji, render } from "./mrkdwn.js";
import { language, size, words } from "./words.js";

export const clock = (ts) => new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(Number(ts) * 1000);

export function drawMessage(message, following, scene) {
  const item = make("li", `message${following ? " following" : ""}${message.whispered ? " whispered" : ""}`);
  const body = make("div", "body");
  item.dataset.ts = message.ts;
  item.tabIndex = -1; // takes the focus when what had it in here is gone
  if (following) item.append(make("span", "picture"));
  else item.append(portrait(message.user, scene.world));
  if (message.whispered) body.append(whispered(message, scene));
  body.append(byline(message, following, scene.world), text(message, scene), files(message), reactions(message), foot(message, scene));
  item.append(body);
  return item;
}

function whispered(message, scene) {
  const line = make("p", "only");
  const dismiss = button("dismiss", words.dismiss, () => scene.dismiss(message));
  line.append(make("span", "", words.onlyYou), dismiss);
  return line;
}

function byline(message, following, world) {
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

function text(message, scene) {
  const holder = make("div", "text");
  const { people } = scene.world;
  if (message.blocks.length) {
    const press = (given) => scene.press(message, given);
    holder.append(renderBlocks(message.blocks, { people, press, pressed: (action) => scene.pressed(message, action) }));
    return holder; // where there are blocks, Slack does not say "edited"
  }
  holder.append(render(message.text, people));
  if (message.edited) (holder.lastElementChild?.localName === "p" ? holder.lastElementChild : holder).append(make("span", "edited", words.edited));
  return holder;
}

function files(message) {
  const list = make("ul", "files");
  if (message.files.length) list.setAttribute("aria-label", words.files);
  for (const file of message.files) list.appendChild(make("li")).append(file.gone ? make("span", "gone", words.fileGone) : shared(file));
  return list;
}

function shared(file) {
  const made = link(file.url);
  made.className = file.picture ? "file picture-file" : "file";
  const name = make("span", "file-name", file.name);
  if (!file.picture) {
    made.download = file.name;
    made.replaceChildren(name, make("span", "file-size", `${file.type} · ${size(file.size)}`));
    return made;
  }
  const image = make("img");
  image.src = file.url;
  image.alt = file.name;
  made.replaceChildren(image, make("span", "file-size", `${file.name} · ${size(file.size)}`));
  return made;
}

function reactions(message) {
  const row = make("p", "reactions");
  for (const [name, count] of Object.entries(message.reactions)) row.append(make("span", "reaction", `${emoji(name)} ${count}`));
  return row;
}

function foot(message, scene) {
  const row = make("p", "foot");
  const { replies, world } = scene;
  if (replies && !message.whispered) {
    const [kind, label] = replies.length ? ["replies", words.count(replies.length)] : ["answer", words.openThread];
    const opener = button(kind, label, () => scene.open(message));
    if (replies.length) {
      const voices = [...new Set(replies.map((each) => each.user))].slice(0, 3);
      opener.prepend(...voices.map((user) => portrait(user, world)));
      opener.append(make("time", "", clock(replies.at(-1).ts)));
    }
    row.append(opener);
  }
  if (message.delivery?.failure) row.append(make("span", "unheard", words.unheard(message.delivery.failure)));
  return row;
}

export function portrait(user, world) {
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
