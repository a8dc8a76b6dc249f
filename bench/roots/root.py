"""A bare Debian machine in a folder: boot it, run commands in it, pull its plug, weigh its services, throw it away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.roots import base, container, machine_settings
from bench.roots.container import Leader
from bench.roots.network import Network
from cocoai.engine.process.proc import memory_use

BOOT = 120.0
"""Seconds that a boot may take on a busy machine, and an orderly end too."""

COMMAND = 900.0
"""Seconds that a command may take unless told: an installation of packages takes minutes on a busy machine."""

HOME = "/root"
"""The folder in which commands in a root begin, as root's shell does."""

ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "HOME": HOME,
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}
"""The environment of commands in a root, like that of root's shell; none of this machine's but its proxies."""


class RootError(Exception):
    """A root did not do what it was told; the message has its own words."""


@dataclass(frozen=True)
class Result:
    """What a command wrote to stdout and stderr, in the order written, and its exit code."""

    output: str
    exit_code: int


@dataclass(frozen=True)
class ServiceProcess:
    """A process of a service, and its memory in KiB as this machine's kernel has it. `pid` is this machine's."""

    service: str
    pid: int
    command: str
    rss: int
    pss: int
    private: int


class Root:
    """One bare machine. All its state is on disk, so another process may take it up by the same folder and name.

    As a context manager, it is removed at the end.
    """

    def __init__(self, name: str, folder: Path) -> None:
        """Take up the root `name` below `folder`; `create` makes a new one."""
        self.name = name
        self.home = folder / "roots" / name
        self.tree = self.home / "tree"
        """The root's file system, as this machine sees it; without its tmpfs, such as /run."""
        self.console = self.home / "console"
        self._nspawn: subprocess.Popen[bytes] | None = None

    @classmethod
    def create(cls, release: str, folder: Path, name: str = "") -> Root:
        """Lay a new root of a release ("12" or "13") below `folder`, and its network; it is not booted yet.

        `name` is its host name too, by default such as debian-12. Raise RootError if there is one of that name.
        """
        tree = base.make(release, folder)
        root = cls(name or f"debian-{release}", folder)
        try:
            root.home.mkdir(parents=True)
        except FileExistsError:
            raise RootError(f"{root.home} is there: remove that root first") from None
        try:
            root._lay(tree)
            network = Network.create()
            (root.home / "network").write_text(str(network.number))
            machine_settings.apply(root.tree, base.RELEASES[release])
            for port in machine_settings.loopback_ports(root.tree):
                network.share_port(port)
        except BaseException:
            root.remove()
            raise
        return root

    def _lay(self, base_tree: Path) -> None:
        """Lay the file system: the base with a layer of its own above it, or a copy where overlays are not allowed."""
        layers = {"upperdir": self.home / "upper", "workdir": self.home / "work"}
        for folder in (*layers.values(), self.tree):
            folder.mkdir()
        options = ",".join(f"{key}={path}" for key, path in ({"lowerdir": base_tree} | layers).items())
        if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(self.tree)]).returncode:
            subprocess.run(["cp", "-a", "--reflink=auto", f"{base_tree}/.", str(self.tree)], check=True)
        (self.tree / "etc/hostname").write_text(f"{self.name}\n")
        (self.tree / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n::1 localhost\n")

    def __enter__(self) -> Root:
        """Return this root."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove it."""
        self.remove()

    @property
    def network(self) -> Network:
        """Return its network, which it keeps over its boots. Raise FileNotFoundError if it has none (any more)."""
        return Network(int((self.home / "network").read_text()))

    @property
    def address(self) -> str:
        """Return the IPv4 address at which this machine reaches all its ports."""
        return self.network.address

    @property
    def leader(self) -> Leader:
        """Return its process 1; one that is not alive if it is not booted."""
        try:
            return Leader(*map(int, (self.home / "leader").read_text().split()))
        except FileNotFoundError:
            return Leader(0, 0)

    def boot(self) -> str:
        """Start its systemd, wait until all units were started; return `running`, or `degraded` if some have failed.

        Raise RootError if it is booted already, or if that takes over BOOT seconds.
        """
        if self.leader.is_alive:
            raise RootError(f"{self.name} is booted")
        self._nspawn, leader = container.start(self.name, self.tree, self.network.namespace, self.console, BOOT)
        (self.home / "leader").write_text(f"{leader.pid} {leader.start}")
        deadline = time.monotonic() + BOOT
        state = ""
        while time.monotonic() < deadline and leader.is_alive:
            # Early on the bus is not there yet, and systemctl fails.
            asking = [*container.enter(leader), "systemctl", "is-system-running", "--wait"]
            state = subprocess.run(asking, capture_output=True, text=True, timeout=BOOT).stdout.strip()
            if state in ("running", "degraded"):
                return state
            time.sleep(0.1)
        raise RootError(f"{self.name} did not boot: {state}\n{self.console.read_text(errors='replace')[-2000:]}")

    def run(
        self,
        command: str | Sequence[str],
        input: str | None = None,  # noqa: A002  (as subprocess.run calls it)
        *,
        check: bool = False,
        timeout: float = COMMAND,
    ) -> Result:
        """Run a line of bash, or a program with its arguments, as root in the booted root, and wait for its end.

        `input` is its stdin. With `check`, raise RootError if it exits other than 0. A command that takes over
        `timeout` seconds is ended there: exit code 124. One that a signal ends has 255. Raise RootError if the root is
        not booted.
        """
        leader = self.leader
        if not leader.is_alive:
            raise RootError(f"{self.name} is not booted")
        words = ["timeout", "--kill-after=5", str(timeout)]
        words += ["bash", "-c", command] if isinstance(command, str) else command
        # By the root's own systemd, whose capabilities and system calls nspawn has limited: a command that nsenter ran
        # itself would have this machine's, and once a test of `date` set the clock of all that ran here.
        # As over ssh, a daemon that the command leaves behind stays.
        started = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", "--property=KillMode=process"]
        environment = [f"{key}={value}" for key, value in (ENVIRONMENT | machine_settings.proxies()).items()]
        words = ["env", "--ignore-environment", f"--chdir={HOME}", *environment, *words]
        words = [
            word.replace("$", "$$") for word in words
        ]  # systemd would put its own variables in (systemd.service(5))
        # Files and no pipes: such a daemon would hold a pipe open.
        with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as output:
            stdin.write((input or "").encode())
            stdin.seek(0)
            line = [*container.enter(leader), *started, *words]
            code = subprocess.run(line, stdin=stdin, stdout=output, stderr=subprocess.STDOUT).returncode
            output.seek(0)
            result = Result(output.read().decode(errors="replace"), code)
        if check and result.exit_code:
            raise RootError(f"{self.name}: {command} exited {result.exit_code}:\n{result.output[-4000:]}")
        return result

    def copy_in(self, path: Path, to: str) -> None:
        """Copy a file or folder of this machine to the path `to` in the root, booted or not; it becomes root's.

        Modes and times are kept. If `to` is a folder, it goes into that.
        """
        arrived = self.tree / "var/tmp/arrived"
        arrived.mkdir()
        copy = ["cp", "-R", "--preserve=mode,timestamps,links"]
        subprocess.run([*copy, str(path), str(arrived)], check=True)
        # The second half inside, where links and tmpfs lead where they lead there, and never to this machine's files.
        copy += [f"/var/tmp/arrived/{path.name}", to]
        if self.leader.is_alive:
            self.run(copy, check=True)
        else:
            subprocess.run(["chroot", str(self.tree), *copy], check=True)
        shutil.rmtree(arrived)

    def share_port(self, port: int) -> None:
        """Let it reach the server at this machine's 127.0.0.1:`port` at its own 127.0.0.1:`port`, over reboots too."""
        self.network.share_port(port)

    def poweroff(self) -> None:
        """Shut it down in order, as `systemctl poweroff` does. Raise RootError if that takes over BOOT seconds."""
        self.run("systemctl poweroff")
        self._wait_for_end()

    def reboot(self) -> str:
        """Shut it down in order and boot it again; return what `boot` returns."""
        self.run("systemctl reboot")
        self._wait_for_end()
        return self.boot()

    def pull_plug(self) -> None:
        """Kill its process 1, and so by the kernel all its processes at once; /run and /tmp on tmpfs are gone.

        What was written but never synced is still on the disk, unlike after a real power cut.
        """
        self.leader.signal(signal.SIGKILL)
        self._wait_for_end()

    def _wait_for_end(self) -> None:
        """Wait until all its processes, and nspawn, have ended. Raise RootError if that takes over BOOT seconds."""
        deadline = time.monotonic() + BOOT
        while container.is_running(self.name):
            if time.monotonic() > deadline:
                raise RootError(f"{self.name} does not end: {self.console.read_text(errors='replace')[-2000:]}")
            if self._nspawn:
                self._nspawn.poll()  # reaps it
            time.sleep(0.05)
        container.remove_groups(self.name)

    def memory(self, *services: str) -> list[ServiceProcess]:
        """Return all processes of these services (such as `nginx`, `cocoai.socket`) with their memory, in order of pid.

        A page that another root maps too, of the base's libraries, counts as shared with it: boot one root at a time.
        """
        units = {name if "." in name else f"{name}.service": name for name in services}
        found = []
        for pid in sorted(self.leader.processes()):
            with contextlib.suppress(OSError):  # it has just ended
                path = Path(f"/proc/{pid}/cgroup").read_text().rpartition("0::")[2].split()[0].split("/")  # cgroup v2
                if unit := next((units[part] for part in path if part in units), ""):
                    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    use = memory_use(pid)
                    found.append(ServiceProcess(unit, pid, command.strip(), use.rss, use.pss, use.private))
        return found

    def remove(self) -> None:
        """Pull its plug if it is booted, and remove its network and its files. One that is gone is no error."""
        if container.is_running(self.name):
            self.pull_plug()
        with contextlib.suppress(FileNotFoundError):
            self.network.remove()
        if os.path.ismount(self.tree):
            subprocess.run(["umount", str(self.tree)], check=True)
        shutil.rmtree(self.home, ignore_errors=True)
