"""Write what a command prints: a reader that has gone ends the command quietly, a full disk with one sentence.

Python leaves SIGPIPE ignored, so that a program with sockets, as `cocoai up`, does not end by it; a closed pipe is then
an exception at any write, or at the flush when the process exits (docs.python.org, signal, Note on SIGPIPE).
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import TextIO

from cocoai.errors import CocoAIError


class OutputFailed(CocoAIError):
    """What a command prints cannot be written; the text says why."""


class OutputClosed(OutputFailed):
    """Nobody reads what a command prints any more, as when `head` has had its lines."""


class Output(io.TextIOBase):
    """A text stream over `stream` whose failures are OutputFailed. After a failure nothing more is written.

    With None, as Python has it where stdout is closed from the start, nothing is written at all.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None else open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    def write(self, text: str) -> int:
        """Write `text` and return its length. Raise OutputFailed if that is not possible."""
        with self._failures():
            try:
                return self._stream.write(text)
            except UnicodeEncodeError:  # a terminal that is not UTF-8: `?` stands for what it cannot show
                encoding = self._stream.encoding
                return self._stream.write(text.encode(encoding, "replace").decode(encoding))

    def flush(self) -> None:
        """Write what is still in the buffer. Raise OutputFailed if that is not possible."""
        with self._failures():
            self._stream.flush()

    def isatty(self) -> bool:
        """Return True if the stream is a terminal."""
        return self._stream.isatty()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        """Raise an OSError from inside as OutputFailed, as a context manager."""
        try:
            yield
        except OSError as error:
            self._discard()
            if isinstance(error, BrokenPipeError):
                raise OutputClosed("the output is closed") from None
            raise OutputFailed(f"cannot write the output: {error.strerror}") from None

    def _discard(self) -> None:
        """Let the stream's descriptor refer to /dev/null: Python writes its buffer once more when the process exits."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._stream.fileno())
        os.close(null)
