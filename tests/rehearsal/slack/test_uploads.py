"""Uploads by the bot: slack_sdk's three steps, and how late, how often and in which form a file is shown."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from slack_sdk import WebClient

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage
from tests.rehearsal.slack.bot import Bot
from tests.rehearsal.slack.refusals import refusal
from tests.rehearsal.slack.uploading import PNG, Post, complete, uploaded

NOBODY = "F0NOTHING"


@pytest.fixture
def slack(certificates: Certificates, bot: Bot) -> Iterator[PracticeSlack]:
    """Start a practice Slack over TLS that delivers its events to the bot, and shows files at once."""
    switches = SlackSwitches(retry_waits=(), timeout=60, share_delay=0.0)
    with PracticeSlack(certificates, request_url=bot.url, switches=switches) as server:
        yield server


@pytest.fixture
def parent(slack: PracticeSlack) -> PracticeMessage:
    """Return a message that opens a thread."""
    return slack.say("U0ASKER01", "draw a cat")


def replies(slack: PracticeSlack, parent: PracticeMessage) -> tuple[PracticeMessage, ...]:
    """Return the replies in a thread."""
    return slack.thread(parent.channel, parent.ts)[1:]


def info(web: WebClient, file_id: str) -> dict[str, Any]:
    file: dict[str, Any] = web.files_info(file=file_id)["file"]
    return file


# What slack_sdk does


def test_files_upload_v2(slack: PracticeSlack, web: WebClient, parent: PracticeMessage) -> None:
    """slack_sdk's own upload takes the three steps, and its bytes end in the thread with the comment and the title."""
    reply: Any = web.files_upload_v2(
        filename="cat.png",
        content=PNG,
        title="A cat",
        alt_txt="A grey cat",
        channel="C0PRACTICE",
        thread_ts=parent.ts,
        initial_comment="Here <it> is",
    )
    (shown,) = slack.wait_for(lambda: replies(slack, parent))
    calls = [(call.method, dict(call.arguments)) for call in slack.calls]

    assert ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"] == [method for method, _ in calls]
    assert {"filename": "cat.png", "length": str(len(PNG)), "alt_txt": "A grey cat"} == calls[0][1]
    assert {"length": len(PNG)} == calls[1][1]
    assert ("C0PRACTICE", parent.ts) == (calls[2][1]["channel_id"], calls[2][1]["thread_ts"])
    assert ("Here &lt;it&gt; is", PNG, "image/png") == (shown.text, shown.files[0].data, shown.files[0].media_type)
    assert reply["file"]["id"] == shown.files[0].id


def test_the_answer_comes_before_the_file_is_shown(
    slack: PracticeSlack, web: WebClient, post: Post, parent: PracticeMessage
) -> None:
    """At first files.info tells neither type nor place; a later post overtakes the file; then its message is told."""
    slack.switches.share_delay = None
    file_id = uploaded(web, post)
    (told,) = complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)["files"]
    early = info(web, file_id)
    later = web.chat_postMessage(channel="C0PRACTICE", text="There you are", thread_ts=parent.ts)["ts"]
    slack.show_uploads()
    text, picture = replies(slack, parent)
    late = info(web, file_id)
    (share,) = late["shares"]["public"]["C0PRACTICE"]

    for file in (told, early):
        assert [file_id, "A cat", "", {}, []] == [
            file[name] for name in ("id", "title", "mimetype", "shares", "channels")
        ]
    assert ["image/png", "png", ["C0PRACTICE"]] == [late[name] for name in ("mimetype", "filetype", "channels")]
    assert (later, picture.ts, parent.ts) == (text.ts, share["ts"], share["thread_ts"])


@pytest.mark.parametrize(
    ("channel", "kind", "places"),
    [("C0PRACTICE", "public", "channels"), ("G0PRIVATE", "private", "groups"), ("D0PRACTICE", "private", "ims")],
)
def test_shares_are_told_by_kind(
    slack: PracticeSlack, web: WebClient, post: Post, channel: str, kind: str, places: str
) -> None:
    """A file outside of threads has a share without thread_ts, below `public` or `private`, and the channel's id."""
    file_id = uploaded(web, post)
    complete(web, file_id, channel_id=channel)
    (shown,) = slack.wait_for(lambda: slack.messages(channel))
    file = info(web, file_id)

    assert {kind: {channel: [shown.ts]}} == {
        each: {place: [share["ts"] for share in shares] for place, shares in by_channel.items()}
        for each, by_channel in file["shares"].items()
    }
    assert [channel] == file[places]
    assert "thread_ts" not in file["shares"][kind][channel][0]


def test_a_file_without_a_channel_is_private(slack: PracticeSlack, web: WebClient, post: Post) -> None:
    """Without a channel a file is looked at, and shown nowhere."""
    file_id = uploaded(web, post)
    complete(web, file_id)
    slack.wait_for(lambda: "mimetype" not in slack.workspace.files[file_id].fields)

    assert ({}, ()) == (info(web, file_id)["shares"], slack.messages())


def test_a_file_may_never_be_shown(slack: PracticeSlack, web: WebClient, post: Post, parent: PracticeMessage) -> None:
    """With the switch no message comes; the file can be deleted, and is not shown then either."""
    slack.switches.share_delay = None
    file_id = uploaded(web, post)
    complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)
    assert "" == info(web, file_id)["mimetype"]
    web.files_delete(file=file_id)

    assert (200, "file_deleted") == refusal(lambda: web.files_info(file=file_id))
    assert () == replies(slack, parent)


def test_a_file_that_is_deleted_before_it_is_shown(
    slack: PracticeSlack, web: WebClient, post: Post, parent: PracticeMessage
) -> None:
    """It does not appear any more: the next file does."""
    slack.switches.share_delay = None
    deleted, other = uploaded(web, post), uploaded(web, post)
    for file_id in (deleted, other):
        complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)
    web.files_delete(file=deleted)
    slack.show_uploads()

    assert [other] == [message.files[0].id for message in replies(slack, parent)]


# The echo


@pytest.mark.parametrize(("echo", "user", "bot_id"), [("user", "U0COCOAI", None), ("bot_id", None, "B0COCOAI")])
def test_the_echo_has_one_of_two_forms(
    slack: PracticeSlack,
    web: WebClient,
    post: Post,
    bot: Bot,
    parent: PracticeMessage,
    echo: Literal["user", "bot_id"],
    user: str | None,
    bot_id: str | None,
) -> None:
    """The message is delivered as file_share by our user, or by our bot_id without a user, and threads have it so."""
    slack.switches.share_echo = echo
    file_id = uploaded(web, post)
    complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)
    slack.wait_for(lambda: replies(slack, parent))
    slack.wait_for_deliveries()
    event = bot.events[-1]
    read = web.conversations_replies(channel="C0PRACTICE", ts=parent.ts)["messages"][1]

    for each in (event, read):
        assert ["message", "file_share", True, parent.ts, ""] == [
            each[name] for name in ("type", "subtype", "upload", "thread_ts", "text")
        ]
        assert (user, bot_id, [file_id]) == (each.get("user"), each["bot_id"], [file["id"] for file in each["files"]])
        assert not {"bot_profile", "metadata"} & each.keys()
    assert ("C0PRACTICE", "channel") == (event["channel"], event["channel_type"])


# A second completion


def test_a_second_completion_is_refused(
    slack: PracticeSlack, web: WebClient, post: Post, parent: PracticeMessage
) -> None:
    """As Slack documents it, a file can be completed once."""
    file_id = uploaded(web, post)
    complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)

    assert (200, "file_not_found") == refusal(lambda: complete(web, file_id, channel_id="C0PRACTICE"))
    slack.wait_for(lambda: replies(slack, parent))
    assert 1 == len(replies(slack, parent))


def test_a_second_completion_shows_the_file_again(
    slack: PracticeSlack, web: WebClient, post: Post, parent: PracticeMessage
) -> None:
    """With the switch it is shown twice, until the file is deleted."""
    slack.switches.second_share = "shown"
    file_id = uploaded(web, post)
    for _ in range(2):
        complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)
    shown = slack.wait_for(lambda: replies(slack, parent)[1:] and replies(slack, parent))
    told = [share["ts"] for share in info(web, file_id)["shares"]["public"]["C0PRACTICE"]]
    web.files_delete(file=file_id)

    assert [message.ts for message in shown] == told
    assert (200, "file_not_found") == refusal(lambda: complete(web, file_id, channel_id="C0PRACTICE"))


# Deleting


def test_deleting_a_message_leaves_its_file(
    slack: PracticeSlack, web: WebClient, post: Post, parent: PracticeMessage
) -> None:
    """chat.delete takes the message away, and the file is shown nowhere but is there; files.delete ends it."""
    file_id = uploaded(web, post)
    complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)
    (shown,) = slack.wait_for(lambda: replies(slack, parent))
    web.chat_delete(channel="C0PRACTICE", ts=shown.ts)

    assert ((), {}) == (replies(slack, parent), info(web, file_id)["shares"])
    web.files_delete(file=file_id)
    assert (200, "file_deleted") == refusal(lambda: web.files_delete(file=file_id))


def test_deleting_a_file_leaves_a_tombstone(
    slack: PracticeSlack, web: WebClient, post: Post, bot: Bot, parent: PracticeMessage
) -> None:
    """Its message stays, with a tombstone in place of the file, and the change is delivered."""
    file_id = uploaded(web, post)
    complete(web, file_id, channel_id="C0PRACTICE", thread_ts=parent.ts)
    slack.wait_for(lambda: replies(slack, parent))
    web.files_delete(file=file_id)
    slack.wait_for_deliveries()
    read = web.conversations_replies(channel="C0PRACTICE", ts=parent.ts)["messages"][1]

    assert [{"id": file_id, "mode": "tombstone"}] == read["files"] == bot.events[-1]["message"]["files"]


def test_files_of_others_cannot_be_deleted(slack: PracticeSlack, web: WebClient, post: Post) -> None:
    """The bot can delete what it uploaded; the file of a person, and one that does not exist, are refused."""
    theirs = slack.share("U0ASKER01", "", [PracticeFile("a.txt", "text/plain", b"a")]).files[0].id

    assert (200, "cant_delete_file") == refusal(lambda: web.files_delete(file=theirs))
    assert (200, "file_not_found") == refusal(lambda: web.files_delete(file=NOBODY))


# Odd ends


def test_a_thread_that_is_gone(slack: PracticeSlack, web: WebClient, post: Post) -> None:
    """A file for a thread that does not exist stands in the channel, as chat.postMessage's messages do."""
    file_id = uploaded(web, post)
    complete(web, file_id, channel_id="C0PRACTICE", thread_ts="1.000001")
    (shown,) = slack.wait_for(slack.messages)

    assert (None, file_id) == (shown.thread_ts, shown.files[0].id)


def test_stop_ends_what_is_to_come(certificates: Certificates, client: Callable[[str], WebClient]) -> None:
    """A practice Slack that is stopped does not wait for the files that it would show later."""
    context = ssl.create_default_context(cafile=certificates.ca_file)
    with PracticeSlack(certificates, switches=SlackSwitches(share_delay=3600.0)) as slack:
        web = WebClient("xoxb-practice", base_url=slack.api_url, ssl=context)
        web.files_upload_v2(filename="a.png", content=PNG, channel="C0PRACTICE")

    assert () == slack.messages()
