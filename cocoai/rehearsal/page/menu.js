// The menu of what can be done with a message, beside the button that opens it. Arrow keys walk it, Escape closes it.

import { button } from "./dom.js";

const menu = document.getElementById("menu");
const MOVES = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

// Shows a menu with an item for each label and function, and puts the focus into it.
export function openMenu(opener, items) {
  menu.replaceChildren(...items.map(([label, act]) => item(label, () => choose(act, opener))));
  menu.showPopover();
  const { bottom, right } = opener.getBoundingClientRect();
  menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
  menu.style.top = `${Math.max(8, Math.min(bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  menu.firstElementChild.focus();
}

function item(label, act) {
  const made = button("menu-item", label, act);
  made.setAttribute("role", "menuitem");
  made.tabIndex = -1;
  return made;
}

// Closes the menu, returns the focus to its button, and does what was chosen.
function choose(act, opener) {
  menu.hidePopover();
  opener.focus();
  act();
}

menu.addEventListener("keydown", (event) => {
  if (event.key === "Escape" || event.key === "Tab") {
    event.stopPropagation(); // Escape would close the thread, too
    menu.hidePopover();
  }
  if (!(event.key in MOVES)) return;
  event.preventDefault();
  event.stopPropagation();
  const items = [...menu.children];
  const to = items.indexOf(document.activeElement) + MOVES[event.key];
  const inside = Math.abs(MOVES[event.key]) === 1 ? (to + items.length) % items.length : Math.max(0, Math.min(items.length - 1, to));
  items[inside].focus();
});
