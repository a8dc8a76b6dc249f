// What is shown becomes what is to be shown, with as little done as possible: whatever can stay, stays, and with it the
// focus, a selection, and how far a wide table was scrolled. An element with a data-key is known by it and never turns
// into another: the button under somebody's finger must not become the one that takes its place.

export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  dress(old, fresh);
  let here = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const stays = counterpart(here, child);
    if (stays) {
      while (here !== stays) here = drop(here);
      if (child.nodeType === Node.TEXT_NODE) say(stays, child.data);
      else morph(stays, child);
      here = stays.nextSibling;
    } else {
      if (here && !key(here)) here = drop(here);
      old.insertBefore(child, here);
    }
  }
  while (here) here = drop(here);
}

const key = (node) => node.dataset?.key;
const kind = (node) => `${node.nodeName} ${key(node) ?? ""}`;

// The node from `here` on that the new one is a later state of: a keyed one wherever it stands, another one at once.
function counterpart(here, child) {
  if (!key(child)) return here && kind(here) === kind(child) ? here : null;
  while (here && kind(here) !== kind(child)) here = here.nextSibling;
  return here;
}

function dress(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

// Words that only grew are added to, for a selection in them would not outlast their being set anew.
function say(text, data) {
  if (data.startsWith(text.data)) text.appendData(data.slice(text.length));
  else text.data = data;
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}
