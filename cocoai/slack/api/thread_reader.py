"""ThreadReader: read a thread from its newest message back, with three calls at most, however long it is.

Slack pages from the oldest reply on, and has no way to ask for the last ones. So a long thread is asked for in windows
of time: the first page brings the parent, which counts the replies and names the newest; from these the beginning of a
window is guessed that fills half a page. A window that is too wide shows by `has_more`, one that is too narrow by what
it holds, and the third call mends it.

What Slack documents (docs.slack.dev/reference/methods/conversations.replies): the earliest messages between `oldest`
and `latest` come first, up to 1,000, and `has_more` says that there are others; there may be fewer than `limit` even
so. That `limit` may be capped at 15 is documented for apps that are sold, not for ours. What is not documented, and not
relied on: whether a window holds the parent too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cocoai.conversation import estimated_tokens
from cocoai.json_values import mapping_at, text_at
from cocoai.slack.api.calls import Items, SlackCalls
from cocoai.slack.model.messages import Message, message_of
from cocoai.slack.model.plain_text import last_part
from cocoai.slack_ids import is_ts

FIRST_PAGE = 201
"""Messages of the first page, which few threads exceed. Slack advises 200: one more shows whether it caps there."""

WINDOW_PAGE = 999
"""Messages of a page of a window, the parent perhaps included: Slack allows less than 1,000."""

MOST_CALLS = 3
"""Calls for one thread."""

_CHARACTERS = 4
"""The most characters that may be one token by our estimate."""


def _any_message(_message: Message) -> bool:
    return True


@dataclass(frozen=True)
class ThreadPart:
    """How much of a thread is wanted: up to the message `until`, and of that the newest of about `tokens` tokens.

    `until` is a ts, "" for the newest message. Messages for which `is_wanted` is False are left out and do not count.
    """

    until: str = ""
    tokens: float = float("inf")
    is_wanted: Callable[[Message], bool] = _any_message


WHOLE = ThreadPart()


@dataclass(frozen=True)
class ThreadRead:
    """What was read of a thread: its parent and newest replies, oldest first, each once.

    `answers` is the number of our answers in the whole thread, as far as they are wanted; None if that is unknown,
    because the thread was not read from its beginning on.
    """

    messages: tuple[Message, ...] = ()
    answers: int | None = 0


class _Newest:
    """The newest of the messages that are added, oldest first, as many as are needed to fill `part.tokens`."""

    def __init__(self, part: ThreadPart) -> None:
        self._part = part
        self._left = part.tokens
        self._kept: deque[tuple[int, Message]] = deque()
        self.answers_dropped = 0

    def add(self, message: Message) -> None:
        """Add a message if it is wanted, its text cut to the end that can count; drop the oldest that cannot any more.

        The text of the message `until` stays whole.
        """
        if not self._part.is_wanted(message):
            return
        most = self._part.tokens * _CHARACTERS
        if message.ts != self._part.until and max(len(message.text), len(message.shown)) > most:
            text, shown = last_part(message.text, int(most)), last_part(message.shown, int(most))
            message = replace(message, text=text, shown=shown)
        tokens = estimated_tokens(message.content)
        self._kept.append((tokens, message))
        self._left -= tokens
        while self._left <= 0 and self._left + self._kept[0][0] <= 0:
            tokens, oldest = self._kept.popleft()
            self._left += tokens
            self.answers_dropped += _is_answer(oldest)

    @property
    def messages(self) -> list[Message]:
        """Return what is kept, oldest first."""
        return [message for _, message in self._kept]

    @property
    def is_full(self) -> bool:
        """Check whether no older message can count."""
        return self._left <= 0


@dataclass
class _Page:
    """One page, while it arrives: its newest messages, the parent if it has that, and how far it reaches.

    `count` is the number of replies on it, `last` the time of the last one.
    """

    thread_ts: str
    newest: _Newest
    parent: Message | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0
    last: float = 0.0
    has_more: bool = False

    def take(self, entry: object) -> None:
        """Take in the next entry of the page."""
        message = message_of(entry)
        if message is None:
            return
        if message.ts != self.thread_ts:
            self.count += 1
            self.last = max(self.last, float(message.ts))
            self.newest.add(message)
        elif isinstance(entry, dict):
            self.parent = message
            self.facts = {name: entry.get(name) for name in ("reply_count", "latest_reply")}

    def reaches(self, time: float) -> bool:
        """Check whether it holds all messages up to `time`, from where its window begins."""
        return not self.has_more or self.last >= time


class ThreadReader:
    """The reading of one thread, or of `part` of it, by `calls`."""

    def __init__(self, calls: SlackCalls, channel: str, thread_ts: str, part: ThreadPart) -> None:
        self._calls = calls
        self._arguments = {"channel": channel, "ts": thread_ts, "include_all_metadata": "true"}
        self._thread_ts = thread_ts
        self._part = part
        self.is_short = False
        """True if some of the newest messages are missing: they came too unevenly for three calls."""

    def read(self) -> ThreadRead:
        """Return the parent and the newest messages before `part.until`."""
        first = self._page(FIRST_PAGE)
        pages = [first]
        end = float(self._part.until or _latest_reply(first) or 0.0)
        if not first.reaches(end):
            pages = self._windows(first, end)
        by_ts = {message.ts: message for page in pages for message in page.newest.messages}
        newest = _Newest(self._part)
        for message in sorted(by_ts.values(), key=_time):
            newest.add(message)
        messages = (*filter(None, (first.parent,)), *newest.messages)
        if pages[0] is not first:
            return ThreadRead(messages, None)
        dropped = newest.answers_dropped + sum(page.newest.answers_dropped for page in pages)
        return ThreadRead(messages, dropped + answers_in(messages))

    def _windows(self, first: _Page, end: float) -> list[_Page]:
        """Return pages that hold the newest messages before `end`, without a gap between them, with two more calls."""
        # A first page with fewer messages than were asked for shows how many Slack gives at once.
        most = WINDOW_PAGE - 1 if first.count >= FIRST_PAGE - 1 else first.count
        left = _reply_count(first) - first.count
        start = first.last if left <= most else _start(first.last, end, left, most // 2)
        window = self._page(WINDOW_PAGE, oldest=start)
        if not window.reaches(end):
            return [self._narrow(window, end, left)]
        if start <= first.last:
            return [first, window]
        if window.newest.is_full:
            return [window]
        # As many more as safely fit on a page: if they came as fast as these, or as all did. If there was a long pause
        # before the question, which is then all that the window has, some more than that.
        is_pause = window.count <= 1
        back = max(first.last, start - (end - start) * (1.5 if is_pause else min(1.0, most / 2 / window.count)))
        before = self._page(WINDOW_PAGE, oldest=back, latest=start, inclusive=True)
        if before.reaches(start):
            return [before, window] if back > first.last else [first, before, window]
        self.is_short = is_pause
        return [before, window] if is_pause else [window]  # between the two there is a gap

    def _narrow(self, wide: _Page, end: float, left: int) -> _Page:
        """Return a page of a narrower window, as `wide` does not reach `end`: more came, or Slack gives fewer at once.

        `left` is the most replies that can lie in what is left.
        """
        behind = max(left - wide.count, 1)
        page = self._page(WINDOW_PAGE, oldest=_start(wide.last, end, behind, wide.count // 2))
        self.is_short = not page.reaches(end)
        return page

    def _page(self, limit: int, *, oldest: float = 0.0, latest: float = 0.0, inclusive: bool = False) -> _Page:
        """Read one page of the messages between these times (0.0: no bound)."""
        window = {"oldest": oldest, "latest": latest}
        arguments = {**self._arguments, "limit": str(limit)}
        arguments |= {name: f"{time:.6f}" for name, time in window.items() if time}
        page = _Page(self._thread_ts, _Newest(self._part))
        more = {"inclusive": "true"} if inclusive else {}
        reply = self._calls.call("conversations.replies", arguments | more, items=Items("messages", page.take))
        page.has_more = reply.get("has_more") is True
        return page


def replies_since(
    calls: SlackCalls, channel: str, thread_ts: str, ts: str, take: Callable[[Message], None], *, wait: bool = True
) -> None:
    """Give each message of a thread that is newer than `ts` to `take`, oldest first, with MOST_CALLS calls at most.

    One call is enough unless nearly a thousand followed. Unless `wait`, raise `Temporary` at once while a 429 holds.
    """
    arguments = {"channel": channel, "ts": thread_ts, "limit": str(WINDOW_PAGE), "include_all_metadata": "true"}
    arguments |= {"oldest": ts} if is_ts(ts) else {}
    cursor = ""

    def take_entry(entry: object) -> None:
        message = message_of(entry)
        if message is not None:
            take(message)

    for _ in range(MOST_CALLS):
        more = {"cursor": cursor} if cursor else {}
        reply = calls.call("conversations.replies", arguments | more, wait=wait, items=Items("messages", take_entry))
        cursor = text_at(mapping_at(reply, "response_metadata"), "next_cursor")
        if not cursor:
            return


def answers_in(messages: Iterable[Message]) -> int:
    """Return the number of our answers among these messages, each of which may have several parts."""
    return sum(map(_is_answer, messages))


def _is_answer(message: Message) -> bool:
    return message.metadata is not None and message.metadata.kind == "answer"


def _start(known: float, end: float, left: int, wanted: int) -> float:
    """Return the time since which `wanted` messages came, if the `left` ones after `known` came evenly until `end`."""
    return max(known, end - (end - known) * max(wanted, 1) / left)


def _reply_count(page: _Page) -> int:
    """Return the parent's number of replies; at least one more than the page has, which has more."""
    count = page.facts.get("reply_count")
    return max(count if type(count) is int else 0, page.count + 1)


def _latest_reply(page: _Page) -> str:
    latest = page.facts.get("latest_reply")
    return latest if isinstance(latest, str) and is_ts(latest) else ""


def _time(message: Message) -> float:
    return float(message.ts)
