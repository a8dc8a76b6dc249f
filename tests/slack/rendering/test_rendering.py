"""Tests of both formats over the corpus, whole and growing, as independent strict readers see them.

What fails is listed in expected_failures.py, strictly: a case that is mended must leave the list.
"""

from __future__ import annotations

import pytest

from tests.each_case import check_each
from tests.slack.rendering.checks import FORMATS, growing_fault, whole_fault
from tests.slack.rendering.corpus import CASES, mixture
from tests.slack.rendering.expected_failures import FAILING, UNKNOWABLE

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ENDLESS = {"a fence with no end"}
"""Cases that take in whatever stands behind them."""


def failing(check: str, format_: str) -> set[str]:
    """Return the cases that are listed as failing in this check and format."""
    return {name for name, wheres in FAILING.items() if f"{format_} {check}" in wheres}


@pytest.mark.parametrize("format_", FORMATS)
def test_the_whole_has_its_structure(format_: str) -> None:
    """The whole answer shows what was meant: no character is lost, and no structure changed."""

    def check(name: str) -> None:
        assert "" == whole_fault(CASES[name], format_)

    check_each(check, CASES, failing=failing("whole", format_))


@pytest.mark.parametrize("half", [0, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("format_", FORMATS)
def test_each_beginning_is_readable(format_: str, half: int) -> None:
    """While it is written, complete blocks look as in the whole, and the last one as its beginning.

    Every listed failure is looked at each time, of the other cases every second one.
    """
    listed = failing("growing", format_)
    knowable = [name for name in CASES if name not in UNKNOWABLE]

    def check(name: str) -> None:
        assert "" == growing_fault(CASES[name], format_)

    check_each(check, [*(name for name in knowable if name in listed), *knowable[half::2]], failing=listed)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_mixture_shows_what_its_parts_show(format_: str) -> None:
    """Several texts in one answer are shown as each of them alone, whole and growing."""

    def check(seed: int) -> None:
        case = mixture(seed, {*FAILING, *UNKNOWABLE, *ENDLESS})

        assert "" == whole_fault(case, format_)
        assert "" == growing_fault(case, format_)

    check_each(check, range(15))


def test_the_corpus_is_large_enough() -> None:
    """The corpus has at least 200 texts, each with a structure, in Japanese and English."""
    assert len(CASES) >= 200
    assert all(case.outlines and all(case.expected) for case in CASES.values())
    assert sum(case.markdown.isascii() for case in CASES.values()) >= 20


def test_every_failing_case_is_there() -> None:
    """The lists of exceptions name no case, format or check that does not exist."""
    known = {f"{format_} {check}" for format_ in FORMATS for check in ("whole", "growing")}

    assert set() == (set(FAILING) | set(UNKNOWABLE)) - set(CASES)
    assert set() == {where for wheres in FAILING.values() for where in wheres} - known
