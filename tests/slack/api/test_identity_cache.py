"""slack/api/identity_cache.py: our identity is kept in a file that every process reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.model.identity import Identity

pytestmark = pytest.mark.pure

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI", "E0PRACTICE")


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    """The file has mode 0600, and nothing else is left beside it."""
    IdentityCache(str(tmp_path / "identity.json"), ask=lambda: US).refresh()

    assert os.listdir(tmp_path) == ["identity.json"]
    assert stat.S_IMODE((tmp_path / "identity.json").stat().st_mode) == 0o600


def test_the_identity_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is on the disk before it takes its name."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)

    IdentityCache(str(tmp_path / "identity.json"), ask=lambda: US).refresh()

    assert 1 == len(synced)


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
    """A torn, empty or odd file counts as a missing one."""
    (tmp_path / "identity.json").write_bytes(content)

    assert IdentityCache(str(tmp_path / "identity.json"), ask=lambda: US).known() is None


def test_a_worker_reads_the_file_until_it_is_there(tmp_path: Path) -> None:
    """The identity is known as soon as another process has written the file, and then remembered."""
    path = str(tmp_path / "identity.json")
    cache = IdentityCache(path, ask=lambda: US)
    before = cache.known()
    IdentityCache(path, ask=lambda: US).refresh()
    after = cache.known()
    os.unlink(path)

    assert (None, US, US) == (before, after, cache.known())


def test_refresh_keeps_the_identity(tmp_path: Path) -> None:
    """Without a file the cache is stale; after a refresh the identity is known, kept and fresh."""
    path = str(tmp_path / "identity.json")
    cache = IdentityCache(path, ask=lambda: US)
    stale_before = cache.is_stale()

    assert stale_before
    assert cache.refresh() == US
    assert IdentityCache(path, ask=lambda: US).known() == US
    assert not cache.is_stale()
