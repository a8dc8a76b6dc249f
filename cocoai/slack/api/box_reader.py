"""Read what stands in a channel itself, outside of its threads: a direct message's own box.

Slack pages such a history from the newest message back (docs.slack.dev/reference/methods/conversations.history), so one
call brings what a conversation needs.
"""

from __future__ import annotations

from collections.abc import Callable

from cocoai.slack.api.calls import Items, SlackCalls
from cocoai.slack.model.messages import Message, message_of
from cocoai.slack_ids import is_ts

BOX_PAGE = 100
"""Messages that are read of a box at once."""


def read_box(calls: SlackCalls, channel: str, since: float) -> tuple[Message, ...]:
    """Return the messages in the channel since a time (epoch seconds), oldest first.

    Of more than BOX_PAGE the newest. Raise `Temporary` or `Permanent` as SlackCalls does.
    """
    return tuple(reversed(_page(calls, channel, {"oldest": f"{since:.6f}"}, wait=True)))


def posts_since(
    calls: SlackCalls, channel: str, ts: str, take: Callable[[Message], None], *, wait: bool = True
) -> None:
    """Give each message in the channel that is newer than `ts` to `take`, oldest first, with one call.

    Of more than BOX_PAGE only the newest. Unless `wait`, raise `Temporary` at once while a 429 holds.
    """
    for message in reversed(_page(calls, channel, {"oldest": ts} if is_ts(ts) else {}, wait=wait)):
        take(message)


def _page(calls: SlackCalls, channel: str, window: dict[str, str], *, wait: bool) -> list[Message]:
    """Return one page of the channel's history, newest first."""
    found: list[Message] = []

    def take(entry: object) -> None:
        message = message_of(entry)
        if message is not None:
            found.append(message)

    arguments = {"channel": channel, "limit": str(BOX_PAGE), "include_all_metadata": "true", **window}
    calls.call("conversations.history", arguments, wait=wait, items=Items("messages", take))
    return found
