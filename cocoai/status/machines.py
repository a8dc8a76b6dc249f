"""The status's part on the machines that share a database. Nothing of it is imported where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cocoai.status.report_parts import Field
from cocoai.status.units import plain, seconds

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB
    from cocoai.store.machines import SeenMachine


def read_machines(database: MariaDB | None) -> Sequence[SeenMachine]:
    """Return the machines that share a database; none where there is none, or it does not answer."""
    if database is None:
        return ()
    from cocoai.engine.mariadb.errors import MariaDBError
    from cocoai.store.machines import seen_machines

    try:
        return seen_machines(database)
    except MariaDBError:
        return ()


def machine_fields(machines: Sequence[SeenMachine]) -> Iterator[Field]:
    """Yield a field for each machine: its slots, and when it was last heard of."""
    for each in machines:
        it = each.facts
        waits = f", {it.inbox} requests in its inbox" if it.inbox else ""
        which = plain(f"{it.version}, {it.var}")
        note = f"of {it.slots} slots busy; heard of {seconds(each.seconds)} ago; {which}{waits}"
        yield Field(plain(it.host), str(it.busy), note, is_alarm=each.is_silent or it.inbox > 0)
