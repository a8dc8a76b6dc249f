"""Cut bytes as the network might."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise


def cut(raw: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut the bytes at these places, which are taken modulo their number."""
    bounds = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    return [raw[start:end] for start, end in pairwise(bounds)]
