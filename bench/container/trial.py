"""Try containers of the image: conversations from outside, through kills and stops; then as behind a real Slack."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.container.image import Build, Container
from bench.roots.container import Leader
from cocoai.engine.process.proc import start_time
from cocoai.spool.job_process import JOB_PROCESS

PAGE = 8090
NGINX = 8080
PATIENCE = 120.0
"""Seconds that anything may take on a busy machine."""

STOP = 40.0
"""Seconds that a container may take to end in order; the documentation gives an engine this --stop-timeout."""

SECRET = "a-secret-of-the-trial"
_SETTINGS = """\
[slack]
signing_secret = {secret}
api_url = http://127.0.0.1:9/api/
[openai]
base_url = http://127.0.0.1:9/v1
[pool]
workers = 1
"""
"""Settings for `cocoai up` that name no server outside: nobody listens at port 9 (discard) of the container itself."""


class Trial:
    """The image under trial; `address` is the container's, as this machine reaches it."""

    def __init__(self, build: Build, address: str, scratch: Path) -> None:
        self._build, self._address, self._scratch = build, address, scratch
        self._var = build.volume(build.image.volumes[0])

    def once(self) -> str:
        """Run the rehearsal to the end of its first conversation; return how soon it was answered."""
        before = len(self._build.said())
        code = self._build.run(*self._build.image.command, "--once").nspawn.wait(PATIENCE)
        said = self._build.said()[before:]
        _require(code == 0 and said.count("CocoAI: ") == 2, f"--once exited {code}:\n{said[-2000:]}")
        answer = next(line for line in reversed(said.splitlines()) if "CocoAI: " in line)
        return f"exit code 0, answered after {answer.partition('  CocoAI')[0].strip()}"

    def rehearsal(self) -> Container:
        """Start the image as it is, and wait until its page answers from outside."""
        before = len(self._build.said())
        running = self._build.run()
        _wait("the page is reachable", lambda: running.nspawn.poll() is not None or self._page("GET", "/")[0] == 200)
        _require(running.nspawn.poll() is None, f"the rehearsal has ended:\n{self._build.said()[-2000:]}")
        _wait("the first conversation is over", lambda: "Now you:" in self._build.said()[before:])
        return running

    def guarded(self) -> None:
        """See that the page answers to this machine's own name only, and that nginx is not reached from outside."""
        status, _ = self._page("GET", "/page/world", host=f"{self._address}:{PAGE}")
        _require(status == 403, f"a request for the container's own address was answered {status}")
        try:
            self._ask(NGINX, "GET", "/healthz")
        except ConnectionRefusedError:
            return
        raise AssertionError("nginx is reached from outside, though only the page is published")

    def ask(self) -> Callable[[], None]:
        """Ask a question on the page; return a function that waits until it is answered."""
        origin = {"Origin": f"http://localhost:{PAGE}", "Content-Type": "application/json"}
        words = json.dumps({"channel": "C0PRACTICE", "text": "@CocoAI 議題案を3つ"})
        status, body = self._page("POST", "/page/say", words.encode(), origin)
        _require(status == 200, f"the page takes no question: {status} {body!r}")
        ts = json.loads(body)["ts"]
        done = self._var / "rehearsal/spool/done"
        return lambda: _wait("an answer", lambda: list(done.glob(f"*-{ts}"))) and None

    def ask_and_kill_the_worker(self, running: Container) -> str:
        """Kill the worker whose job process is answering; see that process 1 adopts the job and reaps it at its end."""
        answered = self.ask()
        job = _wait("a job process", lambda: _job_of(running.leader))
        worker = _parent(job)
        Leader(worker, start_time(worker)).signal(signal.SIGKILL)
        _wait("the job is process 1's", lambda: _parent(job) == running.leader.pid)
        answered()
        _wait("the job has ended", lambda: not _exists(job))
        _require(not running.zombies(), f"{running.zombies()} processes have ended and are not reaped")
        return "none is left unreaped"

    def real(self) -> str:
        """Run `cocoai up` with settings from a mounted file and the environment; ask it from outside as Slack does."""
        file = self._scratch / "cocoai.ini"
        file.write_text(_SETTINGS.format(secret=SECRET))
        file.chmod(0o644)
        environment = {"SLACK_BOT_TOKEN": "xoxb-of-the-trial", "OPENAI_API_KEY": "sk-of-the-trial"}
        command = ("cocoai", "up", "--listen", f"0.0.0.0:{NGINX}")
        running = self._build.run(*command, environment=environment, mounted={file: "/srv/cocoai/cocoai.ini"})
        _wait("nginx is reachable", lambda: running.nspawn.poll() is not None or self._healthy())
        _require(running.nspawn.poll() is None, f"cocoai up has ended:\n{self._build.said()[-2000:]}")
        body = json.dumps({"type": "url_verification", "challenge": "of-the-trial", "token": "x"}).encode()
        stamp = str(int(time.time()))
        signature = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signature}"}
        headers["Content-Type"] = "application/json"
        status, said = self._ask(NGINX, "POST", "/slack/events", body, headers)
        _require((status, b"of-the-trial" in said) == (200, True), f"url_verification: {status} {said!r}")
        return self.stop(running, "")

    def stop(self, running: Container, folder: str = "rehearsal") -> str:
        """Stop a container as `docker stop` does; see by the log in a folder of `var` that all ended in order."""
        code, seconds = running.end(signal.SIGTERM, STOP)
        _require(code == 0, f"exit code {code} after SIGTERM:\n{self._build.said()[-2000:]}")
        _require(not self._build.is_running(), "processes are left")
        log = (self._var / folder / "log/supervisord.log").read_text().splitlines()
        ends = [line.partition("stopped: ")[2] for line in log if "stopped: " in line][-2:]
        in_order = ["nginx (exit status 0)", "cocoai (exit status 0)"]
        _require(ends == in_order, f"not stopped in order: {ends}")
        return f"{seconds:.1f} s: {', '.join(ends)}"

    def as_own_user(self, running: Container) -> str:
        """See that no process is root's."""
        users = running.users()
        _require(users == {self._var.stat().st_uid} and 0 not in users, f"processes of the users {users}")
        return f"user {users.pop()}"

    def _healthy(self) -> bool:
        try:
            return self._ask(NGINX, "GET", "/healthz")[0] == 200
        except OSError:
            return False

    def _page(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, *, host: str = ""
    ) -> tuple[int, bytes]:
        """Ask the page as a browser does that came by a published port; return (0, b"") if it does not listen."""
        named = {"Host": host or f"localhost:{PAGE}", **(headers or {})}
        try:
            return self._ask(PAGE, method, path, body, named)
        except ConnectionRefusedError:
            return 0, b""

    def _ask(
        self, port: int, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        with closing(http.client.HTTPConnection(self._address, port, timeout=30)) as connection:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()


def _job_of(leader: Leader) -> int:
    """Return the pid of a job process of the container; 0 if there is none, or it has ended meanwhile."""
    for pid in leader.processes():
        try:
            if Path(f"/proc/{pid}/comm").read_text().strip() == JOB_PROCESS:
                return pid
        except OSError:
            continue
    return 0


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _wait(what: str, is_so: Callable[[], Any]) -> Any:
    """Return what `is_so` returns, as soon as that is true. Raise TimeoutError after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not (value := is_so()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE:g} s: {what}")
        time.sleep(0.02)
    return value


def _require(is_so: bool, otherwise: str) -> None:  # noqa: FBT001
    """Raise AssertionError with a sentence if a condition does not hold."""
    if not is_so:
        raise AssertionError(otherwise)
