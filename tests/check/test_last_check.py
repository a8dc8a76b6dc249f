"""The pool's look at itself: when it is due, what it keeps, and how the status shows it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai import last_check
from cocoai.last_check import FRESH, CheckTask, LastCheck, read_last_check
from cocoai.status.last_check import check_as_json, check_field, check_section
from cocoai.status.report import report
from cocoai.status.text import render
from tests.check.desk import SECRETS, Desk
from tests.status.samples import HOSTILE, Clock, settings_in, status

ROOT = Path(__file__).parents[2]


def finding(level: str, **more: str) -> dict[str, Any]:
    """Return a finding as it is kept."""
    usual = {
        "id": "slack.token",
        "case": "token_revoked",
        "what": "Slack, bot token",
        "found": "revoked",
        "remedy": "a\nb",
    }
    return {**usual, "level": level, **more}


def keep(folder: Path, *findings: dict[str, Any], age: float = 0.0) -> None:
    """Write a look that is so many seconds old."""
    (folder / "var").mkdir(exist_ok=True)
    file = folder / "var/check.json"
    file.write_text(json.dumps({"at": time.time() - age, "findings": findings}))
    os.utime(file, (time.time() - age,) * 2)


def test_a_look_is_due_a_minute_after_the_start(tmp_path: Path) -> None:
    """Whatever was found before the start: the settings may be others."""
    ticks = Clock(1000.0)
    keep(tmp_path, age=120.0)
    task = CheckTask(settings_in(tmp_path), ticks=ticks)

    due = []
    for ticks.now in (1000.0, 1059.0, 1061.0):
        due.append(task.is_wanted())

    assert [False, False, True] == due


def test_the_pool_s_looks_can_be_turned_off(tmp_path: Path) -> None:
    """Then none is due, and the status shows no old one."""
    ticks = Clock(0.0)
    settings = settings_in(tmp_path)
    task = CheckTask(replace(settings, pool=replace(settings.pool, self_check=False)), ticks=ticks)
    ticks.now = 10 * FRESH

    assert task.is_wanted() is False


@pytest.mark.parametrize(
    ("age", "level", "is_due"),
    [(10.0, "warning", False), (10.0, "wrong", True), (FRESH - 60, "warning", False), (FRESH + 60, "warning", True)],
)
def test_a_look_holds_for_a_day_if_nothing_is_wrong(tmp_path: Path, age: float, level: str, is_due: bool) -> None:
    """While something is wrong each try is wanted; how often one is tried is the periodic task's."""
    ticks = Clock(0.0)
    task = CheckTask(settings_in(tmp_path), ticks=ticks)
    ticks.now = 10 * FRESH
    keep(tmp_path, finding(level), age=age)

    assert is_due is task.is_wanted()


def test_what_is_kept_is_closed_to_others_and_has_no_secret(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warnings and wrongs of a look; a wrong one that is over has gone with the next look."""
    monkeypatch.setattr("cocoai.last_check.signal.setitimer", lambda *_: None)
    settings = desk.target().settings
    assert settings is not None
    os.makedirs(settings.paths.var, exist_ok=True)
    task = CheckTask(settings)
    desk.slack.switches.dead_token = "token_revoked"
    task.look()
    first = read_last_check(settings.paths.var)
    kept = Path(settings.paths.var, last_check.FILE)
    written = kept.read_text()

    desk.reset()
    task.look()
    second = read_last_check(settings.paths.var)

    assert first is not None
    assert second is not None
    assert ["slack.token"] == [each["id"] for each in first.of_level("wrong")]
    assert [] == second.of_level("wrong")
    assert 0o600 == stat.S_IMODE(kept.stat().st_mode)
    assert [] == [secret for secret in SECRETS if secret in written]


def test_a_full_disk_is_logged(desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """What was found cannot be kept: the log says so, and what is wrong."""
    monkeypatch.setattr("cocoai.last_check.signal.setitimer", lambda *_: None)
    settings = desk.target({"paths": {"var": "nowhere/var"}}).settings
    assert settings is not None
    desk.slack.switches.dead_token = "invalid_auth"

    CheckTask(settings).look()

    logged = [record.getMessage() for record in caplog.records]
    assert any("check outcome=not-kept" in line for line in logged)
    assert any("check outcome=wrong parts=slack.token" in line for line in logged)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": "x"}', "{"])
def test_an_odd_file_is_no_look(tmp_path: Path, text: str) -> None:
    """It is as if the pool had not looked yet."""
    (tmp_path / "check.json").write_text(text)

    assert None is read_last_check(str(tmp_path))


def test_the_status_shows_what_is_wrong_near_the_top(tmp_path: Path) -> None:
    """An alarm among the first fields, a section with each finding and its remedy, and the same as JSON."""
    look = LastCheck(1_763_825_000.0, (finding("wrong"), finding("warning", what="Certificate", found=HOSTILE)))

    lines = list(render(report(status(check=look))))
    fields = check_section(look).fields

    top = next(line for line in lines if line.startswith("! Wrong"))
    assert lines.index(top) < lines.index("Last check")
    assert "Slack, bot token: cocoai check says what to type" in top
    assert ["1 wrong, 1 to watch", "a b"] == [each.note for each in fields[:2]]
    assert [False, True, False] == [each.is_alarm for each in fields]
    assert "\x1b" not in "".join(lines)
    shown = check_as_json(look)
    assert shown is not None
    assert (1, 1, 2) == (shown["wrong"], shown["warning"], len(shown["findings"]))


def test_without_a_look_the_status_says_nothing_of_it() -> None:
    """There is no section and no field."""
    assert [] == list(check_field(None))
    assert None is check_as_json(None)
    assert "Last check" not in list(render(report(status())))
    right = check_section(LastCheck(1.0, ()))
    assert ["nothing is wrong"] == [each.note for each in right.fields]


def test_the_pool_does_not_load_the_checks() -> None:
    """Only the process that looks has their code in memory."""
    script = "import cocoai.app, sys; print(*(name for name in sys.modules if name.startswith('cocoai.check')))"

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)

    assert "" == run.stdout.strip()
