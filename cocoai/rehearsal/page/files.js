// What goes with the next message: files, chosen, dropped or pasted, and one table, each with a button that removes it.

import { button, make } from "./dom.js";
import { fileType } from "./file_types.js";
import { pastedTable } from "./pasted_table.js";
import { size, texts } from "./texts.js";

export class Files {
  // `limits` returns the most files, bytes, rows and cells; `changed` is called after each change, `refused` with the reason if files
  // are too many or too large.
  constructor(list, limits, changed, refused) {
    this.list = list;
    this.limits = limits;
    this.changed = changed;
    this.refused = refused;
    this.chosen = [];
    this.table = null;
  }

  get isEmpty() {
    return !this.chosen.length && !this.table;
  }

  // Adds files, or none of them if all would be too many or too large: then `refused` is called with the reason.
  add(files) {
    const { most_files: most, most_bytes: bytes } = this.limits();
    const all = [...this.chosen, ...files];
    if (all.length > most) this.refused(texts.tooMany(most));
    else if (all.reduce((sum, each) => sum + each.size, 0) > bytes) this.refused(texts.tooBig(size(bytes)));
    else this.set(all);
  }

  // Adds a table (its rows). Returns false, and says why, if it is too large or there is one already.
  addTable(rows) {
    const { most_rows: most, most_cells: cells } = this.limits();
    const fits = rows.length <= most && rows[0].length <= cells;
    if (!fits) this.refused(texts.tableTooBig(most, cells));
    else if (this.table) this.refused(texts.oneTable);
    else this.set(this.chosen, rows);
    return fits;
  }

  // Replaces the files and the table, and draws their list, which is hidden if there are none.
  set(files, table = this.table) {
    this.chosen = files;
    this.table = table;
    const chips = files.map((file) => this.drawFile(file));
    if (table) chips.push(this.draw(texts.table, texts.tableSize(table.length, table[0].length), () => this.set(this.chosen, null)));
    this.list.replaceChildren(...chips);
    this.list.hidden = this.isEmpty;
    this.changed();
  }

  // Returns the files and the table, and empties the list.
  take() {
    const taken = { files: this.chosen, table: this.table };
    this.set([], null);
    return taken;
  }

  drawFile(file) {
    const details = `${fileType(file.name, file.type)} · ${size(file.size)}`;
    return this.draw(file.name, details, () => this.set(this.chosen.filter((each) => each !== file)));
  }

  // Returns a list item with a name and details, and a button that removes what it stands for.
  draw(name, details, remove) {
    const item = make("li", "chip");
    const off = button("off", "×", remove);
    off.setAttribute("aria-label", texts.removeFile(name));
    item.append(make("span", "file-name", name), make("span", "file-size", details), off);
    return item;
  }
}

// Reads a file and resolves to its name, type and base64 data, and whether it was recorded here, for JSON; rejects if it cannot be read.
export async function encoded(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return { name: file.name, type: file.type, data: url.slice(url.indexOf(",") + 1), clip: file.clip === true };
}

// Calls `accept` with files that are dropped on `place` or pasted into it, `acceptTable` with the rows of a pasted table;
// what that refuses by returning false is pasted as text.
export function acceptFiles(place, accept, acceptTable) {
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
    // A spreadsheet offers a picture of its cells, too.
    const rows = event.clipboardData && pastedTable(event.clipboardData);
    if (rows) {
      if (acceptTable(rows)) event.preventDefault();
      return;
    }
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    accept(files);
  });
}
