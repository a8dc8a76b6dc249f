"""A backup's archive: a tar in gzip, of which no more than one small file is in memory at a time.

The first member says what it is, the last one how many there are: with gzip's checksum, an archive that was cut off or
damaged anywhere is known from a whole one. Nothing is unpacked by tarfile itself, which would follow what an archive
says of links, owners and modes.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from cocoai.errors import CocoAIError

FORMAT = 1
"""The format's number; another one is refused."""

MANIFEST, END = "cocoai-backup.json", "end.json"
"""The first and the last member."""

LEVEL = 3
"""gzip's: its default, 9, takes two thirds more CPU time in all, for a tenth less on the disk."""

MOST_FACTS = 65536
"""Bytes of the first and of the last member."""

REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE)


class BadBackup(CocoAIError):
    """The file is no backup, or it is damaged: nothing of it is used."""


@dataclass(frozen=True)
class Member:
    """A file in an archive, which is open for reading until the next one is asked for; `modified` is epoch seconds."""

    name: str
    modified: int
    size: int
    file: IO[bytes]


class ArchiveWriter:
    """Writes an archive to a file that is open for writing. It is whole only after `close`."""

    def __init__(self, file: IO[bytes], facts: dict[str, Any]) -> None:
        self._gzip = _GzipWriter(file)
        self._tar = tarfile.open(fileobj=self._gzip, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 (till close)
        self._members = 0
        self.add(MANIFEST, json.dumps({"format": FORMAT, **facts}).encode(), int(facts["at"]))

    def add(self, name: str, data: bytes, modified: int) -> None:
        """Add a file of these bytes."""
        self.add_file(name, io.BytesIO(data), len(data), modified)

    def add_file(self, name: str, file: IO[bytes], size: int, modified: int) -> None:
        """Add the next `size` bytes of an open file. Raise OSError if it has fewer."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, modified, 0o600
        self._tar.addfile(info, file)
        _forget_members(self._tar)
        self._members += 1

    def close(self) -> None:
        """Write the archive's end."""
        self.add(END, json.dumps({"members": self._members}).encode(), 0)
        self._tar.close()
        self._gzip.end()


class _GzipWriter(io.RawIOBase):
    """Compresses what is written into an open file, which is gzip's after `end`.

    gzip.GzipFile keeps a buffer since Python 3.12, and complains on stderr if it could not be written in the end.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        self._size = 0

    def write(self, data: Any) -> int:
        """Compress these bytes; return how many they are."""
        self._file.write(self._compressor.compress(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how many bytes were compressed: tarfile asks for it."""
        return self._size

    def end(self) -> None:
        """Write what is left, and the checksum."""
        self._file.write(self._compressor.flush())


@contextmanager
def checked(name: str) -> Iterator[None]:
    """Raise BadBackup, with the file's `name`, for what an archive that is damaged raises, as a context manager."""
    try:
        yield
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise BadBackup(f"{name} is damaged, or no backup of CocoAI: {error}") from error


def read_facts(members: Iterator[Member], name: str) -> dict[str, Any]:
    """Read the first member, and return the facts in it; `name` is the archive's. Raise BadBackup if it is none."""
    first = next(members, None)
    facts = _facts(first) if first is not None and first.name == MANIFEST else None
    if facts is None:
        raise BadBackup(f"{name} is no backup of CocoAI")
    if facts.get("format") != FORMAT or not isinstance(facts.get("at"), (int, float)):
        raise BadBackup(f"{name} is a backup of another version (format {facts.get('format')})")
    return facts


def read_members(file: IO[bytes], name: str) -> Iterator[Member]:
    """Yield each member of the archive in an open file, the first one included, and check it to its end.

    Raise BadBackup if a member is anything but a plain file, if the last one is missing, or if anything follows it. The
    errors of a damaged archive are raised as they are: see `checked`. `name` is for the messages.
    """
    number, is_ended = 0, False
    with gzip.GzipFile(fileobj=file, mode="rb") as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
        while (info := tar.next()) is not None:
            _forget_members(tar)
            opened = tar.extractfile(info) if info.type in REGULAR and not info.issparse() else None
            if opened is None or is_ended:
                raise BadBackup(f"{name}: {info.name!r} does not belong into a backup")
            member = Member(info.name, int(info.mtime), info.size, opened)
            if member.name == END:
                is_ended = (_facts(member) or {}).get("members") == number
            else:
                number += 1
                yield member
        while plain.read(65536):  # to its end, where the checksum is compared
            pass
    if not is_ended:
        raise BadBackup(f"{name} is cut off: its end is missing")


def _facts(member: Member) -> dict[str, Any] | None:
    """Return the JSON object in a member; None if there is none in it."""
    try:
        facts = json.loads(member.file.read(MOST_FACTS))
    except (ValueError, RecursionError):
        return None
    return facts if isinstance(facts, dict) else None


def _forget_members(tar: tarfile.TarFile) -> None:
    """Drop what tarfile remembers of each member: a kilobyte for each of many thousands."""
    tar.members = []  # type: ignore[attr-defined]
