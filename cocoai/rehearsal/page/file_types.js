// The type of a file in words that people use, in the page's language.

import { language } from "./texts.js";

const JAPANESE = language === "ja";
const either = (english, japanese) => (JAPANESE ? japanese : english);
const kind = (english, japanese) => (detail) => (detail ? either(`${english} (${detail})`, `${japanese} (${detail})`) : either(english, japanese));

const image = kind("Image", "画像");
const audio = kind("Audio", "音声");
const video = kind("Video", "動画");
const archive = kind("Archive", "圧縮ファイル");
const code = kind("Code", "プログラム");
const table = kind("Table", "表");
const text = kind("Text", "テキスト");
const word = kind("Word document", "Word 文書");
const excel = kind("Excel workbook", "Excel ブック");
const slides = kind("PowerPoint presentation", "PowerPoint スライド");

const GENERAL = { image, audio, video, text };
const EXTENSIONS = {
  pdf: () => "PDF", html: () => "HTML", htm: () => "HTML", jpg: () => image("JPEG"), tif: () => image("TIFF"),
  doc: () => word(), docx: () => word(), xls: () => excel(), xlsx: () => excel(), xlsm: () => excel(), ppt: () => slides(), pptx: () => slides(),
  odt: () => text("OpenDocument"), ods: () => table("OpenDocument"), rtf: () => text("RTF"),
  txt: () => text(), log: () => either("Log", "ログ"), md: () => text("Markdown"), csv: () => table("CSV"), tsv: () => table("TSV"),
  eml: () => either("E-mail", "メール"), msg: () => either("E-mail", "メール"), ics: () => either("Calendar entry", "予定"),
};
const GROUPS = [
  [image, "png jpeg gif webp heic svg bmp tiff avif"], [audio, "mp3 m4a wav ogg flac aac"], [video, "mp4 mov webm avi mkv"],
  [archive, "zip gz tgz tar 7z rar xz"], [code, "c h cpp cs css go java js json kt php pl py rb rs sh sql swift toml ts xml yaml yml ini"],
];
for (const [make, names] of GROUPS) for (const name of names.split(" ")) EXTENSIONS[name] ??= () => make(name.toUpperCase());
const LANGUAGES = { py: "Python", js: "JavaScript", ts: "TypeScript", cs: "C#", cpp: "C++", rb: "Ruby", rs: "Rust", kt: "Kotlin", pl: "Perl", sh: "Shell", go: "Go", java: "Java", swift: "Swift", yml: "YAML" };
for (const [name, label] of Object.entries(LANGUAGES)) EXTENSIONS[name] = () => code(label);
// What the media type alone tells, where a name has no extension.
const MEDIA = { "application/pdf": "pdf", "text/html": "html", "text/csv": "csv", "text/markdown": "md", "text/plain": "txt", "application/zip": "zip", "application/json": "json", "image/jpeg": "jpg", "audio/mp4": "m4a" };

// Returns the type of a file from its name's extension, else from its media type: “PDF”, “Image (PNG)”.
export function fileType(name, mediaType) {
  const extension = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1].toLowerCase() ?? "";
  const known = EXTENSIONS[Object.hasOwn(EXTENSIONS, extension) ? extension : MEDIA[mediaType]];
  if (known) return known();
  const [general, special = ""] = mediaType.split("/");
  if (GENERAL[general]) return GENERAL[general](special.replace(/^x-/, "").toUpperCase());
  return extension ? either(`${extension.toUpperCase()} file`, `${extension.toUpperCase()} ファイル`) : either("File", "ファイル");
}
