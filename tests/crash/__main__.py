"""`python -m tests.crash [--part K/N] [NAME ...]`: enumerate histories further than the tests do.

It takes all histories, or those whose names contain a NAME, and prints a table. All together take about an hour of one
core; `--part 1/2` takes every other one, for one of two processes. `--deep` builds four times as many disks, `--quick`
hardly goes as far as the tests do.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.crash import clips, pictures
from tests.crash.enumeration import Enumeration, exhaustive_depth, further_depth, quick_depth
from tests.crash.histories import HISTORIES, TOGETHER

HEADINGS = ("runs", "built", "checked", "recovered", "violations", "seconds")


def main(arguments: Sequence[str]) -> int:
    """Print a line for each history, and their sum; return the exit status: 0 if no law was broken."""
    logging.disable(logging.CRITICAL)
    pictures.install(setattr)
    clips.install(setattr)
    options = _options(arguments)
    part, parts = (int(number) for number in options.part.split("/"))
    chosen = [history for history in (*HISTORIES, *TOGETHER) if any(name in history.name for name in options.names)]
    total: Counter[str] = Counter()
    print(f"{'history':<56}" + "".join(f"{heading:>11}" for heading in HEADINGS))
    for history in chosen[part - 1 :: parts]:
        began = time.monotonic()
        done = Enumeration(history, options.depth(history)).run()
        total.update(_line(history.name, done, round(time.monotonic() - began)))
    print(f"{'all':<56}" + "".join(f"{total[heading]:>11}" for heading in HEADINGS))
    return 1 if total["violations"] else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", default=[""])
    parser.add_argument("--part", metavar="K/N", default="1/1")
    parser.add_argument("--quick", dest="depth", action="store_const", const=quick_depth, default=further_depth)
    parser.add_argument("--deep", dest="depth", action="store_const", const=exhaustive_depth)
    return parser.parse_args(arguments)


def _line(name: str, done: Enumeration, seconds: int) -> dict[str, int]:
    """Print the line of one history and its first violations; return the figures by heading."""
    figures = (done.runs, done.built, done.checked, done.recoveries, len(done.violations), seconds)
    print(f"{name:<56}" + "".join(f"{figure:>11}" for figure in figures), flush=True)
    for violation in done.violations[:5]:
        print(f"    {violation.law}: {violation.detail}\n        {' / '.join(violation.trail)}")
    return dict(zip(HEADINGS, figures, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
