// Emoji by the names that Slack gives them: their characters, and what a screen reader says of them.

import { language, texts } from "./texts.js";

const CHARACTERS = {
  "+1": "👍", thumbsup: "👍", eyes: "👀", tada: "🎉", smile_cat: "😸", white_check_mark: "✅", x: "❌", warning: "⚠️", bulb: "💡",
  smile: "😄", smiley: "😃", wave: "👋", pray: "🙏", cat: "🐱", heart: "❤️", rocket: "🚀", hourglass: "⌛", memo: "📝", pencil: "📝",
  point_right: "👉", sparkles: "✨", thinking_face: "🤔", coffee: "☕", bento: "🍱",
};
// The flags with a short name beside flag-xx, and the countries that they stand for.
const SHORT_FLAGS = { cn: "cn", de: "de", es: "es", fr: "fr", gb: "gb", it: "it", jp: "jp", kr: "kr", ru: "ru", uk: "gb", us: "us" };

// The names that the picker offers, six in a row.
export const PICKED = [
  "jp", "us", "kr", "cn", "flag-tw", "flag-th",
  "fr", "de", "es", "it", "flag-br", "flag-vn",
  "memo", "eyes", "+1", "tada", "pray", "heart",
];

// Returns the character of an emoji name, or the name itself if it is unknown.
export function emoji(name) {
  const country = countryOf(name);
  if (country) return String.fromCodePoint(...[...country].map((letter) => 0x1f1e6 + letter.charCodeAt(0) - 97));
  return Object.hasOwn(CHARACTERS, name) ? CHARACTERS[name] : `:${name}:`;
}

// Returns what an emoji is called in the page's language; its name in Slack if that is not known.
export function spokenEmoji(name) {
  const country = countryOf(name);
  if (country) return texts.flagOf(new Intl.DisplayNames(language, { type: "region" }).of(country.toUpperCase()));
  return Object.hasOwn(texts.emojiNames, name) ? texts.emojiNames[name] : name.replaceAll("_", " ");
}

// Returns the country of a flag's name as two letters in lower case; undefined for any other emoji.
const countryOf = (name) => (Object.hasOwn(SHORT_FLAGS, name) ? SHORT_FLAGS[name] : /^flag-([a-z]{2})$/.exec(name)?.[1]);
