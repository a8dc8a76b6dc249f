"""A worker: it claims jobs and pays for calls by the product's own door, and dies where it is told to."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.never_over.biller import MODELS, REASONING, BilledRequest, BillerReply, ask
from cocoai.answer import Books
from cocoai.answer.attempt import Attempt
from cocoai.answer.paid_requests import PaidRequests
from cocoai.chatgpt.chunk import Usage
from cocoai.chatgpt.request_size import RequestSize
from cocoai.chatgpt.stream import Ending
from cocoai.errors import Permanent
from cocoai.ledger.caps import PayLater
from cocoai.slack.model.question import Question
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job
from cocoai.texts import ENGLISH

POINTS = ("held", "asked", "billed", "answered", "recorded", "settled", "refused")
"""Where a worker may kill itself: behind the hold; behind the fact of it; with the answer on its way; with the answer
read; behind the fact of that; behind the settling; and when the server has refused."""

HELD_WAIT = 0.05
"""Seconds in place of HELD_DELAY until a job that others' holds keep waiting is tried again."""

LONGEST_THOUGHT = 0.02
"""Seconds that a call takes at most beside the server's time, so that several are under way at once."""


@dataclass
class Death:
    """A worker's end: it kills itself at `point`, when it has come there `times` times; never for ""."""

    point: str = ""
    times: int = 1

    def reach(self, point: str) -> None:
        """Die here if it is time to."""
        if point and point == self.point:
            self.times -= 1
            if self.times <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalDisk(Disk):
    """The disk of a worker, which may die before and behind the facts about a request."""

    def __init__(self, death: Death) -> None:
        self._death = death
        self._reached = ""

    def append(self, fd: int, data: bytes) -> None:
        """Append, or die before that."""
        before, self._reached = next((names for fact, names in _AROUND.items() if fact in data), ("", ""))
        self._death.reach(before)
        super().append(fd, data)

    def fsync(self, fd: int) -> None:
        """Fsync, and perhaps die behind that."""
        super().fsync(fd)
        self._death.reach(self._reached)


_AROUND = {b'"fact":"asked"': ("held", "asked"), b'"fact":"answer"': ("answered", "recorded")}
"""The points before and behind a fact."""


class Worker:
    """Works on jobs until `is_over` and none is left. `biller` is the server's address."""

    def __init__(self, var: str, books: Books, biller: str, *, death: Death, is_over: Callable[[], bool]) -> None:
        self._spool = FileSpool(var, disk=MortalDisk(death))
        self._books = books
        self._biller = biller
        self._death = death
        self._is_over = is_over
        self._thoughts = random.Random()

    def run(self) -> None:
        """Work until there is nothing to do any more."""
        while True:
            is_over = self._is_over()
            job = self._spool.claim()
            if job is not None:
                self._work(job)
                job.release()
            elif is_over and not self._spool.keys("ready"):
                return
            else:
                time.sleep(HELD_WAIT / 5)

    def _work(self, job: Job) -> None:
        """Make one attempt at a job, in the product's order: settle earlier holds, hold, ask, record, settle."""
        attempt = Attempt(job, Question.from_facts(job.question), ENGLISH, "")
        if not attempt.is_first:
            self._books.settle_earlier(job)
        try:
            if not job.last("answer"):
                self._pay(attempt, PaidRequests(attempt, self._books))
        except PayLater as error:
            until = time.time() + HELD_WAIT
            job.record("retry", retry_at=until, why=str(error), free=True, sent=False, held=True)
        except Permanent as error:
            self._spool.fail(job, error.code)
        else:
            self._spool.finish(job)

    def _pay(self, attempt: Attempt, requests: PaidRequests) -> None:
        """Make a paid call, once more if it is refused; as the model's client and ModelCall do together."""
        size = size_of(attempt.question.key)
        while True:
            requests.asked(size)
            self._think()
            reply = self._send(attempt, size)
            if reply.outcome != "refused":
                break
            self._death.reach("refused")
            requests.unasked("rate limited")
        if reply.outcome in ("cut", "silent"):
            requests.fail(reply.text)
            return
        self._think()
        fact = requests.facts(reply.text, _ending(reply, size.model))
        attempt.record("answer", text=reply.text, **fact)
        requests.settle_by(fact)
        self._death.reach("settled")

    def _send(self, attempt: Attempt, size: RequestSize) -> BillerReply:
        call = attempt.job.facts("asked")[-1]["call"]
        request = BilledRequest(
            attempt.question.key,
            call,
            size.model,
            size.most_input,
            size.estimated_input,
            size.most_output,
            size.has_tier,
        )
        reply = ask(self._biller, request)
        self._death.reach("billed")
        return reply

    def _think(self) -> None:
        """Take some time, so that other calls are under way at once; it orders nothing."""
        time.sleep(self._thoughts.uniform(0, LONGEST_THOUGHT))


def size_of(key: str) -> RequestSize:
    """Return the size of a job's request: odd, and the same each time."""
    generator = random.Random(key)
    most_input = generator.choice((generator.randint(2, 5_000), generator.randint(2, 60_000), 300_001))
    most_output = generator.randint(REASONING + 100, 8_000)
    return RequestSize(
        generator.choice(MODELS), most_input, (most_input + 1) // 2, most_output, has_tier=generator.random() < 0.8
    )


def _ending(reply: BillerReply, model: str) -> Ending:
    tokens = reply.tokens
    assert tokens is not None
    usage = Usage(tokens.prompt, tokens.cached, tokens.output, tokens.reasoning, tokens.written, reply.cost_usd)
    return Ending("stop", model, usage, tier=reply.tier)
