"""Reads a document in a process of its own, within bounds of CPU, memory and text, and without network.

What people have put into a folder may be made to harm, or just be huge: a page that asks for gigabytes ends that
process alone. Small texts are read here, which costs less than a process does.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.formats import format_of, read_document
from cocoai.documents.source import Unreadable
from cocoai.engine.process import fork
from cocoai.engine.process.proc import mapped_memory, most_mapped_memory
from cocoai.errors import Temporary

READER_PROCESS = "cocoai-reader"

SMALL_TEXT = 64 << 10
"""Bytes up to which a text is read without a process of its own: its reader cannot take a second for it."""

MOST_TEXT = 2_000_000
"""Characters of one document's text, some 1,000 pages: what has more is data."""

_TEMPORARY = frozenset(["io_error"])
"""What may be different at the next try."""

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "ctypes.")
"""How the names of audit events begin that no reading of a document causes."""


@dataclass(frozen=True)
class ReadingLimits:
    """The bounds of one reading: seconds of CPU and of time, and bytes of memory beyond what the process has mapped.

    On a machine that has used up its CPU credit, ten seconds of CPU take over three minutes.
    """

    cpu: int = 10
    seconds: float = 300.0
    memory: int = 200 << 20
    text: int = MOST_TEXT


LIMITS = ReadingLimits()


def read_apart(file: BinaryIO, name: str, size: int, limits: ReadingLimits = LIMITS) -> list[DocumentSection]:
    """Return the sections of a document of `size` bytes, which `file` holds from its beginning, as read_document().

    The text has no NUL and no half of a character. Raise `Unreadable` as read_document(), and with `too_slow` or
    `too_large` for what does not stay within the limits. Raise `Temporary` if the disk fails, OSError if no process can
    be forked.
    """
    form = format_of(name)
    if form is None or (not form.library and size <= SMALL_TEXT):
        return list(_clean(read_document(file, name), limits.text))
    form.load()  # once, in this process, for all documents that it reads
    return _read_in_child(file, name, limits)


def _read_in_child(file: BinaryIO, name: str, limits: ReadingLimits) -> list[DocumentSection]:
    results, results_end = os.pipe()
    with open(results, "rb") as pipe:
        keep = {results_end} if isinstance(file, io.BytesIO) else {results_end, file.fileno()}
        try:
            send = partial(_send, file, name, limits, results_end)
            pid = fork.fork(send, name=READER_PROCESS, keep=frozenset(keep), detach=False)
        finally:
            os.close(results_end)
        # Four bytes a character, and each quote and line break may take one more.
        lines = pipe.read(8 * limits.text + 4096).splitlines()
    status = _wait(pid)
    if not lines or not lines[-1].startswith(b"{"):
        raise Unreadable(_cause(status))
    _raise(json.loads(lines[-1])["problem"])
    return [DocumentSection(*json.loads(line)) for line in lines[:-1]]


def _wait(pid: int) -> int:
    """Return the exit status of a process of which nothing more comes, as os.waitpid() does."""
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:  # whoever called us ignores SIGCHLD
        return 0


def _cause(status: int) -> str:
    """Return the code for a document over which a process has died without a word."""
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if number in (signal.SIGXCPU, signal.SIGALRM):
        return "too_slow"
    return "too_large" if number == signal.SIGKILL else "broken"  # KILL: the kernel's, when memory runs out


def _raise(problem: str) -> None:
    """Raise what a child's last line says: `Unreadable` with its code, or Temporary; nothing for ""."""
    if problem in _TEMPORARY:
        raise Temporary(problem)
    if problem:
        raise Unreadable(problem)


# in the child


def _send(file: BinaryIO, name: str, limits: ReadingLimits, results: int) -> None:
    """Read a document in this process, and write its sections to the pipe `results`: a line of JSON for each.

    The last line is an object that says what went wrong: a line is short enough to be written when memory has run out.
    """
    before = mapped_memory()
    _bound(limits, before + limits.memory)
    problem = ""
    try:
        for section in _clean(read_document(file, name), limits.text):
            _write(results, json.dumps([section.heading, section.text, section.place], ensure_ascii=False).encode())
    except Unreadable as error:
        # Where memory runs out, libxml2 says of a file that it is broken (`unknown error`).
        is_full = error.code == "broken" and most_mapped_memory() - before > limits.memory / 2
        problem = "too_large" if is_full else error.code
    except MemoryError:
        problem = "too_large"
    except OSError:
        problem = "io_error"
    with suppress(BrokenPipeError):  # whoever wanted to know was killed
        _write(results, b'{"problem": "%s"}' % problem.encode())


def _bound(limits: ReadingLimits, memory: int) -> None:
    """Set the limits of this process, and let it neither use the network, nor start a program, nor write a file."""
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_audit)


def _audit(event: str, _arguments: Any) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


def _write(results: int, line: bytes) -> None:
    data = memoryview(line + b"\n")
    while data:
        data = data[os.write(results, data) :]


def _clean(sections: Iterable[DocumentSection], most: int) -> Iterator[DocumentSection]:
    """Yield sections without what cannot be kept. Raise `Unreadable` with `too_large` over `most` characters in all."""
    for section in sections:
        most -= len(section.heading) + len(section.text) + len(section.place)
        if most < 0:
            raise Unreadable("too_large")
        yield DocumentSection(*map(_storable, (section.heading, section.text, section.place)))


def _storable(text: str) -> str:
    """Return a text without NUL and without halves of characters, which SQLite and UTF-8 do not take."""
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")
