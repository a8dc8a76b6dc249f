"""`python -m tests.crash [NAME ...]`: histories (all, or those whose names hold a NAME) further than in the tests.

It prints a table, and takes about a quarter of an hour; `--quick` goes hardly as far as the tests do.
"""

from __future__ import annotations

import logging
import sys
import time
from collections import Counter

from tests.crash.enumeration import AT_ONCE, EXHAUSTIVE, EXHAUSTIVE_AT_ONCE, ONCE, Enumeration
from tests.crash.histories import HISTORIES, TOGETHER

HEADINGS = ("plays", "built", "judged", "recovered", "wrong", "seconds")


def main(arguments: list[str]) -> int:
    """Print a line for each history, and their sum; 0 if no law was broken."""
    logging.disable(logging.CRITICAL)
    alone, together = (ONCE, AT_ONCE) if "--quick" in arguments else (EXHAUSTIVE, EXHAUSTIVE_AT_ONCE)
    names = [argument for argument in arguments if not argument.startswith("--")] or [""]
    total: Counter[str] = Counter()
    print(f"{'history':<50}" + "".join(f"{heading:>11}" for heading in HEADINGS))
    for history in [*HISTORIES, *TOGETHER]:
        if any(name in history.name for name in names):
            began = time.monotonic()
            done = Enumeration(history, alone if history in HISTORIES else together).run()
            total.update(_line(history.name, done, round(time.monotonic() - began)))
    print(f"{'all':<50}" + "".join(f"{total[heading]:>11}" for heading in HEADINGS))
    return 1 if total["wrong"] else 0


def _line(name: str, done: Enumeration, seconds: int) -> dict[str, int]:
    figures = (done.plays, done.built, done.judged, done.recoveries, len(done.wrong), seconds)
    print(f"{name:<50}" + "".join(f"{figure:>11}" for figure in figures), flush=True)
    for wrong in done.wrong[:5]:
        print(f"    {wrong.law}: {wrong.detail}\n        {' / '.join(wrong.way)}")
    return dict(zip(HEADINGS, figures, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
