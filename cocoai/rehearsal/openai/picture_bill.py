"""Count the tokens that a picture or a PDF costs, by the rule of the model's family.

Newer models cut a picture into patches of 32 by 32 pixels, older ones into tiles of 512 by 512. It is written from
OpenAI's guides to images and to PDF files alone (2026-11) and shares no code with what CocoAI counts by.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cocoai.rehearsal.openai.openai_errors import bad_image
from cocoai.rehearsal.openai.picture_size import PictureSize
from cocoai.rehearsal.openai.practice_answer import tokens_of

PATCH = 32
TILE = 512
FIT = 2048
"""Pixels of the square into which most rules fit a picture first; none ever enlarges one."""
SHORT_SIDE = 768
"""Pixels of the shorter side, to which the rule of tiles reduces a picture after that."""
PAGE: PictureSize = (1240, 1754)
"""Pixels of a PDF's page as a picture: A4 at 150 dots an inch. OpenAI publishes no size (inferred)."""
MOST_TEXT = 4 * 1024 * 1024
"""Bytes to which one stream of a PDF is inflated at most."""


@dataclass(frozen=True)
class PatchLimit:
    """How far a picture is reduced: to `side` pixels, then to so many `patches`. None: not at all."""

    side: int | None = None
    patches: int | None = None


@dataclass(frozen=True)
class PatchRule:
    """Tokens by patches: their number times `factor`, rounded up. `limits` holds the limit of each detail.

    A picture that has more than `most` patches after that is refused; None: none is.
    """

    factor: Fraction
    limits: Mapping[str, PatchLimit]
    most: int | None = None


@dataclass(frozen=True)
class TileRule:
    """Tokens by tiles: `base`, and `tile` for each of them; at low detail `base` alone."""

    base: int
    tile: int


_UNREDUCED = PatchLimit()
_LOW = PatchLimit(512)
_HIGH = PatchLimit(FIT, 2_500)
_LARGE = PatchLimit(6_000, 10_000)
_OLDER = PatchLimit(FIT, 6_144)
_ALL_OLDER = {"low": _OLDER, "high": _OLDER, "auto": _OLDER, "original": _OLDER}
_SIX_FIFTHS = Fraction("1.2")

_NEWEST = PatchRule(_SIX_FIFTHS, {"low": _LOW, "high": _HIGH, "auto": _UNREDUCED, "original": _UNREDUCED}, most=30_000)
_RULES: tuple[tuple[str, PatchRule | TileRule], ...] = (
    ("gpt-5.5", PatchRule(_SIX_FIFTHS, {"low": _LOW, "high": _HIGH, "auto": _LARGE, "original": _LARGE})),
    (
        "gpt-5.4",
        PatchRule(_SIX_FIFTHS, {"low": PatchLimit(None, 6_144), "high": _HIGH, "auto": _HIGH, "original": _LARGE}),
    ),
    ("gpt-5.2", PatchRule(_SIX_FIFTHS, _ALL_OLDER)),
    ("gpt-5.1", TileRule(70, 140)),
    ("gpt-5-mini", PatchRule(Fraction("1.62"), _ALL_OLDER)),
    ("gpt-4.1-mini", PatchRule(Fraction("1.62"), _ALL_OLDER)),
    ("gpt-4o-mini", TileRule(2_833, 5_667)),
    ("gpt-4", TileRule(85, 170)),
)
"""The rule of each family by the beginning of its models' names, the longer one first; all others have `_NEWEST`."""

_PAGE_OBJECT = re.compile(rb"/Type\s*/Page\b")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_SHOWN = re.compile(rb"\(((?:[^()\\]|\\.)*)\)\s*(?:Tj|'|\")|\[((?:[^\[\]\\]|\\.)*)\]\s*TJ", re.DOTALL)
_LITERAL = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)


def picture_tokens(model: str, size: PictureSize, detail: str) -> int:
    """Return the tokens of a picture of this size in pixels; `detail` is `auto`, `low`, `high` or `original`.

    `auto` stands for a detail that was left out, too. Raise `OpenAIApiError` (400) if the picture has too many patches.
    """
    rule = next((rule for beginning, rule in _RULES if model.startswith(beginning)), _NEWEST)
    if isinstance(rule, TileRule):
        return rule.base if detail == "low" else rule.base + rule.tile * _tiles(size)
    patches = _patches(size, rule.limits[detail])
    if rule.most is not None and patches > rule.most:
        raise bad_image("image_too_large")
    return math.ceil(patches * rule.factor)


def pdf_tokens(model: str, data: bytes) -> int:
    """Return the tokens of a PDF: a picture of each page at high detail, and the text that its pages show.

    A PDF without a page that can be seen counts as one page. Text that is encoded by a font of its own (hexadecimal
    strings) is not counted.
    """
    contents = list(_contents(data))
    pages = sum(len(_PAGE_OBJECT.findall(each)) for each in contents)
    text = b" ".join(shown for each in contents for shown in _shown(each))
    return max(1, pages) * picture_tokens(model, PAGE, "high") + tokens_of(text.decode("latin-1"))


def _patches(size: PictureSize, limit: PatchLimit) -> int:
    """Return how many patches cover a picture once it is reduced to the limit."""
    longest = max(size)
    scale = Fraction(min(limit.side or longest, longest), longest)
    columns, rows = (math.ceil(side * scale / PATCH) for side in size)
    if limit.patches is None or columns * rows <= limit.patches:
        return columns * rows
    return _shrunk(size, limit.patches)


def _shrunk(size: PictureSize, allowed: int) -> int:
    """Return the patches of a picture that is shrunk until they are at most so many, and one side has whole ones.

    As OpenAI describes it, by a square root and then to the next whole patch of one side; here in whole numbers, so
    that no rounding of floats decides.
    """
    width, height = size
    columns, rows = math.isqrt(allowed * width // height), math.isqrt(allowed * height // width)
    # The side that loses more by rounding down is the one that gets whole patches.
    if columns * height <= rows * width:
        return max(1, columns) * max(1, -(-columns * height // width))
    return max(1, rows) * max(1, -(-rows * width // height))


def _tiles(size: PictureSize) -> int:
    """Return how many tiles cover a picture that is first fitted into `FIT` and then to the shorter side."""
    scale = min(Fraction(1), Fraction(FIT, max(size)))
    scale = min(scale, Fraction(SHORT_SIDE, min(size)))
    width, height = (math.ceil(side * scale / TILE) for side in size)
    return width * height


def _contents(data: bytes) -> Iterator[bytes]:
    """Yield a PDF's bytes, and each of its streams that can be inflated."""
    yield data
    for stream in _STREAM.findall(data):
        try:
            yield zlib.decompressobj().decompress(stream, MOST_TEXT)
        except zlib.error:  # it is not compressed, so it is in `data` already, or in a way that shows no text
            continue


def _shown(content: bytes) -> Iterator[bytes]:
    """Yield the literal strings that a page's content shows with the operators Tj, ', \" and TJ."""
    for one, several in _SHOWN.findall(content):
        yield one or b"".join(_LITERAL.findall(several))
