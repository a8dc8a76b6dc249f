"""bench.beside: the figures that are read out of printed tables, and how two versions of them are compared."""

from __future__ import annotations

import pytest

from bench.beside import compared
from bench.printed_tables import Place, read_tables

pytestmark = pytest.mark.pure

ACK = """\
Linux 6.1.0-18, Python 3.12.1, 2026-12-01
without bolt: no slack_bolt here: type: pip install slack_bolt

questions: 5 rounds, 8 connections, medians
                    requests/s           x php-fpm        (rounds)   p50 ms  failed
cocoai 4 workers           195                1.49    1.21 to 1.78    42.20       0
nginx alone               8293               65.35  48.66 to 82.05     0.53       0
the client took 3% of one processor, which is in none of these

messages: 5 rounds, 8 connections, medians
                    requests/s           x php-fpm        (rounds)   p50 ms  failed
cocoai 4 workers          3336                1.37    1.28 to 1.46     1.85       2
"""

QUESTION = """

cpu
  CPU a question, ms        5.00 updates   30.00 updates    one update
  master                           -0.19           -0.32        -0.005
  (at rest: job processes)      0.02            0.03

times
  placeholder after (ms)       p50    18.21   p95    64.00   p99    70.10   most    71.00

rest
  master                     35.26 ms a minute
  workers                     0.10 ms a minute
"""

MEMORY = """
peers
  MiB          in flight   alone  with supervisord
  cocoai               0    34.7              31.6
  cocoai               1    37.6              34.8
  cocoai      one more answer 2.60; its process has 2.91 to itself
"""


def figures(text: str, table: str, row: str) -> list[tuple[str, float]]:
    """Return the figures of one row with the names of their columns."""
    return [(place.column, value) for place, value in read_tables(text).items() if (table, row) == place_of(place)]


def place_of(place: Place) -> tuple[str, str]:
    return place.table, place.row


def test_the_names_of_columns_stand_above_the_figures() -> None:
    """A row's name may have a number in it; both ends of a range are figures."""
    found = figures(ACK, "questions", "cocoai 4 workers")

    assert [
        ("requests/s", 195.0),
        ("x php-fpm", 1.49),
        ("(rounds)", 1.21),
        ("to", 1.78),
        ("p50 ms", 42.2),
        ("failed", 0.0),
    ] == found


def test_rows_of_one_name_in_two_tables_are_two() -> None:
    """A table's name is what stands before its colon."""
    assert 3336.0 == figures(ACK, "messages", "cocoai 4 workers")[0][1]
    assert {("questions", "cocoai 4 workers"), ("questions", "nginx alone"), ("messages", "cocoai 4 workers")} == set(
        map(place_of, read_tables(ACK))
    )


def test_a_line_of_columns_may_have_figures_itself() -> None:
    """Then it is a row, too, and the names have no numbers."""
    assert [("updates", 5.0), ("updates", 30.0)] == figures(QUESTION, "cpu", "CPU a question, ms")
    assert [("updates", -0.19), ("updates", -0.32), ("one update", -0.005)] == figures(QUESTION, "cpu", "master")


def test_words_between_figures_name_them() -> None:
    """The 50 of p50 is no figure."""
    found = figures(QUESTION, "times", "placeholder after (ms)")

    assert [("p50", 18.21), ("p95", 64.0), ("p99", 70.1), ("most", 71.0)] == found


def test_a_row_may_be_the_first_line_of_its_table() -> None:
    """A unit behind a figure names it."""
    assert [("ms a minute", 35.26)] == figures(QUESTION, "rest", "master")
    assert [("ms a minute", 0.1)] == figures(QUESTION, "rest", "workers")


def test_rows_of_one_name_in_one_table_are_numbered() -> None:
    """They are the same in each run, so that their order tells them apart."""
    assert [("in flight", 0.0), ("alone", 34.7), ("with supervisord", 31.6)] == figures(MEMORY, "peers", "cocoai")
    assert [("in flight", 1.0), ("alone", 37.6), ("with supervisord", 34.8)] == figures(MEMORY, "peers", "cocoai (2)")
    assert [("one more answer", 2.6), ("its process has", 2.91)] == figures(MEMORY, "peers", "cocoai (3)")


A, B, C, ZERO = (Place("cpu", row, 0, column) for row, column in (("a", "ms"), ("b", ""), ("c", ""), ("zero", "")))


def test_medians_and_the_ratios_of_each_round_are_compared() -> None:
    """Ratios are of the same round; a figure that one of both has alone is said to be so, and 0 has no ratio."""
    before = [{A: 10.0, B: 1.0, ZERO: 0.0}, {A: 20.0, ZERO: 0.0}, {A: 30.0, ZERO: 0.0}]
    now = [{A: 5.0, C: 2000.4, ZERO: 1.0}, {A: 20.0, ZERO: 1.0}, {A: 24.0, ZERO: 1.0}]

    name, header, *rows = (line.split() for line in compared(before, now))

    assert (["cpu"], ["before", "now", "now", "/", "before", "(rounds)"]) == (name, header)
    assert [
        ["a,", "ms", "20", "20", "0.800", "0.50", "to", "1.00"],
        ["c", "2000", "only", "now"],
        ["zero", "0", "1"],
        ["b", "1", "only", "before"],
    ] == rows
