// The files of the next message: chosen, dropped or pasted, each shown with a button that removes it.

import { button, make } from "./dom.js";
import { size, texts } from "./texts.js";

export class Files {
  // `limits` returns the most files and bytes; `changed` is called after each change, `refused` with the reason if files
  // are too many or too large.
  constructor(list, limits, changed, refused) {
    this.list = list;
    this.limits = limits;
    this.changed = changed;
    this.refused = refused;
    this.chosen = [];
  }

  // Adds files, or none of them if all would be too many or too large: then `refused` is called with the reason.
  add(files) {
    const { most_files: most, most_bytes: bytes } = this.limits();
    const all = [...this.chosen, ...files];
    if (all.length > most) this.refused(texts.tooMany(most));
    else if (all.reduce((sum, each) => sum + each.size, 0) > bytes) this.refused(texts.tooBig(size(bytes)));
    else this.set(all);
  }

  // Replaces the files and draws their list, which is hidden if there are none.
  set(files) {
    this.chosen = files;
    this.list.replaceChildren(...files.map((file) => this.draw(file)));
    this.list.hidden = !files.length;
    this.changed();
  }

  // Returns the files and empties the list.
  take() {
    const taken = this.chosen;
    this.set([]);
    return taken;
  }

  // Returns a list item with the file's name and size, and a button that removes it.
  draw(file) {
    const item = make("li", "chip");
    const remove = button("off", "×", () => this.set(this.chosen.filter((each) => each !== file)));
    remove.setAttribute("aria-label", texts.removeFile(file.name));
    item.append(make("span", "file-name", file.name), make("span", "file-size", size(file.size)), remove);
    return item;
  }
}

// Reads a file and resolves to its name, type and base64 data, for JSON; rejects if it cannot be read.
export async function encoded(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return { name: file.name, type: file.type, data: url.slice(url.indexOf(",") + 1) };
}

// Calls `accept` with files that are dropped on `place` or pasted into it.
export function acceptFiles(place, accept) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  place.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    place.classList.add("dropping");
  });
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget)) place.classList.remove("dropping");
  });
  place.addEventListener("drop", (event) => {
    place.classList.remove("dropping");
    if (!hasFiles(event)) return;
    event.preventDefault();
    accept([...event.dataTransfer.files]);
  });
  place.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    accept(files);
  });
}
