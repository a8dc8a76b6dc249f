"""A root's network: a namespace joined to this machine by a pair of interfaces, with an address on either side.

This machine reaches all ports of the root at its address. The root reaches the package registries through this machine
(its address is translated), and single ports of this machine's 127.0.0.1 as its own (`share_port`), so that a practice
server has one URL on both sides and its certificate fits. The namespace outlives the root's boots.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

MOST = 64
"""Roots that may have a network at the same time."""

INSIDE = "host0"
"""The interface's name in the root; systemd's own name for it."""

# 198.18.0.0/15 is set aside for tests between networks (RFC 2544): it is nobody's address.
_HOST_RULES = """\
table ip {name} {{
    set shared {{ type inet_service; }}
    chain prerouting {{
        type nat hook prerouting priority dstnat;
        iifname "{name}" ip daddr {host} tcp dport @shared dnat to 127.0.0.1
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat;
        ip saddr {root} oifname != "{name}" masquerade
    }}
}}
"""
_ROOT_RULES = """\
table ip shared {{
    set shared {{ type inet_service; }}
    chain output {{
        type nat hook output priority -100;
        ip daddr 127.0.0.1 tcp dport @shared dnat to {host}
    }}
    chain postrouting {{
        type nat hook postrouting priority srcnat;
        oifname "{inside}" ip saddr 127.0.0.0/8 masquerade
    }}
}}
"""


@dataclass(frozen=True)
class Network:
    """The network of one root. Its namespace, its interface and its nftables table here are called `name`."""

    number: int

    @property
    def name(self) -> str:
        """Return what the namespace, the interface and the table are called."""
        return f"cocoai{self.number}"

    @property
    def address(self) -> str:
        """Return the root's IPv4 address, which this machine reaches."""
        return f"198.18.{self.number}.2"

    @property
    def host_address(self) -> str:
        """Return this machine's IPv4 address, as the root sees it."""
        return f"198.18.{self.number}.1"

    @property
    def namespace(self) -> Path:
        """Return the path of the network namespace."""
        return Path("/run/netns") / self.name

    @classmethod
    def create(cls) -> Network:
        """Create the first network that is not taken. Raise RuntimeError if MOST of them are."""
        for number in range(MOST):
            network = cls(number)
            if _succeeds("ip", "netns", "add", network.name):
                network._connect()
                return network
        raise RuntimeError(f"all {MOST} networks are taken: ip netns list")

    def _connect(self) -> None:
        """Join the new namespace to this machine, and forward and translate what comes out of it."""
        inside = ("ip", "-n", self.name)
        _run("ip", "link", "add", self.name, "type", "veth", "peer", "name", INSIDE, "netns", self.name)
        _run("ip", "addr", "add", f"{self.host_address}/30", "dev", self.name)
        _run("ip", "link", "set", self.name, "up")
        _run(*inside, "addr", "add", f"{self.address}/30", "dev", INSIDE)
        _run(*inside, "link", "set", "lo", "up")
        _run(*inside, "link", "set", INSIDE, "up")
        _run(*inside, "route", "add", "default", "via", self.host_address)
        # Packets to and from 127.0.0.1 may cross these interfaces: that is what share_port needs.
        _run("sysctl", "-qw", f"net.ipv4.conf.{self.name}.route_localnet=1", f"net.ipv4.conf.{self.name}.forwarding=1")
        _run("ip", "netns", "exec", self.name, "sysctl", "-qw", f"net.ipv4.conf.{INSIDE}.route_localnet=1")
        if outside := _outward_interface():  # it stays so: other roots may need it, and alone it forwards nothing
            _run("sysctl", "-qw", f"net.ipv4.conf.{outside}.forwarding=1")
        _run("nft", "-f", "-", text=_HOST_RULES.format(name=self.name, host=self.host_address, root=self.address))
        rules = _ROOT_RULES.format(host=self.host_address, inside=INSIDE)
        _run("ip", "netns", "exec", self.name, "nft", "-f", "-", text=rules)

    def share_port(self, port: int) -> None:
        """Let the root reach the server at this machine's 127.0.0.1:`port` (TCP) at its own 127.0.0.1:`port`."""
        _run("nft", f"add element ip {self.name} shared {{ {port} }}")
        _run("ip", "netns", "exec", self.name, "nft", f"add element ip shared shared {{ {port} }}")

    def remove(self) -> None:
        """Remove the namespace with its interfaces, and the table. A network that is gone is no error."""
        _succeeds("ip", "link", "del", self.name)
        _succeeds("ip", "netns", "del", self.name)
        _succeeds("nft", "delete", "table", "ip", self.name)


def _outward_interface() -> str:
    """Return the name of the interface of this machine's default route; empty if it has none."""
    fields = subprocess.run(["ip", "-4", "route", "show", "default"], capture_output=True, text=True).stdout.split()
    return fields[fields.index("dev") + 1] if "dev" in fields else ""


def _run(*command: str, text: str = "") -> None:
    """Run a command that must succeed. Raise `subprocess.CalledProcessError` with its stderr if it does not."""
    subprocess.run(command, input=text, text=True, check=True, capture_output=True)


def _succeeds(*command: str) -> bool:
    """Run a command, and tell whether it succeeded."""
    return subprocess.run(command, capture_output=True).returncode == 0
