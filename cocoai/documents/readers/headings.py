"""Headings: keeps under which headings a text stands, for the formats that have levels of them."""

from __future__ import annotations

MOST_CHARACTERS = 100
"""Characters of one heading that are kept: a longer one is a paragraph in a heading's clothes."""


class Headings:
    """The headings, from the outermost, under which a document's next paragraph stands."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, text: str) -> None:
        """Open a heading of this level; it ends all of the same and of inner levels. An empty text only ends them."""
        self._open = [(each, heading) for each, heading in self._open if each < level]
        if text := " ".join(text.split())[:MOST_CHARACTERS]:
            self._open.append((level, text))

    def __str__(self) -> str:
        """Return all open headings, such as `Leave > How to ask for it`; "" if there is none."""
        return " > ".join(heading for _, heading in self._open)
