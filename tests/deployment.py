"""A whole deployment for tests: nginx, supervisor and the pool from the files in etc/, between the practice servers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cocoai.config.settings import settings_of
from cocoai.config.store_settings import parse_address
from cocoai.engine.client.tls import tls_context
from cocoai.ledger.database import FILE, SqliteStore
from cocoai.ledger.store import LedgerStore
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import rehearsal
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.spool import Spool
from cocoai.up import Up
from tests.processes import PATIENCE, free_port, is_held

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB


@dataclass
class Deployment:
    """A running deployment. `var` is its folder; `address` is nginx's URL, `database` that of its store, if any.

    `ca_file` is the authority that it trusts.
    """

    var: Path
    address: str
    slack: PracticeSlack
    openai: PracticeOpenAI
    up: Up
    database: str = ""
    ca_file: str = ""

    @property
    def spool(self) -> Spool:
        """Return the deployment's spool."""
        if not self.database:
            return FileSpool(str(self.var))
        from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool

        return MariaDBSpool(self._mariadb, str(self.var))

    @property
    def ledger_store(self) -> LedgerStore:
        """Return what keeps the deployment's ledger."""
        if not self.database:
            return SqliteStore(str(self.var / FILE))
        from cocoai.ledger.mariadb import MariaDBStore

        return MariaDBStore(self._mariadb)

    def close(self) -> None:
        """Close the connection to the database, if there is one."""
        if "_mariadb" in vars(self):
            self._mariadb.close()

    @cached_property
    def _mariadb(self) -> MariaDB:
        from cocoai.engine.mariadb.mariadb import MariaDB

        address = parse_address(self.database)
        return MariaDB(address, tls_context(self.ca_file) if address.has_tls else None)

    def ask(self, text: str, **where: str) -> Message:
        """Mention CocoAI with this text, in C0PRACTICE unless `where` names another `channel` or `thread_ts`."""
        return self.slack.say("U0ASKER01", f"<@U0COCOAI> {text}", **where)

    def replies(self, to: Message) -> list[Message]:
        """Return the messages whose metadata has this question's key, oldest first."""
        key = f"{to.channel}-{to.thread_ts or to.ts}-{to.ts}"
        return [message for message in self.slack.messages(to.channel) if payload(message).get("key") == key]

    def pictures(self, question: Message) -> list[PracticeFile]:
        """Return the files of CocoAI's own in the question's thread, oldest first."""
        thread = self.slack.thread(question.channel, question.thread_ts or question.ts)
        return [file for each in thread for file in each.files if file.name.startswith("cocoai-")]

    def answer_to(self, question: Message, patience: float = PATIENCE) -> Message:
        """Wait until the reply is the whole answer; return its first message."""
        return self.slack.wait_for(partial(self._answer, question), patience)

    def _answer(self, question: Message) -> Message | None:
        answers = [message for message in self.replies(question) if payload(message)["kind"] == "answer"]
        return answers[0] if answers else None

    def pool_pid(self) -> int:
        """Return the master's pid, as supervisor reports it; 0 while it is not running."""
        return next(int(program["pid"]) for program in self.up.programs() if program["name"] == "cocoai")

    def log(self) -> str:
        """Return the pool's log so far. supervisord copies each line into it, so the newest may come a moment later."""
        return (self.var / "log" / "cocoai.log").read_text()

    def status(self) -> dict[str, Any]:
        """Return what `cocoai status --json` prints about this pool."""
        command = [sys.executable, "-m", "cocoai", "status", "--json", "--config", str(self.var / "cocoai.ini")]
        environ = {**os.environ, "COCOAI_STORE_URL": self.database} if self.database else None
        run = subprocess.run(command, check=True, capture_output=True, timeout=60, env=environ)
        shown: dict[str, Any] = json.loads(run.stdout)
        return shown

    def held_locks(self) -> list[str]:
        """Return the names of the slots, and of the placeholder process's lock, that some process holds now."""
        others = ("put.lock", "index.lock")
        return [
            path.name for path in sorted((self.var / "locks").iterdir()) if path.name not in others and is_held(path)
        ]


def payload(message: Message) -> dict[str, object]:
    """Return the payload of the metadata that CocoAI gave a message; {} for a person's message."""
    return dict((message.metadata or {}).get("event_payload", {}))


def known(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave out the settings (COCOAI_SECTION_KEY) that this package does not have.

    bench.beside runs these files with an older one, which refuses names that it does not know.
    """
    split = {name: name.lower().split("_", 2) for name in variables}
    return {name: variables[name] for name, (_, section, key) in split.items() if key in settings_of(section)}


@contextmanager
def deploy(
    folder: Path,
    certificates: Certificates,
    *,
    manner: SlackSwitches | None = None,
    openai: Callable[[Certificates], PracticeOpenAI] = PracticeOpenAI,
    entry: str = "",
    more: str = "",
    **environ: str,
) -> Iterator[Deployment]:
    """Start a deployment in `folder`, yield it, and stop it when the context ends.

    `environ` holds settings as environment variables (COCOAI_SECTION_KEY); `manner` are the practice Slack's switches;
    `openai` makes the practice OpenAI; `entry` is the script that supervisor starts in place of cocoai.fcgi, if any;
    `more` are lines for the end of the settings file.
    """
    # `folder` has to be short: the path of a Unix socket in it may have 107 bytes.
    started: list[Up] = []
    defaults = {
        # Two deployments may run at once, but the port of the status page can be taken only once.
        "COCOAI_POOL_STATUS_LISTEN": "off",
        # Its calls of the practice servers would stand among those that a test counts.
        "COCOAI_POOL_SELF_CHECK": "off",
        # One asker asks all questions of a test.
        "COCOAI_BUDGET_QUESTIONS_PER_MINUTE": "0",
    }

    def start(var: str, *, listen: str, config: str) -> Up:
        variables = dict(os.environ) | known(defaults) | environ
        with open(config, "a", encoding="utf-8") as settings:
            settings.write(more)
        started.append(Up(var, listen=listen, config=config, entry=entry, environ=variables))
        return started[0]

    with ExitStack() as stack:
        slack = stack.enter_context(PracticeSlack(certificates, switches=manner))
        practice = stack.enter_context(openai(certificates))
        listen = f"127.0.0.1:{free_port()}"
        running = stack.enter_context(rehearsal(start, folder, certificates, slack, practice, listen=listen))
        database = environ.get("COCOAI_STORE_URL", "")
        deployment = Deployment(folder, running.address, slack, practice, started[0], database, certificates.ca_file)
        stack.callback(deployment.close)
        yield deployment
