"""Run the parts of `bench.production` that the command line names, or all of them."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bench.production
from bench.production import events, interrupted, keeping, removal, second
from bench.production.check import check
from bench.production.machine import DOMAIN, Machine, bare_machine, seconds_since

PARTS = ("install", "events", "memory", "check", "interrupted", "copy", "removal", "keeping")


def main() -> None:
    """Install CocoAI on a bare root, and print a table for each part."""
    arguments = _arguments()
    if os.geteuid() != 0:
        sys.exit("bench.production boots machines in namespaces: as root")
    is_well = True
    if {"install", "events", "memory", "check", "keeping"} & set(arguments.parts):
        with _machine(arguments, "production") as machine:
            _install(machine, arguments.shape)
            if "memory" in arguments.parts:
                _memory(machine)
            if "check" in arguments.parts:
                is_well &= check(machine)
            if "events" in arguments.parts:
                _events(machine, arguments.shape)
            if "keeping" in arguments.parts:
                _keeping(machine)
    if "interrupted" in arguments.parts:
        with _machine(arguments, "interrupted") as machine:
            is_well &= interrupted.interrupted(machine, arguments.shape, arguments.kills)
    if "copy" in arguments.parts:
        with _machine(arguments, "copy") as machine:
            is_well &= second.copy(machine, arguments.shape)
    if "removal" in arguments.parts:
        with _machine(arguments, "removal") as machine:
            is_well &= removal.removal(machine, arguments.shape)
    sys.exit(0 if is_well else 1)


@contextmanager
def _machine(arguments: argparse.Namespace, name: str) -> Iterator[Machine]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        bare_machine(arguments.release, arguments.folder, Path(folder), name=name) as machine,
    ):
        yield machine


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.production",
        description=bench.production.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--release", choices=("12", "13"), default="13")
    parser.add_argument("--with", dest="shape", choices=("supervisor", "systemd"), default="supervisor")
    parser.add_argument("--kills", type=int, default=12, help="of `interrupted` (12)")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "cocoai-roots", help="of the roots"
    )
    arguments = parser.parse_args()
    arguments.parts = arguments.parts or list(PARTS)
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return arguments


def _install(machine: Machine, shape: str) -> None:
    print("\ninstall", flush=True)
    machine.copy_checkout()
    began = time.monotonic()
    told = machine.install("--domain", DOMAIN, "--self-signed", "--yes", "--with", shape)
    installed = seconds_since(began)
    print("\n".join(f"  | {line}" for line in told.output.splitlines() if line.startswith("- ")))
    machine.use_practice_servers()
    assert machine.slack.verify_url()
    question = machine.ask(1)
    machine.await_answer(question)
    print(f"  typed: {len(machine.typed) + 1} (with git clone); installed after {installed} s; an answer over https")
    print(f"  after {seconds_since(began)} s", flush=True)


def _memory(machine: Machine) -> None:
    print("\nmemory, at rest (MB of 10^6 bytes; MiB)", flush=True)
    time.sleep(70)  # until the workers have gone
    processes = machine.root.memory("nginx", machine.id)
    supervisord = [each for each in processes if "supervisord" in each.command]
    ours = [each for each in processes if each not in supervisord]
    for name, some in (("nginx and pool", ours), ("supervisord", supervisord)):
        rss, pss = sum(each.rss for each in some), sum(each.pss for each in some)
        print(f"  {name:<20}{len(some):>3} processes   RSS {rss * 1024 / 1e6:6.1f} MB   PSS {pss / 1024:6.1f} MiB")
        for each in some:
            print(f"    {each.command[:40]:<40} RSS {each.rss * 1024 / 1e6:6.1f} MB   PSS {each.pss / 1024:6.1f} MiB")


def _events(machine: Machine, shape: str) -> None:
    pool = {
        "kill -9 of nginx's master": events.kill("nginx", "master process"),
        "kill -9 of nginx's worker": events.kill("nginx", "worker process"),
        "kill -9 of the pool's master": events.kill("cocoai", "cocoai.fcgi"),
        "kill -9 of a worker": events.kill("cocoai", "cocoai-worker"),
        "kill -9 of a job process": events.kill("cocoai", "cocoai-job"),
        "systemctl reload cocoai": events.typed("systemctl reload cocoai"),
        "systemctl restart cocoai": events.typed("systemctl restart cocoai"),
        "upgrade": events.upgrade,
        "rollback": events.rollback,
        "reboot": events.reboot,
        "the plug is pulled": events.plug,
    }
    if shape == "supervisor":
        pool["kill -9 of supervisord"] = events.kill("cocoai", "supervisord")
    print(f"\nevents, by {shape}\n  {events.HEADINGS}", flush=True)
    for name, event in pool.items():
        print(f"  {events.happen(machine, event).line(name)}", flush=True)


def _keeping(machine: Machine) -> None:
    print("\nkeeping", flush=True)
    for part in (keeping.backup, keeping.full_disk, keeping.certificate):
        print(f"  {part.__name__:<14}{part(machine)}", flush=True)


if __name__ == "__main__":
    main()
