"""Ask a server through the whole stack, and say what the asker read: nginx, the pool and the practice Slack as ever.

Each trial is a question, or a few in one thread. A reply that has not ended after `PATIENCE` is left as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.servers import samples
from cocoai.answer.failures import FOR_THE_ASKER
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from tests.deployment import Deployment, deploy, payload

PATIENCE = 90.0
"""Seconds until a reply must have ended: longer than the first retry takes, shorter than all of them."""
NOTICED = 10.0
"""Seconds in which a first piece of a long answer must come, so that it can be stopped."""

WINDOW = 2048
"""Tokens of the practice OpenAI's context window, for gateways."""
LETTERS = 4 * WINDOW
"""Tokens of the window where a model has about one a letter, as the tiny ones do."""
LONG = "".join(f"Item {number}: the pump in hall {number % 7} was checked and found in order. " for number in range(34))
"""About 2,000 characters: five of these do not fit into the window."""
TOO_LONG = LONG * 5

STOP, WRONG_KEY = "stop", "wrong key"
COUNT = "Count from 1 to 500, one number a line."
_UNTOLD = "answered, its end unknown"
ENDED = {"stopped": "stopped", "length": "answered, cut at the limit", "": _UNTOLD, "unknown": _UNTOLD}
"""What the table says for the `finish` of an `answer` fact."""
TOLD = {
    "context_length_exceeded": "told: too long",
    "attachment": "told: not with this file",
    "refused": "told: refused",
    "attempts": "told: tried in vain",
    "operator": "told: ask the operator",
    "busy": "told: busy",
}
"""What the table says for the code of an `error` fact; the asker reads a sentence."""


KEYLESS = "keyless"


@dataclass(frozen=True)
class Read:
    """What the asker read in the end: the `kind` of the reply, its whole `text`, and the job's last fact about it.

    `kind` is `placeholder` if the reply has not ended: then the fact says what it waits for.
    """

    kind: str
    text: str
    fact: Fact

    @property
    def cell(self) -> str:
        """Return this as a table's cell: no words, and an error's code only where the operator has to look."""
        reason = str(self.fact.get("reason") or self.fact.get("why") or "nothing is known")
        code = reason.removeprefix("OpenAI ").split(" ")[0] if reason.startswith("OpenAI ") else reason
        if self.kind == "answer":
            return ENDED.get(str(self.fact["finish"]), "answered")
        if self.kind == "error":
            told = TOLD.get(str(self.fact.get("code")), "told: sorry")
            return told if self.fact.get("code") in FOR_THE_ASKER else f"{told} ({code})"
        return "any key is taken" if self.kind == KEYLESS else f"no answer yet ({code})"

    @property
    def line(self) -> str:
        """Return the beginning and the end of the words, on one line."""
        words = " ".join(self.text.split())
        return words if len(words) <= 160 else f"{words[:100]} … {words[-50:]}"


NO_KEYS = Read(KEYLESS, "", {})
"""What stands for a wrong key where there is none."""


Trial = Callable[[Deployment], Read]


def plain(built: Deployment) -> Read:
    """Ask a short question."""
    return read(built, built.ask("What is the capital of France? Answer in one word."))


def japanese(built: Deployment) -> Read:
    """Ask a short question in Japanese, and for an emoji: characters of several bytes."""
    return read(built, built.ask("日本の首都はどこですか？一言で、絵文字を一つ添えて答えてください。"))


def long_thread(built: Deployment) -> Read:
    """Ask five long questions and a short one in one thread, which is then longer than the window."""
    first = built.ask(f"{LONG} In one word: is all in order?")
    read(built, first)
    for _ in range(4):
        read(built, built.ask(f"{LONG} And now?", thread_ts=first.ts))
    return read(built, built.ask("So, in one word?", thread_ts=first.ts))


def discussion(built: Deployment) -> Read:
    """Ask for the first time in a thread in which two people have written before."""
    first = built.slack.say("U0ASKER02", "The pump in hall 3 is loud again.")
    for user, text in (("U0ASKER01", "Since when?"), ("U0ASKER02", "Since Monday."), ("U0ASKER02", "It hums.")):
        built.slack.say(user, text, thread_ts=first.ts)
    built.slack.wait_for_deliveries()  # a message that arrives behind the mention would be a question itself
    return read(built, built.ask("What may it be? In one word.", thread_ts=first.ts))


def too_long(built: Deployment) -> Read:
    """Ask a question that alone is longer than the window."""
    return read(built, built.ask(f"{TOO_LONG} Is all in order?"))


def picture(built: Deployment) -> Read:
    """Ask about a picture."""
    return _share(built, PracticeFile("square.png", "image/png", samples.png()))


def pdf(built: Deployment) -> Read:
    """Ask about a PDF."""
    return _share(built, PracticeFile("page.pdf", "application/pdf", samples.pdf()))


def _share(built: Deployment, file: PracticeFile) -> Read:
    return read(built, built.slack.share("U0ASKER01", "<@U0COCOAI> What is this? In one word.", [file]))


def stop(built: Deployment) -> Read:
    """Ask for a long answer and press *Stop* once it grows."""
    question = built.ask(COUNT)
    with suppress(TimeoutError):
        growing = built.slack.wait_for(partial(_growing, built, question), NOTICED)
        with suppress(ValueError):  # it has ended meanwhile
            built.slack.click("U0ASKER01", growing.channel, growing.ts, "cocoai_stop")
    return read(built, question)


def _growing(built: Deployment, question: Message) -> Message | None:
    """Return the reply once it has words of the answer or is over."""
    for reply in built.replies(question)[:1]:
        if reply.text != ENGLISH.placeholder:
            return reply
    return None


TRIALS: Mapping[str, Trial] = {
    "plain": plain,
    "japanese": japanese,
    "discussion": discussion,
    "long thread": long_thread,
    "too long": too_long,
    "picture": picture,
    "PDF": pdf,
    STOP: stop,
    WRONG_KEY: plain,
}
"""What is asked, in the order of the table. The wrong key is a setting: the question is the plain one."""


def read(built: Deployment, question: Message) -> Read:
    """Wait until the reply to `question` has ended, and return what stands there then."""
    with suppress(TimeoutError):
        built.slack.wait_for(lambda: _has_ended(built, question) or None, PATIENCE)
    replies = built.replies(question)
    told = (fact for fact in reversed(_facts(built, question)) if fact.get("fact") in ("answer", "error", "retry"))
    kind = str(payload(replies[0])["kind"]) if replies else "nothing"
    return Read(kind, "\n".join(reply.text for reply in replies), next(told, {}))


def _has_ended(built: Deployment, question: Message) -> bool:
    replies = built.replies(question)
    return bool(replies) and payload(replies[0])["kind"] in ("answer", "error")


def _facts(built: Deployment, question: Message) -> list[Fact]:
    """Return what the spool has of this question, wherever its job lies."""
    key = Key.parse(f"{question.channel}-{question.thread_ts or question.ts}-{question.ts}")
    for folder in ("done", "failed", "ready"):
        if key in built.spool.keys(folder):
            return list(built.spool.peek(folder, key))
    return []


def ask_all(
    folder: Path, certificates: Certificates, names: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, Read]:
    """Deploy the stack with these settings and run the trials of these names; return what was read in each."""
    found: dict[str, Read] = {}
    with deploy(folder, certificates, COCOAI_SLACK_UPDATE_INTERVAL="0.5", **settings) as built:
        for name in names:
            found[name] = TRIALS[name](built)
            print(f"{name}: {found[name].kind}: {found[name].line}", file=sys.stderr, flush=True)
    return found
