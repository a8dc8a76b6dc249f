"""The clicks of a chaos run: on the buttons under the latest replies, whatever is being done to the stack."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.chaos.history import payload
from bench.chaos.ledger import ASKING, AcknowledgedClick
from bench.chaos.load import LoadThread
from bench.chaos.questions import Question
from bench.chaos.rooms import HAS_ENDED
from bench.soak import is_button_row
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.footer import actions, pressing

PAUSE = 0.15
"""Mean seconds between two clicks. Each click waits for CocoAI's answer to Slack, so the clicks never overlap."""

DONE = 0.6
"""The part of the clicks that are on replies to questions that are done, if there are any."""

GO_ON = 0.7
"""The part of the clicks on a reply with *Go on* that are on that button: few replies have one."""

FINISHED = ("again", "delete", "up", "down")
"""The buttons that are clicked under a finished reply, but for *Go on*."""

RECENT = 20
"""How many of the latest questions that are done, or of the oldest that are not, have replies that may be clicked."""

SEARCHED = 400
"""The latest questions among which both are looked for: more than may be waiting."""


class ClickLoad(LoadThread):
    """Clicks on buttons, and adds each click to `ledger`; what a click asks becomes a question of its own there."""

    def _run(self) -> None:
        while not self._over.wait(self._random.expovariate(1 / PAUSE)):
            if self._ledger.questions:
                self._click(self._choose())

    def _choose(self) -> Question:
        """Choose one of the latest questions that are done, with probability `DONE`, else one that is answered next."""
        latest = [(each, self._is_done(each)) for each in self._ledger.questions[-SEARCHED:]]
        done = [each for each, is_done in latest if is_done][-RECENT:]
        # On a busy machine the latest ones have no reply yet, and only the oldest could be stopped.
        waiting = [each for each, is_done in latest if not is_done][:RECENT]
        first, second = (done, waiting) if self._random.random() < DONE else (waiting, done)
        return self._random.choice(first or second)

    def _click(self, question: Question) -> None:
        """Click *Stop* while the question is being answered, and any of the other buttons once it is done."""
        # Delete is clicked on finished replies only: a reply that is still written may be posted again afterwards,
        # and the ledger could not say whether it should be there.
        message = next((each for each in self._replies(question) if any(map(is_button_row, each.blocks))), None)
        if message is None:
            return
        action = self._random.choice(self._wanted()) if self._is_done(question) else "stop"
        if "continue" in actions(message) and self._random.random() < GO_ON:
            action = "continue"
        if action in ASKING and self._may_be_pending(question.number):
            return  # it would be refused, and the ledger could not tell that from a loss
        user = question.message.user
        try:
            click = self._stack.slack.click(user, message.channel, message.ts, **pressing(message, action))
        except ValueError:
            return  # the button was removed between the look and the click
        self._ledger.clicks.append(AcknowledgedClick(question.key, action, click.is_accepted, float(click.action_ts)))
        if action in ASKING and click.is_accepted:
            # The rest of an answer that is asked for once more is that rest again.
            wanted = "rest" if action == "continue" else question.wanted
            self._ledger.questions.append(Question(question.number, question.message, click.action_ts, wanted))

    def _wanted(self) -> Sequence[str]:
        """Return the buttons of a finished reply that nobody has pressed with success yet, if there are any, else all.

        So a short run on a busy machine, with few finished replies, has a click of each kind too.
        """
        pressed = self._pressed()
        return [action for action in FINISHED if action not in pressed] or FINISHED

    def _pressed(self) -> set[str]:
        return {click.action for click in self._ledger.clicks if click.is_accepted}

    def wait_for_each_kind(self, seconds: float) -> None:
        """Wait until each button of a finished reply was pressed with success, for so many seconds at most."""
        ends = time.monotonic() + seconds
        while not self._pressed().issuperset(FINISHED) and time.monotonic() < ends:
            time.sleep(0.1)

    def _replies(self, question: Question) -> list[Message]:
        """Return our messages under this question, by the key in their metadata."""
        thread = self._stack.slack.thread(question.message.channel, question.message.ts)
        return [each for each in thread if payload(each).get("key") == question.key]

    def _may_be_pending(self, number: int) -> bool:
        """Check whether this question may have been asked again without an end so far.

        A click that was not answered 200 may have been put all the same, and nobody knows its key.
        """
        asked = [question for question in self._ledger.questions if question.number == number]
        keys = {question.key for question in asked}
        unknown = any(
            click.key in keys and click.action in ASKING and not click.is_accepted for click in self._ledger.clicks
        )
        return unknown or not all(self._has_ended(each) for each in asked)

    def _is_done(self, question: Question) -> bool:
        return self._stack.room.has("done", question.key)

    def _has_ended(self, question: Question) -> bool:
        return any(self._stack.room.has(state, question.key) for state in HAS_ENDED)
