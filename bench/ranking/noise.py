"""Make passages that answer none of the questions, for an index in which the right passage is one of thousands.

They use the questions' everyday words (申請, 予約, 期限, request, office), so that these are as common as in a real
company's documents, and name its subjects (VPN, 経費, on-call) without telling anything of them. The same seed gives
the same passages, and a smaller count the first of them.

noise_ja.txt and noise_en.txt have the words. A list has its name in square brackets, a subject's own list that of the
subject before it; entries end at a bar or with their line. `{who}` in a sentence or a heading is drawn from the
subject's list of that name, or else from everybody's.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

LENGTHS = (250, 330)
"""A passage has sentences until it has at least so many characters, drawn between these two."""

OF_A_DOCUMENT = 8
"""Passages that one document has, each under a heading of its own."""

SLOT = re.compile(r"\{(\w+)\}")

NUMBERS = tuple(str(number) for number in range(2, 41))
PRICE = 130
"""Yen: a price is a number of NUMBERS times this."""


@dataclass(frozen=True)
class Language:
    """A language's lists by their names: those of all subjects, and each subject's own."""

    name: str
    shared: Mapping[str, Sequence[str]]
    subjects: Mapping[str, Mapping[str, Sequence[str]]]
    between: str
    """What stands between two sentences."""


def passages(count: int = 10_000, seed: int = 20) -> Iterator[tuple[str, str, str]]:
    """Yield (document name, heading, text) of `count` passages, by turns eight Japanese ones and eight English ones."""
    yield from islice(_all_passages(random.Random(seed)), count)


def words() -> frozenset[str]:
    """Return what can be drawn for a slot, in both languages, numbers aside; a few of these are phrases."""
    return frozenset(
        word
        for language in LANGUAGES
        for lists in (language.shared, *language.subjects.values())
        for name, entries in lists.items()
        if name not in ("sentence", "heading", "number", "money", "Why")
        for word in entries
    )


def _all_passages(rng: random.Random) -> Iterator[tuple[str, str, str]]:
    subjects = [(language, subject) for subject in LANGUAGES[0].subjects for language in LANGUAGES]
    for number, (language, subject) in enumerate(cycle(subjects)):
        headings: set[str] = set()
        for _ in range(OF_A_DOCUMENT):
            heading = _new_heading(rng, language, subject, headings)
            yield f"{subject}-{language.name}-{number:04}.md", heading, _text(rng, language, subject)


def _new_heading(rng: random.Random, language: Language, subject: str, headings: set[str]) -> str:
    """Return a heading that the document does not have yet, and add it to its headings."""
    patterns = _both(language, subject, "heading")
    heading = ""
    while not heading or heading in headings:
        filled = _filled(rng, rng.choice(patterns), language, subject)
        heading = filled[0].upper() + filled[1:]
    headings.add(heading)
    return heading


def _text(rng: random.Random, language: Language, subject: str) -> str:
    """Return sentences, each of another pattern, until the passage is long enough."""
    length = rng.randint(*LENGTHS)
    patterns = _both(language, subject, "sentence")
    rng.shuffle(patterns)
    text = ""
    while len(text) < length:
        text += (language.between if text else "") + _filled(rng, patterns.pop(), language, subject)
    return text


def _both(language: Language, subject: str, name: str) -> list[str]:
    return [*language.shared[name], *language.subjects[subject][name]]


def _filled(rng: random.Random, pattern: str, language: Language, subject: str) -> str:
    """Return the pattern with an entry in each slot, none of them twice."""
    taken: set[str] = set()

    def draw(slot: re.Match[str]) -> str:
        choices = language.subjects[subject].get(slot[1]) or language.shared[slot[1]]
        word = ""
        while not word or word in taken:
            # Squared, so that the first words of a list are much more frequent than its last, as words are.
            word = choices[int(len(choices) * rng.random() ** 2)]
        taken.add(word)
        return word

    return SLOT.sub(draw, pattern)


def _language(name: str, yen: str, between: str) -> Language:
    """Return a language with the lists of its file and with numbers; `Why` is `why` at a sentence's beginning."""
    shared: dict[str, Sequence[str]] = {}
    subjects: defaultdict[str, dict[str, Sequence[str]]] = defaultdict(dict)
    parts = re.split(r"(?m)^\[(.+)\]\n", (Path(__file__).parent / f"noise_{name}.txt").read_text("utf-8"))
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        subject, _, of_subject = title.rpartition(" ")
        lists = subjects[subject] if subject else shared
        lists[of_subject] = tuple(entry.strip() for entry in re.split(r"[|\n]", text.strip()))
    shared["Why"] = tuple(entry[0].upper() + entry[1:] for entry in shared["why"])
    shared["number"] = NUMBERS
    shared["money"] = tuple(f"{int(number) * PRICE:,}{yen}" for number in NUMBERS)
    return Language(name, shared, dict(subjects), between)


LANGUAGES = (_language("ja", "円", between=""), _language("en", " yen", between=" "))
