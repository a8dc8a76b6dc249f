"""NoteJobHandler: the base of what replies to a light job with what CocoAI tells by itself, without a model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from cocoai.answer.light_job import Content, LightJobHandler
from cocoai.answer.own_notes import OwnNotes
from cocoai.spool.spool import Spool
from cocoai.troubles.store import NO_TROUBLES, Troubles


class NoteJobHandler(LightJobHandler[Content]):
    """An object that does light jobs with what the `notes` tell; all else is as in LightJobHandler."""

    def __init__(
        self,
        spool: Spool,
        read: Callable[[Mapping[str, Any]], Content],
        notes: OwnNotes,
        *,
        troubles: Troubles = NO_TROUBLES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(spool, read, troubles=troubles, clock=clock)
        self._notes = notes
