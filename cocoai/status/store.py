"""The status's part on the database that jobs lie in: how long it takes, and what goes wrong there.

It is of this machine's processes. Nothing of it is imported where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cocoai.status.report_parts import Field
from cocoai.status.units import number, seconds

if TYPE_CHECKING:
    from cocoai import config
    from cocoai.engine.mariadb.tally import Tallied


def read_tally(settings: config.Settings) -> Tallied | None:
    """Return what this machine's processes have met in the database within a day; None where there is none."""
    if settings.store.address is None:
        return None
    from cocoai.stores import tally_of

    return tally_of(settings).read()


def store_fields(tallied: Tallied) -> Iterator[Field]:
    """Yield the fields on how long put() takes, and on the errors that have come."""
    errors, contended = tallied.errors, {1020: "changed meanwhile", 1205: "waited for too long", 1213: "deadlocks"}
    if tallied.number:
        of = f"of {number(tallied.number)} in the last 24 hours; 99 in 100 within {seconds(tallied.p99)}"
        yield Field("A question is put in", seconds(tallied.median), of)
    found = [f"{number(errors[each])} {name} ({each})" for each, name in contended.items() if errors[each]]
    yield Field("Others in the way", number(sum(errors[each] for each in contended)), "; ".join(found))
    yield Field("Connections broken", number(errors[2013]), "a server that was killed, cut off or too slow (2013)")


def tally_as_json(tallied: Tallied | None) -> dict[str, Any] | None:
    """Return it as a dict for JSON: durations in seconds, errors by their number."""
    if tallied is None:
        return None
    errors = {str(each): times for each, times in tallied.errors.items()}
    return {"puts": tallied.number, "put_median": tallied.median, "put_p99": tallied.p99, "errors": errors}
