"""What a power cut leaves of the ledger's files before each system call, and whether the ledger is whole then."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.ledger_power.paying import ACKS
from bench.ledger_power.tracing import SystemCall, traced_run
from cocoai.ledger import database
from cocoai.ledger.store import LedgerBroken
from tests.crash.power import Node, Write

KILLS = 5
"""In so many runs one process is killed at its first, second ... fsync, and another one comes after it."""

SECTOR = 512
"""Bytes of a write that are on the disk together or not at all."""

Image = Mapping[str, bytes]
"""The data of each file that is there, by its path."""


@dataclass
class PowerlessDisk:
    """One folder: what processes see in it, and what a power cut may leave. Only an fsync makes anything last."""

    folder: str
    names: dict[str, Node] = field(default_factory=dict)
    lasting: dict[str, Node] = field(default_factory=dict)
    pending: list[tuple[str, Node | None]] = field(default_factory=list)

    def do(self, call: SystemCall) -> None:
        """Carry out a system call."""
        if call.path == self.folder:
            if call.name in ("fsync", "fdatasync"):
                self.lasting, self.pending = dict(self.names), []
        elif call.name == "openat":
            if call.number and call.path not in self.names:
                self._rename(call.path, Node(len(self.names), 0.0))
        elif call.name == "unlink":
            self._rename(call.path, None)
        elif call.name in ("fsync", "fdatasync"):
            node = self.names[call.path]
            node.synced = node.data
            node.writes.clear()
        else:
            data = call.data if call.name == "pwrite64" else None
            self.names[call.path].writes.append(Write(call.number, data))

    def _rename(self, path: str, node: Node | None) -> None:
        self.pending.append((path, node))
        if node is None:
            del self.names[path]
        else:
            self.names[path] = node

    def images(self, generator: random.Random, count: int) -> Iterator[Image]:
        """Yield what a power cut may leave: what was fsynced alone, all that was done, and so many between the two."""
        yield {path: node.synced for path, node in self.lasting.items()}
        yield {path: node.data for path, node in self.names.items()}
        for _ in range(count):
            names = dict(self.lasting)
            for path, node in self.pending:
                if generator.random() < 0.5:
                    names.pop(path, None)
                    names.update({path: node} if node else {})
            yield {path: _partly_written(node, generator) for path, node in names.items()}


def _partly_written(node: Node, generator: random.Random) -> bytes:
    """Return the data of a file of whose writes since its last fsync each is there, or not, or some sectors of it."""
    data = node.synced
    for write in node.writes:
        kind = generator.choice(("none", "all", "torn"))
        if kind == "all" or (kind == "torn" and write.data is None):
            data = write.applied(data, write.data)
        elif kind == "torn":
            assert write.data is not None
            for start in range(0, len(write.data), SECTOR):
                if generator.random() < 0.5:
                    data = Write(write.offset + start, b"").applied(data, write.data[start : start + SECTOR])
    return data


@dataclass
class CutResult:
    """What was found: at so many `cuts`, of the `images`, how many are `corrupt`, or `lose` what was acknowledged."""

    cuts: int = 0
    images: int = 0
    corrupt: int = 0
    lose: int = 0
    acknowledged: int = 0
    evidence: list[str] = field(default_factory=list)


def cut_everywhere(
    settings: tuple[str, str], folder: Path, *, images: int, seed: str, kills: Sequence[int] = range(KILLS + 1)
) -> CutResult:
    """Trace a run for each of `kills` (0: nothing is killed), and cut the power before each of its system calls."""
    result = CutResult()
    for kill_at in kills:
        run = folder / f"run-{kill_at}"
        var = run / "var"
        var.mkdir(parents=True)
        cut_run(traced_run(var, settings, kill_at), str(var), result, random.Random(f"{seed} {kill_at}"), images)
    return result


def cut_run(
    calls: Sequence[SystemCall],
    folder: str,
    result: CutResult,
    generator: random.Random,
    images: int,
    check: Callable[[Image, Sequence[str], CutResult, str], None] | None = None,
) -> None:
    """Cut the power before each system call, and `check` each image: the acknowledgements, the result, the place.

    Without `check` it is the ledger's.
    """
    check = check or _check
    disk = PowerlessDisk(folder)
    acks_file, acks, seen = os.path.join(folder, ACKS), list[str](), set[int]()
    for number, call in enumerate(calls):
        if call.path == acks_file:
            acks += [call.data.decode().strip()] if call.name == "write" else []
            continue
        result.cuts += 1
        for image in disk.images(generator, images):
            if (known := hash((len(acks), *sorted(image.items())))) not in seen:
                seen.add(known)
                result.images += 1
                check(image, acks, result, f"before call {number}, {call.name} {call.path}")
        disk.do(call)
    result.acknowledged += len(acks)


def _check(image: Image, acks: Sequence[str], result: CutResult, place: str) -> None:
    """Open the ledger of an image as the product does, and note what is wrong with it."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as scratch:
        for path, data in image.items():
            Path(scratch, os.path.basename(path)).write_bytes(data)
        try:
            with database.reading(os.path.join(scratch, database.FILE)) as connection:
                is_whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                rows = connection.execute("SELECT key, spent FROM charge").fetchall()
        except LedgerBroken as error:
            is_whole, rows = False, []
            result.evidence.append(f"{place}: {error}")
    found = {f"held {key}" for key, _ in rows} | {f"settled {key}" for key, spent in rows if spent is not None}
    result.corrupt += not is_whole
    if is_whole and not found.issuperset(acks):
        result.lose += 1
        result.evidence.append(f"{place}: {sorted(set(acks) - found)} is lost")
