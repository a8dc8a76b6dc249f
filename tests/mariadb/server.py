"""A real MariaDB server for tests, with its own data and Unix socket. Nothing else on the machine is touched."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from cocoai.engine.mariadb.address import Address
from tests.processes import wait_until

COMMANDS = ("mariadbd", "mariadb-install-db", "mariadb-server-core")
"""The two programs, and Debian's package of them."""

# A killed server loses nothing that it has written, even if nothing is synced: only a power cut would tell the
# difference. So `nosync`, which saves the wait for the disk, proves no less here.
OPTIONS = (
    "--no-defaults",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-flush-method=nosync",
    "--sync-frm=OFF",
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-file-size=4M",
    "--innodb-log-buffer-size=2M",
    "--innodb-temp-data-file-path=ibtmp1:2M:autoextend",
    "--aria-pagecache-buffer-size=1M",
    "--key-buffer-size=64K",
    "--max-connections=100",
    "--open-files-limit=1024",
    "--user=root",  # or it would refuse to run as root; for others it means nothing
)

WITHOUT_NETWORK = "--skip-networking"


def find(command: str) -> str | None:
    """Return the path of a program; on Debian the server lies in a folder that only root's PATH has."""
    return shutil.which(command, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin")))


def new_data(folder: Path) -> Path:
    """Return a data folder of a server that was never started, to be copied: made by the first process that asks."""
    folder.mkdir(exist_ok=True)
    data = folder / "data"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not data.exists():
            half = folder / "half"
            command = find("mariadb-install-db")
            assert command
            options = (
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                f"--datadir={half}",
                f"--tmpdir={folder}",
            )
            arguments = [command, OPTIONS[0], *options, *OPTIONS[1:]]
            made = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=300)
            assert made.returncode == 0, made.stdout + made.stderr
            half.rename(data)
    return data


class Server:
    """A server with its data, socket and log in `folder`, whose path must be short. It takes about 45 MiB."""

    def __init__(self, folder: Path, data: Path) -> None:
        self._folder = folder
        self.socket = str(folder / "s")
        self._options: tuple[str, ...] = (WITHOUT_NETWORK,)
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(data, folder / "data")

    @property
    def pid(self) -> int:
        """Return the pid of the running server."""
        assert self._process
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Check whether the server runs: it was started, and has neither been stopped nor died."""
        return self._process is not None and self._process.poll() is None

    @property
    def mebibytes(self) -> int:
        """Return the size of the file that all tables share which have none of their own. It never shrinks."""
        return (self._folder / "data" / "ibdata1").stat().st_size >> 20

    def address(self, database: str = "") -> Address:
        """Return the address of a database on the socket, for the user who may do everything."""
        return Address(database, "root", socket=self.socket)

    def start(self, *options: str) -> None:
        """Start the server, and wait until it answers. It stays without a network unless `options` say otherwise."""
        assert not self.is_running
        command = find("mariadbd")
        assert command
        own = [f"--datadir={self._folder}/data", f"--socket={self.socket}", f"--pid-file={self._folder}/pid"]
        # Each that starts removes the temporary tables in its folder, also those of others in /tmp.
        own.append(f"--tmpdir={self._folder}")
        self._options = options or (WITHOUT_NETWORK,)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([command, *OPTIONS, *own, *self._options], stdout=log, stderr=log)
        wait_until(self._greets)

    def stop(self) -> None:
        """Stop the server as its supervisor would; it ends each session first."""
        self._end(signal.SIGTERM)

    def kill9(self) -> None:
        """Kill the server at once, in the midst of everything."""
        self._end(signal.SIGKILL)

    def stall(self) -> None:
        """Let the server do nothing more until resume(). The kernel still accepts connections for it."""
        os.kill(self.pid, signal.SIGSTOP)
        # One of its threads may still be answering.
        wait_until(lambda: all(_state(task) == "T" for task in Path(f"/proc/{self.pid}/task").iterdir()))

    def resume(self) -> None:
        """Let a stalled server go on."""
        os.kill(self.pid, signal.SIGCONT)

    def restore(self) -> None:
        """Let the server run as it does by default, whatever a test has done to it."""
        if self.is_running:
            self.resume()
            if self._options != (WITHOUT_NETWORK,):
                self.stop()
        if not self.is_running:
            self.start()

    def _end(self, how: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(how)
        self._process.wait()

    def _greets(self) -> bool:
        """Check whether a client would be greeted. No client's package is needed for that."""
        assert self.is_running, (self._folder / "log").read_text(errors="replace")
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(self.socket)
                return bool(client.recv(1))
            except OSError:
                return False


def _state(task: Path) -> str:
    """Return the letter of a thread's state."""
    return (task / "stat").read_text().rpartition(")")[2].split()[0]
