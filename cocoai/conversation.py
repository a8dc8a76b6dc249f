"""Conversation, Turn and Attachment: the vocabulary that slack/ and chatgpt/ share.

A conversation is what the model is shown: the instructions, then the turns, oldest first.
It knows the vocabulary of neither side: no channels, no tokens, no API roles but the two speakers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

Speaker = Literal["asker", "cocoai"]

_IMAGE = 1000
"""Tokens that are commonly assumed for an image; by its size and the model it has 85 or some thousands."""

_PDF_PAGE = 1500
_PDF_PAGE_BYTES = 75_000
"""A PDF goes to the model page by page, the text and a picture of each (OpenAI's guide to file inputs). Its number of
pages is guessed from its size, not looked up."""


_LEAST_OF_A_LINE = 100
"""Tokens below which the end of a line that is cut says too little."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes to the model beside the text; `data` is its bytes, in UTF-8 if it is a text."""

    kind: Literal["image", "pdf", "text"]
    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """Return the content of a text file, with U+FFFD for bytes that are no UTF-8."""
        return self.data.decode("utf-8", "replace")

    def estimated_tokens(self) -> int:
        """Return about how many tokens the model counts for it.

        A text counts by its characters, a PDF by its bytes, and every image the same.
        """
        if self.kind == "text":
            return estimated_tokens(self.text)
        return _IMAGE if self.kind == "image" else _PDF_PAGE * (1 + len(self.data) // _PDF_PAGE_BYTES)


@dataclass(frozen=True)
class Turn:
    """One message of a speaker, or several in a row, as plain text, with the files attached to it.

    `at` is when the message was written, the last of several, and of an answer when it was asked for; in epoch seconds,
    0.0 if that is unknown. Turns that differ in it alone are equal.
    """

    speaker: Speaker
    text: str
    attachments: tuple[Attachment, ...] = ()
    at: float = field(default=0.0, compare=False)

    def estimated_tokens(self) -> int:
        """Return about how many tokens the turn has, its attachments included."""
        return estimated_tokens(self.text) + sum(each.estimated_tokens() for each in self.attachments)

    def last_lines(self, tokens: float) -> tuple[Turn, ...]:
        """Return the turn alone, cut to its last whole lines that fit into about `tokens` estimated tokens.

        Of a line that is longer than all of these the end stays, too. Return () if nothing fits, or if the turn has
        attachments.
        """
        # Several messages may be one turn, and a model that is to continue an answer must see where it stopped.
        lines = self.text.split("\n")
        if self.attachments:
            return ()
        start, left = len(lines), tokens
        while start and (rest := left - estimated_tokens(lines[start - 1])) >= 0:
            start, left = start - 1, rest
        kept = lines[start:]
        # A long message may be one line: without its end the model would be asked about nothing.
        if start and left >= _LEAST_OF_A_LINE and estimated_tokens(lines[start - 1]) > tokens:
            kept.insert(0, f"…{_end_of(lines[start - 1], left)}")
        return (replace(self, text="\n".join(kept)),) if kept else ()


@dataclass(frozen=True)
class Persona:
    """How a channel is answered: the instructions, and the name of the model, "" for the one in the settings."""

    instructions: str
    model: str


@dataclass(frozen=True)
class Conversation:
    """The instructions and the turns, oldest first; the last turn is the question to answer."""

    instructions: str
    turns: tuple[Turn, ...]

    def since(self, index: int) -> Conversation:
        """Return the conversation without its first `index` turns."""
        return replace(self, turns=self.turns[index:])

    def within(self, tokens: int, ratio: float = 1.0) -> Conversation:
        """Return the conversation cut to the newest turns that fit into about `tokens`; the question always stays.

        Of the newest turn that does not fit, the end stays. `tokens` are those of the model, which counts `ratio`
        of them for an estimated one. Neither the instructions nor the attachments of the question count: somebody who
        shares a long document still refers to what was said before it.
        """
        left = tokens / ratio - estimated_tokens(self.turns[-1].text)
        for index in range(len(self.turns) - 2, -1, -1):
            turn = self.turns[index]
            left -= turn.estimated_tokens()
            if left < 0:  # this turn does not fit: `left` and its tokens are the room that there is for its end
                end = turn.last_lines(left + turn.estimated_tokens())
                return replace(self, turns=(*end, *self.turns[index + 1 :]))
        return self

    def estimated_tokens(self) -> int:
        """Return about how many tokens the conversation has, the instructions and all attachments included."""
        return estimated_tokens(self.instructions) + sum(turn.estimated_tokens() for turn in self.turns)

    @property
    def has_attachments(self) -> bool:
        """Return True if any turn has attachments."""
        return any(turn.attachments for turn in self.turns)

    @property
    def is_text(self) -> bool:
        """Return True if no image or PDF is attached, but at most texts: only then the estimate is a good one."""
        return all(each.kind == "text" for turn in self.turns for each in turn.attachments)

    def without_oldest(self) -> Conversation:
        """Return the conversation without the older half of its turns; the same if the question is its only turn."""
        return self.since((len(self.turns) + 1) // 2) if len(self.turns) > 1 else self


def merged(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Join neighbouring turns of one speaker, with a line break between their texts; return all turns in order.

    So an answer in several parts is one turn. Turns with attachments are not joined, so that the model can tell which
    text an attachment belongs to.
    """
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].speaker == turn.speaker and not (joined[-1].attachments or turn.attachments):
            joined[-1] = replace(turn, text=f"{joined[-1].text}\n{turn.text}")
        else:
            joined.append(turn)
    return tuple(joined)


def estimated_tokens(text: str) -> int:
    """Return about how many tokens `text` has, without a tokenizer; the estimate is rather too high than too low.

    ASCII has about four characters a token, everything else at most one; four more are for the frame of each turn.
    """
    others = len(text) - len(text.encode("ascii", "ignore"))
    return (len(text) - others) // 4 + others + 4


def _end_of(line: str, tokens: float) -> str:
    """Return as much of the end of a line as fits into about so many estimated tokens."""
    quarters, start = 4 * (tokens - 5), len(line)  # four tokens are the frame's, one is the ellipsis
    while start and (quarters := quarters - (1 if line[start - 1].isascii() else 4)) >= 0:
        start -= 1
    return line[start:]
