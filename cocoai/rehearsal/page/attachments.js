// Renders what came with a message beside its own words: a forwarded message, a pasted table.

import { render as renderBlocks } from "./blocks.js";
import { make } from "./dom.js";
import { fileList } from "./file_list.js";
import { render as mrkdwn } from "./mrkdwn.js";
import { texts } from "./texts.js";

// Returns an element for each attachment. `scene` holds the people, the channels and what `blocks.js` needs.
export const drawAttachments = (attachments, scene) => attachments.map((each) => (each.is_share ? forwarded(each, scene) : other(each, scene)));

// Returns a forwarded message: its author, its words, its files, and where it stands.
function forwarded(attachment, scene) {
  const card = make("div", "forwarded");
  const author = scene.people[attachment.author_id]?.name ?? attachment.author_name;
  card.setAttribute("role", "group");
  card.setAttribute("aria-label", texts.forwardedFrom(author));
  card.append(make("p", "from", author), words(attachment, scene), ...fileList(attachment.files), make("p", "where", origin(attachment, scene)));
  return card;
}

// Returns the words of a forwarded message: its blocks without buttons; what a person has typed is taken from its text.
function words(attachment, scene) {
  const holder = make("div", "text");
  const blocks = attachment.message_blocks?.[0]?.message?.blocks ?? [];
  const shown = blocks.filter((block) => !block.type.endsWith("actions") && block.type !== "rich_text");
  if (!shown.length || shown.every((block) => block.type === "table")) holder.append(mrkdwn(attachment.text, scene.people));
  holder.append(renderBlocks(shown, scene));
  return holder;
}

// Returns where a forwarded message stands, in the page's language.
function origin(attachment, scene) {
  const channel = scene.channels.find((each) => each.id === attachment.channel_id);
  if (!channel) return String(attachment.footer ?? "");
  return channel.kind === "im" ? texts.direct : texts.postedIn(`#${channel.name}`);
}

// Returns any other attachment: its blocks, else its text.
function other(attachment, scene) {
  const holder = make("div", "attached text");
  if (attachment.blocks?.length) holder.append(renderBlocks(attachment.blocks, scene));
  else holder.append(mrkdwn(String(attachment.text ?? attachment.fallback ?? ""), scene.people));
  return holder;
}
