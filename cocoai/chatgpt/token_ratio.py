"""Calibration: how many tokens a model counts for each one that is estimated (conversation.py), learned from its bills.

Kept in one small file, so that every process knows what another has learned. It is a matter of money, not of truth: a
file that is lost, odd or cannot be written costs nothing but the learning.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from cocoai.engine.process.replace_file import CachedFile

if TYPE_CHECKING:
    from cocoai.chatgpt.stream import Usage

LEAST, MOST = 0.25, 4.0
"""No language is further off than that; a server that counts otherwise counts something else."""

_WORTH_IT = 0.05
"""A change by less than this part is not written."""

_WEIGHT = 0.5
"""Of what was seen last. Bigger than `_WORTH_IT` by far, for what is not written is not remembered."""

_MOST_MODELS = 50


class TokenRatio:
    """`path` is the file; models go by the names that they are asked under."""

    def __init__(self, path: str) -> None:
        self._file = CachedFile(path)

    def ratio(self, model: str) -> float:
        """Tokens counted for one estimated, `LEAST` to `MOST`; 1.0 as long as it is unknown."""
        return self._read().get(model, 1.0)

    def learn(self, model: str, estimated: int, usage: Usage) -> None:
        """`usage` was billed for what had been `estimated`; nothing can be learned from none."""
        if estimated <= 0 or usage.prompt_tokens <= 0:
            return
        ratios = self._read()
        known = ratios.pop(model, None)
        seen = min(MOST, max(LEAST, usage.prompt_tokens / estimated))
        learned = seen if known is None else known + (seen - known) * _WEIGHT
        if abs(learned - (known or 1.0)) > _WORTH_IT * (known or 1.0):
            self._write({**ratios, model: round(learned, 3)})

    def _read(self) -> dict[str, float]:
        ratios = self._file.read_json()
        return {model: ratio for model, ratio in ratios.items() if _is_ratio(ratio)} if isinstance(ratios, dict) else {}

    def _write(self, ratios: dict[str, float]) -> None:
        """Replace the file; the models that were learned last are kept."""
        with contextlib.suppress(OSError):
            self._file.write_json(dict(list(ratios.items())[-_MOST_MODELS:]))


def _is_ratio(value: object) -> bool:
    return isinstance(value, (int, float)) and LEAST <= value <= MOST
