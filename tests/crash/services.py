"""Slack and the model as one machine reaches them, both simulated; SlackChat has its own client in front of them.

They note what a person sees, and each law that they see being broken: what is posted, replaced, deleted and paid.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from cocoai.chatgpt.chat import AnswerPieces, ChatGPTChat, Ending
from cocoai.chatgpt.chunk import Usage
from cocoai.chatgpt.request_recorder import NoRecord, RequestRecorder
from cocoai.chatgpt.request_size import RequestSize
from cocoai.conversation import Conversation
from cocoai.engine.client.client import FullResponse, StreamedResponse
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.openai.practice_prices import TokenUse, price
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.click import Click
from cocoai.slack.model.question import Question
from cocoai.spool.job import Fact
from tests.crash.world import (
    CLIP_FILE,
    FLAGGED,
    NOW,
    OUTSIDE,
    SHOWN,
    BilledRun,
    Input,
    Law,
    Outside,
    PostedMessage,
    is_message,
    is_thanks,
    job_key,
    said,
)
from tests.whole_body import unread

MOST_RUNS = 2
"""How often the model may run for one question."""

COMES = "the picture comes"
"""The step at which the first half of a picture has come."""

WRITES = "the model writes"
"""The step at which the model has written the first half of its answer."""

REFUSED = {"files.info": "file_not_found", "users.info": "missing_scope"}
"""Codes of methods that are always refused: what a message tells of a clip has to do, and what people are named would
be kept for the next history."""

NOT_RECORDED = NoRecord()
SIZE = RequestSize("gpt-6-luna", most_input=100, estimated_input=50, most_output=100, has_tier=True)

USAGE = Usage(60, 10, 40, 5)
AMOUNT = price(SIZE.model, "default", TokenUse(60, 10, 0, 40, 5))
"""The usage of each answer, and what the model bills for it, in nano-dollars, by the practice OpenAI's prices."""


@dataclass(kw_only=True)
class Services:
    """Slack and the model. `inputs` and `answers` are those of the history, by key.

    `violations` has the first evidence for each broken law.
    """

    outside: Outside
    inputs: dict[str, Input]
    answers: dict[str, str]
    violations: dict[Law, str] = field(default_factory=dict)

    def own_step(self, what: str) -> None:
        """Let the power go here. All calls are such steps: only the holder of a job makes them."""
        raise NotImplementedError

    def lasting_lines(self, key: str) -> list[Fact]:
        """Return every whole line of a job in ready/ that no power cut can take."""
        raise NotImplementedError

    def spooled(self, path: str) -> bytes:
        """Return the bytes of a file of the spool as they lie on the disk now. It is no step."""
        raise NotImplementedError

    def report(self, law: Law, detail: str) -> None:
        """Note that a law is broken; the first evidence for each law is kept."""
        self.violations.setdefault(law, detail)

    def note(self, **changes: Any) -> None:
        """Change what the outside knows."""
        self.outside = self.outside._replace(**changes)

    def next_fault(self, kind: str) -> str:
        """Return the fault that is due now of this kind, such as `slack_faults`, and take it off; "" for none."""
        due: tuple[str, ...] = getattr(self.outside, kind)
        if not due:
            return ""
        self.note(**{kind: due[1:]})
        return due[0]

    def slack_chat(self) -> SlackChat:
        """Return a new connection to Slack."""
        chat = SlackChat(SimulatedClient(self), api_url="http://127.0.0.1/api/", token="xoxb-practice", patience=0.0)
        vars(chat)["simulated_by"] = self  # for pictures.py
        return chat

    def _speak_for(self, key: str) -> None:
        """Note that something is done outside for this job; check that it has not ended."""
        self.note(spoken_for=self.outside.spoken_for | {key})
        if key in dict(self.outside.ended):
            self.report(Law.ENDED, f"{key}: something is posted for it")

    # Slack

    def slack(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return Slack's response to one call, after its effect, if its fault allows one."""
        self.own_step(method)
        fault = self.next_fault("slack_faults")
        response = self._call(method, fields) if fault in ("", "unheard") else {}
        if fault:
            response = {"ok": False, "error": "token_revoked" if fault == "revoked" else "internal_error"}
        self.own_step(f"the response to {method}")
        return response

    def _call(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Carry out one of Slack's methods and return its response."""
        if method == SHOWN:
            return self._show(fields["text"])
        if refusal := "not_in_channel" if fields.get("channel") == OUTSIDE else REFUSED.get(method):
            return {"ok": False, "error": refusal}
        if method == "conversations.replies":
            return {"ok": True, "messages": self._thread(fields["ts"])}
        if method == "chat.delete":
            return self._delete(fields["ts"])
        if method == "chat.postEphemeral":
            self.note(told=(*self.outside.told, fields["text"]))
            return {"ok": True}
        if method == "files.getUploadURLExternal":
            return {"ok": True, "file_id": "F0PROBE", "upload_url": "http://127.0.0.1/upload"}
        if method == "reactions.get":
            return {"ok": True, "message": {"ts": fields["timestamp"], "user": "U0OTHER01", "text": FLAGGED}}
        if method == "reactions.add":
            return self._react(fields["channel"], fields["timestamp"])
        self._speak_for(fields["metadata"]["event_payload"]["key"])
        if method == "chat.postMessage":
            return {"ok": True, "ts": self._post(fields)}
        self._update(fields["ts"], fields["text"], json.dumps(fields["metadata"]))
        return {"ok": True}

    def _post(self, fields: dict[str, Any]) -> str:
        """Add a message and return its ts."""
        ts = f"{int(NOW) + len(self.outside.posted)}.000200"
        metadata = json.dumps(fields["metadata"])
        message = PostedMessage(fields["channel"], fields["thread_ts"], ts, fields["text"], metadata)
        self.note(posted=(*self.outside.posted, message))
        return ts

    def _show(self, text: str) -> dict[str, Any]:
        """Show a text to the asker alone, by the address of the only shortcut."""
        (key,) = (key for key, each in self.inputs.items() if isinstance(each, Question) and each.response_url)
        self._speak_for(key)
        self.note(shown=(*self.outside.shown, text))
        return {"ok": True}

    def _update(self, ts: str, text: str, metadata: str) -> None:
        """Change a message; check that it takes nothing away of an answer."""
        posted = list(self.outside.posted)
        changed = [message.ts for message in posted].index(ts)
        before, after = posted[changed], posted[changed]._replace(text=text, metadata=metadata)
        is_same_kind = before.payload["kind"] == after.payload["kind"]
        if before.is_of_answer and not (is_same_kind and len(before.text) <= len(after.text)):
            self.report(Law.REPLACED, f"{before} becomes {after}")
        posted[changed] = after
        self.note(posted=tuple(posted))

    def _delete(self, ts: str) -> dict[str, Any]:
        """Delete a message of ours; there must be a click of its asker that wants that."""
        if ts in self.outside.deleted:
            return {"ok": False, "error": "message_not_found"}
        (message,) = (each for each in self.outside.posted if each.ts == ts)
        clicks = [each for key, each in self.inputs.items() if isinstance(each, Click) and key in self.outside.sent]
        wanted = [job_key(each) for each in clicks if each.key == message.payload["key"]]
        for key in wanted:
            self._speak_for(key)
        if not wanted:
            self.report(Law.REPLACED, f"{message} is deleted")
        self.note(deleted=self.outside.deleted | {ts})
        return {"ok": True}

    def _react(self, channel: str, ts: str) -> dict[str, Any]:
        """Add a reaction to a person's message, which must be thanks."""
        (key,) = (key for key, each in self.inputs.items() if (each.channel, each.ts) == (channel, ts))
        self._speak_for(key)
        if not is_thanks(self.inputs[key]):
            self.report(Law.ANSWERED, f"{key} gets a reaction")
        if ts in self.outside.reacted:
            return {"ok": False, "error": "already_reacted"}
        self.note(reacted=self.outside.reacted | {ts})
        return {"ok": True}

    def _thread(self, thread_ts: str) -> list[dict[str, Any]]:
        """Return the messages of a thread, of people and of ours."""
        sent = [each for key, each in self.inputs.items() if key in self.outside.sent]
        here = [each for each in sent if isinstance(each, Question) and each.thread_ts == thread_ts]
        people = [
            {"ts": each.ts, "user": each.user, "text": each.text, "files": [CLIP_FILE] if each.files else []}
            for each in here
            if is_message(each) and not each.is_task
        ]
        ours = [
            {"ts": each.ts, "user": "U0COCOAI", "text": each.text, "metadata": json.loads(each.metadata)}
            for each in self.outside.posted
            if each.thread_ts == thread_ts and each.ts not in self.outside.deleted
        ]
        return people + ours

    # the model

    def model(self, key: str, text: str, amount: int = AMOUNT) -> str:
        """Return the model's answer to a question, billed at `amount`; `text` is the last turn that it was sent.

        Raise Temporary or Permanent if a fault is due.
        """
        item = self.inputs[key]
        if not (isinstance(item, Question) and said(item).endswith(text)):
            self.report(Law.WHOLE, f"{key}: the model is asked {text}")
        self._run(key, key, ("answer", "picture"), amount)
        return self.answers[key]

    def hear(self, key: str, amount: int) -> None:
        """Hear the clip of a question, billed at `amount`. Raise Temporary or Permanent if a fault is due."""
        self._run(key, f"{key} heard", ("answer", "heard"), amount)

    def _run(self, key: str, call: str, ends: tuple[str, ...], amount: int) -> None:
        """Run a model for a job, as `call`; check that none of the facts that make it needless is recorded."""
        self.own_step("the model is called")
        if any(line.get("fact") in ends for line in self.lasting_lines(key)):
            self.report(Law.PAID, f"{call}: what came of it is recorded")
        self._speak_for(key)
        fault = self.next_fault("model_faults")
        if fault == "busy":
            raise Temporary("overloaded", source="OpenAI", status=503)
        if fault not in ("", "lost"):
            self.note(refused=self.outside.refused | {key})
            raise Permanent(fault, source="OpenAI", status=429)
        calls = [line["call"] for line in self.lasting_lines(key) if line.get("fact") == "asked"]
        bill = BilledRun(key, calls[-1] if calls else 0, amount)
        self.note(calls=(*self.outside.calls, call), bills=(*self.outside.bills, bill))
        if self.outside.calls.count(call) > MOST_RUNS:
            self.report(Law.PAID, f"{call}: run {self.outside.calls.count(call)} of the model")
        self.own_step("the model's response")
        if fault == "lost":
            self.note(interruptions=self.outside.interruptions + 1)
            raise Temporary("connection_lost", source="OpenAI", sent=True)


class SimulatedClient:
    """The HTTP client of `SlackChat`, with the simulated Slack at its other end."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def post(self, url: str, body: bytes, *_: object) -> FullResponse:
        """Return Slack's response; the power may go before Slack gets the request, and before we get the response."""
        return FullResponse(200, {}, self._reply(url, body))

    def post_unread(self, url: str, body: bytes, *_: object) -> StreamedResponse:
        """Return what `post` returns, its body unread."""
        return unread(self._reply(url, body))

    def _reply(self, url: str, body: bytes) -> bytes:
        fields = json.loads(body) if body.startswith(b"{") else dict(parse_qsl(body.decode(), keep_blank_values=True))
        return json.dumps(self._services.slack(url.rpartition("/")[2], fields)).encode()

    def post_streamed(self, *_: object) -> NoReturn:
        """Raise NotImplementedError: `SlackChat` streams nothing."""
        raise NotImplementedError

    def post_file(self, *_: object) -> NoReturn:
        """Raise NotImplementedError: no answer here has files."""
        raise NotImplementedError

    def get(self, *_: object) -> StreamedResponse:
        """Raise NotImplementedError: no question here has files."""
        raise NotImplementedError


class SimulatedModel(ChatGPTChat):
    """A model that writes the expected answer to a question, in two pieces.

    The last of `claimed` is the key of the job that is being worked on.
    """

    def __init__(self, services: Services, claimed: list[str]) -> None:
        self._services = services
        self._claimed = claimed

    def reply(
        self, conversation: Conversation, *, recorder: RequestRecorder = NOT_RECORDED, **_: object
    ) -> AnswerPieces:
        """Yield the answer in two pieces, and its ending; the power may go before each of them.

        The `recorder` is told what the real one tells it: each request, and each for which the model did not run.
        """
        recorder.asked(SIZE)
        try:
            text = self._services.model(self._claimed[-1], conversation.turns[-1].text)
        except CocoAIError as error:
            if not error.sent:
                recorder.unasked(str(error))
            raise
        yield text[: len(text) // 2]
        self._services.own_step(WRITES)
        yield text[len(text) // 2 :]
        yield Ending("stop", SIZE.model, USAGE)
