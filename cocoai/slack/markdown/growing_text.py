"""GrowingText: renders the first message of an answer again and again while the model writes it.

What no later text changes is parsed and rendered once: the chunks (repairs.py) before the last one. Each rendering is
the very one that the whole text, rendered anew, would give.
"""

from __future__ import annotations

from cocoai.slack.markdown.block_parser import MarkdownBlock, normalize_markdown
from cocoai.slack.markdown.first_message import FirstMessage
from cocoai.slack.markdown.partial import close_line, hold_back_table_start, unfinished_blocks
from cocoai.slack.markdown.repairs import link_labels, repaired_chunks, split_chunks
from cocoai.slack.markdown.split import MessageLimits
from cocoai.slack.markdown.to_markdown_block import LIMITS, markdown_lines
from cocoai.slack.markdown.to_mrkdwn import break_pings, mrkdwn_lines

_LOOKED_AT = 3
"""Characters behind an empty line that decide whether a chunk ends there."""


class GrowingText:
    """A text that grows at its end, as mrkdwn within `mrkdwn_limits`, and as Markdown if `is_markdown`.

    No line of mrkdwn is longer than `most_in_line`. Only the first `most` characters of the text are looked at.
    """

    def __init__(self, most: int, most_in_line: int, mrkdwn_limits: MessageLimits, *, is_markdown: bool) -> None:
        self._most = most
        self._most_in_line = most_in_line
        self._mrkdwn_limits = mrkdwn_limits
        self._is_markdown = is_markdown
        self._begin()

    def render(self, markdown: str) -> tuple[str, str]:
        """Return the first message of the text as mrkdwn, and as Markdown, which is "" unless `is_markdown`.

        It is faster if the last text was the beginning of this one.
        """
        beginning = markdown[: self._most]
        if beginning != self._source:
            self._take(beginning)
            self._shown = self._render()
        return self._shown

    def _begin(self) -> None:
        """Forget all text."""
        self._source = ""
        self._shown = "", ""
        # The text, normalized and without pings, up to the end of its last line but one; then the last line, in which
        # what is no ping yet may become one.
        self._lines = ""
        self._last_line = ""
        self._begin_rendering(frozenset())

    def _begin_rendering(self, labels: frozenset[str]) -> None:
        """Forget what was rendered."""
        self._labels = labels
        self._closed = 0  # so many characters of `_lines` are rendered for good
        self._mrkdwn = FirstMessage(self._mrkdwn_limits)
        self._markdown = FirstMessage(LIMITS, close_line)

    def _take(self, source: str) -> None:
        """Take in the text, or what has been added to it."""
        if not source.startswith(self._source) or "\r" in source:
            self._begin()
        self._last_line += normalize_markdown(source[len(self._source) :])
        self._source = source
        lines, line_feed, self._last_line = self._last_line.rpartition("\n")
        self._lines += break_pings(lines + line_feed)

    def _render(self) -> tuple[str, str]:
        labels = link_labels(self._lines)  # the last line may define half an address
        if labels != self._labels:
            self._begin_rendering(labels)
        if self._is_full():
            return self._shown_with([])
        last_line = break_pings(self._last_line)
        chunks = split_chunks(self._lines[self._closed :] + last_line, labels)
        if len(chunks) > 1 and len(chunks[-1]) >= _LOOKED_AT and self._close(repaired_chunks(chunks[:-1], labels)):
            del chunks[:-1]
            self._closed = len(self._lines) + len(last_line) - len(chunks[0])
        return self._shown_with([] if self._is_full() else unfinished_blocks(chunks, labels))

    def _is_full(self) -> bool:
        return self._mrkdwn.is_full and (self._markdown.is_full or not self._is_markdown)

    def _close(self, blocks: list[MarkdownBlock]) -> bool:
        """Render blocks for good; return False if a later text may hold some of them back."""
        if len(hold_back_table_start(blocks)) < len(blocks):
            return False
        if not self._mrkdwn.is_full:
            self._mrkdwn.add(mrkdwn_lines(blocks, self._most_in_line))
        if self._is_markdown:
            self._markdown.add(markdown_lines(blocks))
        return True

    def _shown_with(self, blocks: list[MarkdownBlock]) -> tuple[str, str]:
        """Return both renderings, with these blocks behind those that were rendered for good."""
        mrkdwn = self._mrkdwn.text_with([] if self._mrkdwn.is_full else mrkdwn_lines(blocks, self._most_in_line))
        return mrkdwn, self._markdown.text_with(markdown_lines(blocks)) if self._is_markdown else ""
