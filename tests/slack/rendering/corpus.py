"""The corpus: Markdown as current models write it, in cases/*.md, each case with its structure as a person means it.

A file has `=== NAME`, the text, `===>`, and its outline (outline.py). Where several renderings are right, each has an
outline of its own.
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tests.slack.rendering.outline import Block, parse_outline

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One text, and the structures that are right."""

    name: str
    markdown: str
    outlines: tuple[str, ...]

    @property
    def expected(self) -> list[list[Block]]:
        """Return the blocks of each outline."""
        return [parse_outline(outline) for outline in self.outlines]


def read_cases(text: str) -> list[Case]:
    """Return the cases of one file."""
    cases = []
    for name, body in re.findall(r"(?ms)^=== ([^\n]+)\n(.*?)(?=^=== |\Z)", text):
        markdown, *outlines = re.split(r"(?m)^===>\n", body)
        cases.append(Case(name, markdown.removesuffix("\n"), tuple(outlines)))
    return cases


CASES = {case.name: case for path in sorted(FOLDER.glob("*.md")) for case in read_cases(path.read_text("utf-8"))}

BETWEEN = "ここで話が変わります。"
"""The paragraph between two cases of a mixture."""

LONGEST_MIXTURE = 1500
"""Characters of a mixture, so that it fits into one message."""


def mixture(seed: int, without: Collection[str]) -> Case:
    """Return several cases one below the other, with a paragraph between them; not those named in `without`."""
    # A definition of a link, or what may be one, holds for the whole text.
    alone = [case for case in CASES.values() if len(case.outlines) == 1 and "]:" not in case.markdown]
    chance = random.Random(seed)
    chosen: list[Case] = []
    for case in chance.sample([case for case in alone if case.name not in without], 12):
        if sum(len(each.markdown) for each in chosen) + len(case.markdown) < LONGEST_MIXTURE:
            chosen.append(case)
    outline = f"p {BETWEEN}\n".join(case.outlines[0] for case in chosen)
    return Case(f"mixture {seed}", f"\n\n{BETWEEN}\n\n".join(case.markdown for case in chosen), (outline,))
