"""What the pool has met, and has not seen end yet: its troubles, and how many questions wait meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cocoai.check.result import Result, note, ok, warning
from cocoai.check.target import Target
from cocoai.status.units import moment
from cocoai.troubles.store import FOLDER, Troubles
from cocoai.troubles.watch import SLACK


def met(target: Target) -> Iterator[Result]:
    """Yield each trouble that the pool has noted, with the time since which there is one."""
    if not target.var:
        return
    try:
        waiting = len(os.listdir(os.path.join(target.var, "spool", "ready")))
        os.listdir(os.path.join(target.var, FOLDER))
    except FileNotFoundError:
        waiting = 0
    except OSError:
        yield note("pool.met", "unseen", var=target.var)
        return
    troubles = Troubles(target.var).all()
    for trouble in troubles:
        case = "waiting" if trouble.source == SLACK and waiting else "now"
        facts = {"source": trouble.source, "code": trouble.code, "since": moment(trouble.since)}
        yield warning("pool.met", case, **facts, number=waiting)
    if not troubles:
        yield ok("pool.met")
