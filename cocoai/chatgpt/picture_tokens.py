"""How many tokens a model counts for a picture, before it is sent. Pure.

There are two rules. Newer models cover the picture with patches of 32 pixels, older ones with tiles of 512; both shrink
it first. Source: OpenAI's guide to images and vision, whose examples the tests hold. OpenAI's count can differ by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Literal

from cocoai.chatgpt.image_size import image_size

Detail = Literal["low", "high", "auto"]
"""The detail that a request asks for; `auto` is also what a request without it gets."""

_PATCH, _TILE = 32, 512
"""Pixels of a patch's and of a tile's side."""

_BOX, _SHORT_SIDE = 2048, 768
"""Pixels of the square into which a picture is shrunk, and of its shorter side once it is covered with tiles."""

_MOST_TILES = (_BOX // _TILE) * -(-_SHORT_SIDE // _TILE)

_THOUSAND = 1000


@dataclass(frozen=True)
class _Patches:
    """The limits of one detail of one family: pixels of the longer side (0: no limit), and patches.

    Each patch costs `factor` / 1000 tokens.
    """

    side: int
    patches: int
    factor: int = 1200

    def tokens(self, width: int, height: int) -> int:
        longer = max(width, height)
        side = min(longer, self.side or longer)
        across, down = (-(-length * side // (longer * _PATCH)) for length in (width, height))
        if across * down > self.patches:
            across, down = self._shrunk(width, height)
        return self._priced(min(self.patches, across * down))

    def most(self) -> int:
        return self._priced(self.patches)

    def _shrunk(self, width: int, height: int) -> tuple[int, int]:
        """Return the patches across and down of the largest picture of these proportions within the limit.

        One of its sides is a whole number of patches. Of a picture thinner than a patch they can be more.
        """
        # A picture of a * b patches has these proportions and fills the limit, before either is rounded down.
        across, down = (max(1, isqrt(self.patches * a // b)) for a, b in ((width, height), (height, width)))
        if across * height <= down * width:
            return across, -(-across * height // width)
        return -(-down * width // height), down

    def _priced(self, patches: int) -> int:
        return -(-patches * self.factor // _THOUSAND)


@dataclass(frozen=True)
class _Tiles:
    """The tokens of a picture whatever its size, and those of each tile that covers it; 0 with low detail."""

    base: int
    tile: int

    def tokens(self, width: int, height: int) -> int:
        # The exact size after both steps is length * part / whole.
        longer, shorter = max(width, height), min(width, height)
        part, whole = min(longer, _BOX), longer
        if shorter * part > _SHORT_SIDE * whole:
            part, whole = _SHORT_SIDE, shorter
        across, down = (-(-length * part // (whole * _TILE)) for length in (width, height))
        return self.base + across * down * self.tile

    def most(self) -> int:
        return self.base + _MOST_TILES * self.tile


_Rule = _Patches | _Tiles
_Rules = Mapping[Detail, _Rule]


def _same(rule: _Rule) -> _Rules:
    return {"low": rule, "high": rule, "auto": rule}


def _tiled(base: int, tile: int) -> _Rules:
    return {"low": _Tiles(base, 0), "high": _Tiles(base, tile), "auto": _Tiles(base, tile)}


_LOW, _HIGH = _Patches(_TILE, 256), _Patches(_BOX, 2500)

_FAMILIES: tuple[tuple[str, _Rules], ...] = (
    (r"gpt-6(\.[0-9]+)?-[a-z]+|gpt-5\.6(-[a-z]+)?", {"low": _LOW, "high": _HIGH, "auto": _Patches(0, 30_000)}),
    (r"gpt-5\.5|chat-latest", {"low": _LOW, "high": _HIGH, "auto": _Patches(6000, 10_000)}),
    (r"gpt-5\.4(-mini|-nano)?", {"low": _Patches(0, 6144), "high": _HIGH, "auto": _HIGH}),
    (r"gpt-5\.2", _same(_Patches(_BOX, 6144))),
    (r"gpt-4\.1-mini", _same(_Patches(_BOX, 6144, factor=1620))),
    (r"gpt-5\.1", _tiled(70, 140)),
    (r"gpt-4o|gpt-4\.1", _tiled(85, 170)),
    (r"gpt-4o-mini", _tiled(2833, 5667)),
)
"""The rules by the model's whole name, without its date."""

_DATE = r"(-[0-9]{4}-[0-9]{2}-[0-9]{2})?"


def picture_tokens(model: str, data: bytes, detail: Detail) -> int:
    """Return the tokens that `model` counts for the picture in `data`, at most.

    If its size cannot be read, that is the most of any size; if the model is unknown, the most of any model.
    """
    rules = next((rules for names, rules in _FAMILIES if re.fullmatch(f"({names}){_DATE}", model)), None)
    if rules is None:
        return max(each[detail].most() for _, each in _FAMILIES)
    size = image_size(data)
    return rules[detail].most() if size is None else rules[detail].tokens(*size)
