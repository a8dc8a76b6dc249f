"""Immortals: made in a process of its own each time, since it cannot be undone. Pure, so that each Python tries it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cocoai.engine.process.copy_on_write import is_possible

pytestmark = pytest.mark.pure

needed = pytest.mark.skipif(not is_possible(), reason="this Python has no immortals of the kind that is known")

BEGINNING = """
import gc, sys
from cocoai import app  # as much as the pool has
from cocoai.engine.process.copy_on_write import ENDLESS, make_all_immortal

class Holder:
    def __init__(self):
        self.word = "".join(["a ", "word ", "of its own"])
        self.pair = (object(), [object()])

holder = Holder()
made = make_all_immortal()
"""


def run(code: str) -> str:
    """What the code prints in a process of its own, which must end in good order."""
    done = subprocess.run([sys.executable, "-c", BEGINNING + code], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


@needed
def test_all_that_there_was_is_immortal() -> None:
    """Objects, what they hold, code and its constants: none is counted any more."""
    code = """
code = Holder.__init__.__code__
parts = [holder, holder.word, holder.pair[0], holder.pair[1][0], code, code.co_consts]
print(made > 10_000, {sys.getrefcount(each) for each in parts} == {ENDLESS})
"""

    assert "True True\n" == run(code)


@needed
def test_what_comes_later_is_counted_and_freed() -> None:
    """Only what was there before is kept for ever."""
    code = """
import weakref
class Later: pass
later = Later()
gone = weakref.ref(later)
del later
print(gone() is None, sys.getrefcount(object()) < 10)
"""

    assert "True True\n" == run(code)


@needed
def test_a_forked_child_works_and_both_end_in_good_order() -> None:
    """Collecting, raising, importing and changing what is immortal, in parent and child, then the usual end."""
    code = """
import os
def work():
    holder.word = holder.word.upper()
    holder.pair[1].append({"new": [1.5] * 1000})
    try:
        raise ValueError(holder.word)
    except ValueError as error:
        words = str(error)
    import colorsys, json
    json.loads(json.dumps({words: list(range(1000))}))
    gc.freeze(); gc.collect()
    return words
if not os.fork():
    work()
    sys.exit(0)
print(work(), os.wait()[1])
"""

    assert "A WORD OF ITS OWN 0\n" == run(code)


def test_an_interpreter_that_is_not_known_is_left_alone() -> None:
    """None is made where it is not possible."""
    code = "print(made > 0)\n"

    assert f"{is_possible()}\n" == run(code)
