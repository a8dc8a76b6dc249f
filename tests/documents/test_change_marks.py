"""ChangeMarks: what a worker may note, and that no change is lost between two looks."""

from __future__ import annotations

from pathlib import Path

from cocoai.documents.change_marks import ChangeMarks


def test_a_change_is_noted_of_what_is_wanted(tmp_path: Path) -> None:
    """Its mark is another one then; of anything else nothing is written, however many events tell of it."""
    marks = ChangeMarks(str(tmp_path / "marks"))
    before_any = [marks.set("C0DOCS"), marks.time_of("C0DOCS")]
    marks.keep({"C0DOCS", "F0RULES"})
    before = marks.time_of("C0DOCS")

    assert [False, 0] == before_any
    assert marks.set("C0DOCS")
    assert not any(marks.set(f"F0{number}") for number in range(100))
    assert before != marks.time_of("C0DOCS")
    assert {"C0DOCS", "F0RULES"} == {path.name for path in (tmp_path / "marks").iterdir()}


def test_marks_that_are_kept_keep_their_time(tmp_path: Path) -> None:
    """Others go: a file that is pinned no more is no concern."""
    marks = ChangeMarks(str(tmp_path))
    marks.keep({"F0RULES", "F0OLD"})
    marks.set("F0RULES")
    before = marks.time_of("F0RULES")
    marks.keep({"F0RULES", "F0NEW"})

    assert before == marks.time_of("F0RULES")
    assert not marks.set("F0OLD")
    assert marks.set("F0NEW")


def test_a_clock_that_goes_back_tells_a_change(tmp_path: Path) -> None:
    """A mark's time says nothing but that it is another one."""
    marks = ChangeMarks(str(tmp_path), clock=iter([10**18, 10**17]).__next__)
    marks.keep({"F0RULES"})
    times = {marks.time_of("F0RULES")}
    for _ in range(2):
        marks.set("F0RULES")
        times.add(marks.time_of("F0RULES"))

    assert 3 == len(times)
