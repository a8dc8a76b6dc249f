"""The status's part on the pool's last look at itself: a field near the top if something is wrong, and a section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cocoai.json_values import text_at
from cocoai.last_check import LastCheck
from cocoai.status.report_parts import Field, Section
from cocoai.status.units import moment, number, plain

TITLE = "Last check"

WHERE = "cocoai check says what to type"


def check_field(last: LastCheck | None) -> Iterator[Field]:
    """Yield the field near the top, if something was wrong."""
    wrong = last.of_level("wrong") if last else []
    if wrong:
        named = "; ".join(dict.fromkeys(plain(text_at(each, "what")) for each in wrong))
        yield Field("Wrong", number(len(wrong)), f"{named}: {WHERE}", is_alarm=True)


def check_section(last: LastCheck) -> Section:
    """Return the section: when the pool last looked, and each warning and wrong thing with its remedy."""
    return Section(TITLE, tuple(_fields(last)))


def _fields(last: LastCheck) -> Iterator[Field]:
    wrong, warnings = len(last.of_level("wrong")), len(last.of_level("warning"))
    found = f"{number(wrong)} wrong, {number(warnings)} to watch" if last.findings else "nothing is wrong"
    yield Field("Looked", moment(last.at), found)
    for each in last.findings:
        remedy = " ".join(text_at(each, "remedy").split())
        is_wrong = text_at(each, "level") == "wrong"
        yield Field(plain(text_at(each, "what")), plain(text_at(each, "found")), plain(remedy), is_wrong)


def check_as_json(last: LastCheck | None) -> dict[str, Any] | None:
    """Return the last look as a dict for JSON; None if there was none."""
    if last is None:
        return None
    counts = {level: len(last.of_level(level)) for level in ("wrong", "warning")}
    return {"at": last.at, **counts, "findings": [dict(each) for each in last.findings]}
