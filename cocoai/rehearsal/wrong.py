"""What can be wrong with Slack or OpenAI, to be played by the practice servers: `cocoai rehearse --wrong NAME`.

Each turns switches of the practice servers. The first conversation is held before, so that the setup is known to work;
after it an asker at the page sees what silence or which apology it costs, and `cocoai check` what is said to operators.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cocoai.errors import CocoAIError
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.slack.slack_switches import SlackSwitches

DAY = 86_400.0

MODEL = "gpt-6-luna"
"""The model that the settings of a rehearsal name."""


@dataclass(frozen=True)
class WrongThing:
    """One wrong thing: a sentence on it, and the switches that play it, by name, of either server."""

    sentence: str
    slack: Mapping[str, Any]
    openai: Mapping[str, Any]


def _day_in(days: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * DAY))


def _slack(sentence: str, **switches: Any) -> WrongThing:
    return WrongThing(sentence, switches, {})


def _openai(sentence: str, **switches: Any) -> WrongThing:
    return WrongThing(sentence, {}, switches)


def wrong_things() -> dict[str, WrongThing]:
    """Return each wrong thing by its name."""
    scopes = SlackSwitches().scopes
    return {
        "invalid-token": _slack("Slack does not know the bot token", dead_token="invalid_auth"),
        "revoked-token": _slack("the bot token was revoked", dead_token="token_revoked"),
        "expired-token": _slack("the bot token has expired", dead_token="token_expired"),
        "inactive-account": _slack("the app was removed from the workspace", dead_token="account_inactive"),
        "user-token": _slack("the token is a person's, and not the bot's", token_kind="user"),
        "no-chat-write": _slack("the scope chat:write is missing", scopes=scopes - {"chat:write"}),
        "no-history": _slack("the scope channels:history is missing", scopes=scopes - {"channels:history"}),
        "no-files": _slack("the scope files:read is missing", scopes=scopes - {"files:read"}),
        "no-reactions": _slack("the scope reactions:write is missing", scopes=scopes - {"reactions:write"}),
        "slack-405": _slack("api_url has a wrong path: Slack's front answers 405", front=405),
        "slack-page": _slack("api_url has a wrong path: Slack's front answers with a page", front=200),
        "slack-clock": _slack("this machine's clock is 10 minutes behind Slack's", clock_shift=600.0),
        "invalid-key": _openai("OpenAI refuses the key", dead_key=True),
        "no-credit": _openai("there is no credit left at OpenAI", credit=False),
        "model-gone": _openai("the model does not exist any more", gone=frozenset({MODEL})),
        "model-ends": _openai("the model is shut down in 30 days", shutdown_dates={MODEL: _day_in(30)}),
        "model-ended": _openai("the model's shutdown date is past", shutdown_dates={MODEL: _day_in(-3)}),
        "openai-404": _openai("base_url has a wrong path: a page answers 404", front=404),
        "openai-page": _openai("base_url leads to another site's page", front=200),
        "openai-clock": _openai("this machine's clock is 2 minutes ahead of OpenAI's", clock_shift=-120.0),
    }


def find(names: Sequence[str]) -> list[WrongThing]:
    """Return the wrong things of these names. Raise CocoAIError if one is unknown."""
    known = wrong_things()
    for name in names:
        if name not in known:
            raise CocoAIError(f"--wrong {name}: there is no such thing; `--wrong list` names all")
    return [known[name] for name in names]


def listed() -> Iterator[str]:
    """Yield a line for each wrong thing: its name and its sentence."""
    things = wrong_things()
    width = max(map(len, things))
    for name, thing in things.items():
        yield f"{name:{width}}  {thing.sentence}"


def play(
    things: Sequence[WrongThing],
    slack: SlackSwitches,
    openai: OpenAISwitches | None,
    print_line: Callable[[str], None],
    config: str,
) -> None:
    """Turn the switches of each thing, say so, and how to look; `config` is the settings file of the rehearsal.

    Raise CocoAIError if one is OpenAI's, and `openai` None: the real one plays nothing.
    """
    for thing in things:
        for name, value in thing.slack.items():
            setattr(slack, name, value)
        if thing.openai and openai is None:
            raise CocoAIError("--wrong: the real OpenAI plays nothing; leave out --openai")
        for name, value in thing.openai.items():
            setattr(openai, name, value)
        print_line(f"From now on: {thing.sentence}.")
    print_line(f"What an operator reads: cocoai check --config {config}")
