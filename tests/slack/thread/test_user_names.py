"""slack/thread/user_names.py: names are looked up once a day, kept in a file a person, and never cause a failure."""

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
    """Returns names, or raises `trouble`; keeps the users it was asked for."""

    def __init__(self) -> None:
        self.names = {ANA: "Ana", BEN: "Ben"}
        self.trouble: CocoAIError | None = None
        self.lookups: list[str] = []

    def __call__(self, user: str) -> str:
        self.lookups.append(user)
        if self.trouble:
            raise self.trouble
        if user not in self.names:
            raise Permanent("user_not_found", source="Slack")
        return self.names[user]


class Clock:
    """Returns a time that only the test moves, beginning at the file system's."""

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


def test_a_name_is_looked_up_once(people: UserNames, folder: Path, slack: Slack, clock: Clock) -> None:
    """Neither this process nor another one asks Slack for a name again within the day."""
    other = UserNames(str(folder), slack, clock=clock)

    assert ["Ana", "Ana", "Ana"] == [people.name(ANA), people.name(ANA), other.name(ANA)]
    assert [ANA] == slack.lookups


def test_only_the_owner_may_read_the_kept_names(people: UserNames, folder: Path) -> None:
    """A name is kept in one file with mode 0600 in a folder with mode 0700, and nothing is left beside it."""
    people.name(ANA)

    assert [ANA] == os.listdir(folder)
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
    assert 0o600 == stat.S_IMODE((folder / ANA).stat().st_mode)
    assert "Ana\n" == (folder / ANA).read_text()


def test_a_name_is_fresh_for_a_day(people: UserNames, folder: Path, slack: Slack, clock: Clock) -> None:
    """After a day Slack is asked again, and the new name replaces the old one."""
    people.name(ANA)
    slack.names[ANA] = "Ana Maria"
    within = clock.now + FRESH - 60
    clock.now += FRESH + 60

    assert "Ana" == UserNames(str(folder), slack, clock=lambda: within).name(ANA)
    assert "Ana Maria" == UserNames(str(folder), slack, clock=clock).name(ANA)
    assert "Ana Maria\n" == (folder / ANA).read_text()


def test_a_name_from_the_future_is_looked_up_again(folder: Path, people: UserNames, slack: Slack, clock: Clock) -> None:
    """A file that is newer than the clock says is not used for ever."""
    people.name(ANA)
    os.utime(folder / ANA, (clock.now + 10 * FRESH, clock.now + 10 * FRESH))
    slack.names[ANA] = "Ana Maria"

    assert "Ana Maria" == UserNames(str(folder), slack, clock=clock).name(ANA)


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
def test_a_user_whom_slack_does_not_tell_has_no_name(people: UserNames, slack: Slack, code: str) -> None:
    """The missing name is kept like a name, and other users are looked up meanwhile."""
    slack.trouble = Permanent(code, source="Slack")
    nobody = [people.name("U0GONE"), people.name("U0GONE")]
    slack.trouble = None

    assert ["", ""] == nobody
    assert "Ben" == people.name(BEN)
    assert ["U0GONE", BEN] == slack.lookups


@pytest.mark.parametrize(
    "trouble",
    [
        Permanent("missing_scope", source="Slack"),
        Temporary("ratelimited", source="Slack", status=429, retry_after=30.0),
        Temporary("unreachable", source="Slack"),
    ],
    ids=lambda trouble: str(trouble.code),
)
def test_after_a_failure_no_name_is_looked_up_for_a_minute(
    people: UserNames, folder: Path, slack: Slack, clock: Clock, trouble: CocoAIError
) -> None:
    """If Slack refuses or does not answer, it is not asked for a minute, and nothing is kept."""
    slack.trouble = trouble
    meanwhile = [people.name(ANA), people.name(BEN)]
    slack.trouble = None
    clock.now += QUIET

    assert ["", ""] == meanwhile
    assert [ANA] == slack.lookups
    assert not folder.exists()
    assert ["Ana", "Ben"] == [people.name(ANA), people.name(BEN)]


def test_yesterdays_name_is_better_than_none(people: UserNames, folder: Path, slack: Slack, clock: Clock) -> None:
    """An old name is used while Slack does not answer, and replaced once it does."""
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
    ("name", "expected"),
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
def test_a_name_is_one_short_line(people: UserNames, folder: Path, slack: Slack, name: str, expected: str) -> None:
    """A name has at most 40 visible characters on one line, and is kept in this form."""
    slack.names[ANA] = name

    assert expected == people.name(ANA)
    assert f"{expected}\n" == (folder / ANA).read_text("utf-8")


@pytest.mark.parametrize("odd", ["", "x", "..", "../../U0ANA", "U0ANA/x", "u0ana", "U0ANA\n", "U" * 25])
def test_an_odd_id_has_no_name(people: UserNames, folder: Path, slack: Slack, odd: str) -> None:
    """A user id of another shape is looked up neither in a file nor at Slack."""
    assert "" == people.name(odd)
    assert [] == slack.lookups
    assert not folder.exists()


@pytest.mark.parametrize("torn", [b"", b"An", b"\xff\xfe\n"])
def test_a_torn_file_counts_as_missing(people: UserNames, folder: Path, slack: Slack, torn: bytes) -> None:
    """A file with less than a line, which a power cut may leave, is looked up again."""
    folder.mkdir(parents=True)
    (folder / ANA).write_bytes(torn)

    assert "Ana" == people.name(ANA)
    assert "Ana\n" == (folder / ANA).read_text()


def test_a_name_is_known_though_it_cannot_be_kept(slack: Slack, clock: Clock, tmp_path: Path) -> None:
    """On a disk that takes no file, the name is looked up once by each process."""
    (tmp_path / "file").touch()
    people = UserNames(str(tmp_path / "file" / "people"), slack, clock=clock)

    assert ["Ana", "Ana"] == [people.name(ANA), people.name(ANA)]
    assert [ANA] == slack.lookups


def test_sweep_removes_names_after_thirty_days(people: UserNames, folder: Path, clock: Clock) -> None:
    """Files older than 30 days are removed, also one that a crash left unfinished."""
    people.name(ANA)
    people.name(BEN)
    (folder / ".U0GONE.4711").touch()
    os.utime(folder / BEN, (clock.now - KEPT + 60, clock.now - KEPT + 60))
    for old in (ANA, ".U0GONE.4711"):
        os.utime(folder / old, (clock.now - KEPT - 60, clock.now - KEPT - 60))

    assert 2 == sweep(str(folder), clock=clock)
    assert [BEN] == os.listdir(folder)


def test_sweep_without_a_folder_removes_nothing(folder: Path) -> None:
    """Before the first name is kept there is no folder, and sweep returns 0."""
    assert 0 == sweep(str(folder))


@pytest.mark.parametrize(("locale", "language"), [("ja-JP", "ja"), ("en-GB", "en"), ("de-DE", "en"), ("", "")])
def test_a_language_is_looked_up_once(folder: Path, slack: Slack, clock: Clock, locale: str, language: str) -> None:
    """It is that of the person's Slack; any but Japanese is English, and none is none."""
    lookups: list[str] = []

    def ask_locale(user: str) -> str:
        lookups.append(user)
        return locale

    people, other = (UserNames(str(folder), slack, ask_locale, clock=clock) for _ in range(2))

    assert [language] * 3 == [people.language(ANA), people.language(ANA), other.language(ANA)]
    assert ([ANA], []) == (lookups, slack.lookups)
    assert "" == people.language("../odd")


def test_a_language_that_slack_does_not_tell_is_unknown(folder: Path, slack: Slack, clock: Clock) -> None:
    """That is no failure, and is not kept."""
    slack.trouble = Temporary("ratelimited", source="Slack")
    people = UserNames(str(folder), slack, slack, clock=clock)

    assert "" == people.language(ANA)
    slack.trouble = None
    slack.names[ANA] = "ja-JP"
    assert "ja" == people.language(ANA)
