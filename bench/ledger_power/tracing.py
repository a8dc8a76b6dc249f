"""What paying processes do to the ledger's files, as strace sees it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.ledger_power.paying import ACKS

CALLS = 4
"""Calls that are held and settled in a run, each in a process of its own."""

TRACED = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename"


class SystemCall(NamedTuple):
    """A call that has succeeded: its name, the path of its file, the data that it wrote, and a number.

    The number is the offset of a write, the length of a truncation, or 1 if an `openat` may make the file.
    """

    name: str
    path: str
    data: bytes = b""
    number: int = 0


def traced_run(folder: Path, settings: tuple[str, str], kill_at: int = 0) -> list[SystemCall]:
    """Return what paying processes have done to the files in `folder`; one is killed at its fsync `kill_at`."""
    pay = ["bench.ledger_power.paying", str(folder), *settings]
    (folder / ACKS).touch()
    calls = traced(folder, [*pay, "1", "1" if kill_at else str(CALLS)], kill_at)
    return calls + (traced(folder, [*pay, "2", "1"]) if kill_at else [])


def traced(folder: Path, module: Sequence[str], kill_at: int = 0) -> list[SystemCall]:
    """Return what a Python module, called with its arguments, has done to the files in `folder`."""
    log = folder.parent / "strace.log"
    program = [sys.executable, "-m", *module]
    inject = ["-e", f"inject=fdatasync,fsync:signal=KILL:when={kill_at}"] if kill_at else []
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={TRACED}", *inject, "-o", str(log)]
    subprocess.run([*strace, *program], check=True)
    return list(_system_calls(log.read_text("ascii"), str(folder)))


_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (\d+)")
_HEX = re.compile(r"(?:\\x[0-9a-f]{2})+")


def _system_calls(log: str, folder: str) -> Iterator[SystemCall]:
    """Yield the calls in strace's log that concern files in a folder, or the folder itself."""
    for line in log.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        name, arguments, _ = match.groups()
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in _HEX.findall(arguments)]
        # An `openat` names the current folder before its path.
        path = os.fsdecode(texts[1 if name == "openat" and "AT_FDCWD<" in arguments else 0]) if texts else ""
        if path != folder and os.path.dirname(path) != folder:
            continue
        match name:
            case "openat":
                yield SystemCall(name, path, number=int("O_CREAT" in arguments))
            case "pwrite64":
                yield SystemCall(name, path, texts[1], int(arguments.rsplit(", ", 1)[1]))
            case "write":
                yield SystemCall(name, path, texts[1])
            case "ftruncate":
                yield SystemCall(name, path, number=int(arguments.rsplit(", ", 1)[1]))
            case "fsync" | "fdatasync" | "unlink":
                yield SystemCall(name, path)
            case _:
                raise ValueError(line)  # SQLite was never seen to do this here
