"""The contract on a real folder and on the simulated disk; and the power cuts of the simulated disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from cocoai.spool.disk import Disk
from tests.crash.contract import NOW, FilesContract, FileSpoolContract, SimulatedRoom, Subject
from tests.crash.disk import SimulatedDisk
from tests.crash.machine import VAR
from tests.crash.power import Bound, DiskImage, blank
from tests.spool.contract import SpoolContract

EVERY = Bound(newest=9, tears=-1)


def now() -> float:
    """Return the time at which the simulated disk's clock stands."""
    return NOW


class TestFilesOnARealFolder(FilesContract):
    """The contract for cocoai/spool/disk.py."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        return Subject(str(tmp_path), Disk())


class TestFilesOnTheSimulatedDisk(FilesContract):
    """The contract for disk.py."""

    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(VAR, SimulatedDisk(blank(VAR), clock=now))


class TestSpoolOnARealFolder(FileSpoolContract):
    """The contract for the spool as it runs in production."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        return Subject(str(tmp_path), Disk())


class TestSpoolOnTheSimulatedDisk(SpoolContract, FileSpoolContract):
    """The contract for the spool as it is enumerated; only `put.lock` is a real file, in `tmp_path`."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        (tmp_path / "locks").mkdir()
        return Subject(str(tmp_path), SimulatedDisk(blank(str(tmp_path)), clock=now))

    @pytest.fixture
    def room(self, tmp_path: Path) -> SimulatedRoom:
        (tmp_path / "locks").mkdir()
        var = str(tmp_path)
        return SimulatedRoom(var, lambda clock: SimulatedDisk(blank(var), clock=clock))


# the power


def new_disk() -> SimulatedDisk:
    """Return a disk with the folders /v/a and /v/b."""
    return SimulatedDisk(DiskImage(frozenset(), frozenset({"/", "/v", "/v/a", "/v/b"})), clock=now)


def names(images: Iterable[DiskImage]) -> set[str]:
    """Return the names on each disk image, in one line."""
    return {" ".join(sorted(path for path, *_ in image.files)) for image in images}


def contents(images: Iterable[DiskImage]) -> set[bytes]:
    """Return all data that a file has on one of these images."""
    return {data for image in images for _, data, _ in image.files}


def written(disk: SimulatedDisk, path: str, data: bytes) -> int:
    """Make a file that survives a power cut, with its name, and return its descriptor."""
    fd = disk.create(path)
    disk.append(fd, data)
    disk.fsync(fd)
    disk.fsync_folder(path.rpartition("/")[0])
    return fd


def test_a_name_lasts_once_its_folder_was_fsynced() -> None:
    """Neither an fsync of the file nor one of another folder makes its name last."""
    disk = new_disk()
    disk.fsync(disk.create("/v/a/x"))
    disk.fsync_folder("/v/b")
    before = names(disk.after_power_cut(EVERY))
    disk.fsync_folder("/v/a")

    assert {"", "/v/a/x"} == before
    assert {"/v/a/x"} == names(disk.after_power_cut(EVERY))


def test_any_subset_of_changes_may_be_on_the_disk() -> None:
    """A later change may be there without an earlier one."""
    disk = new_disk()
    written(disk, "/v/a/x", b"")
    disk.link("/v/a/x", "/v/b/y")
    disk.unlink("/v/a/x")

    assert {"/v/a/x", "/v/a/x /v/b/y", "/v/b/y", ""} == names(disk.after_power_cut(EVERY))


@pytest.mark.parametrize("fsynced", ["/v/a", "/v/b"])
def test_a_rename_between_folders_is_one_operation(fsynced: str) -> None:
    """The file is in one folder or in the other, never in both or neither; an fsync of either makes the rename last."""
    disk = new_disk()
    written(disk, "/v/a/x", b"")
    disk.rename("/v/a/x", "/v/b/x")
    before = names(disk.after_power_cut(EVERY))
    disk.fsync_folder(fsynced)

    assert {"/v/a/x", "/v/b/x"} == before
    assert {"/v/b/x"} == names(disk.after_power_cut(EVERY))


def test_a_file_in_a_lost_folder_is_lost() -> None:
    """A file and its folder last only once the folder above is fsynced."""
    disk = new_disk()
    disk.make_folder("/v/a/new")
    written(disk, "/v/a/new/x", b"")
    before = names(disk.after_power_cut(EVERY))
    disk.fsync_folder("/v/a")

    assert {"", "/v/a/new/x"} == before
    assert {"/v/a/new/x"} == names(disk.after_power_cut(EVERY))


def test_a_write_may_be_lost_kept_torn_or_a_hole() -> None:
    """That holds until the file is fsynced; the data before the write stays as it is."""
    disk = new_disk()
    fd = written(disk, "/v/a/x", b"1")
    disk.append(fd, b"abc")
    before = contents(disk.after_power_cut(EVERY))
    disk.fsync(fd)

    torn = {b"1a", b"1ab", b"1a\0\0", b"1ab\0", b"1\0bc", b"1\0\0c"}
    assert {b"1", b"1abc", b"1\0\0\0"} | torn == before
    assert {b"1abc"} == contents(disk.after_power_cut(EVERY))


def test_a_truncation_may_be_lost() -> None:
    """What was appended after a truncation may be kept or lost independently of it."""
    disk = new_disk()
    fd = written(disk, "/v/a/x", b"abc")
    disk.truncate(fd, 1)
    disk.append(fd, b"Z")

    assert {b"abc", b"a", b"aZc", b"aZ", b"a\0c", b"a\0"} == contents(disk.after_power_cut(EVERY))


def test_a_disk_that_starts_from_an_image_has_its_files_and_no_locks() -> None:
    """All of it survives the next power cut."""
    disk = new_disk()
    assert disk.lock(written(disk, "/v/a/x", b"abc"))
    (image,) = disk.after_power_cut(EVERY)

    again = SimulatedDisk(image, clock=now)

    assert [image] == list(again.after_power_cut(EVERY))
    fd = again.open("/v/a/x")
    assert again.lock(fd)
    assert b"abc" == again.read(fd)


def test_a_coarser_bound_builds_a_part_of_the_same() -> None:
    """A bound with `newest` 0 and one tear builds a subset of all images: all names or none."""
    disk = new_disk()
    fd = disk.create("/v/a/x")
    disk.append(fd, b"abcdef")
    disk.create("/v/a/y")

    few, all_ = (set(disk.after_power_cut(bound)) for bound in (Bound(newest=0, tears=1), EVERY))

    assert {"", "/v/a/x /v/a/y"} == names(few)
    assert few < all_
