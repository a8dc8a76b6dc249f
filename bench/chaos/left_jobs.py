"""The jobs that a chaos run has left in ready/ once it is idle, or has been waited for in vain: none may be left.

What is printed of one must be enough to tell why: what it is, how far it has come, what it waits for, and who holds it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.chaos import processes
from bench.chaos.processes import Process
from bench.chaos.report import MOST_LINES, MOST_SHOWN, Logs
from cocoai.spool.job import Fact, whole_lines


def left_jobs(ready: Path, run_id: str, now: float) -> list[tuple[str, str]]:
    """Return the name of each file in ready/, with a line that tells all about it. `now` is in epoch seconds."""
    files = {process: processes.open_files(process) for process in processes.jobs(run_id)}
    found = []
    for path in sorted(ready.iterdir()):
        with contextlib.suppress(FileNotFoundError):  # it has ended since the folder was listed
            lines, _ = whole_lines(path.read_bytes())
            found.append((path.name, told(path.name, lines, [each for each in files if path in files[each]], now)))
    return found


def told(name: str, lines: list[Fact], holders: list[Process], now: float) -> str:
    """Return what a job is: its key, its kind, its facts by name, when it is tried again and why, and who has it open.

    Nothing that somebody has said is in it.
    """
    question, *facts = lines or [{}]
    counts = Counter(str(fact.get("fact")) for fact in facts)
    retry = next((fact for fact in reversed(facts) if fact.get("fact") == "retry"), None)
    wait = f"; tried again in {retry['retry_at'] - now:.1f} s: {retry.get('why')}" if retry else ""
    held = ", ".join(f"{process.name} {process.pid}" for process in holders) or "no process"
    names = ", ".join(f"{fact} {count}" for fact, count in counts.items()) or "none"
    return f"left in ready/: {name} kind={question.get('kind')}; facts: {names}{wait}; open in {held}"


def evidence(left: list[tuple[str, str]], logs: Logs) -> Iterator[str]:
    """Yield lines about each job that was left, with the log's lines about it."""
    for name, line in left[:MOST_SHOWN]:
        yield f"\n{line}"
        yield from (f"  log     {each[:300]}" for each in list(logs.lines(name))[-MOST_LINES:])
