"""Read the arguments of `cocoai tune`: the machine that the settings are for, and what its pool has seen."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.up.machine import become_owner

if TYPE_CHECKING:
    from cocoai.tune.machine import Machine
    from cocoai.tune.observed import Observed


def add_tune(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `tune`, and return its parser."""
    tune = commands.add_parser("tune", help="measure what CocoAI takes here, and how many workers and slots that bears")
    tune.add_argument("--memory", metavar="MB", type=int, help="for a machine that is sold with so much, not this one")
    tune.add_argument("--swap", action="store_true", help="with --memory: it has swap")
    tune.add_argument("--cpu", metavar="PERCENT", type=float, help="of each processor, that may be used for ever")
    return tune


def read_machine(arguments: argparse.Namespace) -> tuple[Machine, Observed | None]:
    """Return this machine with what its pool has seen, or the one that `--memory` describes, of which nothing was seen.

    Raise CocoAIError if an option is out of bounds.
    """
    from cocoai.tune import machine
    from cocoai.tune.observed import observe

    machine.check_options(arguments.memory, arguments.cpu)
    settings = config.read(arguments.config, os.environ, secrets=False)
    become_owner(settings.paths.var)
    if arguments.memory is None:
        return machine.this_machine(settings, baseline=arguments.cpu), observe(settings)
    return machine.planned_machine(arguments.memory, swap=arguments.swap, baseline=arguments.cpu), None
