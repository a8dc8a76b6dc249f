"""Faults of the machine: which status Slack gets, and what is there afterwards.

    fault                                                   Slack gets      afterwards, by itself
    ------------------------------------------------------  --------------  -------------------------------------------
    ENOSPC, EIO, EMFILE or a torn write at any operation    503             nothing kept, tmp/ empty; sent again: kept
    ... at the last fsync, once the link is made            503             kept; sent again it is known: answered once
    ... at the unlink from tmp/                             200             kept; tmp/ is swept in an hour
    put.lock held by a process for more than a second       503             nothing kept; sent again: kept
    no permission on any folder of the spool                503             nothing kept; sent again: kept
    whether a thread is ours cannot be read                 503             nothing kept; sent again: kept
    an attempt cannot be recorded                           (200 before)    nothing said; claimed as before
    one job cannot be read                                  (200 before)    it stays; all others are answered
    var is full of bytes, or of files, or read-only         503             sent again, when there is room: answered
    var fills up while the model writes                     (200 before)    answered, once, though not recorded
    done/ lies on another file system                       (200 before)    the answer stands; moved when it can be
    the pool reloads, or dies and starts, with var full     503             it serves; sent again: answered
    a worker has no descriptor left for the question        503             sent again: answered
    a worker has no descriptor left for the connection      200             the worker is replaced; answered
    a worker may write no more than a hundred bytes         503             sent again: answered
    no process can be forked                                200             not answered until one can; then answered

The first part has a double that fails where a real disk would. The second runs the whole deployment, with real limits
on its processes and a real small disk.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from cocoai.engine.process import locks
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.engine.web.router import Router
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.outbound import signed
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.model.identity import Identity
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job_process import JOB_PROCESS, LINGERING_PROCESS, PLACEHOLDER_PROCESS
from cocoai.spool.key import Key
from cocoai.webhook import EventsHandler
from tests.deployment import Deployment, deploy
from tests.held_answers import HeldAnswers
from tests.job_runner import RecordingRunner
from tests.processes import wait_until

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")
NOBODY = 65534

ROOT = Path(__file__).parent.parent


# a disk that fails at one operation of put


class FailingDisk(Disk):
    """The real operations; the one that `step` names fails with `error`."""

    step = ""
    error = errno.ENOSPC

    def _fail_at(self, step: str) -> None:
        if step == self.step:
            raise OSError(self.error, os.strerror(self.error))

    def create(self, path: str) -> int:
        self._fail_at("create")
        return super().create(path)

    def open(self, path: str) -> int:
        self._fail_at(f"open {Path(path).name}")
        return super().open(path)

    def append(self, fd: int, data: bytes) -> None:
        self._fail_at("append")
        if self.step == "append half":
            super().append(fd, data[: len(data) // 2])
        self._fail_at("append half")
        super().append(fd, data)

    def fsync(self, fd: int) -> None:
        self._fail_at("fsync")
        super().fsync(fd)

    def close(self, fd: int) -> None:
        super().close(fd)
        self._fail_at("close")

    def exists(self, path: str) -> bool:
        self._fail_at(f"exists {Path(path).parent.name}")
        return super().exists(path)

    def touch(self, path: str) -> bool:
        self._fail_at("touch")
        return super().touch(path)

    def link(self, source: str, target: str) -> None:
        self._fail_at("link")
        super().link(source, target)

    def fsync_folder(self, path: str) -> None:
        self._fail_at(f"fsync {Path(path).name}")
        super().fsync_folder(path)

    def unlink(self, path: str) -> None:
        self._fail_at("unlink")
        super().unlink(path)


MENTION = {"type": "app_mention", "user": "U0ASKER01", "channel": "C0PRACTICE", "ts": "1763822000.000100"}
MENTION |= {"text": "<@U0COCOAI> hello"}
FOLLOW_UP = MENTION | {"type": "message", "ts": "1763822001.000100", "thread_ts": MENTION["ts"], "text": "and then?"}
KEY = Key("C0PRACTICE", MENTION["ts"], MENTION["ts"])


class HandlersOnFailingDisk:
    """Router, webhook, analyzer and spool, joined as app.py joins them, over a disk that can fail."""

    def __init__(self, var: Path) -> None:
        self.disk = FailingDisk()
        self.spool = FileSpool(str(var), disk=self.disk)
        self.spool.make_folders()
        self.var = var
        self._runner = RecordingRunner(self.spool)
        analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=self.spool.mark_of)
        handler = EventsHandler(analyzer, self.spool, self._runner, Scoreboard(None, slots=0))
        self._router = Router({"/slack/events": {"POST": handler}})

    @property
    def woken(self) -> int:
        """Return how often work was to begin."""
        return self._runner.wake_ups

    def post(self, event: dict[str, str]) -> int:
        """Post this event as Slack does, and run what comes after the response. Return the status."""
        body = json.dumps({"type": "event_callback", "team_id": "T0PRACTICE", "event": event}).encode()
        headers = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in signed(body, SIGNING_SECRET, time.time()).items()
        }
        params = {"REQUEST_METHOD": "POST", "PATH_INFO": "/slack/events", "CONTENT_LENGTH": str(len(body))}
        response = self._router.respond(Request.from_params(params | headers, body))
        if response.after:
            response.after()
        return response.status

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder of the spool."""
        return os.listdir(self.var / "spool" / folder)


@pytest.fixture
def handlers(tmp_path: Path) -> HandlersOnFailingDisk:
    return HandlersOnFailingDisk(tmp_path)


BEFORE_THE_LINK = ["exists ready", "exists done", "exists failed", "create", "append", "append half", "fsync", "close"]
BEFORE_THE_LINK += ["touch", "link"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EMFILE], ids=errno.errorcode.get)
@pytest.mark.parametrize("step", BEFORE_THE_LINK)
def test_what_cannot_be_kept_is_a_503_and_leaves_nothing(
    handlers: HandlersOnFailingDisk, step: str, error: int
) -> None:
    """No file and no part of one is left. Once the fault is gone, the redelivery is new, and is kept whole."""
    handlers.disk.step, handlers.disk.error = step, error
    status = handlers.post(MENTION)
    left = [handlers.names(folder) for folder in ("tmp", "ready", "done", "failed")]
    woken = handlers.woken
    handlers.disk.step = ""

    again = handlers.post(MENTION)

    assert (503, 0, [[], [], [], []]) == (status, woken, left)
    assert (200, 1, [str(KEY)], []) == (again, handlers.woken, handlers.names("ready"), handlers.names("tmp"))
    assert MENTION["text"] == handlers.spool.peek("ready", KEY)[0]["text"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EMFILE], ids=errno.errorcode.get)
def test_a_fault_after_the_link_is_a_503_too_and_loses_nothing(handlers: HandlersOnFailingDisk, error: int) -> None:
    """The disk may still forget the link, so the question is not accepted; sent again it is known, and kept once."""
    handlers.disk.step, handlers.disk.error = "fsync ready", error
    first = handlers.post(MENTION)
    handlers.disk.step = ""

    again = handlers.post(MENTION)

    assert (503, 200) == (first, again)
    assert ([str(KEY)], []) == (handlers.names("ready"), handlers.names("tmp"))
    assert handlers.spool.claim() is not None
    assert handlers.spool.claim() is None


def test_a_name_in_tmp_that_cannot_be_removed_does_no_harm(handlers: HandlersOnFailingDisk) -> None:
    """The question is kept and Slack gets 200; the hourly sweep removes the name."""
    handlers.disk.step = "unlink"

    assert 200 == handlers.post(MENTION)
    assert [str(KEY)] == handlers.names("ready")


def test_a_put_lock_that_stays_held_is_a_503(handlers: HandlersOnFailingDisk) -> None:
    """The worker gives up well before its own deadline, and nothing is kept."""
    lock = locks.take(str(handlers.var / "locks" / "put.lock"))
    assert lock is not None
    status = handlers.post(MENTION)
    left = handlers.names("tmp") + handlers.names("ready")
    lock.release()

    assert (503, []) == (status, left)
    assert 200 == handlers.post(MENTION)


def test_a_thread_mark_that_cannot_be_read_is_a_503(handlers: HandlersOnFailingDisk) -> None:
    """If the thread counted as unknown, a follow-up would be lost."""
    assert 200 == handlers.post(MENTION)
    handlers.disk.step, handlers.disk.error = "exists threads", errno.EIO
    status = handlers.post(FOLLOW_UP)
    handlers.disk.step = ""

    assert (503, 1) == (status, len(handlers.names("ready")))
    assert 200 == handlers.post(FOLLOW_UP)
    assert 2 == len(handlers.names("ready"))


@pytest.mark.parametrize(
    "folder", ["spool", "spool/tmp", "spool/ready", "spool/done", "spool/failed", "threads", "locks"]
)
def test_without_permission_it_is_a_503(short_folder: Callable[[], Path], folder: str) -> None:
    """Root needs no permission, so the child runs as nobody; once the permission is back, the question is kept."""
    var = short_folder()
    handlers = HandlersOnFailingDisk(var)
    for path in (var, *var.rglob("*")):
        os.chown(path, *(NOBODY, NOBODY) if os.geteuid() == 0 else (-1, -1))
    (var / folder).chmod(0)
    status = as_nobody(partial(handlers.post, MENTION))
    (var / folder).chmod(0o700)
    left = handlers.names("tmp") + handlers.names("ready")

    again = as_nobody(partial(handlers.post, MENTION))

    assert (503, []) == (status, left)
    assert (200, [str(KEY)]) == (again, handlers.names("ready"))


def as_nobody(run: Callable[[], int]) -> int:
    """Return what `run` returns in a child that runs as nobody; as this user if this is not root."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(writer, str(run()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    result = os.read(reader, 100)
    os.close(reader)
    os.waitpid(pid, 0)
    return int(result)


@pytest.mark.parametrize("step", ["append", "append half", "fsync", "fsync ready"])
def test_a_claim_whose_attempt_cannot_be_recorded_is_none(handlers: HandlersOnFailingDisk, step: str) -> None:
    """The job stays free; when there is room again, its attempt is the first."""
    handlers.post(MENTION)
    handlers.disk.step = step
    with pytest.raises(OSError, match="No space"):
        handlers.spool.claim()
    handlers.disk.step = ""

    job = handlers.spool.claim()

    assert job is not None
    assert 1 == job.attempt


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES], ids=errno.errorcode.get)
def test_a_job_that_cannot_be_read_holds_up_no_other(
    handlers: HandlersOnFailingDisk, error: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays in ready/, and is claimed when it can be read again."""
    later = MENTION | {"ts": "1763822009.000100"}
    handlers.post(MENTION)
    handlers.post(later)
    handlers.disk.step, handlers.disk.error = f"open {KEY}", error

    job = handlers.spool.claim()

    assert job is not None
    assert later["ts"] == job.key.ts
    assert handlers.spool.claim() is None
    assert not handlers.spool.is_claimable()
    assert f"job={KEY} outcome=not-read" in caplog.text
    handlers.disk.step = ""
    assert handlers.spool.is_due()
    assert handlers.spool.claim() is not None


# a whole deployment on a small disk


def redelivering_in_a_second() -> SlackSwitches:
    """Return how Slack redelivers: not at once, so that the test has time to end the fault."""
    return SlackSwitches(retry_waits=(1.0, 2.0, 4.0))


@contextlib.contextmanager
def mounted(folder: Path, *how: str) -> Iterator[None]:
    """Mount something at `folder`. Only root may: without root the test is skipped, but in CI it fails."""
    done = subprocess.run(["mount", *how, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        word = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        word(f"NOTHING CAN BE MOUNTED HERE, SO THE FULL DISK IS NOT TESTED: {done.stderr.strip()}")
    try:
        yield
    finally:
        # Lazily: a process may have a folder open at this moment.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def small(short_folder: Callable[[], Path], certificates: Certificates) -> Iterator[Deployment]:
    """Run a deployment whose var lies on a small disk."""
    var = short_folder() / "var"
    var.mkdir()
    disk = mounted(var, "-t", "tmpfs", "-o", "size=4m,nr_inodes=400,mode=700", "none")
    with disk, deploy(var, certificates, manner=redelivering_in_a_second(), COCOAI_POOL_WORKERS="2") as running:
        yield running


@contextlib.contextmanager
def full_of_bytes(var: Path) -> Iterator[None]:
    """Fill the disk to its last page."""
    filler = var / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def full_of_files(var: Path) -> Iterator[None]:
    """Use up the disk's inodes, though it has bytes left."""
    folder = var / "fillers"
    folder.mkdir()
    with contextlib.suppress(OSError):
        for number in range(1000):
            (folder / str(number)).touch()
    try:
        yield
    finally:
        for filler in folder.iterdir():
            filler.unlink()
        folder.rmdir()


@contextlib.contextmanager
def read_only(var: Path) -> Iterator[None]:
    """Make the spool read-only, as the kernel does with a file system in which it has found an error."""
    spool = var / "spool"
    with mounted(spool, "--bind", str(spool)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(spool)], check=True)
        yield


def wait_for_rest(deployment: Deployment) -> None:
    """Wait until no question waits and no process works, nor has a last look before it ends."""
    wait_until(
        lambda: not deployment.spool.keys("ready") and not deployment.held_locks() and not job_processes(deployment)
    )


def job_processes(deployment: Deployment) -> list[str]:
    """Return the names of the processes that the master and its workers have forked to work on jobs."""
    names: list[str] = []
    for parent in (deployment.pool_pid(), *workers(deployment)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one has just ended
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            names += [Path(f"/proc/{pid}/comm").read_text().strip() for pid in children]
    return [name for name in names if name in (JOB_PROCESS, PLACEHOLDER_PROCESS, LINGERING_PROCESS)]


def deliveries(deployment: Deployment, question: Message) -> list[tuple[int, int]]:
    """Return the attempt's number and the status of each delivery of this question so far."""
    return [(each.attempt, each.status) for each in deployment.slack.deliveries if each.ts == question.ts]


def first_statuses(deployment: Deployment, question: Message) -> set[int]:
    """Wait until both copies of a mention were delivered once. Return their statuses."""
    wait_until(lambda: len(deliveries(deployment, question)) >= 2)
    return {status for attempt, status in deliveries(deployment, question) if attempt == 0}


def is_answered_once(deployment: Deployment, question: Message) -> bool:
    """Wait for the answer and for Slack's last redelivery. Return True if there is one reply and one job in done/."""
    deployment.answer_to(question)
    deployment.slack.wait_for_deliveries()
    wait_for_rest(deployment)
    done = [key.ts for key in deployment.spool.keys("done")]
    return len(deployment.replies(question)) == 1 and done.count(question.ts) == 1


@pytest.mark.parametrize("fault", [full_of_bytes, full_of_files, read_only])
def test_on_a_full_disk_slack_gets_503_and_with_room_its_redelivery_is_answered(
    small: Deployment, fault: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """Nothing but room is needed: no restart and no operator."""
    wait_for_rest(small)
    with fault(small.var):
        question = small.ask("hello?")
        statuses = first_statuses(small, question)
        kept = [key for key in small.spool.keys("ready") if key.ts == question.ts]

    assert ({503}, []) == (statuses, kept)
    assert is_answered_once(small, question)
    assert (1, 200) in deliveries(small, question)
    assert [] == os.listdir(small.var / "spool" / "tmp")


def test_an_answer_is_shown_though_the_disk_fills_up_while_the_model_writes(small: Deployment) -> None:
    """The answer cannot be recorded, but it is shown once, and its job is in done/."""
    wait_for_rest(small)
    calls = len(small.openai.requests)
    answer = ("word " * 760).strip()  # with the question more than a page of the disk
    small.openai.switches.answer = answers = HeldAnswers(answer)
    question = small.ask("at length, please")
    wait_until(lambda: answers.asked)
    with full_of_bytes(small.var):
        answers.let_go.set()
        shown = small.answer_to(question).text
        wait_for_rest(small)
    small.openai.switches.answer = None

    (key,) = [key for key in small.spool.keys("done") if key.ts == question.ts]
    assert answer == shown
    assert "answer" not in [fact.get("fact") for fact in small.spool.peek("done", key)]
    assert is_answered_once(small, question)
    assert calls + 1 == len(small.openai.requests)


def test_an_answer_stands_while_done_lies_on_another_file_system(small: Deployment) -> None:
    """No job can be moved there (EXDEV): it is put off, and ends in done/ once that is mounted away."""
    wait_for_rest(small)
    calls = len(small.openai.requests)
    with mounted(small.var / "spool" / "done", "-t", "tmpfs", "-o", "size=64k,mode=700", "none"):
        question = small.ask("why?")
        answer = small.answer_to(question).text
        key = Key(question.channel, question.ts, question.ts)
        wait_until(lambda: [line for line in small.spool.find(key)[1] if line.get("fact") == "retry"])
        meanwhile = [reply.text for reply in small.replies(question)]

    assert is_answered_once(small, question)
    assert [answer] == meanwhile == [reply.text for reply in small.replies(question)]
    assert calls + 1 == len(small.openai.requests)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_pool_reloads_and_starts_on_a_full_disk(small: Deployment, number: int) -> None:
    """It must be running when there is room again, for there may be no operator to start it."""
    wait_for_rest(small)
    master, serving = small.pool_pid(), both_workers(small)
    assert master  # kill(0) would mean our own process group
    with full_of_bytes(small.var):
        os.kill(master, number)
        both_workers(small, besides=serving)
        question = small.ask("still there?")
        statuses = first_statuses(small, question)

    assert {503} == statuses
    assert (number == signal.SIGHUP) == (master == small.pool_pid())
    assert is_answered_once(small, question)


# a whole deployment whose processes lack descriptors, bytes or forks


ENTRY = """
import errno, functools, os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})
from cocoai import app
from cocoai.engine.pool.master import Master

real_fork = os.fork

def fork():
    if os.path.exists(os.environ["NO_FORKS"]):
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    return real_fork()

os.fork = fork
app.Master = functools.partial(Master, tick=0.5)
sys.exit(app.main(sys.argv[1:]))
"""
"""An entry file like cocoai.fcgi, but forks fail as long as a file is there, and the master's tick is shorter."""


@pytest.fixture(scope="module")
def short(short_folder: Callable[[], Path], certificates: Certificates) -> Iterator[Deployment]:
    """Run a deployment whose processes can be limited."""
    var = short_folder() / "var"
    var.mkdir()
    entry = var / "entry.py"
    entry.write_text(ENTRY)
    with deploy(
        var,
        certificates,
        manner=redelivering_in_a_second(),
        entry=str(entry),
        PYTHONPATH=str(ROOT),
        NO_FORKS=str(var / "no-forks"),
        COCOAI_POOL_WORKERS="2",
    ) as running:
        yield running


def workers(deployment: Deployment) -> set[int]:
    """Return the pids of the master's living workers."""
    master = deployment.pool_pid()
    try:
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return {int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text() == "cocoai-worker\n"}
    except (FileNotFoundError, ProcessLookupError):
        return set()  # a process has just ended


def idle_workers(deployment: Deployment) -> set[int]:
    """Return the pids of the workers that have opened all that they need, and are idle."""
    shown = deployment.status()["processes"]
    return {each["pid"] for each in shown if each["kind"] == "worker" and each["state"] == "idle"}


def both_workers(deployment: Deployment, besides: Collection[int] = ()) -> set[int]:
    """Wait until there are two idle workers, and neither is one of `besides`. Return their pids."""
    found: set[int] = set()

    def are_there() -> bool:
        found.clear()
        found.update(workers(deployment))
        # One that is still starting would end of a limit that leaves it no descriptor.
        return len(found) == 2 and found.isdisjoint(besides) and found == idle_workers(deployment)

    wait_until(are_there)
    return found


@contextlib.contextmanager
def limited(pids: set[int], what: int, most: Callable[[int], int]) -> Iterator[None]:
    """Give each process a limit, and its former one afterwards, unless it has ended."""
    before = {pid: resource.prlimit(pid, what) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, what, (most(pid), hard))
    try:
        yield
    finally:
        for pid, limit in before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, what, limit)


def first_free(pid: int) -> int:
    """Return the lowest descriptor that this process does not use: with this as its limit it can open nothing."""
    used = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    return next(number for number in range(len(used) + 1) if number not in used)


def one_left(pid: int) -> int:
    """Return a limit on descriptors with which this process can open one more."""
    return first_free(pid) + 1


def hundred_bytes(_: int) -> int:
    """Return a limit on a file's size that cuts every question."""
    return 100


LIMITS: dict[str, tuple[int, Callable[[int], int]]] = {
    "EMFILE: the connection has the last descriptor": (resource.RLIMIT_NOFILE, one_left),
    "EFBIG: a short write, and no more": (resource.RLIMIT_FSIZE, hundred_bytes),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_worker_at_its_limit_says_503_and_recovers(short: Deployment, case: str) -> None:
    """Nothing is kept and nothing is left; once its limit is raised, the same worker keeps the redelivery."""
    wait_for_rest(short)
    serving = both_workers(short)
    with limited(serving, *LIMITS[case]):
        question = short.ask("hello?")
        statuses = first_statuses(short, question)
        left = os.listdir(short.var / "spool" / "tmp") + os.listdir(short.var / "spool" / "ready")

    assert ({503}, []) == (statuses, left)
    assert is_answered_once(short, question)
    assert serving == workers(short)


def test_a_worker_that_cannot_accept_is_replaced(short: Deployment) -> None:
    """The connection waits in the backlog for the next worker, and Slack gets no error."""
    wait_for_rest(short)
    serving = both_workers(short)
    with limited(serving, resource.RLIMIT_NOFILE, first_free):
        question = short.ask("hello?")
        wait_until(lambda: len(workers(short)) == 2 and workers(short) != serving)

    assert is_answered_once(short, question)
    assert 200 == deliveries(short, question)[-1][1]


def test_a_question_waits_while_no_process_can_be_forked(short: Deployment) -> None:
    """Slack gets 200, for it is kept; the master tries again at each tick, until the fork succeeds."""
    wait_for_rest(short)
    no_forks = short.var / "no-forks"
    no_forks.touch()
    question = short.ask("hello?")
    statuses = first_statuses(short, question)
    wait_until(lambda: "process=cocoai-job outcome=not-forked" in short.log())
    wait_until(lambda: "tick outcome=error" in short.log())
    waiting = ([key.ts for key in short.spool.keys("ready")], short.replies(question))
    no_forks.unlink()

    assert {200} == statuses
    assert ([question.ts], []) == waiting
    assert is_answered_once(short, question)
