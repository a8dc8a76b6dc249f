"""Reply: post and update the messages in which the asker sees an answer.

A placeholder comes first and becomes the answer; further parts of a long answer follow it. Each message is recorded in
the job before the next is posted, and looked for in Slack where that may have failed: so each is there once, however
often this is run. It decides nothing about what is said.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from cocoai.answer.aside import tell_aside
from cocoai.answer.attempt import Attempt
from cocoai.answer.late import late_words
from cocoai.answer.options import AnswerOptions
from cocoai.answer.reply_buttons import ReplyButtons
from cocoai.errors import CocoAIError, Permanent
from cocoai.slack.api.api_errors import BLOCKS_REFUSED
from cocoai.slack.api.block_fallback import BlockFallback
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.api.live_message import LiveMessage
from cocoai.slack.markdown.message_layout import Layout, Shown
from cocoai.slack.model.messages import KINDS, MessageMetadata
from cocoai.spool.job import Fact

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Slack's codes for a message of ours that can no longer be changed: it is posted anew."""

OWN_TEXTS = frozenset({"placeholder", "note", "error"})
"""Kinds of message whose text is ours: short enough to be sent without blocks as it is."""

TEXT_ALONE = Layout("mrkdwn")
"""The layout without blocks, for an answer whose blocks Slack refuses."""

log = logging.getLogger(__name__)


class AnswerWords(Protocol):
    """What a reply says of an answer: ReplyText.of(), for one answer."""

    def __call__(self, *, as_text: bool) -> str:
        """Return it as Markdown; for a reply `as_text`, which has no buttons, it names none."""


class Reply:
    """The reply of one attempt, as messages in Slack. Every method raises `Temporary` or `Permanent` as SlackChat does.

    `fallback` is what this process knows of the blocks that Slack refuses. `clock` gives seconds since the epoch;
    `sleep` waits for messages that a killed process may have sent.
    """

    def __init__(
        self,
        attempt: Attempt,
        slack: SlackChat,
        options: AnswerOptions,
        identity: IdentityCache,
        *,
        fallback: BlockFallback | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempt = attempt
        self._slack = slack
        self._options = options
        self._identity = identity
        self._buttons = ReplyButtons(attempt, options)
        self._fallback = fallback or BlockFallback()
        self._clock = clock
        self._sleep = sleep

    def post_placeholder(self, *, wait: bool = True) -> str:
        """Post and record the placeholder, unless the reply has a first message. Return that message's ts.

        Unless `wait`, raise `Temporary` at once while a 429 of Slack's holds.
        """
        if self._attempt.first_message:
            return self._attempt.first_message
        text = self._own_text(self._attempt.texts.placeholder, "placeholder")
        return self._post_first(text, "placeholder", wait=wait)

    def replace_with(self, text: str, kind: str) -> None:
        """Show a fixed text instead of an answer: change the first message to it, or post it if there is none.

        `kind` is `note` or `error`.
        """
        shown = self._own_text(text, kind)
        if self._attempt.first_message:
            self._change(self._attempt.first_message, shown, kind)
        else:
            self._post_first(shown, kind)

    def show_wait(self, text: str) -> None:
        """Show a fixed text in place of the placeholder while there is nothing of the answer.

        It stays a placeholder, with its button. Slack's errors are ignored, and a 429 is not waited out: nothing
        depends on it.
        """
        if ts := self._attempt.first_message:
            shown, metadata = self._own_text(text, "placeholder"), self._attempt.metadata("placeholder")
            with contextlib.suppress(CocoAIError):
                channel = self._attempt.question.channel
                self._slack.update(channel, ts, shown.text, metadata, blocks=shown.blocks, wait=False)

    def tell_aside(self, refusal: Permanent) -> bool:
        """Tell the asker privately, if Slack's refusal is about the place; return True if Slack has taken that.

        Raise `Temporary` if Slack is in trouble.
        """
        return tell_aside(self._attempt, self._slack, refusal)

    def shows_answer(self, *, by_others: bool = False) -> bool:
        """Check whether an answer of an earlier attempt, which that could not record, stands in Slack.

        At the first attempt, return False without a look; not so if it may be `by_others`, of whom the job knows
        nothing.
        """
        if (self._attempt.is_first or not self._attempt.first_message) and not by_others:
            return False
        return self._find(("answer",)) is not None

    def live(self, ts: str) -> LiveMessage:
        """Return the object that updates the message at `ts` while the answer is written."""
        return LiveMessage(
            self._slack,
            self._attempt.question.channel,
            ts,
            self._attempt.metadata("placeholder"),
            layout=self._options.layout,
            writing=self._attempt.texts.writing,
            buttons=self._buttons.under("placeholder"),
            interval=self._options.update_interval,
            writers=self._options.writers,
        )

    def deliver(self, ts: str, words: AnswerWords, *, as_text: bool = False) -> bool:
        """Show the whole answer: update the message at `ts` to its first part, and post the others into the thread.

        Parts that an earlier attempt posted are not posted again. If Slack refuses the blocks of any, all parts are
        shown once more as text alone, without buttons; `as_text` shows them so from the start. Return False if a part
        could not be recorded: then some may not be posted.
        """
        try:
            if not as_text:
                return self._show_parts(ts, self._options.layout.parts(self._dated(words(as_text=False))))
        except Permanent as error:
            if error.code not in BLOCKS_REFUSED:
                raise
            log.warning("answer key=%s outcome=blocks-refused reason=%s", self._attempt.job.key, error)
        return self._show_as_text(ts, TEXT_ALONE.parts(self._dated(words(as_text=True))))

    def _dated(self, markdown: str) -> str:
        """Return an answer with the word in front that it is late, if it is."""
        return late_words(self._attempt, markdown, self._options.layout, self._clock()) + markdown

    def _show_parts(self, ts: str, parts: Sequence[Shown]) -> bool:
        """Show the parts of an answer, the first in the message at `ts`, with the buttons under the last.

        A part that an earlier attempt posted is changed if its length differs: it was cut otherwise, under other
        settings perhaps. Parts of an earlier, longer cut are deleted. Stop early, and return False, if a part cannot be
        recorded.
        """
        *others, last = parts
        first, *rest = (*others, self._buttons.footed(last, "answer"))
        self._change(ts, first, "answer")
        posted = self._posted_parts()
        for n, part in enumerate(rest, 2):
            if n not in posted:
                if not self._post_part(part, n):
                    return False
            elif posted[n].get("size") != len(part.text):
                self._update(posted[n]["ts"], part, self._attempt.metadata("part", n))
        self._delete_behind(len(parts), posted)
        return True

    def _show_as_text(self, ts: str, parts: Sequence[Shown]) -> bool:
        """Show the parts of an answer, laid out without blocks; stop early, and return False, if one is not recorded.

        The missing parts are posted first. Then those that stand, perhaps with blocks that hold more, are changed, the
        last one first: so all that a message loses stands in others already, if this process dies in between.
        """
        posted = self._posted_parts()
        missing = [n for n in range(2, len(parts) + 1) if n not in posted]
        if not all(self._post_part(parts[n - 1], n) for n in missing):
            return False
        for n in sorted(posted.keys() & set(range(2, len(parts) + 1)), reverse=True):
            self._update(posted[n]["ts"], parts[n - 1], self._attempt.metadata("part", n))
        # It may be another message by now: somebody had deleted the placeholder.
        self._change(self._attempt.first_message or ts, parts[0], "answer")
        self._delete_behind(len(parts), posted)
        return True

    def _posted_parts(self) -> dict[int, Fact]:
        """Return the `part` fact of each further part that was posted, by its number from 2."""
        return {fact["n"]: fact for fact in self._attempt.job.facts("part")}

    def _delete_behind(self, number: int, posted: Mapping[int, Fact]) -> None:
        """Delete the parts behind the first `number`, which are of an earlier, longer cut."""
        for n, fact in posted.items():
            if n > number:
                self._slack.delete(self._attempt.question.channel, fact["ts"])

    def _post_part(self, shown: Shown, n: int) -> bool:
        """Post part `n` (from 2), or find it if a killed attempt did; return True if it is recorded in the job.

        After False no further part is posted: a later attempt could not tell which are there.
        """
        ts = self._find_posted(n=n) or self._post(shown, self._attempt.metadata("part", n))
        return self._attempt.record("part", n=n, ts=ts, size=len(shown.text))

    def _own_text(self, text: str, kind: str) -> Shown:
        return self._buttons.footed(self._options.layout.plain(text), kind)

    def _post_first(self, shown: Shown, kind: str, *, wait: bool = True) -> str:
        """Post the reply's first message, record it as `placeholder`, and return its ts.

        If a killed attempt has posted one, it is used instead, and shows `shown` unless `kind` is `placeholder`.
        """
        found = self._find_posted(wait=wait)
        self._attempt.record("placeholder", ts=found or self._post(shown, self._attempt.metadata(kind), wait=wait))
        if found and kind != "placeholder":
            self._change(found, shown, kind)  # it records another ts if somebody has deleted that message meanwhile
        return self._attempt.first_message

    def _change(self, ts: str, shown: Shown, kind: str) -> None:
        """Update the message at `ts`. If it is gone or can no longer be changed, post a new one and record its ts."""
        try:
            self._update(ts, shown, self._attempt.metadata(kind))
        except Permanent as error:
            if error.code not in GONE:
                raise
            # An earlier attempt may have posted the new message already.
            new = self._find_posted((kind,)) or self._post(shown, self._attempt.metadata(kind))
            self._attempt.record("placeholder", ts=new)

    def _find_posted(self, kinds: Collection[str] = KINDS, n: int = 1, *, wait: bool = True) -> str | None:
        """Look in the thread for a message of this job that an earlier attempt posted but did not record.

        Return its ts, None if there is none. `kinds` are those wanted, `n` the number of the part. Only after a crash,
        or a post whose outcome is unknown, wait until that message must have arrived, and ask Slack.
        """
        if not self._attempt.may_have_posted(n):
            return None
        return self._find(kinds, n, wait=wait)

    def _find(self, kinds: Collection[str], n: int = 1, *, wait: bool = True) -> str | None:
        """Look in the thread for a message of this job, once what a killed attempt sent must have arrived there.

        Return its ts, None if there is none. `kinds` and `n` as in _find_posted().
        """
        self._sleep(self._attempt.settling_time)
        question, thread = self._attempt.question, self._attempt.reply_thread
        own_user = self._identity.user_id()
        return self._slack.find(question.channel, thread, question.key, kinds, n, own_user, wait=wait)

    def _post(self, shown: Shown, metadata: MessageMetadata, *, wait: bool = True) -> str:
        """Post a message of the reply; return its ts. One of OWN_TEXTS goes without blocks if they are refused."""
        channel, thread = self._attempt.question.channel, self._attempt.reply_thread
        blocks = self._fallback.first(shown)
        self._attempt.job.check_claim()  # what is changed twice does no harm, but what is posted twice stands there
        while True:
            try:
                return self._slack.post(channel, shown.text, thread, metadata, blocks=blocks, wait=wait)
            except Permanent as refusal:
                blocks = self._fallback.next(shown, blocks, refusal, may_be_bare=metadata.kind in OWN_TEXTS)

    def _update(self, ts: str, shown: Shown, metadata: MessageMetadata) -> None:
        """Change the message at `ts`. One of OWN_TEXTS goes without blocks if they are refused."""
        channel, blocks = self._attempt.question.channel, self._fallback.first(shown)
        while True:
            try:
                self._slack.update(channel, ts, shown.text, metadata, blocks=blocks)
            except Permanent as refusal:
                blocks = self._fallback.next(shown, blocks, refusal, may_be_bare=metadata.kind in OWN_TEXTS)
            else:
                return
