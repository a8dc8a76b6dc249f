"""What the pool has met: the troubles that it has noted, and how many questions wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.check.met import met
from cocoai.check.target import Target, find_target
from cocoai.check.words.english import ENGLISH
from cocoai.troubles.store import Troubles
from tests.status.samples import settings_in

pytestmark = pytest.mark.pure


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """Return the target of settings without secrets, and make its spool's ready/."""
    settings = settings_in(tmp_path)
    Path(settings.paths.var, "spool/ready").mkdir(parents=True)
    return find_target(settings, settings.file)


def test_nothing_is_met(target: Target) -> None:
    """There is one line, and no folder is made."""
    assert [("pool.met", "ok")] == [(each.part, each.case) for each in met(target)]
    assert ["spool"] == [each.name for each in Path(target.var).iterdir()]


def test_a_dead_token_is_told_with_those_who_wait(target: Target) -> None:
    """For Slack the number of waiting questions is told, for other sources there is none to tell."""
    troubles = Troubles(target.var, clock=lambda: 1764600000.0)
    troubles.note("slack", "token_revoked")
    troubles.note("openai", "insufficient_quota")
    for name in ("C1-1.0-1.0", "C1-2.0-2.0"):
        Path(target.var, "spool/ready", name).touch()

    results = {each.values["source"]: each for each in met(target)}

    assert {"slack": "waiting", "openai": "now"} == {name: each.case for name, each in results.items()}
    assert {"warning"} == {each.level for each in results.values()}
    said = ENGLISH.finding(results["slack"]).found
    assert said.startswith("slack token_revoked, since 2025-12-01")
    assert said.endswith("2 wait to be answered")
