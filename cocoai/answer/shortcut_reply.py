"""ShortcutReply: the reply to what a shortcut has asked for, in the thread, or unseen by others where that is closed.

A shortcut can be used on any message, also where we are no member. That is known only once Slack has refused our first
message: from then on the job has a `private` fact, and all goes to whoever has asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from cocoai.answer.aside import THREAD_GONE, is_about_place
from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.answer.private_messages import WORD, PrivateMessages, private_messages
from cocoai.answer.reply import TEXT_ALONE, AnswerWords, Reply
from cocoai.errors import Permanent
from cocoai.slack.api.block_fallback import BlockFallback
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.api.live_message import LiveMessage


def new_reply(
    attempt: Attempt,
    slack: SlackChat,
    options: AnswerOptions,
    identity: IdentityCache,
    *,
    known: BlockFallback,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Reply:
    """Return the reply of an attempt, by how its question was asked; `known` is Reply's `fallback`."""
    kind = ShortcutReply if attempt.question.response_url else Reply
    return kind(attempt, slack, options, identity, fallback=known, clock=clock, sleep=sleep)


class ShortcutReply(Reply):
    """The reply of one attempt at what a shortcut has asked for: each method as Reply's, and private if that fails."""

    def post_placeholder(self, *, wait: bool = True) -> str:
        """Post and record the placeholder; return its ts, "" for one that only the asker sees."""
        if not self._is_private:
            try:
                return super().post_placeholder(wait=wait)
            except Permanent as refusal:
                self._go_private(refusal)
        self._messages.say(WORD, self._options.layout.plain(self._attempt.texts.placeholder))
        if self._attempt.job.last("placeholder") is None:
            self._attempt.record("placeholder", ts="")
        return ""

    def replace_with(self, text: str, kind: str) -> None:
        """Show a fixed text instead of an answer."""
        if not self._is_private:
            try:
                super().replace_with(text, kind)
            except Permanent as refusal:
                self._go_private(refusal)
            else:
                return
        self._messages.show([self._options.layout.plain(text)])

    def show_wait(self, text: str) -> None:
        """Show a fixed text in place of the placeholder; nothing if only the asker sees it: it cannot be changed."""
        if not self._is_private:
            super().show_wait(text)

    def tell_aside(self, refusal: Permanent) -> bool:
        """Tell the asker privately that Slack refuses the reply; return True if that was taken."""
        if refusal.code == THREAD_GONE:
            self._messages.show([self._options.layout.plain(self._attempt.texts.tasks["gone"])])
            return True
        return super().tell_aside(refusal)

    def live(self, ts: str) -> LiveMessage:
        """Return the object that updates the message at `ts` while the answer is written: never for a private one."""
        live = super().live(ts)
        if self._is_private:
            live.stop()
        return live

    def deliver(self, ts: str, words: AnswerWords, *, as_text: bool = False) -> bool:
        """Show the whole answer, as Reply does; a private one says that it is."""
        if not self._is_private:
            try:
                return super().deliver(ts, words, as_text=as_text)
            except Permanent as refusal:
                self._go_private(refusal)
        layout = TEXT_ALONE if as_text else self._options.layout
        # Without buttons, as there are none.
        markdown = f"{self._dated(words(as_text=True))}\n\n{self._attempt.texts.tasks['private']}"
        self._messages.show(layout.parts(markdown))
        return True

    @property
    def _messages(self) -> PrivateMessages:
        return private_messages(self._attempt.job, self._slack, self._attempt.question)

    @property
    def _is_private(self) -> bool:
        return self._attempt.job.last("private") is not None

    def _go_private(self, refusal: Permanent) -> None:
        """Record that only the asker gets the reply, because of this refusal; raise it if it is not about the place.

        Raise StoreError if that cannot be recorded.
        """
        if not is_about_place(refusal):
            raise refusal
        self._attempt.job.record("private", why=refusal.code)
