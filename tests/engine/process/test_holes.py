"""The holes among small objects: where a new object comes to lie."""

from __future__ import annotations

import sys

import pytest

from cocoai.engine.process import holes

pytestmark = pytest.mark.pure

SIZES = [112, 240, 496]
"""Such as nobody else is likely to make just then."""


def new(size: int, number: int) -> list[bytes]:
    """So many objects of this size."""
    return [bytes(size - sys.getsizeof(b"")) for _ in range(number)]


def with_holes(size: int) -> tuple[list[bytes], set[int]]:
    """Fifty living objects of this size, and the places between them."""
    holes.fill()  # those that were there before
    living = new(size, 100)
    free = {id(each) for each in living[::2]}
    del living[::2]
    return living, free


@pytest.mark.parametrize("size", SIZES)
def test_what_is_made_behind_it_lies_together(size: int) -> None:
    """Not in the places that were left free between what lives: side by side, in a pool that nobody has used."""
    living, free = with_holes(size)

    holes.fill()
    made = new(size, 5)
    addresses = {id(each) for each in made}

    assert 50 == len(living)
    assert set() == free & addresses
    assert 1 == len({address // holes.POOL for address in addresses})


@pytest.mark.parametrize("size", SIZES)
def test_without_it_they_are_filled_by_whoever_comes_next(size: int) -> None:
    """What this is against; and so the test above can fail."""
    living, free = with_holes(size)

    made = new(size, 5)

    assert 50 == len(living)
    assert free & {id(each) for each in made}
