"""Ask Slack for the token (auth.test): is the address Slack's, is the token a bot's, and does the clock agree?

Sources: docs.slack.dev/reference/methods/auth.test, /authentication/tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cocoai import config
from cocoai.check.reach import CLIENT_ERRORS, clock_result, host_of, unreached
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.slack_names import names
from cocoai.check.slack_scopes import scopes
from cocoai.check.slack_server import Answer, SlackServer
from cocoai.check.target import Target
from cocoai.json_values import text_at

DEAD = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "token_revoked",
        "token_expired",
        "account_inactive",
        "not_allowed_token_type",
        "team_access_not_granted",
        "org_login_required",
        "access_denied",
        "ekm_access_denied",
        "no_permission",
    }
)
"""Slack's codes for a token that opens nothing; each has a sentence and a remedy of its own."""

_SECRET = re.compile(r"[0-9a-f]{32}")


def secret_shape(target: Target) -> Iterator[Result]:
    """Yield whether the signing secret looks like one. Whose it is cannot be asked for."""
    secret = target.settings.slack.signing_secret if target.settings else ""
    if secret:
        is_usual = _SECRET.fullmatch(secret) is not None
        facts = {"file": target.shown_file, "reload": target.reload}
        yield ok("slack.secret") if is_usual else warning("slack.secret", "shape", **facts)


def slack(target: Target) -> Iterator[Result]:
    """Yield what Slack says of the address, the token, the scopes, the clock, and of channels and people."""
    settings = target.settings
    if settings is None or not settings.slack.bot_token:
        return
    address = settings.slack.api_url
    try:
        server = SlackServer(settings, target.patience)
        answer = server.call("auth.test")
    except CLIENT_ERRORS as error:
        yield unreached("slack.reach", address, error, target)
        return
    yield ok("slack.reach", host=host_of(address))
    yield clock_result("slack.clock", server.server)
    if trouble := _address_trouble(answer, target):
        yield trouble
        return
    yield ok("slack.address", url=address)
    yield _token(answer, settings, target)
    if not answer.code:
        yield from scopes(answer.scopes, settings, target)
        yield from names(server, answer.scopes, settings, target)


def _address_trouble(answer: Answer, target: Target) -> Result | None:
    """Return what is wrong with the address, if it is not Slack's Web API that has answered."""
    assert target.settings is not None  # noqa: S101 (slack() has seen to it)
    facts = {"url": target.settings.slack.api_url, "file": target.shown_file, "reload": target.reload}
    if answer.status == 429:
        return note("slack.address", "limited")
    if answer.status >= 500:
        return warning("slack.address", "trouble", status=answer.status)
    if answer.status == 200 and "ok" in answer.reply:
        return wrong("slack.address", "no_method", **facts) if answer.code == "unknown_method" else None
    return wrong("slack.address", "no_json" if answer.status == 200 else "status", status=answer.status, **facts)


def _token(answer: Answer, settings: config.Settings, target: Target) -> Result:
    """Return what is wrong with the token, or whose it is."""
    facts = {"file": target.shown_file, "reload": target.reload, "code": answer.code}
    kind = settings.slack.bot_token.partition("-")[0]
    if answer.code == "ratelimited":
        return note("slack.token", "limited")
    if answer.code:
        if kind in ("xapp", "xoxp") and answer.code in ("invalid_auth", "not_allowed_token_type"):
            return wrong("slack.token", "kind", kind=kind, **facts)
        return wrong("slack.token", answer.code if answer.code in DEAD else "other", **facts)
    team, user = text_at(answer.reply, "team"), text_at(answer.reply, "user")
    whose = {"team": team, "team_id": text_at(answer.reply, "team_id"), "user": user}
    if not text_at(answer.reply, "bot_id"):
        return wrong("slack.token", "user", **whose, **facts)
    return ok("slack.token", "ok", **whose)
