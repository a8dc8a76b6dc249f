"""What JSON from an app must look like, put together from small rules, and what Slack says of it when it does not.

A rule takes a value and the JSON pointer to it, and yields each fault as Slack writes it down: what is wrong, then
`[json-pointer:/blocks/0/text]`. It knows nothing of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]


def fault(said: str, at: str) -> str:
    return f"{said} [json-pointer:{at}]"


def words(most: int) -> Rule:
    """Text of 1 to `most` characters."""

    def rule(given: Any, at: str) -> Iterator[str]:
        if not isinstance(given, str):
            yield fault("must be a string", at)
        elif not given:
            yield fault("must be more than 0 characters", at)
        elif len(given) > most:
            yield fault(f"must be less than {most + 1} characters", at)

    return rule


def flag(given: Any, at: str) -> Iterator[str]:
    """True or false."""
    if not isinstance(given, bool):
        yield fault("must be a boolean", at)


def anything(*_: object) -> Iterator[str]:
    """Not looked at."""
    return iter(())


def choice(*allowed: str) -> Rule:
    """One of these words."""

    def rule(given: Any, at: str) -> Iterator[str]:
        if given not in allowed:
            yield fault(f"must be one of: {', '.join(allowed)}", at)

    return rule


def items(each: Rule, most: int) -> Rule:
    """A list of 1 to `most`."""

    def rule(given: Any, at: str) -> Iterator[str]:
        if not isinstance(given, list):
            yield fault("must be an array", at)
        elif not given:
            yield fault("no fewer than 1 items allowed", at)
        elif len(given) > most:
            yield fault(f"no more than {most} items allowed", at)
        else:
            for index, one in enumerate(given):
                yield from each(one, f"{at}/{index}")

    return rule


def thing(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with these fields and no others; its `type` is whoever chose the rule's affair."""
    fields = {"type": anything, **required, **(optional or {})}

    def rule(given: Any, at: str) -> Iterator[str]:
        if not isinstance(given, dict):
            yield fault("must be an object", at)
            return
        yield from (fault(f"missing required field: {name}", at) for name in required if name not in given)
        yield from (fault(f"invalid additional property: {name}", at) for name in given if name not in fields)
        for name, value in given.items():
            yield from fields.get(name, anything)(value, f"{at}/{name}")

    return rule


def kinds(**rules: Rule) -> Rule:
    """An object whose `type` says which rule it must follow."""

    def rule(given: Any, at: str) -> Iterator[str]:
        if not isinstance(given, dict):
            yield fault("must be an object", at)
            return
        kind = given.get("type")
        if "type" not in given:
            yield fault("missing required field: type", at)
        elif not isinstance(kind, str) or kind not in rules:
            yield fault(f"unsupported type: {kind}", f"{at}/type")
        else:
            yield from rules[kind](given, at)

    return rule
