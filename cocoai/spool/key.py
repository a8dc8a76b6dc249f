"""Key: the name of a job, which says where in Slack its question was asked. It knows nothing of files."""

from __future__ import annotations

import re
from typing import NamedTuple

from cocoai.slack_ids import ID, TS

_KEY = re.compile(f"({ID})-({TS})-({TS})")


class Key(NamedTuple):
    """A job's name: the channel it was asked in, the ts of the message that opens its thread, its own message's ts."""

    channel: str
    thread_ts: str
    ts: str

    @classmethod
    def parse(cls, name: str) -> Key:
        """Parse `CHANNEL-THREAD_TS-TS`, such as `C024BE91L-1700000000.000100-1700000060.000200`.

        Raise ValueError for anything else.
        """
        match = _KEY.fullmatch(name)
        if match is None:
            raise ValueError(f"not a job's key: {name!r}")
        return cls(*match.groups())

    def __str__(self) -> str:
        return f"{self.channel}-{self.thread_ts}-{self.ts}"

    @property
    def thread(self) -> str:
        """Return `CHANNEL-THREAD_TS`, which all questions of one thread share."""
        return f"{self.channel}-{self.thread_ts}"

    @property
    def age(self) -> tuple[int, str]:
        """Return the seconds and the digits behind the point of `ts`: sorted by it, the oldest job comes first."""
        seconds, fraction = self.ts.split(".")
        # As text the fraction is compared digit by digit, as Slack's own order has it: .0001 comes before .001.
        return int(seconds), fraction


def is_key(name: str) -> bool:
    """Check whether `name` is a job's key as text, which Key.parse() takes."""
    return _KEY.fullmatch(name) is not None


def file_stem(key: Key) -> str:
    """Return how the name of a file begins that belongs to the job's reply outside of the spool: it tells its `ts`."""
    return f"cocoai-{key.ts.replace('.', '-')}."
