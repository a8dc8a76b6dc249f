"""What is looked at on the machine itself: files, units, the socket's rights, Python, memory, the ledger, the pool."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import cocoai
from cocoai.check.as_user import results_as
from cocoai.check.fcgi_socket import connected, fcgi_socket, may_connect, nginx_user
from cocoai.check.folders import as_user, disk, disk_kind, settings_file
from cocoai.check.look import everything
from cocoai.check.machine import memory, nginx, python
from cocoai.check.money import examined, ledger, prices
from cocoai.check.pool import _masters, _refused, _version, lock_holder, newest_job
from cocoai.check.result import Result, ok
from cocoai.check.target import Target, User, checked_url, find_target, instance_of
from cocoai.check.units import judged, parsed, units
from cocoai.check.words.english import ENGLISH
from cocoai.engine.process import locks
from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance
from cocoai.ledger import database
from cocoai.version import read_commit
from tests.check.desk import Desk, found, listing
from tests.install.place import Place
from tests.processes import PATIENCE
from tests.status.samples import settings_in, snapshot

ROOT = Path(__file__).parents[2]

DAY = 86_400.0

NOBODY = User(65534, 65534, "nobody")
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def target_in(folder: Path, **more: Any) -> Target:
    """Return the target of settings without secrets in this folder."""
    settings = settings_in(folder)
    return replace(find_target(settings, settings.file), **more)


def only(results: Any) -> Result:
    """Return the one result."""
    (one,) = results
    assert isinstance(one, Result)
    return one


# the settings and var


@pytest.mark.parametrize(
    ("mode", "case", "level"), [(0o600, "ok", "ok"), (0o640, "ok", "ok"), (0o644, "open", "warning")]
)
def test_who_may_read_the_settings(tmp_path: Path, mode: int, case: str, level: str) -> None:
    """A file that everybody can read shows the secrets; the remedy keeps the pool's right to read."""
    target = target_in(tmp_path)
    os.chmod(target.file, mode)

    result = only(settings_file(target))

    assert (case, level) == (result.case, result.level)
    assert (f"chmod 600 {target.file}" in ENGLISH.finding(result).remedy) is (case == "open")


@is_root
def test_a_group_that_is_not_the_pool_s(tmp_path: Path) -> None:
    """All in it can read the secrets."""
    target = target_in(tmp_path, owner=NOBODY)
    os.chmod(target.file, 0o640)
    cases = []
    for gid in (0, 1, NOBODY.gid):
        os.chown(target.file, 0, gid)
        cases.append(only(settings_file(target)))

    assert ["ok", "group", "ok"] == [each.case for each in cases]
    assert f"sudo chgrp nobody {target.file}" == ENGLISH.finding(cases[1]).remedy


@is_root
def test_files_that_the_settings_name_have_to_be_readable_too(short_folder: Callable[[], Path]) -> None:
    """Root reads instructions that the pool's user cannot."""
    folder = short_folder()
    folder.chmod(0o755)
    target = target_in(folder, owner=NOBODY)
    os.chmod(target.file, 0o644)
    (folder / "persona.txt").write_text("be kind")
    (folder / "persona.txt").chmod(0o600)
    settings = target.settings
    assert settings is not None
    named = replace(settings, personas=replace(settings.personas, instructions=str(folder / "persona.txt")))

    results = results_as(NOBODY, lambda: list(as_user(replace(target, settings=named))))

    assert [("ok", "ok"), ("named", "wrong")] == [
        (each.case, each.level) for each in results if each.part == "settings.access"
    ]
    assert "chmod a+r" in found(results, "settings.access")[1].remedy


@is_root
def test_what_the_pool_s_user_may_not(short_folder: Callable[[], Path]) -> None:
    """Asked as that user: the settings are unreadable, and a folder in var is root's."""
    folder = short_folder()
    folder.chmod(0o755)
    (folder / "var/spool/ready").mkdir(parents=True)
    target = target_in(folder, owner=NOBODY)
    os.chown(folder / "var", NOBODY.uid, NOBODY.gid)

    results = results_as(NOBODY, lambda: list(as_user(target)))

    assert {"settings.access": "unreadable", "var.access": "closed"} == {each.part: each.case for each in results}
    assert {"wrong"} == {each.level for each in results}
    remedies = {each.part: ENGLISH.finding(each).remedy for each in results}
    assert f"chown root:nobody {target.file} && sudo chmod 640" in remedies["settings.access"]
    assert f"sudo chown -R nobody {target.var}" == remedies["var.access"]
    assert 0 == os.geteuid()


def test_what_the_pool_s_user_may(tmp_path: Path) -> None:
    """Whoever owns all of it may read and write it; a var that is not there yet is made by the pool."""
    target = target_in(tmp_path)
    before = {each.part: each.case for each in as_user(target)}
    (tmp_path / "var").mkdir()

    assert "not_yet" == before["var.access"]
    assert {"settings.access": "ok", "var.access": "ok"} == {each.part: each.case for each in as_user(target)}


@is_root
def test_a_check_that_dies_as_another_user_is_a_result() -> None:
    """No traceback is written, and root goes on."""

    def fail() -> list[Result]:
        raise RuntimeError("secret")

    result = only(results_as(NOBODY, fail))

    assert ("check", "broken", "RuntimeError") == (result.part, result.case, result.values["kind"])


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /run rw,nosuid - tmpfs tmpfs rw
31 22 0:26 / /srv/with\\040space rw - nfs4 host:/x rw
32 22 0:27 / /srv rw - xfs /dev/vdb rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "ext4"), ("/run/cocoai", "tmpfs"), ("/running", "ext4"), ("/srv/with space/var", "nfs4"), ("/srv", "xfs")],
)
def test_the_kind_of_disk(tmp_path: Path, path: str, kind: str) -> None:
    """The mount with the longest path above counts."""
    (tmp_path / "mountinfo").write_text(MOUNTS)

    assert kind == disk_kind(path, str(tmp_path / "mountinfo"))


@pytest.mark.parametrize(
    ("kind", "case", "level"),
    [("tmpfs", "memory", "wrong"), ("nfs4", "network", "warning"), ("ext4", "ok", "ok"), ("", "ok", "ok")],
)
def test_var_has_to_outlive_a_reboot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, case: str, level: str
) -> None:
    """In memory it does not; over a network locks may not hold."""
    monkeypatch.setattr("cocoai.check.folders.disk_kind", lambda _: kind)

    (result,) = (each for each in disk(target_in(tmp_path)) if each.part == "var.disk")

    assert (case, level) == (result.case, result.level)


@pytest.mark.parametrize(
    ("blocks", "inodes", "case", "level"),
    [
        (10, 10**6, "none", "wrong"),
        (50_000, 10**6, "little", "warning"),
        (10**6, 100, "none", "wrong"),
        (10**6, 5000, "little", "warning"),
        (10**6, 10**6, "ok", "ok"),
    ],
)
def test_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int, inodes: int, case: str, level: str) -> None:
    """Bytes and inodes count."""
    seen = os.statvfs_result((4096, 4096, 10**7, blocks, blocks, 10**7, inodes, inodes, 0, 255))
    monkeypatch.setattr("cocoai.check.folders.os.statvfs", lambda _: seen)

    (result,) = (each for each in disk(target_in(tmp_path)) if each.part == "var.room")

    assert (case, level) == (result.case, result.level)
    assert ("df -i" in ENGLISH.finding(result).remedy) is (level != "ok")


# the socket


def socket_in(folder: Path, *, listens: bool = True, mode: int = 0o666) -> socket.socket:
    """Bind the socket of `cocoai up` in this folder, and return it."""
    (folder / "var/run").mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "var/run/cocoai.sock"))
    (folder / "var/run/cocoai.sock").chmod(mode)
    if listens:
        listener.listen()
    return listener


def test_the_socket_before_a_pool_was_started(tmp_path: Path) -> None:
    """Nothing is wrong yet; where CocoAI is installed, it is."""
    target = target_in(tmp_path)
    installed = replace(target, instance=Instance("cocoai_nowhere"))

    assert ("not_yet", "note") == (only(fcgi_socket(target)).case, only(fcgi_socket(target)).level)
    missing = only(fcgi_socket(installed))
    assert ("missing", "wrong") == (missing.case, missing.level)
    assert "sudo systemctl restart cocoai_nowhere" in ENGLISH.finding(missing).remedy


@pytest.mark.parametrize(("listens", "case"), [(True, "ok"), (False, "dead")])
def test_somebody_has_to_listen(short_folder: Callable[[], Path], listens: bool, case: str) -> None:
    """The file alone is no socket that answers."""
    folder = short_folder()
    with socket_in(folder, listens=listens):
        assert case == only(fcgi_socket(target_in(folder))).case


@is_root
def test_nginx_s_user_tries_the_socket(short_folder: Callable[[], Path]) -> None:
    """A process that has become that user connects, or may not: then the owner and the mode are said."""
    folder = short_folder()
    for each in (folder, folder / "var", folder / "var/run"):
        each.mkdir(exist_ok=True)
        each.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        path = str(folder / "var/run/cocoai.sock")
        listener.bind(path)
        listener.listen()
        target = target_in(folder)
        cases = []
        for mode in (0o666, 0o660):
            os.chmod(path, mode)
            cases.append(only(results_as(NOBODY, lambda: [connected(path, "nobody", target)])))

    assert [("ok", "ok"), ("denied", "wrong")] == [(each.case, each.level) for each in cases]
    assert "root:root 0660" in ENGLISH.finding(cases[1]).found


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "may"),
    [
        (0o660, 0, 65534, True),
        (0o660, 0, 0, False),
        (0o666, 0, 0, True),
        (0o600, 65534, 0, True),
        (0o640, 0, 65534, False),
    ],
)
def test_the_mode_tells_who_may_connect(mode: int, uid: int, gid: int, may: bool) -> None:
    """To connect is to write."""
    seen = os.stat_result((stat.S_IFSOCK | mode, 1, 1, 1, uid, gid, 0, 0, 0, 0))

    assert may is may_connect(seen, User(65534, 65534, ""))


def test_nginx_s_user_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no worker of nginx runs, the line in its main file counts."""
    monkeypatch.setattr("cocoai.check.fcgi_socket.glob.glob", lambda _: [])
    (tmp_path / "nginx.conf").write_text("# user bin;\nuser nobody nogroup;\n")
    (tmp_path / "other.conf").write_text("events {}\n")

    assert "nobody" == (nginx_user(str(tmp_path / "nginx.conf")) or NOBODY).name
    assert None is nginx_user(str(tmp_path / "other.conf"))


# units, Python, memory, nginx


def unit(**changes: str) -> dict[str, str]:
    """Return the properties of a unit that is all right, with these changes."""
    return {"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "Restart": "always"} | changes


@pytest.mark.parametrize(
    ("changes", "case", "level", "remedy"),
    [
        ({}, "ok", "ok", ""),
        ({"LoadState": "not-found"}, "missing", "wrong", "sudo cocoai install"),
        ({"UnitFileState": "disabled"}, "disabled", "wrong", "sudo systemctl enable cocoai.service"),
        ({"ActiveState": "failed"}, "inactive", "wrong", "sudo systemctl restart cocoai.service"),
        ({"Restart": "no"}, "no_restart", "warning", "sudo cocoai install"),
    ],
)
def test_each_unit_has_to_come_back(changes: dict[str, str], case: str, level: str, remedy: str) -> None:
    """Enabled, running, and started again after a kill."""
    found = only(judged("cocoai.service", unit(**changes), needs_restart=True, install="sudo cocoai install"))

    assert (case, level) == (found.case, found.level)
    assert remedy in ENGLISH.finding(found).remedy


def test_what_systemctl_shows_is_read_by_unit() -> None:
    """Its blocks have a blank line between them, and a value may have an equals sign."""
    shown = "Id=a.service\nActiveState=active\nExecStart=x=y\n\nId=b.timer\nActiveState=inactive\n"

    assert {"a.service": "active", "b.timer": "inactive"} == {
        name: unit["ActiveState"] for name, unit in parsed(shown).items()
    }
    assert {} == parsed("")


@dataclass(frozen=True)
class Installed(Place):
    """An installation below a folder of the test, with its tmpfiles.d file and its units there too."""

    @property
    def tmpfiles(self) -> str:
        return f"{self.folder_of_test}/tmpfiles.conf"

    def unit(self, name: str) -> str:
        return f"{self.folder_of_test}/units/{name}"


def shown_units(**changes: str) -> str:
    """Return what systemctl shows of all units of an installation, with these changes of cocoai.service."""
    names = ["cocoai.service", "nginx.service", "cocoai-backup.timer", "certbot.timer"]
    blocks = [unit(Id=name) | (changes if name == "cocoai.service" else {}) for name in names]
    return "\n\n".join("\n".join(f"{key}={value}" for key, value in block.items()) for block in blocks)


@pytest.mark.parametrize(
    ("line", "changes", "cases"),
    [
        ("d /run/cocoai 0755 root root -\n", {}, {"units": "ok", "units.tmpfiles": "ok"}),
        ("", {"ActiveState": "failed"}, {"units": "inactive", "units.tmpfiles": "missing"}),
    ],
)
def test_an_installation_comes_back_after_a_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, changes: dict[str, str], cases: dict[str, str]
) -> None:
    """Its units, the folder in /run, and the renewal of the certificate with its hook."""
    monkeypatch.setattr("cocoai.check.units.has_systemd", lambda: True)
    monkeypatch.setattr("cocoai.check.units.show", lambda _: shown_units(**changes))
    monkeypatch.setattr("cocoai.check.units.HOOK", str(tmp_path / "hook"))
    instance = Installed(folder_of_test=str(tmp_path))
    (tmp_path / "tmpfiles.conf").write_text(f"# why\n{line}")
    target = target_in(tmp_path, instance=instance, choices=Choices("cocoai.example.com"))

    results = list(units(target))

    assert cases.items() <= {each.part: each.case for each in reversed(results)}.items()
    assert "ok" == {each.part: each.case for each in results}["units.certbot"]
    assert "missing" == {each.part: each.case for each in results}["units.hook"]


def test_without_systemd_no_unit_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is a note where CocoAI is installed, and nothing elsewhere."""
    monkeypatch.setattr("cocoai.check.units.has_systemd", lambda: False)
    target = target_in(tmp_path)

    assert [] == list(units(target))
    assert ["no_systemd"] == [each.case for each in units(replace(target, instance=Instance()))]


@pytest.mark.parametrize(
    ("version", "case", "level"),
    [
        ((3, 10, 0), "too_old", "wrong"),
        ((3, 11, 9), "counting", "note"),
        ((3, 12, 1), "ok", "ok"),
        ((3, 13, 5), "ok", "ok"),
        ((3, 14, 4), "collector", "warning"),
        ((3, 14, 5), "ok", "ok"),
        ((3, 15, 0), "newer", "note"),
    ],
)
def test_the_python(version: tuple[int, int, int], case: str, level: str) -> None:
    """3.12 and 3.13 are the ones that CocoAI was measured on; 3.14 from 5 on."""
    assert (case, level) == (only(python(version)).case, only(python(version)).level)


@pytest.mark.parametrize(("swap", "case"), [(0, "little"), (1_048_576, "ok")])
def test_memory_and_swap(tmp_path: Path, swap: int, case: str) -> None:
    """512 MB without swap are too little for a package manager."""
    (tmp_path / "meminfo").write_text(f"MemTotal: 480000 kB\nSwapTotal: {swap} kB\n")
    result = only(memory(str(tmp_path / "meminfo")))

    assert case == result.case
    assert ("swapon /swapfile" in ENGLISH.finding(result).remedy) is (case == "little")


@pytest.mark.parametrize(("line", "case"), [("worker_processes 4;", "many"), ("worker_processes 1;", "ok"), ("", "ok")])
def test_nginx_s_processes(tmp_path: Path, line: str, case: str) -> None:
    """One is plenty; elsewhere than in an installation nothing is said."""
    (tmp_path / "nginx.conf").write_text(f"user x;\n{line}\n")
    target = target_in(tmp_path)

    assert case == only(nginx(replace(target, instance=Instance()), str(tmp_path / "nginx.conf"))).case
    assert [] == list(nginx(target, str(tmp_path / "nginx.conf")))


# money


def test_the_prices(tmp_path: Path) -> None:
    """A model without one is a warning that says what to write, and so is an old table."""
    target = target_in(tmp_path)
    settings = target.settings
    assert settings is not None
    unknown = replace(target, settings=replace(settings, openai=replace(settings.openai, model="gpt-nowhere")))

    assert {"ok"} == {each.level for each in prices(target)}
    (finding,) = found(prices(unknown), "prices")
    assert ("unknown", "warning") == (finding.case, finding.level)
    assert "[prices] gpt-nowhere = in/cached/written/out" in finding.remedy
    (old,) = found(prices(replace(target, clock=lambda: time.time() + 400 * DAY)), "prices.age")
    assert ("old", "warning") == (old.case, old.level)


def test_the_ledger_is_only_read(tmp_path: Path) -> None:
    """One that is not there is not made; a whole one is whole; a damaged one says how to put back a copy."""
    (tmp_path / "var").mkdir()
    target = target_in(tmp_path)
    path = tmp_path / "var" / database.FILE
    before = only(ledger(target))
    made = list((tmp_path / "var").iterdir())
    with database.transaction(str(path)) as connection:
        connection.execute("SELECT 1")
    names = sorted(each.name for each in (tmp_path / "var").iterdir())
    path.chmod(0o400)
    whole = only(ledger(target))

    assert ("not_yet", "note", []) == (before.case, before.level, made)
    assert ("ok", "ok") == (whole.case, whole.level)
    assert names == sorted(each.name for each in (tmp_path / "var").iterdir())
    path.chmod(0o600)
    path.write_bytes(b"no ledger" * 1000)
    broken = only(ledger(target))
    assert ("broken", "wrong") == (broken.case, broken.level)
    assert "cocoai restore" in ENGLISH.finding(broken).remedy
    copy = only(ledger(replace(target, instance=Instance("cocoai_qa"))))
    assert "sudo cocoai_qa restore /var/backups/cocoai_qa/FILE; sudo systemctl start" in ENGLISH.finding(copy).remedy


def test_a_ledger_that_is_being_written_is_waited_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it stays locked, it could not be examined: that is no fault of it."""
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE charges (n)")
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        result = examined(str(path), "sudo cocoai restore FILE")
    finally:
        writer.close()
        connection.close()

    assert ("busy", "note", "SQLITE_BUSY") == (result.case, result.level, result.values["code"])


# the pool


@pytest.mark.parametrize(
    ("refused", "job", "case", "level"),
    [
        ({}, 0.0, "ok", "ok"),
        ({"the signature is not Slack's": 4}, 0.0, "never_right", "wrong"),
        ({"the signature is not Slack's": 1}, 0.0, "never_right", "warning"),
        ({"the signature is not Slack's": 9}, -60.0, "not_since_start", "warning"),
        ({"the signature is not Slack's": 9}, 60.0, "some", "note"),
        ({"the signature is stale": 4}, -60.0, "stale", "wrong"),
        ({"the signature is stale": 3}, -60.0, "stale", "warning"),
    ],
)
def test_what_wrong_signatures_say(tmp_path: Path, refused: dict[str, int], job: float, case: str, level: str) -> None:
    """With none that was right ever, the secret is another app's; beside right ones they are strangers'."""
    seen = snapshot(refused=refused)
    if job:
        (tmp_path / "var/spool/done").mkdir(parents=True)
        (tmp_path / "var/spool/done/C1").touch()
        os.utime(tmp_path / "var/spool/done/C1", (seen.started + job,) * 2)

    result = _refused(seen, target_in(tmp_path))

    assert (case, level) == (result.case, result.level)


def test_the_holder_of_a_lock_is_seen_without_taking_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By /proc/locks; no file is made. Only a master's counts: on another disk a file may have the same number."""
    assert 0 == lock_holder(str(tmp_path / "master.lock"))
    assert [] == list(tmp_path.iterdir())

    lock = locks.take(str(tmp_path / "master.lock"))

    assert lock is not None
    assert 0 == lock_holder(str(tmp_path / "master.lock"))
    monkeypatch.setattr("cocoai.check.pool.is_master", f"/proc/{os.getpid()}".__eq__)
    assert os.getpid() == lock_holder(str(tmp_path / "master.lock"))
    lock.release()
    assert 0 == lock_holder(str(tmp_path / "master.lock"))
    assert 0.0 == newest_job(str(tmp_path))


@pytest.mark.parametrize(
    ("holder", "masters", "pid", "case", "remedy"),
    [
        (7, [7], 7, "ok", ""),
        (8, [7, 8], 7, "another", "sudo kill 8"),
        (7, [7, 9], 7, "orphan", "sudo kill 9"),
        (0, [9], 0, "orphan", "sudo kill 9"),
    ],
)
def test_one_master_on_a_var(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    holder: int,
    masters: list[int],
    pid: int,
    case: str,
    remedy: str,
) -> None:
    """The one that the status shows holds the lock, and no other one was left behind."""
    monkeypatch.setattr("cocoai.check.pool.lock_holder", lambda _: holder)
    monkeypatch.setattr("cocoai.check.pool.masters_of", lambda _: masters)

    result = only(_masters(target_in(tmp_path), pid))

    assert case == result.case
    assert remedy in ENGLISH.finding(result).remedy


@pytest.mark.parametrize(("version", "case", "level"), [("0.0.1", "other", "warning"), ("", "ok", "ok")])
def test_the_pool_runs_what_is_installed(tmp_path: Path, version: str, case: str, level: str) -> None:
    """Else a reload takes it over; and where memory is not shared, that is a note."""
    seen = snapshot(version=version or cocoai.__version__, commit=read_commit())

    results = list(_version(seen, target_in(tmp_path)))

    assert [("pool.version", case, level), ("pool.memory", "off", "note")] == [
        (each.part, each.case, each.level) for each in results
    ]
    assert "kill -HUP" in ENGLISH.finding(results[0]).remedy or level == "ok"


# the target


@pytest.mark.parametrize("url", ["http://a.example", "https://", "https://a/path", "https://u:p@a", "x", "https://a:0"])
def test_a_url_that_cannot_be_meant(url: str) -> None:
    """Slack speaks https, to a host; what was given is not repeated, since it may hold a password."""
    with pytest.raises(CocoAIError, match="expected https://HOST, the address"):
        checked_url(url)


def test_settings_elsewhere_belong_to_no_installation(tmp_path: Path) -> None:
    """Only /etc/ID/cocoai.ini with its install.json beside it is an installation's."""
    assert None is instance_of(str(tmp_path / "cocoai.ini"))
    assert None is instance_of("/etc/cocoai_nowhere/cocoai.ini")
    assert None is instance_of("")


def test_settings_that_cannot_be_read_are_a_finding(desk: Desk, tmp_path: Path) -> None:
    """The sentence is the settings' own, and what needs none of them is looked at."""
    trouble = "[pool] slots = many is not allowed"

    results = everything(find_target(None, str(tmp_path / "cocoai.ini"), trouble=trouble))

    by_part = {each.part: each for each in results}
    assert ("refused", "wrong") == (by_part["settings"].case, by_part["settings"].level)
    assert trouble == ENGLISH.finding(by_part["settings"]).found
    assert {"public", "memory", "python"} <= set(by_part)
    assert ok("python", version=by_part["python"].values["version"]) == by_part["python"]


@is_root
def test_root_asks_as_the_pool_s_user_and_writes_nothing(short_folder: Callable[[], Path]) -> None:
    """The command, typed as root for another user's pool: what that user may not is wrong, and no file is made."""
    folder = short_folder()
    folder.chmod(0o755)
    (folder / "var").mkdir(mode=0o700)
    os.chown(folder / "var", NOBODY.uid, NOBODY.gid)
    target = target_in(folder)
    before = listing(folder)

    words = [sys.executable, "-m", "cocoai", "check", "--json", "--config", target.file]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TESTS_TAG": os.environ.get("TESTS_TAG", "")}
    run = subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environ, timeout=PATIENCE, check=False)

    cases = {each["id"]: (each["case"], each["level"]) for each in json.loads(run.stdout)}
    assert (1, "") == (run.returncode, run.stderr)
    assert ("unreadable", "wrong") == cases["settings.access"]
    assert ("ok", "ok") == cases["var.access"]
    assert ("refused", "wrong") == cases["settings"]  # the secrets are missing
    assert before == listing(folder)


@is_root
def test_settings_that_another_user_may_not_see_are_a_note(short_folder: Callable[[], Path]) -> None:
    """Not even that there is a file is to be seen; with sudo it is."""
    folder = short_folder()
    target = replace(target_in(folder), settings=None, trouble="Permission denied")

    results = results_as(NOBODY, lambda: everything(target))

    cases = {each.part: (each.case, each.level) for each in results}
    assert ("not_for_you", "note") == cases["settings"]
    assert not {each.part for each in results if each.level == "wrong"}
    assert "sudo cocoai check" == ENGLISH.finding(next(each for each in results if each.part == "settings")).remedy
