"""What a power cut may leave of a file's data, of a folder's names and of a whole disk, and how much of it is built."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class DiskImage(NamedTuple):
    """What is on a disk when the power is back: path, data and time of each file, and all folders from / on."""

    files: frozenset[tuple[str, bytes, float]]
    folders: frozenset[str]


def blank(folder: str) -> DiskImage:
    """Return a disk with this folder, and nothing in it."""
    folders = {"/"}
    while folder not in folders:
        folders.add(folder)
        folder = os.path.dirname(folder)
    return DiskImage(frozenset(), frozenset(folders))


@dataclass(frozen=True)
class Bound:
    """How many of the possible disk images are built at each power cut.

    The `newest` changes of names that no fsync has covered are kept and lost in every combination, those before them
    only all together. A write is torn at `tears` bytes spread over it (-1: at every byte), each time in three ways.
    Of the files that no fsync has covered, only the `torn` that were written last are torn; those before are there
    wholly or not at all, all together, since some are never fsynced. Everything that is left out is named here.
    """

    newest: int
    tears: int
    torn: int = 2

    def subsets(self, pending: list[Change]) -> Iterator[list[Change]]:
        """Yield the sets of pending changes that may be on the disk."""
        older, newest = pending[: -self.newest or len(pending)], pending[-self.newest or len(pending) :]
        for kept in itertools.product((True, False), repeat=len(newest)):
            chosen = list(itertools.compress(newest, kept))
            yield older + chosen
            if older:
                yield chosen

    def contents(self, unsynced: Sequence[Node]) -> Iterator[dict[Node, bytes]]:
        """Yield the data that may be on the disk of these files, which are given in the order of their last writes."""
        older, newest = unsynced[: -self.torn], unsynced[-self.torn :]
        for is_there in (True, False) if older else (True,):
            whole = {node: node.data if is_there else node.synced for node in older}
            for data in itertools.product(*(node.possible_data(self) for node in newest)):
                yield {**whole, **dict(zip(newest, data, strict=True))}

    def tear_points(self, length: int) -> Iterable[int]:
        """Return where a write of this length is torn: never before its first byte or after its last."""
        if self.tears < 0 or length <= self.tears:
            return range(1, length)
        return sorted({1 + (length - 2) * index // max(1, self.tears - 1) for index in range(self.tears)})


@dataclass(frozen=True)
class Write:
    """A write of `data` at an offset, or (`data` is None) a truncation of the file to that length."""

    offset: int
    data: bytes | None

    def applied(self, before: bytes, piece: bytes | None) -> bytes:
        """Return the file's data if `piece` of this write is on the disk."""
        start = before[: self.offset].ljust(self.offset, b"\0")
        return start if piece is None else start + piece + before[self.offset + len(piece) :]

    def outcomes(self, before: bytes, bound: Bound) -> Iterator[bytes]:
        """Yield all data that a power cut may leave of this write: none, all, torn, or zeros."""
        yield before
        yield self.applied(before, self.data)
        for point in bound.tear_points(len(self.data or b"")):
            assert self.data is not None
            rest = len(self.data) - point
            # The beginning alone; the beginning with zeros for the rest; the rest with zeros before it.
            for piece in (self.data[:point], self.data[:point] + bytes(rest), bytes(point) + self.data[point:]):
                yield self.applied(before, piece)
        if self.data:
            yield self.applied(before, bytes(len(self.data)))


@dataclass(eq=False)
class Node:
    """A file or a folder, whatever names it has.

    `synced` is the data at the last fsync, `writes` are those since, `written` is the number of the last of all writes
    of the disk that concerned this file. `holder` is the descriptor with the lock, or 0.
    """

    serial: int
    modified: float
    is_folder: bool = False
    synced: bytes = b""
    writes: list[Write] = field(default_factory=list)
    written: int = 0
    holder: int = 0

    @property
    def data(self) -> bytes:
        """Return the data that processes read now."""
        data = self.synced
        for write in self.writes:
            data = write.applied(data, write.data)
        return data

    def possible_data(self, bound: Bound) -> list[bytes]:
        """Return all data that the file may have after a power cut."""
        found = {self.synced}
        for write in self.writes:
            found = {after for before in found for after in write.outcomes(before, bound)}
        return sorted(found)

    def key(self) -> tuple[object, ...]:
        """Return a value that is equal for two states after which a power cut may leave the same of this file.

        Folders are all equal: nobody asks for their times.
        """
        return () if self.is_folder else (self.serial, self.modified, self.synced, tuple(self.writes))


class Change(NamedTuple):
    """One atomic change of names: what each path is from now on (None: nothing), and whose fsync makes it last."""

    paths: tuple[tuple[str, Node | None], ...]
    folders: frozenset[str]
