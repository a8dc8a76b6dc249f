// The modal that the app has opened for the person: what Slack makes of a view of the type `modal`.
// Source: docs.slack.dev/surfaces/modals.

import { act } from "./asker.js";
import { render as renderBlocks } from "./blocks.js";
import { make } from "./dom.js";
import { problemsIn, showProblems, valuesIn } from "./inputs.js";
import { morph } from "./morph.js";
import { texts } from "./texts.js";

const byId = (id) => document.getElementById(id);
const dialog = byId("view");
const left = new Set(); // the ids of the modals that the person has closed
let current = null; // the modal that is shown

// Shows the newest of the person's modals, each a `view`, `errors` by block_id and whether there was `trouble`; changes
// the shown one in place, so that what was written stays; closes the dialog if there is none. `scene` is as in blocks.js.
export function showModal(modals, scene) {
  const modal = modals.filter(({ view }) => !left.has(view.id)).at(-1) ?? null;
  if (JSON.stringify(modal) === JSON.stringify(current)) return;
  const isSame = modal?.view.id === current?.view.id;
  current = modal;
  if (modal) draw(modal, isSame, scene);
  else dialog.close();
}

// Draws a modal, in place if it is the same one as before, and opens the dialog.
function draw({ view, errors, trouble }, isSame, scene) {
  const fresh = make("div");
  fresh.id = "view-blocks";
  fresh.append(renderBlocks(view.blocks, scene));
  if (isSame) morph(byId("view-blocks"), fresh);
  else byId("view-blocks").replaceWith(fresh);
  byId("view-title").textContent = view.title.text;
  byId("view-submit").textContent = view.submit?.text ?? "";
  byId("view-submit").hidden = !view.submit;
  byId("view-close").textContent = view.close?.text ?? texts.cancel;
  if (!dialog.open) {
    dialog.showModal();
    (dialog.querySelector("[data-block]") ?? byId("view-close")).focus();
  }
  showProblems(dialog, errors);
  showTrouble(trouble ? texts.trouble : "");
}

// Sends what is written, unless something is missing. What comes of it is told with the news: the modal is closed,
// changed, or has errors.
async function submit() {
  const button = byId("view-submit");
  const problems = problemsIn(dialog);
  showProblems(dialog, problems);
  if (Object.keys(problems).length || button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  showTrouble("");
  await act("/page/submit", { view_id: current.view.id, values: valuesIn(dialog) }).catch(() => showTrouble(texts.failed));
  button.ariaBusy = null;
}

// Closes the modal for the person, and tells the server.
function leave() {
  const { id } = current.view;
  left.add(id);
  act("/page/close", { view_id: id }).catch(() => {});
  showModal([], {});
}

function showTrouble(why) {
  byId("view-error").textContent = why;
  byId("view-error").hidden = !why;
}

byId("view-close").addEventListener("click", leave);
dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  leave();
});
byId("view-form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
