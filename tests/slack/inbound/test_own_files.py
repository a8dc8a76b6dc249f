"""slack/inbound/ with the event of a file that we uploaded ourselves: in none of its forms is it a question.

If it were one, we would answer our own picture, for ever. The events are those that the practice Slack sends.
"""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from cocoai.rehearsal.slack.json_shapes import envelope, message_event, message_json
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.workspace import Workspace
from cocoai.slack.inbound.events import ASIDE
from cocoai.slack.inbound.raw_event import is_change, unaddressed_place
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored, Question
from tests.slack.inbound.test_events import US, KnownThreads, analyze_bytes

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

Form = Literal["user", "bot_id", ""]
PLACES = ["C0PRACTICE", "G0PRIVATE", "D0PRACTICE", "C0SHARED"]


def echo(form: Form, channel: str, *, in_thread: bool, author: str = US.user_id, text: str = "") -> dict[str, Any]:
    """Return the payload of the event of a message with a file; `form` "" is that of a person's message."""
    workspace = Workspace(lambda: 1_763_822_000.0)
    parent = workspace.post(channel, "U0ASKER01", "<@U0COCOAI> draw a cat")
    file = workspace.add_file(PracticeFile("cat.png", "image/png", b"x", fields={"title": "for <@U0COCOAI>"}), author)
    more: dict[str, Any] = {"thread_ts": parent.ts if in_thread else None, "subtype": "file_share"}
    message = workspace.post(channel, author, text, files=(file,), upload=form, **more)
    place = workspace.channels[channel]
    event = message_event(message, place, message_json(workspace, message))
    return envelope(event, place, workspace.installation, 1_763_822_000)


def bodies(payload: dict[str, Any]) -> list[bytes]:
    """Return a payload in bytes: as Slack writes it, and with blanks, of which nothing is told without parsing."""
    return [json.dumps(payload, separators=(",", ":")).encode(), json.dumps(payload).encode()]


@pytest.mark.parametrize("follow_ups", ["asker", "answered", "mention"])
@pytest.mark.parametrize("is_ours", [True, False], ids=["our thread", "another thread"])
@pytest.mark.parametrize("in_thread", [True, False], ids=["reply", "in the channel"])
@pytest.mark.parametrize("channel", PLACES)
@pytest.mark.parametrize("form", ["user", "bot_id"])
def test_our_own_file_is_ignored(form: Form, channel: str, in_thread: bool, is_ours: bool, follow_ups: str) -> None:
    """Whichever of our ids its message names, wherever it stands, by its bytes and by its JSON."""
    payload = echo(form, channel, in_thread=in_thread)
    event = payload["event"]
    known = KnownThreads((channel, event.get("thread_ts") or event["ts"]), (channel, "")) if is_ours else KnownThreads()
    outcomes = [analyze_bytes(body, mark_of=known, follow_ups=follow_ups) for body in bodies(payload)]
    expected = "by ourselves" if form == "user" else "by a bot"

    assert ({"user"} if form == "user" else {"bot_id"}) == {"user", "bot_id"} & {key for key in event if event[key]}
    assert Ignored(expected) == outcomes[1]
    assert outcomes[0] in (Ignored(expected), ASIDE)


@pytest.mark.parametrize("channel", PLACES)
def test_the_same_file_of_a_person_is_a_question(channel: str) -> None:
    """In a thread of ours, so that it is the author that makes the difference."""
    payload = echo("", channel, in_thread=True, author="U0ASKER01", text="and this?")
    known = KnownThreads((channel, payload["event"]["thread_ts"]))

    for body in bodies(payload):
        assert isinstance(analyze_bytes(body, mark_of=known), Question)


@pytest.mark.parametrize("form", ["user", "bot_id"])
def test_our_own_file_is_ignored_before_we_know_who_we_are(form: Form) -> None:
    """In a direct message, where everything is a question, the payload says who we are, or that it is by a bot."""
    for body in bodies(echo(form, "D0PRACTICE", in_thread=True)):
        assert isinstance(analyze_bytes(body, None), Ignored)


@pytest.mark.parametrize(
    ("form", "channel", "is_stub", "is_told"),
    [
        ("user", "C0PRACTICE", False, False),  # our id is in it: only the parser can tell that it is no mention
        ("user", "C0PRACTICE", True, False),
        ("bot_id", "C0PRACTICE", False, False),  # our id is in it as the file's owner
        ("bot_id", "C0PRACTICE", True, True),  # the file is an id alone, as another organisation's is
        ("bot_id", "D0PRACTICE", True, False),
    ],
)
def test_what_the_bytes_of_our_own_file_tell(form: Form, channel: str, is_stub: bool, is_told: bool) -> None:
    """Where our id is nowhere in them, the message is known as one that does not mention us, with its thread."""
    payload = echo(form, channel, in_thread=True)
    event = payload["event"]
    event["files"] = [{"id": each["id"]} for each in event["files"]] if is_stub else event["files"]
    body = bodies(payload)[0]

    assert ((channel, event["thread_ts"]) if is_told else None) == unaddressed_place(body, US.user_id)
    assert not is_change(body)


def test_another_apps_file_is_ignored_too() -> None:
    """A bot that we do not know uploads a file into our thread: an answer to a bot could go on for ever."""
    us = Identity("T0PRACTICE", "U0SOMEBODY", "B0SOMEBODY")
    payload = echo("bot_id", "C0PRACTICE", in_thread=True)
    known = KnownThreads(("C0PRACTICE", payload["event"]["thread_ts"]))

    for body in bodies(payload):
        assert Ignored("by a bot") == analyze_bytes(body, us, mark_of=known)
