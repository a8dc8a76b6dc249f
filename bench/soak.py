"""Whether anything grows over thousands of questions and clicks, in the production shape; the model answers at once.

    python -m bench.soak [--questions 10000]     the figures at the start, on the way and at the end
    python -m bench.soak --waiting 5000          how long the spool's look-ups take with so many waiting questions

The figures at the start are taken after a few questions, so that every lock file and every lazy import is there; then
nothing but done/, threads/ and the logs may grow. Workers are not replaced meanwhile (max_requests): a new worker would
hide a leak.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bench.chaos.processes import JOBS
from bench.no_sync import NoSync
from cocoai.rehearsal.certificates import make
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from tests.deployment import Deployment, deploy
from tests.footer import pressing
from tests.processes import wait_until

T = TypeVar("T")

WARM_UP = 40
"""Questions before the first figures."""

AT_ONCE = 16
"""Questions under way at most: the four slots are always busy, and no backlog builds up."""

CLICKS = 30
"""Clicks after each part of the questions; each third one asks a question again."""

PATIENCE = 300.0
"""Seconds to wait for the questions under way."""

MAX_REQUESTS = "1000000"
"""[pool] max_requests: more than a run makes."""

FOLDERS = ("spool/tmp", "spool/ready", "spool/done", "spool/failed", "spool/stop", "threads")


def main() -> None:
    """Print the figures of a soak, or with --waiting those of the look-ups."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--waiting", type=int, help="only measure look-ups with so many waiting questions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        if arguments.waiting is not None:
            time_lookups(Path(folder), arguments.waiting)
        else:
            soak(Path(folder), arguments.questions)


# the soak


def soak(folder: Path, number: int) -> None:
    """Ask `number` questions; print the figures on the way, at the start and at the end, and whether they are equal."""
    var = folder / "var"
    var.mkdir()
    settings = {"COCOAI_POOL_WORKERS": "2", "COCOAI_POOL_MAX_REQUESTS": MAX_REQUESTS}
    with deploy(var, make(folder / "certificates"), **settings) as built:  # type: ignore[arg-type]
        ask(built, WARM_UP)
        click(built, CLICKS)
        start = figures(built)
        began = time.monotonic()
        for part in parts(number, 10):
            ask(built, part)
            click(built, min(part, CLICKS))
            ended = len(names(built, "done"))
            show(f"{ended} questions and clicks, {time.monotonic() - began:.0f} s", figures(built))
        seconds = time.monotonic() - began
        end = figures(built)
        show("start", start)
        show("end", end)
        print(f"  {number} questions in {seconds:.0f} s: {number / seconds:.1f} a second")
        print(f"  calls of the model {model_calls(built)}, deliveries that were not 200: {refused(built)}")
        flat = "FLAT" if start.counts == end.counts else "NOT FLAT"
        print(f"  {flat}: descriptors, processes, zombies, lock files")
        print(f"  swept with the clock 49 hours ahead: {sweep(built)} files, left in done/: {names(built, 'done')}")


def parts(number: int, pieces: int) -> Iterator[int]:
    """Yield `number` in so many nearly equal parts, and no empty one."""
    for index in range(pieces):
        if part := (index + 1) * number // pieces - index * number // pieces:
            yield part


def ask(built: Deployment, number: int) -> None:
    """Ask so many questions, `AT_ONCE` of them at a time; wait for the last answer and the last delivery.

    The question after every tenth one is asked in its thread.
    """
    done_before = len(names(built, "done"))
    asked = 0

    def is_below_limit() -> bool:
        return asked - (len(names(built, "done")) - done_before) < AT_ONCE

    thread_ts = None
    for asked in range(number):
        wait_until(is_below_limit, PATIENCE)
        message = built.slack.say("U0ASKER01", f"<@U0COCOAI> question {asked}?", thread_ts=thread_ts)
        thread_ts = None if thread_ts or asked % 10 else message.ts
    wait_until(lambda: len(names(built, "done")) == done_before + number, PATIENCE)
    built.slack.wait_for_deliveries(PATIENCE)  # a request under way would count as a descriptor that is left open


def click(built: Deployment, number: int) -> None:
    """Click a button under each of the last replies: praise, ask again, delete, and so on in turn."""
    goal = len(names(built, "done")) + number
    replies = [message for message in built.slack.messages() if any(map(is_button_row, message.blocks))]
    for index, reply in enumerate(replies[-number:]):
        built.slack.click("U0ASKER01", reply.channel, reply.ts, **pressing(reply, ("up", "again", "delete")[index % 3]))
    wait_until(lambda: len(names(built, "done")) == goal, PATIENCE)


def is_button_row(block: Mapping[str, Any]) -> bool:
    """Check whether a block is a row of buttons."""
    return bool(block["type"] == "actions")


def names(built: Deployment, folder: str) -> list[str]:
    """Return the names of the job files in one of the spool's folders."""
    return os.listdir(built.var / "spool" / folder)


def model_calls(built: Deployment) -> int:
    """Return how often the model was called for an answer."""
    return sum(1 for each in built.openai.requests if each.path.endswith("/chat/completions"))


def refused(built: Deployment) -> int:
    """Return how many of Slack's deliveries were not answered 200."""
    return sum(1 for each in built.slack.deliveries if each.status != 200)


def sweep(built: Deployment) -> int:
    """Sweep the spool as the pool does every hour, with the clock two days ahead; return how many files went."""
    return FileSpool(str(built.var), clock=_two_days_ahead).sweep()


def _two_days_ahead() -> float:
    return time.time() + 49 * 3600


# the figures


@dataclass(frozen=True)
class Counts:
    """Numbers that must not grow. `descriptors` has those of the master, then those of each worker."""

    descriptors: tuple[int, ...]
    processes: int
    zombies: int
    locks: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """The figures of the idle stack. `pss` in KiB by process name; `files` counts them by folder."""

    counts: Counts
    pss: dict[str, int]
    files: dict[str, int]


def figures(built: Deployment) -> Figures:
    """Wait until no process works on a question, and count."""
    found: list[Figures] = []

    def count() -> bool:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a process ended during the count
            alive = house_processes(built)
            if not JOBS & {name for name, _ in alive.values()}:
                found.append(_figures(built, alive))
        return bool(found)

    wait_until(count, PATIENCE)
    return found[0]


def _figures(built: Deployment, alive: dict[int, tuple[str, str]]) -> Figures:
    """Count for these processes: name and state by pid."""

    def pids(name: str) -> list[int]:
        return [pid for pid, (its, state) in alive.items() if its == name and state != "Z"]

    pool = [*pids("cocoai-master"), *pids("cocoai-worker")]
    descriptors = [len(os.listdir(f"/proc/{pid}/fd")) for pid in pool]
    zombies = sum(1 for _, state in alive.values() if state == "Z")
    locks = sorted(os.listdir(built.var / "locks"))
    pss = {name: sum(map(pss_of, pids(name))) for name in ("cocoai-master", "cocoai-worker", "nginx")}
    files = {folder: len(os.listdir(built.var / folder)) for folder in FOLDERS}
    return Figures(Counts(tuple(descriptors), len(alive) - zombies, zombies, tuple(locks)), pss, files)


def house_processes(built: Deployment) -> dict[int, tuple[str, str]]:
    """Return name and state of every process of this stack by pid, zombies included.

    They are found by the path of `var` in a command line, and as children of those.
    """
    table = dict(processes())
    ours = {pid for pid in table if str(built.var).encode() in command(pid)}
    while more := {pid for pid, (_, _, parent) in table.items() if parent in ours} - ours:
        ours |= more
    return {pid: table[pid][:2] for pid in sorted(ours - {os.getpid()})}


def processes() -> Iterator[tuple[int, tuple[str, str, int]]]:
    """Yield pid, and name, state and parent, of every process of this machine (proc_pid_stat(5))."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            head, _, tail = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")
            state, parent = tail.split()[:2]
            yield int(pid), (head.partition("(")[2], state, int(parent))


def command(pid: int) -> bytes:
    """Return the process's command line; a fork has its parent's, and a zombie or an ended process has b""."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def pss_of(pid: int) -> int:
    """Return the process's PSS in KiB: shared pages are divided among the processes that share them."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def show(title: str, shown: Figures) -> None:
    """Print one block of figures."""
    counts = shown.counts
    pss = "  ".join(f"{name} {kib / 1024:.1f}" for name, kib in shown.pss.items())
    files = "  ".join(f"{name} {number}" for name, number in shown.files.items())
    print(f"{title}")
    print(f"  descriptors {counts.descriptors}  processes {counts.processes}  zombies {counts.zombies}")
    print(f"  lock files {len(counts.locks)} ({' '.join(counts.locks)})")
    print(f"  PSS (MiB) {pss}")
    print(f"  files {files}", flush=True)


# many questions waiting


def time_lookups(folder: Path, number: int) -> None:
    """Print how long the spool's look-ups take with `number` questions in ready/: all due, and none of them due."""
    spool = FileSpool(str(folder), disk=NoSync())
    spool.make_folders()
    fill(spool, number)
    print(f"{number} waiting, all due (ms)")
    claimed = time_calls("claim", spool.claim)
    time_calls("is_due", spool.is_due)
    time_calls("is_claimable", spool.is_claimable)
    time_calls("any_without", partial(spool.any_without, "placeholder"))
    for job in filter(None, claimed):
        job.release()
    for key in spool.keys("ready"):
        with open(folder / "spool" / "ready" / str(key), "a") as file:
            file.write(f'{{"fact":"retry","at":0,"retry_at":{time.time() + 250:.0f}}}\n')
    print(f"{number} waiting, none due (ms)")
    time_calls("claim", spool.claim)
    time_calls("is_due", spool.is_due)


def fill(spool: FileSpool, number: int) -> None:
    """Put so many questions into the spool, each in a thread of its own, one a second."""
    for second in range(1_763_822_000, 1_763_822_000 + number):
        ts = f"{second}.000100"
        assert spool.put(Key("C0PRACTICE", ts, ts), {"kind": "mention", "text": "what is a fork? " * 10})


def time_calls(label: str, call: Callable[[], T], times: int = 15) -> list[T]:
    """Print the median and the longest time of some calls, in milliseconds; return their results."""
    spent, results = [], []
    for _ in range(times):
        began = time.perf_counter()
        results.append(call())
        spent.append((time.perf_counter() - began) * 1000)
    print(f"  {label:14} middle {statistics.median(spent):7.1f}   most {max(spent):7.1f}")
    return results


if __name__ == "__main__":
    main()
