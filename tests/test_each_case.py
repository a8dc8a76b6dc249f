"""The check of many cases in one test: it names each case that fails, and those that were to fail and do not."""

from __future__ import annotations

import pytest

from tests.each_case import check_each

pytestmark = [pytest.mark.pure, pytest.mark.thorough]


def is_even(number: int) -> None:
    assert number % 2 == 0, f"{number} is odd"


def test_it_passes_if_every_case_does() -> None:
    """A case in `failing` passes by failing."""
    check_each(is_even, [2, 4, 5, 6], failing={5})


def test_it_names_each_case_that_fails() -> None:
    """All are checked, and there is one message with the traceback of each."""
    with pytest.raises(pytest.fail.Exception) as caught:
        check_each(is_even, [1, 2, 3])

    assert ["1 fails:", "3 fails:"] == [line for line in str(caught.value).splitlines() if line.endswith("fails:")]
    assert "3 is odd" in str(caught.value)
    assert "2 is odd" not in str(caught.value)


def test_a_case_that_is_mended_has_to_leave_the_list() -> None:
    """The list of what fails would else hide the next fault."""
    with pytest.raises(pytest.fail.Exception, match="4 is listed as failing, and does not fail"):
        check_each(is_even, [3, 4], failing={3, 4})


def test_only_an_assertion_may_fail() -> None:
    """A case in `failing` that raises another error has failed."""
    with pytest.raises(pytest.fail.Exception, match="ZeroDivisionError"):
        check_each(lambda number: 1 // number, [0], failing={0})
