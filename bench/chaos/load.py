"""The questions of a chaos run, in several channels and threads, in bursts and pauses; most of them one person's.

With them come the faults, delays and redeliveries of the practice Slack and OpenAI.
"""

from __future__ import annotations

import os
import random
import threading
from typing import Any

from bench.chaos.ledger import Ledger, Question, question_text
from cocoai.rehearsal.openai.openai_faults import FaultKind
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import Person, PracticeChannel
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment

CHANNELS = ("C0PRACTICE", "G0PRIVATE", "C0CHAOS01", "C0CHAOS02", "C0CHAOS03")
DIRECT = "D0PRACTICE"

CROWD, CROWD_SHARE = "U0ASKER01", 0.6
"""The person who asks most of the questions, and the part of them."""

OTHERS = tuple(f"U0CHAOS{number:03}" for number in range(200))
"""The people who share the other questions: so many that most of them have one waiting at a time."""

PACES = (4.0, 8.0, 12.0)
"""Questions a second; one of these is drawn for each burst."""

MANY_WAITING, MOST_WAITING = 80, 300
"""Questions in ready/ at which the load slows down, and at which it stops: a run looks for losses, not for backlogs."""

SLOW = 0.5
"""Seconds between two questions while more than `MANY_WAITING` wait."""

THREAD_LENGTH = 10
"""Questions in a thread after which no more are asked in it."""

MODEL_FAULT, SLACK_FAULT, REDELIVERY = 0.03, 0.03, 0.1
"""Probabilities, for each question, of a fault of the model, of a fault of Slack, and of redeliveries after its 200."""

LATENCIES = (0.0, 0.0, 0.02, 0.1, 0.4)
"""Seconds that Slack's calls take, half of them before their effect.

So the request of a process that was killed may take effect after its death.
"""

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


class LoadThread:
    """A thread that puts load on the stack from `start` to `end` and writes what it does into `ledger`."""

    def __init__(self, deploy: Deployment, ledger: Ledger, generator: random.Random) -> None:
        self._house = deploy
        self._ledger = ledger
        self._random = generator
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def end(self) -> None:
        """Ask the thread to end and wait up to 30 s for it."""
        self._over.set()
        self._thread.join(30)

    def _run(self) -> None:
        """Put load on the stack until `_over` is set."""
        raise NotImplementedError


class QuestionLoad(LoadThread):
    """Asks questions and draws the faults that go with each."""

    def __init__(self, deploy: Deployment, ledger: Ledger, generator: random.Random) -> None:
        super().__init__(deploy, ledger, generator)
        self._threads: list[list[Message]] = []
        self._deliveries_read = 0
        self._number = 0
        self._accepted: set[tuple[str, str]] = set()
        for channel in CHANNELS:
            if channel not in deploy.slack.workspace.channels:
                deploy.slack.add(PracticeChannel(channel, channel.lower()))
        for person in OTHERS:
            deploy.slack.add(Person(person, person.lower()))

    def _run(self) -> None:
        """Ask at one of the paces for a while, then some questions at once, then pause, and so on."""
        while not self._over.is_set():
            pace = self._random.choice(PACES)
            for _ in range(self._random.randint(10, 60)):
                self._ask()
                if self._over.wait(self._random.expovariate(pace)):
                    return
            for _ in range(self._random.choice((0, 0, 5, 15))):
                self._ask()
            self._over.wait(self._random.uniform(0.0, 2.0))

    def _ask(self) -> None:
        """Wait while too many questions are waiting, then draw the faults and ask the next question."""
        # It slows down before it stops: only a new question makes the worker fork a job process at once. Without
        # new ones the backlog shrinks by the master's tick alone.
        if self._waiting() > MANY_WAITING:
            self._over.wait(SLOW)
        while self._waiting() > MOST_WAITING and not self._over.wait(SLOW):
            pass
        self._draw_faults()
        self._number += 1
        message = self._post(question_text(self._number))
        self._ledger.questions.append(Question(self._number, message))

    def _waiting(self) -> int:
        return len(os.listdir(self._house.var / "spool" / "ready"))

    def _post(self, text: str) -> Message:
        """Post `text` as a follow-up, with or without a mention, as a direct message or as a mention in a channel."""
        slack, user = self._house.slack, self._asker()
        kind = self._random.random()
        thread = self._open_thread(user) if kind < 0.35 else None
        if thread is not None:
            root = thread[0]
            mention = "" if kind < 0.25 else "<@U0COCOAI> "
            user = user if mention else root.user
            thread.append(slack.say(user, mention + text, channel=root.channel, thread_ts=root.ts))
            return thread[-1]
        if kind > 0.85:
            message = slack.say(user, text, channel=DIRECT)
        else:
            message = slack.say(user, f"<@U0COCOAI> {text}", channel=self._random.choice(CHANNELS))
        self._threads.append([message])
        return message

    def _asker(self) -> str:
        return CROWD if self._random.random() < CROWD_SHARE else self._random.choice(OTHERS)

    def _open_thread(self, user: str) -> list[Message] | None:
        """Choose one of the last threads whose first question was accepted; None if there is none.

        A follow-up without a mention is a question in such a thread only. A thread is answered in order, so nobody else
        asks in the crowd's threads, nor the crowd in others'.
        """
        deliveries = self._house.slack.deliveries
        new = deliveries[self._deliveries_read :]
        self._accepted.update((each.channel, each.ts) for each in new if each.status == 200)
        self._deliveries_read = len(deliveries)
        self._threads = self._threads[-40:]
        open_threads = [
            thread
            for thread in self._threads
            if (thread[0].channel, thread[0].ts) in self._accepted
            and (thread[0].user == CROWD) == (user == CROWD)
            and len(thread) < THREAD_LENGTH
        ]
        return self._random.choice(open_threads) if open_threads else None

    def _draw_faults(self) -> None:
        """Choose the order of the twins, Slack's latency and redeliveries, and perhaps a fault of either server."""
        generator, slack = self._random, self._house.slack
        slack.switches.twins = generator.choice(("mention first", "message first"))
        slack.switches.latency = generator.choice(LATENCIES)
        slack.switches.repeat = generator.choice((1, 2)) if generator.random() < REDELIVERY else 0
        if generator.random() < MODEL_FAULT:
            kind, options = generator.choice(MODEL_FAULTS)
            self._house.openai.fail(kind, 1, **options)
        if generator.random() < SLACK_FAULT:
            slack.fail("*", generator.choice(SLACK_FAULTS))
