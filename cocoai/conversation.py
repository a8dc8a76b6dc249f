"""Turn and Conversation: the only words that slack/ and chatgpt/ share.

A conversation is what the model is shown: the instructions, then who said what, oldest first.
It knows neither side's vocabulary: no channels, no tokens, no API roles but the two speakers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Speaker = Literal["asker", "cocoai"]


@dataclass(frozen=True)
class Attachment:
    """A file that goes to the model beside the words; `data` is its bytes, for a text UTF-8."""

    kind: Literal["image", "pdf", "text"]
    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Turn:
    """One side's contribution, in plain text, and what was attached to it."""

    speaker: Speaker
    text: str
    attachments: tuple[Attachment, ...] = ()


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

    def within(self, tokens: int) -> Conversation:
        """Keep the newest turns that fit into about `tokens`; the question itself always stays."""
        left = tokens
        for index in range(len(self.turns) - 1, -1, -1):
            left -= estimated_tokens(self.turns[index].text)
            if left < 0:
                return self._from(min(index + 1, len(self.turns) - 1))
        return self

    def without_oldest(self) -> Conversation:
        """Drop the older half of what was said before the question; the question itself stays."""
        return self._from((len(self.turns) + 1) // 2) if len(self.turns) > 1 else self

    def _from(self, start: int) -> Conversation:
        return replace(self, turns=self.turns[start:])


def merged(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Join neighbouring turns of the same speaker: an answer in several parts is one turn."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].speaker == turn.speaker:
            joined[-1] = replace(turn, text=f"{joined[-1].text}\n{turn.text}")
        else:
            joined.append(turn)
    return tuple(joined)


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` is, without a tokenizer, rather too many than too few.

    ASCII is about four characters a token, everything else at most one; four more for each turn's frame.
    """
    others = sum(1 for character in text if ord(character) > 127)
    return (len(text) - others) // 4 + others + 4
