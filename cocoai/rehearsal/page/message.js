// Renders one message: its author and time, its text or blocks, what came with it, its reactions and its buttons.
// `scene` holds the world, the person (`me`), the replies (null in a thread) and the functions that the buttons call.

import { drawAttachments } from "./attachments.js";
import { render as renderBlocks } from "./blocks.js";
import { button, drawing, make } from "./dom.js";
import { fileList } from "./file_list.js";
import { beginning, render } from "./mrkdwn.js";
import { reactionRow } from "./reactions.js";
import { language, texts } from "./texts.js";

const SMILE = "M16.9 9a7 7 0 1 1-5.9-5.9M7.2 12a3.4 3.4 0 0 0 5.6 0M7.7 8.2v.01M12.3 8.2v.01M15.5 2v5M13 4.5h5";
const DOTS = "M4.5 10v.01M10 10v.01M15.5 10v.01";

// Returns the time of a ts in the page's language, as 9:05 AM.
export const clock = (ts) => new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }).format(Number(ts) * 1000);

// Returns what a message is called where only its beginning is told: its first words, else its first file's title.
export function nameOf(message, people, most) {
  if (message.subtype === "tombstone") return texts.deleted;
  const shared = message.attachments.find((each) => each.is_share);
  return beginning(message.text, people, most) || message.files[0]?.title || beginning(shared?.text ?? "", people, most) || texts.table;
}

// Returns the list item of a message. `following` is true if it follows one of the same author: then the picture is
// left out, and the name is for screen readers only.
export function drawMessage(message, following, scene) {
  const gone = message.subtype === "tombstone";
  const item = make("li", ["message", following && "following", message.only_for && "whispered", gone && "buried"].filter(Boolean).join(" "));
  const body = make("div", "body");
  item.dataset.ts = message.ts;
  item.tabIndex = -1; // so that it can take the focus
  item.setAttribute("aria-label", label(message, scene));
  if (following) item.append(make("span", "picture"));
  else item.append(gone ? tombstone() : portrait(message.user, scene.world));
  if (message.only_for) body.append(ephemeralNotice(message, scene));
  if (!gone) body.append(byline(message, following, scene));
  body.append(text(message, scene), ...fileList(message.files), ...reactionRow(message, scene), foot(message, scene));
  item.append(body);
  return item;
}

// Returns what a screen reader says when a message takes the focus: who wrote it and when, and its beginning.
function label(message, scene) {
  const { people } = scene.world;
  if (message.subtype === "tombstone") return texts.deleted;
  return texts.messageOf(author(message, scene), clock(message.ts), nameOf(message, people, 120));
}

const author = (message, { world, me }) => {
  const name = world.people[message.user]?.name ?? message.user;
  return message.user === me ? texts.you(name) : name;
};

// Returns the line above an ephemeral message, with the button that dismisses it.
function ephemeralNotice(message, scene) {
  const line = make("p", "only");
  const dismiss = button("dismiss", texts.dismiss, () => scene.dismiss(message));
  line.append(make("span", "", texts.onlyYou), dismiss);
  return line;
}

// Returns the line with the author and the time, and for an accepted event how fast it was.
function byline(message, following, scene) {
  const line = make("p", following ? "byline unseen" : "byline");
  line.append(make("b", "", author(message, scene)));
  if (scene.world.people[message.user]?.bot) line.append(make("span", "app", texts.app));
  line.append(timeOf(message.ts));
  if (message.delivery && !message.delivery.failure) line.append(make("span", "delivered", texts.delivered(message.delivery.ms)));
  return line;
}

function timeOf(ts) {
  const time = make("time", "", clock(ts));
  time.dateTime = new Date(Number(ts) * 1000).toISOString();
  return time;
}

// Returns the blocks of a message or, if it has none, its text; below it what was forwarded or pasted.
function text(message, scene) {
  const holder = make("div", "text");
  const { people, channels } = scene.world;
  const press = (spec) => scene.press(message, spec);
  const parts = { people, channels, me: scene.me, votes: message.votes, press, pressed: (key) => scene.pressed(message, key) };
  if (message.subtype === "tombstone") holder.append(make("p", "gone", texts.deleted));
  else if (message.blocks.length) holder.append(renderBlocks(message.blocks, parts)); // Slack shows no "edited" on these
  else {
    holder.append(render(message.text, people));
    if (message.edited) (holder.lastElementChild?.localName === "p" ? holder.lastElementChild : holder).append(make("span", "edited", texts.edited));
  }
  holder.append(...drawAttachments(message.attachments, parts));
  return holder;
}

// Returns the line below a message: the button that opens its thread, a warning if the event was not delivered, and
// what else can be done with it.
function foot(message, scene) {
  const row = make("p", "foot");
  const tools = make("span", "deeds");
  row.dataset.key = "foot";
  tools.dataset.key = "deeds";
  const opener = scene.replies && !message.only_for ? threadButton(message, scene) : null;
  if (opener) (scene.replies.length ? row : tools).append(opener);
  if (message.delivery?.failure) row.append(make("span", "undelivered", texts.undelivered(texts.failure(message.delivery.failure))));
  if (!message.only_for && message.subtype !== "tombstone") tools.append(...menuButtons(message, scene));
  row.append(tools);
  return row;
}

// Returns the button that opens a message's thread, named by the message's beginning for those who do not see it above.
function threadButton(message, { replies, world, open }) {
  const beginning = nameOf(message, world.people, 40);
  if (!replies.length) {
    const made = button("answer", texts.openThread, () => open(message));
    made.setAttribute("aria-label", texts.named(texts.openThread, beginning));
    return made;
  }
  const made = button("replies", "", () => open(message));
  const authors = [...new Set(replies.map((each) => each.user))].slice(0, 3);
  made.append(...authors.map((user) => portrait(user, world)), make("span", "", texts.count(replies.length)), " ", timeOf(replies.at(-1).ts));
  made.append(make("span", "unseen", `: ${beginning}`));
  return made;
}

// Returns the buttons that open the picker of reactions, and the menu of what else can be done with a message.
function menuButtons(message, { world, pick, more }) {
  return [["add", SMILE, texts.addReaction, pick], ["more", DOTS, texts.more, more]].map(([kind, path, label, open]) => {
    const made = button(`deed ${kind}`, "", () => open(message, made));
    made.append(drawing(path));
    made.dataset.key = kind;
    made.title = label;
    made.setAttribute("aria-haspopup", "menu");
    made.setAttribute("aria-label", texts.named(label, nameOf(message, world.people, 40)));
    return made;
  });
}

// Returns the picture of a user: the bot's icon, or the first letter of a person's name.
export function portrait(user, world) {
  if (user === world.bot) {
    const image = make("img", "picture");
    image.src = "/icon.svg";
    image.alt = "";
    return image;
  }
  const number = world.askers.indexOf(user);
  const letter = make("span", `picture person${number > 0 ? ` person${number}` : ""}`, (world.people[user]?.name ?? user).slice(0, 1));
  letter.setAttribute("aria-hidden", "true");
  return letter;
}

function tombstone() {
  const sign = make("span", "picture person", "×");
  sign.setAttribute("aria-hidden", "true");
  return sign;
}
