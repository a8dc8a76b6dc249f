"""What we send of a message, without pings, and what Slack says of it once it is posted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cocoai.errors import Temporary
from cocoai.json_values import encodable, mapping_at, text_at
from cocoai.slack.markdown.message_layout import Block
from cocoai.slack.markdown.to_mrkdwn import break_pings, escape_pings
from cocoai.slack_ids import is_ts


def without_pings(text: str) -> str:
    """Return `text` (mrkdwn) with mentions such as `<!channel>` made plain text, and `?` for lone surrogates."""
    return escape_pings(encodable(text))


def block_without_pings(block: Block) -> Block:
    """Return a block in which no text of the model's can ping."""
    # Only a Markdown block has text that is not our own.
    return {**block, "text": break_pings(block["text"])} if block.get("type") == "markdown" else block


def is_outside(reply: Mapping[str, Any]) -> bool:
    """Check whether a posted message is in no thread, by the JSON of it that Slack returns; False if there is none.

    If the thread's first message was deleted, Slack reports no error, but puts the reply into the channel
    (github.com/slack-go/slack/issues/1571).
    """
    message = mapping_at(reply, "message")
    return bool(message) and not text_at(message, "thread_ts")


def posted_ts(reply: Mapping[str, Any]) -> str:
    """Return the ts in the reply to a post. Raise `Temporary` with `sent` if it has none: the message may be posted."""
    ts = reply.get("ts")
    if is_ts(ts):
        return ts
    raise Temporary("posted without a ts", source="Slack", sent=True)
