"""slack/model/identity.py: who we are, wherever it is told, and nothing odd taken for it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from cocoai.errors import Temporary
from cocoai.slack.model import identity
from cocoai.slack.model.identity import Identity, IdentityCache

pytestmark = pytest.mark.pure

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI", "E0PRACTICE")


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """The file keeps everything that is known of us."""
    path = str(tmp_path / "identity.json")
    identity.write(path, US)

    assert identity.read(path) == US


def test_only_its_owner_reads_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    """The file is 0600 from its first byte, and its unfinished form is gone."""
    identity.write(str(tmp_path / "identity.json"), US)

    assert os.listdir(tmp_path) == ["identity.json"]
    assert stat.S_IMODE((tmp_path / "identity.json").stat().st_mode) == 0o600


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Where the new file cannot take its place, nothing of it remains."""
    (tmp_path / "identity.json").mkdir()

    with pytest.raises(OSError, match=r"identity\.json"):
        identity.write(str(tmp_path / "identity.json"), US)
    assert os.listdir(tmp_path) == ["identity.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"team_id": "T0PRACTICE"}',
        b'{"team_id": 1, "user_id": "U0COCOAI"}',
        b'{"team_id": "T0PRACTICE", "user_id": "../../etc"}',
        b"[" * 100_000,
    ],
)
def test_an_odd_file_is_no_identity(tmp_path: Path, content: bytes) -> None:
    """Torn, empty or strange: it is as if it were not there."""
    (tmp_path / "identity.json").write_bytes(content)

    assert identity.read(str(tmp_path / "identity.json")) is None


def test_no_file_is_no_identity(tmp_path: Path) -> None:
    """Before the first auth.test nothing is known."""
    assert identity.read(str(tmp_path / "identity.json")) is None


def test_auth_test_tells_who_we_are() -> None:
    """What Slack's auth.test says is taken, and what it says besides is not."""
    told = {"ok": True, "url": "https://practice.invalid/", "team_id": "T0PRACTICE", "user_id": "U0COCOAI"}

    assert identity.from_auth_test(told | {"bot_id": "B0COCOAI", "app_id": None}) == Identity(
        "T0PRACTICE", "U0COCOAI", "B0COCOAI"
    )


@pytest.mark.parametrize("told", [{}, {"team_id": "T0PRACTICE"}, {"team_id": ["T"], "user_id": "U0COCOAI"}])
def test_auth_test_without_ids_is_temporary(told: dict[str, Any]) -> None:
    """An answer that does not say who we are is asked for again."""
    with pytest.raises(Temporary):
        identity.from_auth_test(told)


@pytest.mark.parametrize(
    ("authorizations", "expected"),
    [
        ([{"team_id": "T0PRACTICE", "user_id": "U0COCOAI", "is_bot": True}], Identity("T0PRACTICE", "U0COCOAI", "")),
        ([{"team_id": None, "user_id": "U0COCOAI", "is_bot": True}], Identity("", "U0COCOAI", "")),
        ([{"team_id": "T0PRACTICE", "user_id": "U0ASKER01", "is_bot": False}], None),
        ([{"team_id": "T0PRACTICE", "user_id": "U0ASKER01"}], None),
        ([{"is_bot": True, "user_id": ["U0COCOAI"]}], None),
        (["U0COCOAI", None, 1], None),
        ([], None),
        ({"is_bot": True}, None),
        (None, None),
    ],
)
def test_only_a_bots_authorization_serves(authorizations: object, expected: Identity | None) -> None:
    """A payload tells who we are by an entry that is a bot's, and by no other."""
    assert identity.from_authorizations({"authorizations": authorizations}) == expected


def test_a_worker_reads_the_file_until_it_is_there(tmp_path: Path) -> None:
    """Unknown today, known as soon as another process has written it; then it is remembered."""
    path = str(tmp_path / "identity.json")
    who = IdentityCache(path, ask=lambda: US)
    before = who.known()
    identity.write(path, US)
    after = who.known()
    os.unlink(path)

    assert (None, US, US) == (before, after, who.known())


def test_asking_keeps_the_answer(tmp_path: Path) -> None:
    """Stale without a file; after a refresh known, kept and fresh."""
    path = str(tmp_path / "identity.json")
    who = IdentityCache(path, ask=lambda: US)
    stale_before = who.is_stale()

    assert stale_before
    assert who.refresh() == US
    assert identity.read(path) == US
    assert not who.is_stale()
