"""Key: the name of a job, made of the question's place in Slack."""

from __future__ import annotations

import re
from typing import NamedTuple

from cocoai.slack_ids import ID, TS

_KEY = re.compile(f"({ID})-({TS})-({TS})")


class Key(NamedTuple):
    """A job's name: where it was asked, the message that opens its thread, the message itself."""

    channel: str
    thread_ts: str
    ts: str

    @classmethod
    def parse(cls, name: str) -> Key:
        """Read `CHANNEL-THREAD_TS-TS`; `ValueError` for anything else."""
        match = _KEY.fullmatch(name)
        if match is None:
            raise ValueError(f"not a job's key: {name!r}")
        return cls(*match.groups())

    def __str__(self) -> str:
        return f"{self.channel}-{self.thread_ts}-{self.ts}"

    @property
    def thread(self) -> str:
        """`CHANNEL-THREAD_TS`: what all questions of one thread share."""
        return f"{self.channel}-{self.thread_ts}"

    @property
    def age(self) -> tuple[int, str]:
        """Sorts oldest first: the part behind the point is compared digit by digit."""
        seconds, fraction = self.ts.split(".")
        return int(seconds), fraction
