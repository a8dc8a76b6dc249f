"""FolderSource: the documents in a folder of this machine, each version of which is told by what the disk says of it.

The walk is folder_walk.py's. Here stands what an empty or missing folder means: a disk that is not mounted must not
make all that is known forgotten, but what people have really deleted must be.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from cocoai.documents.document import FOLDER, Document, DocumentSection
from cocoai.documents.folder_walk import MOST_FILES, FolderWalk, version_of
from cocoai.documents.readers.apart import read_apart
from cocoai.documents.source import Unreadable
from cocoai.engine.process.replace_file import CachedFile
from cocoai.errors import Temporary

LARGEST_FILE = 50 << 20
"""Bytes of a file that is opened at all, pictures included. Its text has a bound of its own (readers/apart.py)."""

EMPTY_BELIEVED = 86_400.0
"""Seconds after which a folder is taken for emptied that is empty, and not the one in which the files lay."""


class FolderSource:
    """The documents below a folder. `state` is a file below `var` in which it keeps which folder it saw them in.

    `clock` returns seconds since the epoch.
    """

    name = FOLDER

    def __init__(
        self, folder: str, state: str, *, clock: Callable[[], float] = time.time, most_files: int = MOST_FILES
    ) -> None:
        self._folder = folder
        self._state = CachedFile(state)
        self._clock = clock
        self._most_files = most_files
        self._walk = FolderWalk(folder, most_files)

    def listed(self) -> Mapping[str, Document]:
        """Return the documents in the folder now, by name. Raise `Temporary` if they cannot be seen.

        Codes: `folder_missing`, `folder_empty` (perhaps not mounted), `folder_unreadable`, `folder_changed` (just now).
        Of a folder in which none was ever seen there are none then, with the code among `problems`: what is known is
        another folder's, and the sub-folders that [readers] names are not.
        """
        try:
            return self._listed()
        except Temporary as error:
            if self._state_of_folder().get("identity"):
                raise
            self._walk = FolderWalk(self._folder, self._most_files)
            self._walk.problems[error.code] += 1
            return {}

    def _listed(self) -> Mapping[str, Document]:
        before = self._identity()
        self._walk = FolderWalk(self._folder, self._most_files)
        self._walk.run()
        if self._identity() != before:
            raise Temporary("folder_changed")
        self._check_emptiness(before)
        return self._walk.documents

    def is_gone(self, name: str) -> bool:
        """Check whether a document is not there any more. False if it lies below a folder that cannot be read now."""
        return not any(name.startswith(f"{folder}/") for folder in self._walk.unseen)

    @property
    def problems(self) -> Mapping[str, int]:
        """Return what listed() has left out, by code, and how many files or folders: see folder_walk.py."""
        return self._walk.problems

    def sections(self, document: Document) -> list[DocumentSection]:
        """Return the sections of a listed document.

        Raise `Unreadable`, with `changed` if it is not the file any more that was listed, and `Temporary` if the disk
        fails.
        """
        try:
            with self._opened(document) as file:
                size = os.fstat(file.fileno()).st_size
                if size > LARGEST_FILE:
                    raise Unreadable("too_large")
                sections = read_apart(file, document.name, size)
                self._check_version(file, document)
                return sections
        except PermissionError:
            raise Unreadable("no_leave") from None
        except (FileNotFoundError, NotADirectoryError):
            raise Unreadable("changed") from None
        except OSError as error:
            raise Temporary("io_error") from error

    def _opened(self, document: Document) -> BinaryIO:
        """Open a document. What was put in its place, such as a link out of the folder, is found by its version."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            file = os.fdopen(os.open(self._walk.path(document.name), flags), "rb")
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):  # a link, a socket, a folder
                raise Unreadable("changed") from None
            raise
        self._check_version(file, document)
        return file

    def _check_version(self, file: BinaryIO, document: Document) -> None:
        if version_of(os.fstat(file.fileno()), document.name) != document.version:
            file.close()
            raise Unreadable("changed")

    def _identity(self) -> list[int]:
        """Return what tells this folder from another that is mounted at its place, or from the place itself."""
        try:
            stat = os.stat(self._folder)
        except OSError as error:
            raise Temporary("folder_missing") from error
        return [stat.st_dev, stat.st_ino]

    def _check_emptiness(self, identity: list[int]) -> None:
        """Raise `Temporary` if the folder is empty because its disk is not mounted, so far as that can be told.

        The folder in which files were seen is believed at once. Where another one is empty, its files were there before
        a mount went away, or before somebody made the folder anew: that one is believed after a day.
        """
        state = self._state_of_folder()
        if self._walk.entries or state.get("identity") == identity:
            self._keep({"folder": self._folder, "identity": identity}, state)
            return
        now = self._clock()
        since = state.get("empty_since")
        since = since if isinstance(since, (int, float)) and since <= now else now
        if now - since >= EMPTY_BELIEVED:
            return
        self._keep({**state, "folder": self._folder, "empty_since": since}, state)
        raise Temporary("folder_empty")

    def _state_of_folder(self) -> dict[str, Any]:
        """Return what is kept of this folder; {} if that is nothing, or of another one."""
        state: Any = self._state.read_json()
        return state if isinstance(state, dict) and state.get("folder") == self._folder else {}

    def _keep(self, state: dict[str, Any], before: dict[str, Any]) -> None:
        if state != before:
            with suppress(OSError):  # a full disk: then a folder that is empty is not believed for longer
                self._state.write_json(state)
