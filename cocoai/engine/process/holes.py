"""Holes: free places among the small objects that the master has made, filled before it forks.

Python keeps small objects of one size together, in pools of 16 KiB, and puts a new one into a pool that is half used if
there is one (Objects/obmalloc.c). Of those the master leaves some in each of its pages that hold objects, all shared
with its children; and every page into which a child puts one object is copied for it. With the holes filled, what a
child makes lies close together in pages that nobody has used. Filling them takes no page: they are there already.
"""

from __future__ import annotations

from collections.abc import Callable

POOL, HEAD = 16 * 1024, 48
"""Bytes of a pool, and of what stands before its first object."""

SIZES = range(16, 512 + 1, 16)
"""Bytes: all else is no small object, and lies elsewhere."""

ENOUGH = 32 * 1024
"""Bytes with which no size's holes are filled any further: as many as were ever seen. An allocator that is not known
here must not be fed without end; and of 32 bytes are the very addresses that are looked at here, so that no three such
objects lie side by side."""

_EMPTY_BYTES = 33

_filling: list[object] = []


def fill() -> int:
    """Fill them for as long as this process and its children live. Returns how many objects that took."""
    before = len(_filling)
    for size in SIZES:
        _filling.extend(_filling_of(size))
    return len(_filling) - before


def _filling_of(size: int) -> list[object]:
    """New objects of this size, until they come out of a pool that nobody uses."""
    make = _maker(size)
    made: list[object] = []
    for _ in range(ENOUGH // size):
        made.append(make())
        if _are_first(sorted(id(each) for each in made[-3:]), size):
            return made[:-3]
    return made


def _maker(size: int) -> Callable[[], object]:
    """Something that makes an object of this size which refers to no other."""
    # A float has 24 bytes; one that is made of text is always new, as bytes are of which there are some.
    makers: dict[int, Callable[[], object]] = {16: object, 32: lambda: float("0.5")}
    return makers.get(size, lambda: bytes(size - _EMPTY_BYTES))


def _are_first(addresses: list[int], size: int) -> bool:
    """Whether these three are the first in their pool, side by side."""
    first = addresses[0]
    return first % POOL == HEAD and addresses == [first, first + size, first + 2 * size]
