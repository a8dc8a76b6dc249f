"""answer/standing_instructions.py: what completes the persona's instructions, the same for all questions of a day."""

from __future__ import annotations

import time

import pytest

from cocoai.answer.standing_instructions import WEEKDAYS, standing_instructions

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def local(text: str, zone: str = "JST", offset: int = 9 * 3600) -> time.struct_time:
    """Return a local time such as `2026-11-30 08:15` in a zone with this name and offset in seconds."""
    parsed = time.strptime(text, "%Y-%m-%d %H:%M")
    return time.struct_time(tuple(parsed), {"tm_zone": zone, "tm_gmtoff": offset})


def test_two_questions_of_a_day_have_the_same_instructions() -> None:
    """From the first to the last minute of a day nothing changes; at midnight only the last line does."""
    first, last, next_day = (
        standing_instructions("Be kind.", local(moment), files=True)
        for moment in ("2026-11-30 00:00", "2026-11-30 23:59", "2026-12-01 00:00")
    )

    assert first == last
    assert first.splitlines()[:-1] == next_day.splitlines()[:-1]
    assert "Today is Monday, 2026-11-30 (JST, UTC+09:00)." == first.splitlines()[-1]
    assert "Today is Tuesday, 2026-12-01 (JST, UTC+09:00)." == next_day.splitlines()[-1]


@pytest.mark.parametrize(
    ("zone", "offset", "expected"),
    [
        ("UTC", 0, "UTC+00:00"),
        ("IST", 19_800, "IST, UTC+05:30"),
        ("NST", -12_600, "NST, UTC-03:30"),
        ("-03", -10_800, "UTC-03:00"),
        ("", 0, "UTC+00:00"),
    ],
)
def test_the_zone_is_named_with_its_offset(zone: str, offset: int, expected: str) -> None:
    """A zone has its name, if it has one, and its offset."""
    told = standing_instructions("", local("2026-02-28 12:00", zone, offset), files=True)

    assert told.endswith(f"Today is Saturday, 2026-02-28 ({expected}).")


@pytest.mark.parametrize("day", range(7))
def test_each_weekday_has_its_name(day: int) -> None:
    """The weekday's name is English, whatever the machine's locale."""
    told = standing_instructions("", local(f"2026-11-{23 + day} 12:00"), files=True)

    assert f"Today is {WEEKDAYS[day]}, 2026-11-{23 + day}" in told


def test_what_changes_least_stands_first() -> None:
    """The persona's instructions come first, then the fixed part, then the date."""
    told = standing_instructions("あなたは海賊です。\n", local("2026-11-30 12:00"), files=True)

    assert told.startswith("あなたは海賊です。\n\nHow things are here")
    assert told.rindex("Today is") > told.index("にゃ") > told.index("LaTeX")


def test_the_fixed_part_tells_what_can_be_read() -> None:
    """Kinds of files are named only if files are read; an empty persona leaves no gap."""
    with_files, without = (
        standing_instructions(" ", local("2026-11-30 12:00"), files=files) for files in (True, False)
    )

    assert with_files.startswith("How things are here")
    assert ("PDFs" in with_files, "PDFs" in without) == (True, False)
    assert all("[attached: NAME, not read, WHY]" in told for told in (with_files, without))


def test_where_pictures_are_drawn_the_model_knows_how() -> None:
    """It tells people how to ask; elsewhere it says that it cannot."""
    drawn, not_drawn = (
        standing_instructions(" ", local("2026-11-30 12:00"), files=True, pictures=pictures)
        for pictures in (True, False)
    )

    assert ("draw a cat" in drawn, "make pictures or files" in drawn) == (True, False)
    assert ("draw a cat" in not_drawn, "make pictures or files" in not_drawn) == (False, True)
