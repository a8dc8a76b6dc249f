"""The self-check: does a bare machine boot here, install a package, serve this machine, and come back after a cut?"""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.roots import base
from bench.roots.root import Root

NAME = "check"
"""The name of the self-check's root."""

WORD = b"from this machine\n"
"""What the practice server of the self-check says."""


OF_THE_MACHINE = (16, 17, 25)
"""CAP_SYS_MODULE, CAP_SYS_RAWIO and CAP_SYS_TIME (capabilities(7), linux/capability.h)."""

FILTERED = "2"
"""The state of seccomp in proc(5) in which a filter decides about system calls."""


@dataclass
class Steps:
    """The seconds that each step took, printed as it ends."""

    release: str
    started: float = field(default_factory=time.monotonic)

    def take(self, name: str, step: Callable[[], object]) -> None:
        """Run a step, and print its seconds and what it returns, if anything."""
        before = time.monotonic()
        told = step()
        print(
            f"Debian {self.release}  {time.monotonic() - before:6.1f} s  {name:<40} {told or ''}".rstrip(), flush=True
        )


def check(release: str, folder: Path) -> None:
    """Take a root of a release through all that the stand promises. Raise an error at the first promise not kept."""
    steps = Steps(release)
    steps.take("debootstrap, once", lambda: base.make(release, folder) and None)
    Root(f"{NAME}-{release}", folder).remove()  # left by a check that was killed
    roots: list[Root] = []
    steps.take("lay", lambda: roots.append(Root.create(release, folder, f"{NAME}-{release}")))
    with roots[0] as root, practice_server() as port:
        steps.take("boot", root.boot)
        steps.take("commands cannot reach this machine", lambda: confined(root))
        steps.take("reach a server of this machine", lambda: reach_out(root, port))
        steps.take("apt-get update", lambda: root.run("apt-get update", check=True) and None)
        steps.take("apt-get install nginx", lambda: root.run("apt-get install -y nginx", check=True) and None)
        steps.take("start it by systemd", lambda: root.run("systemctl enable --now nginx", check=True) and None)
        steps.take("reach it from this machine", lambda: served(root))
        steps.take("its memory", lambda: memory(root))
        steps.take("copy a file in", lambda: copy_in(root, Path(__file__)))
        root.run("touch /run/before /var/before", check=True)
        steps.take("pull the plug", root.pull_plug)
        steps.take("boot again", root.boot)
        steps.take("nginx is there again", lambda: served(root))
        steps.take("/run is empty, /var is not", lambda: emptied(root))
        steps.take("reboot in order", root.reboot)
        steps.take("nginx is there again", lambda: served(root))
        steps.take("venv, and pip install flup", lambda: install_flup(root))
        steps.take("power off", root.poweroff)
        steps.take("remove", root.remove)


@contextmanager
def practice_server() -> Iterator[int]:
    """Listen on 127.0.0.1 and say WORD to whoever connects, until the block ends; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket) -> None:
    """Say WORD to each client until the listener is shut down."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            client.sendall(WORD)


def confined(root: Root) -> None:
    """See that a command in the root may neither set the clock nor load modules, and that system calls are filtered."""
    fields = dict(
        re.findall(r"^(\w+):\s*(\w+)$", root.run(["cat", "/proc/self/status"], check=True).output, re.MULTILINE)
    )
    kept = int(fields["CapBnd"], 16) & sum(1 << each for each in OF_THE_MACHINE)
    if kept or fields["Seccomp"] != FILTERED:
        raise AssertionError(f"a command in the root has capabilities of the machine: {fields}")


def reach_out(root: Root, port: int) -> None:
    """Have the root connect to a server of this machine at its own 127.0.0.1."""
    root.share_port(port)
    said = root.run(f"cat < /dev/tcp/127.0.0.1/{port}", check=True, timeout=30).output
    if said != WORD.decode():
        raise AssertionError(f"the server of this machine said {said!r}")


def served(root: Root) -> str:
    """Return the status with which the root's nginx answers this machine. Raise an error if that is not 200."""
    with closing(http.client.HTTPConnection(root.address, timeout=30)) as connection:
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
    if response.status != 200:
        raise AssertionError(f"nginx answers {response.status}")
    return f"{response.status} at {root.address}"


def memory(root: Root) -> str:
    """Return the memory of nginx's processes in MiB."""
    found = root.memory("nginx")
    if not found:
        raise AssertionError("no process of nginx is to be seen")
    rss, pss, private = (sum(getattr(each, what) for each in found) / 1024 for what in ("rss", "pss", "private"))
    return f"{len(found)} processes: RSS {rss:.1f}, PSS {pss:.1f}, private {private:.1f} MiB"


def copy_in(root: Root, path: Path) -> None:
    """Copy a file into the booted root's /tmp, and compare it there."""
    root.copy_in(path, "/tmp/copied")
    if root.run(["cat", "/tmp/copied"], check=True).output != path.read_text():
        raise AssertionError("the copy is not the file")


def emptied(root: Root) -> None:
    """See that a boot has emptied /run and left /var as it was."""
    root.run("test ! -e /run/before && test -e /var/before", check=True)


def install_flup(root: Root) -> str:
    """Install a package of PyPI into a virtual environment in the root; return its version."""
    root.run("apt-get install -y --no-install-recommends python3-venv", check=True)
    root.run("python3 -m venv /opt/try && /opt/try/bin/pip install --quiet flup", check=True)
    return root.run("/opt/try/bin/pip freeze", check=True).output.strip()
