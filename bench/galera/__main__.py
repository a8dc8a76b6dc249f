"""Jobs and the ledger on a Galera cluster of three nodes, which are killed and cut off meanwhile.

    python -m bench.galera [jobs] [ledger] [--rounds 8] [--calls 500] [--broken] [--seed N]  about 10 minutes; as root

jobs      200 questions in threads of eight, put twice each and answered by eight processes of three machines, each on a
          node of its own; they are killed, and stop for longer than their leases; this in so many rounds
ledger    three nodes hold at once what only one may; then ten processes pay for calls under caps, each on one of the
          nodes (see bench.never_over)

It needs Debian's mariadb-server-core, galera-4 and iproute2. Each node is in a network namespace of its own; all that
is made is removed. With --broken who goes on with a job does not look for what was posted before, and those who hold
at once lock a row and do not write it: jobs must be found answered twice, and a cap passed. The exit status is 1 if a
law is broken, 2 if this machine cannot have such a cluster.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
from pathlib import Path

from bench.galera.cluster import running
from bench.namespaces import Missing
from bench.never_over.run import Shape, caps_for

PARTS = ("jobs", "ledger")


def main() -> int:
    """Run what the command line names, or both; print the figures, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="bench.galera", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    chosen = parser.parse_args()
    chosen.parts = chosen.parts or list(PARTS)
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"no part is named {' '.join(sorted(unknown))}")
    print(f"galera: seed {chosen.seed}", flush=True)
    logging.disable()  # each statement that waits for the cluster
    with tempfile.TemporaryDirectory(prefix="g-", dir="/tmp") as folder:
        try:
            return _run(Path(folder), chosen)
        except Missing as error:
            print(f"bench.galera: {error}", file=sys.stderr)
            return 2


def _run(folder: Path, chosen: argparse.Namespace) -> int:
    from bench.galera import holds
    from bench.galera.jobs import answer
    from bench.galera.ledger import never_over

    broken: list[str] = []
    with running(folder) as cluster:
        if "jobs" in chosen.parts:
            for number in range(chosen.rounds):
                try:
                    figures = answer(cluster, folder, chosen.seed + number, is_broken=chosen.broken)
                except AssertionError as error:
                    broken.append(f"jobs: {error}")
                else:
                    _print(f"jobs, round {number + 1}", figures)
        if "ledger" in chosen.parts:
            broken += holds.violations(cluster, is_broken=chosen.broken)
            shape = Shape(10, chosen.calls, chosen.calls // 10, caps_for(chosen.calls), str(chosen.seed))
            figures, violations = never_over(cluster, folder, shape)
            _print("ledger", figures)
            broken += violations
    for each in broken[:20]:
        print(each[:2000])
    return int(bool(broken))


def _print(title: str, figures: dict[str, str]) -> None:
    print(title)
    for name, value in figures.items():
        print(f"  {name:<40} {value}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
