"""How many questions a second are acknowledged by one, two and three machines behind the load balancer of etc/nginx/.

    python -m bench.machines [--share 0.15] [--rounds 5] [--seconds 4] [--connections 8]          2 minutes; as root

Each machine is a pool with two workers, its nginx with the production site, a folder and a network namespace of its
own; all of them put into one MariaDB over TLS. The balancer, the database and the client are this computer, on the same
switch as the namespaces. All share its processors, so each machine may take only `--share` of one: that is what grows
with their number. The others may take what they like. No question is answered meanwhile: the slots of all machines are
held by this program. It ends with 2 where there can be no namespaces.

The rows take turns, round after round; medians. CPU is that of a question: of the machines' pools and nginx, of the
balancer and of mariadbd. Only the rate limit by address is lifted.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench import cpu, load
from bench.ack import PAUSE, SENTENCE, payload
from bench.namespaces import Machine, Missing, switch
from bench.peers import SLOTS, all_slots_held
from bench.store import TLS, server
from cocoai.config.store_settings import parse_address
from cocoai.engine.client.tls import tls_context
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.rehearsal.certificates import Certificates, make
from tests.balancer import MachineSite, balancer, machine_site, nginx_in
from tests.deployment import Deployment, deploy
from tests.store.machines import another, pids
from tests.volley import FrontDoor

MACHINES = 3

MOST = 1500
"""Questions a second that are made beforehand: more than are kept."""

PERIOD = 20_000
"""Microseconds in which a machine's share is counted."""

SHARES = Path("/sys/fs/cgroup/cpu")
"""Where control groups of version 1 limit the CPU."""

LIMIT = {"rate=200r/s": "rate=20000r/s"}


@dataclass(frozen=True)
class Turn:
    """The figures of one turn; CPU in ms a question."""

    load: load.Load
    machines: float
    balancer: float
    database: float


@contextmanager
def limited(name: str, share: float, processes: Sequence[int]) -> Iterator[None]:
    """Let these processes, and all that they fork, take only this share of one processor together."""
    folder = SHARES / f"bench-{name}"
    folder.mkdir()
    (folder / "cpu.cfs_period_us").write_text(str(PERIOD))
    (folder / "cpu.cfs_quota_us").write_text(str(int(PERIOD * share)))
    try:
        _move(map(str, processes), folder)
        yield
    finally:
        while left := (folder / "cgroup.procs").read_text().split():
            _move(left, SHARES)
        folder.rmdir()


def _move(processes: Iterable[str], group: Path) -> None:
    """Put these processes into a control group, but for those that have ended."""
    for pid in processes:
        with suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(pid)


class Stand:
    """All machines, and a balancer before the first one, two and three of them; on until `stack` ends."""

    def __init__(self, stack: ExitStack, share: float) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="c-", dir="/tmp")))
        machines = stack.enter_context(switch(MACHINES))
        certificates = make(folder / "certificates")
        here = machines[0].here
        self._serving = stack.enter_context(server(_certified(folder, certificates, here), here))
        url = self._serving.urls[TLS]
        self._database = MariaDB(parse_address(url), tls_context(certificates.ca_file), timeout=60.0)
        self._accounts = stack.enter_context(cpu.accounts(*map(str, range(MACHINES)), "balancers"))
        settings = {"COCOAI_STORE_URL": url, "COCOAI_POOL_WORKERS": "2"}
        sites = []
        for number, machine in enumerate(machines):
            name, var = str(number), folder / str(number)
            var.mkdir()
            if number == 0:
                marked: dict[str, Any] = settings | {"WHICH_MACHINE": str(var)}
                self.first: Deployment = stack.enter_context(machine.holding(deploy(var, certificates, **marked)))
            else:
                # Slack is in the first one's namespace, and nothing else is asked of it here.
                shutil.copy(self.first.var / "identity.json", var)
                stack.enter_context(machine.holding(another(self.first, var, **settings)))
            sites.append(self._site(stack, folder / f"site-{name}", var / "run", machine))
            stack.enter_context(all_slots_held(var, SLOTS))
            for pid in (processes := [*pids(var), *sites[-1].nginx()]):
                with suppress(ProcessLookupError):  # a task of the master's, which is short
                    self._accounts[name].admit([pid])
            stack.enter_context(limited(name, share, processes))
        self._doors = [self._door(stack, folder / f"balancer-{n}", sites[:n]) for n in range(1, MACHINES + 1)]

    def _site(self, stack: ExitStack, folder: Path, pool: Path, machine: Machine) -> MachineSite:
        folder.mkdir()
        site = machine_site(folder, pool, LIMIT, balanced_by=machine.here)
        return replace(stack.enter_context(machine.holding(site)), address=machine.address)

    def _door(self, stack: ExitStack, folder: Path, sites: Sequence[MachineSite]) -> FrontDoor:
        folder.mkdir()
        door = stack.enter_context(balancer(folder, sites, self.first.var / "run", LIMIT))
        self._accounts["balancers"].admit(nginx_in(folder))
        return door

    def turn(self, machines: int, seconds: int, connections: int) -> Turn:
        """Put load on so many machines, with so many connections for each. Raise SystemExit if anything is lost."""
        door = self._doors[machines - 1]
        address = f"{door.url}/slack/events"
        before = self._spent()
        figures = load.run(
            self.first.var, address, self._requests(address, seconds * MOST), seconds, connections * machines
        )
        spent = [(late - early) * 1000 / figures.requests for late, early in zip(self._spent(), before, strict=True)]
        self._put_aside(figures, connections * machines)
        return Turn(figures, *spent)

    def _spent(self) -> tuple[float, float, float]:
        """Return the CPU seconds so far of the machines, the balancers and the database."""
        machines = sum(self._accounts[str(number)].seconds() for number in range(MACHINES))
        return machines, self._accounts["balancers"].seconds(), self._serving.account.seconds()

    def _requests(self, address: str, number: int) -> Iterator[bytes]:
        """Yield signed mentions, all different."""
        now = int(time.time())
        for each in range(number):
            posted = payload(self.first, f"{now}.{each:06}", None, f"<@U0COCOAI> {SENTENCE}")
            body = json.dumps(posted, ensure_ascii=False, separators=(",", ":")).encode()
            yield load.request(address, body, self.first.slack.signed(body))

    def _put_aside(self, figures: load.Load, connections: int) -> None:
        """Delete the kept questions. Raise SystemExit if there are fewer than 200s, or too many more.

        Of each connection the last answer may be uncounted, and a request more may be under way when wrk ends; and what
        the balancer has given up waiting for may be kept all the same, for Slack to find when it sends it again.
        """
        previous, kept = -1, self._kept()
        while kept != previous:
            time.sleep(PAUSE)
            previous, kept = kept, self._kept()
        accepted = figures.requests - figures.failed
        if not accepted <= kept <= figures.requests + 2 * connections:
            raise SystemExit(f"{accepted} questions were answered with 200, and {kept} kept")
        self._database.execute("DELETE FROM job")

    def _kept(self) -> int:
        ((kept,),) = self._database.rows("SELECT COUNT(*) FROM job")
        return int(kept)


def _certified(folder: Path, certificates: Certificates, address: str) -> Certificates:
    """Return a new certificate for this address, which whoever trusts `certificates` trusts too from now on."""
    cert, key = str(folder / "database.pem"), str(folder / "database.key")
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=database "
        f"-addext subjectAltName=IP:{address} -keyout {key} -out {cert}".split(),
        check=True,
        capture_output=True,
    )
    with open(certificates.ca_file, "a") as trusted:
        trusted.write(Path(cert).read_text())
    return Certificates(certificates.ca_file, cert, key)


def report(turns: dict[int, list[Turn]]) -> None:
    """Print a row for each number of machines."""
    print(
        f"{'machines':10}{'questions/s':>12}{'x one':>8}{'(rounds)':>16}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}", end=""
    )
    print(f"{'CPU: machines':>15}{'balancer':>10}{'database':>10}")
    for number, some in turns.items():
        ratios = [each.load.rate / one.load.rate for each, one in zip(some, turns[1], strict=True)]
        rows = [
            (each.load.rate, each.load.p50, each.load.p99, each.machines, each.balancer, each.database) for each in some
        ]
        rate, p50, p99, *spent = (statistics.median(column) for column in zip(*rows, strict=True))
        failed = sum(each.load.failed for each in some)
        print(f"{number:<10}{rate:12.0f}{statistics.median(ratios):8.2f}", end="")
        print(f"{f'{min(ratios):.2f} to {max(ratios):.2f}':>16}{p50:9.1f}{p99:9.1f}{failed:8}", end="")
        print("{:15.2f}{:10.2f}{:10.2f}".format(*spent))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.15, help="of one processor, for each machine (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each number of machines in each round")
    parser.add_argument("--connections", type=int, default=8, help="requests that are under way at once, a machine")
    chosen = parser.parse_args()
    if load.missing():
        raise SystemExit(load.missing())
    with ExitStack() as stack:
        try:
            stand = Stand(stack, chosen.share)
        except Missing as error:
            parser.exit(2, f"no machines in network namespaces here: {error}\n")
        turns: dict[int, list[Turn]] = {number: [] for number in range(1, MACHINES + 1)}
        for number in turns:
            stand.turn(number, 1, chosen.connections)  # warms up, and is not counted
        for _ in range(chosen.rounds):
            for number, some in turns.items():
                some.append(stand.turn(number, chosen.seconds, chosen.connections))
        report(turns)


if __name__ == "__main__":
    main()
