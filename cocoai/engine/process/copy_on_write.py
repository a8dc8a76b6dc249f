"""Immortal objects: whose references are not counted, so that a forked child does not write into what it only reads.

Every use of an object counts its references up and down again. That is a write, and a write into memory shared with
the parent costs a copy of the page: half of what a job process had to itself were such copies, with the same bytes in
them at the end as at the beginning. An interpreter from 3.12 on leaves the count of an object alone once it is that of
an immortal (PEP 683). It has these for itself, None and such; here all that the master has made before its first fork
joins them, since it lives as long as the master does. Nothing of it is ever freed; all else is as before.
"""

from __future__ import annotations

import gc
import os
import sys
import types
from collections.abc import Iterator

ENDLESS = 0xFFFFFFFF
"""An immortal's count: Include/object.h, _Py_IMMORTAL_REFCNT on 64 bits. The lower half of 8 bytes."""

TRIED = frozenset({(3, 12), (3, 13)})
"""Versions that have immortals and count like this. Any other is left alone."""

RUNNING = (types.FrameType, types.GeneratorType)
"""What is to end, and to free what it holds."""


def is_possible() -> bool:
    """Whether this interpreter knows immortals in the way that is known here."""
    is_like_that = sys.implementation.name == "cpython" and sys.version_info[:2] in TRIED
    # Without the global lock, the count is another thing.
    return is_like_that and sys.maxsize > ENDLESS and bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def make_all_immortal() -> int:
    """All that there is now, but for what is running. Returns how many; 0 where it is not possible.

    `OSError`: the kernel does not let us write our own memory.
    """
    if not is_possible():
        return 0
    memory = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
    try:
        # The collector knows all that can hold others; what cannot is found below it.
        return sum(_make_immortal(each, memory) for each in gc.get_objects() if not isinstance(each, RUNNING))
    finally:
        os.close(memory)


def _make_immortal(top: object, memory: int) -> int:
    """This one, and what it holds that the collector does not know. No list of them all is kept: it would be large."""
    made = 0
    waiting = [top]
    while waiting:
        each = waiting.pop()
        # In CPython an object's id is its address, and its count stands first.
        os.pwrite(memory, ENDLESS.to_bytes(4, sys.byteorder), id(each))
        made += 1
        waiting += [part for part in _parts(each) if not gc.is_tracked(part) and sys.getrefcount(part) < ENDLESS]
    return made


def _parts(whole: object) -> Iterator[object]:
    """What an object refers to. Into code the collector does not look."""
    yield from gc.get_referents(whole)
    if isinstance(whole, types.CodeType):
        yield from (whole.co_consts, *whole.co_consts, whole.co_names, *whole.co_names, whole.co_linetable)
        yield from (whole.co_filename, whole.co_name, whole.co_qualname, whole.co_exceptiontable)
