// Elements, made one way: words only ever enter the page as text nodes, so nothing in them can become markup.

const ADDRESS = /^(https?:\/\/|mailto:)/i;

export function make(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function button(className, label, pressed) {
  const made = make("button", className, label);
  made.type = "button";
  made.addEventListener("click", () => pressed(made));
  return made;
}

// Only what a browser may safely go to is a link.
export const isAddress = (target) => ADDRESS.test(target);

export function link(target, label = "") {
  const made = make("a", "", label || target.replace(/^mailto:/i, ""));
  made.href = target;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

// A keyboard can scroll what may be wider than its place.
export function wide(element, label) {
  element.tabIndex = 0;
  if (label) {
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", label);
  }
  return element;
}
