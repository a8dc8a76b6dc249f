"""The practice Slack's Web API, called by a real client: slack_sdk's WebClient, over TLS."""

from __future__ import annotations

import json
import time
import urllib.error
from functools import partial
from typing import Any, cast

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.rate_limits import CHANNEL_BURST
from cocoai.rehearsal.slack.slack_faults import SlackFault, SlackFaultKind
from tests.rehearsal.slack.conftest import Client
from tests.rehearsal.slack.refusals import refusal

METADATA = {"event_type": "cocoai", "event_payload": {"key": "C0PRACTICE-1.0-1.0", "n": 1, "last": True}}


# Tokens and bodies


def test_auth_test(web: WebClient) -> None:
    """auth.test returns the ids of the team, the bot user and the bot."""
    response = web.auth_test()

    assert ("T0PRACTICE", "U0COCOAI", "B0COCOAI") == (response["team_id"], response["user_id"], response["bot_id"])


@pytest.mark.parametrize(("token", "error"), [("xoxb-other", "invalid_auth"), ("", "not_authed")])
def test_wrong_tokens(client: Client, token: str, error: str) -> None:
    """A wrong and a missing token are refused with HTTP 200 and ok false, like every refusal."""
    assert (200, error) == refusal(lambda: client(token).auth_test())


def test_where_a_token_is_read(slack: PracticeSlack, session: requests.Session) -> None:
    """A token is read from the header and from a form, but not from the query or from JSON."""
    url, token = f"{slack.api_url}auth.test", {"token": "xoxb-practice"}

    assert session.post(url, data=token).json()["ok"]
    assert session.post(url, params=token).json()["error"] == "not_authed"
    assert session.post(url, json=token).json()["error"] == "not_authed"
    assert all("token" not in call.arguments for call in slack.calls)


def test_unknown_method(web: WebClient) -> None:
    """A method that the practice Slack does not have is refused as unknown."""
    assert (200, "unknown_method") == refusal(lambda: web.api_call("chat.shout"))


@pytest.mark.parametrize(
    ("content_type", "body", "error"),
    [
        ("application/json; charset=utf-8", "{", "invalid_json"),
        ("application/json; charset=utf-8", "[]", "json_not_object"),
        ("application/xml", "<a/>", "invalid_post_type"),
        ("", "text=hi", "missing_post_type"),
    ],
)
def test_unreadable_bodies(
    slack: PracticeSlack, session: requests.Session, content_type: str, body: str, error: str
) -> None:
    """A body in no format that Slack reads is refused with the code for it."""
    headers = {"Authorization": "Bearer xoxb-practice", "Content-Type": content_type}
    reply = session.post(f"{slack.api_url}chat.postMessage", body, headers=headers)

    assert error == reply.json()["error"]


def test_json_and_forms(slack: PracticeSlack, session: requests.Session) -> None:
    """Forms and JSON are read; JSON without a charset causes a warning; some methods take no JSON."""
    session.headers["Authorization"] = "Bearer xoxb-practice"
    post, fields = f"{slack.api_url}chat.postMessage", {"channel": "C0PRACTICE", "text": "hi"}

    assert session.post(post, data=fields | {"metadata": json.dumps(METADATA)}).json()["ok"]
    assert session.post(post, json=fields | {"metadata": METADATA}).json()["warning"] == "missing_charset"
    assert [METADATA, METADATA] == [message.metadata for message in slack.messages()]
    info = session.post(f"{slack.api_url}users.info", json={"user": "U0ASKER01"}).json()
    assert info["error"] == "invalid_arguments"


# chat.postMessage


def test_post(slack: PracticeSlack, web: WebClient) -> None:
    """A message is stored in its thread as the bot's own."""
    question = slack.say("U0ASKER01", "<@U0COCOAI> hi")
    response = web.chat_postMessage(channel="C0PRACTICE", text="a & b", thread_ts=question.ts, metadata=METADATA)

    assert ["<@U0COCOAI> hi", "a &amp; b"] == [each.text for each in slack.thread("C0PRACTICE", question.ts)]
    message = response["message"]
    assert ("B0COCOAI", "U0COCOAI", question.ts) == (message["bot_id"], message["user"], message["thread_ts"])
    assert METADATA == message["metadata"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "hi"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE", "text": "hi"}, "not_in_channel"),
        ({"channel": "C0ARCHIVED", "text": "hi"}, "is_archived"),
        ({"channel": "C0PRACTICE"}, "no_text"),
        ({"channel": "C0PRACTICE", "text": " "}, "no_text"),
        ({"text": "hi"}, "invalid_arguments"),
        ({"channel": "C0PRACTICE", "text": "hi", "markdown_text": "hi"}, "markdown_text_conflict"),
        ({"channel": "C0PRACTICE", "markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"channel": "C0PRACTICE", "text": "hi", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": "C0PRACTICE", "text": "hi", "blocks": ["x"]}, "invalid_blocks_format"),
        ({"channel": "C0PRACTICE", "text": "hi", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": "C0PRACTICE", "text": "hi", "metadata": "cocoai"}, "invalid_metadata_format"),
        ({"channel": "C0PRACTICE", "text": "hi", "metadata": {"event_type": "cocoai"}}, "invalid_metadata_format"),
        (
            {"channel": "C0PRACTICE", "text": "hi", "metadata": {"event_type": "co coai", "event_payload": {}}},
            "invalid_metadata_format",
        ),
        (
            {"channel": "C0PRACTICE", "text": "hi", "metadata": {"event_type": "cocoai", "event_payload": {"a": [1]}}},
            "invalid_metadata_schema",
        ),
        (
            {"channel": "C0PRACTICE", "text": "hi", "metadata": {"event_type": "cocoai", "event_payload": {"a": None}}},
            "invalid_metadata_schema",
        ),
    ],
)
def test_posts_refused(slack: PracticeSlack, web: WebClient, arguments: dict[str, Any], error: str) -> None:
    """Each invalid post is refused with Slack's code, and nothing is stored."""
    assert (200, error) == refusal(lambda: web.api_call("chat.postMessage", json=arguments))
    assert [] == [message for channel in slack.workspace.channels for message in slack.messages(channel)]


def test_a_very_long_post_is_cut(slack: PracticeSlack, web: WebClient) -> None:
    """A text of over 40,000 characters is cut, without an error."""
    web.api_call("chat.postMessage", json={"channel": "C0PRACTICE", "text": "x" * 40_001})

    assert len(slack.messages()[0].text) == 40_000


# chat.update


@pytest.fixture
def posted(web: WebClient) -> str:
    """Post a message of the bot, with metadata and a block, and return its ts."""
    blocks = [{"type": "divider"}]
    response = web.chat_postMessage(channel="C0PRACTICE", text="wait", metadata=METADATA, blocks=blocks)
    return str(response["ts"])


def test_update(slack: PracticeSlack, web: WebClient, posted: str) -> None:
    """An update replaces the text and removes the blocks; the metadata stays until other metadata is sent."""
    web.chat_update(channel="C0PRACTICE", ts=posted, text="x" * 4_000)
    first = slack.messages()[0]
    other = {"event_type": "cocoai", "event_payload": {"kind": "answer"}}
    web.chat_update(channel="C0PRACTICE", ts=posted, text="done", metadata=other)
    second = slack.messages()[0]
    web.chat_update(channel="C0PRACTICE", ts=posted, text="done", metadata={})

    assert ("x" * 4_000, (), METADATA) == (first.text, first.blocks, first.metadata)
    assert ("done", other) == (second.text, second.metadata)
    assert slack.messages()[0].metadata is None


def test_update_without_blocks_is_marked_as_edited(slack: PracticeSlack, web: WebClient, posted: str) -> None:
    """An update without blocks marks the message as edited; one with blocks does not."""
    web.chat_update(channel="C0PRACTICE", ts=posted, text="done", blocks=[{"type": "divider"}])
    assert slack.messages()[0].edited is None

    web.chat_update(channel="C0PRACTICE", ts=posted, text="done")
    assert slack.messages()[0].edited


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"text": "x" * 4_001}, "msg_too_long"),
        ({"text": ""}, "no_text"),
        ({"ts": "1.0"}, "message_not_found"),
        ({"channel": "D0PRACTICE"}, "message_not_found"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
        ({"metadata": "x"}, "invalid_metadata_format"),
    ],
)
def test_updates_refused(slack: PracticeSlack, web: WebClient, posted: str, change: dict[str, str], error: str) -> None:
    """An invalid update is refused with Slack's code, and the message stays as it was."""
    arguments = {"channel": "C0PRACTICE", "ts": posted, "text": "hi", **change}

    assert (200, error) == refusal(lambda: web.api_call("chat.update", data=arguments))
    assert slack.messages()[0].text == "wait"


def test_only_own_messages_can_be_updated(slack: PracticeSlack, web: WebClient) -> None:
    """The bot cannot update another user's message."""
    question = slack.say("U0ASKER01", "hi")

    update = partial(web.chat_update, channel="C0PRACTICE", ts=question.ts, text="bye")
    assert (200, "cant_update_message") == refusal(update)


# conversations.replies


@pytest.fixture
def thread(slack: PracticeSlack, web: WebClient) -> str:
    """Post a question and five replies, the third of them with metadata, and return the question's ts."""
    question = slack.say("U0ASKER01", "hi")
    for n in range(5):
        web.chat_postMessage(
            channel="C0PRACTICE", text=f"reply {n}", thread_ts=question.ts, metadata=METADATA if n == 2 else None
        )
    return question.ts


def texts(response: Any) -> list[str]:
    """Return the texts of a response's messages."""
    return [message["text"] for message in response["messages"]]


def test_thread(slack: PracticeSlack, web: WebClient, thread: str) -> None:
    """A thread is returned parent first, then oldest to newest, by the ts of any message in it."""
    response = web.conversations_replies(channel="C0PRACTICE", ts=thread)
    middle = slack.messages()[3].ts

    assert ["hi", "reply 0", "reply 1", "reply 2", "reply 3", "reply 4"] == texts(response)
    assert texts(response) == texts(web.conversations_replies(channel="C0PRACTICE", ts=middle))
    parent, reply = response["messages"][0], response["messages"][1]
    assert (5, thread) == (parent["reply_count"], parent["thread_ts"])
    assert ("U0ASKER01", thread) == (reply["parent_user_id"], reply["thread_ts"])
    assert not response["has_more"]


def test_pages(web: WebClient, thread: str) -> None:
    """The cursor leads through all pages of a thread; only the first has the parent."""
    pages = [texts(page) for page in web.conversations_replies(channel="C0PRACTICE", ts=thread, limit=2)]

    assert [["hi", "reply 0"], ["reply 1", "reply 2"], ["reply 3", "reply 4"]] == pages


def test_metadata_needs_include_all_metadata(web: WebClient, thread: str) -> None:
    """Without include_all_metadata the metadata has no payload."""
    without = web.conversations_replies(channel="C0PRACTICE", ts=thread)
    complete = web.conversations_replies(channel="C0PRACTICE", ts=thread, include_all_metadata=True)

    assert [{"event_type": "cocoai"}] == [each["metadata"] for each in without["messages"] if "metadata" in each]
    assert [METADATA] == [each["metadata"] for each in complete["messages"] if "metadata" in each]


def test_oldest_and_latest(slack: PracticeSlack, web: WebClient, thread: str) -> None:
    """`oldest` and `latest` select replies; the parent is returned too, unless a switch leaves it out."""
    stamps = [message.ts for message in slack.messages()]
    between: dict[str, Any] = {"channel": "C0PRACTICE", "ts": thread, "oldest": stamps[2], "latest": stamps[4]}

    assert ["hi", "reply 2"] == texts(web.conversations_replies(**between))
    assert ["hi", "reply 1", "reply 2", "reply 3"] == texts(web.conversations_replies(**between, inclusive=True))


def test_a_page_may_be_shorter_and_a_window_without_the_parent(
    slack: PracticeSlack, web: WebClient, thread: str
) -> None:
    """A test can choose what Slack leaves open: fewer messages than `limit`, and the parent only within the times."""
    slack.switches.page_limit, slack.switches.window_parent = 2, False
    stamps = [message.ts for message in slack.messages()]
    page = web.conversations_replies(channel="C0PRACTICE", ts=thread, oldest=stamps[1], limit=1000)

    assert ["reply 1", "reply 2"] == texts(page)
    assert page["has_more"]


def test_a_message_without_replies(slack: PracticeSlack, web: WebClient) -> None:
    """A message without replies is returned alone, without thread_ts."""
    response = web.conversations_replies(channel="C0PRACTICE", ts=slack.say("U0ASKER01", "hi").ts)

    assert ["hi"] == texts(response)
    assert "thread_ts" not in response["messages"][0]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"ts": "1.0"}, "thread_not_found"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"cursor": "dXNlcjpVMQ=="}, "invalid_cursor"),
        ({"limit": 0}, "invalid_limit"),
    ],
)
def test_replies_refused(web: WebClient, thread: str, change: dict[str, Any], error: str) -> None:
    """Each invalid request for a thread is refused with Slack's code."""
    arguments = {"channel": "C0PRACTICE", "ts": thread, **change}

    assert (200, error) == refusal(lambda: web.conversations_replies(**arguments))


def test_a_deleted_question_has_no_thread(slack: PracticeSlack, web: WebClient) -> None:
    """A question that was deleted before any reply has no thread."""
    question = slack.say("U0ASKER01", "hi")
    slack.delete("C0PRACTICE", question.ts)

    replies = partial(web.conversations_replies, channel="C0PRACTICE", ts=question.ts)
    assert (200, "thread_not_found") == refusal(replies)


# users.info, reactions.add


def test_users_info(web: WebClient) -> None:
    """People have a name and a locale; those of another organisation have no locale, and are strangers."""
    own, other = (web.users_info(user=user, include_locale=True)["user"] for user in ("U0ASKER01", "U0OTHER01"))

    assert ("Asker", "T0PRACTICE", "ja-JP") == (own["profile"]["display_name"], own["team_id"], own["locale"])
    assert ("T0OTHER", True) == (other["team_id"], other["is_stranger"])
    assert "locale" not in other
    assert web.users_info(user="U0COCOAI")["user"]["is_bot"]
    assert (200, "user_not_found") == refusal(lambda: web.users_info(user="U0NOBODY"))


@pytest.mark.parametrize(
    ("user", "display_name", "real_name", "name"),
    [
        ("U0ASKER01", "Asker", "Asker", "asker"),
        ("U0ASKER02", "", "Second asker", "second.asker"),
        ("U0ASKER04", "質問者", "質問者", "u0asker04"),
        ("U0COCOAI", "", "CocoAI", "cocoai"),
    ],
)
def test_names_of_people(web: WebClient, user: str, display_name: str, real_name: str, name: str) -> None:
    """A user has a display name, which may be empty, a real name and an ASCII username."""
    shown = web.users_info(user=user)["user"]

    assert (display_name, real_name) == (shown["profile"]["display_name"], shown["profile"]["real_name"])
    assert (real_name, name) == (shown["real_name"], shown["name"])


def test_reactions_add(slack: PracticeSlack, web: WebClient) -> None:
    """A reaction is added once; a second time is refused."""
    question = slack.say("U0ASKER01", "hi")
    react = partial(web.reactions_add, channel="C0PRACTICE", timestamp=question.ts, name="eyes")
    react()

    assert {"eyes": ("U0COCOAI",)} == slack.messages()[0].reactions
    assert (200, "already_reacted") == refusal(react)
    message = web.conversations_replies(channel="C0PRACTICE", ts=question.ts)["messages"][0]
    assert [{"name": "eyes", "users": ["U0COCOAI"], "count": 1}] == message["reactions"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"timestamp": "1.0"}, "message_not_found"),
        ({"timestamp": ""}, "no_item_specified"),
        ({"name": "not a name"}, "invalid_name"),
        ({"channel": "C0ARCHIVED"}, "is_archived"),
    ],
)
def test_reactions_refused(slack: PracticeSlack, web: WebClient, change: dict[str, str], error: str) -> None:
    """Each invalid reaction is refused with Slack's code."""
    arguments = {"channel": "C0PRACTICE", "timestamp": slack.say("U0ASKER01", "hi").ts, "name": "eyes", **change}

    assert (200, error) == refusal(lambda: web.api_call("reactions.add", data=arguments))


# Rate limits and faults


def test_rate_limit(slack: PracticeSlack, web: WebClient) -> None:
    """A call over the limit gets HTTP 429, Retry-After in whole seconds, ok false and ratelimited."""
    slack.switches.rate_limits = True
    post = partial(web.chat_postMessage, channel="C0PRACTICE", text="hi")
    with pytest.raises(SlackApiError) as caught:
        [post() for _ in range(CHANNEL_BURST * 5)]
    response = cast("Any", caught.value.response)

    assert (429, "1", "ratelimited") == (response.status_code, response.headers["Retry-After"], response["error"])
    assert CHANNEL_BURST <= len(slack.messages()) < CHANNEL_BURST * 5
    web.chat_postMessage(channel="D0PRACTICE", text="hi")


def test_one_limited_channel(slack: PracticeSlack, web: WebClient) -> None:
    """With one channel's limit used up, a message there gets 429; elsewhere, and for an update, nothing changes."""
    slack.switches.limited = frozenset({"C0PRACTICE"})
    post = partial(web.chat_postMessage, text="hi")
    ts = post(channel="C0PRACTICE")["ts"]
    slack.use_up_limit("C0PRACTICE", 30)

    assert (429, "ratelimited") == refusal(partial(post, channel="C0PRACTICE"))
    [post(channel="D0PRACTICE") for _ in range(CHANNEL_BURST * 2)]
    web.chat_update(channel="C0PRACTICE", ts=ts, text="ho")
    slack.switches.limited = frozenset()
    post(channel="C0PRACTICE")


def test_latency(slack: PracticeSlack, web: WebClient) -> None:
    """Every call takes at least the latency, and the record shows it."""
    slack.switches.latency = 0.1
    started = time.monotonic()
    web.auth_test()

    assert time.monotonic() - started >= 0.1
    assert slack.calls[0].seconds >= 0.1


@pytest.mark.parametrize(
    ("fault", "refused", "recorded"),
    [
        (SlackFault("limited", seconds=7), (429, "ratelimited"), "ratelimited"),
        (SlackFault("refused", code="token_revoked"), (200, "token_revoked"), "token_revoked"),
    ],
)
def test_requested_faults(
    slack: PracticeSlack, web: WebClient, fault: SlackFault, refused: tuple[int, str], recorded: str
) -> None:
    """The next calls of a method meet the fault as often as requested; other methods do not."""
    slack.fail("chat.postMessage", fault, times=2)
    post = partial(web.chat_postMessage, channel="C0PRACTICE", text="hi")
    web.auth_test()

    assert [refused, refused] == [refusal(post), refusal(post)]
    post()
    assert ["ok", recorded, recorded, "ok"] == [call.outcome for call in slack.calls]


def test_broken_fault(slack: PracticeSlack, session: requests.Session) -> None:
    """The fault `broken` is a 500 with HTML for any method."""
    slack.fail("*", SlackFault("broken"))
    reply = session.post(f"{slack.api_url}auth.test")

    assert (500, "text/html; charset=utf-8") == (reply.status_code, reply.headers["Content-Type"])


@pytest.mark.parametrize(("kind", "done"), [("gone", 0), ("reply lost", 1)])
def test_lost_connections(slack: PracticeSlack, web: WebClient, kind: SlackFaultKind, done: int) -> None:
    """Both faults close the connection without a response: before the work is done, or after it."""
    slack.fail("chat.postMessage", SlackFault(kind))

    with pytest.raises((urllib.error.URLError, ConnectionError)):
        web.chat_postMessage(channel="C0PRACTICE", text="hi")
    assert done == len(slack.messages())
    assert [kind] == [call.outcome for call in slack.calls]


def test_slow_fault(slack: PracticeSlack, web: WebClient) -> None:
    """The fault `slow` delays the calls; faults to come can be cleared."""
    slack.fail("auth.test", SlackFault("slow", seconds=0.2), times=5)
    web.auth_test()
    slack.clear_faults()
    web.auth_test()

    assert slack.calls[0].seconds >= 0.2
    assert ["ok", "ok"] == [call.outcome for call in slack.calls]


def test_calls_are_recorded(slack: PracticeSlack, web: WebClient) -> None:
    """Each call is recorded with its method, arguments, outcome and time; a caller can wait for one."""
    before = time.time()
    web.chat_postMessage(channel="C0PRACTICE", text="hi")
    call = slack.wait_for(lambda: slack.calls)[-1]

    assert ("chat.postMessage", "hi", "ok") == (call.method, call.arguments["text"], call.outcome)
    assert before <= call.time <= time.time()
