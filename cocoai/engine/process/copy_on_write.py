"""Prepare the master's memory before it forks, so that its children share most of its pages and copy few of them.

| | at rest | 4 jobs in flight | a job's own |
| --- | --- | --- | --- |
| with all measures | 36.0 | 47.8 | 2.9 |
| without immortal objects | 38.8 | 60.5 | 5.4 |
| without `gc.freeze`, where each job collects once (with it: 36.3, 48.7, 3.0) | 35.9 | 73.3 | 9.3 |
| without the warm-up: each child learns what the master could have known | 36.0 | 53.8 | 4.4 |
| without the one TLS context for all connections | 40.0 | 63.8 | 4.7 |

MiB of PSS, nginx and the whole pool with 2 workers, CPython 3.12.1 (bench/README.md). Immortal objects and gc.freeze
are here; the warm-up and the TLS context are the application's.

Immortal objects. Every use of an object counts its references up and down again: a write, and a write into a page
shared with the parent copies the page. Half of what a job process had to itself were such copies, with the same bytes
in them at the end as at the beginning. From 3.12 on CPython leaves the count of an immortal object alone (PEP 683). It
has these for itself, None and such; here all that the master has made joins them, since it lives as long as the
master. Nothing of it is ever freed; all else is as before.

This writes into the interpreter's own objects, so it is tried first on one object of our own, and left alone where the
interpreter does not behave as expected.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import sysconfig
import types
from collections.abc import Iterator

COUNT_BYTES, WORD_BYTES = 4, 8
"""An object begins with a word of 8 bytes, whose lower half is its reference count (Include/refcount.h)."""

ALL_ONES = 0xFFFFFFFF

HEADROOM = 0x10000
"""References that may still be dropped from an immortal object before it is counted again."""

RUNNING = (types.FrameType, types.GeneratorType)
"""Objects that are to end, and to free what they hold."""

REFERENCES = 1000
"""How many references to the object of the trial are taken and dropped."""

_trial: list[object] = [object()]
"""The one object on which it is tried. It stays: freed with a count that is not true, it could be freed twice."""

log = logging.getLogger(__name__)


class NotImmortal(Exception):
    """This interpreter's objects cannot be made immortal; the text says why."""


def freeze_memory(*, immortals: bool = True) -> str:
    """Collect garbage, make every object that exists immortal, and keep the collector off them: call it before forks.

    Without `immortals` the second step is left out. Return `on`, or `off: REASON` if objects were not made immortal:
    then children take more memory, and all works.
    """
    gc.collect()
    outcome = _share() if immortals else "off: by setting"
    gc.freeze()
    return outcome


def _share() -> str:
    """Try to make all objects immortal; return `on`, or `off: REASON`. Log it if the kernel forbids it."""
    try:
        make_all_immortal()
    except NotImmortal as error:
        return f"off: {error}"
    except OSError as error:  # a container may forbid it
        log.warning("memory outcome=counted reason=%s", error)
        return f"off: {error.strerror}"
    return "on"


def make_all_immortal() -> int:
    """Make every object that exists now immortal, except running frames and generators; return the number of objects.

    Raise NotImmortal if this interpreter does not behave as expected, OSError if the kernel does not let a process
    write its own memory. Nothing but the object of the trial, `_trial`, has been changed then.
    """
    check_interpreter()
    memory = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
    try:
        mark = immortal_count(memory)
        check_by_trial(mark, memory)
        return _make_immortal(gc.get_objects(), mark, memory)
    finally:
        os.close(memory)


def check_interpreter() -> None:
    """Raise NotImmortal if this interpreter is known to lay out its objects in another way than expected here.

    That is so for another Python than CPython, one before 3.12, builds without the global lock or with traced
    references, and big-endian or 32-bit machines.
    """
    if sys.implementation.name != "cpython" or sys.version_info < (3, 12):
        raise NotImmortal("this Python counts every reference")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        raise NotImmortal("this Python has no global lock")
    if hasattr(sys, "getobjects"):
        raise NotImmortal("this Python traces references")
    if sys.byteorder == "big" or sys.maxsize < 1 << 32:
        raise NotImmortal("this machine's words are laid out in another way")


def immortal_count(memory: int) -> bytes:
    """Return the 4 bytes that mark an object as immortal: the reference count of None, plus headroom.

    `memory` is a descriptor of /proc/self/mem. None's count is 0xFFFFFFFF in 3.12 and 3.13, which have no headroom and
    need none, and 0xC0000000 from 3.14 on.
    """
    # From 3.14 on a frame that took a reference while the object was mortal drops it without a look at the count:
    # below None's count every further reference would be counted again. 0xFFFFFFFF would be worse: it becomes 0 soon.
    count = int.from_bytes(os.pread(memory, COUNT_BYTES, id(None)), sys.byteorder)
    return min(count + HEADROOM, ALL_ONES).to_bytes(COUNT_BYTES, sys.byteorder)


def check_by_trial(mark: bytes, memory: int) -> None:
    """Write the count `mark` into one object of our own, and check that the interpreter leaves it alone from then on.

    `memory` is a descriptor of /proc/self/mem. Raise NotImmortal if the object's first word does not count references
    before, or does not stay the same afterwards.
    """
    count, upper_half = _word(memory)
    if upper_half != 0 or _word_while_held(memory) != (count + REFERENCES, 0) or _word(memory) != (count, 0):
        raise NotImmortal("its reference counts are not where they should be")
    # The object is fetched from the list each time, for a frame's own reference to it would stay that to a mortal one.
    os.pwrite(memory, mark, id(_trial[0]))
    expected = (int.from_bytes(mark, sys.byteorder), 0)
    if _word_while_held(memory) != expected or _word(memory) != expected:
        raise NotImmortal("it counts the references of an object marked as immortal")
    if sys.getrefcount(_trial[0]) < sys.getrefcount(None):
        raise NotImmortal("it does not take a marked object for immortal")


def _word(memory: int) -> tuple[int, int]:
    """Return the two halves of the trial object's first word: its reference count, and what should be 0."""
    word = os.pread(memory, WORD_BYTES, id(_trial[0]))  # in CPython an object's id is its address
    return int.from_bytes(word[:COUNT_BYTES], sys.byteorder), int.from_bytes(word[COUNT_BYTES:], sys.byteorder)


def _word_while_held(memory: int) -> tuple[int, int]:
    """Return what `_word` returns while a list holds REFERENCES more references to the object, taken one by one."""
    held = [_trial[0] for _ in range(REFERENCES)]
    word = _word(memory)
    held.clear()
    return word


def _make_immortal(tracked: list[object], mark: bytes, memory: int) -> int:
    """Write the count `mark` into every object in `tracked` and all they refer to; return the number of objects.

    `tracked` are the objects that the collector knows; those below them that it does not know, such as texts, are
    reached through them. Running frames and generators, and what frames hold (`_held_by_frames`), are left out.
    """
    in_use = _held_by_frames(tracked)
    endless = sys.getrefcount(None)
    made = 0
    for top in tracked:
        # No list of all of them is kept: it would be large, and lie between them.
        waiting = [] if isinstance(top, RUNNING) else [top]
        while waiting:
            each = waiting.pop()
            if id(each) not in in_use:
                os.pwrite(memory, mark, id(each))
                made += 1
            waiting += [part for part in _parts(each) if not gc.is_tracked(part) and sys.getrefcount(part) < endless]
    return made


def _held_by_frames(tracked: list[object]) -> frozenset[int]:
    """Return the ids of the objects that running and waiting frames hold; an empty set before Python 3.14.

    From 3.14 on a frame remembers that it took a reference to a mortal object, and goes on counting it without a look.
    Before, every count is looked at first.
    """
    if sys.version_info < (3, 14):
        return frozenset()
    waiting = [each for each in tracked if isinstance(each, types.GeneratorType)]
    held = {id(part) for generator in waiting for part in gc.get_referents(generator)}
    frame: types.FrameType | None = sys._getframe()  # noqa: SLF001 (the only way to all frames below)
    while frame is not None:
        if frame.f_locals is not frame.f_globals:  # a module's variables are in a dict, which counts as any other
            held.update(map(id, frame.f_locals.values()))
        frame = frame.f_back
    return frozenset(held)


def _parts(whole: object) -> Iterator[object]:
    """Yield the objects that `whole` refers to; for a code object also its constants, names and tables.

    The collector does not look into code objects.
    """
    yield from gc.get_referents(whole)
    if isinstance(whole, types.CodeType):
        yield from (whole.co_consts, *whole.co_consts, whole.co_names, *whole.co_names, whole.co_linetable)
        yield from (whole.co_filename, whole.co_name, whole.co_qualname, whole.co_exceptiontable)
