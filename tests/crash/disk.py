"""A disk of which the power can be cut: a double of `cocoai.spool.disk.Files`, wholly in memory.

It keeps two things apart: what processes see now, and what a power cut may leave of it.

    a file's data       lasts up to the file's last fsync. Each write after it may be lost, kept, torn at any byte,
                        or be there in length only, with zeros for bytes; a truncation may be lost
    a folder's names    last once the folder was fsynced. Of the changes since (create, link, rename, unlink, a new
                        folder) any subset may have arrived; each is one atomic operation, a rename also between two
                        folders, and an fsync of either makes it last
    locks               are gone; times of files stay as they were

This is harsher than today's file systems, which keep more order. It knows nothing of spools.
"""

from __future__ import annotations

import errno
import functools
import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator

from cocoai.spool.disk import Disk
from tests.crash.power import Bound, Change, Left, Node, Write

_RANDOM = re.compile(r"[0-9a-f]{24}")


class SimulatedDisk(Disk):
    """The double. `step` is called before each operation, with its name and path: whoever watches may cut there.

    `own_step` is called instead where no other process can see whether the operation was done or not.
    """

    def __init__(
        self,
        left: Left,
        *,
        clock: Callable[[], float],
        step: Callable[[str], None] = lambda what: None,
        own_step: Callable[[str], None] = lambda what: None,
    ) -> None:
        self._clock = clock
        self._step = step
        self._own_step = own_step
        self._serials = itertools.count(1)
        self._lasting: dict[str, Node] = {path: self._node(is_folder=True) for path in sorted(left.folders)}
        for path, data, modified in sorted(left.files):
            self._lasting[path] = self._node(synced=data, modified=modified)
        self._names = dict(self._lasting)
        self._changes: list[tuple[Change, bool]] = []
        self._open: dict[int, Node] = {}
        self._aliases: dict[str, str] = {}
        self._numbers = itertools.count(1000)

    def _node(self, *, is_folder: bool = False, synced: bytes = b"", modified: float | None = None) -> Node:
        return Node(next(self._serials), self._clock() if modified is None else modified, is_folder, synced)

    # the power

    def key(self) -> tuple[object, ...]:
        """Equal for two moments after which a power cut may leave the same."""
        told = self._told
        lasting = frozenset((told(path), node.key()) for path, node in self._lasting.items() if not node.is_folder)
        # Changes of different names may come in any order.
        order: Counter[str] = Counter()
        changes = []
        for change, lasts in self._changes:
            order.update(path for path, _ in change.paths)
            changes.append((lasts, *((told(path), node and node.key(), order[path]) for path, node in change.paths)))
        return (lasting, frozenset(changes))

    def after_power_cut(self, bound: Bound) -> Iterator[Left]:
        """Every disk that may be left if the power is cut now; some may come more than once."""
        pending = [change for change, lasts in self._changes if not lasts]
        built = set()
        for kept in bound.subsets(pending):
            arrived = {id(change) for change in kept}
            names = dict(self._lasting)
            for change, lasts in self._changes:
                if lasts or id(change) in arrived:
                    _apply(names, change)
            if (built_now := frozenset(names.items())) not in built:
                built.add(built_now)
                yield from self._each_data(names, bound)

    def _each_data(self, names: dict[str, Node], bound: Bound) -> Iterator[Left]:
        """Every disk with these names. What lies in a folder that was forgotten is forgotten with it."""
        folders = frozenset(path for path, node in names.items() if node.is_folder and _is_reached(names, path))
        files = [
            (self._told(path), node) for path, node in names.items() if not node.is_folder and _folder(path) in folders
        ]
        lasting = [(path, node.synced, node.modified) for path, node in files if not node.writes]
        torn = list({node for _, node in files if node.writes})
        for data in itertools.product(*(node.remains(bound) for node in torn)):
            chosen = dict(zip(torn, data, strict=True))
            others = [(path, chosen[node], node.modified) for path, node in files if node in chosen]
            yield Left(frozenset(lasting + others), folders)

    def _told(self, path: str) -> str:
        """A random name by the order in which it was made: two disks that differ in nothing else are one."""
        if path not in self._aliases:
            folder, name = os.path.split(path)
            is_random = _RANDOM.fullmatch(name) and path in self._names
            self._aliases[path] = os.path.join(folder, f"{self._names[path].serial:024x}") if is_random else path
        return self._aliases[path]

    def lasting_data(self, path: str) -> bytes:
        """The bytes of the file that is at `path` now of which no power cut can take any; empty if there is none."""
        node = self._names.get(path)
        return b"" if node is None else node.synced

    # names

    def _change(self, *paths: tuple[str, Node | None]) -> None:
        change = Change(paths, frozenset(_folder(path) for path, _ in paths))
        _apply(self._names, change)
        self._changes.append((change, False))

    def _at(self, path: str) -> Node:
        if path not in self._names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return self._names[path]

    def _new(self, path: str) -> Node:
        if path in self._names:
            raise FileExistsError(errno.EEXIST, "File exists", path)
        self._at(_folder(path))
        node = self._node()
        self._change((path, node))
        self._told(path)  # while it has its serial
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

    def names(self, folder: str) -> list[str]:
        self._step(f"list {_short(folder)}")
        self._at(folder)
        return [os.path.basename(path) for path in self._names if _folder(path) == folder and path != folder]

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
        node.writes.append(Write(len(node.data), data))
        node.modified = self._clock()

    def read(self, fd: int) -> bytes:
        return self._file(fd).data

    def truncate(self, fd: int, length: int) -> None:
        node = self._file(fd)
        self._own_step(f"truncate to {length}")
        node.writes.append(Write(length, None))
        node.modified = self._clock()

    def fsync(self, fd: int) -> None:
        node = self._file(fd)
        (self._own_step if node.holder == fd else self._step)("fsync")
        node.synced = node.data
        node.writes.clear()

    def close(self, fd: int) -> None:
        node = self._file(fd)
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
    for path, node in change.paths:
        if node is None:
            names.pop(path, None)
        else:
            names[path] = node


def _is_reached(names: dict[str, Node], folder: str) -> bool:
    parent = _folder(folder)
    return folder in names and (folder == parent or _is_reached(names, parent))


@functools.lru_cache(maxsize=10_000)
def _folder(path: str) -> str:
    return os.path.dirname(path)


@functools.lru_cache(maxsize=10_000)
def _short(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(os.path.basename(folder), name)
