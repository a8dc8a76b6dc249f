"""A small file is replaced whole or not at all, and nothing is left beside it."""

from __future__ import annotations

import math
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from cocoai.engine.process import fork
from cocoai.engine.process.replace_file import UNFINISHED_AGE, CachedFile, replace_file, sweep_unfinished

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("durable", [False, True])
def test_the_new_contents_take_the_old_ones_place(tmp_path: Path, durable: bool) -> None:
    """The file holds the new bytes, is private, and stands alone in its folder."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    replace_file(str(path), b"new", durable=durable)

    assert b"new" == path.read_bytes()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert ["file"] == os.listdir(tmp_path)


@pytest.mark.parametrize(("durable", "expected"), [(False, []), (True, [(3, b"old")])])
def test_durable_contents_are_on_the_disk_before_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, expected: list[tuple[int, bytes]]
) -> None:
    """At the fsync the new file is complete and the old one still has the name; without `durable` there is none."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append((os.fstat(fd).st_size, path.read_bytes())))

    replace_file(str(path), b"new", durable=durable)

    assert expected == synced


def test_a_failed_replacement_leaves_nothing_beside_the_old_file(tmp_path: Path) -> None:
    """Where the rename is refused, the unfinished file goes again."""
    (tmp_path / "file").mkdir()

    with pytest.raises(OSError, match="file"):
        replace_file(str(tmp_path / "file"), b"new")
    assert ["file"] == os.listdir(tmp_path)


def test_a_full_disk_leaves_nothing_beside_the_old_file(tmp_path: Path) -> None:
    """/dev/full, seen through a link, refuses the write; the old contents stay."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    (tmp_path / f"file.{os.getpid()}.new").symlink_to("/dev/full")

    with pytest.raises(OSError, match="space"):
        replace_file(str(path), b"new")
    assert b"old" == path.read_bytes()
    assert ["file"] == os.listdir(tmp_path)


def kill_while_it_writes(path: Path) -> None:
    """Kill a process that replaces the file `path`, while its bytes go to the disk."""

    def replace() -> None:
        os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[assignment]
        replace_file(str(path), b"new", durable=True)

    pid = fork.fork(replace, name="replace", detach=False)
    assert -signal.SIGKILL == os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    """It goes after an hour, and not while it may be in use; the file itself, and others, stay."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    (tmp_path / "file.new").write_bytes(b"another's")
    kill_while_it_writes(path)
    left = len(os.listdir(tmp_path))
    written = time.time()

    early = sweep_unfinished(str(tmp_path), clock=lambda: written + UNFINISHED_AGE - 60)
    late = sweep_unfinished(str(tmp_path), clock=lambda: written + UNFINISHED_AGE + 60)

    assert (3, 0, 1) == (left, early, late)
    assert {"file", "file.new"} == set(os.listdir(tmp_path))
    assert b"old" == path.read_bytes()


def test_a_missing_folder_has_nothing_to_sweep(tmp_path: Path) -> None:
    """Its first file may not have been written yet."""
    assert 0 == sweep_unfinished(str(tmp_path / "none"))


def test_a_cached_file_is_read_while_it_is_young(tmp_path: Path) -> None:
    """`max_age` seconds after it was written the file counts as missing, and so it does if it is from the future."""
    path = tmp_path / "file"
    CachedFile(str(path)).write(b"kept")
    written = path.stat().st_mtime

    def read_after(seconds: float) -> bytes | None:
        return CachedFile(str(path), clock=lambda: written + seconds).read(60.0)

    assert [b"kept", b"kept", None, b"kept", None] == [read_after(seconds) for seconds in (0, 59, 61, -59, -61)]


def test_a_missing_file_is_infinitely_old(tmp_path: Path) -> None:
    """Nothing is read from a file that is not there."""
    file = CachedFile(str(tmp_path / "file"))

    assert (math.inf, None, None) == (file.age(), file.read(), file.read_json())


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_file_without_json_is_none(tmp_path: Path, content: bytes) -> None:
    """A torn or strange file has no JSON value."""
    (tmp_path / "file").write_bytes(content)

    assert None is CachedFile(str(tmp_path / "file")).read_json()
