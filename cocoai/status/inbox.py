"""The status's part on the inbox: how many requests wait on this machine for the store.

Nothing of the inbox is imported where there is none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cocoai.status.report_parts import Field
from cocoai.status.units import mib, number, seconds

if TYPE_CHECKING:
    from cocoai.inbox.inbox import InboxState


def read_inbox(var: str) -> InboxState | None:
    """Return the state of the inbox below `var`; None if there is none. Raise StoreError if it cannot be read."""
    if not os.path.isdir(os.path.join(var, "inbox")):
        return None
    from cocoai.inbox.inbox import Inbox

    return Inbox(var).state()


def inbox_fields(inbox: InboxState | None, at: float) -> Iterator[Field]:
    """Yield the field on what waits and that on what could not be taken in, each only if there is any.

    `at` is the time of the status, in epoch seconds.
    """
    if inbox is None:
        return
    if inbox.waiting:
        note = f"the store cannot be reached, or is catching up: the first for {seconds(max(0.0, at - inbox.since))}"
        yield Field("Inbox", number(inbox.waiting), f"{note}, {mib(inbox.size // 1024)}", is_alarm=True)
    if inbox.failed:
        note = "requests that could not be taken in: var/inbox/failed, and the log"
        yield Field("Inbox, failed", number(inbox.failed), note, is_alarm=True)
