// The words of a message's notification. Phones, and screen readers first of all, are given its text and no blocks.
// Source: docs.slack.dev/reference/methods/chat.postMessage, "text".

import { plain } from "./mrkdwn.js";
import { texts } from "./texts.js";

// Returns what a notification says of a message; one without a text says so, as Slack's does.
export function notification({ text, files, attachments, subtype }, people) {
  if (subtype === "tombstone") return texts.deleted;
  const shared = attachments.find((each) => each.is_share);
  const words = plain(text, people).trim() || plain(shared?.text ?? "", people).trim();
  return words || (files.length ? texts.sharedFiles(files.map((each) => each.title).join(texts.comma)) : texts.cannotShow);
}
