"""`python -m tests.crash [NAME ...]`: enumerate histories further than the tests do.

It takes all histories, or those whose names contain a NAME, prints a table, and takes about half an hour;
`--quick` goes hardly as far as the tests do.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter

from tests.crash.enumeration import Enumeration, exhaustive_depth, quick_depth
from tests.crash.histories import HISTORIES, TOGETHER

HEADINGS = ("runs", "built", "checked", "recovered", "violations", "seconds")


def main(arguments: list[str]) -> int:
    """Print a line for each history, and their sum; return the exit status: 0 if no law was broken."""
    logging.disable(logging.CRITICAL)
    depth_of = quick_depth if "--quick" in arguments else exhaustive_depth
    names = [argument for argument in arguments if not argument.startswith("--")] or [""]
    total: Counter[str] = Counter()
    print(f"{'history':<50}" + "".join(f"{heading:>11}" for heading in HEADINGS))
    for history in [*HISTORIES, *TOGETHER]:
        if any(name in history.name for name in names):
            began = time.monotonic()
            done = Enumeration(history, depth_of(history)).run()
            total.update(_line(history.name, done, round(time.monotonic() - began)))
    print(f"{'all':<50}" + "".join(f"{total[heading]:>11}" for heading in HEADINGS))
    return 1 if total["violations"] else 0


def _line(name: str, done: Enumeration, seconds: int) -> dict[str, int]:
    """Print the line of one history and its first violations; return the figures by heading."""
    figures = (done.runs, done.built, done.checked, done.recoveries, len(done.violations), seconds)
    print(f"{name:<50}" + "".join(f"{figure:>11}" for figure in figures), flush=True)
    for violation in done.violations[:5]:
        print(f"    {violation.law}: {violation.detail}\n        {' / '.join(violation.trail)}")
    return dict(zip(HEADINGS, figures, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
