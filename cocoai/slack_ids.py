"""Recognize Slack's ids and timestamps by their shapes. The keys of our jobs are made of them.

What has such a shape is safe in a file's name and in a log. Pure; it must not know where the value came from.
"""

from __future__ import annotations

import re
from typing import TypeGuard

ID = "[A-Z0-9]{2,24}"
"""A regular expression for an id: of a user, a team, a channel, an app, a file."""

TS = r"[0-9]{1,12}\.[0-9]{1,8}"
"""A regular expression for a `ts`: seconds since the epoch, a point, a number. It names a message in its channel."""

_ID = re.compile(ID)
_TS = re.compile(TS)


def is_id(value: object) -> TypeGuard[str]:
    """Check whether `value` is a string that looks like an id, such as `U024BE7LH`."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_ts(value: object) -> TypeGuard[str]:
    """Check whether `value` is a string that looks like a `ts`, such as `1700000000.000100`."""
    return isinstance(value, str) and _TS.fullmatch(value) is not None
