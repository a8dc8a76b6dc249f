"""Parse what the model writes: a stream of server-sent events, or one JSON body, becomes chunks of an answer.

Pure: bytes come in, however the network cut them, and chunks go out. It knows no sockets and no deadlines.
It tolerates what other servers that speak this API leave out or add, but it never drops text silently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from cocoai.chatgpt.api_error import ApiError
from cocoai.chatgpt.chunk import DONE, Chunk, parse_chunk
from cocoai.chatgpt.event_stream import MAX_EVENT, ErrorData, EventReader, check_size
from cocoai.errors import Permanent, Temporary

MAX_BODY = 4 * MAX_EVENT
"""The most bytes of a single JSON body."""

MOST_KEPT = MAX_EVENT
"""Characters of the answer that are kept to compare a `message` with them; a longer one is no single event."""

_BOM = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf)*")


class AnswerParser:
    """Parses the body of a response. Its first bytes tell whether it is a stream or one JSON body, not its headers.

    A byte order mark and white space before them are skipped. An answer that cannot be read raises `Temporary` or
    `Permanent`; the server's own error is part of a chunk.
    """

    def __init__(self) -> None:
        self._parser: StreamParser | SingleBodyParser | None = None
        self._start = b""

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Yield the chunk of the events that `piece` completes; nothing if it completes none."""
        if self._parser is None:
            piece = _BLANK.sub(b"", self._start + piece, count=1)
            if _BOM.startswith(piece):  # it is empty, or may become a byte order mark
                self._start = piece
                return iter(())
            if piece.startswith(b"<"):  # a page from somebody else: a wrong address, or a login page
                raise Permanent("not_an_api", source="OpenAI", status=200)
            self._parser = SingleBodyParser() if piece.startswith((b"{", b"[")) else StreamParser()
        return self._parser.feed(piece)

    def end(self) -> Iterator[Chunk]:
        """Yield the chunk of the last event, if the end of the stream cut it off, or that of the whole body."""
        return iter(()) if self._parser is None else self._parser.end()


class StreamParser:
    """Parses a streamed answer. All events that one piece completes become one chunk, up to an error or [DONE]."""

    def __init__(self) -> None:
        self._events = EventReader()
        self._texts: list[str] = []
        self._kept = 0
        self._has_delta = False
        self._messages = 0

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Yield the chunk of the events that `piece` completes; nothing if it completes none."""
        return self._parse(self._events.feed(piece))

    def end(self) -> Iterator[Chunk]:
        """Yield the chunk of the last event, if the end of the stream cut it off; else nothing."""
        return self._parse(self._events.end())

    def _parse(self, events: Iterable[str]) -> Iterator[Chunk]:
        """Yield one chunk for all events, given as their data, up to an error or [DONE]; nothing if there are none.

        If one event cannot be read, yield the chunk of those before it, then raise `Temporary`.
        """
        parsed: list[Chunk] = []
        kept, failure = 0, None
        try:
            for data in events:
                chunk = _parse_event(data)
                if chunk.message:
                    self._keep(parsed[kept:])
                    kept, chunk = len(parsed), self._without_repetition(chunk)
                parsed.append(chunk)
                if chunk.is_done or chunk.error:
                    break  # nothing that follows counts
        except (Temporary, Permanent) as error:
            failure = error
        if parsed:
            self._keep(parsed[kept:])
            yield parsed[0] if len(parsed) == 1 else _joined(parsed)
        if failure:
            raise failure

    def _keep(self, parsed: list[Chunk]) -> None:
        """Keep the texts of these chunks, up to MOST_KEPT characters in all, and whether one came as a delta."""
        for chunk in parsed:
            if chunk.text:
                self._texts.append(chunk.text)
                self._kept += len(chunk.text)
                self._has_delta = self._has_delta or not chunk.message
        if self._kept > MOST_KEPT:
            self._texts.clear()

    def _without_repetition(self, chunk: Chunk) -> Chunk:
        """Return a chunk that has a `message`, with what that adds to the text so far as its text.

        Where the answer comes as deltas, the message is the whole text once more. Where it comes as messages, each is
        the next piece; but one that repeats all and goes on, or repeats several pieces and ends them, is the whole.
        """
        self._messages += 1
        earlier = "".join(self._texts)
        self._texts = [earlier]  # so that the next message need not join them all once more
        is_last = bool(chunk.finish_reason) and self._messages > 2
        return chunk._replace(text=_beyond(earlier, chunk.message, has_delta=self._has_delta, is_last=is_last))


class SingleBodyParser:
    """Parses an answer that is one JSON body: some servers do not stream."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Keep a piece of the body, and yield nothing yet. Raise `Permanent` if the body is bigger than MAX_BODY."""
        self._body += piece
        check_size(len(self._body), MAX_BODY)
        return iter(())

    def end(self) -> Iterator[Chunk]:
        """Yield one chunk for the whole body. Raise `Permanent` if it is JSON without `choices`, and no error.

        Raise `Temporary` if it is no JSON, nor a stream that begins with JSON.
        """
        body = bytes(self._body)
        try:
            payload = _parse_object(body)
        except Temporary:
            if not body.startswith(b"{"):
                raise
            return _parsed_as_stream(body)  # bare JSON may be the first of several events
        chunk = parse_chunk(payload)
        if chunk.error:
            return iter([chunk])
        if "choices" not in payload:
            raise Permanent("no_choices", source="OpenAI", sent=True)
        text = chunk.text or chunk.message
        # A body that is whole has a whole answer, unless it says otherwise.
        reason = chunk.finish_reason or ("stop" if text.strip() else "")
        return iter([chunk._replace(text=text, message="", finish_reason=reason, is_done=True)])


def _parsed_as_stream(body: bytes) -> Iterator[Chunk]:
    """Yield the chunks of a body whose events are bare JSON; raise `Temporary` if they are not."""
    parser = StreamParser()
    yield from parser.feed(body)
    yield from parser.end()


def _parse_event(data: str) -> Chunk:
    if isinstance(data, ErrorData):
        return Chunk(error=ApiError.from_stream(data))
    return DONE if data.strip() == "[DONE]" else parse_chunk(_parse_object(data))


def _parse_object(payload: str | bytes) -> dict[str, Any]:
    """Parse JSON and return the object in it, or the first of a list; {} if it is another kind of value.

    Raise `Temporary` (`unreadable_answer`) if it is not JSON.
    """
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise Temporary("unreadable_answer", source="OpenAI", sent=True) from None
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else {}


def _joined(parsed: list[Chunk]) -> Chunk:
    """Join chunks into one: texts are put in a row; of each other part the last value that is not empty stays."""
    return Chunk(
        text="".join([chunk.text for chunk in parsed]),
        refusal="".join([chunk.refusal for chunk in parsed]),
        has_thought=any(chunk.has_thought for chunk in parsed),
        finish_reason=_last(chunk.finish_reason for chunk in parsed),
        model=_last(chunk.model for chunk in parsed),
        tier=_last(chunk.tier for chunk in parsed),
        usage=next((chunk.usage for chunk in reversed(parsed) if chunk.usage), None),
        is_done=any(chunk.is_done for chunk in parsed),
        error=parsed[-1].error,
    )


def _last(values: Iterable[str]) -> str:
    """Return the last value that is not empty, or "" if all are."""
    return next(filter(None, reversed(list(values))), "")


def _beyond(earlier: str, message: str, *, has_delta: bool, is_last: bool) -> str:
    """Return what `message` adds to the `earlier` text; all of it unless it repeats that text.

    Behind deltas it is meant to repeat the text, but may have other white space, or lack the text's beginning.
    """
    if earlier and message.startswith(earlier) and (has_delta or is_last or message != earlier):
        return message[len(earlier) :]
    return "" if has_delta and _ends_with(earlier, message) else message


def _ends_with(text: str, end: str) -> bool:
    """Check whether `text` ends with the words of `end`, whatever white space stands between them."""
    words = end.split()
    # Only as many words of the text are looked at: it may be long, and messages many.
    return not words or " ".join(text.rsplit(None, len(words))[-len(words) :]).endswith(" ".join(words))
