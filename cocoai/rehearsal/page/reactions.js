// Renders the reactions under a message: each a button that adds one's own, or takes it back.

import { button, make } from "./dom.js";
import { emoji, spokenEmoji } from "./emoji.js";
import { texts } from "./texts.js";

// Returns the row of reactions in an array, an empty one if there are none. `scene` is as in message.js.
export function reactionRow(message, scene) {
  const all = Object.entries(message.reactions);
  if (!all.length) return [];
  const row = make("p", "reactions");
  row.dataset.key = "reactions"; // the line below keeps its buttons when the row comes or goes
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", texts.reactions);
  for (const [name, users] of all) row.append(chip(message, name, users, scene));
  return [row];
}

// Returns the button of one reaction; it is pressed if the person is among the `users` who have reacted so.
function chip(message, name, users, { world, me, react }) {
  const made = button("reaction", `${emoji(name)} ${users.length}`, () => react(message, name));
  const who = users.map((user) => world.people[user]?.name ?? user).join(texts.comma);
  made.dataset.key = `reaction ${name}`;
  made.title = texts.reactedWith(who, spokenEmoji(name));
  made.setAttribute("aria-label", texts.reaction(spokenEmoji(name), users.length, who));
  made.setAttribute("aria-pressed", String(users.includes(me)));
  return made;
}
