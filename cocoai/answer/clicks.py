"""Clicks: what somebody asked for with a button under a reply, other than an answer. Each is a job of its own.

Deleting twice, or noting an opinion twice, changes nothing: so a second run needs no care.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from cocoai.answer.options import AnswerOptions
from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.inbound.interactions import Click
from cocoai.spool.job import Key
from cocoai.spool.spool import Spool
from cocoai.words import Words

ACTIONS = frozenset({"delete", "up", "down"})
"""The kinds of job that are no question."""


class Clicks:
    """Does what was clicked, in one process. `own_user` tells who we are."""

    def __init__(self, spool: Spool, manner: AnswerOptions, slack: SlackChat, own_user: Callable[[], str]) -> None:
        self._spool = spool
        self._manner = manner
        self._slack = slack
        self._own_user = own_user

    def handle(self, click: Click) -> None:
        """Do it, whole. Raises `Temporary`, `Permanent`, and OSError if an opinion cannot be kept."""
        self._await_end(click)
        words = self._words(click)
        if click.action != "delete":
            self._note(click, words)
        elif click.user == click.asker:
            self._delete(click)
        else:
            self._whisper(click, words.only_asker)

    def _await_end(self, click: Click) -> None:
        """Whoever clicks is quicker than the answer's own last step: what is deleted now would be posted again.

        Only if its process is killed just there; but an opinion, too, is kept with what has ended.
        """
        with contextlib.suppress(FileNotFoundError):
            self._spool.peek("ready", Key.parse(click.key))
            raise Temporary("not_ended")

    def _delete(self, click: Click) -> None:
        """The whole reply, all of its parts; what a QA copy of CocoAI replied to the same question is not ours."""
        own_user = self._own_user()
        for message in self._slack.thread(click.channel, click.thread_ts):
            if message.mark is not None and message.mark.key == click.key and message.user == own_user:
                self._slack.delete(click.channel, message.ts)

    def _note(self, click: Click, words: Words) -> None:
        """The opinion is kept with the answer's job, as long as that is; the click's own has it too."""
        self._spool.annotate(Key.parse(click.key), "opinion", user=click.user, opinion=click.action)
        self._whisper(click, words.thanks)

    def _whisper(self, click: Click, text: str) -> None:
        with contextlib.suppress(Permanent):  # who has left the channel need not hear of it
            self._slack.post_ephemeral(click.channel, click.user, text, click.thread_ts)

    def _words(self, click: Click) -> Words:
        """In the language in which it was asked, or answered if nobody knows any more."""
        for folder in ("done", "failed"):
            with contextlib.suppress(OSError, IndexError):
                question = self._spool.peek(folder, Key.parse(click.key))[0]
                return self._manner.words(str(question.get("text") or click.reply))
        return self._manner.words(click.reply)
