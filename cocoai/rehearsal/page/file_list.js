// Renders the files of a message as a list.

import { link, make } from "./dom.js";
import { fileType } from "./file_types.js";
import { size, texts } from "./texts.js";

// Returns the list of files in an array, an empty one if there are none; a deleted file has a notice in its place.
export function fileList(files) {
  if (!files.length) return [];
  const list = make("ul", "files");
  list.setAttribute("aria-label", texts.files);
  for (const file of files) list.appendChild(make("li")).append(file.gone ? make("span", "gone", texts.fileGone) : drawn(file));
  return [list];
}

const drawn = (file) => (file.sound ? player(file) : fileLink(file));

// Returns a player for a sound, above the link to its file.
function player(file) {
  const holder = make("div", "sound");
  const audio = make("audio");
  audio.controls = true;
  audio.preload = "metadata";
  audio.src = file.url;
  audio.setAttribute("aria-label", file.name);
  holder.append(audio, fileLink(file));
  return holder;
}

// Returns a link to a file: an image is shown, any other file is offered for download.
function fileLink(file) {
  const made = link(file.url);
  made.className = file.picture ? "file picture-file" : "file";
  const details = `${fileType(file.name, file.type)} · ${size(file.size)}`;
  if (!file.picture) {
    made.download = file.name;
    made.replaceChildren(make("span", "file-name", file.name), make("span", "file-size", details));
    return made;
  }
  const image = make("img");
  image.src = file.url;
  image.alt = file.alt || file.title;
  made.replaceChildren(image, make("span", "file-size", `${file.title} · ${details}`));
  return made;
}
