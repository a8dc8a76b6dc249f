"""Heard: what was understood of the sounds of a question. hearing.py does the listening, quotation.py quotes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from cocoai.slack.api.download import LeftOut
from cocoai.slack.markdown.line_shape import escape_line
from cocoai.slack.model.files import File
from cocoai.slack.model.plain_text import shortened

MOST_QUOTED = 600
"""Characters of the words that a reply quotes, of each sound."""

_UNSEEN = re.compile(r"[\0-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the rest of a line around."""


def readable(words: str) -> str:
    """Return the words that somebody, or a model, has heard, without what nobody can see."""
    return _UNSEEN.sub("", words).strip()


@dataclass(frozen=True)
class HeardSound:
    """One sound: its `text`, "" for silence, its length (0 if unknown), who has heard it, and what that cost.

    `listener` is the model's name, "" for Slack; `spent` is in nano-dollars, None if nothing was paid.
    """

    text: str = field(repr=False)
    milliseconds: int = 0
    listener: str = ""
    spent: int | None = None

    def as_fact(self) -> dict[str, Any]:
        """Return what the `answer` fact keeps, from which the reply quotes: of the words only the beginning."""
        return {**vars(self), "text": beginning(self.text)}


@dataclass(frozen=True)
class Heard:
    """The files of a question after its sounds were heard: those with `text` are what was understood.

    A sound without words is in `left_out`, with the reason, and not in `files`. `is_wanted_itself`: the asker wants the
    words, not an answer to them.
    """

    files: tuple[File, ...]
    sounds: tuple[HeardSound, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    is_wanted_itself: bool = False

    @property
    def is_silent(self) -> bool:
        """Check whether there were sounds, and in none of them was a word."""
        return bool(self.sounds) and not any(sound.text for sound in self.sounds)

    @property
    def words(self) -> str:
        """Return the words of all sounds, with an empty line between two."""
        return "\n\n".join(filter(None, (sound.text for sound in self.sounds)))

    def facts(self) -> list[dict[str, Any]]:
        """Return what the `answer` fact keeps of the sounds."""
        return [sound.as_fact() for sound in self.sounds]


def beginning(words: str) -> str:
    """Return as much of the words as a reply quotes."""
    return shortened(words, MOST_QUOTED)


def as_markdown(words: str) -> str:
    """Return words as Markdown that shows them as they are, each line a paragraph."""
    return "\n\n".join(escape_line(line) for line in map(str.strip, words.split("\n")) if line)
