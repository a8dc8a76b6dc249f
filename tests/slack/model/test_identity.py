"""slack/model/identity.py: reading our identity from auth.test and from a payload, and refusing anything odd."""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.errors import Temporary
from cocoai.slack.model import identity
from cocoai.slack.model.identity import Identity

pytestmark = pytest.mark.pure

US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI", "E0PRACTICE")


def test_the_response_of_auth_test_is_read() -> None:
    """The ids of auth.test's response are taken, and its other fields are not."""
    response = {"ok": True, "url": "https://practice.invalid/", "team_id": "T0PRACTICE", "user_id": "U0COCOAI"}

    assert identity.from_auth_test(response | {"bot_id": "B0COCOAI", "app_id": None}) == Identity(
        "T0PRACTICE", "U0COCOAI", "B0COCOAI"
    )


@pytest.mark.parametrize("response", [{}, {"team_id": "T0PRACTICE"}, {"team_id": ["T"], "user_id": "U0COCOAI"}])
def test_auth_test_without_ids_is_temporary(response: dict[str, Any]) -> None:
    """A response without a team or a user raises `Temporary`."""
    with pytest.raises(Temporary):
        identity.from_auth_test(response)


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
def test_only_a_bots_authorization_is_read(authorizations: object, expected: Identity | None) -> None:
    """Our identity is read from a bot's entry of `authorizations` and from no other."""
    assert identity.from_authorizations({"authorizations": authorizations}) == expected
