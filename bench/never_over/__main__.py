"""Ten processes, 2,000 calls, 200 kills: what is billed never passes the cap, and the ledger agrees with the bills.

    python -m bench.never_over [--processes 10] [--calls 2000] [--kills 200] [--store files] [--seed S]

With `--store mariadb` the ledger is on a real MariaDB server of its own, which is killed 5 times in the middle.
The workers hold, ask, record and settle by the product's own code, each with a clock that jumps about the edge of a
month, half of them in another time zone; they are killed at each point of a call and at random times. The exit status
is 1 if a law is broken.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.never_over.places import InFile, OnServer, Place
from bench.never_over.run import NeverOver, Shape, caps_for

SERVER_KILLS = 5


@contextmanager
def place_of(store: str, folder: Path) -> Iterator[Place]:
    """Yield where the ledger lies: in `folder`, or on a server that is started there and ended behind the block."""
    if store == "files":
        yield InFile(folder)
        return
    from cocoai.engine.mariadb.mariadb import MariaDB
    from tests.mariadb.server import Server, new_data

    (folder / "m").mkdir()
    server = Server(folder / "m", new_data(folder / "new"))
    server.start()
    try:
        root = MariaDB(server.address())
        root.execute("CREATE DATABASE ledger")
        root.close()
        yield OnServer(server, server.address("ledger"), SERVER_KILLS)
    finally:
        server.stop()


def main() -> int:
    """Run once, print the figures, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="bench.never_over", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=10)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--store", choices=("files", "mariadb"), default="files")
    parser.add_argument("--seed", default=secrets.token_hex(4))
    arguments = parser.parse_args()
    shape = Shape(arguments.processes, arguments.calls, arguments.kills, caps_for(arguments.calls), arguments.seed)
    print(f"never over: seed {shape.seed}", flush=True)
    logging.disable()  # each settling that waits for the server, or for the sweep
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="n-") as folder, place_of(arguments.store, Path(folder)) as place:
        run = NeverOver(Path(folder), shape, place=place).run()
        figures = run.figures()
    for name, value in {**figures, "seconds": f"{time.monotonic() - began:.1f}"}.items():
        print(f"  {name:<36} {value:>24}")
    for violation in run.violations[:20]:
        print(f"{violation.law}: {violation.detail}")
    return int(bool(run.violations))


if __name__ == "__main__":
    sys.exit(main())
