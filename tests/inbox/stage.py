"""A stage with the handlers of what Slack posts, an inbox, and a store of jobs that can be away."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cocoai import config
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.errors import Refused
from cocoai.inbox.forwarding import Forwarding
from cocoai.inbox.inbox import Inbox
from cocoai.slack_handlers import COMMANDS, EVENTS, INTERACTIONS, SlackHandlers
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.spool.store_error import StoreError, StoreUnreachable
from tests.job_runner import RecordingForms, RecordingRunner
from tests.options import FixedIdentity
from tests.slack_payloads import (
    SIGNING_SECRET,
    command_form,
    envelope,
    form,
    mention_event,
    message_event,
    signed_headers,
)

NOW = 1_763_822_000.0


class DistantSpool(FileSpool):
    """A spool on another machine: while it `is_away` nothing of it can be reached; `is_full` takes no job."""

    is_away = is_full = False
    asked = 0

    def _reach(self) -> None:
        self.asked += 1
        if self.is_away:
            raise StoreUnreachable("no connection")

    def put(self, key: Key, question: Mapping[str, Any]) -> bool:
        self._reach()
        if self.is_full:
            raise StoreError("the table is full")
        return super().put(key, question)

    def mark_of(self, channel: str, thread_ts: str) -> Mapping[str, Any] | None:
        self._reach()
        return super().mark_of(channel, thread_ts)

    def note(self, channel: str, thread_ts: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        self._reach()
        super().note(channel, thread_ts, change)

    def find(self, key: Key) -> tuple[str, list[Fact]]:
        self._reach()
        return super().find(key)

    def seconds_to_wait(self, user: str, ts: str) -> int:
        self._reach()
        return super().seconds_to_wait(user, ts)

    def request_stop(self, key: Key, user: str) -> bool:
        self._reach()
        return super().request_stop(key, user)


def settings_of(var: Path) -> config.Settings:
    """Return settings with what Slack needs."""
    names = {"SLACK_SIGNING_SECRET": SIGNING_SECRET, "SLACK_BOT_TOKEN": "xoxb-1", "OPENAI_API_KEY": "sk-1"}
    return config.read(None, {**names, "COCOAI_PATHS_VAR": str(var), "COCOAI_CONFIG": "/dev/null"})


@dataclass
class Stage:
    """A machine with its inbox below `var`, and the store. `now` is the time of its clock, in epoch seconds."""

    var: Path
    disk: Disk = field(default_factory=Disk)
    now: float = NOW

    def __post_init__(self) -> None:
        self.spool = DistantSpool(str(self.var / "store"), clock=self.clock)
        self.spool.make_folders()
        self.inbox = Inbox(str(self.var), disk=self.disk, clock=self.clock)
        self.inbox.make_folders()
        self.runner = RecordingRunner(self.spool)
        self.forms = RecordingForms()
        self.build(settings_of(self.var))

    def build(self, settings: config.Settings) -> None:
        """Build the handlers anew, from these settings."""
        self.handlers = SlackHandlers(
            settings, FixedIdentity(), self.spool, self.runner, Scoreboard(None, slots=0), self.forms, self.clock
        )
        self.served = self.handlers.served(None, self.inbox)
        self.forwarding = Forwarding(self.inbox, self.handlers.taking_in, str(self.var), clock=self.clock)

    def clock(self) -> float:
        return self.now

    def call(self, path: str, body: bytes, *, signed_at: float | None = None) -> Response:
        """Hand a request of Slack's to a worker; return the response with which it is refused, too."""
        headers = signed_headers(body, self.now if signed_at is None else signed_at) | {"x-slack-retry-num": "1"}
        try:
            response = self.served[path](Request("POST", path, headers, body))
        except Refused as refusal:
            return Response(refusal.status)
        if response.after:
            response.after()
        return response

    def event(self, payload: object) -> int:
        """Post an event, a second later than the last one; return the status."""
        self.now += 1
        return self.call(EVENTS, json.dumps(payload).encode()).status

    def mention(self, second: int, **changes: Any) -> int:
        """Post a mention that is written in this second; return the status."""
        return self.event(envelope(mention_event(f"<@U0COCOAI> {second}", ts=ts(second), **changes)))

    def line(self, second: int, text: str, **changes: Any) -> int:
        """Post a line without a mention, in the thread that second 1 opens; return the status."""
        return self.event(envelope(message_event(text, ts=ts(second), **{"thread_ts": ts(1)} | changes)))

    def interaction(self, payload: object) -> Response:
        """Post an interaction; return the response."""
        self.now += 1
        return self.call(INTERACTIONS, form(payload))

    def command(self, text: str = "help") -> int:
        """Post a use of the slash command; return the status."""
        self.now += 1
        return self.call(COMMANDS, command_form(text)).status

    def return_and_forward(self) -> None:
        """Let the store be reached again, five minutes later, and forward what waits."""
        self.spool.is_away = False
        self.now += 301
        self.forwarding.run()

    def ready(self) -> list[Fact]:
        """Return the first lines of the ready jobs, the oldest first."""
        return [self.spool.peek("ready", key)[0] for key in self.spool.keys("ready")]

    def texts(self) -> list[str]:
        """Return the texts of the ready questions, without the mention."""
        return [str(facts["text"]).removeprefix("<@U0COCOAI> ") for facts in self.ready()]

    def waiting(self) -> int:
        """Return how many requests wait in the inbox."""
        return self.inbox.state().waiting


def ts(second: int) -> str:
    """Return the ts of a message that is written in this second."""
    return f"{int(NOW) + second}.000100"


def thread_key(second: int) -> str:
    """Return the key of the mention of this second, which opens its thread."""
    return f"C0PRACTICE-{ts(second)}-{ts(second)}"
