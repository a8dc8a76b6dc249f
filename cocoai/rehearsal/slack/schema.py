"""Validate JSON from an app by rules that are composed of smaller ones.

A rule takes a value and the JSON pointer to it, and yields each error as Slack words it: what is wrong, then
`[json-pointer:/blocks/0/text]`. This module knows nothing of blocks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]
"""Checks a value at a JSON pointer; yields a line for each error, nothing if the value is valid."""


def error_line(problem: str, at: str) -> str:
    """Return an error in Slack's format: `must be a string [json-pointer:/blocks/0/text]`; `at` is the pointer."""
    return f"{problem} [json-pointer:{at}]"


def text(most: int, least: int = 1) -> Rule:
    """Return the rule for a string of `least` (0 or 1) to `most` characters."""

    def rule(value: Any, at: str) -> Iterator[str]:
        """Yield an error if the value is no string, too long, or empty although it must not be."""
        if not isinstance(value, str):
            yield error_line("must be a string", at)
        elif len(value) < least:
            yield error_line("must be more than 0 characters", at)
        elif len(value) > most:
            yield error_line(f"must be less than {most + 1} characters", at)

    return rule


def boolean(value: Any, at: str) -> Iterator[str]:
    """Check a value (this is a `Rule`): yield an error unless it is True or False."""
    if not isinstance(value, bool):
        yield error_line("must be a boolean", at)


def number(value: Any, at: str) -> Iterator[str]:
    """Check a value (this is a `Rule`): yield an error unless it is a finite number, which a boolean is not."""
    if not _is_number(value):
        yield error_line("must be a number", at)


def positive(value: Any, at: str) -> Iterator[str]:
    """Check a value (this is a `Rule`): yield an error unless it is a finite number above 0."""
    if not (_is_number(value) and value > 0):
        yield error_line("must be a number greater than 0", at)


def whole(least: int, most: int) -> Rule:
    """Return the rule for a whole number from `least` to `most`."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if type(value) is not int:
            yield error_line("must be an integer", at)
        elif not least <= value <= most:
            yield error_line(f"must be between {least} and {most}", at)

    return rule


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -math.inf < value < math.inf


def anything(*_: object) -> Iterator[str]:
    """Accept every value (this is a `Rule`): yield no error."""
    return iter(())


def choice(*allowed: str) -> Rule:
    """Return the rule for a string that is one of `allowed`."""

    def rule(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield error_line(f"must be one of: {', '.join(allowed)}", at)

    return rule


def array(each: Rule, most: int) -> Rule:
    """Return the rule for a list of 1 to `most` items, each of which must follow the rule `each`."""

    def rule(value: Any, at: str) -> Iterator[str]:
        """Yield an error if the value is no list, empty, or too long; else the errors of its items."""
        if not isinstance(value, list):
            yield error_line("must be an array", at)
        elif not value:
            yield error_line("no fewer than 1 items allowed", at)
        elif len(value) > most:
            yield error_line(f"no more than {most} items allowed", at)
        else:
            for index, item in enumerate(value):
                yield from each(item, f"{at}/{index}")

    return rule


def checked(rule: Rule, *checks: Rule) -> Rule:
    """Return the rule that applies `rule`, and to a value that is valid so far each of `checks`.

    So a check may rely on the value's shape.
    """

    def both(value: Any, at: str) -> Iterator[str]:
        """Yield the errors of the rule; if there are none, those of the checks."""
        errors = list(rule(value, at))
        yield from errors or (error for check in checks for error in check(value, at))

    return both


def duplicates(names: Iterable[object], field: str, at: str) -> Iterator[str]:
    """Yield a line for each name that occurs more than once; what is no string (a missing name) is ignored.

    `field` is the field that holds the names, `at` the JSON pointer for the error.
    """
    counted = Counter(name for name in names if isinstance(name, str))
    yield from (error_line(f"`{field}` {name} is not unique", at) for name, times in counted.items() if times > 1)


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """Return the rule for an object with all `required` fields, perhaps `optional` ones, and no others but a `type`.

    Each field's value must follow the field's rule; the value of `type` is not checked.
    """
    # `by_type` has already checked the type, where there is one.
    fields = {"type": anything, **required, **(optional or {})}

    def rule(value: Any, at: str) -> Iterator[str]:
        """Yield an error for each missing or unknown field, and the errors of the others' values."""
        if not isinstance(value, dict):
            yield error_line("must be an object", at)
            return
        yield from (error_line(f"missing required field: {name}", at) for name in required if name not in value)
        yield from (error_line(f"invalid additional property: {name}", at) for name in value if name not in fields)
        for name, each in value.items():
            yield from fields.get(name, anything)(each, f"{at}/{name}")

    return rule


def by_type(**rules: Rule) -> Rule:
    """Return the rule for an object whose `type` is a name in `rules`: it must follow the rule of that name."""

    def rule(value: Any, at: str) -> Iterator[str]:
        """Yield an error if the type is missing or unknown, else the errors of the type's rule."""
        if not isinstance(value, dict):
            yield error_line("must be an object", at)
            return
        kind = value.get("type")
        if "type" not in value:
            yield error_line("missing required field: type", at)
        elif not isinstance(kind, str) or kind not in rules:
            yield error_line(f"unsupported type: {kind}", f"{at}/type")
        else:
            yield from rules[kind](value, at)

    return rule
