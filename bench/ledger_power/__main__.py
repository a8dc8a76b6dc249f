"""Power cuts under the ledger: what is left of it at each point of a commit, by the system calls that strace sees.

    python -m bench.ledger_power [--images 40] [--seed S]     needs strace

Processes hold and settle calls, each in a transaction of its own, some are killed in a commit and leave a hot journal,
and strace records what they do to the files. Then the power is cut before each of these system calls, in a model that
keeps only what was fsynced: of the bytes written since, and of the names made or removed since, any may be there. Of
each cut `--images` random ones are built beside the two extremes; each is opened as the product opens it, and must be
whole, and have all that was acknowledged by then. The rows below the first are what the ledger does not use.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from bench.ledger_power.cutting import cut_everywhere
from bench.ledger_power.paying import OURS

OTHERS = (("DELETE", "FULL"), ("DELETE", "EXTRA"), ("WAL", "FULL"), ("WAL", "NORMAL"))


def main() -> int:
    """Print a line for each setting; return 1 if the ledger's own loses anything."""
    parser = argparse.ArgumentParser(
        prog="bench.ledger_power", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    arguments = parser.parse_args()
    if shutil.which("strace") is None:
        sys.exit("there is no strace: apt-get install strace")
    print(f"seed {arguments.seed}, SQLite {sqlite3.sqlite_version}")
    print(f"{'journal, synchronous':<24}{'cuts':>8}{'images':>8}{'corrupt':>9}{'lost':>8}")
    results = []
    for settings in (OURS, *OTHERS):
        with tempfile.TemporaryDirectory() as scratch:
            result = cut_everywhere(settings, Path(scratch), images=arguments.images, seed=arguments.seed)
        results.append(result)
        figures = (result.cuts, result.images, result.corrupt, result.lose)
        print(f"{' '.join(settings):<24}{figures[0]:>8}{figures[1]:>8}{figures[2]:>9}{figures[3]:>8}", flush=True)
    ours = results[0]
    print("\n".join(ours.evidence[:20]))
    return int(bool(ours.corrupt or ours.lose))


if __name__ == "__main__":
    sys.exit(main())
