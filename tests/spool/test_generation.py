"""The generation: a number that only rises."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.spool.generation import Generation

pytestmark = pytest.mark.pure


def test_it_is_0_before_the_first(tmp_path: Path) -> None:
    """No file yet: nothing has ever been started here."""
    assert 0 == Generation(str(tmp_path / "generation")).read()


def test_each_raise_is_one_more(tmp_path: Path) -> None:
    """And whoever reads the same path reads the same number."""
    generation = Generation(str(tmp_path / "generation"))

    raised = [generation.raise_() for _ in range(3)]

    assert [1, 2, 3] == raised
    assert 3 == Generation(str(tmp_path / "generation")).read()


@pytest.mark.parametrize("content", [b"", b"many\n", b"\xff\xfe\n"])
def test_a_file_that_is_no_number_counts_as_none(tmp_path: Path, content: bytes) -> None:
    """A machine that lost its power may leave it empty; the next start mends it."""
    (tmp_path / "generation").write_bytes(content)
    generation = Generation(str(tmp_path / "generation"))

    read, raised = generation.read(), generation.raise_()

    assert (0, 1, 1) == (read, raised, generation.read())


def test_nothing_is_left_beside_it(tmp_path: Path) -> None:
    """The new number takes the old one's place in one step."""
    Generation(str(tmp_path / "generation")).raise_()

    assert ["generation"] == [path.name for path in tmp_path.iterdir()]
