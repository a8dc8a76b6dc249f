"""Learn how many tokens a model counts for each one that CocoAI estimates (conversation.py), from its reported usage.

The ratios are kept in one small file, so that every process knows what another has learned. They only affect the cost:
if the file is lost, odd or cannot be written, nothing but the learning is lost.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cocoai.engine.process.replace_file import CachedFile

if TYPE_CHECKING:
    from cocoai.chatgpt.chunk import Usage

LEAST, MOST = 0.25, 4.0
"""Limits of a ratio. No language is further off; a server beyond them counts something other than tokens."""

_MIN_CHANGE = 0.05
"""The fraction by which a ratio must change to be written."""

_WEIGHT = 0.5
"""The weight of the last observation: far above `_MIN_CHANGE`, since a change that is not written is forgotten."""

_MAX_MODELS = 50
"""Ratios that are kept; beyond that the one that has not changed for longest is dropped."""


class TokenRatio:
    """The ratios in the file at `path`, by the names under which the models are requested."""

    def __init__(self, path: str) -> None:
        self._file = CachedFile(path)

    def ratio(self, model: str) -> float:
        """Return the tokens that the model counts for an estimated one, `LEAST` to `MOST`; 1.0 if that is unknown."""
        return self._read().get(model, 1.0)

    def learn(self, model: str, estimated: int, usage: Usage) -> None:
        """Move the model's ratio towards that of one reply, whose `usage` was billed for `estimated` tokens.

        The file is written only if the ratio changes by more than _MIN_CHANGE. Do nothing if either number is 0.
        """
        if estimated <= 0 or usage.prompt_tokens <= 0:
            return
        ratios = self._read()
        known = ratios.pop(model, None)  # it is added again as the last, that is, the newest one
        seen = min(MOST, max(LEAST, usage.prompt_tokens / estimated))
        learned = seen if known is None else known + (seen - known) * _WEIGHT
        if abs(learned - (known or 1.0)) > _MIN_CHANGE * (known or 1.0):
            self._write({**ratios, model: round(learned, 3)})

    def _read(self) -> dict[str, float]:
        """Return each model's ratio, without those out of bounds; {} if the file is missing or holds no JSON object."""
        ratios = self._file.read_json()
        return {model: ratio for model, ratio in ratios.items() if _is_ratio(ratio)} if isinstance(ratios, dict) else {}

    def _write(self, ratios: dict[str, float]) -> None:
        """Replace the file, keeping the _MAX_MODELS ratios that changed last; do nothing if it cannot be written."""
        with contextlib.suppress(OSError):
            self._file.write_json(dict(list(ratios.items())[-_MAX_MODELS:]))


def _is_ratio(value: object) -> bool:
    return isinstance(value, (int, float)) and LEAST <= value <= MOST
