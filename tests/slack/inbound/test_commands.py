"""slack/inbound/commands.py: what a slash command's form is, and whose."""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.errors import BodyNotForm, IdentityUnknown, StaleSignature, WrongSignature
from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules
from cocoai.slack.inbound.commands import CommandAnalyzer
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored
from cocoai.slack.model.slash_command import SlashCommand
from cocoai.spool.key import Key
from tests.slack_payloads import SIGNING_SECRET, command_form, signed_headers

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

NOW = 1_763_822_000.0
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI", "E0GRID")
NOBODY = AccessRules(allow_users={"U0OTHER01"})


def analyze(body: bytes, access: AccessRules = DEFAULT_ACCESS, who: Identity | None = US) -> SlashCommand | Ignored:
    """Return what a rightly signed form is."""
    analyzer = CommandAnalyzer(SIGNING_SECRET, who=lambda: who, access=access)
    return analyzer.analyze(signed_headers(body, NOW), body, NOW)


def read(text: str = "help", access: AccessRules = DEFAULT_ACCESS, **changes: object) -> SlashCommand:
    """Return the command of a form with these changes."""
    command = analyze(command_form(text, **changes), access)
    assert isinstance(command, SlashCommand)
    return command


def test_a_command_is_read() -> None:
    """Its key is the person's, with the signed second and a number; what is written for the job is read again."""
    command = read("usage")

    key = Key.parse(command.key)
    assert ("U0ASKER01", "1763822000", "command") == (key.channel, key.ts.partition(".")[0], key.trigger)
    assert ("usage", "C0PRACTICE", "") == (command.text, command.channel, command.why)
    assert command == SlashCommand.from_facts(command.facts())
    assert "hooks" not in repr(command)


def test_a_replay_has_the_same_key_and_another_command_another() -> None:
    """A trigger_id is never given twice."""
    assert read().key == read().key
    assert read().key != read(trigger_id="1.2.abd").key
    assert read().key != read(user_id="U0OTHER01").key


def test_an_enormous_text_is_cut() -> None:
    """No command is so long, and the rest is nobody's business."""
    assert 200 == len(read("あ" * 20_000).text)


@pytest.mark.parametrize(
    ("access", "changes", "why"),
    [
        (DEFAULT_ACCESS, {}, ""),
        (NOBODY, {}, "person"),
        (AccessRules(allow_channels={"C0OTHER"}), {}, "place"),
        (AccessRules(direct_messages=False), {"channel_id": "D0PRACTICE"}, "direct"),
        (DEFAULT_ACCESS, {"team_id": "T0STRANGER"}, "person"),
        (DEFAULT_ACCESS, {"team_id": None}, "person"),
        (AccessRules(external_users=True), {"team_id": "T0STRANGER"}, ""),
        (DEFAULT_ACCESS, {"team_id": "T0SISTER", "enterprise_id": "E0GRID"}, ""),
        (DEFAULT_ACCESS, {"team_id": "T0STRANGER", "enterprise_id": "E0OTHER"}, "person"),
    ],
)
def test_who_may_not_address_us_is_told_so(access: AccessRules, changes: dict[str, Any], why: str) -> None:
    """The job tells it, by the rule that it is."""
    assert why == read(access=access, **changes).why


@pytest.mark.parametrize(
    "body",
    [
        command_form(user_id=None),
        command_form(user_id="../U1"),
        command_form(channel_id=None),
        command_form(channel_id="c1"),
        command_form(response_url=None),
        command_form(response_url=""),
        command_form(api_app_id="A0OTHER"),
        b"ssl_check=1&token=x",
        b"a=b",
        b"{}",
    ],
)
def test_an_odd_form_is_ignored(body: bytes) -> None:
    """Nothing can be said to anybody."""
    assert isinstance(analyze(body), Ignored)


@pytest.mark.parametrize("body", [b"", "text=あ".encode(), b"&".join(b"a%d=b" % n for n in range(60))])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    """Slack sends forms alone."""
    with pytest.raises(BodyNotForm):
        analyze(body)


def test_while_we_do_not_know_ourselves_nobody_is_told_anything() -> None:
    """Slack shows that it did not work; a moment later it does."""
    with pytest.raises(IdentityUnknown):
        analyze(command_form(), who=None)


def test_a_forged_or_old_command_is_refused() -> None:
    """As every request is."""
    body, analyzer = command_form(), CommandAnalyzer(SIGNING_SECRET, who=lambda: US)

    with pytest.raises(WrongSignature):
        analyzer.analyze(signed_headers(body, NOW, "another"), body, NOW)
    with pytest.raises(StaleSignature):
        analyzer.analyze(signed_headers(body, NOW), body, NOW + 301)
