"""Write the status to a terminal, a file or a pipe, once or again and again: `cocoai status`."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from typing import TextIO

from cocoai import config
from cocoai.status import text
from cocoai.status.report import report
from cocoai.status.status import RUNNING, STOPPED, UNKNOWN, Status, as_json, collect

EVERY = 2.0
"""Seconds between two collections."""

EXIT_CODES = {RUNNING: 0, STOPPED: 3, UNKNOWN: 4}
"""The exit codes of a service's own `status` command (Linux Standard Base, Init Script Actions)."""


def show(settings: config.Settings, out: TextIO, *, is_json: bool) -> int:
    """Write the status once, as text or as JSON; return the exit code.

    That is 0 if the pool runs, 3 if it does not, 4 if that is unknown. Raise OSError if the spool cannot be read, or
    `out` cannot be written.
    """
    status = collect(settings)
    out.write("\n".join(_lines(status, is_json=is_json, indent=1)) + "\n")
    out.flush()
    return EXIT_CODES[status.state]


def watch(settings: config.Settings, out: TextIO, *, is_json: bool) -> None:
    """Write the status every EVERY seconds, for ever.

    A terminal is redrawn; in other output one text, or one line of JSON, follows the other. Raise OSError if the spool
    cannot be read, or `out` cannot be written.
    """
    is_drawn = out.isatty() and not is_json
    while True:
        lines = _lines(collect(settings), is_json=is_json)
        if is_drawn:
            out.write(frame(lines, *shutil.get_terminal_size()))
        else:
            out.write("\n".join(lines) + ("\n" if is_json else "\n\n"))
        out.flush()
        time.sleep(EVERY)


def frame(lines: Sequence[str], columns: int, rows: int) -> str:
    """Return the characters that draw `lines` over a terminal of this size, without a flicker (ECMA-48).

    What does not fit is cut off.
    """
    shown = [line[:columns] for line in lines[: rows - 1]]
    # Cursor home; erase to each line's end, and below the last line to the screen's end.
    return "\x1b[H" + "".join(f"{line}\x1b[K\n" for line in shown) + "\x1b[J"


def _lines(status: Status, *, is_json: bool, indent: int | None = None) -> list[str]:
    """Return the status as the lines of the text, or with `is_json` as one string of JSON."""
    return [json.dumps(as_json(status), indent=indent)] if is_json else list(text.render(report(status)))
