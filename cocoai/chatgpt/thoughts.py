"""Leave out what a model thinks aloud at the beginning of its answer: `<think>…</think>`, then the answer.

Open models write so where their server has no parser for it (DeepSeek R1, Qwen; Magistral as `[THINK]`). Only a tag
with which the text begins is one: later in the text, or in code, it is text. Pure; the text may be cut anywhere.
"""

from __future__ import annotations

import re

_PAIRS = {f"<{name}>": f"</{name}>" for name in ("think", "thinking", "thought", "reasoning", "seed:think")} | {
    "[think]": "[/think]",
    "\u25c1think\u25b7": "\u25c1/think\u25b7",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
}
"""What opens thoughts, and what ends them: the tags of Qwen, DeepSeek and others, of Magistral, Kimi and gpt-oss."""

_LONGEST = max(map(len, [*_PAIRS, *_PAIRS.values()]))
_BLANK = " \t\r\n\ufeff"
_OPENING = re.compile(rf"[{_BLANK}]*({'|'.join(map(re.escape, _PAIRS))})", re.IGNORECASE | re.ASCII)
_CLOSING = {tag: re.compile(re.escape(closing), re.IGNORECASE | re.ASCII) for tag, closing in _PAIRS.items()}


class ThoughtFilter:
    """Takes in the text of one answer piece by piece, and returns it without the thoughts that it begins with.

    All that follows a tag that is never closed is thoughts. `has_thought` is True once a tag was opened.
    """

    def __init__(self) -> None:
        self.has_thought = False
        self._held = ""
        self._closing: re.Pattern[str] | None = None
        self._is_passing = False

    def feed(self, text: str) -> str:
        """Return the part of the answer that `text` adds; "" if it adds none, or may still become a tag."""
        if self._is_passing or not text:
            return text
        self._held += text
        while self._closing or self._opens():
            if not self._closes():
                return ""
        if self._may_open():
            return ""
        self._is_passing = True
        return self._released()

    def end(self) -> str:
        """Return what was kept back as the possible beginning of a tag, since nothing follows."""
        return "" if self._closing else self._released()

    def _released(self) -> str:
        text, self._held = self._held, ""
        return text.lstrip(_BLANK) if self.has_thought else text

    def _opens(self) -> bool:
        """Take an opening tag off the beginning of the held text; return False if it does not begin with one."""
        found = _OPENING.match(self._held)
        if found:
            self.has_thought, self._held = True, self._held[found.end() :]
            self._closing = _CLOSING[found[1].lower()]
        return bool(found)

    def _closes(self) -> bool:
        """Drop the held thoughts up to their closing tag and return True; return False if that has not come yet."""
        found = self._closing and self._closing.search(self._held)
        if found:
            self._held, self._closing = self._held[found.end() :], None
        else:
            self._held = self._held[-_LONGEST:]  # the beginning of the closing tag may be there already
        return bool(found)

    def _may_open(self) -> bool:
        """Check whether the held text is blank, or may be the beginning of an opening tag that was cut."""
        start = self._held.lstrip(_BLANK)
        return len(start) < _LONGEST and any(tag.startswith(start.lower()) for tag in _PAIRS)
