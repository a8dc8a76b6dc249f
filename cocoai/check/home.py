"""Whether people see the app's Home tab. Slack tells of no app whether it has one: only that somebody opens it."""

from __future__ import annotations

from collections.abc import Iterator

from cocoai.check.result import Result, note, ok, warning
from cocoai.check.target import Target
from cocoai.slack.api.home_tab import NO_HOME_TAB
from cocoai.slack.model.home_opened import HOME
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.store_error import StoreError
from cocoai.status.units import moment


def home(target: Target) -> Iterator[Result]:
    """Yield whether the tab was filled when it was opened last, or that nobody has opened it within two days.

    So long the spool keeps what is done. Nothing is said of a spool that cannot be read, as other checks tell that.
    """
    if not target.var:
        return
    spool = FileSpool(target.var)
    try:
        opened = [key for key in spool.keys("done") if key.trigger == HOME]
        if not opened:
            yield note("slack.home", "unopened")
            return
        newest = max(opened, key=lambda key: key.age)
        is_off = any(fact.get("why") == NO_HOME_TAB for fact in spool.peek("done", newest))
    except (OSError, StoreError):
        return
    yield warning("slack.home", "off") if is_off else ok("slack.home", at=moment(float(newest.ts)))
