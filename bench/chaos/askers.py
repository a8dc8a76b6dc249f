"""The people who ask, and the bad days of Slack and OpenAI: several channels and threads, bursts and pauses."""

from __future__ import annotations

import os
import random
import threading
from typing import Any

from bench.chaos.ledger import Ledger, Question, asked_text
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeChannel as Channel
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.house import House

CHANNELS = ("C0PRACTICE", "G0PRIVATE", "C0CHAOS01", "C0CHAOS02", "C0CHAOS03")
DIRECT = "D0PRACTICE"
PEOPLE = ("U0ASKER01", "U0ASKER02")

PACES = (3.0, 6.0, 9.0)
"""Questions a second; each pace holds for a while."""

MANY_WAITING, MOST_WAITING = 60, 300
"""Questions in ready/ at which the askers slow down, and at which they wait: what is measured is loss, not a backlog.

They slow down first, for each new question calls a job process to work; without any, only the master's tick does."""

SLOW = 1.0
"""Seconds between two questions then."""

THREAD_LENGTH = 10
"""Questions in a thread before it is left alone."""

MODEL_FAILS, SLACK_FAILS, TWICE_DELIVERED = 0.03, 0.03, 0.1
"""How likely a question brings a fault of the model's, one of Slack's, and redeliveries although it was accepted."""

LATENCIES = (0.0, 0.0, 0.02, 0.1, 0.4)
"""Seconds that Slack's calls take, half of them before their effect: what a killed process sent may land after it."""

MODEL_FAULTS: tuple[tuple[FaultKind, dict[str, Any]], ...] = (
    ("rate limited", {"seconds": 1.0}),
    ("server error", {}),
    ("overloaded", {}),
    ("broken", {}),
    ("gone", {}),
    ("silent", {"seconds": 8.0}),
    ("pause", {"after": 1, "seconds": 8.0}),
    ("error", {"after": 1, "code": "server_error"}),
    ("cut", {"after": 1}),
    ("unfinished", {"after": 1}),
)
SLACK_FAULTS = (
    Fault("limited", seconds=1),
    Fault("broken"),
    Fault("slow", seconds=1.0),
    Fault("gone"),
    Fault("reply lost"),
)


class Askers:
    """They ask in the background from `start` to `end`; `ledger` holds what was asked."""

    def __init__(self, house: House, ledger: Ledger, dice: random.Random) -> None:
        self._house = house
        self._ledger = ledger
        self._dice = dice
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._threads: list[list[Message]] = []
        self._read = 0
        self._number = 0
        self._heard: set[tuple[str, str]] = set()
        for channel in CHANNELS:
            if channel not in house.slack.workspace.channels:
                house.slack.add(Channel(channel, channel.lower()))

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._over.is_set():
            pace = self._dice.choice(PACES)
            for _ in range(self._dice.randint(10, 60)):
                self._ask()
                if self._over.wait(self._dice.expovariate(pace)):
                    return
            for _ in range(self._dice.choice((0, 0, 5, 15))):
                self._ask()
            self._over.wait(self._dice.uniform(0.0, 2.0))

    def _ask(self) -> None:
        if self._waiting() > MANY_WAITING:
            self._over.wait(SLOW)
        while self._waiting() > MOST_WAITING and not self._over.wait(SLOW):
            pass
        self._bad_days()
        self._number += 1
        message = self._say(asked_text(self._number))
        self._ledger.questions.append(Question(self._number, message))

    def _waiting(self) -> int:
        return len(os.listdir(self._house.var / "spool" / "ready"))

    def _say(self, text: str) -> Message:
        slack, user = self._house.slack, self._dice.choice(PEOPLE)
        kind = self._dice.random()
        thread = self._known_thread() if kind < 0.35 else None
        if thread is not None:
            root = thread[0]
            mention = "" if kind < 0.25 else "<@U0COCOAI> "
            thread.append(slack.say(user, mention + text, channel=root.channel, thread_ts=root.ts))
            return thread[-1]
        if kind > 0.85:
            message = slack.say(user, text, channel=DIRECT)
        else:
            message = slack.say(user, f"<@U0COCOAI> {text}", channel=self._dice.choice(CHANNELS))
        self._threads.append([message])
        return message

    def _known_thread(self) -> list[Message] | None:
        """One of the last threads whose first question was accepted: without a mention, only there we are heard."""
        deliveries = self._house.slack.deliveries
        self._heard.update((each.channel, each.ts) for each in deliveries[self._read :] if each.status == 200)
        self._read = len(deliveries)
        self._threads = self._threads[-40:]
        open_ = [
            thread
            for thread in self._threads
            if (thread[0].channel, thread[0].ts) in self._heard and len(thread) < THREAD_LENGTH
        ]
        return self._dice.choice(open_) if open_ else None

    def _bad_days(self) -> None:
        dice, slack = self._dice, self._house.slack
        slack.switches.twins = dice.choice(("mention first", "message first"))
        slack.switches.latency = dice.choice(LATENCIES)
        slack.switches.repeat = dice.choice((1, 2)) if dice.random() < TWICE_DELIVERED else 0
        if dice.random() < MODEL_FAILS:
            kind, how = dice.choice(MODEL_FAULTS)
            self._house.openai.fail(kind, 1, **how)
        if dice.random() < SLACK_FAILS:
            slack.fail("*", dice.choice(SLACK_FAULTS))
