// The person as whom one writes and clicks at this tab, chosen in a list; kept when the page is loaded again.

import { postJson } from "./server.js";
import { make } from "./dom.js";
import { language, texts } from "./texts.js";

const KEPT = "asker";
let current = "";

// Returns the id of the person.
export const me = () => current;

// Returns true if a person sees a channel: a direct conversation is seen by its own person only.
export const sees = (channel) => !channel.user || channel.user === current;

// Posts an action of the person and returns the response's JSON.
export const act = (path, value) => postJson(path, { user: current, ...value });

// Fills the list `select` with the people of the world; `changed` is called when another one was chosen.
export function choosePerson(select, world, changed) {
  const kept = sessionStorage.getItem(KEPT);
  current = world.askers.includes(kept) ? kept : world.askers[0];
  const names = new Intl.DisplayNames(language, { type: "language" });
  for (const id of world.askers) {
    const { name, locale } = world.people[id];
    const option = make("option", "", texts.person(name, names.of(locale.slice(0, 2))));
    option.value = id;
    select.append(option);
  }
  select.value = current;
  select.addEventListener("change", () => {
    current = select.value;
    sessionStorage.setItem(KEPT, current);
    changed();
  });
}
