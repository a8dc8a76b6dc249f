"""Faults of the machine under the house: what Slack hears, and what is there afterwards.

    fault                                                   Slack hears     afterwards, by itself
    ------------------------------------------------------  --------------  -------------------------------------------
    ENOSPC, EIO, EMFILE or a torn write at any operation    503             nothing kept, tmp/ empty; sent again: kept
    ... at the last fsync, once the link is made            503             kept; sent again it is known: answered once
    ... at the unlink from tmp/                             200             kept; tmp/ is swept in an hour
    put.lock held by somebody for more than a second        503             nothing kept; sent again: kept
    no permission on any folder of the spool                503             nothing kept; sent again: kept
    whether a thread is ours cannot be read                 503             nothing kept; sent again: kept
    an attempt cannot be recorded                           (200 before)    nothing said; claimed as before
    one job cannot be read                                  (200 before)    it stays; all others are answered
    var is full of bytes, or of files, or read-only         503             sent again, when there is room: answered
    var fills up while the model writes                     (200 before)    answered, once, though not recorded
    the pool reloads, or dies and starts, with var full     503             it serves; sent again: answered
    a worker has no descriptor left for the question        503             sent again: answered
    a worker has no descriptor left for the connection      200             the worker is replaced; answered
    a worker may write no more than a hundred bytes         503             sent again: answered
    no process can be forked                                200             not answered until one can; then answered

The doubles fail where a real disk would; the house is real, and so are its limits and its small disk.
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
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.webhook import EventsHandler
from tests.house import House, house
from tests.job_runner import RecordingRunner
from tests.processes import wait_until

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")
NOBODY = 65534

ROOT = Path(__file__).parent.parent


# a disk that fails at one operation of put


class Failing(Disk):
    """The real operations, of which the one that is named `step` fails with `error`."""

    step = ""
    error = errno.ENOSPC

    def _meet(self, step: str) -> None:
        if step == self.step:
            raise OSError(self.error, os.strerror(self.error))

    def create(self, path: str) -> int:
        self._meet("create")
        return super().create(path)

    def open(self, path: str) -> int:
        self._meet(f"open {Path(path).name}")
        return super().open(path)

    def append(self, fd: int, data: bytes) -> None:
        self._meet("append")
        if self.step == "append half":
            super().append(fd, data[: len(data) // 2])
        self._meet("append half")
        super().append(fd, data)

    def fsync(self, fd: int) -> None:
        self._meet("fsync")
        super().fsync(fd)

    def close(self, fd: int) -> None:
        super().close(fd)
        self._meet("close")

    def exists(self, path: str) -> bool:
        self._meet(f"exists {Path(path).parent.name}")
        return super().exists(path)

    def touch(self, path: str) -> bool:
        self._meet("touch")
        return super().touch(path)

    def link(self, source: str, target: str) -> None:
        self._meet("link")
        super().link(source, target)

    def fsync_folder(self, path: str) -> None:
        self._meet(f"fsync {Path(path).name}")
        super().fsync_folder(path)

    def unlink(self, path: str) -> None:
        self._meet("unlink")
        super().unlink(path)


MENTION = {"type": "app_mention", "user": "U0ASKER01", "channel": "C0PRACTICE", "ts": "1763822000.000100"}
MENTION |= {"text": "<@U0COCOAI> hello"}
FOLLOW_UP = MENTION | {"type": "message", "ts": "1763822001.000100", "thread_ts": MENTION["ts"], "text": "and then?"}
KEY = Key("C0PRACTICE", MENTION["ts"], MENTION["ts"])


class ExtraListener:
    """Router, handler, analyzer and spool, as app.py joins them, over a disk that fails when told to."""

    def __init__(self, var: Path) -> None:
        self.files = Failing()
        self.spool = Spool(str(var), files=self.files)
        self.spool.make_folders()
        self.var = var
        self._runner = RecordingRunner(self.spool)
        analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, is_known_thread=self.spool.is_known_thread)
        handler = EventsHandler(analyzer, self.spool, self._runner, Scoreboard(None, slots=0))
        self._router = Router({"/slack/events": {"POST": handler}})

    @property
    def woken(self) -> int:
        """Return how often work was to begin."""
        return self._runner.wake_ups

    def post(self, event: dict[str, str]) -> int:
        """Slack posts this event; the status it hears. What comes after the response has been done."""
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

    def lying(self, folder: str) -> list[str]:
        """The names in a folder of the spool."""
        return os.listdir(self.var / "spool" / folder)


@pytest.fixture
def door(tmp_path: Path) -> ExtraListener:
    return ExtraListener(tmp_path)


BEFORE_THE_LINK = ["exists ready", "exists done", "exists failed", "create", "append", "append half", "fsync", "close"]
BEFORE_THE_LINK += ["touch", "fsync threads", "link"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EMFILE], ids=errno.errorcode.get)
@pytest.mark.parametrize("step", BEFORE_THE_LINK)
def test_what_cannot_be_kept_is_a_503_and_leaves_nothing(door: ExtraListener, step: str, error: int) -> None:
    """Not a file, not half a file; and when the fault has gone, what Slack sends again is new, and is kept whole."""
    door.files.step, door.files.error = step, error
    heard = door.post(MENTION)
    left = [door.lying(folder) for folder in ("tmp", "ready", "done", "failed")]
    woken = door.woken
    door.files.step = ""

    again = door.post(MENTION)

    assert (503, 0, [[], [], [], []]) == (heard, woken, left)
    assert (200, 1, [str(KEY)], []) == (again, door.woken, door.lying("ready"), door.lying("tmp"))
    assert MENTION["text"] == door.spool.peek("ready", KEY)[0]["text"]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EMFILE], ids=errno.errorcode.get)
def test_a_fault_behind_the_link_is_a_503_too_and_loses_nothing(door: ExtraListener, error: int) -> None:
    """The disk may still forget the link, so it is not accepted; sent again it is known, and kept once."""
    door.files.step, door.files.error = "fsync ready", error
    heard = door.post(MENTION)
    door.files.step = ""

    again = door.post(MENTION)

    assert (503, 200) == (heard, again)
    assert ([str(KEY)], []) == (door.lying("ready"), door.lying("tmp"))
    assert door.spool.claim() is not None
    assert door.spool.claim() is None


def test_a_name_in_tmp_that_cannot_be_taken_away_does_no_harm(door: ExtraListener) -> None:
    """The question is kept: Slack hears 200. The hourly sweep takes the rest."""
    door.files.step = "unlink"

    assert 200 == door.post(MENTION)
    assert [str(KEY)] == door.lying("ready")


def test_a_lock_that_somebody_holds_is_waited_for_and_then_a_503(door: ExtraListener) -> None:
    """Well before the worker's own deadline, and nothing is kept."""
    lock = locks.take(str(door.var / "locks" / "put.lock"))
    assert lock is not None
    heard = door.post(MENTION)
    left = door.lying("tmp") + door.lying("ready")
    lock.release()

    assert (503, []) == (heard, left)
    assert 200 == door.post(MENTION)


def test_a_thread_that_cannot_be_looked_up_is_a_503(door: ExtraListener) -> None:
    """To call it a strange thread would be to lose a follow-up."""
    assert 200 == door.post(MENTION)
    door.files.step, door.files.error = "exists threads", errno.EIO
    heard = door.post(FOLLOW_UP)
    door.files.step = ""

    assert (503, 1) == (heard, len(door.lying("ready")))
    assert 200 == door.post(FOLLOW_UP)
    assert 2 == len(door.lying("ready"))


@pytest.mark.parametrize(
    "folder", ["spool", "spool/tmp", "spool/ready", "spool/done", "spool/failed", "threads", "locks"]
)
def test_without_permission_it_is_a_503(short_folder: Callable[[], Path], folder: str) -> None:
    """For root there is no such thing, so somebody else runs it; given back, the folder serves again."""
    var = short_folder()
    door = ExtraListener(var)
    for path in (var, *var.rglob("*")):
        os.chown(path, *(NOBODY, NOBODY) if os.geteuid() == 0 else (-1, -1))
    (var / folder).chmod(0)
    heard = as_nobody(lambda: door.post(MENTION))
    (var / folder).chmod(0o700)
    left = door.lying("tmp") + door.lying("ready")

    again = as_nobody(lambda: door.post(MENTION))

    assert (503, []) == (heard, left)
    assert (200, [str(KEY)]) == (again, door.lying("ready"))


def as_nobody(run: Callable[[], int]) -> int:
    """What `run` returns in a child that has nobody's rights, or ours if we are not root."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(theirs, str(run()).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    told = os.read(ours, 100)
    os.close(ours)
    os.waitpid(pid, 0)
    return int(told)


@pytest.mark.parametrize("step", ["append", "append half", "fsync", "fsync ready"])
def test_an_attempt_that_cannot_be_recorded_is_none(door: ExtraListener, step: str) -> None:
    """Nothing is ours, nothing is said; when there is room again, the first attempt is the first."""
    door.post(MENTION)
    door.files.step = step
    with pytest.raises(OSError, match="No space"):
        door.spool.claim()
    door.files.step = ""

    job = door.spool.claim()

    assert job is not None
    assert 1 == job.attempt


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES], ids=errno.errorcode.get)
def test_a_job_that_cannot_be_read_stops_nobody_else(
    door: ExtraListener, error: int, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays where it is, and is answered when it can be read again."""
    later = MENTION | {"ts": "1763822009.000100"}
    door.post(MENTION)
    door.post(later)
    door.files.step, door.files.error = f"open {KEY}", error

    job = door.spool.claim()

    assert job is not None
    assert later["ts"] == job.key.ts
    assert door.spool.claim() is None
    assert not door.spool.is_claimable()
    assert f"job={KEY} outcome=not-read" in caplog.text
    door.files.step = ""
    assert door.spool.is_due()
    assert door.spool.claim() is not None


# a whole house on a small disk


def again_in_a_second() -> SlackSwitches:
    """A Slack whose first redelivery does not come at once: there is time to mend the fault."""
    return SlackSwitches(retry_waits=(1.0, 2.0, 4.0))


@contextlib.contextmanager
def mounted(folder: Path, *how: str) -> Iterator[None]:
    """Something mounted at `folder`. Only root may; without root the test is skipped, but never in CI."""
    done = subprocess.run(["mount", *how, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        word = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        word(f"NOTHING CAN BE MOUNTED HERE, SO THE FULL DISK IS NOT TESTED: {done.stderr.strip()}")
    try:
        yield
    finally:
        # Lazily: somebody may have a folder open at this moment.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def cramped(short_folder: Callable[[], Path], certificates: Certificates) -> Iterator[House]:
    """A house whose var has little room."""
    var = short_folder() / "var"
    var.mkdir()
    disk = mounted(var, "-t", "tmpfs", "-o", "size=4m,nr_inodes=400,mode=700", "none")
    with disk, house(var, certificates, manner=again_in_a_second()) as built:
        yield built


@contextlib.contextmanager
def full_of_bytes(var: Path) -> Iterator[None]:
    """Not a page is left."""
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
    """There are bytes, but not a name is left."""
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
    """As a file system becomes when the kernel has found an error in it."""
    spool = var / "spool"
    with mounted(spool, "--bind", str(spool)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(spool)], check=True)
        yield


def await_rest(built: House) -> None:
    """Until nobody is at work."""
    wait_until(lambda: not built.spool.keys("ready") and not built.held_locks())


def heard(built: House, question: Message) -> list[tuple[int, int]]:
    """The attempt's number and the status of each delivery of this question so far."""
    return [(each.attempt, each.status) for each in built.slack.deliveries if each.ts == question.ts]


def await_the_twins(built: House, question: Message) -> set[int]:
    """The statuses that both copies of a mention met at first."""
    wait_until(lambda: len(heard(built, question)) >= 2)
    return {status for attempt, status in heard(built, question) if attempt == 0}


def is_answered_once(built: House, question: Message) -> bool:
    """Wait for the answer, and for Slack's last redelivery: one reply, one job, done."""
    built.answer_to(question)
    built.slack.wait_for_deliveries()
    await_rest(built)
    return len(built.replies(question)) == 1 and [key.ts for key in built.spool.keys("done")].count(question.ts) == 1


@pytest.mark.parametrize("fault", [full_of_bytes, full_of_files, read_only])
def test_with_no_room_slack_hears_503_and_with_room_its_redelivery_is_answered(
    cramped: House, fault: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """By itself: nobody does anything but make room."""
    await_rest(cramped)
    with fault(cramped.var):
        question = cramped.ask("hello?")
        statuses = await_the_twins(cramped, question)
        kept = [key for key in cramped.spool.keys("ready") if key.ts == question.ts]

    assert ({503}, []) == (statuses, kept)
    assert is_answered_once(cramped, question)
    assert (1, 200) in heard(cramped, question)
    assert [] == os.listdir(cramped.var / "spool" / "tmp")


def test_a_disk_that_fills_up_while_the_model_writes_takes_no_answer_away(cramped: House) -> None:
    """The answer cannot be recorded, but it is shown, once, and the question is done with."""
    await_rest(cramped)
    calls = len(cramped.openai.requests)
    cramped.openai.switches.first_delay = 1.0
    cramped.openai.switches.answer = answer = ("word " * 760).strip()  # with the question more than a page of the disk
    question = cramped.ask("at length, please")
    wait_until(lambda: len(cramped.openai.requests) > calls)
    with full_of_bytes(cramped.var):
        shown = cramped.answer_to(question).text
        await_rest(cramped)
    cramped.openai.switches.first_delay, cramped.openai.switches.answer = 0.0, None

    (key,) = [key for key in cramped.spool.keys("done") if key.ts == question.ts]
    assert answer == shown
    assert "answer" not in [fact.get("fact") for fact in cramped.spool.peek("done", key)]
    assert is_answered_once(cramped, question)
    assert calls + 1 == len(cramped.openai.requests)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
def test_a_pool_that_reloads_or_starts_on_a_full_disk_serves_all_the_same(cramped: House, number: int) -> None:
    """It must be there when there is room again, and nobody might be there to start it."""
    await_rest(cramped)
    master, serving = cramped.pool_pid(), both_workers(cramped)
    assert master  # 0 would be our own group
    with full_of_bytes(cramped.var):
        os.kill(master, number)
        both_workers(cramped, besides=serving)
        question = cramped.ask("still there?")
        statuses = await_the_twins(cramped, question)

    assert {503} == statuses
    assert (number == signal.SIGHUP) == (master == cramped.pool_pid())
    assert is_answered_once(cramped, question)


# a whole house whose processes are short of something


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
"""cocoai.fcgi, with a kernel that refuses forks as long as a file is there, and a master that looks more often."""


@pytest.fixture(scope="module")
def short(short_folder: Callable[[], Path], certificates: Certificates) -> Iterator[House]:
    """A house whose processes can be kept short."""
    var = short_folder() / "var"
    var.mkdir()
    entry = var / "entry.py"
    entry.write_text(ENTRY)
    with house(
        var,
        certificates,
        manner=again_in_a_second(),
        entry=str(entry),
        PYTHONPATH=str(ROOT),
        NO_FORKS=str(var / "no-forks"),
    ) as built:
        yield built


def workers(built: House) -> set[int]:
    """The master's living children, all of them workers at rest."""
    master = built.pool_pid()
    try:
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return {int(pid) for pid in children if Path(f"/proc/{pid}/comm").read_text() == "cocoai-worker\n"}
    except (FileNotFoundError, ProcessLookupError):
        return set()  # somebody has just gone: before the look, or in it


def both_workers(built: House, besides: Collection[int] = ()) -> set[int]:
    """The two that serve, once both are there and none is one of `besides`."""
    found: set[int] = set()

    def are_there() -> bool:
        found.clear()
        found.update(workers(built))
        return len(found) == 2 and found.isdisjoint(besides)

    wait_until(are_there)
    return found


@contextlib.contextmanager
def limited(pids: set[int], what: int, most: Callable[[int], int]) -> Iterator[None]:
    """As long as it lasts, each of them has a limit of its own; whoever has died of it needs no other."""
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
    """The lowest descriptor that this process does not use. With this as its limit it can open nothing."""
    used = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    return next(number for number in range(len(used) + 1) if number not in used)


SHORT: dict[str, tuple[int, Callable[[int], int]]] = {
    "EMFILE: the connection has the last descriptor": (resource.RLIMIT_NOFILE, lambda pid: first_free(pid) + 1),
    "EFBIG: a short write, and no more": (resource.RLIMIT_FSIZE, lambda _: 100),
}


@pytest.mark.parametrize("case", SHORT)
def test_a_worker_that_is_short_of_something_says_503_and_recovers(short: House, case: str) -> None:
    """Nothing is kept, nothing is left; with its limit raised the same worker takes what Slack sends again."""
    await_rest(short)
    serving = both_workers(short)
    with limited(serving, *SHORT[case]):
        question = short.ask("hello?")
        statuses = await_the_twins(short, question)
        left = os.listdir(short.var / "spool" / "tmp") + os.listdir(short.var / "spool" / "ready")

    assert ({503}, []) == (statuses, left)
    assert is_answered_once(short, question)
    assert serving == workers(short)


def test_a_worker_that_cannot_even_accept_is_replaced(short: House) -> None:
    """The connection waits in the backlog for its successor: Slack hears nothing of it."""
    await_rest(short)
    serving = both_workers(short)
    with limited(serving, resource.RLIMIT_NOFILE, first_free):
        question = short.ask("hello?")
        wait_until(lambda: len(workers(short)) == 2 and workers(short) != serving)

    assert is_answered_once(short, question)
    assert 200 == heard(short, question)[-1][1]


def test_when_no_process_can_be_forked_the_question_waits_in_safety(short: House) -> None:
    """Slack hears 200, and that is true; the master tries again, and when it can, the answer comes."""
    await_rest(short)
    no_forks = short.var / "no-forks"
    no_forks.touch()
    question = short.ask("hello?")
    statuses = await_the_twins(short, question)
    wait_until(lambda: "process=cocoai-job outcome=not-forked" in short.log())
    wait_until(lambda: "tick outcome=error" in short.log())
    waiting = ([key.ts for key in short.spool.keys("ready")], short.replies(question))
    no_forks.unlink()

    assert {200} == statuses
    assert ([question.ts], []) == waiting
    assert is_answered_once(short, question)
