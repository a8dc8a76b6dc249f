"""Shared files: their events, their details, and their download or the login page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from slack_sdk import WebClient

from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SCOPES, SlackSwitches
from cocoai.rehearsal.slack.workspace import Person
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.refusals import refusal

PNG = PracticeFile("図 1.PNG", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
NOTE = PracticeFile("note.txt", "text/plain", b"hello")
AUTHORIZED = {"Authorization": "Bearer xoxb-practice"}
FORBIDDEN = SCOPES - {"files:read"}
Get = Callable[..., requests.Response]


@pytest.fixture
def delivering(bot: Bot) -> Iterator[PracticeSlack]:
    """Start a practice Slack that delivers its events to the bot."""
    with PracticeSlack(request_url=bot.url, switches=SlackSwitches(retry_waits=(), timeout=60)) as slack:
        yield slack


@pytest.fixture
def get(slack: PracticeSlack, session: requests.Session) -> Get:
    """Return a function that fetches a URL of the practice Slack without following redirects."""

    def fetch(url: str, **headers: str) -> requests.Response:
        return session.get(url, headers=headers, allow_redirects=False)

    return fetch


def shared(slack: PracticeSlack, *files: PracticeFile) -> list[dict[str, Any]]:
    """Share files, and return their JSON from the message's event."""
    slack.share("U0ASKER01", "look", files)
    written: list[dict[str, Any]] = slack.payloads[-1]["event"]["files"]
    return written


# Events


def test_file_share_event(delivering: PracticeSlack, bot: Bot) -> None:
    """A shared file is delivered with subtype file_share and all its details, without its content."""
    message = delivering.share("U0ASKER01", "<@U0COCOAI> what is this?", [PNG, NOTE])
    delivering.wait_for_deliveries()
    mention, event = bot.events
    image, note = event["files"]

    assert ("message", "file_share", "channel", message.ts) == tuple(
        event[name] for name in ("type", "subtype", "channel_type", "ts")
    )
    assert ("app_mention", event["files"]) == (mention["type"], mention["files"])
    assert (message.files[0].id, "図 1.PNG", "image/png", "png", 264, "hosted", "visible") == tuple(
        image[name] for name in ("id", "name", "mimetype", "filetype", "size", "mode", "file_access")
    )
    assert ("note.txt", 5, "U0ASKER01", int(float(message.ts))) == tuple(
        note[name] for name in ("title", "size", "user", "created")
    )
    assert image["url_private_download"].endswith(f"/files-pri/T0PRACTICE-{image['id']}/download/__1.png")


def test_files_without_text(delivering: PracticeSlack, bot: Bot) -> None:
    """A direct message may have files only; then it has no text and no blocks."""
    delivering.share("U0ASKER01", "", [NOTE], channel="D0PRACTICE")
    delivering.wait_for_deliveries()
    (event,) = bot.events

    assert ("", "im", 1) == (event["text"], event["channel_type"], len(event["files"]))
    assert "blocks" not in event


def test_app_mention_without_files(delivering: PracticeSlack, bot: Bot) -> None:
    """The app_mention of a message can be without its files, which the message event has."""
    delivering.switches.bare_mentions = True
    delivering.share("U0ASKER01", "<@U0COCOAI> hi", [NOTE])
    delivering.wait_for_deliveries()
    mention, event = bot.events

    assert {"files", "subtype", "upload", "display_as_bot", "channel_type"} == event.keys() - mention.keys()
    assert ("app_mention", "file_share") == (mention["type"], event["subtype"])


def test_files_in_a_shared_channel(delivering: PracticeSlack, bot: Bot) -> None:
    """In a shared channel an event has only the file's id; files.info returns the details."""
    message = delivering.share("U0OTHER01", "hi", [NOTE], channel="C0SHARED")
    delivering.wait_for_deliveries()
    stub = {"id": message.files[0].id, "mode": "file_access", "file_access": "check_file_info"}

    assert [stub] == bot.events[0]["files"]


def test_a_deleted_file_leaves_a_tombstone(delivering: PracticeSlack, bot: Bot) -> None:
    """A deleted file leaves a tombstone in its message, whose change is delivered; other files stay."""
    deleted, other = delivering.share("U0ASKER01", "hi", [PNG, NOTE]).files
    delivering.wait_for_deliveries()
    delivering.delete_file(deleted.id)
    delivering.wait_for_deliveries()
    change = bot.events[-1]

    assert ("message_changed", "hi") == (change["subtype"], change["message"]["text"])
    assert [{"id": deleted.id, "mode": "tombstone"}, other.id] == [
        change["message"]["files"][0],
        change["message"]["files"][1]["id"],
    ]
    assert "edited" not in change["message"]
    with pytest.raises(KeyError):
        delivering.delete_file("F0NOTHING")


def test_an_edited_message_stays_edited_without_its_file(slack: PracticeSlack) -> None:
    """The deletion of a file changes nothing else about an edited message."""
    message = slack.share("U0ASKER01", "hi", [NOTE])
    slack.edit("C0PRACTICE", message.ts, "hello")
    slack.delete_file(message.files[0].id)
    (left,) = slack.messages()

    assert ("hello", True, True, b"") == (left.text, bool(left.edited), left.files[0].is_deleted, left.files[0].data)


def test_files_in_a_thread(slack: PracticeSlack, web: WebClient) -> None:
    """conversations.replies returns files as the event has them."""
    parent = slack.say("U0ASKER01", "hi")
    reply = slack.share("U0ASKER02", "this", [NOTE], thread_ts=parent.ts)
    written = web.conversations_replies(channel="C0PRACTICE", ts=parent.ts)["messages"][1]

    assert (reply.ts, parent.ts, "note.txt") == (written["ts"], written["thread_ts"], written["files"][0]["name"])


def test_invalid_media_type(slack: PracticeSlack) -> None:
    """A media type that cannot stand in a header becomes application/octet-stream."""
    odd = slack.share("U0ASKER01", "", [PracticeFile("x", "text/plain\r\nX-Evil: 1", b"")]).files[0]

    assert ("application/octet-stream", "F0") == (odd.media_type, odd.id[:2])


# files.info


def test_files_info(slack: PracticeSlack, web: WebClient) -> None:
    """files.info returns a file's details, also for a shared channel; a deleted file is refused."""
    slack.add(Person("U0OTHER02", "Another visitor", team="T0OTHER"))
    file = slack.share("U0OTHER02", "", [NOTE], channel="C0SHARED").files[0]

    assert ("note.txt", "U0OTHER02", "T0OTHER") == tuple(
        web.files_info(file=file.id)["file"][name] for name in ("name", "user", "user_team")
    )
    assert (200, "file_not_found") == refusal(lambda: web.files_info(file="F0NOTHING"))
    slack.delete_file(file.id)
    assert (200, "file_deleted") == refusal(lambda: web.files_info(file=file.id))


# Downloads


def test_download(slack: PracticeSlack, get: Get) -> None:
    """With the bot's token a file is returned as it was shared, from either URL."""
    (file,) = shared(slack, PNG)
    replies = [get(file[name], **AUTHORIZED) for name in ("url_private", "url_private_download")]

    assert [(200, "image/png", PNG.data)] * 2 == [
        (reply.status_code, reply.headers["Content-Type"], reply.content) for reply in replies
    ]
    assert [(200, True)] * 2 == [(each.status, each.is_authorized) for each in slack.downloads]


def test_name_in_a_url_is_ignored(slack: PracticeSlack, get: Get) -> None:
    """A file is found by the id in its URL, whatever name follows it."""
    (file,) = shared(slack, NOTE)

    assert b"hello" == get(file["url_private"].replace("note.txt", "other.png"), **AUTHORIZED).content


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer xoxb-other"}, {"Authorization": "xoxb-practice"}])
def test_download_without_the_token(slack: PracticeSlack, get: Get, headers: dict[str, str]) -> None:
    """A request without the bot's token gets the login page, with status 200."""
    (file,) = shared(slack, NOTE)
    reply = get(file["url_private_download"], **headers)

    assert (200, "text/html; charset=utf-8") == (reply.status_code, reply.headers["Content-Type"])
    assert reply.content.startswith(b"<!DOCTYPE html>")
    assert "acl_fail" in reply.headers["X-Slack-Meta"]
    assert [False] == [each.is_authorized for each in slack.downloads]


def test_download_without_the_scope(slack: PracticeSlack, get: Get) -> None:
    """Without the scope the token does not help: the login page is returned."""
    (file,) = shared(slack, NOTE)
    slack.switches.scopes = FORBIDDEN
    reply = get(file["url_private_download"], **AUTHORIZED)

    assert (200, "text/html; charset=utf-8") == (reply.status_code, reply.headers["Content-Type"])
    assert "acl_fail" in reply.headers["X-Slack-Meta"]


def test_redirect_to_the_login_page(slack: PracticeSlack, get: Get) -> None:
    """A download that is not allowed may be redirected to the login page instead."""
    (file,) = shared(slack, NOTE)
    slack.switches.scopes, slack.switches.login = FORBIDDEN, "redirect"
    reply = get(file["url_private_download"], **AUTHORIZED)
    page = get(slack.url + reply.headers["Location"], **AUTHORIZED)

    assert (302, "/?redir=") == (reply.status_code, reply.headers["Location"][:8])
    assert (200, True) == (page.status_code, page.content.startswith(b"<!DOCTYPE html>"))


def test_download_of_a_missing_file(slack: PracticeSlack, get: Get) -> None:
    """A deleted file and an unknown one are answered with 404."""
    (file,) = shared(slack, NOTE)
    slack.delete_file(file["id"])

    assert 404 == get(file["url_private_download"], **AUTHORIZED).status_code
    assert 404 == get(f"{slack.url}/files-pri/T0PRACTICE-F0NOTHING/download/x", **AUTHORIZED).status_code
    assert 404 == get(f"{slack.url}/files-pri/", **AUTHORIZED).status_code


def test_redirect_to_another_path(slack: PracticeSlack, get: Get) -> None:
    """A download may be redirected to another path, which needs the token again."""
    (file,) = shared(slack, NOTE)
    slack.switches.redirect = "here"
    moved = get(file["url_private_download"], **AUTHORIZED)
    target = slack.url + moved.headers["Location"]

    assert (302, "text/plain", b"hello") == (
        moved.status_code,
        get(target, **AUTHORIZED).headers["Content-Type"],
        get(target, **AUTHORIZED).content,
    )
    assert get(target).content.startswith(b"<!DOCTYPE html>")


def test_redirect_to_another_host(slack: PracticeSlack, get: Get) -> None:
    """A download may be redirected to a host that is not Slack's."""
    (file,) = shared(slack, NOTE)
    slack.switches.redirect = "https://files.elsewhere.invalid/note.txt"
    moved = get(file["url_private_download"], **AUTHORIZED)

    assert (302, "https://files.elsewhere.invalid/note.txt") == (moved.status_code, moved.headers["Location"])
