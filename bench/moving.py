"""From files into MariaDB and back with questions in flight: whether any is lost, asked twice, or out of order.

    python -m bench.moving [--questions 500]      about 4 minutes

A pool in the production shape takes the questions from the practice Slack, in threads of five. It is stopped while
answers are being written, `cocoai store move` is run as docs/store.md says, and it is started on the database; with
half of all answered it is stopped again, and all is moved back. While it is stopped others ask, whom Slack delivers
again. It ends with an error if anything is lost or doubled, a thread is out of order, or ledger and bills differ.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cocoai import config
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.ledger.calendar import read_calendar
from cocoai.ledger.summary import read_summary
from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.store.schema import migrate
from cocoai.stores import ledger_store
from tests.deployment import Deployment, deploy, payload
from tests.mariadb.server import Server, new_data
from tests.processes import wait_until

IN_A_THREAD = 5

MEANWHILE = 10
"""Questions that are asked while the pool is stopped, each time."""

PATIENCE = 600.0


@dataclass
class Asked:
    """The questions in the order in which they were asked, and the numbers of those that the model was asked."""

    built: Deployment
    questions: list[Message] = field(default_factory=list)
    of_model: list[int] = field(default_factory=list)

    def ask(self, number: int) -> None:
        """Ask so many questions, the first of each thread and then its others."""
        for _ in range(number):
            index = len(self.questions)
            first = self.questions[index - index % IN_A_THREAD] if index % IN_A_THREAD else None
            where = {"thread_ts": first.ts} if first else {}
            self.questions.append(self.built.ask(f"number {index}?", **where))

    def answer(self, text: str) -> str:
        """Return the model's answer, and note the number of the question."""
        number = int(re.findall(r"number (\d+)\?", text)[-1])
        self.of_model.append(number)
        return f"Answer {number}."

    def is_answered(self, number: int) -> bool:
        """Check whether at least so many have their answers in Slack."""
        return sum(1 for each in self.built.slack.messages() if payload(each).get("kind") == "answer") >= number

    def faults(self) -> list[str]:
        """Return what is wrong at the end."""
        found = []
        for number, question in enumerate(self.questions):
            texts = [each.text for each in self.built.replies(question)]
            if len(texts) != 1 or f"Answer {number}." not in texts[0]:
                found.append(f"question {number} has the replies {texts}")
        found += [f"question {number} was asked {times} times" for number, times in self._twice()]
        threads: dict[int, list[int]] = {}
        for number in self.of_model:
            threads.setdefault(number // IN_A_THREAD, []).append(number)
        return found + [f"thread out of order: {each}" for each in threads.values() if each != sorted(each)]

    def _twice(self) -> list[tuple[int, int]]:
        return [(number, times) for number, times in Counter(self.of_model).items() if times > 1]


def moved(built: Deployment, source: str, target: str) -> str:
    """Move all, again as long as an answer is in the making, and say what was moved and how long it took."""
    command = [sys.executable, "-m", "cocoai", "store", "--config", str(built.var / "cocoai.ini"), "move"]
    began, tries = time.monotonic(), 0
    while True:
        tries += 1
        run = subprocess.run([*command, "--from", source, "--to", target], capture_output=True, text=True, check=False)
        if run.returncode == 0:
            return f"{run.stdout.splitlines()[1]}; {time.monotonic() - began:.1f} s, {tries} tries"
        assert tries < 30, run.stderr
        print(f"    {run.stderr.strip()}")
        time.sleep(1.0)


def through(asked: Asked, url: str, total: int) -> None:
    """Ask all, and move there and back; return when all is answered."""
    built, ini = asked.built, asked.built.var / "cocoai.ini"
    files = ini.read_text()
    asked.ask(total)
    built.slack.wait_for_deliveries(PATIENCE)
    for source, target in (("files", "mariadb"), ("mariadb", "files")):
        built.up.stop()
        asked.ask(MEANWHILE)
        ini.write_text(f"{files}[store]\nurl = {url}\n")
        print(f"  {source} to {target}: {moved(built, source, target)}")
        if target == "files":
            ini.write_text(files)
        built.up.start()
        built.up.await_ready()
        if target == "mariadb":
            wait_until(lambda: asked.is_answered(total // 2), PATIENCE)
    wait_until(lambda: asked.is_answered(len(asked.questions)), PATIENCE)
    built.slack.wait_for_deliveries(PATIENCE)
    wait_until(lambda: not built.spool.keys("ready"), PATIENCE)


def money(built: Deployment) -> list[str]:
    """Return how the ledger, which lies in files again, differs from the bills of the practice OpenAI."""
    settings = config.read(str(built.var / "cocoai.ini"), os.environ)
    summary = read_summary(ledger_store(settings), read_calendar("UTC").month(time.time()))
    bills = built.openai.books.bills
    print(f"  money: {summary.calls} calls, {summary.total} nano-dollars; billed {sum(b.nano_dollars for b in bills)}")
    is_right = (summary.calls, summary.total, summary.open_holds) == (len(bills), built.openai.books.billed, 0)
    return [] if is_right else ["the ledger and the bills differ"]


def main() -> None:
    """Move there and back, and print what was moved; exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=500, metavar="N", help="(%(default)s)")
    total = parser.parse_args().questions
    with tempfile.TemporaryDirectory(prefix="c-", dir="/tmp") as name:
        folder = Path(name)
        server = Server(folder, new_data(folder / "new"))
        server.start()
        try:
            MariaDB(server.address()).execute("CREATE DATABASE cocoai")
            database = MariaDB(server.address("cocoai"))
            migrate(database)
            url = str(database.address)
            database.close()
            var = folder / "var"
            var.mkdir()
            manner = SlackSwitches(echoes=False, retry_waits=(1.0, 20.0, 60.0))
            with deploy(var, make(folder / "certificates"), manner=manner, COCOAI_BUDGET_TIMEZONE="UTC") as built:
                asked = Asked(built)
                built.openai.switches.answer = asked.answer
                built.openai.switches.first_delay = 0.5
                through(asked, url, total)
                faults = asked.faults() + money(built)
        finally:
            server.kill9()
    print(f"  {len(asked.questions)} questions, {len(asked.of_model)} asked of the model")
    print("  " + ("\n  ".join(faults) or "nothing lost, nothing twice, each thread in order, money right"))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
