"""Show something to one person alone, by the address that Slack sends with a shortcut or command (its `response_url`).

That works where we are no member, five times within half an hour. Slack tells no ts of such a message and nobody can
look for it, so the job's own facts say which ones were shown: `saying` before each, `said` behind it, and `unsaid` if
Slack itself says that it has not taken it. After a kill in between a message is shown once more, and no third time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cocoai.errors import Permanent, Temporary
from cocoai.slack.api.api_errors import BLOCKS_REFUSED
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import MORE, Shown
from cocoai.slack.model.kept_message import thread_of
from cocoai.slack.model.question import Question
from cocoai.slack.model.shortcut import Shortcut
from cocoai.slack.thread.question_message import message_ts
from cocoai.spool.job import Job

MOST_POSTS = 5
"""Uses of one address that Slack allows (docs.slack.dev/interactivity/handling-user-interaction)."""

MOST_TRIES = 2
"""Times that one message is sent, if each time it is not known whether it has arrived."""

MOST_PARTS = MOST_POSTS - 2
"""Messages of one answer: before it stands a word that it is on its way, and one of them may be sent twice."""

WORD = 0
"""The number of the first message: a word of ours, such as the placeholder's. The parts of an answer follow it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PrivateMessages:
    """What one job shows to `user` alone, by the address `url`, in the thread `thread_ts` ("": in the channel)."""

    job: Job
    slack: SlackChat
    user: str
    url: str
    thread_ts: str = ""

    def show(self, parts: Sequence[Shown]) -> None:
        """Show the parts of an answer, or of another text, each once; the last that is shown tells if there is more.

        Where the address takes nothing any more, send them as direct messages. Raise `Temporary` or `Permanent` if
        Slack takes none of these either, StoreError if it cannot be recorded.
        """
        shown = list(parts[:MOST_PARTS])
        if len(parts) > MOST_PARTS:
            shown[-1] = replace(shown[-1], text=shown[-1].text + MORE)
        for n, part in enumerate(shown, 1):
            self.say(n, part)

    def say(self, n: int, shown: Shown, *, or_direct: bool = True) -> None:
        """Show the message number `n`, unless it was, or may have been MOST_TRIES times.

        Raise as show() does; unless `or_direct`, raise `Permanent` at once if the address takes nothing.
        """
        if self._is_over(n):
            return
        self.job.record("saying", n=n)
        try:
            self._post(shown, or_direct=or_direct)
        except Temporary as error:
            if error.status or not error.sent:  # else it may have arrived
                self.job.record("unsaid", n=n)
            raise
        self.job.record("said", n=n)

    def _is_over(self, n: int) -> bool:
        """Check whether nothing more is sent of message `n`: it was shown, or its tries or the address are used up."""
        saying, unsaid, said = ([fact["n"] for fact in self.job.facts(name)] for name in ("saying", "unsaid", "said"))
        tries, uses = saying.count(n) - unsaid.count(n), len(saying) - len(unsaid)
        return n in said or tries >= MOST_TRIES or uses >= MOST_POSTS

    def _post(self, shown: Shown, *, or_direct: bool) -> None:
        """Show the message, without its blocks if Slack refuses those."""
        try:
            self._post_by_url(shown)
        except Permanent as refusal:
            if not or_direct:
                raise
            log.warning("answer key=%s outcome=no-response-url reason=%s", self.job.key, refusal)
            self.slack.post_direct(self.user, shown.text, wait=False)

    def _post_by_url(self, shown: Shown) -> None:
        post = self.slack.response_url.post
        try:
            post(self.url, shown.text, blocks=shown.blocks, thread_ts=self.thread_ts)
        except Permanent as refusal:
            if not (shown.blocks and refusal.code in BLOCKS_REFUSED):
                raise
            post(self.url, shown.text, thread_ts=self.thread_ts)


def private_messages(job: Job, slack: SlackChat, asked: Question | Shortcut) -> PrivateMessages:
    """Return what somebody can be shown alone who has asked for something, where the message is that it is about."""
    thread_ts = thread_of(asked.message or {})
    own_ts = asked.message_ts if isinstance(asked, Shortcut) else message_ts(asked)
    return PrivateMessages(job, slack, asked.user, asked.response_url, "" if thread_ts == own_ts else thread_ts)


def whisper(messages: PrivateMessages, channel: str, text: str) -> None:
    """Show a text of ours to the person alone: by the address, else as an ephemeral message in the channel.

    Raise `Temporary` or `Permanent` if Slack takes neither, StoreError if it cannot be recorded.
    """
    if messages.url:
        try:
            messages.say(WORD, Shown(text), or_direct=False)
        except Permanent as refusal:
            log.warning("answer key=%s outcome=no-response-url reason=%s", messages.job.key, refusal)
        else:
            return
    messages.slack.post_ephemeral(channel, messages.user, text, messages.thread_ts, wait=False)
