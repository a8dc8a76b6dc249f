"""People: names that are asked for once a day, kept in a file a person, and never worth a failure."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.thread.user_names import FRESH, KEPT, QUIET, UserNames, sweep

pytestmark = pytest.mark.pure

ANA, BEN = "U0ANA", "U0BEN"


class Slack:
    """Tells names, or raises; counts who was asked for."""

    def __init__(self) -> None:
        self.names = {ANA: "Ana", BEN: "Ben"}
        self.trouble: CocoAIError | None = None
        self.asked: list[str] = []

    def __call__(self, user: str) -> str:
        self.asked.append(user)
        if self.trouble:
            raise self.trouble
        if user not in self.names:
            raise Permanent("user_not_found", source="Slack")
        return self.names[user]


class Clock:
    """Says what time it is, in the files' own time."""

    def __init__(self, folder: Path) -> None:
        self.now = folder.stat().st_mtime

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def slack() -> Slack:
    return Slack()


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "people"


@pytest.fixture
def people(folder: Path, slack: Slack, clock: Clock) -> UserNames:
    return UserNames(str(folder), slack, clock=clock)


def test_a_name_is_asked_for_once(people: UserNames, folder: Path, slack: Slack, clock: Clock) -> None:
    """Neither this process nor the next one asks again within the day."""
    other = UserNames(str(folder), slack, clock=clock)

    assert ["Ana", "Ana", "Ana"] == [people.name(ANA), people.name(ANA), other.name(ANA)]
    assert [ANA] == slack.asked


def test_only_its_owner_reads_what_is_kept(people: UserNames, folder: Path) -> None:
    """One file a person, 0600 in a folder 0700, and nothing beside it."""
    people.name(ANA)

    assert [ANA] == os.listdir(folder)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert 0o600 == stat.S_IMODE((folder / ANA).stat().st_mode)
    assert "Ana\n" == (folder / ANA).read_text()


def test_a_name_is_fresh_for_a_day(people: UserNames, folder: Path, slack: Slack, clock: Clock) -> None:
    """After that Slack is asked, and its answer kept in the old one's place."""
    people.name(ANA)
    slack.names[ANA] = "Ana Maria"
    within = clock.now + FRESH - 60
    clock.now += FRESH + 60

    assert "Ana" == UserNames(str(folder), slack, clock=lambda: within).name(ANA)
    assert "Ana Maria" == UserNames(str(folder), slack, clock=clock).name(ANA)
    assert "Ana Maria\n" == (folder / ANA).read_text()


def test_a_name_from_the_future_is_asked_for_anew(folder: Path, people: UserNames, slack: Slack, clock: Clock) -> None:
    """A clock that has jumped does not keep a name for ever."""
    people.name(ANA)
    os.utime(folder / ANA, (clock.now + 10 * FRESH, clock.now + 10 * FRESH))
    slack.names[ANA] = "Ana Maria"

    assert "Ana Maria" == UserNames(str(folder), slack, clock=clock).name(ANA)


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
def test_of_whom_slack_does_not_tell_has_no_name(people: UserNames, slack: Slack, code: str) -> None:
    """That is kept like a name, and keeps nobody else from being asked for."""
    slack.trouble = Permanent(code, source="Slack")
    nobody = [people.name("U0GONE"), people.name("U0GONE")]
    slack.trouble = None

    assert ["", ""] == nobody
    assert "Ben" == people.name(BEN)
    assert ["U0GONE", BEN] == slack.asked


@pytest.mark.parametrize(
    "trouble",
    [
        Permanent("missing_scope", source="Slack"),
        Temporary("ratelimited", source="Slack", status=429, retry_after=30.0),
        Temporary("unreachable", source="Slack"),
    ],
    ids=lambda trouble: str(trouble.code),
)
def test_a_name_is_not_worth_a_wait(
    people: UserNames, folder: Path, slack: Slack, clock: Clock, trouble: CocoAIError
) -> None:
    """Slack that says no, or nothing, is left alone for a minute; nothing of that is kept."""
    slack.trouble = trouble
    meanwhile = [people.name(ANA), people.name(BEN)]
    slack.trouble = None
    clock.now += QUIET

    assert ["", ""] == meanwhile
    assert [ANA] == slack.asked
    assert not folder.exists()
    assert ["Ana", "Ben"] == [people.name(ANA), people.name(BEN)]


def test_yesterdays_name_is_better_than_none(people: UserNames, folder: Path, slack: Slack, clock: Clock) -> None:
    """While Slack cannot be asked; once it can, its word counts."""
    people.name(ANA)
    clock.now += 2 * FRESH
    slack.names[ANA] = "Ana Maria"
    slack.trouble = Temporary("unreachable", source="Slack")
    other = UserNames(str(folder), slack, clock=clock)
    meanwhile = other.name(ANA)
    slack.trouble = None
    clock.now += QUIET

    assert "Ana" == meanwhile
    assert "Ana Maria" == other.name(ANA)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("  花  子 \n", "花 子"),
        ("a\u0000b\u2028c\u200bd\te", "a b c d e"),
        ("x" * 50, "x" * 40),
        ("x" * 39 + " y", "x" * 39),
        ("R&amp;D &lt;3", "R&D <3"),
        ("half \ud83d of a pair", "half ? of a pair"),
        (" \u3000\u200b\n", ""),
        ("", ""),
    ],
)
def test_a_name_is_one_short_line(people: UserNames, folder: Path, slack: Slack, told: str, expected: str) -> None:
    """Of characters that are seen, at most 40; what has none is no name. It is kept as it is told."""
    slack.names[ANA] = told

    assert expected == people.name(ANA)
    assert f"{expected}\n" == (folder / ANA).read_text("utf-8")


@pytest.mark.parametrize("odd", ["", "x", "..", "../../U0ANA", "U0ANA/x", "u0ana", "U0ANA\n", "U" * 25])
def test_what_is_no_id_is_nobody(people: UserNames, folder: Path, slack: Slack, odd: str) -> None:
    """No file is sought under such a name, and Slack is not asked."""
    assert "" == people.name(odd)
    assert [] == slack.asked
    assert not folder.exists()


@pytest.mark.parametrize("torn", [b"", b"An", b"\xff\xfe\n"])
def test_a_torn_file_is_as_if_it_were_not_there(people: UserNames, folder: Path, slack: Slack, torn: bytes) -> None:
    """Nothing is synced to the disk, so a power cut may leave less than a line."""
    folder.mkdir(parents=True)
    (folder / ANA).write_bytes(torn)

    assert "Ana" == people.name(ANA)
    assert "Ana\n" == (folder / ANA).read_text()


def test_a_disk_that_keeps_nothing(slack: Slack, clock: Clock, tmp_path: Path) -> None:
    """The name is known to this process all the same."""
    (tmp_path / "file").touch()
    people = UserNames(str(tmp_path / "file" / "people"), slack, clock=clock)

    assert ["Ana", "Ana"] == [people.name(ANA), people.name(ANA)]
    assert [ANA] == slack.asked


def test_sweeping_forgets_after_thirty_days(people: UserNames, folder: Path, clock: Clock) -> None:
    """Whoever has not been seen for so long, and what a crash left unfinished."""
    people.name(ANA)
    people.name(BEN)
    (folder / ".U0GONE.4711").touch()
    os.utime(folder / BEN, (clock.now - KEPT + 60, clock.now - KEPT + 60))
    for old in (ANA, ".U0GONE.4711"):
        os.utime(folder / old, (clock.now - KEPT - 60, clock.now - KEPT - 60))

    assert 2 == sweep(str(folder), clock=clock)
    assert [BEN] == os.listdir(folder)


def test_sweeping_where_nobody_was_ever_asked_for(folder: Path) -> None:
    """There is no folder yet, and nothing to do."""
    assert 0 == sweep(str(folder))
