"""The rehearsal: the production shape against a practice Slack and OpenAI, on this machine alone.

    PracticeSlack ── events ─► nginx ─► the pool ─ TLS ─► PracticeOpenAI
          ▲ ▲                               └──── TLS ────────┐
          │ └─────────────────────────────────────────────────┘
         the page, for a person

Only the two other sides and the certificates are practice; nginx, supervisor and the pool are what production has.
"""

from __future__ import annotations

import contextlib
import html
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from cocoai.errors import CocoAIError
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.manner import Manner as Model
from cocoai.rehearsal.openai.practice import API_KEY, PracticeOpenAI
from cocoai.rehearsal.page.page import PracticePage
from cocoai.rehearsal.slack.manner import Manner
from cocoai.rehearsal.slack.practice import SIGNING_SECRET, TOKEN, PracticeSlack
from cocoai.rehearsal.slack.workspace import Message

FOLDER = "var/rehearsal"
"""Where a rehearsal keeps what production keeps in `var`."""

PATIENCE = 60.0
"""Seconds for the first conversation."""

QUESTION = "<@U0COCOAI> CocoAIでは何ができますか？"
ASKER = "U0ASKER01"

UNHURRIED = Model(first_delay=0.8, piece_delay=0.04)
"""A model that thinks for a moment and then writes: so that the reply is seen to grow."""


class Running(Protocol):
    """The production shape, ready: `address` is nginx's."""

    address: str


Raise = Callable[..., AbstractContextManager[Running]]
"""Makes the production shape out of `var`, `listen` and `config`; it stands as long as the context."""


@contextlib.contextmanager
def rehearsal(
    raise_up: Raise,
    folder: Path,
    certificates: Certificates,
    slack: PracticeSlack,
    practice: PracticeOpenAI | None,
    *,
    listen: str,
) -> Iterator[Running]:
    """The production shape between these two, ready, with Slack's check of its address passed. Raises CocoAIError."""
    config = write_settings(folder, certificates, slack, practice)
    with raise_up(str(folder), listen=listen, config=str(config)) as running:
        slack.subscribe(f"{running.address}/slack/events", f"{running.address}/slack/interactions")
        if not slack.verify_url():
            raise CocoAIError("the practice Slack's url_verification was not answered")
        yield running


def write_settings(
    folder: Path, certificates: Certificates, slack: PracticeSlack, practice: PracticeOpenAI | None
) -> Path:
    """The settings of this rehearsal; without a practice OpenAI the real one's key comes from the environment."""
    openai = f"base_url = {practice.base_url}\napi_key = {API_KEY}\n" if practice else ""
    ca_file = certificates.ca_file if practice else trust_both(folder, certificates)
    file = folder / "cocoai.ini"
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as settings:
        settings.write(
            "; Written anew by each rehearsal. To try a setting, give it in the environment: COCOAI_POOL_SLOTS=1\n"
            f"[slack]\nsigning_secret = {SIGNING_SECRET}\nbot_token = {TOKEN}\napi_url = {slack.api_url}\n"
            f"[openai]\n{openai}[paths]\nvar = .\n[network]\nca_file = {ca_file}\n"
        )
    return file


def trust_both(folder: Path, certificates: Certificates) -> Path:
    """A bundle of the practice authority and the world's: the real OpenAI beside a practice Slack."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    bundle = folder / "ca.pem"
    bundle.write_bytes(Path(certificates.ca_file).read_bytes() + Path(DEFAULT_CA_BUNDLE_PATH).read_bytes())
    return bundle


def converse(slack: PracticeSlack, say: Callable[[str], None]) -> bool:
    """One mention, shown as it is answered. True if it was."""
    began = time.monotonic()

    def show(who: str, message: Message) -> None:
        say(f"{time.monotonic() - began:6.2f} s  {who}: {readable(message.text)}")

    question = slack.say(ASKER, QUESTION)
    show("Asker", question)
    try:
        show("CocoAI", slack.wait_for(lambda: replies(slack, question), PATIENCE)[0])
        show("CocoAI", slack.wait_for(lambda: answered(slack, question), PATIENCE))
    except TimeoutError:
        return False
    return True


def readable(text: str) -> str:
    """Slack's text for a terminal: the mention by its name, the entities as characters."""
    return html.unescape(text.replace("<@U0COCOAI>", "@CocoAI").replace("\u200b", ""))


def replies(slack: PracticeSlack, question: Message) -> tuple[Message, ...]:
    """What has been said under the question so far."""
    return slack.thread(question.channel, question.ts)[1:]


def answered(slack: PracticeSlack, question: Message) -> Message | None:
    """The first reply, once it is the answer."""
    for message in replies(slack, question):
        payload = (message.metadata or {}).get("event_payload", {})
        if payload.get("kind") == "answer":
            return message
    return None


def rehearse(*, listen: str, port: int, once: bool, openai: bool, up: Raise, wait: Callable[[], None]) -> int:
    """`cocoai rehearse`: the first conversation in the terminal, then the page until `wait` returns. 0 if answered."""
    if openai and not (os.environ.get("OPENAI_API_KEY") or os.environ.get("COCOAI_OPENAI_API_KEY")):
        raise CocoAIError("--openai needs OPENAI_API_KEY in the environment")

    def say(line: str) -> None:
        print(line, flush=True)

    folder = Path(FOLDER).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificates = make(folder / "certificates")
    with contextlib.ExitStack() as stack:
        slack = stack.enter_context(PracticeSlack(certificates, manner=Manner(rate_limits=True, latency=0.1)))
        page = stack.enter_context(PracticePage(slack.page, port=port))
        practice = None if openai else stack.enter_context(PracticeOpenAI(certificates, manner=UNHURRIED))
        say("Starting nginx, supervisor and the pool between a practice Slack and OpenAI ...")
        stack.enter_context(rehearsal(up, folder, certificates, slack, practice, listen=listen))
        if not converse(slack, say):
            raise CocoAIError(f"no answer within {PATIENCE:g} s; the logs are in {FOLDER}/log")
        if not once:
            say(f"\nNow you: {page.url}  (Ctrl-C ends it)")
            wait()
    return 0
