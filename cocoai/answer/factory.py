"""AnswererFactory: make an `Answerer` in each process that answers, with connections of that process's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cocoai.answer.answerer import Answerer
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.spool.spool import Spool


class ConnectionSource(Protocol):
    """A maker of connections to Slack and OpenAI. One that is open must not be used in a forked child."""

    def slack(self) -> SlackChat:
        """Return a new connection to Slack; it connects at the first call."""

    def chatgpt(self) -> ChatGPTChat:
        """Return a new connection to OpenAI; it connects at the first call."""


@dataclass(frozen=True)
class AnswererFactory:
    """A maker of answerers, itself made in the master before it forks.

    What their answers cost is kept in `books`. `folder` is the path below which people's names are kept between
    questions.
    """

    spool: Spool
    options: AnswerOptions
    connections: ConnectionSource
    identity: IdentityCache
    books: Books
    folder: str

    def tell_notices(self) -> None:
        """Tell people what a process that has died was about to tell them of the budget."""
        self.make().tell_notices()

    def make(self, wakeup: WakeupPipe | None = None) -> Answerer:
        """Return a new answerer with new connections; nothing is sent yet.

        When the `wakeup` pipe is readable, it looks at once whether its answer is to stop; None for no such pipe.
        """
        return Answerer(
            self.spool,
            self.options,
            self.connections.slack(),
            self.connections.chatgpt(),
            books=self.books,
            identity=self.identity,
            folder=self.folder,
            wakeup=wakeup,
        )
