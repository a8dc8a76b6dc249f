"""WaitingJobs: what one process remembers of the jobs in ready/, and the order in which it claims them.

A job's first line never changes, so a process reads each file once, however often it looks. What else is remembered, a
time to try again and the facts, only tells which files need no second look: before a job is claimed, it is locked and
read anew. Pure: the names and the beginnings of the files are handed in.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from cocoai.json_values import text_at
from cocoai.spool.job import FACT_HEADER, SHUT_OUT, Job, as_number, is_ahead, whole_lines
from cocoai.spool.key import Key, is_key

HEAD_SIZE = 4096
"""Bytes that are read of a job's file: most are wholly in it, and of any other the beginning says who asked."""

# As Question.facts() and Click.facts() write them. JSON escapes quotes, so no text can contain the second.
_KIND, _ASKER = b'{"kind":"', b',"user":"'
_NO_FACTS: frozenset[str] = frozenset()


@dataclass(slots=True)
class WaitingJob:
    """One job in ready/, as this process last saw it.

    `name` is its key as text, `thread` that of its thread, or the channel for a direct message's own box; `opened` is
    then the thread that it opens, else "". `age` orders jobs, the oldest first. `kind` is as in Job.kind; `asker` is
    the user's id, "" if the first line has none. `retry_at` is when it is to be tried again (epoch seconds), 0.0 if
    nothing is known of that. `facts` are names of facts that it has; it may have more by now.
    """

    name: str
    thread: str
    opened: str
    age: tuple[int, str, str]
    kind: str | None
    asker: str
    retry_at: float
    facts: frozenset[str]

    @property
    def key(self) -> Key:
        """Return the key that `name` is the text of."""
        return Key.parse(self.name)

    @property
    def channel(self) -> str:
        """Return the id of the channel in which the question was asked."""
        return self.name.partition("-")[0]

    def is_put_off(self, now: float) -> bool:
        """Check whether the job was seen to wait for a later time, as in Job.is_due; `now` is in epoch seconds."""
        return is_ahead(self.retry_at, now)


class WaitingJobs:
    """The jobs in ready/ that this process has seen at its last look, oldest first.

    `read` yields each of the names that it is given with the first HEAD_SIZE bytes of the file, if it can be read now.
    `kinds` are those that this version can do, None stands for all; jobs of other kinds are only among the
    `unknown_names`. `light_kinds` are the kinds of job that are done first, and neither wait for their thread nor hold
    it up; all others are questions.
    """

    def __init__(
        self,
        read: Callable[[Iterable[str]], Iterable[tuple[str, bytes]]],
        kinds: Collection[str] | None,
        light_kinds: Collection[str],
    ) -> None:
        self._read = read
        self._kinds = kinds
        self._light_kinds = light_kinds
        self._jobs: dict[str, WaitingJob] = {}
        self._oldest_first: list[WaitingJob] = []
        self._other_names: frozenset[str] = frozenset()
        # The number of each asker's last question that this process has claimed.
        self._claimed: dict[str, int] = {}
        self._numbers = itertools.count(1)

    @property
    def unknown_names(self) -> list[str]:
        """Return the names in ready/ that are no key, and those of jobs of an unknown kind."""
        return [*self._other_names, *(job.name for job in self._jobs.values() if self._is_unknown(job))]

    def refresh(self, names: Iterable[str], generation: int = 0) -> None:
        """Take in the names that are in ready/ now: read the files that are new, and forget those that have gone.

        `generation` is the pool's, the same each time.
        """
        present = frozenset(names)
        gone = self._jobs.keys() - present
        for name in gone:
            del self._jobs[name]
        new = present - self._jobs.keys()
        keys = set(filter(is_key, new - self._other_names))
        self._other_names = new - keys
        if keys:
            self._jobs |= {name: waiting_job(name, head, generation) for name, head in self._read(keys)}
        if keys or gone:
            self._sort()

    def _sort(self) -> None:
        known = (job for job in self._jobs.values() if not self._is_unknown(job))
        self._oldest_first = sorted(known, key=attrgetter("age"))

    def _is_unknown(self, job: WaitingJob) -> bool:
        # Without a whole first line there is no kind: the file is damaged, and Job.take() sees to that.
        return self._kinds is not None and job.kind is not None and job.kind not in self._kinds

    def update(self, waiting: WaitingJob, job: Job) -> bool:
        """Remember what the file says that was read just now. Return False if the job's kind is unknown."""
        waiting.retry_at = job.retry_at
        waiting.facts = frozenset(filter(None, (text_at(line, "fact") for line in job.lines[1:])))
        if waiting.kind != job.kind:
            waiting.kind = job.kind
            self._sort()
        return not self._is_unknown(waiting)

    def light(self) -> list[WaitingJob]:
        """Return the light jobs, oldest first."""
        return [job for job in self._oldest_first if job.kind in self._light_kinds]

    def questions(self) -> list[WaitingJob]:
        """Return the jobs that are not light, oldest first."""
        return [job for job in self._oldest_first if job.kind not in self._light_kinds]

    def heads(self, in_hand: Collection[str]) -> list[WaitingJob]:
        """Return the oldest question of each thread, fairly: first of whose asker the fewest questions are in hand.

        Among these come first those of whom this process has claimed none, or none for the longest time, then the
        oldest. A head counts for the least served of all who wait in its thread. `in_hand` are the names of jobs that
        are worked on now; a thread whose head is one of them is left out. What was asked below a line of a direct
        message's box counts as asked in the box, as long as that line waits.
        """
        questions = self.questions()
        served = Counter(job.asker for job in questions if job.name in in_hand)
        boxes = _boxes(questions)
        heads: dict[str, WaitingJob] = {}
        ranks: dict[str, tuple[int, int]] = {}
        for job in questions:
            thread, asker = boxes.get(job.thread, job.thread), job.asker
            rank = (served[asker], self._claimed.get(asker, 0))
            if thread not in heads:
                heads[thread], ranks[thread] = job, rank
            elif rank < ranks[thread]:
                ranks[thread] = rank
        # Sorting keeps the order of equals: the oldest head stays in front.
        threads = sorted(heads, key=ranks.__getitem__)
        return [heads[thread] for thread in threads if heads[thread].name not in in_hand]

    def note_claim(self, name: str) -> None:
        """Note that this process has claimed this job now: if it is a question, others than its asker come next."""
        job = self._jobs.get(name)
        if job and job.kind not in self._light_kinds:
            self._claimed[job.asker] = next(self._numbers)

    def put_off(self, name: str, until: float) -> None:
        """Leave this job alone until a time (epoch seconds), in this process."""
        if job := self._jobs.get(name):
            job.retry_at = until

    def set_times(self, put_off: Mapping[str, float], now: float) -> None:
        """Note of all jobs which are put off, for so many seconds from `now` (epoch), and that no other is."""
        for name, job in self._jobs.items():
            job.retry_at = now + put_off[name] if name in put_off else 0.0

    def behind(self, in_hand: Collection[str]) -> list[WaitingJob]:
        """Return the questions of those threads in which one is in hand, without those in hand."""
        questions = self.questions()
        boxes = _boxes(questions)
        threads = {boxes.get(job.thread, job.thread) for job in questions if job.name in in_hand}
        return [job for job in questions if boxes.get(job.thread, job.thread) in threads and job.name not in in_hand]


def _boxes(questions: Iterable[WaitingJob]) -> dict[str, str]:
    """Return, of each thread whose opening message waits in a direct message's box, that box."""
    return {job.opened: job.thread for job in questions if job.opened}


def in_turn(jobs: Iterable[WaitingJob], turns: Counter[tuple[str, str]]) -> list[WaitingJob]:
    """Return these jobs with those in front whose channel and asker have had the fewest turns, else in their order."""

    def rank(job: WaitingJob) -> int:
        return turns[job.channel, job.asker]

    return sorted(jobs, key=rank)


def waiting_job(name: str, head: bytes, generation: int = 0) -> WaitingJob:
    """Return the job of this name, whose file begins with `head`, as a pool of this generation sees it."""
    # This runs once for each job that waits, which may be thousands while people wait for the first of them.
    first, newline, facts = head.partition(b"\n")
    is_all = len(head) < HEAD_SIZE
    kind, asker = _kind_and_asker(first, is_whole=bool(newline)) if newline or not is_all else (None, "")
    channel, thread_ts, ts, *trigger = name.split("-")
    # What is asked in a direct message's own box is one conversation.
    is_boxed = thread_ts == ts and channel.startswith("D")
    thread = f"{channel}-{thread_ts}"
    seconds, _, fraction = ts.partition(".")
    return WaitingJob(
        name,
        channel if is_boxed else thread,
        thread if is_boxed else "",
        (int(seconds), fraction, trigger[0] if trigger else ""),
        kind,
        asker,
        _retry_at(facts, generation) if facts and is_all else 0.0,
        frozenset(name.decode() for name, _ in FACT_HEADER.findall(b"\n" + facts)) if facts else _NO_FACTS,
    )


def _kind_and_asker(first: bytes, *, is_whole: bool) -> tuple[str | None, str]:
    """Return the kind and the asker in a first line, which may be cut off unless `is_whole`.

    Of a line in another shape than today's, only a whole one is understood; else the kind is None.
    """
    if first.startswith(_KIND):
        asker = first.find(_ASKER)
        return _text_at(first, len(_KIND)), _text_at(first, asker + len(_ASKER)) if asker >= 0 else ""
    lines, _ = whole_lines(first + b"\n" if is_whole else b"")
    if not lines:
        return None, ""
    return text_at(lines[0], "kind"), text_at(lines[0], "user")


def _text_at(line: bytes, start: int) -> str:
    """Return the text in `line` from `start` to the next quote."""
    return line[start : line.find(b'"', start)].decode("latin-1")


def _retry_at(facts: bytes, generation: int) -> float:
    """Return the `retry_at` of the last line of `facts`, if that is a `retry` fact and whole; else 0.0.

    Return 0.0 too for a job that waits for an operator since another generation, as Job.retry_at does.
    """
    last = facts[facts.rfind(b"\n", 0, -1) + 1 :]
    lines, _ = whole_lines(last) if last.startswith(b'{"fact":"retry"') else ([], 0)
    is_of_now = bool(lines) and lines[0].get(SHUT_OUT, generation) == generation
    return as_number(lines[0].get("retry_at")) if is_of_now else 0.0
