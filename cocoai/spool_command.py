"""Read the arguments of `cocoai spool`, and run it: jobs are listed, shown, retried and given up."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator

from cocoai import config
from cocoai.errors import CocoAIError
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS
from cocoai.spool.admission import asked_at
from cocoai.spool.job import EXPIRED, Fact, Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import ClaimLost, NoSuchJob, told_to_operator
from cocoai.stores import spool_of
from cocoai.up.machine import become_owner

LISTED_STATES = ("ready", "failed", "done")
"""The states of a job in the order in which they are listed: what waits or failed comes first."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
"""Seconds of the units in which an age is given."""


def add_spool(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `spool list`, `show KEY`, `retry KEY` and `expire --older AGE`; return the parser of `spool`."""
    spool = commands.add_parser("spool", help="look at the jobs; retry one that was given up, give up old ones")
    verbs = spool.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("list", help="all jobs, and where they are").set_defaults(run=list_jobs)
    shown = verbs.add_parser("show", help="what has happened to one")
    shown.set_defaults(run=show_job)
    retried = verbs.add_parser("retry", help="put one that failed back")
    retried.set_defaults(run=retry_job)
    for verb in (shown, retried):
        verb.add_argument("what", metavar="KEY", help="CHANNEL-THREAD_TS-TS, as `list` shows it")
    expired = verbs.add_parser("expire", help="give up what was asked long ago; the askers are told")
    older = "than this, such as 90m, 1h or 2d"
    expired.add_argument("--older", metavar="AGE", required=True, type=age, dest="what", help=older)
    expired.set_defaults(run=expire_jobs)
    spool.set_defaults(command=_spool, what=None)
    return spool


def age(text: str) -> float:
    """Return the seconds of an age such as `90m`. Raise ValueError for anything else, as argparse wants it."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        raise ValueError
    return float(found[1]) * UNITS[found[2]]


def _spool(arguments: argparse.Namespace) -> int:
    """Print what a verb yields; return 0. Raise CocoAIError if there is no such spool or job."""
    settings = config.read(arguments.config, os.environ, secrets=False)
    become_owner(settings.paths.var)
    with told_to_operator("spool"):
        for line in arguments.run(spool_of(settings), arguments.what):
            sys.stdout.write(f"{line}\n")
    return 0


def list_jobs(spool: Spool, _: object = None) -> Iterator[str]:
    """Yield a line for each job, such as `failed C1-1.0-1.0 tries=5 last=failed`; `last` is its newest fact."""
    for state in LISTED_STATES:
        for key in spool.keys(state):
            with contextlib.suppress(NoSuchJob):  # it has just been moved to another folder
                lines = spool.peek(state, key)
                last = lines[-1].get("fact", "put") if lines else "unreadable"
                tries = sum(1 for line in lines if line.get("fact") == "attempt")
                yield f"{state:6} {key} tries={tries} last={last}"


def show_job(spool: Spool, name: str) -> Iterator[str]:
    """Yield the state of the job `name` (its key), then each line of its file as JSON, texts as their length alone.

    Raise CocoAIError if there is no such job, ValueError if `name` is no key.
    """
    place, lines = find_job(spool, name)
    yield place
    for line in lines:
        yield json.dumps(json.loads(json.dumps(line), object_hook=_without_text))  # wherever a text stands


def find_job(spool: Spool, name: str) -> tuple[str, list[Fact]]:
    """Return where the job `name` (its key) is, such as `done/C1-1.0-1.0`, and its lines.

    Raise CocoAIError if there is no such job, ValueError if `name` is no key.
    """
    key = Key.parse(name)
    try:
        state, lines = spool.find(key)
    except NoSuchJob:
        raise CocoAIError(f"there is no job {key}") from None
    return f"{state}/{key}", lines


def _without_text(value: dict[str, object]) -> dict[str, object]:
    """Return a JSON object with the length of what people wrote, or of an address to write to, in place of that."""
    # A passage of the history has a question's first words as its title; search words are made of a question.
    hidden = ("text", "shown", "response_url", "title", "words")
    return value | {name: f"({len(str(value[name]))} characters)" for name in hidden if value.get(name)}


def retry_job(spool: Spool, name: str) -> Iterator[str]:
    """Move the job `name` from failed/ to ready/, where the pool claims it within seconds; yield its new place.

    Raise CocoAIError if it is not in failed/, ValueError if `name` is no key.
    """
    key = Key.parse(name)
    try:
        spool.retry(key)
    except NoSuchJob:
        raise CocoAIError(f"{key} is not among the failed jobs: `cocoai spool list` shows them") from None
    yield f"ready/{key}"


def expire_jobs(spool: Spool, older: float, clock: Callable[[], float] = time.time) -> Iterator[str]:
    """Give up what was asked more than `older` seconds ago and still waits; yield a line for each.

    The pool tells the askers of questions, and then the job has failed; what else waits fails at once, and nobody is
    told. What has its answer already is left to be delivered. Nothing is done twice, however often this is run.
    """
    expired, before = 0, clock() - older
    for key in spool.keys("ready"):
        if float(key.ts) >= before:
            continue
        outcome = _expire_one(spool, key, before)
        expired += outcome == "expired"
        yield f"{outcome} {key}"
    yield f"{expired} expired: the pool tells who has asked, and then they have failed"


def _expire_one(spool: Spool, key: Key, before: float) -> str:
    """Give up a job that was asked before a moment (epoch seconds); return what has become of it, or why it is left."""
    job = spool.hold(key)
    if job is None:
        return "in-hand"
    try:
        return _expire(spool, job, before)
    except ClaimLost:
        return "in-hand"
    finally:
        job.release()


def _expire(spool: Spool, job: Job, before: float) -> str:
    if float(asked_at(job.key, job.question)) >= before:
        return "asked-again"
    if job.kind not in JOB_KINDS:
        return "unknown"
    if job.kind in LIGHT_KINDS:
        spool.fail(job, EXPIRED)
        return "failed"
    if job.last("answer") or job.last("delivered"):
        return "answered"
    if job.last("error") is None:
        # Where this is an old copy of the store, others may have answered since: so a message is looked for.
        job.record("visit")
        job.record("error", code=EXPIRED, reason=EXPIRED)
    return "expired"
