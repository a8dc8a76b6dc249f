"""Words: all sentences of one language, and how a result is put into them.

A sentence's key is the part and the case, as `slack.token.token_revoked`. Parts that end alike may share their
sentences: `slack.reach` and `openai.reach` have those of `reach`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cocoai.check.result import Finding, Level, Result

Sentence = tuple[str, str]
"""How it was found, and the remedy, "" if nothing is to be done; a remedy may have several lines."""

HIDDEN = "…"
"""What is shown in place of a secret."""

LEAST_SECRET = 6
"""Characters of a secret that is looked for in sentences; a shorter one could be a part of any word."""


@dataclass(frozen=True)
class Words:
    """The sentences of one language: the name of each part, two sentences for each case, marks and the last lines."""

    parts: Mapping[str, str]
    cases: Mapping[str, Sentence]
    marks: Mapping[Level, str]
    lines: Mapping[str, str]

    def finding(self, result: Result, secrets: Iterable[str] = (), *, program: str = "cocoai") -> Finding:
        """Return a result in words. No value in it is one of the `secrets`, or steers a terminal.

        `program` is what the operator types, `cocoai_qa` for a copy.
        """
        found, remedy = self.sentences(result)
        values = _Values({name: _plain(_without(value, secrets)) for name, value in result.values.items()})
        values.setdefault("program", program)
        return Finding(
            id=result.part,
            case=result.case,
            level=result.level,
            what=self.parts[result.part],
            found=found.format_map(values),
            remedy=remedy.format_map(values),
        )

    def sentences(self, result: Result) -> Sentence:
        """Return the two sentences of a result. Raise KeyError if there are none."""
        own = f"{result.part}.{result.case}"
        return self.cases[own if own in self.cases else own.partition(".")[2]]


class _Values(dict[str, str]):
    """The values of a result; one that is missing is HIDDEN, since a sentence with a gap is better than none."""

    def __missing__(self, name: str) -> str:
        return HIDDEN


def _without(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with HIDDEN in place of each secret."""
    for secret in secrets:
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, HIDDEN)
    return text


def _plain(text: str) -> str:
    """Return foreign text as one line that is safe for a terminal: U+FFFD stands for what is not printable."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
