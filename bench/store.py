"""What the jobs cost where they lie in MariaDB, beside the files of one machine.

    python -m bench.store [puts] [work] [job] [connect] [question] [memory] [--jobs 400] [--questions 6]
                                                                                              about 10 minutes; as root

puts      how long put() takes, in one process and in eight at once; the disk and the minutes are the same
work      jobs a second that are claimed, given four facts and finished, by one process and by eight
job       what a job costs in CPU that is put, claimed, given four facts and finished, in one process; the rooms in turn
connect   what the first statement of a new process costs it in CPU and time: over a socket, over TLS on its parent's
          context, and over TLS on one of its own
question  what a whole question costs in CPU, asked soon after another and alone, when a new job process connects anew:
          CocoAI's own and the server's, over a socket and over TLS
memory    PSS of the pool at rest and with four answers in flight, and what one job process has to itself

The server is Debian's, with data of its own on this disk, and flushes each commit. TLS goes over TCP to 127.0.0.1, with
a certificate of an authority that the settings trust.
"""

from __future__ import annotations

import multiprocessing
import os
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import cpu, tables
from bench.memory import Running, measure_in_flight, measure_now, model, trusting, warm_up
from bench.peers import subject
from bench.question import cocoai, in_all
from cocoai.config.store_settings import parse_address
from cocoai.engine.client.tls import tls_context
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.rehearse import trust_both
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
from cocoai.spool.spool import Spool
from cocoai.store.schema import migrate
from tests.mariadb.server import Server, new_data
from tests.processes import free_port, wait_until

FACTS = ("placeholder", "asked", "answer", "delivered")
"""The facts of an ordinary question, behind its `attempt`."""

TEXT = "x" * 1200
"""As long as an ordinary question, and an ordinary answer."""

CONNECTIONS = 30
"""Processes that connect, each way; the figures are their medians."""


@dataclass(frozen=True)
class Serving:
    """A running server: the URLs of its database by the way to it (SOCKET, TLS), and what counts its CPU."""

    urls: dict[str, str]
    account: cpu.Account


@contextmanager
def server(certificates: Certificates, address: str = "127.0.0.1") -> Iterator[Serving]:
    """Start a server that flushes each commit, with a database in it; over TLS it listens at this address."""
    with tempfile.TemporaryDirectory(prefix="c-", dir="/tmp") as folder:
        running, port = Server(Path(folder), new_data(Path(folder, "new"))), free_port()
        listening = (f"--port={port}", f"--bind-address={address}")
        proof = (f"--ssl-cert={certificates.cert_file}", f"--ssl-key={certificates.key_file}")
        running.start(*listening, *proof, "--innodb-flush-method=fsync", "--innodb-buffer-pool-size=64M")
        try:
            root = MariaDB(running.address())
            root.execute("CREATE DATABASE cocoai")
            root.execute("CREATE USER cocoai@'%%' REQUIRE SSL")
            root.execute("GRANT ALL ON cocoai.* TO cocoai@'%%'")
            database = MariaDB(running.address("cocoai"))
            migrate(database)
            with cpu.accounts("mariadbd") as accounts:
                accounts["mariadbd"].admit([running.pid])
                urls = {SOCKET: str(database.address), TLS: f"mariadb://cocoai@{address}:{port}/cocoai"}
                yield Serving(urls, accounts["mariadbd"])
        finally:
            running.kill9()


SOCKET, TLS = "MariaDB", "MariaDB, TLS"
"""The names of the ways to the server."""


def rooms(folder: Path, urls: dict[str, str], context: ssl.SSLContext) -> dict[str, Callable[[], Spool]]:
    """Return what makes the spool of a process in each room, by the room's name."""
    files = FileSpool(str(folder / "files"))
    files.prepare()

    def shared(url: str) -> Spool:
        spool = MariaDBSpool(MariaDB(parse_address(url), context), str(folder / "mariadb"))
        spool.prepare()
        return spool

    return {"files": lambda: FileSpool(str(folder / "files"))} | {
        name: partial(shared, url) for name, url in urls.items()
    }


def put_all(make: Callable[[], Spool], number: int, jobs: int, times: Any) -> None:
    """Put so many questions, each in a thread of its own, and note how long each takes."""
    spool, taken = make(), []
    for job in range(jobs):
        ts = f"{os.getpid()}.{job + 1:06}"
        began = time.monotonic()
        spool.put(Key("C1", ts, ts), {"kind": "mention", "user": f"U{number}", "text": TEXT})
        taken.append(time.monotonic() - began)
    times.put(taken)


def work_on_all(make: Callable[[], Spool], number: int, _: int, times: Any) -> None:
    """Claim jobs, record what is recorded of a question, and finish them, until none is left."""
    del number
    spool, done = make(), 0
    while work_on_next(spool):
        done += 1
    times.put([float(done)])


def work_on_next(spool: Spool) -> bool:
    """Claim a job, record what is recorded of a question, and finish it; return False if none is left."""
    job = spool.claim()
    if job is None:
        return False
    for fact in FACTS:
        job.record(fact, text=TEXT if fact == "answer" else "")
    spool.finish(job)
    return True


def at_once(
    run: Callable[..., None], make: Callable[[], object], processes: int, jobs: int
) -> tuple[list[float], float]:
    """Run it in so many processes; return all that they noted, and the seconds that it took."""
    context = multiprocessing.get_context("fork")
    times = context.Queue()
    each = jobs // processes
    started = [context.Process(target=run, args=(make, number, each, times)) for number in range(processes)]
    began = time.monotonic()
    for process in started:
        process.start()
    noted = [value for _ in started for value in times.get(timeout=600)]
    taken = time.monotonic() - began
    for process in started:
        process.join()
    return noted, taken


def puts_and_work(folder: Path, certificates: Certificates, *, jobs: int, with_work: bool) -> None:
    """Print the times of put(), or the jobs that are worked on in a second, for each room and number of processes."""
    print(f"  {'':24}{'put p50, ms':>14}{'p99':>10}{'puts/s':>10}" + (f"{'jobs/s':>10}" if with_work else ""))
    for processes in (1, 8):
        own = folder / str(processes)
        own.mkdir()
        with server(certificates) as serving:
            for name, make in rooms(own, serving.urls, tls_context(certificates.ca_file)).items():
                noted, taken = at_once(put_all, make, processes, jobs)
                noted.sort()
                line = f"  {f'{name}, {processes} at once':24}{noted[len(noted) // 2] * 1000:14.2f}"
                line += f"{noted[len(noted) * 99 // 100] * 1000:10.2f}{len(noted) / taken:10.0f}"
                if with_work:
                    done, taken = at_once(work_on_all, make, processes, jobs)
                    line += f"{sum(done) / taken:10.0f}"
                print(line)


def job_cpu(folder: Path, certificates: Certificates, *, jobs: int) -> None:
    """Print what a job costs this process in CPU, put and worked on; the rooms take turns, job by job."""
    print(f"  {'CPU a job, ms':24}{'median':>10}{'server':>10}")
    with server(certificates) as serving:
        makers = rooms(folder, serving.urls, tls_context(certificates.ca_file))
        spools = {name: make() for name, make in makers.items()}
        spent: dict[str, list[tuple[float, float]]] = {name: [] for name in spools}
        for number in range(jobs):
            for place, (name, spool) in enumerate(spools.items()):
                began, its = time.process_time(), serving.account.seconds()
                ts = f"{place + 1}.{number + 1:06}"
                spool.put(Key("C1", ts, ts), {"kind": "mention", "user": "U1", "text": TEXT})
                work_on_next(spool)
                spent[name].append(((time.process_time() - began) * 1000, (serving.account.seconds() - its) * 1000))
        for name, taken in spent.items():
            own, its = (statistics.median(values) for values in zip(*taken, strict=True))
            print(f"  {name:24}{own:10.2f}{its:10.2f}")


def first_statement(make: Callable[[], MariaDB], _number: int, _each: int, noted: Any) -> None:
    """Make the first statement of this process, and note the CPU and the time that it took, in ms."""
    began, cpu_began = time.monotonic(), time.process_time()
    make().rows("SELECT 1")
    noted.put([(time.process_time() - cpu_began) * 1000, (time.monotonic() - began) * 1000])


def connect(folder: Path, certificates: Certificates) -> None:
    """Print what a process's first statement costs it, by the way to the server."""
    print(f"  {'a first statement, ms':32}{'CPU':>10}{'time':>10}")
    bundle = trust_both(folder, certificates)
    context = tls_context(str(bundle))
    with server(certificates) as serving:
        over_socket, over_tls = (parse_address(serving.urls[name]) for name in (SOCKET, TLS))
        ways: dict[str, Callable[[], MariaDB]] = {
            "over a socket": lambda: MariaDB(over_socket),
            "TLS, on the parent's context": lambda: MariaDB(over_tls, context),
            # A bundle as long as the public one, whose certificates are what takes the time.
            "TLS, on a context of its own": lambda: MariaDB(over_tls, tls_context(str(bundle))),
        }
        for name, make in ways.items():
            noted = [at_once(first_statement, make, 1, 1)[0] for _ in range(CONNECTIONS)]
            spent, taken = (statistics.median(values) for values in zip(*noted, strict=True))
            print(f"  {name:32}{spent:10.2f}{taken:10.2f}")


def question(folder: Path, certificates: Certificates, *, questions: int) -> None:
    """Print the CPU of a question in each room, of CocoAI's processes and the server's; `alone` connects anew."""
    print(f"  {'CPU a question, ms':18}{'soon':>10}{'server':>10}{'at rest':>10}{'alone':>10}{'server':>10}")
    with server(certificates) as serving:
        again = {"files again": "", f"{SOCKET} again": serving.urls[SOCKET]}
        for name, url in ({"files": ""} | serving.urls | again).items():
            own = folder / name.replace(" ", "-").replace(",", "")
            with cocoai(own, certificates, **({"COCOAI_STORE_URL": url} if url else {})) as asked:
                rest = asked.warm_up()
                line = f"  {name:18}"
                for until in (asked.is_done, asked.is_over):
                    before = serving.account.seconds()
                    cost = asked.cost(questions, rest, until)
                    its = (serving.account.seconds() - before) * 1000 / questions
                    line += f"{in_all(cost.spent)['in all']:10.2f}{its:10.2f}"
                    if until is asked.is_done:
                        line += f"{sum(cost.rest.values()):10.2f}"
                        wait_until(asked.is_over)
                print(line, flush=True)


def memory(folder: Path, certificates: Certificates) -> None:
    """Print what the processes take in each room, at rest and with four answers in flight."""
    print(f"  {'MiB':24}{'at rest':>10}{'four':>10}{'a job alone':>14}")
    with server(certificates) as serving:
        for name, url in (("files", ""), *serving.urls.items()):
            settings = {"COCOAI_STORE_URL": url} if url else {}
            own = name.replace(" ", "-").replace(",", "")
            measured = [_in_flight(folder / f"{own}-{number}", certificates, number, settings) for number in (0, 4)]
            rest, four = measured
            print(f"  {name:24}{rest.total('alone'):10.1f}{four.total('alone'):10.1f}{four.private:14.2f}")


def _in_flight(folder: Path, certificates: Certificates, number: int, settings: dict[str, str]) -> Any:
    trusted = trusting(folder, certificates)
    environ: dict[str, Any] = {"COCOAI_POOL_SLOTS": "4", **settings}
    with cpu.accounts(folder.name) as accounts:
        account = next(iter(accounts.values()))
        with subject("cocoai", folder, trusted, workers=2, openai=model, account=account, **environ) as built:
            running = Running(built.slack, built.openai, built.pids, built.supervisor_pids)
            if number:
                warm_up(running)
            return measure_in_flight(running, number) if number else measure_now(running)


def main() -> None:
    """Print the tables that the command line names, or all."""
    parser = tables.parser(__doc__, ("puts", "work", "job", "connect", "question", "memory"))
    parser.add_argument("--jobs", type=int, default=400, metavar="N", help="put in each table (%(default)s)")
    parser.add_argument("--questions", type=int, default=6, metavar="N", help="that are counted (%(default)s)")
    chosen = parser.parse_args()
    tables.print_tables(
        chosen.tables,
        {
            "puts": partial(puts_and_work, jobs=chosen.jobs, with_work=False),
            "work": partial(puts_and_work, jobs=chosen.jobs, with_work=True),
            "job": partial(job_cpu, jobs=chosen.jobs),
            "connect": connect,
            "question": partial(question, questions=chosen.questions),
            "memory": memory,
        },
    )


if __name__ == "__main__":
    main()
