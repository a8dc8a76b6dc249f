"""The whole house for a test: nginx, supervisor and the pool from the files in etc/, between the practice servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import rehearsal
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.spool import Spool
from cocoai.up import Up
from tests.processes import PATIENCE, free_port, is_held


@dataclass
class House:
    """A running house. `address` is nginx's."""

    var: Path
    address: str
    slack: PracticeSlack
    openai: PracticeOpenAI
    up: Up

    @property
    def spool(self) -> Spool:
        return Spool(str(self.var))

    def ask(self, text: str, **where: str) -> Message:
        """Mention CocoAI in the channel, or say it elsewhere."""
        return self.slack.say("U0ASKER01", f"<@U0COCOAI> {text}", **where)

    def replies(self, to: Message) -> list[Message]:
        """Our messages that bear this question's key, oldest first."""
        thread_ts = to.thread_ts or to.ts
        key = f"{to.channel}-{thread_ts}-{to.ts}"
        return [message for message in self.slack.thread(to.channel, thread_ts) if payload(message).get("key") == key]

    def answer_to(self, question: Message, patience: float = PATIENCE) -> Message:
        """Wait for the reply to be the whole answer, and the job to be done."""

        def answered() -> Message | None:
            found = [message for message in self.replies(question) if payload(message)["kind"] == "answer"]
            return found[0] if found else None

        return self.slack.wait_for(answered, patience)

    def pool_pid(self) -> int:
        """The master's pid, as supervisor knows it."""
        return next(int(it["pid"]) for it in self.up.programs() if it["name"] == "cocoai")

    def log(self) -> str:
        return (self.var / "log" / "cocoai.log").read_text()

    def held_locks(self) -> list[str]:
        """The slots and the usher's lock, as far as some process holds them now."""
        return [
            path.name for path in sorted((self.var / "locks").iterdir()) if path.name != "put.lock" and is_held(path)
        ]


def payload(message: Message) -> dict[str, object]:
    """What our metadata says of a message; empty for people's."""
    return dict((message.metadata or {}).get("event_payload", {}))


@contextmanager
def house(
    folder: Path,
    certificates: Certificates,
    *,
    manner: SlackSwitches | None = None,
    openai: Callable[[Certificates], PracticeOpenAI] = PracticeOpenAI,
    entry: str = "",
    **environ: str,
) -> Iterator[House]:
    """A house in `folder` (a short path: sockets lie in it), with settings from `environ` (COCOAI_SECTION_KEY).

    `entry` is the script that supervisor starts in cocoai.fcgi's place, if any.
    """
    raised: list[Up] = []
    # Two houses may stand at once, and the status page's port is one.
    quiet = {"COCOAI_POOL_STATUS_LISTEN": "off"}

    def raise_up(var: str, *, listen: str, config: str) -> Up:
        raised.append(Up(var, listen=listen, config=config, entry=entry, environ=dict(os.environ) | quiet | environ))
        return raised[0]

    with ExitStack() as stack:
        slack = stack.enter_context(PracticeSlack(certificates, switches=manner))
        practice = stack.enter_context(openai(certificates))
        listen = f"127.0.0.1:{free_port()}"
        running = stack.enter_context(rehearsal(raise_up, folder, certificates, slack, practice, listen=listen))
        yield House(folder, running.address, slack, practice, raised[0])
