"""chatgpt/event_stream.py: events are read as the standard says, and none fills the memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from cocoai.chatgpt.event_stream import MAX_EVENT, EventReader
from cocoai.errors import Permanent
from tests.chatgpt.cuts import cut

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def events(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the data of each event in the pieces."""
    reader = EventReader()
    for piece in pieces:
        yield from reader.feed(piece)
    yield from reader.end()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b": OPENROUTER PROCESSING\n\n: again\n\ndata: 1\n\n", ["1"]),
        (b"data:1\n\ndata:  2\n\n", ["1", " 2"]),
        (b"data: a\ndata: b\ndata\n\n", ["a\nb\n"]),
        (b"event: message\nid: 7\nretry: 10\ndata: 1\nsomething\n\n", ["1"]),
        (b"data:\n\ndata\n\n\n\n\n", []),
        (b"\r\n\r\ndata: 1\r\n\r\n\r\n", ["1"]),
        (b"data: 1", ["1"]),
        (b"data: 1\n", ["1"]),
        (b"database: 1\n\n", []),
        (b"data: \xff\n\n", ["\ufffd"]),
        (b"", []),
    ],
)
def test_events_are_read_as_the_standard_says(raw: bytes, expected: list[str]) -> None:
    """Comments and other fields are skipped, data lines are joined, and an event cut off by the end counts."""
    assert expected == list(events([raw]))


@pytest.mark.parametrize("raw", [b"data: %b", b": %b", b"data: %b\n\n", b"%b\ndata: 1\n\n"])
@pytest.mark.parametrize("cuts", [[], [10], [MAX_EVENT + 5]])
def test_a_line_or_event_over_the_limit_is_an_error(raw: bytes, cuts: list[int]) -> None:
    """A line or an event over the limit raises an error, wherever it is cut."""
    with pytest.raises(Permanent, match="answer_too_big"):
        list(events(cut(raw % (b"x" * (MAX_EVENT + 1)), cuts)))


def test_an_event_of_many_lines_over_the_limit_is_an_error() -> None:
    """An endless event of short lines is measured as a whole."""
    with pytest.raises(Permanent, match="answer_too_big"):
        list(events([b"data\n" * 4096] * 512))
