"""What the pool has met: the troubles that it has noted, how many questions wait, and whether the Home tab is seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai.check.home import home
from cocoai.check.met import met
from cocoai.check.target import Target, find_target
from cocoai.check.words.english import ENGLISH
from cocoai.slack.api.home_tab import NO_HOME_TAB
from cocoai.slack.model.home_opened import HOME, HomeOpened
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
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


def test_nobody_has_opened_the_home_tab(target: Target) -> None:
    """Slack does not say whether there is one: it is only to be known."""
    FileSpool(target.var).make_folders()

    assert [("unopened", "note")] == [(each.case, each.level) for each in home(target)]


@pytest.mark.parametrize(("why", "case", "level"), [("", "ok", "ok"), (NO_HOME_TAB, "off", "warning")])
def test_the_last_look_at_the_home_tab_counts(target: Target, why: str, case: str, level: str) -> None:
    """By what Slack said when the tab was to be filled."""
    spool = FileSpool(target.var, light_kinds={HOME})
    spool.make_folders()
    for at, said in ((1764600000, NO_HOME_TAB), (1764600100, ""), (1764600200, why)):
        opened = HomeOpened("U0ASKER01", "D0ASKER01", at)
        spool.put(Key.parse(opened.key), opened.facts())
        job = spool.claim()
        assert job is not None
        job.record("obeyed", why=said)
        spool.finish(job)

    (found,) = home(target)

    assert (case, level) == (found.case, found.level)
    assert ("2025-12-01" in ENGLISH.finding(found).found) == (case == "ok")
