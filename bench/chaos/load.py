"""The questions of a chaos run, in several channels and threads, in bursts and pauses; most of them one person's.

A few are voice clips, and a few ask for pictures. With them come the faults of the practice servers (server_faults.py).
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field

from bench.chaos.ledger import Ledger
from bench.chaos.questions import ORDERS, ORDERS_ANEW, ORDERS_OF_THAT, Question, Wanted, clip, question_text
from bench.chaos.server_faults import ServerFaults
from bench.chaos.stack import Stack
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.voice_clip import voice_clip
from cocoai.rehearsal.slack.workspace import Person, PracticeChannel
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

CHANNELS = ("C0PRACTICE", "G0PRIVATE", "C0CHAOS01", "C0CHAOS02", "C0CHAOS03")
DIRECT = "D0PRACTICE"

CROWD, CROWD_SHARE = "U0ASKER01", 0.6
"""The person who asks most of the questions, and the part of them."""

OTHERS = tuple(f"U0CHAOS{number:03}" for number in range(200))
"""The people who share the other questions: so many that most of them have one waiting at a time."""

PACES = (4.0, 8.0, 12.0)
"""Questions a second; one of these is drawn for each burst."""

MANY_WAITING, MOST_WAITING = 80, 300
"""What waits for each machine when the load slows down, and when it stops: a run looks for losses, not for backlogs."""

SLOW = 0.5
"""Seconds between two questions while more than `MANY_WAITING` wait."""

THREAD_LENGTH = 10
"""Questions in a thread after which no more are asked in it."""

FOLLOW_UP, UNMENTIONED, DIRECTLY = 0.35, 0.7, 0.23
"""Parts of the questions: follow-ups; of these, those that mention nobody; of the others, direct messages."""

MENTION = "<@U0COCOAI> "

CLIP, PICTURE = 0.06, 0.06
"""Parts of the questions that are voice clips, and that ask for a picture."""

TRANSCRIBED = (None, None, None, 0.0, 3.0)
"""Seconds after which Slack has written down what is said in a clip; None: never."""


@dataclass(frozen=True)
class Asked:
    """How a question is put: in `text`, or in a `sound`; and what it is for."""

    text: str = ""
    sound: PracticeFile | None = None
    wanted: Wanted = "answer"


@dataclass
class Thread:
    """The messages of the run's questions in one thread; `has_picture` if one of them has asked for one."""

    messages: list[Message] = field(default_factory=list)
    has_picture: bool = False

    @property
    def root(self) -> Message:
        """Return the first question."""
        return self.messages[0]


class LoadThread:
    """A thread that puts load on the stack from `start` to `end` and writes what it does into `ledger`."""

    def __init__(self, stack: Stack, ledger: Ledger, generator: random.Random) -> None:
        self._stack = stack
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
    """Asks questions, and has the faults drawn that go with each."""

    def __init__(self, stack: Stack, ledger: Ledger, generator: random.Random) -> None:
        super().__init__(stack, ledger, generator)
        self._threads: list[Thread] = []
        self._faults = ServerFaults(stack.slack, stack.openai, generator)
        self._number = 0
        for channel in CHANNELS:
            if channel not in stack.slack.workspace.channels:
                stack.slack.add(PracticeChannel(channel, channel.lower()))
        for person in OTHERS:
            stack.slack.add(Person(person, person.lower()))

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
        """Wait while too many questions are waiting, then have the faults drawn and ask the next question."""
        # It slows down before it stops: only a new question makes the worker fork a job process at once. Without
        # new ones the backlog shrinks by the master's tick alone.
        if self._waiting() > MANY_WAITING:
            self._over.wait(SLOW)
        while self._waiting() > MOST_WAITING and not self._over.wait(SLOW):
            pass
        self._number += 1
        user = self._asker()
        thread = self._open_thread(user) if self._random.random() < FOLLOW_UP else None
        asked = self._worded(thread)
        self._faults.draw(of_pictures=asked.wanted == "picture", of_sounds=asked.sound is not None)
        message = self._post(asked, user, thread)
        self._ledger.questions.append(Question(self._number, message, wanted=asked.wanted))

    def _waiting(self) -> int:
        """Return how many requests and jobs wait, for each machine."""
        return len(self._stack.room.waiting()) // len(self._stack.machines)

    def _worded(self, thread: Thread | None) -> Asked:
        """Put the question of this number into words, a voice clip or an order for a picture, for this thread."""
        words, kind = question_text(self._number), self._random.random()
        if kind < CLIP:
            delay = self._random.choice(TRANSCRIBED)
            told = (None, 0.0) if delay is None else (words, delay)
            return Asked(sound=voice_clip(clip(self._number), "audio_message.wav", "audio/wav", *told))
        if kind < CLIP + PICTURE:
            orders = (ORDERS_ANEW if thread.has_picture else ORDERS_OF_THAT) if thread else ORDERS
            return Asked(self._random.choice(orders).format(words), wanted="picture")
        return Asked(words)

    def _post(self, asked: Asked, user: str, thread: Thread | None) -> Message:
        """Post a question in `thread`, with or without a mention, as a direct message or as a mention in a channel."""
        kind = self._random.random()
        if thread is not None:
            mention = "" if kind < UNMENTIONED else MENTION
            user = user if mention else thread.root.user
            place = {"channel": thread.root.channel, "thread_ts": thread.root.thread_ts or thread.root.ts}
        else:
            mention = "" if kind < DIRECTLY else MENTION
            place = {"channel": self._random.choice(CHANNELS) if mention else DIRECT}
            thread = Thread()
            self._threads.append(thread)
        text = f"{mention}{asked.text}"
        if asked.sound:
            message = self._stack.slack.share(user, text, [asked.sound], **place)
        else:
            message = self._stack.slack.say(user, text, **place)
        thread.messages.append(message)
        thread.has_picture |= asked.wanted == "picture"
        return message

    def _asker(self) -> str:
        return CROWD if self._random.random() < CROWD_SHARE else self._random.choice(OTHERS)

    def _open_thread(self, user: str) -> Thread | None:
        """Choose one of the last threads whose first question was stored; None if there is none.

        One that was only accepted may wait on one of several machines, and no other knows of the thread. A follow-up
        without a mention is a question in such a thread only. A thread is answered in order, so nobody else asks in the
        crowd's threads, nor the crowd in others'.
        """
        self._threads = self._threads[-40:]
        open_threads = [
            thread
            for thread in self._threads
            if self._is_stored(thread.root)
            and (thread.root.user == CROWD) == (user == CROWD)
            and len(thread.messages) < THREAD_LENGTH
        ]
        return self._random.choice(open_threads) if open_threads else None

    def _is_stored(self, message: Message) -> bool:
        key, room = f"{message.channel}-{message.ts}-{message.ts}", self._stack.room
        return key in room.seen_at or room.has("done", key)
