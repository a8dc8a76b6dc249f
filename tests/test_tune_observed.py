"""`cocoai tune` reads what a pool has seen from its scoreboard and its spool."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cocoai import config
from cocoai.cli import main
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.spool.file_spool import FileSpool
from cocoai.tune.advice import Measurement
from cocoai.tune.observed import ENOUGH_SECONDS, Observed, observe
from tests.status.samples import put_answer, scoreboard_of, settings_in
from tests.test_tune import MEASURED

NOW = 1_796_092_200.0


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Return settings whose var has a spool."""
    made = settings_in(tmp_path)
    FileSpool(made.paths.var).make_folders()
    os.mkdir(os.path.join(made.paths.var, "run"))
    return made


@pytest.fixture
def board(settings: config.Settings) -> Scoreboard:
    """Return the scoreboard of a pool whose master is this process."""
    board = scoreboard_of(settings)
    board.begin(0, 4)
    return board


def test_what_the_pool_counts_is_observed(settings: config.Settings, board: Scoreboard) -> None:
    """Beside it the settings under which it was counted."""
    board.counters.started = NOW - 2 * ENOUGH_SECONDS
    board.counters.requests, board.counters.most_active, board.counters.most_reached = 123, 3, 1
    board.counters.no_slot, board.counters.absences[1] = 5, 7
    board.job_row(2).take()

    seen = observe(settings, NOW)

    assert (2 * ENOUGH_SECONDS, 123, 0, 4, 60.0, 4) == (
        seen.seconds,
        seen.requests,
        seen.least,
        seen.most,
        seen.idle_timeout,
        seen.slots,
    )
    assert (3, 1, (0, 7, 0, 0, 0), 3, 5) == (seen.busy, seen.full, seen.absences, seen.slots_taken, seen.no_slot)
    assert seen.is_enough


def test_how_long_people_waited_is_that_of_the_last_day(settings: config.Settings, board: Scoreboard) -> None:
    """From the question to the first attempt."""
    assert board.counters.started
    path = put_answer(settings.paths.var, NOW - 100.0)
    lines = path.read_bytes().splitlines(keepends=True)
    late = [line.replace(b'"attempt","at":1796092100.0', b'"attempt","at":1796092103.5') for line in lines]
    path.write_bytes(b"".join(late))
    os.utime(path, (NOW - 10, NOW - 10))

    waited = observe(settings, NOW).waited

    assert (1, 3.5) == (waited.number, waited.most)


def test_how_long_answers_took_is_that_of_the_last_day(settings: config.Settings, board: Scoreboard) -> None:
    """From the first attempt to the delivery, and from the placeholder to the model's last word."""
    assert board.counters.started
    path = put_answer(settings.paths.var, NOW - 100.0, heard=0.5, written=4.0, delivered=5.0)
    os.utime(path, (NOW - 10, NOW - 10))

    seen = observe(settings, NOW)

    assert ((1, 5.0), (1, 3.5)) == tuple((each.number, each.median) for each in (seen.answering, seen.writing))
    assert 3.0 == seen.update_interval


def test_a_pool_that_is_not_running_has_seen_nothing(settings: config.Settings, board: Scoreboard) -> None:
    """Nor has one that never ran, or one whose scoreboard has another code's layout."""
    board.own_row.record.pid = 0
    assert Observed() == observe(settings, NOW)

    Scoreboard(settings.paths.scoreboard, slots=4, reasons=("other",)).begin(0, 4)
    assert Observed() == observe(settings, NOW)

    os.unlink(settings.paths.scoreboard)
    assert Observed() == observe(settings, NOW)


@pytest.mark.parametrize("is_planned", [False, True])
def test_the_command_proposes_from_the_pool_only_for_its_own_machine(
    settings: config.Settings,
    board: Scoreboard,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    is_planned: bool,
) -> None:
    """A planned machine has no pool: it gets what it bears."""

    def measured(*_: object) -> Measurement:
        return MEASURED

    monkeypatch.setattr("cocoai.tune.measure.measure", measured)
    board.counters.started, board.counters.requests = time.time() - 2 * ENOUGH_SECONDS, 500

    assert 0 == main(["tune", *(["--memory", "512"] if is_planned else []), "--config", settings.file])

    out = capsys.readouterr().out
    assert is_planned is ("What the pool has seen in 2 days" not in out)
    assert is_planned is ("idle_timeout = 60" not in out)
    assert "\n[pool]\nworkers = 0..4\n" in out
