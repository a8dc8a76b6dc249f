"""What operators see of the inbox: in `cocoai status`, in `cocoai check`, and in a backup, which leaves it out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cocoai.backup.contents import unknown_names
from cocoai.check.inbox import inbox
from cocoai.check.target import Target, find_target
from cocoai.check.words.english import ENGLISH
from cocoai.inbox.inbox import InboxState
from cocoai.status.inbox import read_inbox
from cocoai.status.report import report
from cocoai.status.status import as_json
from tests.inbox.stage import Stage, settings_of
from tests.status.samples import status


def target_of(var: Path) -> Target:
    """Return the target of settings with this `var`."""
    settings = settings_of(var)
    return find_target(settings, settings.file)


def shown(state: InboxState | None) -> dict[str, str]:
    """Return the notes of the headline's fields on the inbox, by label and value; each needs attention."""
    fields = [each for each in report(status(inbox=state, at=1000.0)).fields if each.label.startswith("Inbox")]
    assert all(each.is_alarm for each in fields)
    return {f"{each.label} {each.value}": each.note for each in fields}


def test_status_tells_what_waits_and_what_failed() -> None:
    """Nothing is said where nothing waits, nor where there is no inbox."""
    found = shown(InboxState(1200, 3 * 1024 * 1024, 700.0, 2))

    assert ["Inbox 1,200", "Inbox, failed 2"] == list(found)
    assert "the first for 5 min" in found["Inbox 1,200"]
    assert {} == shown(None) == shown(InboxState(0, 0, 0.0, 0))


def test_status_is_told_to_programs() -> None:
    """`null` where there is no inbox."""
    told = as_json(status(inbox=InboxState(2, 100, 7.0, 1)))["inbox"]

    assert {"waiting": 2, "size": 100, "since": 7.0, "failed": 1} == told
    assert as_json(status())["inbox"] is None


def test_the_state_is_read_where_there_is_an_inbox(stage: Stage, tmp_path: Path) -> None:
    """No folder is made by a look."""
    stage.mention(1)
    read = read_inbox(str(stage.var))

    assert read == stage.inbox.state()
    assert read_inbox(str(tmp_path / "nowhere")) is None
    assert not (tmp_path / "nowhere").exists()


def test_check_warns_of_what_waits_and_of_what_failed(stage: Stage) -> None:
    """An empty inbox is well; where there is none, nothing is said."""
    empty = [(each.part, each.level) for each in inbox(target_of(stage.var))]
    stage.mention(1)
    (stage.var / "inbox/failed/x").touch()

    waiting, failed = inbox(target_of(stage.var))

    assert [("inbox", "ok")] == empty
    assert ("warning", "warning") == (waiting.level, failed.level)
    assert ENGLISH.finding(waiting).found.startswith("1 requests wait for the store, the first since 2025-11-22")
    assert str(stage.var / "inbox") in ENGLISH.finding(failed).remedy
    assert [] == list(inbox(target_of(stage.var / "other")))


def test_check_says_that_it_cannot_look(stage: Stage) -> None:
    """An inbox that is no folder, or another user's, is no reason to end."""
    os.rename(stage.var / "inbox/waiting", stage.var / "inbox/elsewhere")
    (stage.var / "inbox/waiting").write_text("")

    assert ["unseen"] == [each.case for each in inbox(target_of(stage.var))]


def test_a_backup_leaves_it_out_on_purpose(stage: Stage) -> None:
    """What waited then was taken in since, or is answered twice by a store that was restored, too."""
    assert "inbox" not in unknown_names(str(stage.var))


def test_nothing_of_it_is_imported_where_jobs_lie_in_files(tmp_path: Path) -> None:
    """Neither by the pool nor by a look at the status."""
    program = (
        "import os, sys\nfrom cocoai import app, config\nfrom cocoai.status.status import collect\n"
        "settings = config.read(None, os.environ)\napp.build(settings)\ncollect(settings)\n"
        "print([name for name in sys.modules if name.startswith('cocoai.inbox')], os.listdir(settings.paths.var))"
    )
    names = {"SLACK_SIGNING_SECRET": "x" * 32, "SLACK_BOT_TOKEN": "xoxb-1", "OPENAI_API_KEY": "sk-1"}
    names |= {"COCOAI_PATHS_VAR": str(tmp_path), "COCOAI_CONFIG": "/dev/null"}

    ran = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **names}, capture_output=True, text=True, check=True
    )

    assert ran.stdout.startswith("[] ")
    assert "'inbox'" not in ran.stdout
