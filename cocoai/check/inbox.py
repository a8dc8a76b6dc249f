"""What waits on this machine for the store, where that is a database: requests that Slack has a 200 for."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cocoai.check.result import Result, note, ok, warning
from cocoai.check.target import Target
from cocoai.status.inbox import read_inbox
from cocoai.status.units import moment


def inbox(target: Target) -> Iterator[Result]:
    """Yield how many requests wait, and how many could not be taken in; nothing where there is no inbox."""
    if not target.var:
        return
    folder = os.path.join(target.var, "inbox")
    try:
        state = read_inbox(target.var)
    except OSError:
        yield note("inbox", "unseen", folder=folder)
        return
    if state is None:
        return
    if state.waiting:
        yield warning("inbox", "waiting", number=state.waiting, since=moment(state.since))
    if state.failed:
        yield warning("inbox", "failed", number=state.failed, folder=folder)
    if not (state.waiting or state.failed):
        yield ok("inbox")
