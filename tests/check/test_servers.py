"""Each wrong answer of Slack and OpenAI, played by the practice servers: what is found, how bad, and what to type."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cocoai.check.credit import credit
from cocoai.check.look import _begun, _ended
from cocoai.check.money import prices
from cocoai.check.openai import openai
from cocoai.check.result import Level
from cocoai.check.slack import DEAD, secret_shape, slack
from cocoai.check.slack_scopes import FILES, KNOWN, VITAL
from cocoai.check.speech import speech
from cocoai.rehearsal.practice_server import PracticeServer
from cocoai.rehearsal.slack.slack_switches import DOCUMENT_SCOPES, SCOPES
from cocoai.rehearsal.wrong import wrong_things
from cocoai.up import etc
from tests.check.desk import Desk, found
from tests.processes import free_port

DAY = 86_400.0

Settings = Mapping[str, Mapping[str, str]]


HEARS: Settings = {"speech": {"use": "model"}}
"""The settings with which a model hears sounds."""


def day_in(days: float) -> str:
    """Return a day as OpenAI writes it."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * DAY))


@dataclass(frozen=True)
class Row:
    """What is wrong (switches of the servers, settings), and what is found: part, case, level, a part of the remedy."""

    part: str
    case: str
    level: Level
    remedy: str
    slack: Mapping[str, Any] = field(default_factory=dict)
    openai: Mapping[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.part}-{self.case}"


def scope_row(scope: str) -> Row:
    """Return the row of a scope that is missing."""
    level: Level = "wrong" if scope in VITAL else "warning"
    return Row(
        "slack.scopes",
        scope.replace(":", "_"),
        level,
        f"Add an OAuth Scope: {scope}",
        slack={"scopes": SCOPES - {scope}},
    )


def document_scope_row(scope: str, case: str, level: Level) -> Row:
    """Return the row of a scope that is missing where the files of a channel are documents."""
    scopes = (SCOPES | DOCUMENT_SCOPES) - {scope}
    settings = {"documents": {"channels": "C0PRACTICE"}}
    return Row("slack.scopes", case, level, f"Add an OAuth Scope: {scope}", {"scopes": scopes}, settings=settings)


def document_channel_row(channel: str, case: str, level: Level, remedy: str) -> Row:
    """Return the row of a channel whose files are to be documents."""
    settings = {"documents": {"channels": channel}}
    return Row("slack.document_channels", case, level, remedy, {"scopes": SCOPES | DOCUMENT_SCOPES}, settings=settings)


READS = SCOPES | {"channels:read", "groups:read"}
REINSTALL = "Reinstall to Workspace"
TOKEN_AGAIN = "copy the Bot User OAuth Token"

ROWS = [
    # the token
    *(
        Row("slack.token", code, "wrong", "", slack={"dead_token": code})
        for code in sorted(DEAD - {"invalid_auth", "token_revoked", "account_inactive", "token_expired"})
    ),
    Row("slack.token", "invalid_auth", "wrong", TOKEN_AGAIN, slack={"dead_token": "invalid_auth"}),
    Row("slack.token", "token_revoked", "wrong", REINSTALL, slack={"dead_token": "token_revoked"}),
    Row("slack.token", "account_inactive", "wrong", REINSTALL, slack={"dead_token": "account_inactive"}),
    Row("slack.token", "token_expired", "wrong", "without token rotation", slack={"dead_token": "token_expired"}),
    Row("slack.token", "other", "wrong", REINSTALL, slack={"dead_token": "a_new_code"}),
    Row("slack.token", "invalid_auth", "wrong", TOKEN_AGAIN, settings={"slack": {"bot_token": "xoxb-wrong"}}),
    Row("slack.token", "kind", "wrong", TOKEN_AGAIN, settings={"slack": {"bot_token": "xapp-1-wrong"}}),
    Row("slack.token", "kind", "wrong", TOKEN_AGAIN, settings={"slack": {"bot_token": "xoxp-wrong"}}),
    Row("slack.token", "user", "wrong", TOKEN_AGAIN, slack={"token_kind": "user"}),
    # the address
    Row("slack.address", "status", "wrong", "api_url = https://slack.com/api/", slack={"front": 405}),
    Row("slack.address", "status", "wrong", "api_url = https://slack.com/api/", slack={"front": 404}),
    Row("slack.address", "no_json", "wrong", "api_url = https://slack.com/api/", slack={"front": 200}),
    # the clock
    Row("slack.clock", "behind", "wrong", "timedatectl set-ntp true", slack={"clock_shift": 400.0}),
    Row("slack.clock", "ahead", "warning", "timedatectl set-ntp true", slack={"clock_shift": -100.0}),
    Row("openai.clock", "ahead", "wrong", "timedatectl set-ntp true", openai={"clock_shift": -400.0}),
    Row("openai.clock", "behind", "warning", "timedatectl set-ntp true", openai={"clock_shift": 100.0}),
    # scopes
    *map(scope_row, sorted(KNOWN - {FILES, *etc.DOCUMENTS})),
    document_scope_row("pins:read", "pins_read", "wrong"),
    document_scope_row("channels:read", "channels_read", "warning"),
    document_scope_row("groups:read", "groups_read", "warning"),
    document_scope_row("files:read", "files_read_documents", "wrong"),
    # channels and people
    Row("slack.membership", "scope", "note", ""),
    Row("slack.membership", "ok", "ok", "", slack={"scopes": READS}),
    Row(
        "slack.allow_channels",
        "unknown",
        "wrong",
        "Take it out of [slack] allow_channels",
        slack={"scopes": READS},
        settings={"slack": {"allow_channels": "C0NOWHERE"}},
    ),
    Row(
        "slack.allow_channels",
        "outside",
        "warning",
        "/invite @CocoAI",
        slack={"scopes": READS},
        settings={"slack": {"allow_channels": "C0OUTSIDE"}},
    ),
    Row(
        "slack.allow_channels",
        "archived",
        "warning",
        "Take it out",
        slack={"scopes": READS},
        settings={"slack": {"allow_channels": "C0ARCHIVED"}},
    ),
    Row("slack.allow_channels", "scope", "note", "", settings={"slack": {"allow_channels": "C0PRACTICE"}}),
    document_channel_row("C0PRACTICE", "ok", "ok", ""),
    document_channel_row("C0NOWHERE", "unknown", "wrong", "Take it out of [documents] channels"),
    document_channel_row("C0OUTSIDE", "outside", "warning", "/invite @CocoAI"),
    document_channel_row("C0ARCHIVED", "archived", "warning", "Take it out of [documents] channels"),
    Row("slack.document_channels", "scope", "note", "", settings={"documents": {"channels": "C0PRACTICE"}}),
    Row("slack.allow_users", "unknown", "wrong", "Copy member ID", settings={"slack": {"allow_users": "U0NOBODY"}}),
    Row("slack.allow_users", "ok", "ok", "", settings={"slack": {"allow_users": "U0ASKER01"}}),
    Row(
        "slack.allow_users",
        "scope",
        "note",
        "",
        slack={"scopes": SCOPES - {"users:read"}},
        settings={"slack": {"allow_users": "U0ASKER01"}},
    ),
    # OpenAI
    Row("openai.key", "refused", "wrong", "Create new secret key", openai={"dead_key": True}),
    Row("openai.key", "refused", "wrong", "api_key", settings={"openai": {"api_key": "sk-wrong-one"}}),
    Row("openai.model", "gone", "wrong", "Choose one", openai={"gone": frozenset({"gpt-6-luna"})}),
    Row("openai.model", "near", "warning", "Choose one", openai={"shutdown_dates": {"gpt-6-luna": day_in(30)}}),
    Row("openai.model", "past", "wrong", "Choose one", openai={"shutdown_dates": {"gpt-6-luna": day_in(-3)}}),
    Row("openai.model", "later", "ok", "", openai={"shutdown_dates": {"gpt-6-luna": day_in(200)}}),
    Row("openai.model", "not_listed", "warning", "Choose one", openai={"model_pages": False, "gone": {"gpt-6-luna"}}),
    Row("openai.address", "no_json", "wrong", "base_url", openai={"front": 200}),
    Row("openai.address", "trouble", "warning", "status.openai.com", openai={"front": 502}),
    Row("openai.speech", "ok", "ok", "", settings=HEARS),
    Row("openai.speech", "no_path", "wrong", "[speech] use = slack", openai={"hears": False}, settings=HEARS),
    Row("openai.speech", "unanswered", "note", "", openai={"dead_key": True}, settings=HEARS),
    Row(
        "openai.speech",
        "no_files",
        "warning",
        "attachments_mib",
        settings={**HEARS, "answer": {"attachments_mib": "0"}},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_wrong_answer_is_found_with_its_remedy(desk: Desk, row: Row) -> None:
    """The part, the case and the level are right, and the remedy names what to type or click."""
    for switches, changes in ((desk.slack.switches, row.slack), (desk.openai.switches, row.openai)):
        for name, value in changes.items():
            setattr(switches, name, value)

    checks = {"openai.speech": speech}
    check = checks.get(row.part, openai if row.part.startswith("openai") else slack)
    results = list(check(desk.target(row.settings)))

    (finding,) = found(results, row.part)
    assert (row.case, row.level) == (finding.case, finding.level)
    assert row.remedy in finding.remedy
    assert bool(finding.remedy) or finding.level in ("ok", "note")


def test_everything_right_has_only_what_is_right(desk: Desk) -> None:
    """With all scopes nothing is left to say, and each server is asked a few times at most."""
    desk.slack.switches.scopes = READS
    before = len(desk.slack.calls), len(desk.openai.requests)
    target = desk.target({"slack": {"allow_channels": "C0PRACTICE", "allow_users": "U0ASKER01 U0ASKER02"}})

    results = [*slack(target), *openai(target), *secret_shape(target)]

    assert {"ok"} == {each.level for each in results}
    assert {"slack.token", "slack.scopes", "slack.membership", "slack.clock", "openai.key", "openai.model"} <= {
        each.part for each in results
    }
    assert (5, 1) == (len(desk.slack.calls) - before[0], len(desk.openai.requests) - before[1])


def test_a_model_that_hears_is_asked_for_like_the_others(desk: Desk) -> None:
    """It is looked up where it is used, and only there; a price of its own is wanted for it."""
    desk.openai.switches.gone = frozenset({"gpt-transcribe"})
    gone = found(openai(desk.target(HEARS)), "openai.model")
    unused = found(openai(desk.target()), "openai.model")
    model = {"speech": {"use": "model", "model": "own-ears"}}
    priced = {**model, "prices": {"own-ears": "0.001/minute"}}

    assert ["ok", "gone"] == [each.case for each in gone]
    assert ["ok"] == [each.case for each in unused]
    assert "unknown_sound" in [each.case for each in found(prices(desk.target(model)), "prices")]
    assert "unknown_sound" not in [each.case for each in found(prices(desk.target(priced)), "prices")]


def test_the_team_is_named(desk: Desk) -> None:
    """An operator sees whose workspace the token opens."""
    (finding,) = found(slack(desk.target()), "slack.token")

    assert "bot cocoai in Practice (T0PRACTICE)" == finding.found


def drawing(**changes: str) -> dict[str, dict[str, str]]:
    """Return settings with which pictures are drawn."""
    return {"images": {"use": "on", **changes}}


def test_a_model_that_draws_is_asked_for_like_the_others(desk: Desk) -> None:
    """It is looked up where it is used, and only there."""
    desk.openai.switches.gone = frozenset({"gpt-image-2.6-flare"})

    assert ["ok", "gone"] == [each.case for each in found(openai(desk.target(drawing())), "openai.model")]
    assert ["ok"] == [each.case for each in found(openai(desk.target()), "openai.model")]


@pytest.mark.parametrize(
    ("settings", "case"),
    [
        (drawing(), "ok"),
        (drawing(model="dall-e-4"), "unknown_picture"),
        (drawing(model="dall-e-4") | {"prices": {"dall-e-4": "5/1.25/8/2/30"}}, "ok"),
        (drawing(model="gpt-image-2", quality="max"), "no_quality"),
        ({"images": {"use": "off", "model": "dall-e-4"}}, "ok"),
    ],
)
def test_a_picture_needs_a_price(desk: Desk, settings: dict[str, dict[str, str]], case: str) -> None:
    """Without one none is drawn, since nobody could say what it may cost."""
    results = found(prices(desk.target(settings)), "prices")

    assert case in [each.case for each in results]
    assert (case == "ok") == all(each.level == "ok" for each in results)


@pytest.mark.parametrize(
    ("settings", "case", "level"),
    [
        ({"images": {"use": "on"}}, "files_write", "wrong"),
        ({}, "files_write_words", "warning"),
        ({"speech": {"use": "off"}}, "ok", "ok"),
        ({"answer": {"attachments_mib": "0"}}, "ok", "ok"),
    ],
)
def test_files_that_are_sent_need_a_scope(
    desk: Desk, settings: dict[str, dict[str, str]], case: str, level: str
) -> None:
    """Without it no picture is drawn, and the words of a long sound come as messages."""
    desk.slack.switches.scopes = SCOPES - {"files:write"}

    (finding,) = found(slack(desk.target(settings)), "slack.scopes")
    assert (case, level) == (finding.case, finding.level)


def test_what_is_switched_off_needs_no_scope(desk: Desk) -> None:
    """Without attachments files:read is not missed, without direct messages im:history is not."""
    desk.slack.switches.scopes = SCOPES - {"files:read", "im:history"}

    results = slack(desk.target({"answer": {"attachments_mib": "0"}, "slack": {"direct_messages": "off"}}))

    assert ["ok"] == [each.level for each in results if each.part == "slack.scopes"]


def test_a_method_that_does_not_exist_means_a_wrong_path(desk: Desk) -> None:
    """Slack's own unknown_method comes from a path that is nearly right."""
    api_url = f"{desk.slack.url}/api/v2/"

    (finding,) = found(slack(desk.target({"slack": {"api_url": api_url}})), "slack.address")

    assert ("no_method", "wrong") == (finding.case, finding.level)
    assert "api_url = https://slack.com/api/" in finding.remedy


@pytest.mark.parametrize("path", ["", "/v2"])
def test_a_wrong_path_of_openai_is_no_missing_model(desk: Desk, path: str) -> None:
    """The code unknown_url says that the address is wrong, and not the model."""
    (finding,) = found(openai(desk.target({"openai": {"base_url": desk.openai.url + path}})), "openai.address")

    assert ("no_path", "wrong") == (finding.case, finding.level)
    assert "base_url = https://api.openai.com/v1" in finding.remedy


def test_every_model_of_the_settings_is_asked_for(desk: Desk) -> None:
    """Those of prefixes and channels too; of many the list tells, in one request."""
    few = {"models": {"deep": "gpt-6-sol"}, "channel C0PRACTICE": {"model": "gpt-nowhere"}}
    many = {"models": {f"m{n}": model for n, model in enumerate(["gpt-5.5", "gpt-5.1", "gpt-4o", "gpt-6-sol", "no"])}}

    cases = [(each.values["model"], each.case) for each in openai(desk.target(few)) if each.part == "openai.model"]
    before = len(desk.openai.requests)
    listed = [(each.values["model"], each.case) for each in openai(desk.target(many)) if each.part == "openai.model"]

    assert [("gpt-6-luna", "ok"), ("gpt-6-sol", "ok"), ("gpt-nowhere", "gone")] == cases
    assert ["gpt-6-luna", "gpt-5.5", "gpt-5.1", "gpt-4o", "gpt-6-sol", "no"] == [model for model, _ in listed]
    assert "not_listed" == dict(listed)["no"]
    assert 1 == len(desk.openai.requests) - before


def test_a_server_without_a_list_of_models_is_only_told(desk: Desk) -> None:
    """A compatible server need not have it: a note says that a question may be tried."""
    desk.openai.switches.model_pages = desk.openai.switches.model_list = False

    (finding,) = found(openai(desk.target()), "openai.model")

    assert ("no_list", "note") == (finding.case, finding.level)
    assert "--ask" in finding.found


def test_a_page_in_place_of_every_path_is_a_warning(desk: Desk) -> None:
    """A server without lists says so in JSON; a page on both paths is hardly an API's."""
    desk.openai.switches.front = 404

    (finding,) = found(openai(desk.target()), "openai.address")

    assert ("no_path", "warning") == (finding.case, finding.level)
    assert "base_url" in finding.remedy


@pytest.fixture(scope="module")
def plain() -> Iterator[PracticeServer]:
    """Start a server that speaks no TLS."""
    with PracticeServer() as server:
        yield server


@pytest.mark.parametrize(("part", "section", "key"), [("slack", "slack", "api_url"), ("openai", "openai", "base_url")])
@pytest.mark.parametrize(
    ("address", "case"),
    [
        ("https://127.0.0.1:{closed}/api/", "refused"),
        ("https://nowhere.invalid/api/", "dns"),
        ("{plain}", "tls"),
        ("{untrusted}", "tls_chain"),
    ],
)
def test_a_server_that_cannot_be_reached(
    desk: Desk, plain: PracticeServer, part: str, section: str, key: str, address: str, case: str
) -> None:
    """The port refuses, the name does not resolve, TLS is not spoken, the authority is unknown: each by its name."""
    values: dict[str, dict[str, str]] = {section: {}}
    if address == "{untrusted}":
        values["network"] = {"ca_file": ""}
    else:
        closed = free_port()
        values[section][key] = address.format(closed=closed, plain=f"https://127.0.0.1:{plain.port}/")

    results = list((slack if part == "slack" else openai)(desk.target(values)))

    assert [f"{part}.reach"] == [each.part for each in results]
    (finding,) = found(results, f"{part}.reach")
    assert (case, "wrong") == (finding.case, finding.level)
    assert finding.remedy


def test_a_proxy_that_is_away_is_named_without_its_password(desk: Desk) -> None:
    """The proxy is used for servers elsewhere only, and its password is in no sentence."""
    proxy = f"http://operator:proxy-password@127.0.0.1:{free_port()}"
    values = {"network": {"proxy": proxy}, "slack": {"api_url": "https://slack.invalid/api/"}}

    (finding,) = found(slack(desk.target(values)), "slack.reach")

    assert ("proxy", "wrong") == (finding.case, finding.level)
    assert "[network] proxy" in finding.remedy
    assert "proxy-password" not in repr(finding)


@pytest.mark.parametrize(("secret", "case"), [("0" * 32, "ok"), ("practice-signing-secret", "shape")])
def test_the_signing_secret_has_a_shape(desk: Desk, secret: str, case: str) -> None:
    """Another shape is a warning only, since Slack documents none; the secret is not shown."""
    (finding,) = found(secret_shape(desk.target({"slack": {"signing_secret": secret}})), "slack.secret")

    assert case == finding.case
    assert secret not in repr(finding)


def test_credit_is_asked_for_by_one_short_question(desk: Desk) -> None:
    """The answer has 16 tokens at most, and what it cost is said."""
    before = len(desk.openai.requests)

    (finding,) = found(credit(desk.target()), "openai.credit")

    (request,) = desk.openai.requests[before:]
    assert 16 == request.body["max_completion_tokens"]
    assert ("ok", "ok") == (finding.case, finding.level)
    assert "$0.0000" in finding.found


@pytest.mark.parametrize(
    ("switches", "settings", "case", "level"),
    [
        ({"credit": False}, {}, "none", "wrong"),
        ({"dead_key": True}, {}, "refused", "wrong"),
        ({}, {"budget": {"monthly_usd": "0"}}, "no_budget", "note"),
    ],
)
def test_credit_that_is_not_there(
    desk: Desk, switches: Mapping[str, Any], settings: Settings, case: str, level: str
) -> None:
    """No credit, a dead key, and a budget of nothing, with which nothing is asked."""
    for name, value in switches.items():
        setattr(desk.openai.switches, name, value)

    (finding,) = found(credit(desk.target(settings)), "openai.credit")

    assert (case, level) == (finding.case, finding.level)


@pytest.mark.parametrize("name", wrong_things())
def test_what_a_rehearsal_can_play_is_found(desk: Desk, name: str) -> None:
    """Each wrong thing of `cocoai rehearse --wrong` is a warning or wrong; lost credit shows by --ask."""
    thing = wrong_things()[name]
    for switches, changes in ((desk.slack.switches, thing.slack), (desk.openai.switches, thing.openai)):
        for key, value in changes.items():
            setattr(switches, key, value)
    target = desk.target()

    levels = {each.level for each in (*slack(target), *openai(target), *credit(target))}

    assert levels & {"warning", "wrong"}


def test_a_server_that_hangs_holds_up_nobody(desk: Desk) -> None:
    """What has no answer when the time is over is said; if nothing had come yet, it is wrong."""
    desk.slack.switches.latency = 3.0
    target = desk.target()

    (late,) = _ended(_begun({"slack.reach": lambda: slack(target)}), time.monotonic() + 0.2, 0.2)

    assert ("check", "late", "wrong") == (late.part, late.case, late.level)
