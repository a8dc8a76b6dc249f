// Changes an element into another with as few changes as possible, so that the focus, a selection and the scroll position
// of a wide table are kept. An element with a data-key is only ever matched with one of the same key: a button that is
// being pressed must not become the one that takes its place.

export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  copyAttributes(old, fresh);
  let here = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const match = counterpart(here, child);
    if (match) {
      while (here !== match) here = removeNode(here);
      if (child.nodeType === Node.TEXT_NODE) setText(match, child.data);
      else morph(match, child);
      here = match.nextSibling;
    } else {
      if (here && !key(here)) here = removeNode(here);
      old.insertBefore(child, here);
    }
  }
  while (here) here = removeNode(here);
}

const key = (node) => node.dataset?.key;
const kind = (node) => `${node.nodeName} ${key(node) ?? ""}`;

// Returns the old node that matches the new one: for a keyed one any sibling from `here` on, else only `here`; or null.
function counterpart(here, child) {
  if (!key(child)) return here && kind(here) === kind(child) ? here : null;
  while (here && kind(here) !== kind(child)) here = here.nextSibling;
  return here;
}

// Gives the old element exactly the attributes of the new one.
function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

// Appends to a text that only grew: setting it anew would lose a selection in it.
function setText(text, data) {
  if (data.startsWith(text.data)) text.appendData(data.slice(text.length));
  else text.data = data;
}

// Removes a node and returns the one after it.
function removeNode(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}
