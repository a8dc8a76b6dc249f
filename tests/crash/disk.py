"""A disk whose power can be cut: a double of `cocoai.spool.disk.Disk`, wholly in memory.

It keeps apart what processes see now, and what a power cut may leave.

    a file's data       lasts up to the file's last fsync. Each write after it may be lost, kept, torn at any byte,
                        or be there in length only, with zeros for bytes; a truncation may be lost
    a folder's names    last once the folder was fsynced. Of the changes since (create, link, rename, unlink, a new
                        folder) any subset may be on the disk; each is one atomic operation, also a rename between two
                        folders, and an fsync of either folder makes it last
    locks               are lost; times of files stay as they were

This is harsher than today's file systems, which keep more order. The disk knows nothing of spools.
"""

from __future__ import annotations

import errno
import functools
import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

from cocoai.spool.disk import Disk
from tests.crash.power import Bound, Change, DiskImage, Node, Write

_RANDOM = re.compile(r"[0-9a-f]{24}")


def ignore(_: str) -> None:
    """Let an operation go on."""


class SimulatedDisk(Disk):
    """The double. `step` is called before each operation, with its name and path, so that the power can be cut there.

    `own_step` is called instead where no other process can see whether the operation was done.
    """

    def __init__(
        self,
        image: DiskImage,
        *,
        clock: Callable[[], float],
        step: Callable[[str], None] = ignore,
        own_step: Callable[[str], None] = ignore,
    ) -> None:
        self._clock = clock
        self._step = step
        self._own_step = own_step
        self._serials = itertools.count(1)
        self._lasting: dict[str, Node] = {path: self._node(is_folder=True) for path in sorted(image.folders)}
        for path, data, modified in sorted(image.files):
            self._lasting[path] = self._node(synced=data, modified=modified)
        self._names = dict(self._lasting)
        self._changes: list[tuple[Change, bool]] = []
        self._open: dict[int, Node] = {}
        self._aliases: dict[str, str] = {}
        self._numbers = itertools.count(1000)
        self._writes = itertools.count(1)

    def _node(self, *, is_folder: bool = False, synced: bytes = b"", modified: float | None = None) -> Node:
        return Node(next(self._serials), self._clock() if modified is None else modified, is_folder, synced)

    # the power

    def key(self) -> tuple[object, ...]:
        """Return a value that is equal for two states after which a power cut may leave the same."""
        alias = self._alias
        lasting = frozenset((alias(path), node.key()) for path, node in self._lasting.items())
        # The order of changes matters only among those of one name.
        order: Counter[str] = Counter()
        changes = []
        for change, lasts in self._changes:
            order.update(path for path, _ in change.paths)
            changes.append((lasts, *((alias(path), node and node.key(), order[path]) for path, node in change.paths)))
        return (lasting, frozenset(changes))

    def after_power_cut(self, bound: Bound) -> Iterator[DiskImage]:
        """Yield every disk image that a power cut could leave now; some may come more than once."""
        pending = [change for change, lasts in self._changes if not lasts]
        built = set()
        for kept in bound.subsets(pending):
            on_disk = {id(change) for change in kept}
            names = dict(self._lasting)
            for change, lasts in self._changes:
                if lasts or id(change) in on_disk:
                    _apply(names, change)
            if (built_now := frozenset(names.items())) not in built:
                built.add(built_now)
                yield from self._each_data(names, bound)

    def _each_data(self, names: dict[str, Node], bound: Bound) -> Iterator[DiskImage]:
        """Yield every disk image with these names. A file in a folder that is lost is lost with it."""
        folders = frozenset(path for path, node in names.items() if node.is_folder and _is_reached(names, path))
        files = [
            (self._alias(path), node) for path, node in names.items() if not node.is_folder and _folder(path) in folders
        ]
        lasting = [(path, node.synced, node.modified) for path, node in files if not node.writes]
        unsynced = sorted({node for _, node in files if node.writes}, key=attrgetter("written"))
        for chosen in bound.contents(unsynced):
            others = [(path, chosen[node], node.modified) for path, node in files if node in chosen]
            yield DiskImage(frozenset(lasting + others), folders)

    def _alias(self, path: str) -> str:
        """Return the path with its serial number for a random name, so that images differ in nothing random."""
        if path not in self._aliases:
            folder, name = os.path.split(path)
            is_random = _RANDOM.fullmatch(name) and path in self._names
            self._aliases[path] = os.path.join(folder, f"{self._names[path].serial:024x}") if is_random else path
        return self._aliases[path]

    def lasting_data(self, path: str) -> bytes:
        """Return the bytes of the file now at `path` that no power cut can take; b"" if there is no file."""
        node = self._names.get(path)
        return b"" if node is None else node.synced

    def files(self, folder: str) -> dict[str, bytes]:
        """Return the bytes of each file in a folder by its name, as processes read it now. It is no step."""
        here = {path: node for path, node in self._names.items() if not node.is_folder and _folder(path) == folder}
        return {os.path.basename(path): node.data for path, node in here.items()}

    def descriptors(self) -> set[int]:
        """Return the descriptors that processes have open."""
        return set(self._open)

    def close_killed(self, descriptors: Iterable[int]) -> None:
        """Close the descriptors of a killed process, and with them release its locks, as the kernel does."""
        for fd in descriptors:
            node = self._open.pop(fd)
            if node.holder == fd:
                node.holder = 0

    # names

    def _change(self, *paths: tuple[str, Node | None]) -> None:
        """Change names, in one atomic operation that lasts once one of their folders is fsynced."""
        change = Change(paths, frozenset(_folder(path) for path, _ in paths))
        _apply(self._names, change)
        self._changes.append((change, False))

    def _at(self, path: str) -> Node:
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return self._names[path]

    def _new(self, path: str) -> Node:
        """Make an empty file."""
        if path in self._names:
            raise FileExistsError(errno.EEXIST, "File exists", path)
        self._at(_folder(path))
        node = self._node()
        self._change((path, node))
        self._alias(path)  # noted now: once the name is gone, its serial is unknown
        return node

    def link(self, source: str, target: str) -> None:
        self._step(f"link {_short(target)}")
        node = self._at(source)
        if target in self._names:
            raise FileExistsError(errno.EEXIST, "File exists", target)
        self._at(_folder(target))
        self._change((target, node))

    def rename(self, source: str, target: str) -> None:
        self._step(f"rename {_short(source)} to {_short(target)}")
        node = self._at(source)
        self._at(_folder(target))
        self._change((source, None), (target, node))

    def unlink(self, path: str) -> None:
        self._step(f"unlink {_short(path)}")
        self._at(path)
        self._change((path, None))

    def touch(self, path: str) -> bool:
        self._step(f"touch {_short(path)}")
        if path in self._names:
            self._names[path].modified = self._clock()
            return False
        self._new(path)
        return True

    def exists(self, path: str) -> bool:
        self._step(f"look for {_short(path)}")
        return path in self._names

    def modified(self, path: str) -> float:
        self._step(f"time of {_short(path)}")
        return self._at(path).modified

    def set_modified(self, path: str, seconds: float) -> None:
        self._step(f"set time of {_short(path)}")
        self._at(path).modified = seconds

    def names(self, folder: str) -> list[str]:
        self._step(f"list {_short(folder)}")
        self._at(folder)
        return [os.path.basename(path) for path in self._names if _folder(path) == folder and path != folder]

    def each_name(self, folder: str) -> Iterator[str]:
        yield from self.names(folder)

    def make_folder(self, path: str) -> None:
        if path in self._names:
            return
        self.make_folder(_folder(path))
        self._step(f"make folder {_short(path)}")
        self._change((path, self._node(is_folder=True)))

    def fsync_folder(self, path: str) -> None:
        self._step(f"fsync {_short(path)}/")
        self._at(path)
        self._changes = [(change, lasts or path in change.folders) for change, lasts in self._changes]
        while self._changes and self._changes[0][1]:
            _apply(self._lasting, self._changes.pop(0)[0])

    # data

    def _opened(self, node: Node) -> int:
        fd = next(self._numbers)
        self._open[fd] = node
        return fd

    def _file(self, fd: int) -> Node:
        if fd not in self._open:
            raise OSError(errno.EBADF, "Bad file descriptor")
        return self._open[fd]

    def create(self, path: str) -> int:
        self._own_step(f"create {_short(path)}")
        return self._opened(self._new(path))

    def open(self, path: str) -> int:
        self._step(f"open {_short(path)}")
        return self._opened(self._at(path))

    def append(self, fd: int, data: bytes) -> None:
        node = self._file(fd)
        self._own_step(f"append {data[:40]!r}")
        self._write(node, Write(len(node.data), data))

    def read_heads(self, folder: str, names: Iterable[str], size: int) -> Iterator[tuple[str, bytes | OSError]]:
        for name in names:
            path = os.path.join(folder, name)
            self._step(f"read {_short(path)}")
            try:
                yield name, self._at(path).data[:size]
            except FileNotFoundError as error:
                yield name, error

    def read(self, fd: int) -> bytes:
        return self._file(fd).data

    def truncate(self, fd: int, length: int) -> None:
        node = self._file(fd)
        self._own_step(f"truncate to {length}")
        self._write(node, Write(length, None))

    def _write(self, node: Node, write: Write) -> None:
        """Add a write or a truncation to those of a file."""
        node.writes.append(write)
        node.written = next(self._writes)
        node.modified = self._clock()

    def fsync(self, fd: int) -> None:
        node = self._file(fd)
        # No other process reads the file while this one has its lock.
        (self._own_step if node.holder == fd else self._step)("fsync")
        node.synced = node.data
        node.writes.clear()

    def close(self, fd: int) -> None:
        node = self._file(fd)
        # Another process can notice it only if it releases a lock.
        (self._step if node.holder == fd else self._own_step)("close")
        if node.holder == fd:
            node.holder = 0
        del self._open[fd]

    def lock(self, fd: int) -> bool:
        node = self._file(fd)
        self._step("lock")
        node.holder = node.holder or fd
        return node.holder == fd

    def is_at(self, fd: int, path: str) -> bool:
        self._step(f"is it still {_short(path)}")
        return self._names.get(path) is self._file(fd)


def _apply(names: dict[str, Node], change: Change) -> None:
    """Change these names."""
    for path, node in change.paths:
        if node is None:
            names.pop(path, None)
        else:
            names[path] = node


def _is_reached(names: dict[str, Node], folder: str) -> bool:
    """Check whether the folder and all folders above it exist."""
    parent = _folder(folder)
    return folder in names and (folder == parent or _is_reached(names, parent))


@functools.lru_cache(maxsize=10_000)
def _folder(path: str) -> str:
    return os.path.dirname(path)


@functools.lru_cache(maxsize=10_000)
def _short(path: str) -> str:
    """Return the path's last two parts, for the names of steps."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.basename(folder), name)
