"""A load balancer as etc/ has it, before several machines, each with the production site in front of its own pool.

Only names and ports are replaced. A machine's nginx believes the balancer, by default at 127.0.0.1, whom it speaks for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import cpu
from tests.processes import wait_until
from tests.sites import NGINX, change, production, running, site_file, two_ports
from tests.volley import HOST, FrontDoor

BALANCER = "127.0.0.1"


@dataclass(frozen=True)
class MachineSite:
    """The production site of one machine: its `port` at the `address`, and what nginx has in `folder`."""

    folder: Path
    port: int
    address: str = "127.0.0.1"

    def nginx(self) -> list[int]:
        """Return the pids of its nginx, the master's first."""
        return nginx_in(self.folder)

    def posts(self) -> list[list[str]]:
        """Return the fields of the access log's lines of posts so far: time, address, method, status and durations."""
        lines = (line.split() for line in (self.folder / "access.log").read_text().splitlines())
        return [fields for fields in lines if fields[2] == "POST"]


def nginx_in(folder: Path) -> list[int]:
    """Return the pids of the nginx that runs in `folder`, the master's first; wait until it has told its own."""
    file = folder / "nginx.pid"
    wait_until(lambda: file.exists() and file.read_text().strip())
    master = int(file.read_text())
    return [master, *cpu.descendants(master)]


@contextlib.contextmanager
def machine_site(
    folder: Path, pool: Path, changes: Mapping[str, str] | None = None, *, balanced_by: str = BALANCER
) -> Iterator[MachineSite]:
    """Run the production site of a machine in `folder`, before the pool whose socket is in the folder `pool`.

    `changes` maps texts in its files to others; `balanced_by` is the balancer's address.
    """
    port, plain = two_ports()
    production(folder, port, plain, host=HOST)
    behind = (NGINX / "cocoai_behind.conf").read_text().replace("10.0.0.10", balanced_by)
    (folder / "conf.d/cocoai_behind.conf").write_text(behind)
    if changes:
        change(folder, changes)
    with running(folder, [port, plain], pool):
        yield MachineSite(folder, port)


@contextlib.contextmanager
def balancer(
    folder: Path, sites: Sequence[MachineSite], pool: Path, changes: Mapping[str, str] | None = None
) -> Iterator[FrontDoor]:
    """Run the balancer's nginx in `folder` before these machines, and yield where Slack posts to.

    `pool` is that of one of the machines, which is waited for; `changes` maps texts in its files to others.
    """
    port, plain = two_ports()
    balancer_site(folder, sites, port, plain)
    if changes:
        change(folder, changes)
    with running(folder, [port, plain], pool):
        yield FrontDoor(port, str(folder / "fullchain.pem"), folder / "access.log")


def balancer_site(folder: Path, sites: Sequence[MachineSite], port: int, plain: int) -> None:
    """Write the balancer's site into `folder`, with a certificate of its own and these ports and machines."""
    production(folder, port, plain, host=HOST)
    (folder / "conf.d/cocoai_https.conf").unlink()
    trusted = folder / "machines.pem"
    trusted.write_text("".join((site.folder / "fullchain.pem").read_text() for site in sites))
    name = "cocoai_balancer.conf"
    site_file(folder, folder, name, port, plain, host=HOST, name=name)
    text = (folder / "conf.d" / name).read_text()
    text = text.replace("cocoai.example.com", HOST).replace("/etc/nginx/cocoai_machines.pem", str(trusted))
    [(line, options)] = re.findall(r"(    server 10\.0\.0\.11:443(.*;)\n    server 10\.0\.0\.12:443.*;\n)", text)
    servers = "".join(f"    server {site.address}:{site.port}{options}\n" for site in sites)
    (folder / "conf.d" / name).write_text(text.replace(line, servers))
