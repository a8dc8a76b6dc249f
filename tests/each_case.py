"""Thousands of small cases in a few tests: as tests of their own, each would cost more than what it checks."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

import pytest

Case = TypeVar("Case")


def check_each(check: Callable[[Case], object], cases: Iterable[Case], *, failing: Collection[Case] = ()) -> None:
    """Call `check` with every case; fail once, with each case that fails and its traceback.

    The cases in `failing` must fail, and with an AssertionError: one that is mended has to leave that list.
    """
    __tracebackhide__ = True
    wrong = []
    for case in cases:
        try:
            check(case)
        except Exception as error:  # noqa: BLE001 (whatever is raised is the case's failure)
            if not (case in failing and isinstance(error, AssertionError)):
                wrong.append(f"{case!r} fails:\n{''.join(traceback.format_exception(error))}")
        else:
            if case in failing:
                wrong.append(f"{case!r} is listed as failing, and does not fail")
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)
