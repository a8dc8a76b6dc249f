"""The index's file: its tables, how it is opened, and when it is thrown away. Nothing in it is the only copy.

As with the ledger (ledger/database.py), a connection is opened after the process's own fork, and `TRUNCATE` with
`EXTRA` outlasts a power cut. What is deleted is overwritten (`secure_delete`). A reader opens it read-only; what it
finds broken it says by a file beside it, and whoever writes next makes the index anew.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import quote

from cocoai.documents.words import SPLITTER_VERSION
from cocoai.errors import CocoAIError

FILE = "documents.sqlite3"
"""The file's name below `var`."""

BROKEN = "-broken"
"""Behind the file's name: the mark of a reader that found it broken."""

VERSION = f"1 {SPLITTER_VERSION} {unicodedata.unidata_version}"
"""Of the tables, the splitter and Python's tables of characters. An index of another one has other words in it."""

READ_PATIENCE = 1.0
"""Seconds that a reader waits for a commit: an answer goes on without documents after that."""

WRITE_PATIENCE = 10.0
"""Seconds that a commit waits for readers."""

# document: source and name are its key, passages how many it has, first the id of the first of them; problem is the
# code why it has none, "" for none; indexed_at in epoch seconds.
_DOCUMENT = """
CREATE TABLE document (
id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL, version TEXT NOT NULL,
link TEXT NOT NULL, channel TEXT NOT NULL, problem TEXT NOT NULL, passages INTEGER NOT NULL, first INTEGER NOT NULL,
indexed_at REAL NOT NULL, UNIQUE (source, name)) STRICT
"""

# The ids of a document's passages follow each other.
_PASSAGE = """
CREATE TABLE passage (
id INTEGER PRIMARY KEY, document INTEGER NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, place TEXT NOT NULL)
STRICT
"""

# word: what words.py makes of each passage, of which FTS5 keeps no text itself. Its tokenizer `ascii` cuts at the
# spaces between these words and nowhere else, in every version of SQLite. The text is first, since FTS5 takes two bytes
# more for each word of another column.
SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    _DOCUMENT,
    _PASSAGE,
    "CREATE VIRTUAL TABLE word USING fts5(text, heading, title, content='', tokenize='ascii')",
    "CREATE VIRTUAL TABLE vocabulary USING fts5vocab(word, row)",
)

log = logging.getLogger(__name__)


class IndexUnavailable(CocoAIError):
    """The index cannot be used now: answers go on without it.

    `code` says why: `missing`, `busy` (another process is writing, or was killed while it did; or the system refuses,
    such as on a full disk), `broken`, or `old` (made by another version). The next who indexes documents mends it.
    """

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(code, source="documents")
        self.reason = reason

    def __str__(self) -> str:
        """Return the code and the reason, such as `documents broken file is not a database`."""
        return f"{super().__str__()} {self.reason}".rstrip()


@contextmanager
def reading(path: str, *, marks_broken: bool = True) -> Iterator[sqlite3.Connection]:
    """Open the index at `path` and yield a connection for reading. Raise `IndexUnavailable`.

    Fetch all rows before anything slow: a statement that is half read keeps the writer from committing. Unless it
    `marks_broken`, nothing is written, and the next who writes has to find by itself what is wrong.
    """
    try:
        if os.path.getsize(path) == 0:  # it is just being made, and not broken
            raise IndexUnavailable("missing")
        uri = f"file:{quote(path)}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=READ_PATIENCE, isolation_level=None)) as connection:
            connection.execute("PRAGMA cache_size = -256")  # KiB, as the ledger's
            _check_version(connection)
            yield connection
    except sqlite3.Error as error:
        unavailable = as_unavailable(error)
        if marks_broken and unavailable.code == "broken":
            with suppress(OSError):
                os.close(os.open(path + BROKEN, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        raise unavailable from error
    except (FileNotFoundError, NotADirectoryError):
        raise IndexUnavailable("missing") from None
    except OSError as error:  # such as a folder of another user's
        raise IndexUnavailable("busy", str(error)) from error


def opened(path: str) -> sqlite3.Connection:
    """Return a connection for writing to the index at `path`, which is made if it is missing, and anew if it is old or
    broken. Raise `IndexUnavailable` with the code `busy`, or OSError, if that is impossible now.
    """
    reason = "a search found it broken" if os.path.exists(path + BROKEN) else ""
    if not reason:
        try:
            return _connected(path)
        except sqlite3.Error as error:
            unavailable = as_unavailable(error)
            if unavailable.code == "busy":
                raise unavailable from error
            reason = unavailable.reason
        except IndexUnavailable as error:
            reason = str(error)
    log.warning("the index of the documents is made anew: %s", reason)
    throw_away(path)
    try:
        return _connected(path)
    except sqlite3.Error as error:
        raise as_unavailable(error) from error


def throw_away(path: str) -> None:
    """Delete the index at `path`, and what lies beside it."""
    # The journal goes last: by itself it harms nothing, while a file without the journal that it needs is broken.
    for name in (path, f"{path}-journal", path + BROKEN):
        with suppress(FileNotFoundError):
            os.unlink(name)
            _sync_folder(os.path.dirname(path) or ".")


def _sync_folder(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _connected(path: str) -> sqlite3.Connection:
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=WRITE_PATIENCE, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute("PRAGMA secure_delete = ON").fetchone()
        # Pages that are written before the commit would lock readers out until then.
        connection.execute("PRAGMA cache_spill = OFF")
        if not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
            _make_tables(connection)
        _check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('version', ?), ('passages', '0'), ('remains', '')", (VERSION,))
    connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection) -> None:
    """Raise `IndexUnavailable` unless the index has our version."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
    if row != (VERSION,):
        raise IndexUnavailable("old", str(row and row[0]))


_MAY_PASS = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        # So a reader sees the journal of a writer that was killed: the next writer rolls it back.
        sqlite3.SQLITE_READONLY,
    }
)
"""Codes of errors that do not say that the file is broken."""


def as_unavailable(error: sqlite3.Error) -> IndexUnavailable:
    """Return what an error of SQLite means for whoever uses the index."""
    # An extended code has the plain one in its lowest byte.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return IndexUnavailable("busy" if code in _MAY_PASS else "broken", str(error))
