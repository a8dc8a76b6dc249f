"""Network namespaces on one bridge, as machines on one switch, to which this computer belongs too. They need root.

    with switch(3) as (first, second, third):
        subprocess.Popen([*first.prefix, "mariadbd", f"--bind-address={first.address}"])
        with second.entered():
            ...  # sockets and processes that are made here are the second machine's
        third.cut()

Each machine has a 127.0.0.1 of its own, an address for the others, and a way to this computer and nowhere else. Unix
sockets are files, which namespaces do not keep apart.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TypeVar

MOST = 13
"""Machines that have room in a network of 16 addresses: one is this computer's, two are nobody's."""

CLONE_NEWNET = 0x40000000

# The upper half of 198.18.0.0/15, which is set aside for tests between networks (RFC 2544); bench.roots has the lower.
_FIRST = int(IPv4Address("198.19.0.0"))
_NETWORKS = 4096

Made = TypeVar("Made")


class Missing(Exception):
    """This computer cannot have such namespaces; the text says why."""


@dataclass(frozen=True)
class Machine:
    """A namespace, with an IPv4 `address`; `here` is this computer's, as the machine sees it.

    `name` is what both the namespace and its interface on the switch are called.
    """

    name: str
    address: str
    here: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Return the words before a command that is to run in the namespace."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Let nothing pass between this machine and all others, as if its cable were pulled: nobody is told."""
        ip("link", "set", self.name, "down")

    def mend(self) -> None:
        """Let it pass again."""
        ip("link", "set", self.name, "up")

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread be in the namespace: what it opens, and what it starts, stays there. The disk is the same."""
        with open("/proc/thread-self/ns/net") as before, open(f"/run/netns/{self.name}") as its:
            _set_namespace(its.fileno())
            try:
                yield
            finally:
                _set_namespace(before.fileno())

    @contextmanager
    def holding(self, context: AbstractContextManager[Made]) -> Iterator[Made]:
        """Begin and end a context in the namespace, with this thread outside in between."""
        with ExitStack() as stack:
            with self.entered():
                made = stack.enter_context(context)
            try:
                yield made
            finally:
                with self.entered():
                    stack.close()


@contextmanager
def switch(number: int) -> Iterator[Sequence[Machine]]:
    """Yield so many machines on a switch; they are gone behind the block. Raise `Missing` if there can be none.

    What runs in them has to have ended by then.
    """
    if not 0 < number <= MOST:
        raise ValueError(f"from 1 to {MOST} machines, not {number}")
    if os.geteuid():
        raise Missing("network namespaces need root")
    if not shutil.which("ip"):
        raise Missing("there is no `ip`: install Debian's package iproute2")
    # Named by our pid, so that all can be removed whose making was cut off, and nothing of another process's.
    bridge = f"sw{os.getpid()}"
    here, *addresses = (str(IPv4Address(_FIRST + os.getpid() % _NETWORKS * 16 + each)) for each in range(1, number + 2))
    machines = [Machine(f"{bridge}-{each}", address, here) for each, address in enumerate(addresses)]
    try:
        ip("link", "add", "name", bridge, "type", "bridge")
        ip("address", "add", f"{here}/28", "dev", bridge)
        ip("link", "set", bridge, "up")
        for each in machines:
            _plug_in(each, bridge)
        yield machines
    finally:
        for each in machines:
            _try_ip("link", "delete", each.name)
            _try_ip("netns", "delete", each.name)
        _try_ip("link", "delete", bridge)


def _plug_in(machine: Machine, bridge: str) -> None:
    """Make a machine's namespace, and join it to the bridge by a pair of interfaces."""
    own = ("-n", machine.name)
    ip("netns", "add", machine.name)
    ip(*own, "link", "set", "lo", "up")
    ip("link", "add", machine.name, "type", "veth", "peer", "name", "eth0", "netns", machine.name)
    ip(*own, "address", "add", f"{machine.address}/28", "dev", "eth0")
    ip(*own, "link", "set", "eth0", "up")
    ip("link", "set", machine.name, "master", bridge)
    ip("link", "set", machine.name, "up")


def ip(*words: str) -> None:
    """Run `ip` with these words. Raise `Missing` if it fails."""
    run = _try_ip(*words)
    if run.returncode:
        raise Missing(f"ip {' '.join(words)}: {run.stderr.strip()}")


def _try_ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["ip", *words], check=False, capture_output=True, text=True, timeout=30)


def _set_namespace(descriptor: int) -> None:
    """Move this thread into a network namespace (setns(2); Python has it from 3.12 on)."""
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")
