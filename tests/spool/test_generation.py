"""The generation: a number that only grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.spool.generation import Generation

pytestmark = pytest.mark.pure


def test_the_generation_is_0_before_the_first_start(tmp_path: Path) -> None:
    """There is no file yet."""
    assert 0 == Generation(str(tmp_path / "generation")).read()


def test_each_increment_adds_one(tmp_path: Path) -> None:
    """Every process that reads the same path reads the same number."""
    generation = Generation(str(tmp_path / "generation"))

    incremented = [generation.increment() for _ in range(3)]

    assert [1, 2, 3] == incremented
    assert 3 == Generation(str(tmp_path / "generation")).read()


@pytest.mark.parametrize("content", [b"", b"many\n", b"\xff\xfe\n"])
def test_a_file_without_a_number_counts_as_0(tmp_path: Path, content: bytes) -> None:
    """A power cut may leave it empty; the next start writes 1."""
    (tmp_path / "generation").write_bytes(content)
    generation = Generation(str(tmp_path / "generation"))

    read, incremented = generation.read(), generation.increment()

    assert (0, 1, 1) == (read, incremented, generation.read())


def test_incrementing_leaves_no_other_file(tmp_path: Path) -> None:
    """The file with the new number replaces the old one in one step."""
    Generation(str(tmp_path / "generation")).increment()

    assert ["generation"] == [path.name for path in tmp_path.iterdir()]
