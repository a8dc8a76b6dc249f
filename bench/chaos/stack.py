"""What a run is done to: the practice servers, and one machine or several, with the store that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.chaos.rooms import Room
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.up import Up


@dataclass(frozen=True)
class Machine:
    """A CocoAI machine: its folder, its programs, and what its processes have in their environment (processes.py)."""

    var: Path
    up: Up
    run_id: str


@dataclass(frozen=True)
class Stack:
    """All of it. `run_id` is the beginning of each machine's."""

    slack: PracticeSlack
    openai: PracticeOpenAI
    machines: Sequence[Machine]
    room: Room
    run_id: str
