"""json_values.py and slack_ids.py: values of the wanted type and shape, or empty."""

from __future__ import annotations

import pytest

from cocoai.json_values import encodable, mapping_at, objects_in, text_at
from cocoai.slack_ids import is_id, is_ts

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("value", "text", "mapping", "objects"),
    [
        ("hello", "hello", {}, []),
        ({"a": 1}, "", {"a": 1}, []),
        ([{"a": 1}, None, "x", [], {}], "", {}, [{"a": 1}, {}]),
        (None, "", {}, []),
        (7, "", {}, []),
        (True, "", {}, []),
    ],
)
def test_a_value_of_another_type_counts_as_missing(
    value: object, text: str, mapping: object, objects: list[object]
) -> None:
    """A value is returned if it has the wanted type; else an empty one of that type."""
    assert (text, mapping, objects) == (
        text_at({"key": value}, "key"),
        mapping_at({"key": value}, "key"),
        objects_in(value),
    )


def test_a_missing_key_is_empty() -> None:
    """A key that is not there gives an empty text and an empty mapping."""
    assert ("", {}) == (text_at({}, "key"), mapping_at({}, "key"))


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    """Any text can be encoded afterwards; a whole pair, as JSON parses it, stays."""
    assert "a?b 😺" == encodable("a\ud800b 😺")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("U0COCOAI", True),
        ("C0", True),
        ("C" * 24, True),
        ("C", False),
        ("C" * 25, False),
        ("u0cocoai", False),
        ("U0COCOAI\n", False),
        ("../U0", False),
        ("Ｕ0COCOAI", False),
        ("", False),
        (None, False),
        (["U0COCOAI"], False),
    ],
)
def test_the_shape_of_an_id(value: object, expected: bool) -> None:
    """An id is a text of 2 to 24 capital letters and digits of ASCII."""
    assert expected == is_id(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1763822000.000100", True),
        ("0.1", True),
        ("1" * 12 + "." + "1" * 8, True),
        ("1" * 13 + ".1", False),
        ("1." + "1" * 9, False),
        ("1763822000", False),
        ("1763822000.000100\n", False),
        ("１763822000.000100", False),
        ("-1.0", False),
        ("", False),
        (1763822000.0001, False),
    ],
)
def test_the_shape_of_a_ts(value: object, expected: bool) -> None:
    """A ts is a text of up to 12 digits, a point, and up to 8 digits, all of ASCII."""
    assert expected == is_ts(value)
