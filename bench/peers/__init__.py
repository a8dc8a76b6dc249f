"""The subjects that are measured side by side: CocoAI, the same work in PHP and with Slack Bolt, and nginx alone.

    nginx ─┬─ FastCGI ── cocoai           supervisord and the pool, as in production
           ├─ FastCGI ── php-fpm          served/events.php
           ├─ FastCGI ── php-fpm minimal  served/minimal.php
           ├─ HTTP ───── bolt             served/bolt_app.py, under gunicorn
           └──────────── nginx alone      "return 200"

All stand behind an nginx with the settings of etc/nginx. Those in NAMES have the same number of workers, keep a
question with the same steps in the same folders, and answer it through a practice Slack and OpenAI over TLS. The others
are for bench.ack: the least that PHP can do for an event, which keeps a question with one fsync and answers none, and
CocoAI with other numbers of workers.

    with accounts("php-fpm") as account, subject("php-fpm", folder, certificates, account=account["php-fpm"]) as php:
        before = php.cpu_seconds()
        ...  # POST to php.url, with php.slack.signed(body) as headers
        print(php.cpu_seconds() - before, php.pids(), php.kept())
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.cpu import Account, descendants
from bench.peers import bolt, fpm, nginx, ours
from bench.peers.front import Front
from bench.peers.nginx import Backend
from cocoai.engine.process import locks
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import rehearsal
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.spool.file_spool import FileSpool
from tests.processes import PATIENCE, free_port, wait_until

ALONE = "nginx alone"

MINIMAL = "php-fpm minimal"

NAMES = ("cocoai", "php-fpm", "bolt", ALONE)
"""The names of the subjects that do the same work; CocoAI comes first, for the others are compared with it."""


@dataclass(frozen=True)
class Kind:
    """How a subject is run: its backend, how many workers it has, and what tells that something is not installed.

    `workers` 0 are as many as CocoAI has by its default settings.
    """

    backend: Callable[[nginx.Place], Backend]
    workers: int = 2
    missing: Callable[[], str] = str


KINDS: Mapping[str, Kind] = {
    "cocoai": Kind(ours.backend),
    "cocoai 4 workers": Kind(ours.backend, workers=4),
    "cocoai default": Kind(ours.backend, workers=0),
    "php-fpm": Kind(fpm.backend, missing=fpm.missing),
    MINIMAL: Kind(partial(fpm.backend, script=fpm.MINIMAL), workers=4, missing=fpm.missing),
    "bolt": Kind(bolt.backend, missing=bolt.missing),
    ALONE: Kind(nginx.backend),
}
"""All subjects, by their names."""

SLOTS = 4
"""The default of [pool] slots."""


@dataclass
class Subject:
    """A running subject. Slack's events are POSTed to `url`; its spool lies below `var`, laid out as CocoAI's."""

    name: str
    url: str
    var: Path
    slack: PracticeSlack
    openai: PracticeOpenAI
    front: Front
    account: Account | None

    def pids(self) -> list[int]:
        """Return every living process but supervisord, nginx's included.

        Without an account they are found as descendants, which misses a process that has left its parents.
        """
        return [pid for pid in self._all() if not is_supervisor(pid)]

    def supervisor_pids(self) -> list[int]:
        """Return the pid of supervisord, whose figures are shown apart; [] if the subject has none."""
        return [pid for pid in self._all() if is_supervisor(pid)]

    def cpu_seconds(self) -> float:
        """Return the CPU of all its processes so far, supervisord and ended ones included.

        Raise ValueError without an account.
        """
        if self.account is None:
            raise ValueError("CPU is counted with an account only")
        return self.account.seconds()

    def kept(self) -> int:
        """Return the number of questions that wait to be answered."""
        return sum(1 for _ in (self.var / "spool" / "ready").iterdir())

    def _all(self) -> list[int]:
        if self.account is not None:
            return self.account.pids()
        return [pid for leader in self.front.leaders() for pid in (leader, *descendants(leader))]


def is_supervisor(pid: int) -> bool:
    """Check whether a process is supervisord, by its command line: its name is that of the Python interpreter."""
    with contextlib.suppress(OSError):
        return b"supervisor.supervisord" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def missing(name: str) -> str:
    """Return what to install before this subject can run, in a sentence; "" if nothing is missing."""
    return KINDS[name].missing()


@contextmanager
def subject(
    name: str,
    folder: Path,
    certificates: Certificates,
    *,
    answers: bool = True,
    workers: int | None = None,
    manner: SlackSwitches | None = None,
    openai: Callable[[Certificates], PracticeOpenAI] = PracticeOpenAI,
    account: Account | None = None,
    pm: str = "static",
    **environ: str,
) -> Iterator[Subject]:
    """Start one of KINDS in `folder`, yield it once it can be asked, and stop it at the end.

    `folder` is made; its path must be short, for sockets lie in it.
    If `answers` is False, questions are kept and answered 200, but not worked on. CocoAI needs no switch for that, and
    so runs as in production: this process holds its slots and its placeholder lock.
    `workers` None is the number of its kind. `pm` is php-fpm's process manager (static, dynamic, ondemand). `environ`
    has settings of CocoAI's.
    """
    folder.mkdir(parents=True)
    FileSpool(str(folder)).make_folders()
    kind, listen = KINDS[name], f"127.0.0.1:{free_port()}"
    workers = kind.workers if workers is None else workers
    place = nginx.Place(folder, listen, certificates, workers=workers, answers=answers, pm=pm, environ=environ)
    with ExitStack() as stack:
        slack = stack.enter_context(PracticeSlack(certificates, switches=manner))
        practice = stack.enter_context(openai(certificates))
        place.urls = (slack.api_url, practice.base_url)
        if account is not None:
            stack.callback(kill_all, account)
        front = Front(place, kind.backend)
        if name == ALONE:  # it cannot answer Slack's check of the address (url_verification)
            stack.enter_context(front.raise_up(str(folder), listen=place.listen, config=""))
        else:
            stack.enter_context(rehearsal(front.raise_up, folder, certificates, slack, practice, listen=place.listen))
        if not answers and kind.backend is ours.backend:
            stack.enter_context(all_slots_held(folder, int(environ.get("COCOAI_POOL_SLOTS", SLOTS))))
        if account is not None:
            front.admit(account)
        yield Subject(name, f"{front.address}/slack/events", folder, slack, practice, front, account)


@contextmanager
def all_slots_held(var: Path, slots: int) -> Iterator[None]:
    """Hold every slot of CocoAI's and its placeholder lock."""
    # Its first process of that kind asks Slack who the bot is, so the lock is left to it until the reply is written.
    wait_until((var / "identity.json").exists)
    with ExitStack() as stack:
        for name in (*(f"slot-{number}" for number in range(slots)), "placeholder.lock"):
            lock = locks.wait_for(str(var / "locks" / name), PATIENCE)
            stack.callback(lock.release)
        yield


def kill_all(account: Account) -> None:
    """Kill the processes that are left, such as a job process in the middle of its answer, and wait for their end."""
    for pid in account.pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not account.pids())
