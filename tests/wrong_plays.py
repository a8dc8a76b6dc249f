"""How each wrong setting is played on a stage, and how people ask while it is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.rehearsal.wrong import wrong_things
from tests.http_client import request
from tests.processes import free_port
from tests.wrong_stage import Stage

Play = Callable[[Stage], AbstractContextManager[None]]
"""Makes something wrong on a stage until the context ends."""

QUESTION = "<@U0COCOAI> これは何ですか"

KNOWN, KNOWN_DIRECT = "U0ASKER01", "U0ASKER04"
"""People whom the settings of some rows name; the second one writes to the bot alone."""

READS = SCOPES | {"channels:read", "groups:read"}
"""The scopes with which Slack tells in which channels the app is."""


@contextmanager
def turned(switches: Any, changes: Mapping[str, Any]) -> Iterator[None]:
    """Turn switches of a practice server, and turn them back when the context ends."""
    before = {name: getattr(switches, name) for name in changes}
    try:
        for name, value in changes.items():
            setattr(switches, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(switches, name, value)


def rehearsed(name: str) -> Play:
    """Return how a thing of `cocoai rehearse --wrong` is played."""
    thing = wrong_things()[name]

    @contextmanager
    def play(stage: Stage) -> Iterator[None]:
        with turned(stage.built.slack.switches, thing.slack), turned(stage.built.openai.switches, thing.openai):
            yield

    return play


def with_slack(**changes: Any) -> Play:
    """Return how switches of the practice Slack are turned."""
    return lambda stage: turned(stage.built.slack.switches, changes)


def with_openai(**changes: Any) -> Play:
    """Return how switches of the practice OpenAI are turned."""
    return lambda stage: turned(stage.built.openai.switches, changes)


@contextmanager
def slack_away(stage: Stage) -> Iterator[None]:
    """Let Slack hang up on every call."""
    stage.built.slack.fail("*", SlackFault("gone"), times=100_000)
    yield
    stage.built.slack.clear_faults()


@contextmanager
def open_settings(stage: Stage) -> Iterator[None]:
    """Let everybody read the settings file."""
    stage.file.chmod(0o644)
    yield
    stage.file.chmod(0o600)


@contextmanager
def faulty_settings(stage: Stage) -> Iterator[None]:
    """Let the pool be told to take over settings that nobody can read."""
    stage.write({"pool": {"slots": "many"}})
    stage.hang_up()
    yield
    stage.write(stage.settings)


@contextmanager
def no_socket(stage: Stage) -> Iterator[None]:
    """Take the pool's socket away from nginx."""
    path = stage.built.var / "run/cocoai.sock"
    path.rename(path.with_suffix(".away"))
    yield
    path.with_suffix(".away").rename(path)


@contextmanager
def at(stage: Stage, url: str, ca_file: str | None) -> Iterator[None]:
    """Let Slack look for the pool at another address, as if the name or the port led there."""
    stage.url = url
    stage.built.slack.subscribe(
        f"{url}/slack/events", f"{url}/slack/interactions", f"{url}/slack/commands", ca_file=ca_file
    )
    yield
    stage.url = ""
    stage.come_back()


def closed_port(stage: Stage) -> AbstractContextManager[None]:
    """Let nobody listen at the public address."""
    return at(stage, f"https://localhost:{free_port()}", stage.door.ca_file)


def another_name(stage: Stage) -> AbstractContextManager[None]:
    """Let the public name be one that nginx has no site for."""
    return at(stage, f"https://127.0.0.1:{stage.door.port}", stage.door.ca_file)


@contextmanager
def in_no_channel(stage: Stage) -> Iterator[None]:
    """Let the app be in no channel; it has the scopes by which that can be asked."""
    workspace = stage.built.slack.workspace
    before = dict(workspace.channels)
    workspace.channels.update({name: replace(each, is_member=False) for name, each in before.items()})
    with turned(stage.built.slack.switches, {"scopes": READS}):
        yield
    workspace.channels.update(before)


# how people ask


def ask(stage: Stage) -> Message:
    """Mention the bot in a channel, as a person who has asked nothing before."""
    return stage.built.slack.say(stage.new_person(), QUESTION)


def ask_as_known(stage: Stage) -> Message:
    """Mention the bot in a channel, as a person whom the settings name."""
    return stage.built.slack.say(KNOWN, QUESTION)


def ask_in_thread(stage: Stage) -> Message:
    """Ask on in the thread of an earlier question: its history is read."""
    return stage.built.slack.say(stage.new_person(), QUESTION, thread_ts=stage.thread.ts)


def ask_for_a_file(stage: Stage) -> Message:
    """Ask about a file."""
    notes = PracticeFile("notes.txt", "text/plain", "議事録".encode())
    return stage.built.slack.share(stage.new_person(), QUESTION, [notes])


def ask_for_a_picture(stage: Stage) -> Message:
    """Have a picture drawn."""
    return stage.built.slack.say(stage.new_person(), "<@U0COCOAI> 猫の絵を描いて")


def ask_of_a_person(stage: Stage) -> Message:
    """Name another person, whose name is looked up."""
    return stage.built.slack.say(stage.new_person(), f"{QUESTION} <@{stage.new_person()}>")


def ask_in_direct(stage: Stage) -> Message:
    """Write to the bot alone."""
    return stage.built.slack.say(KNOWN_DIRECT, "これは何ですか", channel="D0THIRD")


def forged(stage: Stage) -> Message:
    """Ask; the event is signed with another app's secret."""
    return _by_hand(stage, secret="another-app-s-secret")


def from_another_time(stage: Stage) -> Message:
    """Ask; the event is signed at the time of Slack's clock, which is ahead of ours."""
    return _by_hand(stage, at=time.time() + stage.built.slack.switches.clock_shift)


def _by_hand(stage: Stage, **signed: Any) -> Message:
    """Ask, and post the event with this signature."""
    slack = stage.built.slack
    slack.unsubscribe()
    before = len(slack.payloads)
    question = ask(stage)
    body = json.dumps(slack.payloads[before]).encode()
    stage.come_back()
    request(stage.built.address, "POST", "/slack/events", body, slack.signed(body, **signed))
    return question


def ask_with_a_flag(stage: Stage) -> Message:
    """Put a flag under a message of somebody else's; return that message."""
    message = stage.built.slack.say("U0ASKER02", "Hello everybody.")
    stage.built.slack.react(KNOWN, message.ts, "jp")
    return message


def ask_by_command(stage: Stage) -> Message:
    """Type the slash command behind a message of somebody else's; return that message."""
    message = stage.built.slack.say("U0ASKER02", "Hello everybody.")
    stage.built.slack.command(KNOWN, "help")
    return message
