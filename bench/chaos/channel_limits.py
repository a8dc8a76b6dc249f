"""A fault of the practice Slack: the rate limit of one channel is used up for a while."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from bench.chaos.faults import FaultKind
from cocoai.rehearsal.slack.practice_slack import PracticeSlack

SECONDS = (3, 12)
"""Seconds for which every new message in the channel gets 429: the least and the most.

For as long again the channel takes one a second.
"""


class ChannelLimits:
    """Limits one channel after the other; Slack's limit is a channel's, so the other channels must not be slower."""

    def __init__(self, slack: PracticeSlack, channels: Sequence[str], over: threading.Event) -> None:
        self._slack = slack
        self._channels = channels
        self._over = over

    def kinds(self) -> dict[str, FaultKind]:
        """Return the kind of fault by its name."""
        return {"limited channel": FaultKind(10.0, self._limit)}

    def _limit(self, generator: random.Random) -> str:
        """Limit a channel for a random time."""
        channel, seconds = generator.choice(self._channels), generator.randint(*SECONDS)
        self._slack.use_up_limit(channel, seconds)
        self._slack.switches.limited = frozenset({channel})
        try:
            self._over.wait(2.0 * seconds)
        finally:
            self._slack.switches.limited = frozenset()
        return f"{channel} for {seconds} s"
