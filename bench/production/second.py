"""A second copy beside the first installation, and the first removed: who answers, and what is left?"""

from __future__ import annotations

import time
from contextlib import ExitStack

from bench.production import state
from bench.production.machine import REDELIVERIES, Machine
from bench.production.removal import PACKAGES
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches

BOOT = 60.0
"""Seconds in which a pool must answer after a boot."""

SECRET = "0" * 32
"""The copy's signing secret: another app's than the first's."""


def copy(machine: Machine, shape: str) -> bool:
    """Install twice, remove the first, then the copy; print a table; return whether all is well."""
    with ExitStack() as stack:
        slack = stack.enter_context(
            PracticeSlack(machine.certificates, signing_secret=SECRET, switches=SlackSwitches(retry_waits=REDELIVERIES))
        )
        machine.root.share_port(slack.port)
        other = Machine(
            machine.root,
            slack,
            machine.openai,
            machine.certificates,
            machine.folder,
            f"qa.{machine.domain}",
            "cocoai_qa",
        )
        return _both(machine, other, shape)


def _both(first: Machine, other: Machine, shape: str) -> bool:
    print(f"\na second copy, by {shape}\n  {'':<44}{'first':>8}{'copy':>8}", flush=True)
    first.copy_checkout()
    first.root.run(PACKAGES, check=True)
    first.fetch_packages()
    other.pip = first.pip
    first.install("--domain", first.domain, "--self-signed", "--yes", "--with", shape)
    first.use_practice_servers()
    is_well = _row("the first is installed", first, other, (True, False))
    other.install("--name", "qa", "--domain", other.domain, "--self-signed", "--yes", "--with", shape)
    other.use_practice_servers()
    is_well &= _row("the copy is installed", first, other, (True, True))
    first.root.reboot()
    is_well &= _row("after a boot", first, other, (True, True))
    other.type("cocoai/bin/install --name qa")
    is_well &= _row("the copy is installed again", first, other, (True, True))
    before = state.files(first)
    first.type("cocoai/bin/install --remove --purge")
    is_well &= _row("the first is removed, and purged", first, other, (False, True))
    gone = before.keys() - state.files(first).keys()
    theirs = sorted(path for path in gone if "cocoai_qa" in path)
    print(f"  paths gone with the first: {len(gone)}, of the copy's: {len(theirs)}")
    other.root.reboot()
    is_well &= _row("after a boot", first, other, (False, True))
    other.type("cocoai/bin/install --name qa --remove --purge")
    is_well &= _row("the copy is removed, and purged", first, other, (False, False))
    return is_well and not theirs


def _row(name: str, first: Machine, other: Machine, expected: tuple[bool, bool]) -> bool:
    found = tuple(_answers(machine, is_due) for machine, is_due in zip((first, other), expected, strict=True))
    wrong = "" if found == expected else "   WRONG"
    print(f"  {name:<44}{_word(found[0]):>8}{_word(found[1]):>8}{wrong}", flush=True)
    return found == expected


def _word(is_answered: object) -> str:
    return "answers" if is_answered else "-"


def _answers(machine: Machine, is_due: bool) -> bool:  # noqa: FBT001 (a row of the table)
    """Check whether Slack's address is verified over https, and a question answered; wait for that if it is due.

    After a boot the pool takes some seconds.
    """
    deadline = time.monotonic() + (BOOT if is_due else 0)
    while not machine.slack.verify_url():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.5)
    machine.await_answer(machine.ask(1))
    return True
