"""A pool as a real program in a folder of its own: started, signalled, requested, and looked at from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cocoai.engine.process.scoreboard_snapshot import Snapshot, read_snapshot
from tests.engine.conftest import is_alive, python_path
from tests.engine.web.fastcgi_client import PATIENCE, Reply, ask
from tests.processes import Clients, wait_until

ENTRY = Path(__file__).with_name("pool_entry.py")


class PoolUnderTest:
    """One pool in a folder of its own, whose name every process of it has in its environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = str(folder / "socket")
        self.entry = folder / "entry.py"
        self.errors = folder / "stderr"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.process: subprocess.Popen[bytes] | None = None
        self.serving: dict[int, set[int]] = {}
        self.write("one")

    # what it is made of

    def write(self, word: str) -> None:
        """Write the pool's code, whose responses begin with `word`, at once: a reload may be reading it just now."""
        unfinished = self.entry.with_suffix(".new")
        unfinished.write_text(ENTRY.read_text().replace('WORD = "one"', f'WORD = "{word}"'))
        if self.entry.exists():
            unfinished.chmod(self.entry.stat().st_mode)
        unfinished.replace(self.entry)

    def mark(self, name: str) -> Path:
        """Make the file `name`, which tells the pool to fail, or that maintenance is due; return its path."""
        (self.folder / name).touch()
        return self.folder / name

    def hold(self, name: str) -> None:
        """Make the pool wait from now on where it calls hold(name)."""
        os.mkfifo(self.folder / name)

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Wait until the pool waits in hold(name); let it go on afterwards, and not wait there again."""
        writers: list[int] = []

        def is_waiting() -> bool:
            with suppress(OSError):  # no process reads it yet
                writers.append(os.open(self.folder / name, os.O_WRONLY | os.O_NONBLOCK))
            return bool(writers)

        wait_until(is_waiting)
        (self.folder / name).unlink()
        try:
            yield
        finally:
            os.close(writers[0])

    # its life

    def start(self, *options: str, bind: bool = False, stdin: int | None = None) -> None:
        """Start the pool as supervisor does, with the socket on descriptor 0 or `stdin` there; or with --bind."""
        if bind:
            options = (*options, "--bind", f"unix:{self.path}")
        elif stdin is None:
            self.listener.bind(self.path)
            self.listener.listen(128)
        environ = {**os.environ, "PYTHONPATH": python_path(), "POOL_FOLDER": str(self.folder)}
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(self.entry), *options],
                stdin=subprocess.DEVNULL if bind else self.listener.fileno() if stdin is None else stdin,
                stderr=errors,
                env=environ,
            )

    @property
    def pid(self) -> int:
        """Return the master's pid."""
        assert self.process is not None
        return self.process.pid

    def signal(self, number: int) -> None:
        """Send a signal to the master."""
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait until the master and every other process has ended; return the master's exit status."""
        assert self.process is not None
        status = self.process.wait(PATIENCE)
        wait_until(lambda: not self.family())
        return status

    def end(self) -> None:
        """Kill what is left of it."""
        self.listener.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while pids := self.family():
            assert time.monotonic() < deadline, f"still there: {pids}"
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)

    # what can be seen of it

    def family(self) -> list[int]:
        """Return the pid of every process of it that has not ended, whichever its parent is."""
        sign = f"POOL_FOLDER={self.folder}".encode()
        return [pid for pid in pids() if sign in read(pid, "environ").split(b"\0") and is_alive(pid)]

    def workers(self) -> set[int]:
        """Return the pids of the master's workers."""
        return {pid for pid in children(self.pid) if read(pid, "comm") == b"cocoai-worker\n" and is_alive(pid)}

    def log(self) -> str:
        """Return what its processes have logged so far."""
        return self.errors.read_text()

    def await_log(self, text: str, times: int = 1) -> None:
        """Wait until its log has this text so many times."""
        wait_until(lambda: self.log().count(text) >= times)

    def await_start(self, times: int = 1, workers: int = 2) -> set[int]:
        """Wait until it has begun so many times, and has the workers of that time and no others; return their pids."""
        self.await_log("pool outcome=started", times)
        earlier = {pid for before, pids in self.serving.items() if before < times for pid in pids}

        def are_there() -> bool:
            self.serving[times] = self.workers()
            return (
                len(self.serving[times]) == workers
                and not self.serving[times] & earlier
                and len(self.family()) == workers + 1
            )

        wait_until(are_there)
        return self.serving[times]

    def snapshot(self) -> Snapshot:
        """Return what its scoreboard shows."""
        return read_snapshot(str(self.folder / "scoreboard"), slots=1)

    def await_looks(self, number: int = 2) -> None:
        """Wait until the master has slept and woken so often."""
        before = self._sleeps()
        wait_until(lambda: self._sleeps() >= before + number)

    def _sleeps(self) -> int:
        return int(read(self.pid, "status").partition(b"\nvoluntary_ctxt_switches:")[2].split()[0])

    def ask(self, path: str = "/") -> Reply:
        """Send a request for `path` and return the response."""
        return ask(self.path, path)

    def word(self) -> str:
        """Return the word with which its code responds now."""
        return self.ask().text.split()[0]


def pids() -> list[int]:
    """Return the pids of this machine's processes."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def read(pid: int, name: str) -> bytes:
    """Return a file of this process in /proc; b"" once it has ended, or if it belongs to another user."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def children(pid: int) -> set[int]:
    """Return the pids of this process's children."""
    return {each for each in pids() if f"\nPPid:\t{pid}\n".encode() in read(each, "status")}


@contextmanager
def pool_in(folder: Path) -> Iterator[PoolUnderTest]:
    """Yield a pool that has not been started yet; kill what is left of it afterwards."""
    made = PoolUnderTest(folder)
    try:
        yield made
    finally:
        made.end()


class Load(Clients):
    """Clients that send requests without a pause: `words` keeps what the responses begin with, in order."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.failed: list[str] = []
        self._path = path

    def await_word(self, word: str, times: int = 20) -> None:
        """Wait until so many responses from now on have had this word in a row."""
        before = len(self.words)
        wait_until(lambda: len(self.words) >= before + times and self.words[-times:] == [word] * times)

    def reload_twice(self, pool: PoolUnderTest) -> None:
        """Install new code by HUP, twice; wait each time until it responds."""
        for times, word in ((2, "two"), (3, "three")):
            pool.write(word)
            pool.signal(signal.SIGHUP)
            self.await_word(word)
            pool.await_log("pool outcome=started", times)

    def ask(self) -> None:
        """Send one request, and note the word of its response, or what went wrong."""
        try:
            reply = ask(self._path)
        except OSError as error:
            self.failed.append(repr(error))
            return
        if (reply.status, reply.ended) == (200, (0, 0)):
            self.words.append(reply.text.split()[0])
        else:
            self.failed.append(repr(reply))
