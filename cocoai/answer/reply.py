"""Reply: what the asker sees of an answer. One message, a placeholder first, which becomes the answer; parts behind it.

Whatever is posted is recorded in the job before the next is, and sought where that may have failed: so each message
is there once, however often this is run. It decides nothing about what is said.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.live_message import LiveMessage
from cocoai.slack.markdown.message_layout import Button, Layout, Shown, with_buttons
from cocoai.slack.model.messages import KINDS, MessageMetadata
from cocoai.spool.job import Fact

LATE = 3600.0
"""Seconds after which a reply says that it is late."""

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""Slack's codes for a message of ours that can no longer be changed: it is posted anew."""

UNSHOWABLE = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "block_mismatch", "msg_too_long"}
)
"""Slack's codes for blocks that it will not have, or not with so long a fallback: the same is said in text alone."""

UNDER = {"placeholder": ("stop",), "answer": ("again", "delete", "up", "down"), "error": ("again", "delete")}
"""The buttons under a message of each kind."""

TEXT_ALONE = Layout("mrkdwn")

T = TypeVar("T")
log = logging.getLogger(__name__)


class Reply:
    """The reply of one run. `clock` in epoch seconds; `sleep` waits for what a dead process may have sent; `own_user`
    tells who we are.
    """

    def __init__(
        self,
        run: Attempt,
        slack: SlackChat,
        manner: AnswerOptions,
        own_user: Callable[[], str],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._run = run
        self._slack = slack
        self._manner = manner
        self._own_user = own_user
        self._clock = clock
        self._sleep = sleep

    def placeholder(self) -> str:
        """The ts of the message that will become the reply; posted if there is none yet."""
        shown = self._fixed(self._run.words.placeholder, "placeholder")
        return self._run.first_message or self._told(lambda shown: self._post_first(shown, "placeholder"), shown)

    def say(self, text: str, kind: str) -> None:
        """Put a text of ours where the reply would be."""
        self._told(lambda shown: self._say(shown, kind), self._fixed(text, kind))

    def growing(self, ts: str) -> LiveMessage:
        """The reply at `ts` while it is written."""
        mark = self._run.mark("placeholder")
        buttons = self._buttons("placeholder")
        layout, writing = self._manner.layout, self._run.words.writing
        return LiveMessage(
            self._slack,
            self._run.question.channel,
            ts,
            mark,
            present=lambda markdown: with_buttons(layout.growing(markdown, writing), buttons),
            interval=self._manner.update_interval,
            writers=self._manner.writers,
        )

    def deliver(self, ts: str, markdown: str) -> None:
        """The whole answer: the first part in the placeholder's place, the others behind it, each once."""
        late = f"{self._run.words.late}\n\n" if self._is_late() else ""
        try:
            self._put(ts, self._manner.layout.parts(late + markdown))
        except Permanent as error:
            if error.code not in UNSHOWABLE:
                raise
            log.warning("answer key=%s outcome=blocks-refused reason=%s", self._run.job.key, error)
            self._put(ts, TEXT_ALONE.parts(late + markdown), anew=True)

    def _is_late(self) -> bool:
        """Said once, it is said whenever the answer is delivered again: its parts must be cut where they were."""
        job = self._run.job
        if job.last("late"):
            return True
        is_late = self._clock() - float(self._run.question.ts) > LATE
        return is_late and not job.facts("part") and self._run.record("late")

    def _put(self, ts: str, shown: Sequence[Shown], *, anew: bool = False) -> None:
        """What stands already is changed where it was cut otherwise, under other settings perhaps, or if `anew`."""
        *others, last = shown
        first, *rest = (*others, last if anew else with_buttons(last, self._buttons("answer")))
        self._change(ts, first, "answer")
        posted: dict[int, Fact] = {fact["n"]: fact for fact in self._run.job.facts("part")}
        for n, part in enumerate(rest, 2):
            if n not in posted:
                if not self._post_part(part, n):
                    return
            elif anew or posted[n].get("size") != len(part.text):
                self._update(posted[n]["ts"], part, self._run.mark("part", n))
        for n in posted.keys() - range(2, len(shown) + 1):
            self._slack.delete(self._run.question.channel, posted[n]["ts"])

    def _post_part(self, shown: Shown, n: int) -> bool:
        ts = self._sought(n=n) or self._post(shown, self._run.mark("part", n))
        return self._run.record("part", n=n, ts=ts, size=len(shown.text))

    def _told(self, say: Callable[[Shown], T], shown: Shown) -> T:
        """Our own words; where Slack will not have blocks, without their buttons."""
        try:
            return say(shown)
        except Permanent as error:
            if error.code not in UNSHOWABLE or not shown.blocks:
                raise
            return say(Shown(shown.text))

    def _fixed(self, text: str, kind: str) -> Shown:
        return with_buttons(self._manner.layout.plain(text), self._buttons(kind))

    def _buttons(self, kind: str) -> list[Button]:
        if not self._manner.buttons:
            return []
        words, question = self._run.words, self._run.question
        value = f"{question.key} {question.user}"
        confirm = {"delete": words.buttons["delete_confirm"]}
        return [Button(each, words.buttons[each], value, confirm.get(each, "")) for each in UNDER.get(kind, ())]

    def _say(self, shown: Shown, kind: str) -> None:
        if self._run.first_message:
            self._change(self._run.first_message, shown, kind)
        else:
            self._post_first(shown, kind)

    def _post_first(self, shown: Shown, kind: str) -> str:
        ts = self._sought()
        if ts and kind != "placeholder":
            self._change(ts, shown, kind)
        ts = ts or self._post(shown, self._run.mark(kind))
        self._run.record("placeholder", ts=ts)
        return ts

    def _change(self, ts: str, shown: Shown, kind: str) -> None:
        try:
            self._update(ts, shown, self._run.mark(kind))
        except Permanent as error:
            if error.code not in GONE:
                raise
            # Somebody has deleted it: what we have to say is said in a new message, which may be there already.
            new = self._sought((kind,)) or self._post(shown, self._run.mark(kind))
            self._run.record("placeholder", ts=new)

    def _sought(self, kinds: Collection[str] = KINDS, n: int = 1) -> str | None:
        """The ts of what somebody before us has posted without being able to record it."""
        if not self._run.job.may_have_posted:
            return None
        self._sleep(self._run.unsettled)
        question = self._run.question
        return self._slack.find(question.channel, question.thread_ts, question.key, kinds, n, self._own_user())

    def _post(self, shown: Shown, mark: MessageMetadata) -> str:
        question = self._run.question
        return self._slack.post(question.channel, shown.text, question.thread_ts, mark, blocks=shown.blocks)

    def _update(self, ts: str, shown: Shown, mark: MessageMetadata) -> None:
        self._slack.update(self._run.question.channel, ts, shown.text, mark, blocks=shown.blocks)
