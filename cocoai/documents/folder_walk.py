"""FolderWalk: one look at all files below a folder, in bounded time and memory, which follows no link.

A link that leaves the folder would show what nobody has put there, and one within it would show a file under the
reader rules of another sub-folder: what it points to is found under its own name.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator

from cocoai.decoding.text_files import decode
from cocoai.documents.document import FOLDER, Document
from cocoai.documents.readers.formats import format_of
from cocoai.errors import Temporary

MOST_FILES = 20_000
"""Documents of one folder: of more, those that come first by name are kept, and the others counted."""

MOST_ENTRIES = 500_000
"""Files and folders that are looked at: a walk over more takes longer than a small machine has."""

MOST_DEPTH = 50
"""Folders within each other."""

READERS_VERSION = 1
"""Part of each version: raise it when the readers make something else of the same files."""


class FolderWalk:
    """One walk over a folder: run() fills `documents`, by name.

    `problems` counts what was left out, by code: `too_many` documents, `other_type` (files of formats that are not
    read), `link`, `special` (sockets, devices, pipes), `no_leave` and `unreadable` (folders), `too_deep` (folders),
    `same_name` (files whose names differ in their bytes only). Hidden files and folders are not even counted.
    `unseen` are the folders that could not be read though we may. `entries` counts all files and folders that it met.
    """

    def __init__(self, folder: str, most_files: int = MOST_FILES) -> None:
        self._folder = folder.rstrip("/")
        self._most_files = most_files
        self._paths: dict[str, str] = {}
        """The paths of the documents whose names are not what the disk calls them."""
        self.entries = 0
        self.documents: dict[str, Document] = {}
        self.problems: Counter[str] = Counter()
        self.unseen: set[str] = set()

    def run(self) -> None:
        """Walk, in the order of names. Raise `Temporary` if the folder itself cannot be read."""
        try:
            self._walk_folder(self._folder or "/", "", 0)
        except OSError as error:
            raise Temporary("folder_unreadable") from error

    def path(self, name: str) -> str:
        """Return the path of a document on the disk."""
        return self._paths.get(name) or os.path.join(self._folder, name)

    def _walk_folder(self, path: str, prefix: str, depth: int) -> None:
        """Take in one folder; `prefix` is its name with a slash behind it, "" for the outermost. Raise OSError."""
        folders = []
        for entry in sorted(self._entries_of(path), key=_name_of):
            name = prefix + (entry.name if entry.name.isascii() else readable(entry.name))
            if entry.is_symlink():
                self.problems["link"] += 1
            elif entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, name))
            elif not entry.is_file(follow_symlinks=False):
                self.problems["special"] += 1
            elif format_of(name) is None:
                self.problems["other_type"] += 1
            elif len(self.documents) >= self._most_files:
                self.problems["too_many"] += 1
            else:
                self._add(entry, name)
        for inner, name in folders:
            self._try_folder(inner, name, depth + 1)

    def _entries_of(self, path: str) -> Iterator[os.DirEntry[str]]:
        """Yield what is not hidden in a folder, as long as there are not too many entries in all."""
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~$")):  # `~$` is what Office puts beside a file that somebody edits
                    continue
                self.entries += 1
                if self.entries > MOST_ENTRIES:
                    self.problems["too_many"] += 1
                else:
                    yield entry

    def _try_folder(self, path: str, name: str, depth: int) -> None:
        if depth >= MOST_DEPTH:
            self.problems["too_deep"] += 1
            return
        try:
            self._walk_folder(path, f"{name}/", depth)
        except PermissionError:
            # Whoever takes us the leave to read it means that: its documents are forgotten.
            self.problems["no_leave"] += 1
        except (FileNotFoundError, NotADirectoryError):
            pass  # deleted since its parent was read
        except OSError:
            self.problems["unreadable"] += 1
            self.unseen.add(name)

    def _add(self, entry: os.DirEntry[str], name: str) -> None:
        if name in self.documents:
            self.problems["same_name"] += 1
            return
        try:
            version = version_of(entry.stat(follow_symlinks=False), name)
        except FileNotFoundError:
            return
        if name != entry.path[len(self._folder) + 1 :]:
            self._paths[name] = entry.path
        title = os.path.splitext(name.rpartition("/")[2])[0]
        self.documents[name] = Document(FOLDER, name, title, version)


def version_of(found: os.stat_result, name: str) -> str:
    """Return the version of a file: it changes with what the disk says of it, and when its format becomes readable."""
    form = format_of(name)
    if not stat.S_ISREG(found.st_mode) or form is None:
        return ""
    readers = f"{READERS_VERSION}" if form.is_readable() else "-"
    return f"{readers}.{found.st_size}.{found.st_mtime_ns}.{found.st_ino}.{found.st_ctime_ns}"


def readable(name: str) -> str:
    """Return the name of a file as people read it, in NFC: a Mac writes が as か with its mark behind.

    Bytes that are no UTF-8 are read as what they look like, such as Shift_JIS, else written as `\\x83`.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        data = os.fsencode(name)
        decoded = decode(data)
        is_whole = decoded is not None and not decoded.is_damaged
        name = decoded.text if decoded and is_whole else data.decode("utf-8", "backslashreplace")
        name = name.replace("/", "\\")
    return unicodedata.normalize("NFC", name)


def _name_of(entry: os.DirEntry[str]) -> str:
    return entry.name
