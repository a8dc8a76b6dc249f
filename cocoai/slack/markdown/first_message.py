"""FirstMessage: what the first message holds of rendered lines that come bit by bit.

Lines that stay as they are are joined and counted once. It knows no rendering.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cocoai.slack.markdown.split import EMPTY, MessageLimits, RenderedLine, fill, join_groups


class FirstMessage:
    """The first message of a text that grows at its end: as many whole lines as fit into `limits`.

    `close_line`, if there is one, closes the beginning of the next line, which is then shown too. No break is looked
    for, so nothing that is shown is taken back later.
    """

    def __init__(self, limits: MessageLimits, close_line: Callable[[str], str] | None = None) -> None:
        self._limits = limits
        self._close_line = close_line
        self._texts: list[str] = []
        self._filling = EMPTY
        self._full: str | None = None

    @property
    def is_full(self) -> bool:
        """Return True if further lines change nothing."""
        return self._full is not None

    def add(self, lines: Sequence[RenderedLine]) -> None:
        """Add lines that stay as they are, whatever comes behind them. The next ones are of other blocks."""
        if self._full is not None:
            return
        count, self._filling = fill(lines, self._limits, self._filling)
        if count < len(lines):
            self._full = self._join(lines, count)
        else:
            self._texts = ["\n".join([*self._texts, *join_groups(lines, is_first=not self._texts)])] if lines else []

    def text_with(self, lines: Sequence[RenderedLine]) -> str:
        """Return the message's text if these lines come behind those that were added."""
        if self._full is not None:
            return self._full
        return self._join(lines, fill(lines, self._limits, self._filling)[0])

    def _join(self, lines: Sequence[RenderedLine], count: int) -> str:
        """Return the text of the message with `count` of the lines, and with the beginning of the next one."""
        texts = [*self._texts, *join_groups(lines[:count], is_first=not self._texts)]
        text = "\n".join(texts).strip("\n")
        if self._close_line is None or count == len(lines) or lines[count].wrapper:
            return text
        beginning = self._close_line(lines[count].text[: self._limits.characters - len(text)])
        return "\n".join([*texts, beginning]).strip("\n")
