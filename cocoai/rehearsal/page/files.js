// The files that are to go with the next message: chosen, dropped or pasted, shown with a way to take each off again.

import { button, make } from "./dom.js";
import { size, words } from "./words.js";

export class Files {
  // `limits` gives how many and how many bytes there may be; `changed` is told of each change, `refused` of what was too much.
  constructor(list, limits, changed, refused) {
    this.list = list;
    this.limits = limits;
    this.changed = changed;
    this.refused = refused;
    this.chosen = [];
  }

  add(files) {
    const { most_files: most, most_bytes: bytes } = this.limits();
    const all = [...this.chosen, ...files];
    if (all.length > most) this.refused(words.tooMany(most));
    else if (all.reduce((sum, each) => sum + each.size, 0) > bytes) this.refused(words.tooBig(size(bytes)));
    else this.set(all);
  }

  set(files) {
    this.chosen = files;
    this.list.replaceChildren(...files.map((file) => this.draw(file)));
    this.list.hidden = !files.length;
    this.changed();
  }

  // All of them, and none is left.
  take() {
    const taken = this.chosen;
    this.set([]);
    return taken;
  }

  draw(file) {
    const item = make("li", "chip");
    const off = button("off", "×", () => this.set(this.chosen.filter((each) => each !== file)));
    off.setAttribute("aria-label", words.takeOff(file.name));
    item.append(make("span", "file-name", file.name), make("span", "file-size", size(file.size)), off);
    return item;
  }
}

// A file as JSON takes it.
export async function packed(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return { name: file.name, type: file.type, data: url.slice(url.indexOf(",") + 1) };
}

// Files that are dropped anywhere on `place`, or pasted into it.
export function catchFiles(place, caught) {
  const carried = (event) => event.dataTransfer?.types.includes("Files");
  place.addEventListener("dragover", (event) => {
    if (!carried(event)) return;
    event.preventDefault();
    place.classList.add("dropping");
  });
  place.addEventListener("dragleave", (event) => {
    if (!place.contains(event.relatedTarget)) place.classList.remove("dropping");
  });
  place.addEventListener("drop", (event) => {
    place.classList.remove("dropping");
    if (!carried(event)) return;
    event.preventDefault();
    caught([...event.dataTransfer.files]);
  });
  place.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    caught(files);
  });
}
