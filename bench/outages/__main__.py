"""What each outage does, once each: what Slack heard, what the askers read, and how long until all was well again.

    python -m bench.outages [NAME ...] [--away 60]      about 12 minutes; as root: a small disk is mounted, and full

nginx, supervisor and pool are those of production, between the practice servers; MariaDB is Debian's, with TLS, behind
a way that can go silent. In each outage one answer is being written, and three people ask. It ends with an error if a
question is lost, or answered twice.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.outages.row import PATIENCE, Row, produce, told
from bench.outages.stand import (
    PASSWORD,
    Stand,
    balanced,
    certificate_options,
    kill_all,
    machine,
    stand,
)
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.rehearsal.certificates import make
from cocoai.spool.mariadb.tables import LEASE
from tests.held_answers import HeldAnswers
from tests.processes import wait_until

SMALL = "160m"
"""The size of the disk that is filled."""


def nothing() -> None:
    """Do nothing: it was done at the outage's beginning."""


def restart(on: Stand) -> None:
    """Kill the server, and start it at once."""
    on.server.kill9()
    on.start_server()


def killed(on: Stand) -> Row:
    """Kill the server, and start it at once."""
    return produce(on, "server killed, and started again at once", partial(restart, on), nothing, 3.0)


def away(on: Stand) -> Row:
    """Kill the server, and start it after long."""
    return produce(on, "server away", on.server.kill9, on.start_server, on.long)


def hangs(on: Stand) -> Row:
    """Let the server accept connections and do nothing."""
    return produce(on, "server hangs (SIGSTOP)", on.server.stall, on.server.resume, 20.0)


def cut(on: Stand) -> Row:
    """Let nothing through to the server, for long."""
    return produce(on, "network cut, nobody is told", on.way.cut, on.way.mend, on.long)


def crowded(on: Stand) -> Row:
    """Let others take all places of the server, where ours have ended."""
    others: list[MariaDB] = []

    def begin() -> None:
        on.do("SET GLOBAL max_connections = 10", "CREATE USER IF NOT EXISTS other@localhost")
        on.drop_sessions()
        address = on.server.address("")
        with contextlib.suppress(Exception):
            while len(others) < 30:
                others.append(MariaDB(type(address)("information_schema", "other", socket=address.socket)))
                others[-1].rows("SELECT 1")
        on.drop_sessions()

    def end() -> None:
        for each in others:
            each.close()

    row = produce(on, "too many connections (1040)", begin, end, 10.0)
    on.do("SET GLOBAL max_connections = 100")
    return row


def password(on: Stand) -> Row:
    """Give us another password at the server; then the operator writes it into the settings and reloads."""
    file = on.built.var / "cocoai.ini"

    def begin() -> None:
        on.do("ALTER USER cocoai@'127.%%' IDENTIFIED BY 'second-password'")
        on.drop_sessions()

    def end() -> None:
        file.write_text(file.read_text().replace(PASSWORD, "second-password"))
        os.kill(on.built.pool_pid(), signal.SIGHUP)

    return produce(on, "another password, until the settings have it and are reloaded", begin, end, 10.0)


def certificate(on: Stand) -> Row:
    """Give the server a certificate that has run out, of an authority that we trust; then its old one again."""
    options = (*on.options[:2], *certificate_options(*on.expired))

    def begin() -> None:
        on.server.kill9()
        on.start_server(*options)

    return produce(on, "certificate run out", begin, partial(restart, on), 10.0)


def read_only(on: Stand) -> Row:
    """Let the server be one that may only be read, as a former primary is."""
    begin, end = (partial(on.do, f"SET GLOBAL read_only = {each}") for each in ("ON", "OFF"))
    return produce(on, "server may only be read (1290)", begin, end, 10.0)


def full(on: Stand) -> Row:
    """Leave no room on the disk on which the server's data lie."""
    filler = on.folder / "server" / "filler"

    def begin() -> None:
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        # Until a table needs room, what is small still fits.
        root = on.root()
        with contextlib.suppress(Exception):
            for _ in range(100):
                root.execute("INSERT INTO much VALUES (REPEAT('x', 65536))")
        root.close()

    def end() -> None:
        filler.unlink()
        # It may have ended itself, as InnoDB does where a write must not fail; its service manager starts it again.
        if not on.server.is_running:
            died.append(True)
            on.start_server()

    died: list[bool] = []
    on.do("CREATE TABLE IF NOT EXISTS much (data LONGBLOB) ENGINE=InnoDB")
    row = produce(on, "server's disk full", begin, end, 20.0)
    return replace(row, name=f"{row.name}{', of which it died' if died else ''}")


def dump(on: Stand) -> Row:
    """Put back a copy of the server's data, of a time at which two questions were in hand, one of them answered since.

    The other one's process is killed. What is old is given up before the pool starts.
    """
    built, data, copy = on.built, on.folder / "server" / "data", on.folder / "copy"
    first, second = HeldAnswers("Whole.", words="first"), HeldAnswers("Whole.", words="second")
    built.openai.switches.answer = lambda text: (first if "first" in text else second)(text)
    answered, unanswered = built.ask("first: answered since"), built.ask("second: never answered")
    wait_until(lambda: first.asked and second.asked)
    on.server.stop()
    shutil.copytree(data, copy)
    on.start_server()
    first.let_go.set()
    built.answer_to(answered, PATIENCE)
    built.up.stop()
    kill_all(built.var)
    second.let_go.set()
    on.server.stop()
    shutil.rmtree(data)
    shutil.copytree(copy, data)
    on.start_server()
    time.sleep(LEASE + 1.0)  # a copy is older than any claim in it
    began, seen = time.monotonic(), len(built.slack.deliveries)
    command = [sys.executable, "-m", "cocoai", "spool", "--config", str(built.var / "cocoai.ini")]
    run = subprocess.run([*command, "expire", "--older", "1s"], check=True, capture_output=True, text=True)
    expired = run.stdout.splitlines()[-1].partition(":")[0]
    built.up.start()
    built.up.await_ready()
    wait_until(lambda: not _ready(on), PATIENCE)
    healed = time.monotonic() - began
    built.answer_to(built.ask("after the copy"), PATIENCE)
    [[kept], [word]] = (built.replies(each) for each in (answered, unanswered))
    times = [sum(1 for each in first.asked + second.asked if name in each) for name in ("first:", "second:")]
    assert (times, "Whole." in kept.text) == ([1, 1], True), (times, kept.text)
    heard = told(built.slack.wait_for_deliveries()[seen:])
    read = f"answered since: its answer, asked 1 x; the other: {word.text!r}, asked 1 x"
    return Row(f"old copy restored, {expired}", time.monotonic() - began, heard, read, healed)


def _ready(on: Stand) -> int:
    root = on.root()
    [(number,)] = root.rows("SELECT COUNT(*) FROM job WHERE state = 0")
    root.close()
    return int(number)


def dead(on: Stand) -> Row:
    """Kill a machine that has an answer in hand, its nginx too; Slack sends to the balancer before it and another."""
    var = on.folder / "second"
    with machine(on, var.name), balanced(on, var) as site:

        def begin() -> None:
            kill_all(var)
            for pid in site.nginx():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        return produce(on, "a machine dead, another goes on", begin, nothing, 20.0)


def clock(on: Stand, *, ahead: float) -> Row:
    """Give one of two machines a wrong clock all the time."""
    var = on.folder / f"clock{ahead:.0f}"
    with machine(on, var.name, ahead=ahead), balanced(on, var):
        return produce(on, f"clock of one of two machines {ahead:.0f} s ahead", nothing, nothing, 6.0)


ROWS: Mapping[str, Callable[[Stand], Row]] = {
    "killed": killed,
    "away": away,
    "hangs": hangs,
    "cut": cut,
    "crowded": crowded,
    "certificate": certificate,
    "read-only": read_only,
    "full": full,
    "dump": dump,
    "dead": dead,
    "clock": partial(clock, ahead=200.0),
    "clock-far": partial(clock, ahead=4000.0),
    "password": password,
}
"""What produces each row; the last one leaves the settings of the first machine changed."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of SMALL in memory at `folder`, and remove it at the end."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "cocoai-outages", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def main() -> None:
    """Produce the rows that the command line names, or all, and print each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="all, if none is named")
    parser.add_argument(
        "--away", type=float, default=60.0, metavar="S", help="seconds of the long outages (%(default)s)"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="c-", dir="/tmp") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        made = make(folder / "certificates")
        if "full" in (chosen.rows or ROWS):
            stack.enter_context(small_disk(folder / "server"))
        on = stack.enter_context(stand(folder, made, chosen.away))
        for each in chosen.rows or ROWS:
            print("\n".join(ROWS[each](on).lines()), flush=True)


if __name__ == "__main__":
    main()
