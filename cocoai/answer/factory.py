"""AnswererFactory: make an `Answerer` in each process that answers, with connections of that process's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from cocoai.answer.answerer import Answerer
from cocoai.answer.ears import load_what_listens
from cocoai.answer.material_source import load_what_searches
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.answer.pictures import load_what_draws
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.process.wakeup import WakeupPipe
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.spool import Spool
from cocoai.troubles.store import NO_TROUBLES, Troubles

if TYPE_CHECKING:
    from cocoai.chatgpt.pictures import ChatGPTPictures
    from cocoai.chatgpt.transcription import Transcriber


class ConnectionSource(Protocol):
    """A maker of connections to Slack and OpenAI. One that is open must not be used in a forked child."""

    def slack(self) -> SlackChat:
        """Return a new connection to Slack; it connects at the first call."""

    def chatgpt(self) -> ChatGPTChat:
        """Return a new connection to OpenAI; it connects at the first call."""

    def transcriber(self) -> Transcriber:
        """Return a new connection to the model that hears sounds; it connects at the first call."""

    def pictures(self) -> ChatGPTPictures:
        """Return a new connection to the models that draw; it connects at the first call."""


@dataclass(frozen=True)
class AnswererFactory:
    """A maker of answerers, itself made in the master before it forks.

    What their answers cost is kept in `books`, what is wrong for an operator in `troubles`. `folder` is the path below
    which people's names are kept between questions.
    """

    spool: Spool
    options: AnswerOptions
    connections: ConnectionSource
    identity: IdentityCache
    books: Books
    folder: str
    troubles: Troubles = NO_TROUBLES

    def __post_init__(self) -> None:
        """Load what only some installations need, where this one does."""
        if self.options.speech.use == "model":
            load_what_listens()
        if self.options.images is not None:
            load_what_draws()
        if self.options.documents is not None:
            load_what_searches(history=self.options.documents.history)

    def tell_notices(self) -> None:
        """Tell people what a process that has died was about to tell them of the budget."""
        self.make().tell_notices()

    def tell_troubles(self) -> None:
        """Tell the operators what is wrong for a while, and that it is over."""
        # Most processes never need it.
        from cocoai.answer.trouble_notices import TroubleNotices

        slack = self.connections.slack()
        names = UserNames(os.path.join(self.folder, "people"), slack.user_name, slack.user_locale)
        TroubleNotices(self.troubles, self.options, slack, names, partial(self.spool.count, "ready")).tell()

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
            listen=self.connections.transcriber,
            draw=self.connections.pictures,
            wakeup=wakeup,
            troubles=self.troubles,
        )
