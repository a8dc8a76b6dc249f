"""`cocoai up`: the production shape on this machine, as one user.

    up ── supervisord ─┬─ nginx          from the files in etc/, copied to var/run/etc with this machine's names
                       └─ cocoai.fcgi    and its workers

What the pool does is not known here: that it answers /healthz is all that is asked.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from typing import IO, Any

from cocoai.errors import CocoAIError
from cocoai.up import etc
from cocoai.up.machine import (
    SBIN,
    find_nginx,
    listen_address,
    require_port,
    require_readable,
    require_supervisor,
    take_folders,
)
from cocoai.up.session import Session

LISTEN = "127.0.0.1:8080"

READY = 30.0
"""Seconds that the pool may take to answer."""

STOP = 30.0
"""Seconds that all may take to end: nginx 4, then the pool 15, and some for a busy machine."""

TAIL = 8
"""Lines of a log that are shown when something does not start."""


class Up:
    """nginx, supervisord and the pool for one `var`. As a context manager: ready inside, gone after.

    `entry` is the script that supervisord starts, `config` the settings file handed to it (empty: none).
    All of them inherit `environ` and the current folder.
    """

    def __init__(
        self,
        var: str,
        *,
        listen: str = LISTEN,
        config: str = "",
        entry: str = "",
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.var = os.path.abspath(var)
        self.run = os.path.join(self.var, "run")
        self.log = os.path.join(self.var, "log")
        self.address = f"http://{listen}"
        self._listen = listen
        self._host, self._port = listen_address(listen)
        self._config = config
        self._entry = entry or etc.find_entry()
        # flup would turn away every client of a unix socket.
        self._environ = {name: value for name, value in environ.items() if name != "FCGI_WEB_SERVER_ADDRS"}
        self._lock: IO[str] | None = None
        self._session: Session | None = None
        self._logged: dict[str, int] = {}

    def __enter__(self) -> Up:
        try:
            self.start()
            self.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all of it. Raises CocoAIError for whatever is missing, taken or not writable."""
        nginx = find_nginx(f"{self._environ.get('PATH', os.defpath)}:{SBIN}")
        require_readable(sys.executable, self._entry)
        require_supervisor()
        self._lock = take_folders(self.var, self.run, self.log)
        require_port(self._host, self._port)
        self._copy(nginx)
        self._try(nginx)
        self._logged = {name: _size(self._log(name)) for name in ("cocoai", "nginx", "supervisord")}
        conf = self._copied("supervisor/supervisord-local.conf")
        self._session = Session([sys.executable, "-m", "supervisor.supervisord", "-c", conf], self._environ)

    def await_ready(self) -> None:
        """Wait until the pool answers /healthz. Raises CocoAIError when it will not."""
        deadline = time.monotonic() + READY
        while not self._answers():
            name = self._troubled()
            if name:
                raise CocoAIError(self._told(name, "does not start"))
            if time.monotonic() > deadline:
                raise CocoAIError(self._told("cocoai", f"does not answer within {READY:g} s"))
            time.sleep(0.1)

    def wait(self) -> None:
        """Wait for ever. Raises CocoAIError if supervisord ends by itself."""
        if self._session is not None:
            self._session.wait()
        raise CocoAIError(self._told("supervisord", "has ended"))

    def stop(self) -> None:
        """End all but job processes, in order; if interrupted, or after STOP seconds, at once."""
        session, self._session = self._session, None
        lock, self._lock = self._lock, None
        try:
            if session is not None:
                session.end(STOP)
        finally:
            if lock is not None:
                lock.close()

    def _copy(self, nginx: str) -> None:
        names = etc.Names(
            run=self.run,
            log=self.log,
            listen=self._listen,
            python=sys.executable,
            entry=self._entry,
            nginx=nginx,
            config=self._config,
        )
        try:
            etc.copy(etc.find_etc(), names)
        except OSError as error:
            raise CocoAIError(f"cannot write {error.filename}: {error.strerror}") from None

    def _try(self, nginx: str) -> None:
        command = [nginx, "-t", "-q", "-p", self.run, "-c", self._copied("nginx/nginx-local.conf")]
        tried = subprocess.run(command, capture_output=True, text=True, check=False, env=self._environ)  # noqa: S603
        if tried.returncode:
            raise CocoAIError(f"nginx does not take its settings:\n{tried.stderr.strip()}")

    def _answers(self) -> bool:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 (asked, not bound)
        connection = http.client.HTTPConnection(host, self._port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _troubled(self) -> str:
        """The name of a program that died as it started, if one did."""
        if self._session is not None and self._session.ended():
            return "supervisord"
        return next((it["name"] for it in self.programs() if it["statename"] in ("BACKOFF", "EXITED", "FATAL")), "")

    def programs(self) -> Any:
        """What supervisord tells of its programs; nothing while it does not listen yet."""
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.run}/supervisor.sock")
        try:
            return xmlrpc.client.ServerProxy("http://localhost", transport).supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []
        finally:
            transport.close()

    def _told(self, name: str, what: str) -> str:
        path = self._log(name)
        with open(path, "rb") as log:
            log.seek(min(self._logged.get(name, 0), _size(path)))
            lines = log.read().decode("utf-8", "replace").splitlines()[-TAIL:]
        return "\n".join([f"{name} {what}; the end of {path}:", *(lines or ["(nothing)"])])

    def _log(self, name: str) -> str:
        return os.path.join(self.log, f"{name}.log")

    def _copied(self, name: str) -> str:
        return os.path.join(self.run, "etc", name)


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0
