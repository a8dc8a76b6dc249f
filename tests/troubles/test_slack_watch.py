"""What the watch over the calls of Slack takes for trouble, and for its end."""

from __future__ import annotations

from functools import partial
from itertools import repeat
from pathlib import Path

import pytest

from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.troubles.store import Troubles
from cocoai.troubles.watch import SlackWatch


@pytest.fixture
def troubles(tmp_path: Path) -> Troubles:
    """Return the troubles below an empty folder."""
    return Troubles(str(tmp_path))


def wrong(troubles: Troubles) -> dict[str, str]:
    """Return the code of each trouble, by its source."""
    return {trouble.source: trouble.code for trouble in troubles.all()}


def refusal(code: str) -> CocoAIError:
    return Permanent(code, source="Slack", status=200)


@pytest.mark.parametrize(
    ("method", "channel", "error", "expected"),
    [
        ("chat.postMessage", "C01", refusal("token_revoked"), {"slack": "token_revoked"}),
        ("users.info", "", refusal("token_revoked"), {"slack": "token_revoked"}),
        ("chat.update", "C01", refusal("missing_scope:chat:write"), {"slack": "missing_scope:chat:write"}),
        ("auth.test", "", Temporary("tls", source="Slack"), {"slack": "tls"}),
        ("auth.test", "", Temporary("ratelimited", source="Slack"), {}),
        ("chat.postMessage", "C01", Temporary("connection", source="Slack"), {}),
        ("chat.postMessage", "C01", refusal("not_in_channel"), {}),
        ("users.info", "", refusal("user_not_found"), {}),
        ("users.info", "", refusal("missing_scope:users:read"), {"scope-users": "users:read"}),
        ("files.info", "", refusal("missing_scope"), {"scope-files": "files:read"}),
        ("files.getUploadURLExternal", "", refusal("missing_scope:files:write"), {"scope-uploads": "files:write"}),
        ("files.getUploadURLExternal", "", refusal("file_uploads_disabled"), {}),
        ("conversations.replies", "D01", refusal("missing_scope:im:history"), {"scope-history-D": "im:history"}),
    ],
)
def test_a_failed_call_is_trouble_if_an_operator_must_mend_it(
    troubles: Troubles, method: str, channel: str, error: CocoAIError, expected: dict[str, str]
) -> None:
    """Passing trouble is one only when a job is put off for it."""
    SlackWatch(troubles).failed(method, channel, error)

    assert expected == wrong(troubles)


@pytest.mark.parametrize(
    ("method", "channel", "left"),
    [
        ("chat.postMessage", "C01", {"scope-users", "scope-history-C"}),
        ("chat.update", "C01", {"scope-users", "scope-history-C"}),
        ("chat.postEphemeral", "C01", {"slack", "scope-users", "scope-history-C"}),
        ("users.info", "", {"slack", "scope-history-C"}),
        ("conversations.replies", "C01", {"slack", "scope-users"}),
        ("conversations.replies", "D01", {"slack", "scope-users", "scope-history-C"}),
    ],
)
def test_a_call_that_works_ends_its_own_trouble(troubles: Troubles, method: str, channel: str, left: set[str]) -> None:
    """And no other."""
    troubles.note("slack", "token_revoked")
    troubles.note("scope-users", "users:read")
    troubles.note("scope-history-C", "channels:history")

    SlackWatch(troubles).succeeded(method, channel)

    assert left == set(wrong(troubles))


@pytest.mark.parametrize(
    ("scopes", "left"),
    [
        ("chat:write,users:read,channels:history,groups:history", {"openai"}),
        ("chat:write, users:read", {"openai", "scope-history-C"}),
        ("users:read", {"openai", "scope-history-C", "slack"}),
        ("identify,bot:basic", {"openai", "scope-history-C", "scope-users"}),
        ("", {"openai"}),
    ],
)
def test_auth_test_tells_the_scopes(troubles: Troubles, scopes: str, left: set[str]) -> None:
    """A token that may post nothing is trouble before anybody asks; a classic app may, by another scope."""
    troubles.note("slack", "token_revoked")
    troubles.note("openai", "invalid_api_key")
    troubles.note("scope-users", "users:read")
    troubles.note("scope-history-C", "channels:history,groups:history")

    SlackWatch(troubles).granted(scopes)

    assert left == set(wrong(troubles))


@pytest.mark.parametrize("code", ["unknown_method", "team_access_not_granted", "missing_scope:chat:write"])
def test_auth_test_does_not_end_what_it_cannot_meet(troubles: Troubles, code: str) -> None:
    """It works all the same, each minute; a message that Slack takes ends it."""
    watch = SlackWatch(troubles)
    troubles.note("slack", code)

    watch.granted("" if code == "unknown_method" else "users:read")

    assert {"slack"} == set(wrong(troubles))
    watch.succeeded("chat.postMessage", "C01")
    assert {} == wrong(troubles)


def test_a_call_does_not_end_what_was_met_after_it_was_made(tmp_path: Path) -> None:
    """Its process was held up: meanwhile Slack has refused another one, and that is the news."""
    times = iter([100.0])
    watch = SlackWatch(Troubles(str(tmp_path), clock=partial(next, times, 200.0)))
    watch.begun()
    later = Troubles(str(tmp_path), clock=repeat(150.0).__next__)
    for source, code in (("slack", "token_revoked"), ("scope-users", "users:read")):
        later.note(source, code)

    watch.granted("chat:write,users:read")
    watch.succeeded("chat.postMessage", "C01")
    watch.succeeded("users.info", "")

    assert {"slack": "token_revoked", "scope-users": "users:read"} == wrong(later)
    watch.begun()
    watch.granted("chat:write,users:read")
    assert {} == wrong(later)


def test_a_trouble_of_a_clock_that_was_set_back_since_ends_all_the_same(tmp_path: Path) -> None:
    """Else it would stay until that time has come once more."""
    Troubles(str(tmp_path), clock=repeat(5000.0).__next__).note("slack", "token_revoked")
    now = Troubles(str(tmp_path), clock=repeat(200.0).__next__)
    watch = SlackWatch(now)

    watch.begun()
    watch.succeeded("chat.postMessage", "C01")

    assert {} == wrong(now)
