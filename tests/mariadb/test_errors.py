"""What the numbers of MariaDB's errors mean to whoever has sent a statement."""

from __future__ import annotations

import pytest

from cocoai.engine.mariadb.errors import DuplicateKey, MariaDBError, Unreachable, error_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("number", "expected", "may_pass"),
    [
        (1047, Unreachable, True),  # a node of Galera that is cut off
        (1180, Unreachable, True),  # its commit, while it was being cut off: it was done, or not
        (1290, Unreachable, True),
        (1213, MariaDBError, True),
        (1114, MariaDBError, True),
        (1062, DuplicateKey, False),
        (1064, MariaDBError, False),
    ],
)
def test_a_number_tells_whether_it_may_pass(number: int, expected: type[MariaDBError], may_pass: bool) -> None:
    """And whether nobody knows if the statement was done."""
    error = error_of(number, "why")

    assert (expected, may_pass) == (type(error), error.may_pass)
