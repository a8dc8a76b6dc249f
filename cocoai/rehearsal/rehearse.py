"""Run the bot as in production, on this machine alone, against a practice Slack and a practice OpenAI.

    PracticeSlack ── events ─► nginx ─► the pool ─ TLS ─► PracticeOpenAI
          ▲ ▲                               └──── TLS ────────┐
          │ └─────────────────────────────────────────────────┘
         the page, for a person

Only Slack, OpenAI and the certificates are doubles; nginx, supervisor and the pool are what production has.
"""

from __future__ import annotations

import contextlib
import html
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from cocoai.errors import CocoAIError
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import DOCUMENT_EVENTS, DOCUMENT_SCOPES, EVENTS, SCOPES, SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage
from cocoai.rehearsal.wrong import WrongThing, play

FOLDER = "var/rehearsal"
"""The folder that takes the place of production's `var`."""

PATIENCE = 60.0
"""Seconds to wait for the first conversation."""

QUESTION = "<@U0COCOAI> 来週の定例の議題案を3つ出して"
ASKER = "U0ASKER01"

UNHURRIED = OpenAISwitches(first_delay=0.8, piece_delay=0.04)
"""Delays of a model that thinks for a moment and then writes, so that the reply is seen to grow."""


class Running(Protocol):
    """The production setup, ready for requests; `address` is the URL of nginx."""

    address: str


StartProduction = Callable[..., AbstractContextManager[Running]]
"""Starts nginx, supervisor and the pool; they are stopped when the context ends.

Its arguments are the path of `var`, `listen` (nginx's HOST:PORT) and `config` (the path of the settings file).
"""


@contextlib.contextmanager
def rehearsal(
    start: StartProduction,
    folder: Path,
    certificates: Certificates,
    slack: PracticeSlack,
    practice: PracticeOpenAI | None,
    *,
    listen: str,
) -> Iterator[Running]:
    """Start the production setup between these two servers, as a context manager; leaving it stops the setup.

    Write its settings into `folder`, subscribe it to all that the practice Slack sends, and yield it once it has
    answered Slack's url_verification. `practice` None uses the real OpenAI; `listen` is nginx's HOST:PORT. Raise
    `CocoAIError` if the setup cannot start or does not answer.
    """
    config = write_settings(folder, certificates, slack, practice)
    with start(str(folder), listen=listen, config=str(config)) as running:
        ours = f"{running.address}/slack"
        slack.subscribe(f"{ours}/events", f"{ours}/interactions", f"{ours}/commands")
        if not slack.verify_url():
            raise CocoAIError("the practice Slack's url_verification was not answered")
        yield running


def write_settings(
    folder: Path, certificates: Certificates, slack: PracticeSlack, practice: PracticeOpenAI | None
) -> Path:
    """Write the settings of this rehearsal into `folder/cocoai.ini`, replacing older ones, and return its path.

    They name the practice servers, their secrets and the authority to trust. With `practice` None they say nothing of
    OpenAI: its real address is the default, and the API key comes from the environment.
    """
    openai = f"base_url = {practice.base_url}\napi_key = {API_KEY}\nservice_tier = default\n" if practice else ""
    ca_file = certificates.ca_file if practice else trust_both(folder, certificates)
    file = folder / "cocoai.ini"
    # Readable by its owner only, as production's settings with their secrets are.
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as settings:
        settings.write(
            "; Written anew by each rehearsal. To try a setting, give it in the environment: COCOAI_POOL_SLOTS=1\n"
            f"[slack]\nsigning_secret = {slack.signing_secret}\nbot_token = {slack.token}\napi_url = {slack.api_url}\n"
            f"[openai]\n{openai}[paths]\nvar = .\n[network]\nca_file = {ca_file}\n"
        )
    return file


def trust_both(folder: Path, certificates: Certificates) -> Path:
    """Write the certificates of the practice authority and of all public ones into `folder/ca.pem`; return its path.

    Both are needed where the real OpenAI is used beside a practice Slack.
    """
    # Imported here, because only a rehearsal with the real OpenAI needs it.
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    bundle = folder / "ca.pem"
    bundle.write_bytes(Path(certificates.ca_file).read_bytes() + Path(DEFAULT_CA_BUNDLE_PATH).read_bytes())
    return bundle


def converse(slack: PracticeSlack, print_line: Callable[[str], None]) -> bool:
    """Mention the bot once in the practice Slack; print the question, the first reply and the answer as they come.

    Each is one call of `print_line`, with the seconds since the start. Return True after the answer; return False if
    the first reply, or after it the answer, takes longer than `PATIENCE`.
    """
    started = time.monotonic()

    def show(name: str, message: PracticeMessage) -> None:
        print_line(f"{time.monotonic() - started:6.2f} s  {name}: {readable(message.text)}")

    question = slack.say(ASKER, QUESTION)
    show("Asker", question)
    try:
        show("CocoAI", slack.wait_for(partial(replies, slack, question), PATIENCE)[0])
        show("CocoAI", slack.wait_for(partial(answered, slack, question), PATIENCE))
    except TimeoutError:
        return False
    return True


def readable(text: str) -> str:
    """Return Slack's text for a terminal: the bot's mention as `@CocoAI`, entities such as `&lt;` as characters."""
    return html.unescape(text.replace("<@U0COCOAI>", "@CocoAI").replace("\u200b", ""))


def replies(slack: PracticeSlack, question: PracticeMessage) -> tuple[PracticeMessage, ...]:
    """Return the replies in the question's thread, without the question, oldest first; empty if there are none."""
    return slack.thread(question.channel, question.ts)[1:]


def answered(slack: PracticeSlack, question: PracticeMessage) -> PracticeMessage | None:
    """Return the reply that holds the bot's answer, or None while there is none.

    The reply's metadata tells: its `kind` is `answer`, where a placeholder has another or none.
    """
    for message in replies(slack, question):
        payload = (message.metadata or {}).get("event_payload", {})
        if payload.get("kind") == "answer":
            return message
    return None


def _slack_with_secrets_of_its_own(certificates: Certificates) -> PracticeSlack:
    """Return a practice Slack whose token and signing secret are drawn for this rehearsal.

    Those in the source are known to everybody: with them any program that reaches nginx could ask the real OpenAI.
    """
    return PracticeSlack(
        certificates,
        token=f"xoxb-{secrets.token_hex(16)}",
        signing_secret=secrets.token_hex(16),
        switches=SlackSwitches(
            rate_limits=True, latency=0.1, scopes=SCOPES | DOCUMENT_SCOPES, events=EVENTS | DOCUMENT_EVENTS
        ),
    )


def rehearse(
    *,
    listen: str,
    port: int,
    published: bool = False,
    once: bool,
    openai: bool,
    up: StartProduction,
    wait: Callable[[], None],
    wrong: Sequence[WrongThing] = (),
) -> int:
    """Run `cocoai rehearse`: print one conversation with the bot, then serve the page until `wait` returns.

    `listen` is nginx's HOST:PORT, `port` the page's port (0: any free one), `published` lets other machines reach it.
    `up` starts the production setup. `once` ends after the conversation; `openai` asks the real OpenAI; the `wrong`
    things are played after the conversation. Return 0, the command's exit status. Raise `CocoAIError` if `openai` finds
    no API key in the environment, a part cannot start, or the bot does not answer.
    """
    if openai and not (os.environ.get("OPENAI_API_KEY") or os.environ.get("COCOAI_OPENAI_API_KEY")):
        raise CocoAIError("--openai needs OPENAI_API_KEY in the environment")

    def print_line(line: str) -> None:
        print(line, flush=True)

    folder = Path(FOLDER).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificates = make(folder / "certificates")
    with contextlib.ExitStack() as stack:
        slack = stack.enter_context(_slack_with_secrets_of_its_own(certificates))
        page = stack.enter_context(PracticePage(slack.page, port=port, published=published))
        practice = None if openai else stack.enter_context(PracticeOpenAI(certificates, switches=UNHURRIED))
        slack.page.books = practice.books if practice else None
        print_line("Starting nginx, supervisor and the pool between a practice Slack and OpenAI ...")
        # The context managers are left in reverse order: the pool ends before the servers that it talks to.
        stack.enter_context(rehearsal(up, folder, certificates, slack, practice, listen=listen))
        if not converse(slack, print_line):
            raise CocoAIError(f"no answer within {PATIENCE:g} s; the logs are in {FOLDER}/log")
        if wrong:
            switches = practice.switches if practice else None
            play(wrong, slack.switches, switches, print_line, str(folder / "cocoai.ini"))
        if not once:
            print_line(f"\nNow you: {page.url}  (Ctrl-C ends it)")
            wait()
    return 0
