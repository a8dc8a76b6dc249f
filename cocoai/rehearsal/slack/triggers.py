"""Make the trigger_ids that let an app open a modal, and exchange each once, while it is fresh.

Source: https://docs.slack.dev/reference/methods/views.open and https://docs.slack.dev/surfaces/modals.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.slack_switches import SlackSwitches

_FORM = re.compile(r"\d+\.\d+\.[0-9a-f]+")


class Triggers:
    """The trigger_ids of one practice Slack; `clock` is in epoch seconds."""

    def __init__(self, switches: SlackSwitches, clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self._lock = threading.Lock()
        self._made: dict[str, tuple[str, float]] = {}
        self._used: set[str] = set()

    def new(self, user: str) -> str:
        """Return a trigger_id for what `user` has just done; it lives for `trigger_life` seconds of the switches."""
        trigger = f"{secrets.randbits(40)}.{secrets.randbits(40)}.{secrets.token_hex(16)}"
        with self._lock:
            self._made[trigger] = user, self._clock()
        return trigger

    def exchange(self, trigger: str) -> str:
        """Use up a trigger_id, and return the user whose it is.

        Raise `SlackApiError`: invalid_trigger_id if it is none of ours, exchanged_trigger_id if it was used before,
        expired_trigger_id if it is too old.
        """
        with self._lock:
            if not _FORM.fullmatch(trigger) or trigger not in self._made:
                raise SlackApiError("invalid_trigger_id")
            user, made = self._made[trigger]
            if trigger in self._used:
                raise SlackApiError("exchanged_trigger_id")
            if self._clock() - made > self._switches.trigger_life:
                raise SlackApiError("expired_trigger_id")
            self._used.add(trigger)
        return user
