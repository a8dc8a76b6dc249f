// Helpers that make elements. Text is only ever added as text nodes, so nothing in it can become markup.

const SVG = "http://www.w3.org/2000/svg";
const SAFE_URL = /^(https?:\/\/|mailto:)/i;

// Returns a new element of this name, not yet in the document.
export function make(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// Returns a new button that submits no form; `onClick` is called with it.
export function button(className, label, onClick) {
  const made = make("button", className, label);
  made.type = "button";
  made.addEventListener("click", () => onClick(made));
  return made;
}

// Returns a line drawing on 20 by 20 units, by an SVG path's data; screen readers pass it over.
export function drawing(path) {
  const [svg, line] = ["svg", "path"].map((name) => document.createElementNS(SVG, name));
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

// Only http, https and mailto become links: a javascript: URL would run in the page.
export const isSafeUrl = (target) => SAFE_URL.test(target);

// Returns a link that opens in a new tab, with the URL as its text if `label` is empty. The caller checks the URL.
export function link(target, label = "") {
  const made = make("a", "", label || target.replace(/^mailto:/i, ""));
  made.href = target;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  return made;
}

// Makes an element that may be wider than its container focusable, so that the keyboard can scroll it; returns it.
export function scrollable(element, label) {
  element.tabIndex = 0;
  if (label) {
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", label);
  }
  return element;
}
