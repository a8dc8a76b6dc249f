"""Start nginx, supervisord and the pool as one user, wait until the pool answers, and stop all of them."""

from __future__ import annotations

import contextlib
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
    make_folders,
    require_no_master,
    require_port,
    require_readable,
    require_supervisor,
)
from cocoai.up.session import Session

LISTEN = "127.0.0.1:8080"

START_TIMEOUT = 30.0
"""Seconds that the pool may take until it answers."""

STOP_TIMEOUT = 30.0
"""Seconds that all may take to end: nginx 4, then the pool 15, and the rest for a busy machine."""

TAIL = 8
"""Lines at the end of a program's log that are shown when it does not start."""


class Up:
    """nginx, supervisord and the pool for one folder `var`: a context manager inside which the pool answers.

    `listen` is nginx's HOST:PORT. `entry` is the script that supervisord starts ("": cocoai.fcgi), `config` the
    settings file that is passed to it ("" for none). All processes inherit `environ` and the current folder.
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
        # With this variable flup would turn away every client of a unix socket.
        self._environ = {name: value for name, value in environ.items() if name != "FCGI_WEB_SERVER_ADDRS"}
        self._lock: IO[str] | None = None
        self._session: Session | None = None
        self._log_sizes: dict[str, int] = {}

    def __enter__(self) -> Up:
        """Start everything and wait until the pool answers; if that fails, stop what has been started."""
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
        """Check this machine, copy the files in etc/, and start supervisord, which starts the others.

        Raise CocoAIError if a program is missing, the port or a lock is taken, or a file cannot be read or written.
        """
        nginx = find_nginx(f"{self._environ.get('PATH', os.defpath)}:{SBIN}")
        require_readable(sys.executable, self._entry)
        require_supervisor()
        self._lock = make_folders(self.var, self.run, self.log)
        require_no_master(self.var, self.run)
        require_port(self._host, self._port)
        self._copy_files(nginx)
        self._check_nginx_settings(nginx)
        self._log_sizes = {name: _size(self._log(name)) for name in ("cocoai", "nginx", "supervisord")}
        conf = self._copied("supervisor/supervisord-local.conf")
        self._session = Session([sys.executable, "-m", "supervisor.supervisord", "-c", conf], self._environ)

    def await_ready(self) -> None:
        """Wait until the pool answers /healthz through nginx.

        Raise CocoAIError if a program dies, or the pool does not answer within START_TIMEOUT seconds.
        """
        deadline = time.monotonic() + START_TIMEOUT
        while not self._is_healthy():
            name = self._failed_program()
            if name:
                raise self._error(name, "does not start")
            if time.monotonic() > deadline:
                raise self._error("cocoai", f"does not answer within {START_TIMEOUT:g} s")
            time.sleep(0.1)

    def wait(self) -> None:
        """Wait until supervisord ends by itself, then raise CocoAIError with the end of its log.

        A signal whose handler raises an exception interrupts the wait.
        """
        if self._session is not None:
            self._session.wait()
        raise self._error("supervisord", "has ended")

    def stop(self) -> None:
        """End all processes but job processes, in order, and give up the lock; do nothing if none was started.

        Kill them after STOP_TIMEOUT seconds, or if the wait is interrupted.
        """
        session, self._session = self._session, None
        lock, self._lock = self._lock, None
        try:
            if session is not None:
                session.end(STOP_TIMEOUT)
        finally:
            if lock is not None:
                lock.close()

    def _copy_files(self, nginx: str) -> None:
        """Copy the files in etc/ to var/run/etc with this machine's names.

        Raise CocoAIError if one is missing or cannot be written, or if a path in it would be misread.
        """
        names = etc.LocalNames(
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

    def _check_nginx_settings(self, nginx: str) -> None:
        """Run `nginx -t` on the copied files. Raise CocoAIError with nginx's output if it refuses them."""
        command = [nginx, "-t", "-q", "-p", self.run, "-c", self._copied("nginx/nginx-local.conf")]
        checked = subprocess.run(command, capture_output=True, text=True, check=False, env=self._environ)  # noqa: S603
        if checked.returncode:
            raise CocoAIError(f"nginx does not take its settings:\n{checked.stderr.strip()}")

    def _is_healthy(self) -> bool:
        """Send GET /healthz to nginx; return True if the response has the status 200."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104 (not bound here)
        connection = http.client.HTTPConnection(host, self._port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _failed_program(self) -> str:
        """Return the name of a program that supervisord could not start; "" if there is none.

        It is `supervisord` if that has ended itself.
        """
        if self._session is not None and self._session.ended():
            return "supervisord"
        return next((it["name"] for it in self.programs() if it["statename"] in ("BACKOFF", "EXITED", "FATAL")), "")

    def programs(self) -> Any:
        """Ask supervisord for the state of its programs; return a dict for each, with `name`, `statename` and more.

        Return [] while supervisord does not listen yet.
        """
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self.run}/supervisor.sock")
        try:
            return xmlrpc.client.ServerProxy("http://localhost", transport).supervisor.getAllProcessInfo()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []
        finally:
            transport.close()

    def _error(self, name: str, trouble: str) -> CocoAIError:
        """Build the error for a program, with the last TAIL lines that it has logged since `start`."""
        path = self._log(name)
        lines = []
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as log:  # it has ended before it wrote anything
            log.seek(min(self._log_sizes.get(name, 0), _size(path)))
            lines = log.read().decode("utf-8", "replace").splitlines()[-TAIL:]
        return CocoAIError("\n".join([f"{name} {trouble}; the end of {path}:", *(lines or ["(nothing)"])]))

    def _log(self, name: str) -> str:
        return os.path.join(self.log, f"{name}.log")

    def _copied(self, name: str) -> str:
        return os.path.join(self.run, "etc", name)


def _size(path: str) -> int:
    """Return the file's size in bytes, 0 if it is missing."""
    try:
        return os.path.getsize(path)
    except FileNotFoundError:
        return 0
