"""Answerers that are broken on purpose. Each lacks one precaution of the product's own."""

from __future__ import annotations

from cocoai.answer import Answerer
from cocoai.answer.attempt import Attempt
from cocoai.answer.clicks import Clicks
from cocoai.answer.failures import AnswerFailures
from cocoai.answer.private_messages import PrivateMessages
from cocoai.answer.reply import AnswerWords, Reply
from cocoai.answer.shortcut_reply import ShortcutReply
from cocoai.slack.markdown.message_layout import Shown
from cocoai.slack.model.click import Click
from cocoai.spool.job import Fact, Job


class FinishesBeforePosting(Answerer):
    """Finishes the job when the answer is recorded, and posts the answer afterwards."""

    _has_finished = False

    def _ask(self, attempt: Attempt, reply: Reply, ts: str) -> Fact:
        answer = super()._ask(attempt, reply, ts)
        self._spool.finish(attempt.job)
        self._has_finished = True
        return answer

    def _finish(self, attempt: Attempt, outcome: str) -> None:
        if not self._has_finished:
            super()._finish(attempt, outcome)


class ClicksThatFinishFirst(Clicks):
    """Clicks whose job is finished before what was clicked is done."""

    def handle(self, job: Job) -> None:
        self._spool.finish(job)
        self._obey(Click.from_facts(job.question))


class FinishesBeforeHandling(Answerer):
    """Finishes the job of a click before it does what was clicked."""

    def answer(self, job: Job) -> None:
        self._light.handler("delete").__class__ = ClicksThatFinishFirst
        super().answer(job)


class ReplyThatFindsNothing(Reply):
    """A reply that finds no message of an earlier attempt."""

    def _find_posted(self, *args: object, **kwargs: object) -> str | None:
        return None


class NeverLooksForPosted(Answerer):
    """Posts every message that is not recorded, without a look whether it was posted already."""

    def _reply(self, attempt: Attempt) -> Reply:
        reply = super()._reply(attempt)
        reply.__class__ = ReplyThatFindsNothing
        return reply


class ReplyThatSeesNoAnswer(Reply):
    """A reply that replaces what stands in Slack without a look."""

    def shows_answer(self, *, by_others: bool = False) -> bool:
        return False


class ApologizesWhenUsedUp(Answerer):
    """Gives a question up when its attempts are used up, whether it has an answer or not."""

    def _is_over(self, attempt: Attempt, reply: Reply, failures: AnswerFailures) -> bool:
        attempt.has_answer = False
        return super()._is_over(attempt, reply, failures)

    def _reply(self, attempt: Attempt) -> Reply:
        reply = super()._reply(attempt)
        reply.__class__ = ReplyThatSeesNoAnswer
        return reply


class ReplyDeliveredTooSoon(Reply):
    """A reply that counts as delivered before its last part is posted."""

    def deliver(self, ts: str, words: AnswerWords, *, as_text: bool = False) -> bool:
        self._attempt.record("delivered")
        return super().deliver(ts, words, as_text=as_text)


class RecordsDeliveredTooSoon(Answerer):
    """Records that the answer is delivered before it is."""

    def _reply(self, attempt: Attempt) -> Reply:
        reply = super()._reply(attempt)
        reply.__class__ = ReplyDeliveredTooSoon
        return reply


class ClicksHeardTooSoon(Clicks):
    """Clicks of which it is recorded that they were heard before the person is told so."""

    def _is_put_off(self, job: Job, click: Click) -> bool:
        if job.last("heard") is None:
            job.record("heard")
            self._post_ephemeral(click, self._texts(click).heard)
        return super()._is_put_off(job, click)


class RecordsHeardTooSoon(Answerer):
    """Records that a click was heard before it says so."""

    def answer(self, job: Job) -> None:
        self._light.handler("delete").__class__ = ClicksHeardTooSoon
        super().answer(job)


class MessagesSaidTooSoon(PrivateMessages):
    """Messages to one person alone that count as said before they are."""

    def say(self, n: int, shown: Shown, *, or_direct: bool = True) -> None:
        self.job.record("said", n=n)
        self._post(shown, or_direct=or_direct)


class ReplySaidTooSoon(ShortcutReply):
    """A private reply of which it is recorded that it was shown before it is."""

    @property
    def _messages(self) -> PrivateMessages:
        return MessagesSaidTooSoon(**vars(super()._messages))


class RecordsSaidTooSoon(Answerer):
    """Records that a private answer was shown before it is."""

    def _reply(self, attempt: Attempt) -> Reply:
        reply = super()._reply(attempt)
        reply.__class__ = ReplySaidTooSoon
        return reply


class MessagesWithoutRecord(PrivateMessages):
    """Messages to one person alone of which nothing is recorded: each attempt shows them."""

    def say(self, n: int, shown: Shown, *, or_direct: bool = True) -> None:
        self._post(shown, or_direct=or_direct)


class ReplyWithoutRecord(ShortcutReply):
    """A private reply that never knows what it has shown."""

    @property
    def _messages(self) -> PrivateMessages:
        return MessagesWithoutRecord(**vars(super()._messages))


class RecordsNothingSaid(Answerer):
    """Shows all of a private reply at each attempt."""

    def _reply(self, attempt: Attempt) -> Reply:
        reply = super()._reply(attempt)
        reply.__class__ = ReplyWithoutRecord
        return reply
