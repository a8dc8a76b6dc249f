// Renders one message: its author and time, its text or blocks, its files, its reactions and its buttons.
// `scene` holds the world, the replies (null in a thread) and the functions that the buttons call.

import { render as renderBlocks } from "./blocks.js";
import { button, link, make } from "./dom.js";
import { emoji, render } from "./mrkdwn.js";
import { language, size, texts } from "./texts.js";

// Returns the time of a ts in the page's language, as 9:05 AM.
export const clock = (ts) => new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(Number(ts) * 1000);

// Returns the list item of a message. `following` is true if it follows one of the same author: then the picture is
// left out, and the name is for screen readers only.
export function drawMessage(message, following, scene) {
  const item = make("li", `message${following ? " following" : ""}${message.whispered ? " whispered" : ""}`);
  const body = make("div", "body");
  item.dataset.ts = message.ts;
  item.tabIndex = -1; // so that it can take the focus when its focused element is removed
  if (following) item.append(make("span", "picture"));
  else item.append(portrait(message.user, scene.world));
  if (message.whispered) body.append(ephemeralNotice(message, scene));
  body.append(byline(message, following, scene.world), text(message, scene), files(message), reactions(message), foot(message, scene));
  item.append(body);
  return item;
}

// Returns the line above an ephemeral message, with the button that dismisses it.
function ephemeralNotice(message, scene) {
  const line = make("p", "only");
  const dismiss = button("dismiss", texts.dismiss, () => scene.dismiss(message));
  line.append(make("span", "", texts.onlyYou), dismiss);
  return line;
}

// Returns the line with the author and the time, and for an accepted event how fast it was.
function byline(message, following, world) {
  const line = make("p", following ? "byline unseen" : "byline");
  const person = world.people[message.user];
  line.append(make("b", "", message.user === world.me ? texts.you : (person?.name ?? message.user)));
  if (person?.bot) line.append(make("span", "app", texts.app));
  const time = make("time", "", clock(message.ts));
  time.dateTime = new Date(Number(message.ts) * 1000).toISOString();
  line.append(time);
  if (message.delivery && !message.delivery.failure) line.append(make("span", "delivered", texts.delivered(message.delivery.ms)));
  return line;
}

// Returns the blocks of a message or, if it has none, its text.
function text(message, scene) {
  const holder = make("div", "text");
  const { people } = scene.world;
  if (message.blocks.length) {
    const press = (spec) => scene.press(message, spec);
    holder.append(renderBlocks(message.blocks, { people, press, pressed: (action) => scene.pressed(message, action) }));
    return holder; // Slack shows no "edited" on a message with blocks
  }
  holder.append(render(message.text, people));
  if (message.edited) (holder.lastElementChild?.localName === "p" ? holder.lastElementChild : holder).append(make("span", "edited", texts.edited));
  return holder;
}

// Returns the list of a message's files; a deleted one has a notice in its place.
function files(message) {
  const list = make("ul", "files");
  if (message.files.length) list.setAttribute("aria-label", texts.files);
  for (const file of message.files) list.appendChild(make("li")).append(file.gone ? make("span", "gone", texts.fileGone) : fileLink(file));
  return list;
}

// Returns a link to a file: an image is shown, any other file is offered for download.
function fileLink(file) {
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

// Returns the line below a message: the button that opens its thread, and a warning if the event was not delivered.
function foot(message, scene) {
  const row = make("p", "foot");
  const { replies, world } = scene;
  if (replies && !message.whispered) {
    const [kind, label] = replies.length ? ["replies", texts.count(replies.length)] : ["answer", texts.openThread];
    const opener = button(kind, label, () => scene.open(message));
    if (replies.length) {
      const authors = [...new Set(replies.map((each) => each.user))].slice(0, 3);
      opener.prepend(...authors.map((user) => portrait(user, world)));
      opener.append(make("time", "", clock(replies.at(-1).ts)));
    }
    row.append(opener);
  }
  if (message.delivery?.failure) row.append(make("span", "undelivered", texts.undelivered(message.delivery.failure)));
  return row;
}

// Returns the picture of a user: the bot's icon, or the first letter of a person's name.
export function portrait(user, world) {
  if (user === world.bot) {
    const image = make("img", "picture");
    image.src = "/icon.svg";
    image.alt = "";
    return image;
  }
  const letter = make("span", "picture person", (user === world.me ? texts.you : (world.people[user]?.name ?? user)).slice(0, 1));
  letter.setAttribute("aria-hidden", "true");
  return letter;
}
