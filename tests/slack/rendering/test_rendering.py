"""Tests of both formats over the corpus, whole and growing, as independent strict readers see them.

What fails is listed in expected_failures.py, strictly: a case that is mended must leave the list.
"""

from __future__ import annotations

import pytest
from _pytest.mark.structures import ParameterSet

from tests.slack.rendering.checks import FORMATS, growing_fault, whole_fault
from tests.slack.rendering.corpus import CASES, mixture
from tests.slack.rendering.expected_failures import FAILING, UNKNOWABLE

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ENDLESS = {"a fence with no end"}
"""Cases that take in whatever stands behind them."""


def cases(check: str) -> list[ParameterSet]:
    """Return each case in each format as a parameter, marked as failing if it is listed so for this check."""
    parameters = []
    for name in CASES:
        for format_ in FORMATS:
            reason = FAILING.get(name, {}).get(f"{format_} {check}")
            marks = [pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)] if reason else []
            parameters.append(pytest.param(name, format_, marks=marks, id=f"{name}-{format_}"))
    return parameters


@pytest.mark.parametrize(("name", "format_"), cases("whole"))
def test_the_whole_has_its_structure(name: str, format_: str) -> None:
    """The whole answer shows what was meant: no character is lost, and no structure changed."""
    assert "" == whole_fault(CASES[name], format_)


@pytest.mark.parametrize(("name", "format_"), cases("growing"))
def test_each_beginning_is_readable(name: str, format_: str) -> None:
    """While it is written, complete blocks look as in the whole, and the last one as its beginning."""
    if name in UNKNOWABLE:
        pytest.skip(UNKNOWABLE[name])
    assert "" == growing_fault(CASES[name], format_)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("seed", range(30))
def test_a_mixture_shows_what_its_parts_show(seed: int, format_: str) -> None:
    """Several texts in one answer are shown as each of them alone, whole and growing."""
    case = mixture(seed, {*FAILING, *UNKNOWABLE, *ENDLESS})

    assert "" == whole_fault(case, format_)
    assert "" == growing_fault(case, format_)


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
