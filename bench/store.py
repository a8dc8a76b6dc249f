"""What the jobs cost where they lie in MariaDB, beside the files of one machine.

    python -m bench.store [puts] [work] [question] [memory] [--jobs 400] [--questions 6]      about 8 minutes; as root

puts      how long put() takes, in one process and in eight at once; the disk and the minutes are the same
work      jobs a second that are claimed, given four facts and finished, by one process and by eight
question  what a whole question costs in CPU, asked soon after another, over a socket and over TLS: CocoAI's own, and
          the server's
memory    PSS of the pool at rest and with four answers in flight, and what one job process has to itself

The server is Debian's, with data of its own on this disk, and flushes each commit.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench import cpu, tables
from bench.memory import Running, measure_in_flight, measure_now, model, trusting, warm_up
from bench.peers import subject
from bench.question import cocoai, in_all
from cocoai.config.store_settings import parse_address
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.rehearsal.certificates import Certificates
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
from cocoai.spool.spool import Spool
from cocoai.store.schema import migrate
from tests.mariadb.server import Server, new_data
from tests.processes import free_port

FACTS = ("placeholder", "asked", "answer", "delivered")
"""The facts of an ordinary question, behind its `attempt`."""

TEXT = "x" * 1200
"""As long as an ordinary question, and an ordinary answer."""


@contextmanager
def server(*options: str) -> Iterator[str]:
    """Start a server that flushes each commit, with these options and a database in it; yield the database's URL.

    Without options it has no network.
    """
    with tempfile.TemporaryDirectory(prefix="c-", dir="/tmp") as folder:
        running = Server(Path(folder), new_data(Path(folder, "new")))
        network = options or ("--skip-networking",)
        running.start(*network, "--innodb-flush-method=fsync", "--innodb-buffer-pool-size=64M")
        try:
            root = MariaDB(running.address())
            root.execute("CREATE DATABASE cocoai")
            root.execute("CREATE USER cocoai@'127.%%' REQUIRE SSL")
            root.execute("GRANT ALL ON cocoai.* TO cocoai@'127.%%'")
            database = MariaDB(running.address("cocoai"))
            migrate(database)
            with cpu.accounts("mariadbd") as accounts:
                accounts["mariadbd"].admit([running.pid])
                _accounts["mariadbd"] = accounts["mariadbd"]
                yield str(database.address)
        finally:
            running.kill9()


_accounts: dict[str, cpu.Account] = {}


def rooms(folder: Path, url: str) -> dict[str, Callable[[], Spool]]:
    """Return what makes the spool of a process in each room, by the room's name."""
    files = FileSpool(str(folder / "files"))
    files.prepare()

    def shared() -> Spool:
        spool = MariaDBSpool(MariaDB(parse_address(url)), str(folder / "mariadb"))
        spool.prepare()
        return spool

    return {"files": lambda: FileSpool(str(folder / "files")), "MariaDB": shared}


def put_all(make: Callable[[], Spool], number: int, jobs: int, times: Any) -> None:
    """Put so many questions, each in a thread of its own, and note how long each takes."""
    spool, taken = make(), []
    for job in range(jobs):
        ts = f"{number + 1}.{job + 1:06}"
        began = time.monotonic()
        spool.put(Key("C1", ts, ts), {"kind": "mention", "user": f"U{number}", "text": TEXT})
        taken.append(time.monotonic() - began)
    times.put(taken)


def work_on_all(make: Callable[[], Spool], number: int, _: int, times: Any) -> None:
    """Claim jobs, record what is recorded of a question, and finish them, until none is left."""
    del number
    spool, done = make(), 0
    while (job := spool.claim()) is not None:
        for fact in FACTS:
            job.record(fact, text=TEXT if fact == "answer" else "")
        spool.finish(job)
        done += 1
    times.put([float(done)])


def at_once(
    run: Callable[..., None], make: Callable[[], Spool], processes: int, jobs: int
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


def puts_and_work(folder: Path, _: Certificates, *, jobs: int, with_work: bool) -> None:
    """Print the times of put(), or the jobs that are worked on in a second, for each room and number of processes."""
    print(f"  {'':24}{'put p50, ms':>14}{'p99':>10}{'puts/s':>10}" + (f"{'jobs/s':>10}" if with_work else ""))
    for processes in (1, 8):
        with server() as url:
            for name, make in rooms(folder / str(processes), url).items():
                (folder / str(processes)).mkdir(exist_ok=True)
                noted, taken = at_once(put_all, make, processes, jobs)
                noted.sort()
                line = f"  {f'{name}, {processes} at once':24}{noted[len(noted) // 2] * 1000:14.2f}"
                line += f"{noted[len(noted) * 99 // 100] * 1000:10.2f}{len(noted) / taken:10.0f}"
                if with_work:
                    done, taken = at_once(work_on_all, make, processes, jobs)
                    line += f"{sum(done) / taken:10.0f}"
                print(line)


def question(folder: Path, certificates: Certificates, *, questions: int) -> None:
    """Print the CPU of a question in each room, of CocoAI's processes and the server's."""
    print(f"  {'CPU a question, ms':24}{'CocoAI':>10}{'server':>10}{'at rest':>10}")
    port = free_port()
    tls = (f"--ssl-cert={certificates.cert_file}", f"--ssl-key={certificates.key_file}")
    with server(f"--port={port}", "--bind-address=127.0.0.1", *tls) as url:
        places = {
            "files": "",
            "MariaDB": url,
            "MariaDB over TLS": f"mariadb://cocoai@127.0.0.1:{port}/cocoai",
            "files again": "",
            "MariaDB again": url,
        }
        for name, place in places.items():
            settings = {"COCOAI_STORE_URL": place} if place else {}
            with cocoai(folder / name.replace(" ", "-"), certificates, **settings) as asked:
                rest = asked.warm_up()
                before = _accounts["mariadbd"].seconds()
                cost = asked.cost(questions, rest, asked.is_done)
                its = (_accounts["mariadbd"].seconds() - before) * 1000 / questions
                print(f"  {name:24}{in_all(cost.spent)['in all']:10.2f}{its:10.2f}{sum(cost.rest.values()):10.2f}")


def memory(folder: Path, certificates: Certificates) -> None:
    """Print what the processes take in each room, at rest and with four answers in flight."""
    print(f"  {'MiB':24}{'at rest':>10}{'four':>10}{'a job alone':>14}")
    with server() as url:
        for name, settings in (("files", {}), ("MariaDB", {"COCOAI_STORE_URL": url})):
            measured = [_in_flight(folder / f"{name}-{number}", certificates, number, settings) for number in (0, 4)]
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
    parser = tables.parser(__doc__, ("puts", "work", "question", "memory"))
    parser.add_argument("--jobs", type=int, default=400, metavar="N", help="put in each table (%(default)s)")
    parser.add_argument("--questions", type=int, default=6, metavar="N", help="that are counted (%(default)s)")
    chosen = parser.parse_args()
    tables.print_tables(
        chosen.tables,
        {
            "puts": partial(puts_and_work, jobs=chosen.jobs, with_work=False),
            "work": partial(puts_and_work, jobs=chosen.jobs, with_work=True),
            "question": partial(question, questions=chosen.questions),
            "memory": memory,
        },
    )


if __name__ == "__main__":
    main()
