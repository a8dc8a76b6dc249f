"""Who sees each wrong setting, and how soon: `cocoai check`, whoever asks, and an operator who has typed nothing.

    python -m bench.wrong_settings     about a minute

The rows are those of tests/wrong_settings.py, played on one deployment behind the production site. The first time is
how long the check took to name it, in this process: the command needs Python's start, too. The other times are seconds
from the question: until the asker sees a word or the answer, until the operator could see something in the status, the
log or /healthz; `-` where there is nothing to see, `later` where the answer comes once it is mended. The pool's look at
itself is an hour's matter, and a direct message one of five minutes: they are named without a time. The exit status is
1 if a row differs from the table.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path

from cocoai.rehearsal.certificates import make
from tests.wrong_outcome import Outcome, play
from tests.wrong_settings import NOT_PLAYED, PLAYED, Row
from tests.wrong_stage import stage

LINE = "{:20} {:32} {:>6}  {:15} {:>6}  {:>6}  {}"


def main() -> int:
    """Play all rows, and print a line each; return 0, or 1 if a row is not as the table says."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    logging.disable()  # what the notices log here would stand between the lines
    print(LINE.format("wrong", "check finds", "s", "asker", "s", "oper.", "the operator sees it in"))
    with tempfile.TemporaryDirectory(prefix="b-", ignore_cleanup_errors=True) as folder:
        certificates = make(Path(folder) / "certificates")
        with stage(Path(folder), certificates) as made:
            others = [row.name for row in PLAYED if not _print_played(row, play(made, row))]
            made.finish()
    print(f"\nnot played here: {'; '.join(NOT_PLAYED)}")
    if others:
        print(f"not as the table says: {', '.join(others)}")
    return int(bool(others))


def _print_played(row: Row, outcome: Outcome) -> bool:
    """Print what was seen of a row; return True if that is what the table says."""
    found = [each for each in row.checked if each in outcome.checked]
    print(
        LINE.format(
            row.name,
            found[0] if found else "-",
            f"{outcome.check_after:.2f}",
            outcome.asker,
            _shown(outcome.asker_after),
            _shown(outcome.operator_after),
            ", ".join(sorted(outcome.operator)) or "-",
        ),
        flush=True,
    )
    return len(found) == len(row.checked) and (outcome.asker, outcome.operator) == (row.asker, row.operator)


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


if __name__ == "__main__":
    sys.exit(main())
