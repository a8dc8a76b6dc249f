"""What a power cut may leave: of a file's data, of a folder's names, of a whole disk; and how much of that is built."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Left(NamedTuple):
    """What lies on a disk when the power is back: path, data and time of each file, and the folders, from / on."""

    files: frozenset[tuple[str, bytes, float]]
    folders: frozenset[str]


def blank(folder: str) -> Left:
    """A disk with this folder, and nothing in it."""
    folders = {"/"}
    while folder not in folders:
        folders.add(folder)
        folder = os.path.dirname(folder)
    return Left(frozenset(), frozenset(folders))


@dataclass(frozen=True)
class Bound:
    """How many of the possible disks are built at each power cut; all that is left out is named here.

    The `newest` changes of names that no fsync has covered are kept and lost in every combination, those before them
    all together. A write is torn at `tears` bytes spread over it (-1: at every byte), in each of three manners.
    """

    newest: int
    tears: int

    def subsets(self, pending: list[Change]) -> Iterator[list[Change]]:
        """Which of the pending changes have arrived."""
        older, newest = pending[: -self.newest or len(pending)], pending[-self.newest or len(pending) :]
        for kept in itertools.product((True, False), repeat=len(newest)):
            chosen = list(itertools.compress(newest, kept))
            yield older + chosen
            if older:
                yield chosen

    def cuts(self, length: int) -> Iterable[int]:
        """Where a write of this length is torn; never before its first byte or behind its last."""
        if self.tears < 0 or length <= self.tears:
            return range(1, length)
        return sorted({1 + (length - 2) * index // max(1, self.tears - 1) for index in range(self.tears)})


@dataclass(frozen=True)
class Write:
    """Some bytes at an offset, or (`data` is None) the file cut to that length."""

    offset: int
    data: bytes | None

    def applied(self, before: bytes, piece: bytes | None) -> bytes:
        """The file's data if `piece` of this write has arrived."""
        start = before[: self.offset].ljust(self.offset, b"\0")
        return start if piece is None else start + piece + before[self.offset + len(piece) :]

    def outcomes(self, before: bytes, bound: Bound) -> Iterator[bytes]:
        """Every data that a power cut may leave of this write."""
        yield before
        yield self.applied(before, self.data)
        for cut in bound.cuts(len(self.data or b"")):
            assert self.data is not None
            rest = len(self.data) - cut
            for piece in (self.data[:cut], self.data[:cut] + bytes(rest), bytes(cut) + self.data[cut:]):
                yield self.applied(before, piece)
        if self.data:
            yield self.applied(before, bytes(len(self.data)))


@dataclass(eq=False)
class Node:
    """A file or a folder, whatever names it has. `holder` is the descriptor that has its lock."""

    serial: int
    modified: float
    is_folder: bool = False
    synced: bytes = b""
    writes: list[Write] = field(default_factory=list)
    holder: int = 0

    @property
    def data(self) -> bytes:
        """What processes read now."""
        data = self.synced
        for write in self.writes:
            data = write.applied(data, write.data)
        return data

    def remains(self, bound: Bound) -> list[bytes]:
        """Every data that it may have after a power cut."""
        found = {self.synced}
        for write in self.writes:
            found = {after for before in found for after in write.outcomes(before, bound)}
        return sorted(found)

    def key(self) -> tuple[object, ...]:
        return (self.serial, self.modified, self.synced, tuple(self.writes))


class Change(NamedTuple):
    """One atomic change of names: what each path is from now on (None: nothing), and whose fsync makes it last."""

    paths: tuple[tuple[str, Node | None], ...]
    folders: frozenset[str]
