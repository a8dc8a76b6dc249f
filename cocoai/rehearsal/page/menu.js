// The menu of what can be done with a message, and the picker of emoji, beside the button that opens it. Arrow keys walk
// it, Escape closes it.

import { button, make } from "./dom.js";

const menu = document.getElementById("menu");

// Shows a menu in so many columns with `items`, each with a `label` and a function `act`, perhaps a `note` behind the
// label, and a `name` for screen readers where the label has no words; puts the focus into it.
export function openMenu(opener, label, items, columns = 1) {
  menu.setAttribute("aria-label", label);
  menu.classList.toggle("grid", columns > 1);
  menu.style.setProperty("--columns", columns);
  menu.columns = columns;
  menu.replaceChildren(...items.map((each) => item(each, opener)));
  if (!menu.matches(":popover-open")) menu.showPopover();
  const { bottom, right } = opener.getBoundingClientRect();
  menu.style.left = `${Math.max(8, right - menu.offsetWidth)}px`;
  menu.style.top = `${Math.max(8, Math.min(bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  menu.firstElementChild.focus();
}

function item({ label, act, note, name }, opener) {
  const made = button("menu-item", label, () => choose(act, opener));
  made.setAttribute("role", "menuitem");
  made.tabIndex = -1;
  if (note) made.append(" ", make("small", "", note));
  if (name) {
    made.setAttribute("aria-label", name);
    made.title = name;
  }
  return made;
}

// Closes the menu, returns the focus to its button, and does what was chosen.
function choose(act, opener) {
  menu.hidePopover();
  opener.focus();
  act();
}

// Returns by how many items a key moves the focus; undefined for any other key.
function steps(key) {
  const { columns } = menu;
  const sideways = columns > 1 ? { ArrowRight: 1, ArrowLeft: -1 } : {};
  return { ArrowDown: columns, ArrowUp: -columns, Home: -Infinity, End: Infinity, ...sideways }[key];
}

menu.addEventListener("keydown", (event) => {
  if (event.key === "Escape" || event.key === "Tab") {
    event.stopPropagation(); // Escape would close the thread, too
    menu.hidePopover();
  }
  const step = steps(event.key);
  if (step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const items = [...menu.children];
  const to = items.indexOf(document.activeElement) + step;
  items[Number.isFinite(step) ? (to + items.length) % items.length : step > 0 ? items.length - 1 : 0].focus();
});
