"""One machine between two power cuts: processes, one disk, and the connections to Slack and to the model.

The spool, the jobs, `Answerer` and `SlackChat` are the product's own; the model, and Slack behind its HTTP client, are
simulated. A machine notes the laws that it sees being broken; laws.py checks its disk, and its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from cocoai.answer import Answerer
from cocoai.chatgpt.chat import AnswerPieces, ChatGPTChat, Ending
from cocoai.conversation import Conversation
from cocoai.engine.client.client import FullResponse, StreamedResponse
from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.click import Click
from cocoai.slack.model.question import Question
from cocoai.spool.job import Fact, Job, whole_lines
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from tests.crash.disk import SimulatedDisk
from tests.crash.power import DiskImage, blank
from tests.crash.scheduler import Scheduler
from tests.crash.world import NOW, Input, Law, Outside, PostedMessage, is_message, job_key
from tests.options import FixedIdentity, options
from tests.whole_body import unread

VAR = "/var"
BLANK = blank(VAR)


class ScheduledSpool(Spool):
    """The product's spool, with the scheduler's lock for `put.lock`: a process that waits for it takes no time."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(VAR, clock=machine.clock, disk=machine.disk)
        self._machine = machine

    @contextmanager
    def _putting(self) -> Iterator[None]:
        with self._machine.scheduler.lock():
            yield


class SimulatedClient:
    """The HTTP client of `SlackChat`, with the simulated Slack at its other end."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def post(self, url: str, body: bytes, *_: object) -> FullResponse:
        """Return Slack's response; the power may go before Slack gets the request, and before we get the response."""
        return FullResponse(200, {}, self._reply(url, body))

    def post_unread(self, url: str, body: bytes, *_: object) -> StreamedResponse:
        """Return what `post` returns, its body unread."""
        return unread(self._reply(url, body))

    def _reply(self, url: str, body: bytes) -> bytes:
        fields = json.loads(body) if body.startswith(b"{") else dict(parse_qsl(body.decode(), keep_blank_values=True))
        return json.dumps(self._machine.slack(url.rpartition("/")[2], fields)).encode()

    def post_streamed(self, *_: object) -> NoReturn:
        """Raise NotImplementedError: `SlackChat` streams nothing."""
        raise NotImplementedError

    def get(self, *_: object) -> StreamedResponse:
        """Raise NotImplementedError: no question here has files."""
        raise NotImplementedError


class SimulatedModel(ChatGPTChat):
    """A model that writes the expected answer to a question, in two pieces.

    The last of `claimed` is the key of the job that is being worked on.
    """

    def __init__(self, machine: Machine, claimed: list[str]) -> None:
        self._machine = machine
        self._claimed = claimed

    def reply(self, conversation: Conversation, **_: object) -> AnswerPieces:
        """Yield the answer in two pieces, and its ending; the power may go before each of them."""
        text = self._machine.model(self._claimed[-1], conversation.turns[-1].text)
        yield text[: len(text) // 2]
        self._machine.own_step("the model writes")
        yield text[len(text) // 2 :]
        yield Ending("stop", "gpt-6-luna", None)


@dataclass(frozen=True)
class Variants:
    """The implementations that a machine runs: the product's, or one that is broken on purpose."""

    spool: Callable[[Machine], Spool] = ScheduledSpool
    answerer: type[Answerer] = Answerer


REAL = Variants()


def _do_not_sleep(_: float) -> None:
    """Take no time."""


@dataclass
class Machine:
    """One machine, from the moment when its power came on.

    `inputs` and `answers` are those of the history, by key. `on_step` is called before each step, with its name.
    `violations` has the first evidence for each broken law, and `newly_put` the keys that `put` has accepted.
    """

    image: DiskImage
    outside: Outside
    inputs: dict[str, Input]
    answers: dict[str, str]
    variants: Variants
    scheduler: Scheduler
    on_step: Callable[[Machine, str], None]
    violations: dict[Law, str] = field(default_factory=dict)
    newly_put: set[str] = field(default_factory=set)
    steps: int = 0

    def __post_init__(self) -> None:
        self.disk = SimulatedDisk(self.image, clock=self.clock, step=self.step, own_step=self.own_step)
        self.spool = self.variants.spool(self)

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

        That includes all calls of Slack and the model, which only the holder of a job makes.
        """
        self.steps += 1
        self.on_step(self, what)

    def report(self, law: Law, detail: str) -> None:
        """Note that a law is broken; the first evidence for each law is kept."""
        self.violations.setdefault(law, detail)

    def note(self, **changes: Any) -> None:
        """Change what the outside knows."""
        self.outside = replace(self.outside, **changes)

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
        if is_new and key in known | self.newly_put:
            self.report(Law.KNOWN, key)
        if is_new:
            self.newly_put.add(key)
        self.step("200")
        self.note(accepted=self.outside.accepted | {key})

    def work(self) -> bool:
        """Work on one job, as a job process does (spool/runner.py); return False if there is none."""
        claimed: list[str] = []
        answerer = self._answerer(claimed)
        job = self.spool.claim()
        if job is None:
            return False
        claimed.append(str(job.key))
        self._check(job)
        answerer.answer(job)
        self._note_end(job)
        job.release()
        return True

    def post_placeholder(self) -> None:
        """Post the missing placeholders, as the placeholder process does."""
        answerer = self._answerer([])
        for job in self.spool.each_without("placeholder"):
            self._check(job)
            answerer.post_placeholder(job)
            self._note_end(job)

    def request_stop(self, unwanted: Question) -> None:
        """Request that this question ends with what is there, as a worker does."""
        self.note(stopped=self.outside.stopped | {unwanted.key})  # from here on the request may be seen
        try:
            self.spool.request_stop(Key.parse(unwanted.key), unwanted.user)
        except OSError as error:
            self.report(Law.RUNS, f"request_stop: {error!r}")

    def retry(self, given_up: Question) -> None:
        """Move a failed job back to ready/, as the operator does."""
        self.note(ended=frozenset(end for end in self.outside.ended if end[0] != given_up.key))
        self.spool.retry(Key.parse(given_up.key))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.note(now=self.outside.now + seconds)

    def _answerer(self, claimed: list[str]) -> Answerer:
        """Return the Answerer of a new process."""
        return self.variants.answerer(
            self.spool,
            options(update_interval=0.0),
            self._slack_chat(),
            SimulatedModel(self, claimed),
            folder="/nonexistent",
            identity=FixedIdentity(),
            clock=self.clock,
            sleep=_do_not_sleep,
        )

    def _slack_chat(self) -> SlackChat:
        return SlackChat(SimulatedClient(self), api_url="http://127.0.0.1/api/", token="xoxb-practice", patience=0.0)

    def _check(self, job: Job) -> None:
        """Check that a claimed job is whole and has not ended."""
        key = str(job.key)
        if job.question != self.inputs[key].facts():
            self.report(Law.WHOLE, f"{key}: {job.question}")
        if key in dict(self.outside.ended):
            self.report(Law.ENDED, key)

    def _note_end(self, job: Job) -> None:
        """Note the time of the job's end if it has ended."""
        if {job.key} & {*self.spool.keys("done"), *self.spool.keys("failed")}:
            self.note(ended=self.outside.ended | {(str(job.key), self.outside.now)})

    # Slack and the model

    def _speak_for(self, key: str) -> None:
        """Note that something is done outside for this job; check that it has not ended."""
        self.note(spoken_for=self.outside.spoken_for | {key})
        if key in dict(self.outside.ended):
            self.report(Law.ENDED, f"{key}: something is posted for it")

    def slack(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return Slack's response to one call, after its effect, if its fault allows one."""
        self.own_step(method)
        fault, *others = self.outside.slack_faults or ("",)
        self.note(slack_faults=tuple(others))
        response = self._call(method, fields) if fault in ("", "unheard") else {}
        if fault:
            response = {"ok": False, "error": "internal_error"}
        self.own_step(f"the response to {method}")
        return response

    def _call(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Carry out one of Slack's methods and return its response."""
        if method == "conversations.replies":
            return {"ok": True, "messages": self._thread(fields["ts"])}
        if method == "chat.delete":
            return self._delete(fields["ts"])
        self._speak_for(fields["metadata"]["event_payload"]["key"])
        if method == "chat.postMessage":
            return {"ok": True, "ts": self._post(fields)}
        changed = [message.ts for message in self.outside.posted].index(fields["ts"])
        posted = list(self.outside.posted)
        posted[changed] = posted[changed]._replace(text=fields["text"], metadata=json.dumps(fields["metadata"]))
        self.note(posted=tuple(posted))
        return {"ok": True}

    def _post(self, fields: dict[str, Any]) -> str:
        """Add a message and return its ts."""
        ts = f"{int(NOW) + len(self.outside.posted)}.000200"
        metadata = json.dumps(fields["metadata"])
        message = PostedMessage(fields["channel"], fields["thread_ts"], ts, fields["text"], metadata)
        self.note(posted=(*self.outside.posted, message))
        return ts

    def _delete(self, ts: str) -> dict[str, Any]:
        """Delete a message of ours; there must be a click of its asker that wants that."""
        if ts in self.outside.deleted:
            return {"ok": False, "error": "message_not_found"}
        (message,) = (each for each in self.outside.posted if each.ts == ts)
        clicks = [each for key, each in self.inputs.items() if isinstance(each, Click) and key in self.outside.sent]
        (click,) = (each for each in clicks if each.key == message.payload["key"])
        self._speak_for(job_key(click))
        self.note(deleted=self.outside.deleted | {ts})
        return {"ok": True}

    def _thread(self, thread_ts: str) -> list[dict[str, Any]]:
        """Return the messages of a thread, of people and of ours."""
        sent = [each for key, each in self.inputs.items() if key in self.outside.sent]
        here = [each for each in sent if each.thread_ts == thread_ts and isinstance(each, Question)]
        people = [{"ts": each.ts, "user": each.user, "text": each.text} for each in here if is_message(each)]
        ours = [
            {"ts": each.ts, "user": "U0COCOAI", "text": each.text, "metadata": json.loads(each.metadata)}
            for each in self.outside.posted
            if each.thread_ts == thread_ts and each.ts not in self.outside.deleted
        ]
        return people + ours

    def model(self, key: str, text: str) -> str:
        """Return the model's answer to a question; `text` is the last turn that the model was sent.

        Raise Temporary or Permanent if a fault is due.
        """
        item = self.inputs[key]
        if not (isinstance(item, Question) and item.text.endswith(text)):
            self.report(Law.WHOLE, f"{key}: the model is asked {text}")
        self.own_step("the model is called")
        if any(line.get("fact") == "answer" for line in self._lasting_lines(key)):
            self.report(Law.PAID, key)
        self._speak_for(key)
        self.note(calls=(*self.outside.calls, key))
        fault, *others = self.outside.model_faults or ("",)
        self.note(model_faults=tuple(others))
        if fault == "busy":
            raise Temporary("overloaded", source="OpenAI", status=503)
        if fault:
            self.note(refused=self.outside.refused | {key})
            raise Permanent(fault, source="OpenAI", status=429)
        self.own_step("the model's response")
        return self.answers[key]

    def _lasting_lines(self, key: str) -> list[Fact]:
        """Return every whole line of the job that no power cut can take.

        Lines behind a broken one count, too: they were recorded, even if no process can read them any more.
        """
        data = self.disk.lasting_data(f"{VAR}/spool/ready/{key}")
        return [line for piece in data.splitlines(keepends=True) for line in whole_lines(piece)[0]]
