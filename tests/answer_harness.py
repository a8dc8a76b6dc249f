"""AnswerHarness: an Answerer between the two practice servers, with a clock that can be turned."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

from cocoai.answer import Answerer, thread_file
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.chatgpt.pictures import ChatGPTPictures
from cocoai.chatgpt.transcription import Transcriber
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api import thread_upload
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS, UNMARKED_KINDS
from cocoai.slack.model.question import Question
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Fact, Job
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, Texts
from cocoai.troubles.store import Troubles
from cocoai.troubles.watch import SlackWatch
from tests.books import books
from tests.deployment import payload
from tests.options import FixedIdentity, options


class FickleDisk(Disk):
    """A disk that reports itself full for every append whose bytes contain `refuses`; empty refuses nothing."""

    refuses: bytes = b""

    def append(self, fd: int, data: bytes) -> None:
        if self.refuses and self.refuses in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(fd, data)


HARNESSES: WeakSet[AnswerHarness] = WeakSet()
"""All that live. An answerer refers to itself: at whatever test the garbage collector found it, that test would be told
of an open connection, if it came upon that first."""


class AnswerHarness:
    """An `Answerer` between the two practice servers, with a clock that tests can set forward.

    `ahead` is how many seconds the clock is ahead; `words` are the texts of every language; `sleep` is what the
    answerer and its connection to Slack call to wait.
    """

    def __init__(self, var: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        self.slack = slack
        self.openai = openai
        self.disk = FickleDisk()
        self.ahead = 0.0
        self.spool = FileSpool(
            str(var),
            clock=self.clock,
            disk=self.disk,
            kinds=JOB_KINDS,
            light_kinds=LIGHT_KINDS,
            unmarked_kinds=UNMARKED_KINDS,
        )
        self.spool.make_folders()
        self._context = tls_context(str(certificates.ca_file))
        self.var = var
        self.troubles = Troubles(str(var), clock=self.clock)
        self.books = replace(books(var), clock=self.clock)
        self.words: Texts = ENGLISH
        self.changes: dict[str, Any] = {}
        """Fields of `AnswerOptions` that differ from those of `options()`."""
        self.picture_timeout = 20.0
        self.sleep: Callable[[float], None] = time.sleep
        self._clients: list[DirectClient] = []
        HARNESSES.add(self)

    def clock(self) -> float:
        return time.time() + self.ahead

    def outside(self) -> tuple[SlackChat, ChatGPTChat]:
        """Return new connections to Slack and OpenAI, as a new process opens them; those of the last one are closed."""
        self.close_connections()
        self._clients = [DirectClient(self._context) for _ in range(2)]
        slack = SlackChat(
            self._clients[0],
            api_url=self.slack.api_url,
            token=TOKEN,
            patience=3.0,
            sleep=self._sleep,
            watch=SlackWatch(self.troubles),
        )
        chatgpt = ChatGPTChat(
            self._clients[1],
            base_url=self.openai.base_url,
            api_key=API_KEY,
            model="gpt-6-luna",
            max_output_tokens=8000,
            reasoning_effort="low",
            connect_timeout=5,
            first_word_timeout=20,
            silence_timeout=10,
            total_timeout=40,
            service_tier="default",
        )
        return slack, chatgpt

    def listen(self) -> Transcriber:
        """Return a new connection to the model that hears sounds, which close_connections() closes, too."""
        client = DirectClient(self._context)
        self._clients.append(client)
        model = self.changes["speech"].model
        url = self.openai.base_url
        return Transcriber(client, base_url=url, api_key=API_KEY, model=model, connect_timeout=5, timeout=20)

    def pictures(self) -> ChatGPTPictures:
        """Return a new connection to the models that draw."""
        self._clients.append(DirectClient(self._context))
        return ChatGPTPictures(
            self._clients[-1],
            base_url=self.openai.base_url,
            api_key=API_KEY,
            connect_timeout=5,
            total_timeout=self.picture_timeout,
        )

    def close_connections(self) -> None:
        """Close what the last process has open, as the kernel does at its end."""
        for client in self._clients:
            client.close()

    def _sleep(self, seconds: float) -> None:
        self.sleep(seconds)

    def settle(self, seconds: float) -> None:
        """Wait until a message of a killed process must have arrived: what the answerer sleeps for."""
        self.sleep(seconds)

    def answerer(self, kind: type[Answerer] = Answerer) -> Answerer:
        """Return an answerer of this class with new connections, as a new process makes it."""
        slack, chatgpt = self.outside()
        return kind(
            self.spool,
            options(self.words, **self.changes),
            slack,
            chatgpt,
            books=self.books,
            identity=FixedIdentity(),
            folder=str(self.var),
            listen=self.listen,
            draw=self.pictures,
            troubles=self.troubles,
            clock=self.clock,
            sleep=self.settle,
        )

    def ask(self, text: str = "hello?", thread_ts: str | None = None) -> Message:
        """Post a mention with this text and put its question into the spool; return the message."""
        message = self.slack.say("U0ASKER01", f"<@U0COCOAI> {text}", thread_ts=thread_ts)
        self.put(message)
        return message

    def put(self, message: Message, **fields: Any) -> None:
        """Put the question of a mention into the spool, with these fields of it."""
        thread_ts = message.thread_ts or message.ts
        question = Question(
            "mention", message.channel, thread_ts, message.ts, message.user, "T0", message.text, "Ev", 0, **fields
        )
        assert self.spool.put(Key.parse(question.key), question.facts())

    def run(self) -> None:
        """Claim one job and run one attempt at it, as one process does."""
        job = self.claim()
        self.answerer().answer(job)
        job.release()
        self.close_connections()

    def claim(self) -> Job:
        """Claim the next job, which must be there."""
        job = self.spool.claim()
        assert job is not None
        return job

    def wait(self) -> None:
        """Set the clock forward until every job that waits for a retry is due."""
        # The longest delay between two attempts is 300 s.
        self.ahead += 301

    def trouble(self, source: str) -> str:
        """Return the code of the trouble at this source; "" if there is none."""
        found = self.troubles.of(source)
        return found.code if found else ""

    def replies(self, to: Message) -> list[Message]:
        """Return every message of the thread but the one that opens it."""
        return list(self.slack.thread(to.channel, to.thread_ts or to.ts)[1:])

    def reply(self, to: Message) -> tuple[str, str]:
        """Return the kind and the text of the only reply."""
        (message,) = self.replies(to)
        return str(payload(message)["kind"]), message.text

    def called(self, method: str) -> int:
        """Return how many calls of this Slack method succeeded."""
        return sum(1 for call in self.slack.calls if call.method == method and call.outcome == "ok")

    def ended(self) -> tuple[int, int, int]:
        """Return how many jobs are in `ready`, `done` and `failed`."""
        ready, done, failed = (len(self.spool.keys(folder)) for folder in ("ready", "done", "failed"))
        return ready, done, failed

    def facts(self, folder: str, name: str) -> list[Fact]:
        """Return all facts of this name in the only job of that folder."""
        (key,) = self.spool.keys(folder)
        return [fact for fact in self.spool.peek(folder, key) if fact.get("fact") == name]


@contextmanager
def patient_harness(
    var: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> Iterator[AnswerHarness]:
    """Yield an answerer with these options. Whoever waits sets its clock forward, and Slack shows a file at once."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(var, certificates, slack, openai)

        def sleep(seconds: float) -> None:
            made.ahead += seconds

        made.sleep = sleep
        made.changes |= changes
        slack.switches.share_delay = 0.0
        monkeypatch.setattr(thread_file, "bring_file", partial(thread_upload.bring_file, clock=made.clock))
        yield made
