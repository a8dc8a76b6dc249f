"""slack/model/identity.py: who we are, wherever it is told, and nothing odd taken for it."""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.errors import Temporary
from cocoai.slack.model import identity
from cocoai.slack.model.identity import Identity

pytestmark = pytest.mark.pure

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI", "E0PRACTICE")


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
