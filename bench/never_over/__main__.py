"""Ten processes, 2,000 calls, 200 kills: what is billed never passes the cap, and the ledger agrees with the bills.

    python -m bench.never_over [--processes 10] [--calls 2000] [--kills 200] [--seed S]

The workers hold, ask, record and settle by the product's own code, each with a clock that jumps about the edge of a
month, half of them in another time zone; they are killed at each point of a call and at random times. The exit status
is 1 if a law is broken.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from bench.never_over.run import NeverOver, Shape, caps_for


def main() -> int:
    """Run once, print the figures, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="bench.never_over", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=10)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    arguments = parser.parse_args()
    shape = Shape(arguments.processes, arguments.calls, arguments.kills, caps_for(arguments.calls), arguments.seed)
    print(f"never over: seed {shape.seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="n-") as folder:
        run = NeverOver(Path(folder), shape).run()
        figures = run.figures()
    for name, value in {**figures, "seconds": f"{time.monotonic() - began:.1f}"}.items():
        print(f"  {name:<36} {value:>24}")
    for violation in run.violations[:20]:
        print(f"{violation.law}: {violation.detail}")
    return int(bool(run.violations))


if __name__ == "__main__":
    sys.exit(main())
