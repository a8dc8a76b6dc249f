"""The subjects that are measured side by side: CocoAI, the same work in PHP and with Slack Bolt, and nginx alone.

    nginx ─┬─ FastCGI ── cocoai       supervisord and the pool, as in production
           ├─ FastCGI ── php-fpm      served/events.php
           ├─ HTTP ───── bolt         served/bolt_app.py, under gunicorn
           └──────────── nginx alone  "return 200"

All stand behind an nginx with the settings of etc/nginx, have as many workers, keep a question with the same steps in
the same folders, and answer it to a practice Slack and OpenAI over TLS.

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
from cocoai.spool.spool import Spool
from tests.processes import PATIENCE, free_port, wait_until

ALONE = "nginx alone"

NAMES = ("cocoai", "php-fpm", "bolt", ALONE)

BACKENDS: Mapping[str, Callable[[nginx.Place], Backend]] = {
    "cocoai": ours.backend,
    "php-fpm": fpm.backend,
    "bolt": bolt.backend,
    ALONE: nginx.backend,
}

SLOTS = 4
"""The default of [pool] slots."""

MISSING: Mapping[str, Callable[[], str]] = {"php-fpm": fpm.missing, "bolt": bolt.missing}


@dataclass
class Subject:
    """One of them, running. Slack's events are POSTed to `url`; what it keeps lies below `var`, as CocoAI lays it."""

    name: str
    url: str
    var: Path
    slack: PracticeSlack
    openai: PracticeOpenAI
    front: Front
    account: Account | None

    def pids(self) -> list[int]:
        """Every living process, nginx's too, but supervisord. Without an account, those that descend from ours."""
        return [pid for pid in self._all() if not is_supervisor(pid)]

    def supervisor_pids(self) -> list[int]:
        """supervisord's, which is named apart."""
        return [pid for pid in self._all() if is_supervisor(pid)]

    def cpu_seconds(self) -> float:
        """What all of it has taken so far, supervisord and the dead too. Raises ValueError without an account."""
        if self.account is None:
            raise ValueError("CPU is counted with an account only")
        return self.account.seconds()

    def kept(self) -> int:
        """Questions that wait to be answered."""
        return sum(1 for _ in (self.var / "spool" / "ready").iterdir())

    def _all(self) -> list[int]:
        if self.account is not None:
            return self.account.pids()
        return [pid for leader in self.front.leaders() for pid in (leader, *descendants(leader))]


def is_supervisor(pid: int) -> bool:
    """Whether this process is supervisord, which calls itself what its interpreter is called."""
    with contextlib.suppress(OSError):
        return b"supervisor.supervisord" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def missing(name: str) -> str:
    """What has to be installed before this subject can run, in words; empty if nothing is missing."""
    return MISSING[name]() if name in MISSING else ""


@contextmanager
def subject(
    name: str,
    folder: Path,
    certificates: Certificates,
    *,
    answers: bool = True,
    workers: int = 2,
    manner: SlackSwitches | None = None,
    openai: Callable[[Certificates], PracticeOpenAI] = PracticeOpenAI,
    account: Account | None = None,
    pm: str = "static",
    **environ: str,
) -> Iterator[Subject]:
    """Raise one of NAMES in `folder` (a new one, with a short path), ready to be asked, and end it.

    `answers` False: questions are kept and answered 200, and nobody goes on with them; CocoAI's slots and the usher's
    place are taken by us then, so it is the very program that runs in production.
    `pm` is php-fpm's way to have workers (static, dynamic, ondemand); `environ` has settings of CocoAI's.
    """
    folder.mkdir(parents=True)
    Spool(str(folder)).make_folders()
    place = nginx.Place(
        folder, f"127.0.0.1:{free_port()}", certificates, workers=workers, answers=answers, pm=pm, environ=environ
    )
    with ExitStack() as stack:
        slack = stack.enter_context(PracticeSlack(certificates, switches=manner))
        practice = stack.enter_context(openai(certificates))
        place.urls = (slack.api_url, practice.base_url)
        if account is not None:
            stack.callback(end_all, account)
        front = Front(place, BACKENDS[name])
        if name == ALONE:  # it cannot answer Slack's check of the address
            stack.enter_context(front.raise_up(str(folder), listen=place.listen, config=""))
        else:
            stack.enter_context(rehearsal(front.raise_up, folder, certificates, slack, practice, listen=place.listen))
        if not answers and name == "cocoai":
            stack.enter_context(nobody_free(folder, int(environ.get("COCOAI_POOL_SLOTS", SLOTS))))
        if account is not None:
            front.admit(account)
        yield Subject(name, f"{front.address}/slack/events", folder, slack, practice, front, account)


@contextmanager
def nobody_free(var: Path, slots: int) -> Iterator[None]:
    """Take every slot of CocoAI's, and the usher's place, once it knows who it is: the usher had to ask."""
    wait_until((var / "identity.json").exists)
    with ExitStack() as stack:
        for name in (*(f"slot-{number}" for number in range(slots)), "usher.lock"):
            lock = locks.wait_for(str(var / "locks" / name), PATIENCE)
            stack.callback(lock.release)
        yield


def end_all(account: Account) -> None:
    """Whoever is left, such as a job process in the middle of its answer, is of no more use."""
    for pid in account.pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not account.pids())
