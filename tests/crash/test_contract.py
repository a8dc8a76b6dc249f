"""The real folder and the simulated disk, under one contract; and what only the simulated one does: lose its power."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from cocoai.spool.disk import Disk
from tests.crash.contract import NOW, FilesContract, SpoolContract, Subject
from tests.crash.disk import SimulatedDisk
from tests.crash.power import Bound, Left, blank

EVERY = Bound(newest=9, tears=-1)


class TestFilesOnARealFolder(FilesContract):
    """cocoai/spool/disk.py, under the contract."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        return Subject(str(tmp_path), Disk())


class TestFilesOnTheSimulatedDisk(FilesContract):
    """disk.py, under the same."""

    @pytest.fixture
    def subject(self) -> Subject:
        return Subject("/var", SimulatedDisk(blank("/var"), clock=lambda: NOW))


class TestSpoolOnARealFolder(SpoolContract):
    """As it works."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        return Subject(str(tmp_path), Disk())


class TestSpoolOnTheSimulatedDisk(SpoolContract):
    """As it is enumerated; only `put.lock` is a real file, in `tmp_path`."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        (tmp_path / "locks").mkdir()
        return Subject(str(tmp_path), SimulatedDisk(blank(str(tmp_path)), clock=lambda: NOW))


# the power


def new_disk() -> SimulatedDisk:
    """With the folders /v/a and /v/b."""
    return SimulatedDisk(Left(frozenset(), frozenset({"/", "/v", "/v/a", "/v/b"})), clock=lambda: NOW)


def names(lefts: Iterable[Left]) -> set[str]:
    """The names on each disk, in one line."""
    return {" ".join(sorted(path for path, *_ in left.files)) for left in lefts}


def contents(lefts: Iterable[Left]) -> set[bytes]:
    """Every data that a file may have."""
    return {data for left in lefts for _, data, _ in left.files}


def written(disk: SimulatedDisk, path: str, data: bytes) -> int:
    """A file that lasts, under a name that lasts; open."""
    fd = disk.create(path)
    disk.append(fd, data)
    disk.fsync(fd)
    disk.fsync_folder(path.rpartition("/")[0])
    return fd


def test_a_name_lasts_once_its_folder_was_fsynced() -> None:
    """The file's own fsync is not enough, nor is another folder's."""
    disk = new_disk()
    disk.fsync(disk.create("/v/a/x"))
    disk.fsync_folder("/v/b")
    before = names(disk.after_power_cut(EVERY))
    disk.fsync_folder("/v/a")

    assert {"", "/v/a/x"} == before
    assert {"/v/a/x"} == names(disk.after_power_cut(EVERY))


def test_any_subset_of_changes_may_have_arrived() -> None:
    """Also the later without the earlier."""
    disk = new_disk()
    written(disk, "/v/a/x", b"")
    disk.link("/v/a/x", "/v/b/y")
    disk.unlink("/v/a/x")

    assert {"/v/a/x", "/v/a/x /v/b/y", "/v/b/y", ""} == names(disk.after_power_cut(EVERY))


@pytest.mark.parametrize("fsynced", ["/v/a", "/v/b"])
def test_a_rename_between_folders_is_one_operation(fsynced: str) -> None:
    """There or here, never both or neither; an fsync of either folder makes it last."""
    disk = new_disk()
    written(disk, "/v/a/x", b"")
    disk.rename("/v/a/x", "/v/b/x")
    before = names(disk.after_power_cut(EVERY))
    disk.fsync_folder(fsynced)

    assert {"/v/a/x", "/v/b/x"} == before
    assert {"/v/b/x"} == names(disk.after_power_cut(EVERY))


def test_what_lies_in_a_forgotten_folder_is_forgotten() -> None:
    """However often it was fsynced itself."""
    disk = new_disk()
    disk.make_folder("/v/a/new")
    written(disk, "/v/a/new/x", b"")
    before = names(disk.after_power_cut(EVERY))
    disk.fsync_folder("/v/a")

    assert {"", "/v/a/new/x"} == before
    assert {"/v/a/new/x"} == names(disk.after_power_cut(EVERY))


def test_a_write_may_be_lost_kept_torn_or_a_hole() -> None:
    """Until it is fsynced; nothing before it is touched."""
    disk = new_disk()
    fd = written(disk, "/v/a/x", b"1")
    disk.append(fd, b"abc")
    before = contents(disk.after_power_cut(EVERY))
    disk.fsync(fd)

    torn = {b"1a", b"1ab", b"1a\0\0", b"1ab\0", b"1\0bc", b"1\0\0c"}
    assert {b"1", b"1abc", b"1\0\0\0"} | torn == before
    assert {b"1abc"} == contents(disk.after_power_cut(EVERY))


def test_a_truncation_may_be_lost() -> None:
    """With what was appended after it kept or lost on its own."""
    disk = new_disk()
    fd = written(disk, "/v/a/x", b"abc")
    disk.truncate(fd, 1)
    disk.append(fd, b"Z")

    assert {b"abc", b"a", b"aZc", b"aZ", b"a\0c", b"a\0"} == contents(disk.after_power_cut(EVERY))


def test_the_power_comes_back_with_what_is_left_and_no_locks() -> None:
    """A new disk on it has the same files, and lasts as it is."""
    disk = new_disk()
    assert disk.lock(written(disk, "/v/a/x", b"abc"))
    (left,) = disk.after_power_cut(EVERY)

    again = SimulatedDisk(left, clock=lambda: NOW)

    assert [left] == list(again.after_power_cut(EVERY))
    fd = again.open("/v/a/x")
    assert again.lock(fd)
    assert b"abc" == again.read(fd)


def test_a_coarser_bound_builds_a_part_of_the_same() -> None:
    """All or none of the names, one tear."""
    disk = new_disk()
    fd = disk.create("/v/a/x")
    disk.append(fd, b"abcdef")
    disk.create("/v/a/y")

    few, all_ = (set(disk.after_power_cut(bound)) for bound in (Bound(newest=0, tears=1), EVERY))

    assert {"", "/v/a/x /v/a/y"} == names(few)
    assert few < all_
