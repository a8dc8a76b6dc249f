"""Memory before a fork: immortal objects, in a process of their own each time, since it cannot be undone.

The tests are pure, so that each Python that is found tries them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from cocoai.engine.process.copy_on_write import NotImmortal, check_interpreter

pytestmark = pytest.mark.pure


def is_possible() -> bool:
    """Check whether this interpreter has immortal objects of the kind that is known."""
    try:
        check_interpreter()
    except NotImmortal:
        return False
    return True


needed = pytest.mark.skipif(not is_possible(), reason="this Python has no immortals of the kind that is known")

BEGINNING = """
import gc, sys
from cocoai import app  # as much as the pool has
from cocoai.engine.process.copy_on_write import freeze_memory, make_all_immortal

class Holder:
    def __init__(self):
        self.word = "".join(["a ", "word ", "of its own"])
        self.pair = (object(), [object()])

holder = Holder()
"""

IMMORTAL = BEGINNING + "made = make_all_immortal()\n"


def run(code: str) -> str:
    """Run the code in a process of its own, which must end in good order; return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


@needed
def test_all_objects_that_existed_are_immortal() -> None:
    """No object, nothing that one holds, no code and none of its constants is counted any more."""
    code = """
code = Holder.__init__.__code__
parts = [holder.word, holder.pair[0], holder.pair[1][0], code, code.co_consts, Holder, Holder.__dict__["__init__"]]
print(made > 10_000, min(sys.getrefcount(each) for each in parts) >= sys.getrefcount(None))
"""

    assert "True True\n" == run(IMMORTAL + code)


@needed
def test_a_later_object_is_counted_and_freed() -> None:
    """Only what existed before is kept for ever."""
    code = """
import weakref
class Later: pass
later = Later()
gone = weakref.ref(later)
del later
print(gone() is None, sys.getrefcount(object()) < 10)
"""

    assert "True True\n" == run(IMMORTAL + code)


@needed
def test_a_forked_child_works_and_both_end_in_good_order() -> None:
    """Parent and child collect, raise, import and change what is immortal, then end as usual."""
    code = """
import os
def work():
    holder.word = holder.word.upper()
    holder.pair[1].append({"new": [1.5] * 1000})
    try:
        raise ValueError(holder.word)
    except ValueError as error:
        text = str(error)
    import colorsys, json
    json.loads(json.dumps({text: list(range(1000))}))
    gc.freeze(); gc.collect()
    return text
if not os.fork():
    work()
    sys.exit(0)
print(work(), os.wait()[1])
"""

    assert "A WORD OF ITS OWN 0\n" == run(IMMORTAL + code)


@needed
def test_objects_in_use_by_running_frames_survive_a_million_references() -> None:
    """A frame or generator that was running takes and drops references to its objects afterwards: none is freed.

    From 3.14 on such a frame counts them without a look at what kind they are, so these objects stay mortal.
    """
    code = """
def generate():
    ours = Holder()
    yield
    for _ in range(300):
        held = [ours for _ in range(1000)]
        held.clear()
    yield ours.word
generator = generate()
next(generator)
def work():
    mine = Holder()
    made = make_all_immortal()
    for _ in range(300):
        held = [mine for _ in range(1000)]
        held.clear()
    gc.collect()
    is_counted = sys.getrefcount(mine) < sys.getrefcount(None)
    return made > 10_000, mine.word, next(generator), is_counted == (sys.version_info >= (3, 14))
print(*work())
"""

    assert "True a word of its own a word of its own True\n" == run(BEGINNING + code)


@needed
def test_a_generator_that_was_running_ends_and_frees_what_it_holds() -> None:
    """It is not made immortal itself."""
    code = """
import weakref
class Later: pass
def generate():
    yield
    later = Later()
    yield weakref.ref(later)
generator = generate()
next(generator)
make_all_immortal()
gone = next(generator)
del generator
print(gone() is None)
"""

    assert "True\n" == run(BEGINNING + code)


@needed
def test_freezing_says_that_it_shares() -> None:
    """The outcome is `on` where objects were made immortal."""
    code = """
outcome = freeze_memory()
print(outcome, sys.getrefcount(holder.word) >= sys.getrefcount(None), gc.get_freeze_count() > 10_000)
"""

    assert "on True True\n" == run(BEGINNING + code)


@pytest.mark.parametrize("immortals", [True, False])
def test_freezing_keeps_no_garbage_and_no_descriptor(immortals: bool) -> None:
    """What nothing refers to any more is freed first, or it would stay for ever; this process's memory is closed."""
    code = f"""
import os, weakref
gc.disable()
holder.itself = holder
gone = weakref.ref(holder)
del holder
before = os.listdir("/proc/self/fd")
freeze_memory(immortals={immortals})
print(gone() is None, before == os.listdir("/proc/self/fd"))
"""

    assert "True True\n" == run(BEGINNING + code)


def test_immortals_can_be_turned_off() -> None:
    """With the setting off, objects are counted as ever; they are frozen all the same."""
    code = "print(freeze_memory(immortals=False), sys.getrefcount(holder.word) < 10, gc.get_freeze_count() > 10_000)"

    assert "off: by setting True True\n" == run(BEGINNING + code)


def test_an_interpreter_that_is_not_known_is_left_alone() -> None:
    """Where there are no immortals of the kind that is known, no object is changed, and the outcome says why."""
    if is_possible():
        pytest.skip("this Python has them")
    code = "print(freeze_memory().startswith('off: this '), sys.getrefcount(holder.word) < 10)"

    assert "True True\n" == run(BEGINNING + code)


KINDS = {
    "another implementation": ("sys.implementation.name = 'pypy'", "this Python counts every reference"),
    "no global lock": (
        "import sysconfig; sysconfig.get_config_var = lambda name: int(name == 'Py_GIL_DISABLED')",
        "this Python has no global lock",
    ),
    "traced references": ("sys.getobjects = lambda *_: []", "this Python traces references"),
    "big-endian": ("sys.byteorder = 'big'", "this machine's words are laid out in another way"),
    "32 bits": ("sys.maxsize = (1 << 31) - 1", "this machine's words are laid out in another way"),
}


def refusals(changes: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Freeze once behind each change, in a fork of one process; return by its name what is printed."""
    code = f"""
import os
from cocoai.engine.process import copy_on_write
pread = os.pread
for name, (change, _) in {dict(changes)!r}.items():
    if not os.fork():
        exec(change)
        print(name, freeze_memory(), sys.getrefcount(holder.word) < 10, sep="|")
        sys.exit()
    assert 0 == os.wait()[1], name
"""
    return dict(line.split("|", 1) for line in run(BEGINNING + code).splitlines())


@needed
def test_an_interpreter_of_another_kind_is_refused() -> None:
    """The outcome says why, and no object is changed."""
    assert {name: f"off: {reason}|True" for name, (_, reason) in KINDS.items()} == refusals(KINDS)


FAILURES = {
    # The count stands elsewhere, or is more than half a word: what is read does not follow the references.
    "no count there": (
        "os.pread = lambda fd, size, at: pread(fd, size, at + 8)",
        "its reference counts are not where they should be",
    ),
    "the upper half is in use": (
        "os.pread = lambda fd, size, at: pread(fd, size, at)[:4] + b'\\1\\0\\0\\0'[: size - 4]",
        "its reference counts are not where they should be",
    ),
    # Such a number does not make it immortal: every reference still changes it.
    "it goes on counting": (
        "copy_on_write.immortal_count = lambda memory: (1 << 30).to_bytes(4, 'little')",
        "it counts the references of an object marked as immortal",
    ),
}


@needed
def test_a_trial_that_fails_leaves_everything_alone() -> None:
    """What the interpreter does with one object of our own decides, whatever its version."""
    assert {name: f"off: {reason}|True" for name, (_, reason) in FAILURES.items()} == refusals(FAILURES)


@needed
def test_a_kernel_that_forbids_it_is_logged() -> None:
    """A container may not let a process write its own memory: then all is counted, and the log says so."""
    code = """
import logging, os
logging.basicConfig(stream=sys.stdout, format="%(message)s")
def forbidden(*_):
    raise PermissionError(13, "Permission denied")
os.pwrite = forbidden
print(freeze_memory())
"""

    expected = ["memory outcome=counted reason=[Errno 13] Permission denied", "off: Permission denied"]
    assert expected == run(BEGINNING + code).splitlines()
