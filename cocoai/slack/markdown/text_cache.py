"""text_cache(): a cache of results for texts of an answer, which forget_texts() empties.

While an answer grows, most of its lines are laid out again and again as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

Cached = TypeVar("Cached", bound=Callable[..., Any])

_CACHES: list[Any] = []


def text_cache(maxsize: int) -> Callable[[Cached], Cached]:
    """Return a decorator that keeps the last `maxsize` results of a function, as lru_cache() does."""

    def decorate(function: Cached) -> Cached:
        cached = lru_cache(maxsize)(function)
        _CACHES.append(cached)
        return cast("Cached", cached)

    return decorate


def forget_texts() -> None:
    """Empty the caches of all functions so decorated: a process that waits keeps no words of anybody."""
    for cached in _CACHES:
        cached.cache_clear()
