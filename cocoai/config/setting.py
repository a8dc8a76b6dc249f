"""Setting: one key of a section, with its type, its default and its description."""

from __future__ import annotations

from dataclasses import dataclass

from cocoai.config.value_types import (
    SECRET,
    ValueType,
)


@dataclass(frozen=True)
class Setting:
    """One key: its type, its default ("" for none) and a description for the operator.

    `other_names` are the environment variables under which other programs know the value.
    """

    value_type: ValueType
    default: str
    description: str
    other_names: tuple[str, ...] = ()
    is_required: bool = False


def required_secret(name: str, description: str) -> Setting:
    """Return a setting that must be given, as itself or in the environment variable `name`, and is never shown."""
    return Setting(SECRET, "", description, other_names=(name,), is_required=True)
