"""Numbers for people, each with its unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.status import units

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("expected", "seconds"),
    [
        ("0.0 ms", 0.0),
        ("0.4 ms", 0.0004),
        ("10 ms", 0.01),
        ("999 ms", 0.9994),
        ("1.0 s", 0.9996),
        ("59.9 s", 59.94),
        ("1 min 0 s", 59.96),
        ("4 min 10 s", 250.0),
        ("59 min 59 s", 3599.4),
        ("1 h 0 min", 3599.6),
        ("23 h 59 min", 86_399.0),
        ("1 d 0 h", 86_400.0),
        ("400 d 0 h", 400 * 86_400.0),
        ("-120 ms", -0.12),
        ("-2 min 0 s", -120.0),
    ],
)
def test_a_duration_has_two_digits_or_two_units(expected: str, seconds: float) -> None:
    """A negative duration, which two clocks that differ may give, keeps its sign."""
    assert expected == units.seconds(seconds)


def test_counts_and_sizes_have_separators_and_units() -> None:
    """Memory that could not be read is an empty text."""
    assert ("12,345", "1.5 MiB", "") == (units.number(12_345), units.mib(1536), units.mib(None))
    assert ["never", "once", "twice", "1,000 times"] == [units.times(each) for each in (0, 1, 2, 1000)]


@given(st.text())
def test_a_plain_text_has_no_control_characters(text: str) -> None:
    """A plain text has no escapes, line ends or bidi marks, and as many characters as before."""
    plain = units.plain(text)

    assert plain.isprintable() or plain == ""
    assert len(text) == len(plain)
