"""folder.py: what is in the folder, whatever people, Macs and mounts do to it."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import socket
import unicodedata
from pathlib import Path
from unittest import mock

import pytest

from cocoai.documents import folder as folder_module
from cocoai.documents import folder_walk
from cocoai.documents.document import FOLDER
from cocoai.documents.folder import EMPTY_BELIEVED, LARGEST_FILE, FolderSource
from cocoai.documents.source import Unreadable
from cocoai.errors import Temporary

IS_ROOT = os.geteuid() == 0


class Clock:
    """A clock that stands until it is moved."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def source(folder: Path, tmp_path: Path, clock: Clock) -> FolderSource:
    """Return the source of that folder."""
    return FolderSource(str(folder), str(tmp_path / "state.json"), clock=clock)


def text_of(source: FolderSource, name: str) -> str:
    """Return the text of a document that was listed just now."""
    return "\n".join(section.text for section in source.sections(source.listed()[name]))


def names(source: FolderSource) -> list[str]:
    """Return the names of the documents."""
    return list(source.listed())


def test_all_documents_are_listed_and_read(source: FolderSource, folder: Path) -> None:
    """Their names are paths with slashes, their titles what people call them; other files are counted."""
    (folder / "hr" / "deep").mkdir(parents=True)
    (folder / "hr" / "deep" / "就業規則.md").write_text("# 休暇\n二十日")
    (folder / "vpn.TXT").write_text("use it")
    (folder / "logo.png").write_bytes(b"x")

    listed = source.listed()

    assert {"vpn.TXT": "vpn", "hr/deep/就業規則.md": "就業規則"} == {name: each.title for name, each in listed.items()}
    assert all(each.source == FOLDER and each.name == name for name, each in listed.items())
    assert {"other_type": 1} == dict(source.problems)
    assert "二十日" == text_of(source, "hr/deep/就業規則.md")


def test_hidden_files_are_left_out(source: FolderSource, folder: Path) -> None:
    """Those of editors, of version control, and what Office puts beside a file that is open."""
    (folder / ".git").mkdir()
    for name in (".git/a.md", ".a.md", "~$plan.docx"):
        (folder / name).write_text("x")
    (folder / "b.md").write_text("x")

    assert ["b.md"] == names(source)
    assert {} == dict(source.problems)


def test_no_link_is_followed(source: FolderSource, folder: Path, tmp_path: Path) -> None:
    """Not out of the folder, not in a circle, and not to another sub-folder, which may have other readers."""
    (tmp_path / "secret.md").write_text("SECRET")
    (folder / "hr").mkdir()
    (folder / "hr" / "pay.md").write_text("pay")
    for name, target in (
        ("out.md", "../secret.md"),
        ("up", ".."),
        ("loop", "."),
        ("abs", str(tmp_path)),
        ("pay.md", "hr/pay.md"),
        ("self.md", "self.md"),
        ("gone.md", "nothing"),
    ):
        (folder / name).symlink_to(target)

    assert ["hr/pay.md"] == names(source)
    assert {"link": 7} == dict(source.problems)


def test_a_folder_that_is_a_link_itself_is_read(folder: Path, tmp_path: Path) -> None:
    """The operator has named it."""
    (folder / "a.md").write_text("x")
    (tmp_path / "link").symlink_to("folder")

    assert "x" == text_of(FolderSource(str(tmp_path / "link"), str(tmp_path / "s")), "a.md")


@pytest.mark.parametrize("swap", ["link", "folder-link", "fifo", "other", "grown", "gone", "folder"])
def test_what_is_put_in_the_place_of_a_document_is_not_read(
    source: FolderSource, folder: Path, tmp_path: Path, swap: str
) -> None:
    """Between listing and reading a link to a secret may come there, or anything else: it is `changed`."""
    (folder / "d").mkdir()
    path = folder / "d" / "a.md"
    path.write_text("good")
    (tmp_path / "a.md").write_text("SECR")
    document = source.listed()["d/a.md"]
    if swap == "grown":
        path.write_text("good and more")
    else:
        path.unlink()
    if swap == "link":
        path.symlink_to(tmp_path / "a.md")
    elif swap == "folder-link":
        (folder / "d").rmdir()
        (folder / "d").symlink_to("..")
    elif swap == "fifo":
        os.mkfifo(path)
    elif swap == "folder":
        path.mkdir()
    elif swap == "other":
        os.link(tmp_path / "a.md", path)

    with pytest.raises(Unreadable, match="changed"):
        source.sections(document)


def test_a_document_that_changes_while_it_is_read_is_not_kept(source: FolderSource, folder: Path) -> None:
    """Half of its old text may stand before half of its new one."""
    path = folder / "a.md"
    path.write_text("old")
    document = source.listed()["a.md"]

    def read_slowly(*_: object) -> list[object]:
        path.write_text("new and longer")
        return []

    with mock.patch.object(folder_module, "read_apart", read_slowly), pytest.raises(Unreadable, match="changed"):
        source.sections(document)
    assert "new and longer" == text_of(source, "a.md")


def test_a_version_changes_with_the_file(source: FolderSource, folder: Path, tmp_path: Path) -> None:
    """By its size, its time, its inode or its rights; reading it changes nothing."""
    path = folder / "a.md"
    path.write_text("one")
    versions = [source.listed()["a.md"].version]
    assert "one" == text_of(source, "a.md")
    assert versions == [source.listed()["a.md"].version]
    other = tmp_path / "other"
    other.write_text("longer")
    for change in (
        lambda: path.write_text("longer"),
        lambda: os.utime(path, (1, 1)),
        lambda: os.replace(other, path),
        lambda: path.chmod(0o640),
    ):
        change()
        versions.append(source.listed()["a.md"].version)

    assert 5 == len(set(versions))


def test_a_format_that_becomes_readable_is_a_new_version(source: FolderSource, folder: Path) -> None:
    """When the extra is installed, what needed it is read."""
    (folder / "a.pdf").write_bytes(b"%PDF-")
    with mock.patch("cocoai.documents.readers.formats._is_installed", return_value=False):
        without = source.listed()["a.pdf"].version

    assert without != source.listed()["a.pdf"].version


def test_special_files_are_not_opened(source: FolderSource, folder: Path) -> None:
    """A pipe would be waited for, a device may give for ever."""
    os.mkfifo(folder / "pipe.md")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(folder / "socket.md"))
    special = 2
    if IS_ROOT:
        try:
            os.mknod(folder / "zero.md", 0o020666, os.makedev(1, 5))
            special += 1
        except PermissionError:  # a container may forbid it
            pass

    assert [] == names(source)
    assert {"special": special} == dict(source.problems)


def test_a_huge_file_is_not_read(source: FolderSource, folder: Path) -> None:
    """A gigabyte is refused by its size."""
    with (folder / "a.pdf").open("wb") as file:
        file.truncate(1 << 30)
    document = source.listed()["a.pdf"]

    with mock.patch.object(folder_module, "read_apart") as read, pytest.raises(Unreadable, match="too_large"):
        source.sections(document)
    assert not read.called
    os.truncate(folder / "a.pdf", LARGEST_FILE)
    with mock.patch.object(folder_module, "read_apart", return_value=[]):
        assert [] == source.sections(source.listed()["a.pdf"])


def test_names_that_a_mac_decomposed_are_composed(source: FolderSource, folder: Path) -> None:
    """So a rule for a sub-folder holds, and a document is found by its name. One of two same names is left out."""
    plain = "がぎ/プ.md"
    decomposed = unicodedata.normalize("NFD", plain)
    assert plain != decomposed
    (folder / decomposed).parent.mkdir()
    (folder / decomposed).write_text("mac")

    assert [plain] == names(source)
    assert "mac" == text_of(source, plain)
    (folder / decomposed).with_name(Path(plain).name).write_text("other")
    assert [plain] == names(source)
    assert {"same_name": 1} == dict(source.problems)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("会議の議事録.md".encode("cp932"), "会議の議事録.md"),
        (b"a\xff\xfe.md", "a\\xff\\xfe.md"),
        (b"\x8f/\xff.md", ""),
    ],
)
def test_names_that_are_no_utf_8_can_be_kept(source: FolderSource, folder: Path, raw: bytes, name: str) -> None:
    """They are read as what they look like, else their bytes are written out."""
    path = os.path.join(os.fsencode(folder), raw)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"x")

    [found] = source.listed()
    found.encode()
    assert not name or found == name
    assert "x" == text_of(source, found)
    assert found.count("/") == raw.count(b"/")


@pytest.mark.skipif(IS_ROOT, reason="root may read everything")
def test_what_we_may_not_read_is_named(source: FolderSource, folder: Path) -> None:
    """A file is noted so, a folder's files are gone: whoever takes away our leave means it."""
    (folder / "closed").mkdir()
    (folder / "closed" / "a.md").write_text("x")
    (folder / "b.md").write_text("x")
    (folder / "b.md").chmod(0)
    (folder / "closed").chmod(0)
    try:
        assert ["b.md"] == names(source)
        assert {"no_leave": 1} == dict(source.problems)
        assert source.is_gone("closed/a.md")
        with pytest.raises(Unreadable, match="no_leave"):
            text_of(source, "b.md")
    finally:
        (folder / "closed").chmod(0o700)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Return the errors with which the kernel answers for folders of these names."""
    errors: dict[str, int] = {}
    real = os.scandir

    def scandir(path: str) -> object:
        if code := errors.get(str(path).rpartition("/")[2]):
            raise OSError(code, os.strerror(code), path)
        return real(path)

    monkeypatch.setattr("cocoai.documents.folder_walk.os.scandir", scandir)
    return errors


def test_a_folder_that_cannot_be_seen_now_keeps_its_documents(
    source: FolderSource, folder: Path, failing: dict[str, int]
) -> None:
    """A disk that fails, or a server that is away, has deleted nothing; what was deleted beside it is gone."""
    (folder / "nfs").mkdir()
    (folder / "nfs" / "a.md").write_text("x")
    (folder / "b.md").write_text("x")
    failing["nfs"] = errno.ESTALE

    assert ["b.md"] == names(source)
    assert {"unreadable": 1} == dict(source.problems)
    assert not source.is_gone("nfs/a.md")
    assert source.is_gone("nfsx/a.md")
    failing["nfs"] = errno.EACCES
    assert ["b.md"] == names(source)
    assert {"no_leave": 1} == dict(source.problems)
    assert source.is_gone("nfs/a.md")
    failing["nfs"] = errno.ENOENT  # deleted since
    assert ["b.md"] == names(source)
    assert source.is_gone("nfs/a.md")


def test_a_folder_that_is_missing_says_nothing(source: FolderSource, folder: Path, failing: dict[str, int]) -> None:
    """Not even that its documents are gone."""
    (folder / "a.md").write_text("x")
    assert ["a.md"] == names(source)
    failing["folder"] = errno.EIO
    with pytest.raises(Temporary, match="folder_unreadable"):
        source.listed()
    failing.clear()
    shutil.rmtree(folder)
    with pytest.raises(Temporary, match="folder_missing"):
        source.listed()
    folder.write_text("a file")
    with pytest.raises(Temporary, match="folder_unreadable"):
        source.listed()


def test_a_folder_that_was_emptied_is_empty(source: FolderSource, folder: Path) -> None:
    """It is the same in which the files were seen."""
    (folder / "a.md").write_text("x")
    assert ["a.md"] == names(source)
    (folder / "a.md").unlink()

    assert [] == names(source)
    assert source.is_gone("a.md")


def test_a_folder_whose_disk_is_not_mounted_is_not_empty(
    source: FolderSource, folder: Path, tmp_path: Path, clock: Clock
) -> None:
    """An empty folder in the place of the one with the files is believed after a day, and the disk at once."""
    (folder / "a.md").write_text("x")
    assert ["a.md"] == names(source)
    folder.rename(tmp_path / "disk")
    folder.mkdir()  # as the place of a mount is, when nothing is mounted there
    for after in (0, EMPTY_BELIEVED - 1):
        clock.now += after
        with pytest.raises(Temporary, match="folder_empty"):
            source.listed()
    folder.rmdir()
    (tmp_path / "disk").rename(folder)
    assert ["a.md"] == names(source)
    folder.rename(tmp_path / "disk")
    folder.mkdir()
    with pytest.raises(Temporary, match="folder_empty"):
        source.listed()
    clock.now += EMPTY_BELIEVED
    assert [] == names(source)


def test_a_new_setting_is_believed_at_once(source: FolderSource, folder: Path, tmp_path: Path) -> None:
    """Nothing that is known can be from it, even if it is missing or empty: [readers] names its sub-folders now."""
    (folder / "a.md").write_text("x")
    assert ["a.md"] == names(source)
    other = tmp_path / "other"
    other.mkdir()
    moved = FolderSource(str(other), str(tmp_path / "state.json"))
    for code in ("folder_empty", "folder_empty", "folder_missing"):
        if code == "folder_missing":
            other.rmdir()
        assert ([], {code: 1}) == (names(moved), dict(moved.problems))
        assert moved.is_gone("a.md")
    other.mkdir()
    (other / "b.md").write_text("x")

    assert ["b.md"] == names(moved)


def test_a_mount_that_comes_or_goes_while_it_is_looked_at_is_seen(
    source: FolderSource, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen of the one is not taken for the other's."""
    (folder / "a.md").write_text("x")
    assert ["a.md"] == names(source)
    real = folder_walk.FolderWalk.run

    def run(walk: folder_walk.FolderWalk) -> None:
        folder.rename(tmp_path / "disk")
        folder.mkdir()
        real(walk)

    monkeypatch.setattr(folder_walk.FolderWalk, "run", run)
    with pytest.raises(Temporary, match="folder_changed"):
        source.listed()


def test_of_too_many_files_the_first_are_kept(folder: Path, tmp_path: Path) -> None:
    """The others are counted: the same ones at each look."""
    source = FolderSource(str(folder), str(tmp_path / "state.json"), most_files=10)
    (folder / "d").mkdir()
    for number in range(8):
        (folder / f"{number}.md").write_text("x")
        (folder / "d" / f"{number}.md").write_text("x")

    expected = [*(f"{number}.md" for number in range(8)), "d/0.md", "d/1.md"]
    assert expected == names(source)
    assert {"too_many": 6} == dict(source.problems)
    assert expected == names(source)


def test_folders_within_folders_come_to_an_end(source: FolderSource, folder: Path) -> None:
    """Fifty are enough; one of a path that the kernel does not take is counted too."""
    path = folder
    for _ in range(folder_walk.MOST_DEPTH + 3):
        path /= "d"
    path.mkdir(parents=True)
    (path / "a.md").write_text("x")
    (folder / "b.md").write_text("x")

    assert ["b.md"] == names(source)
    assert {"too_deep": 1} == dict(source.problems)


@pytest.mark.parametrize("number", [3000, pytest.param(100_000, marks=pytest.mark.long)])
def test_a_huge_folder_is_bounded(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Its look takes seconds, and memory for the documents that are kept, not for all files."""
    monkeypatch.setattr(folder_walk, "MOST_ENTRIES", number - 100)
    for each in range(number):
        inner = f"{folder}/{each - each % 5000:06}"
        if each % 5000 == 0:
            os.mkdir(inner)
            Path(f"{inner}/{each}.md").write_text("x")
        else:  # faster than a file of its own
            os.link(f"{inner}/{each - each % 5000}.md", f"{inner}/{each}.md")
    kept = number // 5
    source = FolderSource(str(folder), str(tmp_path / "state.json"), most_files=kept)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert kept == len(source.listed())
    assert number - kept == source.problems["too_many"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40 * 1024
