"""`cocoai check` on a real installation: as root and as the pool's user, with all right and with nobody who answers."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from bench.production.machine import Machine
from cocoai.rehearsal.openai.practice_openai import API_KEY

HEADINGS = (
    f"{'':<44}{'seconds':>9}{'exit':>6}{'ok':>5}{'note':>6}{'warning':>9}{'wrong':>7}{'written':>9}{'secrets':>9}"
)

MOST_RIGHT, MOST_SILENT = 10.0, 15.0
"""Seconds that it may take when all is right, and when nobody answers."""

REST = 5.0
"""Seconds in which the pool has moved what it has answered, and writes nothing more."""

LISTING = r"find /etc /opt /var/lib /root /run/{id} -xdev -printf '%p %s %T@ %m %u\n' | grep -v /scoreboard"


def check(machine: Machine) -> bool:
    """Check as each user, in both states; print a table; return whether it was quick, and wrote and told nothing."""
    print(f"\ncheck\n  {HEADINGS}", flush=True)
    time.sleep(REST)
    users = (("root", ""), ("the pool's user", f"runuser -u {machine.id} -- "))
    is_well = True
    for name, prefix in users:
        is_well &= _row(machine, f"all is right, as {name}", prefix, "", MOST_RIGHT)
    with _silent_port() as port:
        machine.root.share_port(port)
        silent = f"https://localhost:{port}"
        options = f"--url https://{machine.domain}:{port}"
        variables = f"COCOAI_SLACK_API_URL={silent}/api/ COCOAI_OPENAI_BASE_URL={silent}/v1 "
        for name, prefix in users:
            line = f"nobody answers, as {name}"
            is_well &= _row(machine, line, prefix + f"env {variables}", options, MOST_SILENT, is_right=False)
    return is_well


@contextmanager
def _silent_port() -> Iterator[int]:
    """Yield a port of this machine where connections are accepted, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


def _row(machine: Machine, name: str, prefix: str, options: str, most: float, *, is_right: bool = True) -> bool:
    before, began = _listing(machine), time.monotonic()
    result = machine.root.run(f"cd /; {prefix}{machine.id} check --json {options}")
    seconds = time.monotonic() - began
    written = sorted(_listing(machine) ^ before)
    findings = json.loads(result.output)
    levels = Counter(each["level"] for each in findings)
    secrets = [each for each in (machine.slack.signing_secret, machine.slack.token, API_KEY) if each in result.output]
    counts = f"{levels['ok']:>5}{levels['note']:>6}{levels['warning']:>9}{levels['wrong']:>7}"
    print(f"  {name:<44}{seconds:>9.1f}{result.exit_code:>6}{counts}{len(written):>9}{len(secrets):>9}", flush=True)
    for each in findings:
        if is_right and each["level"] in ("warning", "wrong"):
            print(f"    {each['level']}: {each['id']} {each['case']}: {each['found']}")
    print("".join(f"    ~ {line}\n" for line in written), end="", flush=True)
    is_as_due = result.exit_code == (0 if is_right else 1)
    return is_as_due and seconds < most and not written and not secrets


def _listing(machine: Machine) -> set[str]:
    return set(machine.root.run(LISTING.format(id=machine.id)).output.splitlines())
