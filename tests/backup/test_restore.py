"""`cocoai restore`: what comes back, what is never answered again, and what is refused before anything is changed."""

from __future__ import annotations

import gzip
import io
import os
import re
import tarfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.app import build
from cocoai.backup.archive import BadBackup
from cocoai.backup.backup import write_backup
from cocoai.backup.contents import SWAPPING, UNPACKED
from cocoai.backup.restore import RestoreReport, restore
from cocoai.cli import main
from cocoai.engine.process import locks
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.errors import COUNTERS, CocoAIError
from cocoai.spool.job_words import Whose
from cocoai.spool.store_error import NoSuchJob
from cocoai.usage.forgetting import forget
from tests.backup.machine import (
    ANSWERED,
    FAILED,
    HALF,
    WAITING,
    Machine,
    contents,
    empty_machine,
    machine_in,
    packed,
    special,
)
from tests.books import books
from tests.ledger.charges import charge, rows

NOW = 1_796_092_200.0
"""2026-12-01 at 02:30 UTC."""

KEPT = ("identity.json", "calibration.json", "people", "threads", "spool/done", "spool/gestures")
"""What comes back byte by byte."""


@pytest.fixture
def old(tmp_path: Path) -> Machine:
    """Return the machine that is backed up."""
    return machine_in(tmp_path / "old")


@pytest.fixture
def archive(old: Machine) -> Path:
    """Return a backup of it."""
    return Path(write_backup(old.settings, str(old.folder / "kept"), keep=7, clock=lambda: NOW).path)


@pytest.fixture
def new(tmp_path: Path) -> Machine:
    """Return a machine with an empty var."""
    machine = empty_machine(tmp_path / "new")
    machine.var.mkdir(mode=0o700)
    return machine


def restored(machine: Machine, data: bytes | Path, settings_folder: str = "") -> RestoreReport:
    """Restore an archive at this machine."""
    data = data if isinstance(data, bytes) else data.read_bytes()
    return restore(machine.settings, io.BytesIO(data), "FILE", settings_folder=settings_folder, clock=lambda: NOW + 60)


# what comes back


def test_all_that_is_kept_comes_back(old: Machine, archive: Path, new: Machine) -> None:
    """With the times by which it is swept; and the product finds all of it."""
    restored(new, archive)

    assert old.tree(*KEPT) == new.tree(*KEPT)
    assert rows(old.ledger) == rows(new.ledger)
    assert old.history.read(str(ANSWERED)) == new.history.read(str(ANSWERED)) is not None
    for name in old.tree(*KEPT):
        assert int((old.var / name).stat().st_mtime) == int((new.var / name).stat().st_mtime)
    assert not (new.var / UNPACKED).exists()
    build(new.settings)


def test_what_waited_is_not_answered_again(archive: Path, new: Machine) -> None:
    """It may have been answered since, by the machine that is gone; an answer that is recorded changes nothing."""
    restored(new, archive)

    assert new.spool.claim() is None
    assert not list(new.spool.each_without("placeholder"))
    assert not new.spool.is_due()
    for key in (HALF, WAITING):
        state, lines = new.spool.find(key)
        assert ("failed", "restored", NOW) == (state, lines[-1]["fact"], lines[-1]["backup"])


@pytest.mark.parametrize("key", [ANSWERED, FAILED, HALF, WAITING])
def test_what_slack_sends_again_is_known(archive: Path, new: Machine, key: object) -> None:
    """Under its own ts, and under another one with the same client_msg_id."""
    restored(new, archive)
    again = ANSWERED._replace(thread_ts="9.000100", ts="9.000100")

    assert not new.spool.put(key, {"kind": "mention"})  # type: ignore[arg-type]
    assert not new.spool.put(again, {"kind": "mention", "client_msg_id": f"a-{ANSWERED.ts}"})


def test_the_operator_has_one_answered_on_purpose(archive: Path, new: Machine) -> None:
    """It can be claimed again, and all others stay where they are."""
    restored(new, archive)

    new.spool.retry(WAITING)
    job = new.spool.claim()

    assert job is not None
    assert (WAITING, 1) == (job.key, job.attempt)
    assert new.spool.claim() is None
    job.release()


def test_an_open_hold_is_settled_by_what_its_job_says(archive: Path, new: Machine) -> None:
    """The hourly sweep does it: the answer was recorded, with its bill."""
    restored(new, archive)
    ours = books(new.var)

    assert 1 == settle_dead_holds(new.spool, ours)

    assert [] == ours.ledger.open_holds()
    assert {(str(HALF), 123), (str(ANSWERED), 77)} == set(rows(new.ledger, "key, spent"))


def test_an_open_hold_whose_answer_came_after_the_backup_is_lost(old: Machine, new: Machine) -> None:
    """It may have been billed, so the whole of it counts."""
    path = old.var / "spool/ready" / str(HALF)
    path.write_bytes(re.sub(rb'\n\{"fact":"answer".*', b"", path.read_bytes()))
    restored(new, Path(write_backup(old.settings, str(old.folder / "kept"), keep=7).path))

    settle_dead_holds(new.spool, books(new.var))

    assert (str(HALF), 500, "lost") in rows(new.ledger, "key, spent, how")


# what was there


def test_what_was_there_is_moved_aside(archive: Path, new: Machine, tmp_path: Path) -> None:
    """Nothing of it is lost; a journal goes with its ledger, which it would damage otherwise."""
    there = machine_in(tmp_path / "there")
    (there.var / "ledger.sqlite3-journal").write_bytes(b"hot")
    charge(there.ledger + ".other", spent=5)
    (there.var / "backups").mkdir()
    before = there.tree()

    report = restored(there, archive)

    aside = Path(report.aside)
    moved = {path.relative_to(aside).as_posix() for path in aside.rglob("*") if path.is_file()}
    assert "before-restore-2026-12-01T023100" == aside.name
    assert {"ledger.sqlite3", "ledger.sqlite3-journal", "identity.json", "people/U024BE7LH"} <= moved
    assert all(before[name] == (aside / name).read_bytes() for name in moved)
    assert before.keys() == moved | (there.tree().keys() & before.keys())
    assert not (there.var / "ledger.sqlite3-journal").exists()
    assert (there.var / "backups").is_dir()
    assert "" == restored(new, archive).aside


def test_a_move_that_fails_is_undone(archive: Path, old: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it is: all is as it was, and the next restore is as if nothing had been."""
    before, rename = old.tree(), os.rename
    for number in range(1, 19):
        calls: list[str] = []

        def failing(source: str, target: str, number: int = number, calls: list[str] = calls) -> None:
            calls.append(source)
            if len(calls) == number:
                raise OSError(5, "Input/output error", source)
            rename(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(os, "rename", failing)
            if number == 18:  # there are seventeen: one of the folder, nine aside, seven in
                restored(old, archive)
                break
            with pytest.raises(CocoAIError, match="cannot restore: "):
                restored(old, archive)
        assert before == {name: data for name, data in old.tree().items() if name != "run/master.lock"}


def test_a_restore_that_was_killed_while_it_moved_keeps_the_pool_from_starting(
    archive: Path, old: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that is not there yet would be taken for an empty one. Once it is run again, all is well."""

    class Killed(BaseException):
        pass

    rename = os.rename

    def killing(source: str, target: str) -> None:
        if source.endswith(f"{SWAPPING}/var/spool"):
            raise Killed
        rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", killing)
        with pytest.raises(Killed):
            restored(old, archive)

    for refused in (partial(build, old.settings), partial(write_backup, old.settings, str(old.folder), keep=7)):
        with pytest.raises(CocoAIError, match=r"was restored by half: run `cocoai restore` again"):
            refused()
    restore(old.settings, io.BytesIO(archive.read_bytes()), "FILE")
    build(old.settings)
    assert contents(archive)[f"var/spool/done/{ANSWERED}"] == (old.var / "spool/done" / str(ANSWERED)).read_bytes()


# what is refused


def unchanged(machine: Machine, attempt: Callable[[], object], error: type[CocoAIError], words: str) -> None:
    """Check that an attempt is refused with these words, and that var is as it was, but for locks."""
    before = machine.tree()

    with pytest.raises(error, match=words):
        attempt()

    after = machine.tree()
    assert before == {name: data for name, data in after.items() if name in before}
    assert {"run/master.lock"} >= after.keys() - before.keys()
    assert not (machine.var / UNPACKED).exists()


def test_an_archive_that_is_cut_off_anywhere_is_refused(archive: Path, old: Machine) -> None:
    """At any byte: what is missing may be the last job alone."""
    whole = archive.read_bytes()
    for size in (0, 1, 10, 100, len(whole) // 2, len(whole) - 9, len(whole) - 8, len(whole) - 4, len(whole) - 1):
        unchanged(old, partial(restored, old, whole[:size]), BadBackup, r"damaged|cut off|no backup")


def test_an_archive_with_a_wrong_byte_is_refused(archive: Path, old: Machine) -> None:
    """Wherever it is behind gzip's own header, of which some bytes mean nothing."""
    whole, refused = archive.read_bytes(), 0
    for place in (0, 2, *range(12, len(whole), len(whole) // 12), len(whole) - 6, len(whole) - 2):
        wrong = bytearray(whole)
        wrong[place] ^= 0x55
        if not unpacks_alike(bytes(wrong), whole):
            unchanged(old, partial(restored, old, bytes(wrong)), BadBackup, "FILE")
            refused += 1
    assert refused > 10


def unpacks_alike(data: bytes, other: bytes) -> bool:
    """Check whether two files of gzip hold the same: zeros may be copied from one place or from another."""
    try:
        return gzip.decompress(data) == gzip.decompress(other)
    except (OSError, EOFError, zlib.error):
        return False


def test_a_tar_that_is_cut_off_within_a_whole_gzip_is_refused(archive: Path, old: Machine) -> None:
    """tarfile takes a missing end for the end."""
    members = list(contents(archive).items())

    for number in range(1, len(members)):
        unchanged(old, partial(restored, old, packed(*members[:number])), BadBackup, "its end is missing")
    unchanged(old, partial(restored, old, packed(*members[:3], *members[4:])), BadBackup, "its end is missing")
    unchanged(old, partial(restored, old, packed(*members, members[2])), BadBackup, "does not belong")


def test_other_files_are_refused(old: Machine) -> None:
    """A text, an archive of something else, and one of a later version."""
    later = packed(("cocoai-backup.json", b'{"format": 2, "at": 1}'))

    unchanged(old, partial(restored, old, b"hello"), BadBackup, "FILE is damaged, or no backup of CocoAI: Not a gzip")
    unchanged(old, partial(restored, old, packed(("etc/passwd", b""))), BadBackup, "FILE is no backup of CocoAI")
    unchanged(old, partial(restored, old, packed(("cocoai-backup.json", b"[1]"))), BadBackup, "is no backup")
    unchanged(old, partial(restored, old, later), BadBackup, r"a backup of another version \(format 2\)")


@pytest.mark.parametrize(
    "member",
    [
        ("../evil", b""),
        ("/etc/evil", b""),
        ("var/../../evil", b""),
        ("var/people/../../../evil", b""),
        ("var/people/.hidden", b""),
        ("var/people", b""),
        ("var/run/master.lock", b""),
        ("var/spool/tmp/x", b""),
        ("var/spool/ready/a/b", b""),
        ("var/threads/", b""),
        ("settings/../evil", b""),
        ("settings/a/../../evil", b""),
        ("settings//evil", b""),
        ("var/identity.json", b"twice"),
        special("var/people/U1", tarfile.SYMTYPE, "/etc/passwd"),
        special("var/people/U1", tarfile.LNKTYPE, "/etc/passwd"),
        special("var/people/U1", tarfile.DIRTYPE),
        special("var/people/U1", tarfile.FIFOTYPE),
        special("var/people/U1", tarfile.CHRTYPE),
    ],
    ids=lambda member: f"{member.name}-{member.type!r}" if isinstance(member, tarfile.TarInfo) else str(member),
)
def test_a_member_that_no_backup_has_is_refused(
    archive: Path, old: Machine, tmp_path: Path, member: tarfile.TarInfo | tuple[str, bytes]
) -> None:
    """Names that lead out of the folder, links, devices, and the same name twice."""
    members = list(contents(archive).items())
    data = packed(*members[:-1], member, members[-1])

    unchanged(old, partial(restored, old, data), BadBackup, "does not belong into a backup|is in it twice")
    assert not list(tmp_path.rglob("evil"))


def test_a_damaged_ledger_is_refused(archive: Path, old: Machine) -> None:
    """One that is none, and one with a hole in it."""
    members = contents(archive)
    ledger = members["var/ledger.sqlite3"]
    for bad in (b"no database" * 400, ledger[:4096] + bytes(4096) + ledger[8192:]):
        data = packed(*(members | {"var/ledger.sqlite3": bad}).items())

        unchanged(old, partial(restored, old, data), BadBackup, "its ledger")


def test_a_damaged_history_is_refused(archive: Path, old: Machine) -> None:
    """It is checked before anything moves."""
    data = packed(*(contents(archive) | {"var/history.sqlite3": b"no database" * 400}).items())

    unchanged(old, partial(restored, old, data), BadBackup, "its history cannot be read: .*not a database")


def test_whoever_was_forgotten_since_is_known_again(archive: Path, old: Machine) -> None:
    """Until they are forgotten once more: what the machine has forgotten is in no backup."""
    whose = Whose(channel=ANSWERED.channel)
    assert [1] == [line.startswith("history: 1 ") for line in forget(old.settings, whose)][:1]
    assert old.history.read(str(ANSWERED)) is None

    restored(old, archive)

    assert old.history.read(str(ANSWERED)) is not None
    assert "Why?" == old.spool.find(ANSWERED)[1][0]["text"]
    list(forget(old.settings, whose))
    assert old.history.read(str(ANSWERED)) is None


def test_while_a_master_runs_nothing_is_restored(archive: Path, old: Machine) -> None:
    """It holds a lock; and an earlier version's, which knows no such lock, is seen on the scoreboard."""
    lock = locks.take(str(old.var / "run/master.lock"))
    assert lock is not None
    unchanged(old, partial(restored, old, archive), CocoAIError, "the pool runs on .*: stop it first")
    lock.release()

    Scoreboard(old.settings.paths.scoreboard, slots=1, reasons=COUNTERS).begin(0, 1)
    unchanged(old, partial(restored, old, archive), CocoAIError, "the pool runs on .*: stop it first")


@pytest.mark.parametrize("name", ["slot-0", "slot-11", "placeholder.lock"])
def test_while_a_question_is_being_answered_nothing_is_restored(archive: Path, old: Machine, name: str) -> None:
    """Job processes outlive the pool by the question in hand."""
    lock = locks.take(str(old.var / "locks" / name))
    assert lock is not None

    unchanged(old, partial(restored, old, archive), CocoAIError, "a question is still being answered")

    lock.release()
    restored(old, archive)


def test_no_pool_starts_meanwhile(archive: Path, new: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The master's lock is held until all is in its place."""
    held: list[bool] = []

    def noting(members: object, name: str) -> dict[str, object]:
        held.append(locks.take(str(new.var / "run/master.lock")) is None)
        return {"at": NOW}

    monkeypatch.setattr("cocoai.backup.unpack.read_facts", noting)
    with pytest.raises(BadBackup):
        restored(new, archive)

    assert [True] == held


def test_a_missing_var_is_made_but_not_by_root(archive: Path, new: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool's user could not write into root's."""
    new.var.rmdir()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    restored(new, archive)
    assert (new.var / "ledger.sqlite3").exists()

    new.var.rename(new.folder / "elsewhere")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(CocoAIError, match=r"there is no .*/var: make it first, for the user as whom the pool runs"):
        restored(new, archive)


# the settings, and the command


def test_settings_come_back_only_where_they_are_wanted(archive: Path, new: Machine, tmp_path: Path) -> None:
    """In a folder of their own, never over others."""
    mine = Path(new.settings.file).read_bytes()
    target = tmp_path / "settings"

    restored(new, archive)
    assert mine == Path(new.settings.file).read_bytes()
    restore(new.settings, io.BytesIO(archive.read_bytes()), "FILE", settings_folder=str(target))

    assert contents(archive)["settings/cocoai.ini"] == (target / "cocoai.ini").read_bytes()
    assert 0o600 == (target / "cocoai.ini").stat().st_mode & 0o777
    words = "cocoai.ini is there already: give --settings an empty folder"
    unchanged(new, partial(restored, new, archive, str(target)), CocoAIError, words)


def test_the_command_says_what_was_done(
    archive: Path, old: Machine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The time of the backup, what waits for the operator, and where the rest is."""
    folder = str(tmp_path / "settings")

    assert 0 == main(["restore", str(archive), "--settings", folder, "--config", old.settings.file])

    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert "" == err
    assert f"{old.var} is as it was at 2026-12-01 02:30:00 UTC (CocoAI " in lines[0]
    assert "  jobs: 1 done, 1 failed; 4 threads, 1 names" == lines[1]
    assert "  the ledger; what was spent since then is not in it" == lines[2]
    assert "  the history; who was forgotten since then is in it again: `cocoai forget` them once more" == lines[3]
    assert lines[4].startswith("  2 jobs that waited then were given up")
    assert f"  what was there before is in {old.var}/before-restore-" in lines[6]
    assert f"  the settings, with their secrets, are in {folder}" == lines[7]
    assert 0 == main(["spool", "--config", old.settings.file, "list"])
    assert f"failed {WAITING} tries=0 last=restored\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["gone.tar.gz", "."])
def test_a_file_that_cannot_be_read_is_one_sentence(
    old: Machine, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """As for every command."""
    path = old.folder / name

    assert 1 == main(["restore", str(path), "--config", old.settings.file])

    assert f"cocoai: cannot read {path}: " in capsys.readouterr().err


def test_a_job_is_given_up_only_once(archive: Path, new: Machine) -> None:
    """One that failed before the backup has no fact of it."""
    restored(new, archive)

    state, lines = new.spool.find(FAILED)
    assert ("failed", "failed") == (state, lines[-1]["fact"])
    with pytest.raises(NoSuchJob):
        new.spool.peek("ready", FAILED)
