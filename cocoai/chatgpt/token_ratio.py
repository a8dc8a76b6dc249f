"""Calibration: how many tokens a model counts for each one that is estimated (conversation.py), learned from its bills.

Kept in one small file, so that every process knows what another has learned. It is a matter of money, not of truth: a
file that is lost, odd or cannot be written costs nothing but the learning.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

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
        self._path = path

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
        try:
            with open(self._path, encoding="utf-8") as file:
                told = json.load(file)
        except (OSError, ValueError, RecursionError):
            return {}
        return {model: ratio for model, ratio in told.items() if _is_ratio(ratio)} if isinstance(told, dict) else {}

    def _write(self, ratios: dict[str, float]) -> None:
        """Replace the file at once; the newest models are kept."""
        unfinished = f"{self._path}.{os.getpid()}"
        newest = dict(list(ratios.items())[-_MOST_MODELS:])
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(newest, file)
            os.replace(unfinished, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)


def _is_ratio(value: object) -> bool:
    return isinstance(value, (int, float)) and LEAST <= value <= MOST
