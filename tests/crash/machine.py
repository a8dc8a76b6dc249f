"""One machine between two power cuts: processes, one disk, and the connections to Slack and to the model.

The spool, the jobs, `Answerer` and `SlackChat` are the product's own; the disk, and what is outside (services.py), are
simulated. A machine notes the laws that it sees being broken; laws.py checks its disk, and its end.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from cocoai.answer import Answerer, Books
from cocoai.json_values import text_at
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS, UNMARKED_KINDS
from cocoai.slack.model.question import Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import STATES, Fact, Job
from cocoai.spool.key import Key
from tests.crash.clips import SPEECH, SimulatedTranscriber
from tests.crash.disk import SimulatedDisk
from tests.crash.ledger import simulated_books
from tests.crash.pictures import IMAGES, SimulatedPictures
from tests.crash.power import DiskImage, blank
from tests.crash.scheduler import Scheduler
from tests.crash.services import Services, SimulatedModel
from tests.crash.world import Input, Law, copies_of, is_first_line_of, job_key, lines_of
from tests.options import FixedIdentity, options

VAR = "/nowhere/var"
"""On no real disk: threads' marks are opened without the simulated one, and must not be found."""

BLANK = blank(VAR)
OPTIONS, IDENTITY = options(update_interval=0.0, images=IMAGES, speech=SPEECH), FixedIdentity()


class ScheduledSpool(FileSpool):
    """The product's spool, with the scheduler's lock for `put.lock`: a process that waits for it takes no time."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(
            VAR,
            clock=machine.clock,
            disk=machine.disk,
            kinds=JOB_KINDS,
            light_kinds=LIGHT_KINDS,
            unmarked_kinds=UNMARKED_KINDS,
            questions_per_minute=machine.outside.per_minute,
        )
        self._machine = machine
        # Each start of the pool begins a generation.
        self.generation = machine.outside.power_cuts + machine.reloads

    @contextmanager
    def _putting(self) -> Iterator[None]:
        with self._machine.scheduler.lock():
            yield

    def _move(self, job: Job, source: str, target: str) -> None:
        fault = self._machine.next_fault("move_faults")
        if fault == "locked":
            raise TimeoutError("put.lock is held by another process")
        if fault == "split":
            raise OSError(errno.EXDEV, "Invalid cross-device link", target)
        super()._move(job, source, target)


@dataclass(frozen=True)
class Variants:
    """The implementations that a machine runs: the product's, or one that is broken on purpose."""

    spool: Callable[[Machine], FileSpool] = ScheduledSpool
    answerer: type[Answerer] = Answerer
    books: Callable[[Services], Books] = simulated_books


REAL = Variants()


class Killed(BaseException):
    """Ends a process as kill -9 does: from here on it takes no step, not even one that tidies up."""


def _do_not_sleep(_: float) -> None:
    """Take no time."""


@dataclass(kw_only=True)
class Machine(Services):
    """One machine, from the moment when its power came on.

    `on_step` is called before each step, with its name. `newly_put` are the keys that `put` has accepted, `in_hand`
    those of the jobs that processes work on now.
    """

    image: DiskImage
    variants: Variants
    scheduler: Scheduler
    on_step: Callable[[Machine, str], None]
    newly_put: set[str] = field(default_factory=set)
    in_hand: set[str] = field(default_factory=set)
    steps: int = 0
    reloads: int = 0
    _kill_before: str = ""
    _is_killed: bool = False

    def __post_init__(self) -> None:
        self.disk = SimulatedDisk(self.image, clock=self.clock, step=self.step, own_step=self.own_step)
        self.books = self.variants.books(self)
        self.start_process()

    def start_process(self) -> None:
        """Forget what the last process has seen of the spool."""
        self.spool = self.variants.spool(self)

    def reload(self) -> None:
        """Begin a generation, as the pool does with new settings at HUP."""
        self.reloads += 1
        self.start_process()

    def clock(self) -> float:
        """Return the time outside."""
        return self.outside.now

    def step(self, what: str) -> None:
        """Let the power go here, or another process run; to be called before everything that any process does."""
        self.own_step(what)
        if self.scheduler.step():
            self.own_step(what)

    def own_step(self, what: str) -> None:
        """Let the power go here; to be called before what no other process can see.

        That includes all calls of Slack and the model, which only the holder of a job makes. Raise Killed if the
        process is to be killed here, or was killed before.
        """
        if not self._is_killed:
            self.steps += 1
            self.on_step(self, what)
            self._is_killed = bool(self._kill_before) and self._kill_before in what
        if self._is_killed:
            raise Killed

    # the processes

    def put(self, item: Input) -> None:
        """Put a question or a click into the spool, and answer Slack 200 if it was kept, as a worker does."""
        key = job_key(item)
        known = self.outside.accepted | self.outside.spoken_for
        self.note(sent=self.outside.sent | {key})
        try:
            is_new = self.spool.put(Key.parse(key), item.facts())
        except OSError as error:
            self.report(Law.RUNS, f"put: {error!r}")
            return
        # That a copy of this gesture was taken for it is not fsynced: it may be forgotten with the power.
        is_forgotten = self.outside.power_cuts and len(copies_of(item, self.inputs)) > 1
        if is_new and key in known | self.newly_put and not is_forgotten:
            self.report(Law.KNOWN, key)
        if is_new:
            self.newly_put.add(key)
            self._check_admission(item)
        self.step("200")
        self.note(accepted=self.outside.accepted | {key})

    def work(self) -> bool:
        """Work on one job, as a job process does (spool/job_process.py); return False if there is none."""
        claimed: list[str] = []
        answerer = self._answerer(claimed)
        job = self.spool.claim(frozenset(self.in_hand))
        if job is None:
            return False
        self._answer(job, answerer, claimed)
        return True

    def work_until_killed(self, before: str) -> None:
        """Work on one job, but be killed before the first step whose name has this in it, if it comes so far.

        No other process may run meanwhile.
        """
        opened = self.disk.descriptors()
        self._kill_before = before
        try:
            self.work()
        except Killed:
            self.note(interruptions=self.outside.interruptions + 1)
        finally:
            self._kill_before, self._is_killed = "", False
        self.disk.close_killed(self.disk.descriptors() - opened)
        self.in_hand.clear()

    def post_placeholder(self) -> None:
        """Do the light jobs and post the missing placeholders, as the placeholder process does."""
        claimed: list[str] = []
        answerer = self._answerer(claimed)
        self._do_light_jobs(answerer, claimed)
        for job in self.spool.each_without("placeholder"):
            self._check(job)
            answerer.post_placeholder(job)
            self._note_end(job)
            job.release()
            self._do_light_jobs(answerer, claimed)

    def _do_light_jobs(self, answerer: Answerer, claimed: list[str]) -> None:
        while (job := self.spool.claim(only_light=True)) is not None:
            self._answer(job, answerer, claimed)

    def _answer(self, job: Job, answerer: Answerer, claimed: list[str]) -> None:
        """Run an attempt at a claimed job, and release it."""
        key = str(job.key)
        claimed.append(key)
        self.in_hand.add(key)
        self._check(job)
        answerer.answer(job)
        self._note_end(job)
        job.release()
        self.in_hand.discard(key)

    def request_stop(self, unwanted: Question) -> None:
        """Request that this question ends with what is there, as a worker does."""
        self.note(stopped=self.outside.stopped | {unwanted.key})  # from here on the request may be seen
        try:
            self.spool.request_stop(Key.parse(unwanted.key), unwanted.user)
        except OSError as error:
            self.report(Law.RUNS, f"request_stop: {error!r}")

    def retry(self, given_up: Question) -> None:
        """Move a failed job back to ready/, as the operator does: what it has cost is counted anew."""
        self.note(
            ended=frozenset(end for end in self.outside.ended if end[0] != given_up.key),
            calls=tuple(call for call in self.outside.calls if call != given_up.key),
        )
        self.spool.retry(Key.parse(given_up.key))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.note(now=self.outside.now + seconds)

    def _answerer(self, claimed: list[str]) -> Answerer:
        """Return the Answerer of a new process."""
        return self.variants.answerer(
            self.spool,
            OPTIONS,
            self.slack_chat(),
            SimulatedModel(self, claimed),
            books=self.books,
            folder="/nonexistent",
            identity=IDENTITY,
            listen=partial(SimulatedTranscriber, self, claimed),
            draw=partial(SimulatedPictures, self, claimed),
            clock=self.clock,
            sleep=_do_not_sleep,
        )

    # what is checked on the way, and what lies on the disk

    def _check(self, job: Job) -> None:
        """Check that a claimed job is whole and has not ended."""
        key = str(job.key)
        if not is_first_line_of(job.question, self.inputs[key]):
            self.report(Law.WHOLE, f"{key}: {job.question}")
        if key in dict(self.outside.ended):
            self.report(Law.ENDED, key)

    def _check_admission(self, item: Input) -> None:
        """Check that a new job is the only one of its gesture, and the only waiting one that repeats its question."""
        if not isinstance(item, Question):
            return
        copies = [key for key in copies_of(item, self.inputs) if self.first_line(key)]
        # What tells of another copy is not fsynced: it may be gone with the power.
        if len(copies) > 1 and not self.outside.power_cuts:
            self.report(Law.ADMITTED, f"{copies} have one gesture")
        waiting = [lines_of(data)[0] for data in self.disk.files(f"{VAR}/spool/ready").values()]
        repeated = [text_at(line, "again") for line in waiting if line["kind"] == "again"]
        if len(set(repeated)) < len(repeated):
            self.report(Law.ADMITTED, f"{repeated} is asked again twice at once")

    def _note_end(self, job: Job) -> None:
        """Note the time of the job's end if it has ended."""
        if {job.key} & {*self.spool.keys("done"), *self.spool.keys("failed")}:
            self.note(ended=self.outside.ended | {(str(job.key), self.outside.now)})

    def lines(self, key: str) -> Sequence[Fact]:
        """Return every whole line of a job, whatever its state; [] if there is no such job. It is no step."""
        data = [self.disk.files(f"{VAR}/spool/{state}").get(key) for state in STATES]
        return next((lines_of(each) for each in data if each is not None), [])

    def first_line(self, key: str) -> Fact:
        """Return a job's first line, whatever its state; {} if there is no such job."""
        return next(iter(self.lines(key)), {})

    def spooled(self, path: str) -> bytes:
        folder, _, name = path.rpartition("/")
        return self.disk.files(folder).get(name, b"")

    def lasting_lines(self, key: str) -> list[Fact]:
        # Lines behind a broken one count, too: they were recorded, even if no process can read them any more.
        data = self.disk.lasting_data(f"{VAR}/spool/ready/{key}")
        return [line for piece in data.splitlines(keepends=True) for line in lines_of(piece)]
