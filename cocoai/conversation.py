"""Turn and Conversation: the only words that slack/ and chatgpt/ share.

A conversation is what the model is shown: the instructions, then who said what, oldest first.
It knows neither side's vocabulary: no channels, no tokens, no API roles but the two speakers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

Speaker = Literal["asker", "cocoai"]

_IMAGE = 1000
"""Tokens that people commonly plan for an image; its size and the model make that 85 or some thousands."""

_PDF_PAGE = 1500
_PDF_PAGE_BYTES = 75_000
"""A PDF goes to the model page by page, the words and a picture of each (OpenAI's guide to file inputs). How many pages
it has is not looked up but guessed."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes to the model beside the words; `data` is its bytes, for a text UTF-8."""

    kind: Literal["image", "pdf", "text"]
    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """What a text says."""
        return self.data.decode("utf-8", "replace")

    def estimated(self) -> int:
        """About how many tokens it is: a text by its words, an image as any other, a PDF by its size."""
        if self.kind == "text":
            return estimated_tokens(self.text)
        return _IMAGE if self.kind == "image" else _PDF_PAGE * (1 + len(self.data) // _PDF_PAGE_BYTES)


@dataclass(frozen=True)
class Turn:
    """One side's contribution, in plain text, and what was attached to it."""

    speaker: Speaker
    text: str
    attachments: tuple[Attachment, ...] = ()

    def estimated(self) -> int:
        """About how many tokens it is, with all that was attached to it."""
        return estimated_tokens(self.text) + sum(each.estimated() for each in self.attachments)

    def end(self, tokens: float) -> tuple[Turn, ...]:
        """What fits of its last lines: several messages may be one turn, and who goes on must see where it stopped."""
        lines = self.text.split("\n")
        if self.attachments:
            return ()
        start = len(lines)
        while start and (tokens := tokens - estimated_tokens(lines[start - 1])) >= 0:
            start -= 1
        return (replace(self, text="\n".join(lines[start:])),) if start < len(lines) else ()


@dataclass(frozen=True)
class Persona:
    """Who answers in a channel: the instructions, and the model; an empty model means the one in the settings."""

    instructions: str
    model: str


@dataclass(frozen=True)
class Conversation:
    """The instructions and the turns, oldest first; the last turn is the question being asked."""

    instructions: str
    turns: tuple[Turn, ...]

    def recent(self, round_trips: int) -> Conversation:
        """Keep the last `round_trips` exchanges and the question.

        An exchange is what people said and the answer that followed, so the cut falls behind an answer.
        """
        answers = [index for index, turn in enumerate(self.turns) if turn.speaker == "cocoai"]
        if len(answers) <= round_trips:
            return self
        return self._from(answers[len(answers) - round_trips - 1] + 1)

    def within(self, tokens: int, ratio: float = 1.0) -> Conversation:
        """Keep the newest turns that fit into about `tokens`; the instructions and the question itself always stay.

        `ratio` says how many tokens the model counts for one that is estimated. What is attached to the question does
        not count: whoever shares a long document means the words before it all the same.
        """
        left = tokens / ratio - estimated_tokens(self.turns[-1].text)
        for index in range(len(self.turns) - 2, -1, -1):
            turn = self.turns[index]
            left -= turn.estimated()
            if left < 0:
                end = turn.end(left + turn.estimated())
                return replace(self, turns=(*end, *self.turns[index + 1 :]))
        return self

    def estimated(self) -> int:
        """About how many tokens all of it is, the instructions too."""
        return estimated_tokens(self.instructions) + sum(turn.estimated() for turn in self.turns)

    @property
    def has_attachments(self) -> bool:
        return any(turn.attachments for turn in self.turns)

    @property
    def is_text(self) -> bool:
        """Is it nothing but words? Only these can be estimated well."""
        return all(each.kind == "text" for turn in self.turns for each in turn.attachments)

    def without_oldest(self) -> Conversation:
        """Drop the older half of what was said before the question; the question itself stays."""
        return self._from((len(self.turns) + 1) // 2) if len(self.turns) > 1 else self

    def _from(self, start: int) -> Conversation:
        return replace(self, turns=self.turns[start:])


def merged(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Join neighbouring turns of the same speaker: an answer in several parts is one turn.

    Where something is attached the turns stay apart: one must be able to tell to whose words it belongs.
    """
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].speaker == turn.speaker and not (joined[-1].attachments or turn.attachments):
            joined[-1] = replace(turn, text=f"{joined[-1].text}\n{turn.text}")
        else:
            joined.append(turn)
    return tuple(joined)


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` is, without a tokenizer, rather too many than too few.

    ASCII is about four characters a token, everything else at most one; four more for each turn's frame.
    """
    others = len(text) - len(text.encode("ascii", "ignore"))
    return (len(text) - others) // 4 + others + 4
