"""Answer from the passages under a question as a model is asked to: quote one with its number, or say there is none.

What is read here is the form in which CocoAI sends passages, and in which it asks for search words; any other text of a
request is left to practice_answer.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cocoai.rehearsal.openai.practice_answer import language_of

_PASSAGE = re.compile(r'<passage n="(\d+)" from="([^"]*)">\n(.*?)\n</passage>', re.DOTALL)
_FOUND = re.compile(r"\n*\[Passages from the team's [^\]\n]+\]\n(?=<passage )")
_NOTHING = re.compile(r"\n*\[The team's [^\]\n]+ were searched for this\. Nothing was found in them\.\]\Z")
_ASKED = re.compile(r"<question>\n(.*?)\n</question>", re.DOTALL)

_WORD = re.compile(r"[a-z0-9]{3,}")
_COMMON = {
    "the",
    "and",
    "for",
    "are",
    "was",
    "did",
    "does",
    "what",
    "when",
    "where",
    "who",
    "how",
    "why",
    "about",
    "with",
}
_JAPANESE_PAIR = re.compile(r"(?=.*[^ぁ-ゟー])[ぁ-ヿ一-鿿々]{2}")

QUOTED = 160
"""Characters of a passage that an answer quotes."""

_ANSWERS = {
    "ja": (
        "チームの文書には、次のように書かれています。",
        "チームの文書には、これについて書かれたものが見つかりませんでした。",
    ),
    "en": ("The team's documents say this:", "I found nothing about this in the team's documents."),
}

OTHER_WORDS = {
    "ボーナス": "賞与, 期末手当",
    "健診": "健康診断, 定期健診",
    "有休": "有給休暇, 年次有給休暇",
    "bonus": "incentive pay, annual premium",
    "vacation": "paid leave, annual leave",
}
"""Other words for a thing, by the word that a question may have for it."""


@dataclass(frozen=True)
class Asked:
    """A question without what stands under it: its `text`, and each passage's number, name and text.

    `is_searched`: CocoAI has searched for it, and says so.
    """

    text: str
    passages: tuple[tuple[int, str, str], ...]
    is_searched: bool


def read_material(question: str) -> Asked:
    """Return a question and the passages under it."""
    if nothing := _NOTHING.search(question):
        return Asked(question[: nothing.start()], (), is_searched=True)
    found = _FOUND.search(question)
    if not found:
        return Asked(question, (), is_searched=False)
    passages = tuple((int(n), name, text) for n, name, text in _PASSAGE.findall(question, found.end()))
    return Asked(question[: found.start()], passages, is_searched=True)


def material_answer(asked: Asked) -> str:
    """Return what the passages say on a question: the first that fits best, quoted with its number.

    That is the one that has most of the question's words. Where none has any, it says that nothing was found; return ""
    if nothing was searched.
    """
    if not asked.is_searched:
        return ""
    says, nothing = _ANSWERS[language_of(asked.text)]
    wanted = _words(asked.text)
    likeness = {each: sum(word in f"{each[1]} {each[2]}".lower() for word in wanted) for each in asked.passages}
    if not any(likeness.values()):
        return nothing
    n, _, text = max(likeness, key=lambda each: likeness[each])
    words = " ".join(text.split())
    shown = words if len(words) <= QUOTED else f"{words[:QUOTED]}…"
    return f"{says}\n\n> {shown} [{n}]"


def search_words(text: str) -> str:
    """Return search words for the question in a request for these: those of OTHER_WORDS, else a hyphen."""
    asked = _ASKED.search(text)
    words = [others for word, others in OTHER_WORDS.items() if asked and word in asked[1].lower()]
    return words[0] if words else "-"


def asks_for_words(instructions: str) -> bool:
    """Check whether the instructions of a request want search words."""
    return "search words" in instructions and "<question>" in instructions


def _words(question: str) -> set[str]:
    """Return the words of a question that tell what it is about: in Japanese pairs of characters, but of hiragana.

    Of what goes by other names these are among them.
    """
    asked = question.lower()
    text = " ".join((asked, *(others for word, others in OTHER_WORDS.items() if word in asked)))
    pairs = {text[at : at + 2] for at in range(len(text) - 1)}
    return set(_WORD.findall(text)) - _COMMON | {pair for pair in pairs if _JAPANESE_PAIR.fullmatch(pair)}
