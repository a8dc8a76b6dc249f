"""Does anything grow? Questions by the thousand, and clicks, through the whole house; the model answers at once.

    python -m bench.soak [--questions 10000]     the figures at the start, on the way and at the end
    python -m bench.soak --waiting 5000          how long one look at so many waiting questions takes

The start is taken after a few questions, so that every lock file and every lazy import is there; then nothing but
done/, threads/ and the logs may grow. Workers are not replaced meanwhile (max_requests), or they could hide a leak.
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
from pathlib import Path
from typing import Any

from cocoai.rehearsal.certificates import make
from cocoai.spool.disk import Disk
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.house import House, house
from tests.processes import wait_until

WARM_UP = 40
"""Questions before the first figures."""

AT_ONCE = 16
"""Questions under way at most: the four slots are always busy, and no backlog builds up."""

CLICKS = 30
"""Buttons pressed on the way each time that questions have been answered; for each third one it is asked again."""

PATIENCE = 300.0

MAX_REQUESTS = "1000000"

FOLDERS = ("spool/tmp", "spool/ready", "spool/done", "spool/failed", "spool/stop", "threads")


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--waiting", type=int, help="only measure looks at so many waiting questions")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        if given.waiting is not None:
            waiting(Path(folder), given.waiting)
        else:
            soak(Path(folder), given.questions)


# the soak


def soak(folder: Path, number: int) -> None:
    """`number` questions; the figures of start and end beside each other, and whether they are flat."""
    var = folder / "var"
    var.mkdir()
    with house(var, make(folder / "certificates"), COCOAI_POOL_MAX_REQUESTS=MAX_REQUESTS) as built:
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
        print(f"  asked of the model {asked(built)}, deliveries that were not 200: {refused(built)}")
        flat = "FLAT" if start.counts == end.counts else "NOT FLAT"
        print(f"  {flat}: descriptors, processes, zombies, lock files")
        print(f"  swept with the clock 49 hours ahead: {sweep(built)} files, left in done/: {names(built, 'done')}")


def parts(number: int, pieces: int) -> Iterator[int]:
    """`number` in so many nearly equal parts, none of them empty."""
    for index in range(pieces):
        if part := (index + 1) * number // pieces - index * number // pieces:
            yield part


def ask(built: House, number: int) -> None:
    """Ask, never more than AT_ONCE ahead of the answers; wait for the last answer, and until nobody works any more.

    Every tenth question is asked in the thread of the one before.
    """
    goal = len(names(built, "done")) + number
    thread_ts = None
    for index in range(number):
        wait_until(lambda left=number - index: goal - len(names(built, "done")) - left < AT_ONCE, PATIENCE)  # type: ignore[misc]
        message = built.slack.say("U0ASKER01", f"<@U0COCOAI> question {index}?", thread_ts=thread_ts)
        thread_ts = None if thread_ts or index % 10 else message.ts
    wait_until(lambda: len(names(built, "done")) == goal, PATIENCE)
    built.slack.wait_for_deliveries(PATIENCE)  # what is being heard has a descriptor of its own


def click(built: House, number: int) -> None:
    """Press a button under each of the last replies: praise it, ask again, take it away, and so on in turn."""
    goal = len(names(built, "done")) + number
    replies = [message for message in built.slack.messages() if any(map(is_row, message.blocks))]
    for index, reply in enumerate(replies[-number:]):
        built.slack.click("U0ASKER01", reply.channel, reply.ts, f"cocoai_{('up', 'again', 'delete')[index % 3]}")
    wait_until(lambda: len(names(built, "done")) == goal, PATIENCE)


def is_row(block: Mapping[str, Any]) -> bool:
    """A row of buttons."""
    return bool(block["type"] == "actions")


def names(built: House, folder: str) -> list[str]:
    """What lies in a folder of the spool."""
    return os.listdir(built.var / "spool" / folder)


def asked(built: House) -> int:
    """How often the model was called."""
    return sum(1 for each in built.openai.requests if each.path.endswith("/chat/completions"))


def refused(built: House) -> int:
    """How many of Slack's deliveries were not answered 200."""
    return sum(1 for each in built.slack.deliveries if each.status != 200)


def sweep(built: House) -> int:
    """What the hourly errand does, two days later."""
    return Spool(str(built.var), clock=lambda: time.time() + 49 * 3600).sweep()


# the figures


@dataclass(frozen=True)
class Counts:
    """What must not grow. `descriptors` of the master, then of each worker."""

    descriptors: tuple[int, ...]
    processes: int
    zombies: int
    locks: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """The house at rest. `pss` in KiB by name; `files` by folder."""

    counts: Counts
    pss: dict[str, int]
    files: dict[str, int]


def figures(built: House) -> Figures:
    """Wait until nobody but the residents is there, and count them."""
    found: list[Figures] = []

    def count() -> bool:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # somebody left as we looked
            people = residents(built)
            if not {"cocoai-job", "cocoai-notify"} & {comm for comm, _ in people.values()}:
                found.append(_figures(built, people))
        return bool(found)

    wait_until(count, PATIENCE)
    return found[0]


def _figures(built: House, people: dict[int, tuple[str, str]]) -> Figures:
    def pids(comm: str) -> list[int]:
        return [pid for pid, (its, state) in people.items() if its == comm and state != "Z"]

    pool = [*pids("cocoai-master"), *pids("cocoai-worker")]
    descriptors = [len(os.listdir(f"/proc/{pid}/fd")) for pid in pool]
    zombies = sum(1 for _, state in people.values() if state == "Z")
    locks = sorted(os.listdir(built.var / "locks"))
    pss = {comm: sum(map(pss_of, pids(comm))) for comm in ("cocoai-master", "cocoai-worker", "nginx")}
    files = {folder: len(os.listdir(built.var / folder)) for folder in FOLDERS}
    return Figures(Counts(tuple(descriptors), len(people) - zombies, zombies, tuple(locks)), pss, files)


def residents(built: House) -> dict[int, tuple[str, str]]:
    """Every process of this house, zombies too: name and state by pid."""
    table = dict(processes())
    ours = {pid for pid in table if str(built.var).encode() in command(pid)}
    while more := {pid for pid, (_, _, parent) in table.items() if parent in ours} - ours:
        ours |= more
    return {pid: table[pid][:2] for pid in sorted(ours - {os.getpid()})}


def processes() -> Iterator[tuple[int, tuple[str, str, int]]]:
    """All of this machine's: name, state and parent by pid (proc(5))."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            head, _, tail = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")
            state, parent = tail.split()[:2]
            yield int(pid), (head.partition("(")[2], state, int(parent))


def command(pid: int) -> bytes:
    """A process's command line; a fork has its parent's, a zombie none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def pss_of(pid: int) -> int:
    """KiB of memory, what is shared divided among those who share it."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def show(title: str, shown: Figures) -> None:
    """One block of figures."""
    counts = shown.counts
    pss = "  ".join(f"{name} {kib / 1024:.1f}" for name, kib in shown.pss.items())
    files = "  ".join(f"{name} {number}" for name, number in shown.files.items())
    print(f"{title}")
    print(f"  descriptors {counts.descriptors}  processes {counts.processes}  zombies {counts.zombies}")
    print(f"  lock files {len(counts.locks)} ({' '.join(counts.locks)})")
    print(f"  PSS (MiB) {pss}")
    print(f"  files {files}", flush=True)


# so many waiting


class NoSync(Disk):
    """A disk that is durable at once: only to fill a folder quickly."""

    def fsync(self, fd: int) -> None:
        del fd

    def fsync_folder(self, path: str) -> None:
        del path


def waiting(folder: Path, number: int) -> None:
    """How long each look takes with `number` questions in ready/: in the usual case, and when none of them is due."""
    spool = Spool(str(folder), files=NoSync())
    spool.make_folders()
    fill(spool, number)
    held: list[Job | None] = []
    print(f"{number} waiting, all due (ms)")
    took("claim", lambda: held.append(spool.claim()))
    took("is_due", spool.is_due)
    took("is_claimable", spool.is_claimable)
    took("is_lacking", lambda: spool.any_without("placeholder"))
    for job in filter(None, held):
        job.release()
    for key in spool.keys("ready"):
        with open(folder / "spool" / "ready" / str(key), "a") as file:
            file.write(f'{{"fact":"retry","at":0,"retry_at":{time.time() + 250:.0f}}}\n')
    print(f"{number} waiting, none due (ms)")
    took("claim", spool.claim)
    took("is_due", spool.is_due)


def fill(spool: Spool, number: int) -> None:
    """Put so many questions, each in a thread of its own, one a second."""
    for second in range(1_763_822_000, 1_763_822_000 + number):
        ts = f"{second}.000100"
        assert spool.put(Key("C0PRACTICE", ts, ts), {"kind": "mention", "text": "what is a fork? " * 10})


def took(what: str, look: Callable[[], object], times: int = 15) -> None:
    """The middle and the worst of a few looks, in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        look()
        spent.append((time.perf_counter() - began) * 1000)
    print(f"  {what:14} middle {statistics.median(spent):7.1f}   most {max(spent):7.1f}")


if __name__ == "__main__":
    main()
