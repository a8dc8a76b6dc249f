"""The questions of a chaos run: in words, in a voice clip, or for a picture; and what the right reply to each shows.

Each has a number, which stands in its words, in the length of its clip, and in all that the models are sent for it.
"""

from __future__ import annotations

import re
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

WORDS, MANY_WORDS, LONG_EVERY = 3, 900, 20
"""Words of an answer; words of a long one, which takes three messages; every how many questions one is long."""

RATE, LEAST_SAMPLES = 8000, 4000
"""Samples a second of a clip, and those of one with the number 0: each number has one sample more."""

HEAD_BYTES, SAMPLE_BYTES = 44, 2

ORDERS = ("draw {}", "画像を作って {}")
ORDERS_ANEW = ("redraw: {}", "描き直して: {}")
ORDERS_OF_THAT = ("draw this for {}",)
"""How a picture is asked for; how one is made from another of the thread; and how one that the chat model words."""

Wanted = Literal["answer", "rest", "picture"]
"""What a question is for: an answer, the rest of one that was cut, or a picture."""


@dataclass(frozen=True)
class Question:
    """A question of the run: the `number` in its text or clip, the message that asked it, and what it is for.

    If it was asked by a click, once more or for the rest, `again` is the click's time (`action_ts`); else it is empty.
    """

    number: int
    message: Message
    again: str = ""
    wanted: Wanted = "answer"

    @property
    def key(self) -> str:
        """Return the name of the question's job in the spool."""
        return f"{self.message.channel}-{self.message.thread_ts or self.message.ts}-{self.again or self.message.ts}"

    @property
    def asked_at(self) -> float:
        """Return when it was asked, in epoch seconds."""
        return float(self.again or self.message.ts)

    def words(self, texts: Iterable[str]) -> list[str]:
        """Return what counts in these texts: the numbered words, or of a picture's reply the words for the picture."""
        if self.wanted != "picture":
            return words_of(texts)
        # What the chat model has worded begins with its first word; the other words of it may be left out.
        subject = rf"{re.escape(question_text(self.number))}|\ba{self.number}w0e\b"
        return [found for text in texts for found in re.findall(subject, text)]

    def is_whole(self, texts: Iterable[str], *, is_stopped: bool = False) -> bool:
        """Check whether these texts together are the right reply: of an answer each word once and in order.

        The reply to a stopped question may end after any word. The rest of an answer has none of its words.
        """
        words = self.words(texts)
        if self.wanted == "picture":
            return len(words) == 1 or (is_stopped and not words)
        expected = answer_to(question_text(self.number)).split() if self.wanted == "answer" else []
        return words == (expected[: len(words)] if is_stopped else expected)


def question_text(number: int) -> str:
    return f"question #{number}?"


def number_in(text: str) -> int | None:
    """Return the number of the last question in `text`, or of an answer's words; None if there is none."""
    found = re.findall(r"question #(\d+)\?|\ba(\d+)w\d+e\b", text)
    return int(next(filter(None, found[-1]))) if found else None


def answer_to(text: str) -> str:
    """Return the model's answer: numbered words, so that a missing, repeated or foreign word is noticed."""
    found = re.findall(r"question #(\d+)\?", text)
    if not found:
        return "?"
    number = int(found[-1])
    count = MANY_WORDS if number % LONG_EVERY == 0 else WORDS
    return "\n".join(f"a{number}w{index}e" for index in range(count))


def words_of(texts: Iterable[str]) -> list[str]:
    """Return the numbered words in these texts. Half a word, where the model was stopped, does not count."""
    return [found for text in texts for found in re.findall(r"a\d+w\d+e", text)]


def clip(number: int) -> bytes:
    """Return a sound, a WAVE, that tells its number by its length."""
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(RATE)
        file.writeframes(b"\x10\x20" * (LEAST_SAMPLES + number))
    return written.getvalue()


def number_of_clip(size: int) -> int:
    """Return the number of a clip of so many bytes."""
    return (size - HEAD_BYTES) // SAMPLE_BYTES - LEAST_SAMPLES
