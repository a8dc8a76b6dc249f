"""The corpus: Markdown as current models write it, in cases/*.md, each case with its structure as a person means it.

A file has `=== NAME`, the text, `===>`, and its outline (outline.py). Where several renderings are right, each has an
outline of its own.
"""

from __future__ import annotations

import re
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
