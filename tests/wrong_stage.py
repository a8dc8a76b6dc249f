"""Stage: a deployment on which wrong settings are played, and all that an asker and an operator see of them.

The pool stands behind the production site, as Slack finds it. What takes minutes is looked at with the task's own
function: the pool's look at itself, and the direct message about a trouble that has lasted.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from cocoai import config, last_check
from cocoai.answer.trouble_notices import LASTING, TroubleNotices
from cocoai.check.look import everything, from_the_pool
from cocoai.check.result import Finding
from cocoai.check.target import Target, find_target
from cocoai.check.words.english import ENGLISH
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.engine.process.replace_file import CachedFile
from cocoai.engine.process.scoreboard_snapshot import read_snapshot
from cocoai.errors import COUNTERS
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import TOKEN
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.thread.user_names import UserNames
from cocoai.status.status import as_json, collect
from cocoai.texts import LANGUAGES, TextsByLanguage
from cocoai.troubles.store import FOLDER, Troubles
from tests.deployment import Deployment, deploy, payload
from tests.http_client import request
from tests.options import options
from tests.processes import wait_until
from tests.volley import FrontDoor, person, production_site, subscribe

OPERATOR = "U0ASKER02"

Settings = Mapping[str, Mapping[str, str]]


@dataclass
class Stage:
    """A running deployment behind the production site. `url` is the address that is checked, "" for the site's own.

    `thread` is a question that was answered while all was well; `waiting` are the questions that wait for Slack,
    `retried` those that OpenAI is asked again in a while.
    """

    built: Deployment
    door: FrontDoor
    usual: str
    thread: Message
    url: str = ""
    settings: Settings = field(default_factory=dict)
    waiting: list[Message] = field(default_factory=list)
    retried: list[Message] = field(default_factory=list)
    people: int = 0

    @property
    def file(self) -> Path:
        """Return the settings file."""
        return self.built.var / "cocoai.ini"

    @property
    def troubles(self) -> Troubles:
        """Return the troubles of the pool."""
        return Troubles(str(self.built.var))

    def new_person(self) -> str:
        """Return the id of a person who has asked nothing yet."""
        self.people += 1
        return person(self.built, self.people)

    def come_back(self) -> None:
        """Let Slack deliver at the production site."""
        subscribe(self.built, self.door)

    # the settings

    def configure(self, settings: Settings) -> None:
        """Let the pool run with these changes of the settings; reload it if it has others."""
        if settings != self.settings:
            self.write(settings)
            self.reload()
            self.settings = settings

    def reload(self) -> None:
        """Let the pool read its settings again; wait until it has."""
        before = self._reloaded()
        self.hang_up()
        wait_until(lambda: self._reloaded() != before)

    def write(self, settings: Settings) -> None:
        """Write the settings with these changes; the pool is not told."""
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(self.usual)
        for section, keys in settings.items():
            parser.read_dict({section: keys})
        with self.file.open("w") as file:
            parser.write(file)

    def hang_up(self) -> None:
        """Tell the pool to read its settings again."""
        os.kill(self.built.pool_pid(), signal.SIGHUP)

    def _reloaded(self) -> float:
        settings = config.read(str(self.file), {})
        with suppress(OSError, ValueError):
            return read_snapshot(settings.paths.scoreboard, slots=settings.pool.slots, reasons=COUNTERS).reloaded
        return 0.0

    # what an asker sees

    def texts_below(self, question: Message) -> list[str]:
        """Return what stands of ours below a question, oldest first."""
        return [f"{message.text}{message.blocks}" for message in self.built.replies(question)]

    def is_answered(self, question: Message) -> bool:
        """Check whether the answer stands below a question."""
        return any(payload(message)["kind"] == "answer" for message in self.built.replies(question))

    def whispers_to(self, question: Message) -> list[str]:
        """Return the ephemeral messages to whoever has asked."""
        shown = self.built.slack.ephemeral_messages(question.channel)
        return [message.text for message in shown if message.only_for == question.user]

    def directs_after(self, question: Message) -> list[str]:
        """Return our direct messages behind a question that is one itself, without those about a question."""
        if not question.channel.startswith("D"):
            return []
        behind = [each for each in self.built.slack.messages(question.channel) if each.ts > question.ts]
        return [message.text for message in behind if message.user == "U0COCOAI" and not payload(message).get("key")]

    def is_kept(self, question: Message) -> bool:
        """Check whether the question is in the spool, and waits for its answer."""
        key = f"{question.channel}-{question.thread_ts or question.ts}-{question.ts}"
        return any(str(each) == key for each in self.built.spool.keys("ready"))

    def finish(self) -> None:
        """Wait until every question is answered that was not refused for good."""
        self.waiting += self.retried
        self.retried.clear()
        self.settle()

    def settle(self) -> None:
        """Wait until all that waits for Slack is answered; after a reload what Slack has refused is tried at once."""
        if len(self.waiting) > 1:
            self.reload()
        for question in self.waiting:
            wait_until(partial(self.is_answered, question))
        self.waiting.clear()

    # what an operator sees

    def target(self) -> Target:
        """Return what `cocoai check` looks at."""
        trouble, settings = "", None
        try:
            settings = config.read(str(self.file), {})
        except config.SettingsError as error:
            trouble = str(error)
        return find_target(settings, str(self.file), trouble=trouble, url=self.url or self.door.url)

    def check(self, *, ask: bool = False) -> list[Finding]:
        """Return what `cocoai check` finds that is a warning or wrong."""
        found = [ENGLISH.finding(each) for each in everything(self.target(), ask=ask)]
        return [each for each in found if each.level in ("warning", "wrong")]

    def look(self) -> None:
        """Let the pool look at itself: what it finds is kept, as after a minute, where the status reads it.

        An installed pool knows its public address; this one is told it.
        """
        found = [ENGLISH.finding(each) for each in from_the_pool(self.target())]
        kept = [asdict(each) for each in found if each.level in ("warning", "wrong")]
        CachedFile(str(self.built.var / last_check.FILE)).write_json({"at": time.time(), "findings": kept})

    def status(self) -> dict[str, Any]:
        """Return what `cocoai status --json` prints: read in this process, which costs less."""
        shown = as_json(collect(config.read_for_a_look(str(self.file), {})))
        return dict(json.loads(json.dumps(shown)))

    def health(self) -> str:
        """Return what /healthz says."""
        return request(self.built.address, "GET", "/healthz")[1].decode().strip()

    def told(self, ahead: float = LASTING + 60) -> str:
        """Return the direct message that an operator has of the troubles once they have lasted; "" if there is none.

        It is written for a copy of the troubles, with a clock that is ahead.
        """
        with tempfile.TemporaryDirectory() as folder:
            with suppress(FileNotFoundError):
                shutil.copytree(self.built.var / FOLDER, Path(folder, FOLDER))
            client = DirectClient(tls_context(config.read(str(self.file), {}).network.ca_file))
            slack = SlackChat(client, api_url=self.built.slack.api_url, token=TOKEN, patience=3.0)
            notices = TroubleNotices(
                Troubles(folder),
                options(phrases=TextsByLanguage(LANGUAGES, "auto"), operators=frozenset({OPERATOR})),
                slack,
                UserNames(os.path.join(folder, "people"), slack.user_name, lambda _: "en"),
                lambda: 0,
                clock=lambda: time.time() + ahead,
            )
            before = len(self._sent_to_operator())
            notices.tell()
            client.close()
            said = self._sent_to_operator()[before:]
        return "\n".join(said)

    def _sent_to_operator(self) -> list[str]:
        calls = [call for call in self.built.slack.calls if call.method == "chat.postMessage" and call.outcome == "ok"]
        return [str(call.arguments["text"]) for call in calls if call.arguments["channel"] == OPERATOR]

    def forget(self) -> None:
        """End all troubles, as after a repair, and take away what the pool has found of itself."""
        for trouble in self.troubles.all():
            self.troubles.over(trouble.source)
        (self.built.var / last_check.FILE).unlink(missing_ok=True)


@contextmanager
def stage(folder: Path, certificates: Certificates) -> Iterator[Stage]:
    """Start a deployment in a folder with a short path, ask one question, and yield the stage."""
    var, site = folder / "var", folder / "site"
    var.mkdir()
    site.mkdir()
    with deploy(var, certificates) as built, production_site(built, site) as door, trusting(door.ca_file):
        built.slack.switches.retry_waits = ()  # Slack's first redelivery alone would be waited for
        question = built.ask("これは何ですか")
        built.answer_to(question)
        made = Stage(built, door, (var / "cocoai.ini").read_text(), question)
        yield made


@contextmanager
def trusting(bundle: str) -> Iterator[None]:
    """Trust nginx's certificate as if it came from a public authority."""
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = bundle
    try:
        yield
    finally:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before
