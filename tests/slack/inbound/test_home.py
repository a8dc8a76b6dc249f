"""slack/inbound/home.py: a look at our Home tab, and whose it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.model.home_opened import EVERY, HomeOpened
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored
from cocoai.spool.key import Key
from tests.slack_payloads import SIGNING_SECRET, envelope, home_event, signed_headers

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

NOW = 1_763_822_000.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI", "E0GRID")


def opened(access: AccessRules = DEFAULT_ACCESS, event: dict[str, Any] | None = None, **changes: object) -> Any:
    """Return what the payload around an opening is, with these changes of the payload."""
    body = json.dumps(envelope(home_event() if event is None else event, **changes)).encode()
    analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=lambda *_: None, access=access)
    return analyzer.analyze(signed_headers(body, NOW), body, NOW)


def test_an_opening_is_read() -> None:
    """What is written for the job is read again."""
    found = opened()

    assert HomeOpened("U0ASKER01", "D0ASKER01", 1763822000) == found
    assert found == HomeOpened.from_facts(found.facts())
    assert ("U0ASKER01", "home") == Key.parse(found.key)[::3]


def test_a_tab_is_filled_once_in_some_seconds() -> None:
    """Whoever opens it again and again makes no more work; each person has an own one."""
    keys = [opened(event_time=1763822000 + second).key for second in range(EVERY + 1)]

    assert [EVERY, 1] == [keys.count(keys[0]), keys.count(keys[-1])]
    assert opened(event=home_event(user="U0OTHER01")).key not in keys


@pytest.mark.parametrize(
    ("access", "changes", "is_refused"),
    [
        (DEFAULT_ACCESS, {}, False),
        (AccessRules(allow_users={"U0OTHER01"}), {}, True),
        (AccessRules(allow_channels={"C0OTHER"}, direct_messages=False), {}, False),
        (DEFAULT_ACCESS, {"team_id": "T0STRANGER"}, True),
        (DEFAULT_ACCESS, {"team_id": "T0SISTER", "enterprise_id": "E0GRID"}, False),
        (DEFAULT_ACCESS, {"is_ext_shared_channel": True}, True),
        (DEFAULT_ACCESS, {"event": home_event(team="T0STRANGER"), "team_id": None}, True),
        (AccessRules(external_users=True), {"team_id": "T0STRANGER"}, False),
    ],
)
def test_who_may_not_address_us_is_marked(access: AccessRules, changes: dict[str, Any], is_refused: bool) -> None:
    """The view says so; no rule about places speaks of this one."""
    assert is_refused == opened(access, **changes).is_refused


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (home_event(tab="messages"), {}),
        (home_event(tab=None), {}),
        (home_event(user=None), {}),
        (home_event(user="../../x"), {}),
        (home_event(channel=7), {}),
        (home_event(), {"event_time": None}),
        (home_event(), {"event_time": 1763822000000000}),
        (home_event(), {"event_time": "now"}),
    ],
)
def test_another_tab_or_an_odd_event_is_ignored(event: dict[str, Any], changes: dict[str, Any]) -> None:
    """Nothing is published."""
    assert isinstance(opened(event=event, **changes), Ignored)
