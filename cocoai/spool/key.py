"""Key: the name of a job, which says where in Slack its question was asked. It knows nothing of files."""

from __future__ import annotations

import re
from typing import NamedTuple

from cocoai.slack_ids import ID, TS

_KEY = re.compile(f"({ID})-({TS})-({TS})(?:-([a-z0-9_+]{{1,40}}))?")


class Key(NamedTuple):
    """A job's name: the channel it was asked in, the ts of the message that opens its thread, its own message's ts.

    `trigger` says what beside a message asked for the job, such as `translate_ja`; "" for the message itself. So the
    job never meets the message's own, and of each trigger on one message the first wins.
    """

    channel: str
    thread_ts: str
    ts: str
    trigger: str = ""

    @classmethod
    def parse(cls, name: str) -> Key:
        """Parse `CHANNEL-THREAD_TS-TS`, such as `C024BE91L-1700000000.000100-1700000060.000200`, or that `-TRIGGER`.

        Raise ValueError for anything else.
        """
        match = _KEY.fullmatch(name)
        if match is None:
            raise ValueError(f"not a job's key: {name!r}")
        return cls(*match.groups(default=""))

    def __str__(self) -> str:
        name = f"{self.channel}-{self.thread_ts}-{self.ts}"
        return f"{name}-{self.trigger}" if self.trigger else name

    @property
    def thread(self) -> str:
        """Return `CHANNEL-THREAD_TS`, which all questions of one thread share."""
        return f"{self.channel}-{self.thread_ts}"

    @property
    def age(self) -> tuple[int, str, str]:
        """Return the seconds and the digits behind the point of `ts`, and the trigger: the oldest job comes first.

        No two jobs of one thread are of the same age.
        """
        seconds, fraction = self.ts.split(".")
        # As text the fraction is compared digit by digit, as Slack's own order has it: .0001 comes before .001.
        return int(seconds), fraction, self.trigger


def is_key(name: str) -> bool:
    """Check whether `name` is a job's key as text, which Key.parse() takes."""
    return _KEY.fullmatch(name) is not None


def file_stem(key: Key) -> str:
    """Return how the name of a file begins that belongs to the job's reply outside of the spool: it tells its `ts`."""
    return f"cocoai-{key.ts.replace('.', '-')}."
