// The tabs of the direct conversation with the app: Home, which shows the view that the app has published for the
// person, and the messages. Source: docs.slack.dev/surfaces/app-home.

import { render as renderBlocks } from "./blocks.js";
import { make } from "./dom.js";
import { morph } from "./morph.js";
import { texts } from "./texts.js";

const byId = (id) => document.getElementById(id);
const TABS = { home: byId("tab-home"), messages: byId("tab-messages") };

// Has the tabs call `open` with "home" or "messages", by the pointer and by the arrow keys.
export function openTabsBy(open) {
  for (const [name, tab] of Object.entries(TABS)) tab.addEventListener("click", () => open(name));
  byId("tabs").addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    const other = Object.keys(TABS).find((name) => TABS[name] !== document.activeElement);
    TABS[other].focus();
    open(other);
  });
}

// Shows the tabs if the place has any, and the Home tab's view (null: none was published) if `isHome`.
export function drawTabs(hasTabs, isHome, view, scene) {
  byId("tabs").hidden = !hasTabs;
  byId("home").hidden = !isHome;
  byId("channel-scroll").hidden = byId("channel-write").hidden = isHome;
  for (const [name, tab] of Object.entries(TABS)) {
    const selected = (name === "home") === isHome;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
  }
  if (!isHome) return;
  const fresh = byId("home").cloneNode(false);
  const page = make("div", "home-view text");
  if (view) page.append(renderBlocks(view.blocks, scene));
  else page.append(make("p", "gone", texts.homeEmpty));
  fresh.append(page);
  morph(byId("home"), fresh);
}
