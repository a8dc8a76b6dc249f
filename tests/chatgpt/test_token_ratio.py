"""chatgpt/token_ratio.py: what the bills teach about the estimate, kept in a file that may be lost."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.stream import Usage
from cocoai.chatgpt.token_ratio import LEAST, MOST, TokenRatio

pytestmark = pytest.mark.pure

MODEL = "gpt-6-luna"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calibration.json"


@pytest.fixture
def calibration(path: Path) -> TokenRatio:
    return TokenRatio(str(path))


def billed(tokens: int) -> Usage:
    return Usage(prompt_tokens=tokens, cached_tokens=0, completion_tokens=10, reasoning_tokens=0)


def test_what_is_unknown_is_as_estimated(calibration: TokenRatio) -> None:
    """A ratio of one."""
    assert 1.0 == calibration.ratio(MODEL)


def test_one_bill_is_enough_to_begin_with(path: Path, calibration: TokenRatio) -> None:
    """Each model by itself; and another process knows it too."""
    calibration.learn(MODEL, 1000, billed(700))
    calibration.learn("local", 1000, billed(1500))

    assert (0.7, 1.5) == (TokenRatio(str(path)).ratio(MODEL), TokenRatio(str(path)).ratio("local"))


def test_each_further_bill_moves_it_half_way(calibration: TokenRatio) -> None:
    """One odd conversation does not upset it, and many of a kind carry it there."""
    calibration.learn(MODEL, 1000, billed(800))
    calibration.learn(MODEL, 1000, billed(1600))

    assert pytest.approx(1.2) == calibration.ratio(MODEL)
    for _ in range(10):
        calibration.learn(MODEL, 1000, billed(1600))
    assert calibration.ratio(MODEL) > 1.44


def test_a_small_change_is_not_written(path: Path, calibration: TokenRatio) -> None:
    """Not from nothing, and not from what is known: a disk is not worn for it."""
    calibration.learn(MODEL, 1000, billed(1040))
    assert not path.exists()

    calibration.learn(MODEL, 1000, billed(700))
    before = path.stat().st_ino
    calibration.learn(MODEL, 1000, billed(740))
    assert before == path.stat().st_ino


@pytest.mark.parametrize(("estimated", "tokens"), [(0, 500), (-1, 500), (500, 0)])
def test_nothing_is_learned_from_nothing(path: Path, calibration: TokenRatio, estimated: int, tokens: int) -> None:
    """No estimate, or no bill."""
    calibration.learn(MODEL, estimated, billed(tokens))

    assert not path.exists()


@pytest.mark.parametrize(("tokens", "ratio"), [(1, LEAST), (10**9, MOST)])
def test_it_stays_within_reason(calibration: TokenRatio, tokens: int, ratio: float) -> None:
    """A bill that cannot be true does not make a conversation vanish, nor grow without end."""
    calibration.learn(MODEL, 1000, billed(tokens))

    assert ratio == calibration.ratio(MODEL)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"gpt-6-luna": "1"}',
        b'{"gpt-6-luna": 0}',
        b'{"gpt-6-luna": -1}',
        b'{"gpt-6-luna": 1e9}',
        b'{"gpt-6-luna": NaN}',
        b'{"gpt-6-luna": Infinity}',
        b'{"gpt-6-luna": null}',
        b"[" * 100_000,
    ],
)
def test_an_odd_file_is_as_if_there_were_none(path: Path, calibration: TokenRatio, content: bytes) -> None:
    """And what is learned takes its place."""
    path.write_bytes(content)

    assert 1.0 == calibration.ratio(MODEL)
    calibration.learn(MODEL, 1000, billed(2000))
    assert 2.0 == calibration.ratio(MODEL)


def test_what_is_odd_in_it_does_not_spoil_the_rest(path: Path, calibration: TokenRatio) -> None:
    """Model by model."""
    path.write_text('{"a": "x", "b": 2}')

    assert (1.0, 2.0) == (calibration.ratio("a"), calibration.ratio("b"))


def test_only_its_owner_reads_it_and_nothing_else_is_left(path: Path, calibration: TokenRatio) -> None:
    """The file is 0600 from its first byte, and its unfinished form is gone."""
    calibration.learn(MODEL, 1000, billed(2000))

    assert [path.name] == os.listdir(path.parent)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_what_cannot_be_written_is_forgotten(path: Path, calibration: TokenRatio) -> None:
    """An answer does not fail for it, and nothing of it remains."""
    path.mkdir()
    calibration.learn(MODEL, 1000, billed(2000))

    assert 1.0 == calibration.ratio(MODEL)
    assert [path.name] == os.listdir(path.parent)


def test_it_does_not_grow_without_end(path: Path, calibration: TokenRatio) -> None:
    """Models come and go; the newest fifty are kept."""
    for number in range(60):
        calibration.learn(f"model-{number}", 1000, billed(2000))

    assert [f"model-{number}" for number in range(10, 60)] == list(json.loads(path.read_text()))


@given(st.lists(st.tuples(st.integers(-5, 10**6), st.integers(0, 10**7)), max_size=6))
def test_the_ratio_can_always_be_divided_by(bills: list[tuple[int, int]]) -> None:
    """Whatever comes."""
    with tempfile.TemporaryDirectory() as folder:
        calibration = TokenRatio(f"{folder}/calibration.json")
        for estimated, tokens in bills:
            calibration.learn(MODEL, estimated, billed(tokens))

            assert LEAST <= calibration.ratio(MODEL) <= MOST
