"""Team: five people who ask, and an Answerer with a ledger between the practice servers, by a clock that is turned."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.month.plan import CHANNELS, OPERATOR, REPORTED, TEAM, ZONE, Member, Planned
from cocoai import config
from cocoai.answer import Answerer, Books
from cocoai.answer.report_task import ReportTask
from cocoai.answer_settings import answer_options
from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.connections import Connections
from cocoai.engine.client.tls import tls_context
from cocoai.ledger import database
from cocoai.ledger.caps import Caps
from cocoai.ledger.database import SqliteStore
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.months import Months, read_months
from cocoai.ledger.prices import read_prices
from cocoai.ledger.tariff import Tariff
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_answer import practice_answer
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import write_settings
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS, UNMARKED_KINDS
from cocoai.slack.model.question import Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from tests.options import FixedIdentity, FixedWriters

BOT = "U0COCOAI"
REAL_URL = "https://api.openai.com/v1"
"""The address whose prices are booked: the practice OpenAI bills what the real one does."""

DEEPER = "gpt-6.1-sol"

YEN = 150
"""What a dollar costs in yen, in the Japanese report."""

LONGEST = 5
"""Practice answers, of some 150 tokens each, in the longest answer."""

PIECE = 200
"""Characters of a piece of an answer; of one that is to be stopped, PIECE_OF_STOPPED."""

PIECE_OF_STOPPED, PIECE_DELAY, STOPPED_AFTER = 16, 0.02, 0.25
"""Characters and seconds between two pieces, and the seconds after which the asker stops the answer."""


class TurnableClock:
    """A clock that runs on from wherever it was turned to; it is never turned back. Epoch seconds."""

    def __init__(self, at: float) -> None:
        self._ahead = at - time.time()

    def __call__(self) -> float:
        """Return the time of the clock."""
        return time.time() + self._ahead

    def turn_to(self, at: float) -> None:
        """Turn the clock forward; do nothing if that time is over."""
        self._ahead = max(self._ahead, at - time.time())


class Team:
    """Five people who ask, and CocoAI, which answers at once. `var` is its folder, and `file` its settings."""

    def __init__(
        self,
        var: Path,
        certificates: Certificates,
        slack: PracticeSlack,
        openai: PracticeOpenAI,
        clock: TurnableClock,
        months: Months,
        language: str,
    ) -> None:
        self.slack, self.openai, self.clock, self.months = slack, openai, clock, months
        self.file = _write(var, certificates, slack, openai, language)
        # Nobody watches the answers grow.
        self.settings = config.read(str(self.file), {"COCOAI_SLACK_UPDATE_INTERVAL": "60"})
        self.spool = FileSpool(
            str(var), clock=clock, kinds=JOB_KINDS, light_kinds=LIGHT_KINDS, unmarked_kinds=UNMARKED_KINDS
        )
        self.spool.make_folders()
        budget = self.settings.budget
        caps = Caps(budget.monthly_usd, budget.per_person_usd, budget.per_channel_usd, budget.warn_at)
        self.ledger = Ledger(SqliteStore(str(var / database.FILE)), caps, months, clock=clock)
        tariff = Tariff(read_prices(self.settings.prices), REAL_URL)
        connections = Connections(self.settings, tls_context(str(certificates.ca_file)))
        self._options = answer_options(self.settings, FixedWriters())
        self._answerer = Answerer(
            self.spool,
            self._options,
            connections.slack(),
            connections.chatgpt(),
            books=Books(self.ledger, tariff, TokenRatio(str(var / "calibration.json")), clock),
            identity=FixedIdentity(),
            folder=str(var),
            clock=clock,
            sleep=self._sleep,
        )
        locale = "ja-JP" if language == "ja" else "en-US"
        people = (*(member.person for member in TEAM), replace(OPERATOR.person, locale=locale))
        for each in (*CHANNELS, *(member.box for member in TEAM), *people):
            slack.add(each)

    def _sleep(self, seconds: float) -> None:
        """Turn the clock, in place of waiting."""
        self.clock.turn_to(self.clock() + seconds)

    def ask_all(self, planned: list[Planned]) -> list[Message]:
        """Ask these questions, each at its time and answered before the next; return their messages."""
        asked: list[Message] = []
        for each in planned:
            self.clock.turn_to(each.at)
            thread = asked[each.opens] if each.opens is not None else None
            with self._troubled(each):
                asked.append(self.ask(each.member, each.text, each.channel, thread and (thread.thread_ts or thread.ts)))
        return asked

    def ask(self, member: Member, text: str, channel: str = REPORTED, thread_ts: str | None = None) -> Message:
        """Let somebody ask, and answer; return the message."""
        is_direct = channel == member.box.id
        said = text if is_direct else f"<@{BOT}> {text}"
        message = self.slack.say(member.person.id, said, channel=channel, thread_ts=thread_ts)
        kind, root = ("direct" if is_direct else "mention"), message.thread_ts or message.ts
        at = int(self.clock())
        question = Question(
            kind,
            channel,
            root,
            message.ts,
            message.user,
            "T0PRACTICE",
            message.text,
            "Ev",
            at,  # type: ignore[arg-type]
        )
        assert self.spool.put(Key.parse(question.key), question.facts())
        self.run()
        return message

    def run(self) -> None:
        """Run attempts until no job is left; the clock is turned to the next one that waits."""
        while self.spool.keys("ready"):
            job = self.spool.claim()
            if job is None:
                self._sleep(5.0)
                continue
            if job.kind not in LIGHT_KINDS:
                self._answerer.post_placeholder(job)  # as the placeholder process does
            self._answerer.answer(job)
            job.release()

    def report(self) -> ReportTask:
        """Return the task that puts the job of last month's report."""
        return ReportTask(self.spool, self.ledger, self._options.money, self.clock)

    @contextmanager
    def _troubled(self, planned: Planned) -> Iterator[None]:
        """Have the model's server, or the asker, do what is planned with the next answer, as a context manager."""
        if planned.trouble in ("overloaded", "cut"):
            self.openai.fail(planned.trouble, after=2)  # type: ignore[arg-type] (mypy does not narrow)
        if planned.trouble != "stop":
            yield
            return
        switches = self.openai.switches
        switches.piece_size, switches.piece_delay = PIECE_OF_STOPPED, PIECE_DELAY
        switches.answer = _stopped(self._stop)
        yield
        switches.piece_size, switches.piece_delay, switches.answer = PIECE, 0.0, answer

    def _stop(self) -> None:
        """Request a stop of whatever is in hand, as its asker."""
        for key in self.spool.keys("ready"):
            self.spool.request_stop(key, "")


def answer(question: str) -> str:
    """Return the model's answer to a question: the practice answer, up to LONGEST times, always the same number."""
    return "\n\n".join([practice_answer(question, 1)] * (1 + zlib.crc32(question.encode()) % LONGEST))


def _stopped(stop: Callable[[], None]) -> Callable[[str], str]:
    """Return answers for `OpenAISwitches.answer`, a moment after which `stop` is called."""

    def answer_and_stop(question: str) -> str:
        threading.Timer(STOPPED_AFTER, stop).start()
        return answer(question)

    return answer_and_stop


def _write(var: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI, language: str) -> Path:
    """Write the settings, and return their path: all defaults, but for the zone, the report and the operator."""
    file = write_settings(var, certificates, slack, openai)
    yen = f"yen_per_usd = {YEN}\n" if language == "ja" else ""
    budget = f"timezone = {ZONE}\nreport_channel = {REPORTED}\noperators = {OPERATOR.person.id}\n{yen}"
    with file.open("a", encoding="utf-8") as settings:
        settings.write(f"[budget]\n{budget}[models]\ndeep = {DEEPER}\n")
    return file


@contextmanager
def team(folder: Path, certificates: Certificates, at: float, language: str) -> Iterator[Team]:
    """Yield a team whose clock stands at a time (epoch seconds), and stop its servers when the context ends.

    The operator's Slack, and so the report, is in `language`: `ja` or `en`.
    """
    clock = TurnableClock(at)
    months = read_months(ZONE, clock)  # forks, so before the servers have threads
    switches = OpenAISwitches(piece_size=PIECE, answer=answer)
    with (
        PracticeSlack(certificates, clock=clock) as slack,
        PracticeOpenAI(certificates, switches=switches, clock=clock) as openai,
    ):
        slack.page.books = openai.books
        yield Team(folder, certificates, slack, openai, clock, months, language)
