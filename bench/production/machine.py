"""Machine: a bare root with CocoAI installed in it, between the practice Slack and OpenAI that run here."""

from __future__ import annotations

import contextlib
import json
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.roots.root import HOME, Result, Root
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import payload

DOMAIN = "cocoai.example.com"
CHECKOUT = Path(__file__).parent.parent.parent

REDELIVERIES = (0.0, 5.0, 20.0)
"""Seconds before Slack's redeliveries; Slack's own are 0, 60 and 300."""

ANSWER_SECONDS = 4.0
"""How long the model writes an answer."""

PATIENCE = 120.0


@dataclass
class Machine:
    """A root, and the practice servers that it talks to. `typed` are the commands that were typed in it."""

    root: Root
    slack: PracticeSlack
    openai: PracticeOpenAI
    certificates: Certificates
    folder: Path
    domain: str = DOMAIN
    id: str = "cocoai"
    typed: list[str] = field(default_factory=list)
    pip: dict[str, str] = field(default_factory=dict)
    """Variables for pip, by which it takes packages that were fetched before."""

    def type(self, command: str, *, timeout: float = 900) -> Result:
        """Type a command in the root, as an operator would; it must succeed."""
        self.typed.append(command)
        return self.root.run(command, check=True, timeout=timeout)

    def copy_checkout(self, checkout: Path = CHECKOUT) -> None:
        """Clone a checkout, and put it where the operator's own lies: it stands for `git clone`."""
        clone = self.folder / "cocoai"
        subprocess.run(["rm", "-rf", str(clone)], check=True)
        subprocess.run(["git", "clone", "-q", str(checkout), str(clone)], check=True)
        self.root.run("rm -rf cocoai", check=True)
        self.root.copy_in(clone, HOME)

    def fetch_packages(self) -> None:
        """Fetch what pip will need, once: a part that installs many times must not ask the registry each time."""
        pip = "python3 -m venv fetching && fetching/bin/pip"
        self.root.run(f"{pip} download -q -d wheels setuptools wheel 'cocoai/[ops]'", check=True)
        self.root.run("rm -rf fetching cocoai/build cocoai/*.egg-info", check=True)
        self.pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{HOME}/wheels"}

    def install(self, *options: str) -> Result:
        """Type bin/install, with the secrets in the environment."""
        return self.type(self.command(*options))

    def command(self, *options: str) -> str:
        """Return the line that one types to install, with the secrets in the environment."""
        secrets = {
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "SLACK_BOT_TOKEN": self.slack.token,
            "OPENAI_API_KEY": API_KEY,
        }
        variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in {**secrets, **self.pip}.items())
        return f"{variables} cocoai/bin/install {' '.join(options)}"

    def use_practice_servers(self) -> None:
        """Name the practice servers in the settings, let the pool take them over, and tell Slack the address."""
        authority = f"/etc/{self.id}/practice.pem"
        self.root.copy_in(Path(self.certificates.ca_file), authority)
        settings = f"/etc/{self.id}/cocoai.ini"
        changes = {
            "api_url": self.slack.api_url,
            "base_url": self.openai.base_url,
            "ca_file": authority,
            "service_tier": "default",
            "questions_per_minute": "0",
        }
        script = ";".join(f"s|^#{key} =.*|{key} = {value}|" for key, value in changes.items())
        self.root.run(f"chmod 644 {authority}; sed -i '{script}' {settings}; systemctl reload {self.id}", check=True)
        trusted = self.folder / f"{self.domain}.pem"
        trusted.write_bytes((self.root.tree / f"etc/{self.id}/tls/fullchain.pem").read_bytes())
        address = f"https://{self.domain}/slack"
        self.slack.subscribe(f"{address}/events", f"{address}/interactions", ca_file=str(trusted))

    def ask(self, number: int) -> Message:
        """Mention CocoAI with a question."""
        return self.slack.say("U0ASKER01", f"<@U0COCOAI> What costs what, number {number}?")

    def answers(self, question: Message) -> list[Message]:
        """Return the whole answers that stand in a question's thread."""
        found = self.slack.thread(question.channel, question.ts)
        return [message for message in found if payload(message).get("kind") == "answer"]

    def placeholders(self, question: Message) -> list[Message]:
        """Return what stands of ours in a question's thread."""
        return [message for message in self.slack.thread(question.channel, question.ts) if payload(message)]

    def await_answer(self, question: Message) -> None:
        """Wait until a question is answered."""
        self.slack.wait_for(lambda: self.answers(question) or None, PATIENCE)

    def status(self) -> dict[str, object]:
        """Return what `cocoai status --json` says; {} if it says nothing."""
        result = self.root.run(f"{self.id} status --json --config /etc/{self.id}/cocoai.ini")
        with contextlib.suppress(ValueError):
            return dict(json.loads(result.output))
        return {}


@contextmanager
def bare_machine(
    release: str, roots: Path, folder: Path, *, domain: str = DOMAIN, name: str = "production"
) -> Iterator[Machine]:
    """Yield a bare, booted root of this Debian beside practice servers, with nothing of CocoAI in it."""
    certificates = make(folder / "certificates")
    slow = OpenAISwitches(pieces=20, piece_delay=ANSWER_SECONDS / 20)
    with ExitStack() as stack:
        slack = stack.enter_context(PracticeSlack(certificates, switches=SlackSwitches(retry_waits=REDELIVERIES)))
        openai = stack.enter_context(PracticeOpenAI(certificates, switches=slow))
        Root(f"{name}-{release}", roots).remove()  # of a run that was killed
        root = stack.enter_context(Root.create(release, roots, f"{name}-{release}"))
        with open(root.tree / "etc/hosts", "a", encoding="ascii") as hosts:
            hosts.write(f"127.0.0.1 {domain} qa.{domain}\n")
        root.boot()
        for server in (slack, openai):
            root.share_port(server.port)
        stack.enter_context(_names(root, domain))
        yield Machine(root, slack, openai, certificates, folder, domain)


@contextmanager
def _names(root: Root, domain: str) -> Iterator[None]:
    """Let this process find the root by its name, as DNS would, as a context manager."""
    look_up = socket.getaddrinfo

    def found(host: str, *rest: object, **more: object) -> object:
        return look_up(root.address if host in (domain, f"qa.{domain}") else host, *rest, **more)  # type: ignore[arg-type]

    socket.getaddrinfo = found  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = look_up


def seconds_since(began: float) -> str:
    """Return the seconds since a moment of the monotonic clock, for a table."""
    return f"{time.monotonic() - began:.1f}"
