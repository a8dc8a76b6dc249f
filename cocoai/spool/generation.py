"""The generation: a number in `run/` that every start, reload and stop of the pool raises.

A job process outlives the worker that forked it, and may outlive the pool. It goes on claiming only while the
number is what it was at its birth, so that no old code and no old settings take up new work.
"""

from __future__ import annotations

from cocoai.engine.process.replace_file import replace_file


class Generation:
    """The generation number, kept in the file at `path`. One master writes it; any process reads it."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self) -> int:
        """Return the number in the file; 0 if the file is missing, or holds no number."""
        try:
            # In bytes: to open a text, each new process would have to import its codec.
            with open(self._path, "rb", buffering=0) as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return 0

    def increment(self) -> int:
        """Raise the number in the file by one and return it. Raise OSError if that fails: the old one stays."""
        number = self.read() + 1
        replace_file(self._path, f"{number}\n".encode())
        return number
