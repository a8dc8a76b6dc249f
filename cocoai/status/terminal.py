"""`cocoai status`: the status in a terminal, or in whatever reads our output; once, or again and again."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from typing import TextIO

from cocoai import config
from cocoai.status import RUNNING, STOPPED, UNKNOWN, Status, as_json, collect, text
from cocoai.status.sheet import sheet

EVERY = 2.0
"""Seconds between two looks."""

EXIT_CODES = {RUNNING: 0, STOPPED: 3, UNKNOWN: 4}
"""As a service's own `status` has them (Linux Standard Base, Init Script Actions)."""


def show(settings: config.Settings, out: TextIO, *, as_data: bool) -> int:
    """Look once. The exit code; OSError if the spool cannot be read, or `out` not be written."""
    status = collect(settings)
    out.write("\n".join(_lines(status, as_data=as_data, indent=1)) + "\n")
    out.flush()
    return EXIT_CODES[status.state]


def watch(settings: config.Settings, out: TextIO, *, as_data: bool) -> None:
    """Look again and again, for ever: a terminal is drawn anew, anything else gets one look after the other."""
    is_drawn = out.isatty() and not as_data
    while True:
        lines = _lines(collect(settings), as_data=as_data)
        if is_drawn:
            out.write(frame(lines, *shutil.get_terminal_size()))
        else:
            out.write("\n".join(lines) + ("\n" if as_data else "\n\n"))
        out.flush()
        time.sleep(EVERY)


def frame(lines: Sequence[str], columns: int, rows: int) -> str:
    """As much as a terminal of this size can show, drawn over what it shows now, without a flicker (ECMA-48)."""
    shown = [line[:columns] for line in lines[: rows - 1]]
    return "\x1b[H" + "".join(f"{line}\x1b[K\n" for line in shown) + "\x1b[J"


def _lines(status: Status, *, as_data: bool, indent: int | None = None) -> list[str]:
    return [json.dumps(as_json(status), indent=indent)] if as_data else list(text.render(sheet(status)))
