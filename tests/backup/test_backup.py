"""`cocoai backup`: what is in the file, when it appears, and what is deleted for it."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from cocoai.backup.backup import write_backup
from cocoai.backup.command import default_folder
from cocoai.backup.contents import LEFT_OUT, NAME, backup_name, unknown_names
from cocoai.cli import main
from cocoai.documents.file_history import FileHistory
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.errors import CocoAIError
from cocoai.rehearsal import rehearse
from tests.backup.machine import ANSWERED, FAILED, HALF, WAITING, Machine, contents, empty_machine, machine_in, names_in
from tests.ledger.charges import rows

NOW = 1_796_092_200.0
"""2026-12-01 at 02:30 UTC."""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine with a filled var."""
    return machine_in(tmp_path / "machine")


def backup(machine: Machine, now: float = NOW, keep: int = 7) -> Path:
    """Make a backup beside the machine; return its path."""
    return Path(write_backup(machine.settings, str(machine.folder / "kept"), keep=keep, clock=lambda: now).path)


def test_it_has_all_that_is_kept_and_nothing_else(machine: Machine) -> None:
    """Each job is in the folder in which it lay; locks, counts of a minute and what runs are left out."""
    path = backup(machine)

    assert "cocoai-2026-12-01T023000.tar.gz" == path.name
    assert {
        "cocoai-backup.json",
        "settings/cocoai.ini",
        "var/ledger.sqlite3",
        "var/history.sqlite3",
        "var/identity.json",
        "var/calibration.json",
        "var/people/U024BE7LH",
        f"var/spool/done/{ANSWERED}",
        f"var/spool/failed/{FAILED}",
        f"var/spool/ready/{HALF}",
        f"var/spool/ready/{WAITING}",
        *(f"var/threads/{key.thread}" for key in (ANSWERED, FAILED, HALF, WAITING)),
        *(f"var/spool/gestures/C0PRACTICE-a-{key.ts}" for key in (ANSWERED, FAILED, HALF, WAITING)),
        "end.json",
    } == set(names_in(path))
    kept = {name.removeprefix("var/"): data for name, data in contents(path).items() if name.startswith("var/")}
    kept.pop("ledger.sqlite3")
    kept.pop("history.sqlite3")
    assert kept == {name: data for name, data in machine.tree().items() if name in kept}


def test_the_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(machine: Machine) -> None:
    """It has people's questions and the settings' secrets."""
    path = backup(machine)

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert [path] == list(path.parent.iterdir())


def test_the_ledger_is_a_whole_copy(machine: Machine, tmp_path: Path) -> None:
    """With every charge."""
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(contents(backup(machine))["var/ledger.sqlite3"])

    with closing(sqlite3.connect(copy)) as connection:
        assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()
    assert rows(machine.ledger) == rows(str(copy))


def test_the_files_that_the_settings_name_are_in_it(machine: Machine, tmp_path: Path) -> None:
    """Below the settings' folder with their place, others with their name."""
    elsewhere = tmp_path / "elsewhere.txt"
    inside = machine.folder / "texts/team.txt"
    inside.parent.mkdir()
    for file in (elsewhere, inside):
        file.write_text(file.name)
    text = (
        f"[paths]\nvar = var\n[answer]\ninstructions = texts/team.txt\n[channel C024BE91L]\ninstructions={elsewhere}\n"
    )
    machine = changed(machine, text)

    found = contents(backup(machine))

    assert text.encode() == found["settings/cocoai.ini"]
    assert (b"team.txt", b"elsewhere.txt") == (found["settings/texts/team.txt"], found["settings/elsewhere.txt"])


def changed(machine: Machine, text: str) -> Machine:
    """Return the machine with this text as its settings."""
    from cocoai import config

    file = machine.folder / "cocoai.ini"
    file.write_text(text)
    return Machine(machine.folder, config.read(str(file), {}, secrets=False))


def test_instructions_that_cannot_be_read_are_an_error_and_all_else_is_kept(
    machine: Machine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root has read the settings, and var's owner cannot. The exit code is 1: a timer's unit has failed, to be seen."""
    gone = machine.folder / "gone.txt"
    gone.touch()
    changed(machine, "[paths]\nvar = var\n[answer]\ninstructions = gone.txt\n")
    monkeypatch.setattr("cocoai.backup.command.become_owner", lambda _: gone.unlink())

    assert 1 == main(["backup", str(machine.folder / "kept"), "--config", machine.settings.file])

    (path,) = (machine.folder / "kept").iterdir()
    out, err = capsys.readouterr()
    assert str(path) in out
    assert f"cocoai: the backup is without {machine.folder}/gone.txt, which cannot be read\n" == err
    assert "var/ledger.sqlite3" in names_in(path)


def test_the_newest_are_kept(machine: Machine) -> None:
    """Others' files stay, whatever their names."""
    other = machine.folder / "kept/cocoai-2020-01-01T000000.tar.gz.mine"
    first = backup(machine, NOW)
    other.touch()
    for day in range(1, 4):
        backup(machine, NOW + day * 86_400, keep=3)

    assert not first.exists()
    assert {other.name, *(backup_name(NOW + day * 86_400) for day in (1, 2, 3))} == set(os.listdir(other.parent))


def test_names_from_the_future_do_not_cost_the_new_one(machine: Machine) -> None:
    """A clock that was wrong has made them."""
    for day in range(3):
        backup(machine, NOW + (1000 + day) * 86_400)

    path = backup(machine, NOW, keep=2)

    assert {path.name, backup_name(NOW + 1002 * 86_400)} == set(os.listdir(path.parent))


def test_a_killed_backup_s_files_are_swept(machine: Machine) -> None:
    """An hour later: until then they may be another one's that is being written."""
    folder = machine.folder / "kept"
    folder.mkdir()
    for name in (f"{backup_name(NOW)}.123.new", "ledger.sqlite3.123.new"):
        (folder / name).touch()
        os.utime(folder / name, (NOW, NOW))

    backup(machine, NOW + 60)
    assert 3 == len(list(folder.iterdir()))

    backup(machine, NOW + 3700)
    assert 2 == len(list(folder.iterdir()))


def test_a_damaged_ledger_is_an_error_and_costs_no_older_backup(machine: Machine) -> None:
    """Else a week of nights would put damaged ones in the place of all whole ones."""
    older = backup(machine)
    size = os.path.getsize(machine.ledger)
    with open(machine.ledger, "r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * (size // 2))

    with pytest.raises(CocoAIError, match="cannot back up: the ledger cannot be copied: "):
        backup(machine, NOW + 86_400, keep=1)

    assert [older] == list(older.parent.iterdir())


def test_the_history_is_a_whole_copy(machine: Machine, tmp_path: Path) -> None:
    """A damaged one is an error, as a damaged ledger is."""
    copy = tmp_path / "copy.sqlite3"
    copy.write_bytes(contents(backup(machine))["var/history.sqlite3"])

    assert machine.history.read(str(ANSWERED)) == FileHistory(str(copy)).read(str(ANSWERED)) is not None
    (machine.var / "history.sqlite3").write_bytes(b"no database" * 400)
    with pytest.raises(CocoAIError, match="cannot back up: the history cannot be copied: "):
        backup(machine, NOW + 1)
    assert 1 == len(list((machine.folder / "kept").iterdir()))


def test_without_a_ledger_there_is_none_in_it(tmp_path: Path) -> None:
    """Nothing was paid yet, and looking for it does not make one."""
    machine = empty_machine(tmp_path / "new")
    machine.spool.make_folders()

    assert ["cocoai-backup.json", "settings/cocoai.ini", "end.json"] == names_in(backup(machine))
    assert not os.path.exists(machine.ledger)


def test_without_a_var_there_is_no_backup(tmp_path: Path) -> None:
    """The error is one sentence."""
    machine = empty_machine(tmp_path / "new")

    with pytest.raises(CocoAIError, match=r"there is no .*/var: nothing is kept there yet"):
        backup(machine)


def test_a_folder_that_cannot_be_written_is_one_sentence(machine: Machine) -> None:
    """Here its name is a file's."""
    (machine.folder / "kept").touch()

    with pytest.raises(CocoAIError, match=r"cannot back up: .*/kept: File exists"):
        backup(machine)


def test_everything_that_the_pool_writes_is_known(machine: Machine) -> None:
    """So whoever adds a file below var has to say whether it is kept."""
    Scoreboard(machine.settings.paths.scoreboard, slots=1).begin(1, 1)
    backup(machine)

    assert [] == unknown_names(str(machine.var))
    assert {"run", "locks", "asked"} <= LEFT_OUT & set(os.listdir(machine.var))
    assert os.path.basename(rehearse.FOLDER) in LEFT_OUT


def test_what_nobody_knows_is_told(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not in the file."""
    (machine.var / "novel.sqlite3").touch()
    (machine.var / "before-restore-2026-12-01T023000").mkdir()

    assert 0 == main(["backup", str(machine.folder / "kept"), "--config", machine.settings.file])

    out = capsys.readouterr().out
    assert out.endswith("  left out, since it is not known what it is: novel.sqlite3\n")
    assert 1 == out.count("left out")
    assert "the ledger, the history; jobs: 2 ready, 1 done, 1 failed; 4 threads, 1 names" in out


def test_the_default_is_the_system_s_folder_of_var_s_name(tmp_path: Path) -> None:
    """So two copies on one machine do not delete each other's; without such a folder it is one in var."""
    (tmp_path / "backups/cocoai").mkdir(parents=True)
    backups = str(tmp_path / "backups")

    assert f"{backups}/cocoai" == default_folder("/var/lib/cocoai", backups)
    assert "/var/lib/cocoai_qa/backups" == default_folder("/var/lib/cocoai_qa", backups)


@pytest.mark.parametrize("keep", ["0", "-1"])
def test_at_least_the_new_one_is_kept(machine: Machine, capsys: pytest.CaptureFixture[str], keep: str) -> None:
    """Anything else is an error before anything is written."""
    assert 1 == main(["backup", "--keep", keep, "--config", machine.settings.file])

    assert f"cocoai: --keep {keep}: expected 1 or more\n" == capsys.readouterr().err
    assert not (machine.var / "backups").exists()


def test_the_first_member_says_what_it_is(machine: Machine) -> None:
    """And the last one how many there are."""
    path = backup(machine)
    found = contents(path)

    facts = json.loads(found["cocoai-backup.json"])
    assert (1, NOW, str(machine.var)) == (facts["format"], facts["at"], facts["var"])
    assert {"members": len(found) - 1} == json.loads(found["end.json"])
    assert NAME.fullmatch(path.name)
