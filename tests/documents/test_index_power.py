"""No kill -9 and no power cut, at any system call of a change, leaves anything but whole changes in the index."""

from __future__ import annotations

import os
import random
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench.ledger_power.cutting import CutResult, Image, cut_run
from bench.ledger_power.paying import ACKS
from bench.ledger_power.tracing import traced
from cocoai.documents import database
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_reader import IndexReader
from cocoai.engine.process.fork import fork
from tests.documents.indexes import integrity
from tests.documents.indexing_steps import FORGOTTEN, SECRET, STEPS, change
from tests.ledger.test_power import may_trace

MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""Where no fsync waits for a disk: a killed process leaves all that it has written."""

STATES: tuple[dict[str, str], ...] = ({}, *(state for _, state in STEPS))
"""What is in the index after each number of steps."""


@pytest.mark.skipif(not may_trace(), reason="there is no strace that may look at processes")
def test_a_power_cut_leaves_whole_changes(tmp_path: Path) -> None:
    """At every system call: what was acknowledged, or the change in hand as well. So for a killed process, too.

    What was forgotten, and acknowledged, does not come back.
    """
    var = tmp_path / "var"
    var.mkdir()
    (var / ACKS).touch()
    result = CutResult()

    cut_run(
        traced(var, ["tests.documents.indexing_steps", str(var)]), str(var), result, random.Random("cocoai"), 1, check
    )

    assert [] == result.evidence
    assert len(STEPS) == result.acknowledged
    assert result.images > result.cuts > 200


def check(image: Image, acks: Sequence[str], result: CutResult, place: str) -> None:
    """Open the index of an image as the product does, and note what is wrong with it."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        for path, data in image.items():
            Path(scratch, os.path.basename(path)).write_bytes(data)
        result.evidence += [f"{place}, after {len(acks)} steps: {each}" for each in wrong(scratch, len(acks))]
    if len(acks) >= FORGOTTEN and any(SECRET.encode() in data or b"zebraword" in data for data in image.values()):
        result.evidence.append(f"{place}: what was forgotten is there")


def wrong(folder: str, done: int) -> list[str]:
    """Return what is wrong with an index after so many steps, of which one more may have been done."""
    path = os.path.join(folder, database.FILE)
    allowed = STATES[done : done + 2]
    try:
        read = {each.document.name: each.document.version for each in IndexReader(path).documents()}
    except IndexUnavailable as error:
        # The journal of a writer that died is for the next writer; before the first commit there is nothing to read.
        found = [] if error.code == "busy" or not done else [f"a reader found {error}"]
    else:
        found = [] if read in allowed else [f"a reader found {read}"]
    with DocumentIndex(path) as index:
        known = index.known(FOLDER)
    return [*found, *integrity(path), *([] if known in allowed else [f"a writer found {known}"])]


def test_a_killed_writer_leaves_whole_changes() -> None:
    """SIGKILL comes before each of its statements in turn, until it has done all."""
    for at in range(1, 1000):
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            if _change_until(folder, at):
                break
            acks = Path(folder, ACKS).read_text().count("\n")

            assert [] == wrong(folder, acks), f"killed before statement {at}"
    assert at > 60


def _change_until(folder: str, statement: int) -> bool:
    """Do the steps in a child that is killed before that statement; return whether it has done all."""
    connected = database._connected
    statements = iter(range(1, statement))

    def count(_: str) -> None:
        if next(statements, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(path: str) -> object:
        connection = connected(path)
        connection.set_trace_callback(count)
        return connection

    def run() -> None:
        vars(database)["_connected"] = counted
        change(folder)

    return os.waitstatus_to_exitcode(os.waitpid(fork(run, name="index", detach=False), 0)[1]) == 0
