"""Shared files: what the bot hears of them, and how it gets them, or a login page."""

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
from tests.rehearsal.slack.conftest import Act
from tests.rehearsal.slack.refusals import refusal

PNG = PracticeFile("図 1.PNG", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
NOTE = PracticeFile("note.txt", "text/plain", b"hello")
US = {"Authorization": "Bearer xoxb-practice"}
FORBIDDEN = SCOPES - {"files:read"}
Get = Callable[..., requests.Response]


@pytest.fixture
def heard(bot: Bot) -> Iterator[PracticeSlack]:
    """A practice Slack whose events reach the bot."""
    with PracticeSlack(request_url=bot.url, switches=SlackSwitches(retry_waits=(), timeout=60)) as slack:
        yield slack


@pytest.fixture
def get(slack: PracticeSlack, session: requests.Session) -> Get:
    """Fetches a file of the practice Slack, no further than it is told."""

    def fetch(url: str, **headers: str) -> requests.Response:
        return session.get(url, headers=headers, allow_redirects=False)

    return fetch


def told(slack: PracticeSlack, *files: PracticeFile) -> list[dict[str, Any]]:
    """The files of a message, as its event tells of them."""
    slack.share("U0ASKER01", "look", files)
    described: list[dict[str, Any]] = slack.payloads[-1]["event"]["files"]
    return described


# What is heard


def test_a_shared_file(heard: PracticeSlack, bot: Bot) -> None:
    """A message with a subtype of its own, and everything about the file but what is in it."""
    message = heard.share("U0ASKER01", "<@U0COCOAI> what is this?", [PNG, NOTE])
    heard.wait_for_deliveries()
    mention, event = bot.events
    picture, note = event["files"]

    assert ("message", "file_share", "channel", message.ts) == tuple(
        event[name] for name in ("type", "subtype", "channel_type", "ts")
    )
    assert ("app_mention", event["files"]) == (mention["type"], mention["files"])
    assert (message.files[0].id, "図 1.PNG", "image/png", "png", 264, "hosted", "visible") == tuple(
        picture[name] for name in ("id", "name", "mimetype", "filetype", "size", "mode", "file_access")
    )
    assert ("note.txt", 5, "U0ASKER01", int(float(message.ts))) == tuple(
        note[name] for name in ("title", "size", "user", "created")
    )
    assert picture["url_private_download"].endswith(f"/files-pri/T0PRACTICE-{picture['id']}/download/__1.png")


def test_files_without_a_word(heard: PracticeSlack, bot: Bot) -> None:
    """A direct message may hold files only; then it has no text and no blocks."""
    heard.share("U0ASKER01", "", [NOTE], channel="D0PRACTICE")
    heard.wait_for_deliveries()
    (event,) = bot.events

    assert ("", "im", 1) == (event["text"], event["channel_type"], len(event["files"]))
    assert "blocks" not in event


def test_a_bare_mention(heard: PracticeSlack, bot: Bot) -> None:
    """The app_mention copy can come without the files; the message has them."""
    heard.switches.bare_mentions = True
    heard.share("U0ASKER01", "<@U0COCOAI> hi", [NOTE])
    heard.wait_for_deliveries()
    mention, event = bot.events

    assert {"files", "subtype", "upload", "display_as_bot", "channel_type"} == event.keys() - mention.keys()
    assert ("app_mention", "file_share") == (mention["type"], event["subtype"])


def test_a_shared_channel_tells_the_id_only(heard: PracticeSlack, bot: Bot) -> None:
    """In it a file is a stub, to be asked for with files.info."""
    message = heard.share("U0OTHER01", "hi", [NOTE], channel="C0SHARED")
    heard.wait_for_deliveries()
    stub = {"id": message.files[0].id, "mode": "file_access", "file_access": "check_file_info"}

    assert [stub] == bot.events[0]["files"]


def test_a_deleted_file_leaves_a_tombstone(heard: PracticeSlack, bot: Bot) -> None:
    """The message changes, and names the file no longer; the others stay."""
    gone, kept = heard.share("U0ASKER01", "hi", [PNG, NOTE]).files
    heard.wait_for_deliveries()
    heard.delete_file(gone.id)
    heard.wait_for_deliveries()
    change = bot.events[-1]

    assert ("message_changed", "hi") == (change["subtype"], change["message"]["text"])
    assert [{"id": gone.id, "mode": "tombstone"}, kept.id] == [
        change["message"]["files"][0],
        change["message"]["files"][1]["id"],
    ]
    assert "edited" not in change["message"]
    with pytest.raises(KeyError):
        heard.delete_file("F0NOTHING")


def test_an_edited_message_stays_edited_without_its_file(slack: PracticeSlack) -> None:
    """Its file's end changes nothing else about it."""
    message = slack.share("U0ASKER01", "hi", [NOTE])
    slack.edit("C0PRACTICE", message.ts, "hello")
    slack.delete_file(message.files[0].id)
    (left,) = slack.messages()

    assert ("hello", True, True, b"") == (left.text, bool(left.edited), left.files[0].deleted, left.files[0].data)


def test_files_in_a_thread(slack: PracticeSlack, web: WebClient) -> None:
    """conversations.replies tells of them as the event does."""
    parent = slack.say("U0ASKER01", "hi")
    reply = slack.share("U0ASKER02", "this", [NOTE], thread_ts=parent.ts)
    written = web.conversations_replies(channel="C0PRACTICE", ts=parent.ts)["messages"][1]

    assert (reply.ts, parent.ts, "note.txt") == (written["ts"], written["thread_ts"], written["files"][0]["name"])


def test_an_odd_type_becomes_plain_bytes(slack: PracticeSlack) -> None:
    """What cannot stand in a header is not believed."""
    odd = slack.share("U0ASKER01", "", [PracticeFile("x", "text/plain\r\nX-Evil: 1", b"")]).files[0]

    assert ("application/octet-stream", "F0") == (odd.media_type, odd.id[:2])


# files.info


def test_files_info(slack: PracticeSlack, web: WebClient) -> None:
    """All about a file by its id, a stub's too; one that was deleted is refused as such."""
    slack.add(Person("U0OTHER02", "Another visitor", team="T0OTHER"))
    file = slack.share("U0OTHER02", "", [NOTE], channel="C0SHARED").files[0]

    assert ("note.txt", "U0OTHER02", "T0OTHER") == tuple(
        web.files_info(file=file.id)["file"][name] for name in ("name", "user", "user_team")
    )
    assert (200, "file_not_found") == refusal(lambda: web.files_info(file="F0NOTHING"))
    slack.delete_file(file.id)
    assert (200, "file_deleted") == refusal(lambda: web.files_info(file=file.id))


# The download


def test_a_download(slack: PracticeSlack, get: Get) -> None:
    """With the bot's token the bytes come as they were shared; either address will do."""
    (described,) = told(slack, PNG)
    replies = [get(described[name], **US) for name in ("url_private", "url_private_download")]

    assert [(200, "image/png", PNG.data)] * 2 == [
        (reply.status_code, reply.headers["Content-Type"], reply.content) for reply in replies
    ]
    assert [(200, True)] * 2 == [(each.status, each.authorized) for each in slack.downloads]


def test_the_name_in_an_address_says_nothing(slack: PracticeSlack, get: Get) -> None:
    """The id finds the file, whatever stands behind it."""
    (described,) = told(slack, NOTE)

    assert b"hello" == get(described["url_private"].replace("note.txt", "other.png"), **US).content


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer xoxb-other"}, {"Authorization": "xoxb-practice"}])
def test_without_the_token(slack: PracticeSlack, get: Get, headers: dict[str, str]) -> None:
    """A stranger gets a login page, and status 200."""
    (described,) = told(slack, NOTE)
    reply = get(described["url_private_download"], **headers)

    assert (200, "text/html; charset=utf-8") == (reply.status_code, reply.headers["Content-Type"])
    assert reply.content.startswith(b"<!DOCTYPE html>")
    assert "acl_fail" in reply.headers["X-Slack-Meta"]
    assert [False] == [each.authorized for each in slack.downloads]


def test_without_the_scope(slack: PracticeSlack, get: Get) -> None:
    """The token alone does not help: the same page."""
    (described,) = told(slack, NOTE)
    slack.switches.scopes = FORBIDDEN
    reply = get(described["url_private_download"], **US)

    assert (200, "text/html; charset=utf-8") == (reply.status_code, reply.headers["Content-Type"])
    assert "acl_fail" in reply.headers["X-Slack-Meta"]


def test_a_way_to_the_login_page(slack: PracticeSlack, get: Get) -> None:
    """Slack may also send there instead; at the end of the way stands the page."""
    (described,) = told(slack, NOTE)
    slack.switches.scopes, slack.switches.login = FORBIDDEN, "redirect"
    reply = get(described["url_private_download"], **US)
    page = get(slack.url + reply.headers["Location"], **US)

    assert (302, "/?redir=") == (reply.status_code, reply.headers["Location"][:8])
    assert (200, True) == (page.status_code, page.content.startswith(b"<!DOCTYPE html>"))


def test_what_is_not_there(slack: PracticeSlack, get: Get) -> None:
    """A deleted file and one that never was are a 404."""
    (described,) = told(slack, NOTE)
    slack.delete_file(described["id"])

    assert 404 == get(described["url_private_download"], **US).status_code
    assert 404 == get(f"{slack.url}/files-pri/T0PRACTICE-F0NOTHING/download/x", **US).status_code
    assert 404 == get(f"{slack.url}/files-pri/", **US).status_code


def test_a_file_may_have_moved(slack: PracticeSlack, get: Get) -> None:
    """To another path, where the token is wanted again."""
    (described,) = told(slack, NOTE)
    slack.switches.redirect = "here"
    moved = get(described["url_private_download"], **US)
    place = slack.url + moved.headers["Location"]

    assert (302, "text/plain", b"hello") == (
        moved.status_code,
        get(place, **US).headers["Content-Type"],
        get(place, **US).content,
    )
    assert get(place).content.startswith(b"<!DOCTYPE html>")


def test_a_file_may_be_said_to_be_elsewhere(slack: PracticeSlack, get: Get) -> None:
    """On a host that is none of Slack's."""
    (described,) = told(slack, NOTE)
    slack.switches.redirect = "https://files.elsewhere.invalid/note.txt"
    moved = get(described["url_private_download"], **US)

    assert (302, "https://files.elsewhere.invalid/note.txt") == (moved.status_code, moved.headers["Location"])


def test_own_files_only_by_people(act: Act) -> None:
    """The bot has no method to share with: what is not rehearsed is refused."""
    assert "unknown_method" == act("files.completeUploadExternal")["error"]
