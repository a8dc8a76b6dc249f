"""The machine that works between two power cuts: processes on a stage, one disk, and the two wires to the outside.

The spool, the jobs, `Answerer` and `SlackChat` are the real ones; the model, and Slack beyond its session, are not.
It notes what it sees going wrong; what is wrong with a disk or with the end of it all is laws.py's to say.
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
from tests.crash.power import Left, blank
from tests.crash.stage import Stage
from tests.crash.world import NOW, Asked, Law, Outside, Said, is_message, name
from tests.options import FixedIdentity, options

VAR = "/var"
BLANK = blank(VAR)


class StagedSpool(Spool):
    """The real one. Only `put.lock` is the stage's, so that who waits for it stands still and no time passes."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(VAR, clock=machine.clock, files=machine.disk)
        self._machine = machine

    @contextmanager
    def _putting(self) -> Iterator[None]:
        with self._machine.stage.lock():
            yield


class Wire:
    """The line that `SlackChat` is given: Slack itself is at its other end."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def post(self, url: str, body: bytes, *_: object) -> FullResponse:
        """What Slack answers; the power may go before it hears us, and before we hear it."""
        fields = json.loads(body) if body.startswith(b"{") else dict(parse_qsl(body.decode(), keep_blank_values=True))
        return FullResponse(200, {}, json.dumps(self._machine.slack(url.rpartition("/")[2], fields)).encode())

    def post_streamed(self, *_: object) -> NoReturn:
        raise NotImplementedError

    def get(self, *_: object) -> StreamedResponse:
        raise NotImplementedError


class Model(ChatGPTChat):
    """Writes the answer that the question in hand has, in two pieces."""

    def __init__(self, machine: Machine, in_hand: list[str]) -> None:
        self._machine = machine
        self._in_hand = in_hand

    def reply(self, conversation: Conversation, **_: object) -> AnswerPieces:
        text = self._machine.model(self._in_hand[-1], conversation.turns[-1].text)
        yield text[: len(text) // 2]
        self._machine.own_step("the model writes")
        yield text[len(text) // 2 :]
        yield Ending("stop", "gpt-6-luna", None)


@dataclass(frozen=True)
class Cast:
    """Who plays: the real ones, or one of them broken on purpose."""

    spool: Callable[[Machine], Spool] = StagedSpool
    answerer: type[Answerer] = Answerer


THE_REAL_ONES = Cast()


@dataclass
class Machine:
    """One machine from when its power came on: a disk, processes on a stage, and what they have done wrong."""

    left: Left
    outside: Outside
    questions: dict[str, Asked]
    answers: dict[str, str]
    cast: Cast
    stage: Stage
    watch: Callable[[Machine, str], None]
    wrong: dict[Law, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    steps: int = 0

    def __post_init__(self) -> None:
        self.disk = SimulatedDisk(self.left, clock=self.clock, step=self.step, own_step=self.own_step)
        self.spool = self.cast.spool(self)

    def clock(self) -> float:
        return self.outside.now

    def step(self, what: str) -> None:
        """Before each thing that any process does: the power may go here, or another process come first."""
        self.own_step(what)
        if self.stage.step():
            self.own_step(what)

    def own_step(self, what: str) -> None:
        """Before what no other process can see (only the job's holder speaks outside): the power may go here."""
        self.steps += 1
        self.watch(self, what)

    def blame(self, law: Law, detail: str) -> None:
        self.wrong.setdefault(law, detail)

    def note(self, **changes: Any) -> None:
        self.outside = replace(self.outside, **changes)

    # the processes

    def put(self, asked: Asked) -> None:
        """A worker: the question or the click comes in, and Slack is answered 200 if it was kept."""
        key = name(asked)
        known = self.outside.accepted | self.outside.spoken
        self.note(asked=self.outside.asked | {key})
        try:
            new = self.spool.put(Key.parse(key), asked.facts())
        except OSError as error:
            self.blame(Law.RUNS, f"put: {error!r}")
            return
        if new and key in known | self.taken:
            self.blame(Law.KNOWN, key)
        if new:
            self.taken.add(key)
        self.step("200")
        self.note(accepted=self.outside.accepted | {key})

    def work(self) -> bool:
        """A job process that answers one question, if there is one. The order of spool/runner.py."""
        in_hand: list[str] = []
        answerer = self._answerer(in_hand)
        job = self.spool.claim()
        if job is None:
            return False
        in_hand.append(str(job.key))
        self._judge(job)
        answerer.answer(job)
        self._note_end(job)
        job.release()
        return True

    def post_placeholder(self) -> None:
        """The usher."""
        answerer = self._answerer([])
        for job in self.spool.each_without("placeholder"):
            self._judge(job)
            answerer.post_placeholder(job)
            self._note_end(job)

    def request_stop(self, unwanted: Question) -> None:
        """A worker: somebody wishes that this question ends with what is there."""
        self.note(stopped=self.outside.stopped | {unwanted.key})  # from here on the wish may be heard
        try:
            self.spool.request_stop(Key.parse(unwanted.key))
        except OSError as error:
            self.blame(Law.RUNS, f"ask_stop: {error!r}")

    def retry(self, given_up: Question) -> None:
        """The operator gives a failed job a new life."""
        self.note(ended=frozenset(end for end in self.outside.ended if end[0] != given_up.key))
        self.spool.retry(Key.parse(given_up.key))

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.note(now=self.outside.now + seconds)

    def _answerer(self, in_hand: list[str]) -> Answerer:
        return self.cast.answerer(
            self.spool,
            options(update_interval=0.0),
            self._slack_chat(),
            Model(self, in_hand),
            folder="/nonexistent",
            identity=FixedIdentity(),
            clock=self.clock,
            sleep=lambda seconds: None,
        )

    def _slack_chat(self) -> SlackChat:
        return SlackChat(Wire(self), api_url="http://127.0.0.1/api/", token="xoxb-practice", patience=0.0)

    def _judge(self, job: Job) -> None:
        key = str(job.key)
        if job.question != self.questions[key].facts():
            self.blame(Law.WHOLE, f"{key}: {job.question}")
        if key in dict(self.outside.ended):
            self.blame(Law.ENDED, key)

    def _note_end(self, job: Job) -> None:
        if {job.key} & {*self.spool.keys("done"), *self.spool.keys("failed")}:
            self.note(ended=self.outside.ended | {(str(job.key), self.outside.now)})

    # the other sides

    def _speak(self, key: str) -> None:
        self.touched.add(key)
        self.note(spoken=self.outside.spoken | {key})
        if key in dict(self.outside.ended):
            self.blame(Law.ENDED, f"{key}: something is said for it")

    def slack(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        """One call, as Slack answers it."""
        self.own_step(method)
        fault, *others = self.outside.slack_faults or ("",)
        self.note(slack_faults=tuple(others))
        told = self._obey(method, fields) if fault in ("", "unheard") else {}
        if fault:
            told = {"ok": False, "error": "internal_error"}
        self.own_step(f"{method} is heard")
        return told

    def _obey(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        if method == "conversations.replies":
            return {"ok": True, "messages": self._thread(fields["ts"])}
        if method == "chat.delete":
            return self._delete(fields["ts"])
        self._speak(fields["metadata"]["event_payload"]["key"])
        if method == "chat.postMessage":
            return {"ok": True, "ts": self._post(fields)}
        changed = [message.ts for message in self.outside.said].index(fields["ts"])
        said = list(self.outside.said)
        said[changed] = said[changed]._replace(text=fields["text"], metadata=json.dumps(fields["metadata"]))
        self.note(said=tuple(said))
        return {"ok": True}

    def _post(self, fields: dict[str, Any]) -> str:
        ts = f"{int(NOW) + len(self.outside.said)}.000200"
        said = Said(fields["channel"], fields["thread_ts"], ts, fields["text"], json.dumps(fields["metadata"]))
        self.note(said=(*self.outside.said, said))
        return ts

    def _delete(self, ts: str) -> dict[str, Any]:
        """For a click of the asker's, and for nothing else."""
        if ts in self.outside.deleted:
            return {"ok": False, "error": "message_not_found"}
        (message,) = (each for each in self.outside.said if each.ts == ts)
        clicks = [each for key, each in self.questions.items() if isinstance(each, Click) and key in self.outside.asked]
        (click,) = (each for each in clicks if each.key == message.mark["key"])
        self._speak(name(click))
        self.note(deleted=self.outside.deleted | {ts})
        return {"ok": True}

    def _thread(self, thread_ts: str) -> list[dict[str, Any]]:
        asked = [each for key, each in self.questions.items() if key in self.outside.asked]
        here = [each for each in asked if each.thread_ts == thread_ts and isinstance(each, Question)]
        people = [{"ts": each.ts, "user": each.user, "text": each.text} for each in here if is_message(each)]
        ours = [
            {"ts": each.ts, "user": "U0COCOAI", "text": each.text, "metadata": json.loads(each.metadata)}
            for each in self.outside.said
            if each.thread_ts == thread_ts and each.ts not in self.outside.deleted
        ]
        return people + ours

    def model(self, key: str, text: str) -> str:
        """One call of the model for that question, paid for; `text` is what it was asked."""
        asked = self.questions[key]
        if not (isinstance(asked, Question) and asked.text.endswith(text)):
            self.blame(Law.WHOLE, f"{key}: the model is asked {text}")
        self.own_step("the model is called")
        if any(line.get("fact") == "answer" for line in self._lasting_lines(key)):
            self.blame(Law.PAID, key)
        self._speak(key)
        self.note(calls=(*self.outside.calls, key))
        fault, *others = self.outside.model_faults or ("",)
        self.note(model_faults=tuple(others))
        if fault == "busy":
            raise Temporary("overloaded", source="OpenAI", status=503)
        if fault:
            self.note(refused=self.outside.refused | {key})
            raise Permanent(fault, source="OpenAI", status=429)
        self.own_step("the model is heard")
        return self.answers[key]

    def _lasting_lines(self, key: str) -> list[Fact]:
        """Every whole line of the job that will last, also behind a broken one: recorded, whoever can still read it."""
        data = self.disk.lasting_data(f"{VAR}/spool/ready/{key}")
        return [line for piece in data.splitlines(keepends=True) for line in whole_lines(piece)[0]]
