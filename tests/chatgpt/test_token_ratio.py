"""chatgpt/token_ratio.py: what is learned of the estimate from the usage, in a file that may be lost."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.chunk import Usage
from cocoai.chatgpt.token_ratio import LEAST, MOST, TokenRatio

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

MODEL = "gpt-6-luna"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calibration.json"


@pytest.fixture
def ratios(path: Path) -> TokenRatio:
    return TokenRatio(str(path))


def billed(tokens: int) -> Usage:
    """Return a usage of so many prompt tokens."""
    return Usage(prompt_tokens=tokens, cached_tokens=0, completion_tokens=10, reasoning_tokens=0)


def test_an_unknown_model_has_the_ratio_one(ratios: TokenRatio) -> None:
    """A model of which nothing is known counts as estimated."""
    assert 1.0 == ratios.ratio(MODEL)


def test_the_first_usage_sets_the_ratio(path: Path, ratios: TokenRatio) -> None:
    """The first usage is taken as it is, for each model separately, and other processes read it."""
    ratios.learn(MODEL, 1000, billed(700))
    ratios.learn("local", 1000, billed(1500))

    assert (0.7, 1.5) == (TokenRatio(str(path)).ratio(MODEL), TokenRatio(str(path)).ratio("local"))


def test_each_further_usage_moves_the_ratio_half_way(ratios: TokenRatio) -> None:
    """One odd conversation moves the ratio only half way, and many alike move it to theirs."""
    ratios.learn(MODEL, 1000, billed(800))
    ratios.learn(MODEL, 1000, billed(1600))

    assert pytest.approx(1.2) == ratios.ratio(MODEL)
    for _ in range(10):
        ratios.learn(MODEL, 1000, billed(1600))
    assert ratios.ratio(MODEL) > 1.44


def test_a_small_change_is_not_written(path: Path, ratios: TokenRatio) -> None:
    """A small change is not written, neither from the default nor from a known ratio, to spare the disk."""
    ratios.learn(MODEL, 1000, billed(1040))
    assert not path.exists()

    ratios.learn(MODEL, 1000, billed(700))
    before = path.stat().st_ino
    ratios.learn(MODEL, 1000, billed(740))
    assert before == path.stat().st_ino


@pytest.mark.parametrize(("estimated", "tokens"), [(0, 500), (-1, 500), (500, 0)])
def test_nothing_is_learned_from_a_zero(path: Path, ratios: TokenRatio, estimated: int, tokens: int) -> None:
    """Without an estimate or without billed tokens the file is not written."""
    ratios.learn(MODEL, estimated, billed(tokens))

    assert not path.exists()


@pytest.mark.parametrize(("tokens", "ratio"), [(1, LEAST), (10**9, MOST)])
def test_the_ratio_stays_within_its_limits(ratios: TokenRatio, tokens: int, ratio: float) -> None:
    """A usage that cannot be true does not empty the conversation, nor let it grow without end."""
    ratios.learn(MODEL, 1000, billed(tokens))

    assert ratio == ratios.ratio(MODEL)


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
def test_an_odd_file_counts_as_none(path: Path, ratios: TokenRatio, content: bytes) -> None:
    """An odd file is ignored, and replaced by the next ratio that is learned."""
    path.write_bytes(content)

    assert 1.0 == ratios.ratio(MODEL)
    ratios.learn(MODEL, 1000, billed(2000))
    assert 2.0 == ratios.ratio(MODEL)


def test_one_odd_ratio_does_not_spoil_the_others(path: Path, ratios: TokenRatio) -> None:
    """An odd ratio in the file is ignored, and the other models keep theirs."""
    path.write_text('{"a": "x", "b": 2}')

    assert (1.0, 2.0) == (ratios.ratio("a"), ratios.ratio("b"))


def test_the_file_is_private_and_no_other_is_left(path: Path, ratios: TokenRatio) -> None:
    """The file has the mode 0600, and the temporary file is gone."""
    ratios.learn(MODEL, 1000, billed(2000))

    assert [path.name] == os.listdir(path.parent)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_file_that_cannot_be_written_is_no_error(path: Path, ratios: TokenRatio) -> None:
    """If the file cannot be written, no error is raised, and no temporary file remains."""
    path.mkdir()
    ratios.learn(MODEL, 1000, billed(2000))

    assert 1.0 == ratios.ratio(MODEL)
    assert [path.name] == os.listdir(path.parent)


def test_the_newest_fifty_models_are_kept(path: Path, ratios: TokenRatio) -> None:
    """Of many models the fifty that were learned last are kept."""
    for number in range(60):
        ratios.learn(f"model-{number}", 1000, billed(2000))

    assert [f"model-{number}" for number in range(10, 60)] == list(json.loads(path.read_text()))


@given(st.lists(st.tuples(st.integers(-5, 10**6), st.integers(0, 10**7)), max_size=6))
def test_any_usage_leaves_a_ratio_within_the_limits(bills: list[tuple[int, int]]) -> None:
    """For any estimates and usages the ratio stays within its limits, so it is never 0."""
    with tempfile.TemporaryDirectory() as folder:
        ratios = TokenRatio(f"{folder}/calibration.json")
        for estimated, tokens in bills:
            ratios.learn(MODEL, estimated, billed(tokens))

            assert LEAST <= ratios.ratio(MODEL) <= MOST
