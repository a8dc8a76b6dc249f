"""slack/api/identity_cache.py: our identity is kept in a file that every process reads."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from cocoai.errors import Temporary
from cocoai.slack.api.identity_cache import FRESH, IdentityCache, binding
from cocoai.slack.model.identity import Identity

pytestmark = pytest.mark.pure

BOUND = binding("https://slack.com/api/", "xoxb-1")

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI", "E0PRACTICE")
OTHER = Identity("T0OTHER", "U0OTHER", "B0OTHER", "A0OTHER", "")


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    """The file has mode 0600, and nothing else is left beside it."""
    IdentityCache(str(tmp_path / "identity.json"), lambda: US, BOUND).refresh()

    assert os.listdir(tmp_path) == ["identity.json"]
    assert stat.S_IMODE((tmp_path / "identity.json").stat().st_mode) == 0o600


def test_the_identity_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is on the disk before it takes its name."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)

    IdentityCache(str(tmp_path / "identity.json"), lambda: US, BOUND).refresh()

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

    assert IdentityCache(str(tmp_path / "identity.json"), lambda: US, BOUND).known() is None


def test_a_worker_reads_the_file_until_it_is_there(tmp_path: Path) -> None:
    """The identity is known as soon as another process has written the file, and then remembered."""
    path = str(tmp_path / "identity.json")
    cache = IdentityCache(path, lambda: US, BOUND)
    before = cache.known()
    IdentityCache(path, lambda: US, BOUND).refresh()
    after = cache.known()
    os.unlink(path)

    assert (None, US, US) == (before, after, cache.known())


def test_refresh_keeps_the_identity(tmp_path: Path) -> None:
    """Without a file the cache is stale; after a refresh the identity is known, kept and fresh."""
    path = str(tmp_path / "identity.json")
    cache = IdentityCache(path, lambda: US, BOUND)
    stale_before = cache.is_stale()

    assert stale_before
    assert cache.refresh() == US
    assert IdentityCache(path, lambda: US, BOUND).known() == US
    assert not cache.is_stale()


# what the file is bound to


@pytest.mark.parametrize(
    ("api_url", "token", "is_known"),
    [
        ("https://slack.com/api/", "xoxb-1", True),
        ("https://slack.com/api/", "xoxb-2", False),
        ("https://slack-gov.com/api/", "xoxb-1", False),
    ],
)
def test_another_bots_identity_is_unknown(tmp_path: Path, api_url: str, token: str, is_known: bool) -> None:
    """A file that was asked for with another token, or of another server, says nothing; the next answer replaces it."""
    path = str(tmp_path / "identity.json")
    IdentityCache(path, lambda: US, BOUND).refresh()
    cache = IdentityCache(path, lambda: OTHER, binding(api_url, token))

    before = cache.known()
    cache.refresh()

    assert (US if is_known else None) == before
    assert OTHER == IdentityCache(path, lambda: US, binding(api_url, token)).known()


def test_the_file_does_not_hold_the_token(tmp_path: Path) -> None:
    """What the file is bound to is a short hash: nothing of the token stands in it."""
    path = tmp_path / "identity.json"

    IdentityCache(str(path), lambda: US, binding("https://slack.com/api/", "xoxb-secret-words")).refresh()

    assert not any(part in path.read_text() for part in ("xoxb", "secret", "words", "slack.com"))
    assert 16 == len(json.loads(path.read_text())["bound_to"])


def test_slack_is_asked_anew_at_each_start(tmp_path: Path) -> None:
    """A file from before the start serves while Slack is asked, and counts as stale until it has answered."""
    path = str(tmp_path / "identity.json")
    IdentityCache(path, lambda: US, BOUND).refresh()
    os.utime(path, (time.time() - 60,) * 2)
    started = IdentityCache(path, lambda: OTHER, BOUND)

    served, is_due = started.known(), started.is_stale()
    started.refresh()

    assert (US, True) == (served, is_due)
    assert (OTHER, False) == (started.known(), started.is_stale())


def test_an_old_pools_answer_does_not_count_as_ours(tmp_path: Path) -> None:
    """A process of the pool before a reload may write the file last, with the old token: Slack is asked again."""
    path = str(tmp_path / "identity.json")
    ticks = iter([0.0, FRESH, FRESH])
    cache = IdentityCache(path, lambda: US, BOUND, ticks=lambda: next(ticks))
    cache.refresh()
    is_due_before = cache.is_stale()

    IdentityCache(path, lambda: OTHER, binding("https://slack.com/api/", "xoxb-2")).refresh()

    assert (False, True) == (is_due_before, cache.is_stale())


@pytest.mark.parametrize(("error", "level"), [(None, "INFO"), (Temporary("down"), "WARNING"), (OSError(), "WARNING")])
def test_a_failed_try_is_only_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: Exception | None, level: str
) -> None:
    """The periodic task raises nothing: the next try is a minute away."""

    def ask() -> Identity:
        if error:
            raise error
        return US

    with caplog.at_level("INFO"):
        IdentityCache(str(tmp_path / "identity.json"), ask, BOUND).try_refresh()

    assert [level] == [record.levelname for record in caplog.records]
