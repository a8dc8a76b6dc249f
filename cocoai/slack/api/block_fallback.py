"""Sends a message with blocks that not every Slack shows, and with plainer ones, or none, where they are refused.

Which workspaces take charts and icons, and which clients draw them, is not documented; a refused block refuses the
whole message. Nothing is posted then, so what is sent next stands there once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from cocoai.errors import Permanent
from cocoai.slack.api.api_errors import BLOCKS_REFUSED
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import Block, Shown
from cocoai.slack.model.messages import MessageMetadata

DROPPABLE = frozenset({"data_visualization"})
"""The types of the blocks that are left out first: what they show is said by the others, and by the text."""

Blocks = Sequence[Block]

log = logging.getLogger(__name__)


class BlockFallback:
    """What one process has learned of the blocks that Slack refuses.

    Once a message's `plainer` blocks had to take the place of the others, each later message is sent with its own at
    once: so a Slack without icons costs one refused call a process. The next process tries the icons again.
    """

    def __init__(self) -> None:
        self._is_plain = False

    def first(self, shown: Shown) -> Blocks:
        """Return the blocks with which a message is sent first."""
        return shown.plainer if shown.plainer and self._is_plain else shown.blocks

    def next(self, shown: Shown, refused: Blocks, refusal: Permanent, *, may_be_bare: bool) -> Blocks:
        """Return the blocks to send next, after Slack's `refusal` of the message with those that are `refused`.

        They are its plainer ones, then none if it `may_be_bare`. Raise the refusal if there are no others to send, or
        if it is not about the blocks.
        """
        if refusal.code not in BLOCKS_REFUSED or not refused:
            raise refusal
        log.warning("message blocks=%d outcome=blocks-refused reason=%s", len(refused), refusal)
        if shown.plainer:
            # Refused as well, the plainer ones were not what the others lacked.
            self._is_plain = refused is not shown.plainer
            if self._is_plain:
                return shown.plainer
        if may_be_bare:
            return ()
        raise refusal


def post_with_blocks(
    slack: SlackChat,
    channel: str,
    text: str,
    blocks: Sequence[Block],
    *,
    thread_ts: str = "",
    metadata: MessageMetadata,
    wait: bool = True,
) -> str:
    """Post a message that shows `blocks`; return its ts. `text` (mrkdwn) says the same in words.

    If Slack refuses the blocks, post it without those of a type in DROPPABLE, and if it refuses that too, as text
    alone, always with `metadata`. All else is as in SlackChat.post.

    Raise `Permanent` for any other refusal, or for that of the text alone; raise `Temporary` as SlackChat.post does.
    """
    *versions, last = _versions(blocks)
    for shown in versions:
        try:
            return slack.post(channel, text, thread_ts, metadata, blocks=shown, wait=wait)
        except Permanent as error:
            if error.code not in BLOCKS_REFUSED:
                raise
            log.warning("message channel=%s blocks=%d outcome=blocks-refused reason=%s", channel, len(shown), error)
    return slack.post(channel, text, thread_ts, metadata, blocks=last, wait=wait)


def _versions(blocks: Sequence[Block]) -> Iterator[Sequence[Block]]:
    """Yield the blocks that are tried, in order: all, those that are not DROPPABLE if these are fewer, and none."""
    kept = [block for block in blocks if block.get("type") not in DROPPABLE]
    if len(kept) < len(blocks):
        yield blocks
    if kept:
        yield kept
    yield ()
