"""What a check has found: the part, the case and its level, and values for the sentences. It knows no sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Level = Literal["ok", "note", "warning", "wrong"]
"""`note`: it could not be asked, or is only to be known; `warning`: it may become wrong; `wrong`: mend it."""

LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True)
class Result:
    """What was found of one part, as `slack.token`: the `case`, as `token_revoked`, and values for its sentences."""

    part: str
    case: str
    level: Level
    values: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as a dict for JSON."""
        return {"part": self.part, "case": self.case, "level": self.level, "values": dict(self.values)}


@dataclass(frozen=True)
class Finding:
    """A result in words: `what` was looked at, how it was `found`, and as `remedy` what to type or click.

    `id` names the part, and stays the same from version to version, as `case` does.
    """

    id: str
    case: str
    level: Level
    what: str
    found: str
    remedy: str = ""


def ok(part: str, case: str = "ok", **values: object) -> Result:
    """Return the result that a part is as it should be."""
    return _result(part, case, "ok", values)


def note(part: str, case: str, **values: object) -> Result:
    """Return a result that is only to be known."""
    return _result(part, case, "note", values)


def warning(part: str, case: str, **values: object) -> Result:
    """Return the result that a part may become wrong, or works worse than it could."""
    return _result(part, case, "warning", values)


def wrong(part: str, case: str, **values: object) -> Result:
    """Return the result that a part is wrong."""
    return _result(part, case, "wrong", values)


def _result(part: str, case: str, level: Level, values: Mapping[str, object]) -> Result:
    return Result(part, case, level, {name: str(value) for name, value in values.items()})
