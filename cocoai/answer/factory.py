"""AnswererFactory: an answerer for each process that answers, on connections of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cocoai.answer.answerer import Answerer
from cocoai.answer.options import AnswerOptions
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.spool.spool import Spool


class ConnectionSource(Protocol):
    """Makes connections to the two services. An open one must not cross a fork."""

    def slack(self) -> SlackChat:
        """Return a new connection to Slack; it connects at the first call."""

    def chatgpt(self) -> ChatGPTChat:
        """Return a new connection to OpenAI; it connects at the first call."""


@dataclass(frozen=True)
class AnswererFactory:
    """Makes an `Answerer` in the process that uses it; `folder` keeps what is remembered between questions."""

    spool: Spool
    options: AnswerOptions
    connections: ConnectionSource
    identity: IdentityCache
    folder: str

    def make(self, wakeup: WakeupPipe | None = None) -> Answerer:
        """Return a new answerer with connections of its own; a byte in `wakeup` makes it look for a stop."""
        return Answerer(
            self.spool,
            self.options,
            self.connections.slack(),
            self.connections.chatgpt(),
            identity=self.identity,
            folder=self.folder,
            wakeup=wakeup,
        )

    def make_for_job_process(self) -> Answerer:
        """Return a new answerer that this process's SIGUSR1 wakes up."""
        wakeup = WakeupPipe()
        wakeup.install()
        return self.make(wakeup)
