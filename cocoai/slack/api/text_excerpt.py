"""Makes a text file fit for a model: decoded, and if it is too long, its beginning and its end. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cocoai.conversation import estimated_tokens
from cocoai.decoding.text_files import SAMPLE, decode_as, encoding_of
from cocoai.errors import Permanent
from cocoai.slack.api.file_bytes import FileBytes, split_bytes

FEWEST_TOKENS = 60
"""Estimated tokens below which a beginning and an end of a text say too little: it is too big then."""

_MARKER_BYTES = 80
_MARKER_TOKENS = 20


@dataclass(frozen=True)
class TextRoom:
    """The most that a model gets of one text: bytes in UTF-8, and estimated tokens."""

    most_bytes: int
    tokens: int

    def holds(self, text: str) -> bool:
        """Check whether the text fits."""
        return len(text) <= self.most_bytes and len(text.encode()) <= self.most_bytes and self._has_tokens(text)

    def half(self) -> TextRoom:
        """Return the room of each end of a text that is cut."""
        return TextRoom((self.most_bytes - _MARKER_BYTES) // 2, (self.tokens - _MARKER_TOKENS) // 2)

    def _has_tokens(self, text: str) -> bool:
        return estimated_tokens(text) <= self.tokens


@dataclass(frozen=True)
class TextExcerpt:
    """A text as a model gets it. `is_cut`: a marker stands for its middle; `is_damaged`: some bytes were replaced."""

    text: str = field(repr=False)
    is_cut: bool = False
    is_damaged: bool = False


def excerpt_of_file(content: FileBytes, room: TextRoom) -> TextExcerpt:
    """Decode a text file, and return what fits into the room.

    Raise `Permanent`: `kind` if it is no text that can be decoded, `too_big` if not even its ends fit.
    """
    content = _ends_of(content, room)
    encoding = _encoding_of(content)
    head = decode_as(encoding, content.head, is_cut=content.skipped > 0) if encoding else None
    if head is None:
        raise Permanent("kind")
    if not content.skipped:
        excerpt = excerpt_of(head.text, room)
        return TextExcerpt(excerpt.text, excerpt.is_cut, head.is_damaged)
    # The end begins in the middle of a line, perhaps of a character.
    tail = decode_as(encoding, content.tail)
    rest = tail.text.partition("\n")[2] or tail.text.lstrip("\ufffd") if tail else ""
    left_out = f"about {max(1, content.skipped // 1024):,} KiB"
    text = _joined(head.text, rest, room, lambda _kept: left_out)
    return TextExcerpt(text, is_cut=True, is_damaged=head.is_damaged or "\ufffd" in rest)


def excerpt_of(text: str, room: TextRoom) -> TextExcerpt:
    """Return a text, or its beginning and its end if it does not fit. Raise `Permanent` `too_big` if these do not."""
    if room.holds(text):
        return TextExcerpt(text)
    return TextExcerpt(_joined(text, text, room, lambda kept: f"{len(text) - kept:,} characters"), is_cut=True)


def _encoding_of(content: FileBytes) -> str:
    """Return the encoding of a text file, "" if it is none: by its beginning, or if that is ASCII, by its end."""
    encoding = encoding_of(content.head, is_cut=content.skipped > 0)
    if encoding == "utf-8" and content.tail and content.head.isascii():
        return encoding_of(content.tail.partition(b"\n")[2]) or encoding
    return encoding


def _ends_of(content: FileBytes, room: TextRoom) -> FileBytes:
    """Return only the ends of a file that cannot fit as a whole."""
    # No text shrinks to less than half in UTF-8: ASCII in UTF-16 does that.
    most = max(2 * room.most_bytes + 4, SAMPLE)
    if content.skipped or len(content.head) <= 2 * most:
        return content
    return split_bytes(content.head[:most], content.head[-most:], len(content.head))


def _joined(beginning: str, end: str, room: TextRoom, left_out: Callable[[int], str]) -> str:
    """Return the beginning and the end of a text, as much of each as fits, with a marker between them.

    `left_out(n)` describes what is missing when `n` characters are kept. Raise `Permanent` `too_big` for too little
    room.
    """
    half = room.half()
    if half.tokens * 2 < FEWEST_TOKENS or half.most_bytes < 1:
        raise Permanent("too_big")
    first, last = _first(beginning, half), _first(end[::-1], half)[::-1]
    if "\n" in first[len(first) // 2 :]:  # whole lines, if they are not too long
        first = first[: first.rindex("\n")]
    if "\n" in last[: len(last) // 2]:
        last = last[last.index("\n") + 1 :]
    return f"{first}\n\n[… {left_out(len(first) + len(last))} left out here …]\n\n{last}"


def _first(text: str, room: TextRoom) -> str:
    """Return the longest beginning of a text that fits into the room."""
    fits, too_long = 0, min(len(text), room.most_bytes) + 1
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if room.holds(text[:middle]):
            fits = middle
        else:
            too_long = middle
    return text[:fits]
