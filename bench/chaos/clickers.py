"""The people who click: on the buttons under what was answered last, whatever else happens to it."""

from __future__ import annotations

import os
import random
import threading

from bench.chaos.ledger import Ledger, Question, payload
from bench.soak import is_row
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.house import House

PAUSE = 0.4
"""The mean of the seconds between two clicks. Each waits for Slack's answer, as people do."""

RECENT = 20
"""Questions under whose replies somebody may click."""


class Clickers:
    """They click in the background from `start` to `end`; `ledger` holds what was asked and is told of each click."""

    def __init__(self, house: House, ledger: Ledger, dice: random.Random) -> None:
        self._house = house
        self._ledger = ledger
        self._dice = dice
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._over.wait(self._dice.expovariate(1 / PAUSE)):
            if self._ledger.questions:
                self._click(self._dice.choice(self._ledger.questions[-RECENT:]))

    def _click(self, question: Question) -> None:
        """Stop it while it is answered; else any of the rest."""
        # Only what is done is taken away: under an answer that is not, nobody could say whether it must stay away.
        action = self._dice.choice(("again", "delete", "up", "down")) if self._is_done(question) else "stop"
        message = next((each for each in self._replies(question) if any(map(is_row, each.blocks))), None)
        if message is None:
            return
        user = question.message.user
        try:
            clicked = self._house.slack.click(user, message.channel, message.ts, f"cocoai_{action}")
        except ValueError:
            return  # the button has gone meanwhile
        self._ledger.clicks.append((question.key, action, clicked.is_accepted))
        if action == "again" and clicked.is_accepted:
            self._ledger.questions.append(Question(question.number, question.message, clicked.action_ts))

    def _replies(self, question: Question) -> list[Message]:
        thread = self._house.slack.thread(question.message.channel, question.message.ts)
        return [each for each in thread if payload(each).get("key") == question.key]

    def _is_done(self, question: Question) -> bool:
        return os.path.exists(self._house.var / "spool" / "done" / question.key)
