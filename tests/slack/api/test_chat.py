"""slack/api/chat.py over real sockets, against the practice Slack and against servers that behave worse than it."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from cocoai.engine.client.client import FullResponse, HttpClient
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.factory import new_client
from cocoai.engine.client.proxied import ProxyClient
from cocoai.engine.client.tls import tls_context
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.slack.api.calls import CONNECT_TIMEOUT, READ_TIMEOUT
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_reader import MOST_CALLS
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.messages import Message, MessageMetadata

CHANNEL = "C0PRACTICE"
TOKEN = "xoxb-practice"
NO_TS = "1763822400.000100"
"""The ts of no message."""


class Time:
    """A clock that only sleeping moves; keeps the seconds of each sleep."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


def connected(client: HttpClient, api_url: str, time: Time, **settings: Any) -> SlackChat:
    return SlackChat(client, api_url=api_url, token=TOKEN, clock=time, sleep=time.sleep, **settings)


@pytest.fixture
def chat(client: HttpClient, practice: PracticeSlack, time: Time) -> SlackChat:
    return connected(client, practice.api_url, time)


@pytest.fixture
def thread_ts(practice: PracticeSlack) -> str:
    """Return the ts of a question in the practice channel, which opens a thread."""
    return practice.say("U0ASKER01", "<@U0COCOAI> hello").ts


@pytest.fixture
def metadata(thread_ts: str) -> MessageMetadata:
    return MessageMetadata(f"{CHANNEL}-{thread_ts}-{thread_ts}", "placeholder")


def methods(practice: PracticeSlack) -> list[str]:
    return [call.method for call in practice.calls]


def replies(practice: PracticeSlack, ts: str) -> list[str]:
    return [message.text for message in practice.thread(CHANNEL, ts)[1:]]


def post_replies(practice: PracticeSlack, ts: str, count: int) -> list[str]:
    """Post so many replies of a person into a thread; return their ts."""
    return [practice.workspace.post(CHANNEL, "U0ASKER02", f"reply {n}", thread_ts=ts).ts for n in range(count)]


class Scripted(PracticeServer):
    """Answers each call with what `script` returns for its method and number, and keeps the requests."""

    def __init__(self, script: Callable[[str, int], object]) -> None:
        super().__init__()
        self.api_url = f"{self.url}/api/"
        self.seen: list[Incoming] = []
        self._script = script

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        reply = self._script(incoming.path.removeprefix("/api/"), len(self.seen))
        return reply if isinstance(reply, Outgoing) else Outgoing(body=json.dumps(reply).encode())


@pytest.fixture
def scripted(client: HttpClient, time: Time) -> Iterator[Callable[[Callable[[str, int], object]], Any]]:
    servers: list[Scripted] = []

    def start(script: Callable[[str, int], object]) -> tuple[SlackChat, Scripted]:
        servers.append(Scripted(script))
        servers[-1].start()
        return connected(client, servers[-1].api_url, time), servers[-1]

    yield start
    for server in servers:
        server.stop()


# Writing


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
def test_a_post_is_in_the_thread_with_its_metadata(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A posted message is in the question's thread, by the bot, with the key, the kind and the part's number."""
    ts = chat.post(CHANNEL, "*wait*", thread_ts, metadata)
    posted = practice.thread(CHANNEL, thread_ts)[-1]

    assert (ts, "*wait*", "U0COCOAI") == (posted.ts, posted.text, posted.user)
    assert posted.metadata == {
        "event_type": "cocoai",
        "event_payload": {"key": metadata.key, "kind": "placeholder", "n": 1},
    }


def test_an_update_changes_text_and_metadata(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """An update turns the placeholder into the answer, in its place."""
    ts = chat.post(CHANNEL, "wait", thread_ts, metadata)
    chat.update(CHANNEL, ts, "the answer", MessageMetadata(metadata.key, "answer"))
    messages = chat.thread(CHANNEL, thread_ts)

    expected = [("the answer", MessageMetadata(metadata.key, "answer"))]
    assert expected == [(each.text, each.metadata) for each in messages[1:]]


def test_messages_are_json_that_neither_unfurls_nor_links_names(scripted: Any, metadata: MessageMetadata) -> None:
    """Messages are sent as JSON with the token in a header only, and with unfurling and linking off."""
    chat, server = scripted(lambda method, _: {"ok": True, "ts": NO_TS})
    chat.post(CHANNEL, "あ&b", "1.0", metadata)
    chat.update(CHANNEL, NO_TS, "あ&b", metadata)
    quiet = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}

    for incoming in server.seen:
        arguments = json.loads(incoming.body)
        assert "application/json; charset=utf-8" == incoming.headers["content-type"]
        assert f"Bearer {TOKEN}" == incoming.headers["authorization"]
        assert TOKEN not in incoming.body.decode() + incoming.query
        assert {"channel": CHANNEL, "text": "あ&b"} | quiet == {
            name: arguments[name] for name in ("channel", "text", *quiet)
        }


def test_a_method_that_reads_is_called_with_a_form(scripted: Any) -> None:
    """Arguments of a method that reads are sent as a form, since Slack takes no JSON there."""
    chat, server = scripted(lambda method, _: {"ok": True, "messages": []})
    chat.thread(CHANNEL, NO_TS)

    assert "application/x-www-form-urlencoded" == server.seen[0].headers["content-type"]
    assert f"channel={CHANNEL}&ts={NO_TS}".encode() in server.seen[0].body


def test_no_text_pings(chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata) -> None:
    """In a posted and in an updated message pings become text, and links stay."""
    text = "<!channel> <@U0ASKER01> <!subteam^S0TEAM> <https://a.example|a>"
    ts = chat.post(CHANNEL, text, thread_ts, metadata)
    posted = replies(practice, thread_ts)
    chat.update(CHANNEL, ts, "<!here> " + text, metadata)

    for shown in (*posted, *replies(practice, thread_ts)):
        assert "<!" not in shown
        assert "<@" not in shown
        assert "<https://a.example|a>" in shown


def test_no_markdown_block_pings(scripted: Any, metadata: MessageMetadata) -> None:
    """A ping in a Markdown block becomes text; a block of our own words is sent as it is."""
    chat, server = scripted(lambda *_: {"ok": True, "ts": NO_TS})
    own = {"type": "context", "elements": [{"type": "mrkdwn", "text": "<!date^1^{date}|today>"}]}

    chat.post(CHANNEL, "hello", NO_TS, metadata, blocks=[{"type": "markdown", "text": "<!channel> hello"}, own])

    markdown, context = json.loads(server.seen[0].body)["blocks"]
    assert "hello" in markdown["text"]
    assert "<!channel>" not in markdown["text"]
    assert own == context


def test_an_ephemeral_message_does_not_ping(scripted: Any) -> None:
    """A message for one user is sent into the thread, its pings as text and linking off."""
    chat, server = scripted(lambda *_: {"ok": True})

    chat.post_ephemeral(CHANNEL, "U0ASKER01", "<!channel> thanks", NO_TS)

    arguments = json.loads(server.seen[0].body)
    assert "/api/chat.postEphemeral" == server.seen[0].path
    assert (CHANNEL, "U0ASKER01", NO_TS) == (arguments["channel"], arguments["user"], arguments["thread_ts"])
    assert ("none", False) == (arguments["parse"], arguments["link_names"])
    assert "<!channel>" not in arguments["text"]


def test_deleting_a_deleted_message_is_no_error(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A message of ours can be deleted twice; a person's message raises Slack's refusal."""
    ts = chat.post(CHANNEL, "wait", thread_ts, metadata)

    chat.delete(CHANNEL, ts)
    chat.delete(CHANNEL, ts)

    assert [] == replies(practice, thread_ts)
    with pytest.raises(Permanent, match="cant_delete_message"):
        chat.delete(CHANNEL, thread_ts)


def test_a_lone_surrogate_is_posted_as_a_question_mark(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A lone surrogate, which no socket takes, does not keep a message from being posted."""
    chat.post(CHANNEL, "a\ud800b", thread_ts, metadata)

    assert replies(practice, thread_ts) == ["a?b"]


# Reading


def test_messages_are_read_with_their_fields(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A person's message has no metadata and no bot; ours has both."""
    ts = chat.post(CHANNEL, "wait", thread_ts, metadata)

    team = frozenset({"T0PRACTICE"})
    assert chat.thread(CHANNEL, thread_ts) == (
        Message(thread_ts, "U0ASKER01", "", "<@U0COCOAI> hello", None, "", teams=team, has_replies=True),
        Message(ts, "U0COCOAI", "B0COCOAI", "wait", metadata, "", name="CocoAI", teams=team),
    )


def test_endless_cursors_end(scripted: Any) -> None:
    """A search for our own messages ends after MOST_CALLS pages, whatever the cursors say."""
    reply = {"ok": True, "messages": [{"ts": NO_TS, "text": "x"}], "has_more": True}
    chat, server = scripted(lambda _, number: reply | {"response_metadata": {"next_cursor": f"page {number}"}})

    assert chat.find(CHANNEL, NO_TS, f"{CHANNEL}-{NO_TS}-{NO_TS}") is None
    assert len(server.seen) == MOST_CALLS


@pytest.mark.parametrize(
    "messages",
    [
        None,
        "none",
        [None, 1, "x", [], {}],
        [{"ts": 1.0}, {"ts": "nan"}, {"ts": "x" * 100}],
        [{"ts": NO_TS, "user": 1, "text": ["x"], "metadata": "cocoai", "subtype": 3}],
        [{"ts": NO_TS, "metadata": {"event_type": "other", "event_payload": {"key": "k", "kind": "answer", "n": 1}}}],
        [{"ts": NO_TS, "metadata": {"event_type": "cocoai"}}],
        [{"ts": NO_TS, "metadata": {"event_type": "cocoai", "event_payload": {"kind": ["answer"], "n": 1}}}],
        [{"ts": NO_TS, "metadata": {"event_type": "cocoai", "event_payload": {"kind": "answer", "n": True}}}],
    ],
)
def test_odd_messages_are_passed_over_or_empty(scripted: Any, messages: object) -> None:
    """Entries without a ts are passed over, and odd fields of the others are empty."""
    chat, _ = scripted(lambda *_: {"ok": True, "messages": messages, "response_metadata": ["x"]})

    assert all(each == Message(NO_TS, "", "", "", None, "") for each in chat.thread(CHANNEL, NO_TS))


def test_a_message_is_found_by_its_metadata(chat: SlackChat, thread_ts: str, metadata: MessageMetadata) -> None:
    """The first message with the key, the kind and the number is found; None if there is none."""
    first = chat.post(CHANNEL, "one", thread_ts, MessageMetadata(metadata.key, "answer"))
    second = chat.post(CHANNEL, "two", thread_ts, MessageMetadata(metadata.key, "part", 2))
    chat.post(CHANNEL, "two", thread_ts, MessageMetadata(metadata.key, "part", 2))

    assert first == chat.find(CHANNEL, thread_ts, metadata.key)
    assert second == chat.find(CHANNEL, thread_ts, metadata.key, n=2)
    assert second == chat.find(CHANNEL, thread_ts, metadata.key, {"part"}, 2)
    assert chat.find(CHANNEL, thread_ts, metadata.key, {"placeholder"}) is None
    assert chat.find(CHANNEL, thread_ts, "C0PRACTICE-1.0-1.0") is None


def test_only_our_own_message_is_found(chat: SlackChat, thread_ts: str, metadata: MessageMetadata) -> None:
    """With `own_user`, another user's message with the same metadata is not found."""
    ts = chat.post(CHANNEL, "one", thread_ts, metadata)

    assert ts == chat.find(CHANNEL, thread_ts, metadata.key, own_user="U0COCOAI")
    assert chat.find(CHANNEL, thread_ts, metadata.key, own_user="U0OTHER") is None


def test_auth_test_returns_our_identity(chat: SlackChat) -> None:
    """Every id that auth.test can return is read."""
    assert chat.auth_test() == Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI")


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ({"name": "ana", "profile": {"display_name": "Ana", "real_name": "Ana Maria"}}, "Ana"),
        ({"name": "ana", "profile": {"display_name": "", "real_name": "Ana Maria"}}, "Ana Maria"),
        ({"name": "ana", "profile": {}}, "ana"),
        ({"name": ["ana"], "profile": ["Ana"]}, ""),
        (None, ""),
    ],
)
def test_a_users_name_is_their_display_name_first(scripted: Any, user: object, expected: str) -> None:
    """The name is the display name, else the real name, else the account's name; "" if there is none."""
    chat, _ = scripted(lambda *_: {"ok": True, "user": user})

    assert expected == chat.user_name("U0ANA")


# Refusals


def test_a_refusal_carries_slacks_code(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """Too long an update and an unknown channel or thread raise `Permanent` with Slack's code."""
    ts = chat.post(CHANNEL, "wait", thread_ts, metadata)

    with pytest.raises(Permanent, match="msg_too_long"):
        chat.update(CHANNEL, ts, "x" * 4001, metadata)
    with pytest.raises(Permanent, match="channel_not_found"):
        chat.post("C0NOWHERE", "x", thread_ts, metadata)
    with pytest.raises(Permanent, match="thread_not_found"):
        chat.thread(CHANNEL, NO_TS)


def test_an_internal_error_is_temporary_and_not_retried(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """Slack's `internal_error` raises `Temporary` after one call."""
    practice.fail("chat.postMessage", SlackFault("refused", code="internal_error"))

    with pytest.raises(Temporary, match="internal_error"):
        chat.post(CHANNEL, "wait", thread_ts, metadata)
    assert methods(practice) == ["chat.postMessage"]


def test_a_wrong_token_is_permanent(client: HttpClient, practice: PracticeSlack) -> None:
    """A wrong token raises `Permanent`, and is not in the error."""
    chat = SlackChat(client, api_url=practice.api_url, token="xoxb-forged")

    with pytest.raises(Permanent, match="invalid_auth") as caught:
        chat.auth_test()
    assert "xoxb" not in f"{chat!r} {caught.value!r} {vars(caught.value)}"


def test_auth_test_without_ids_is_temporary(scripted: Any) -> None:
    """A response of auth.test that is `ok` but has no ids raises `Temporary`."""
    chat, _ = scripted(lambda *_: {"ok": True})

    with pytest.raises(Temporary):
        chat.auth_test()


# Rate limits


def test_a_429_is_waited_out(
    chat: SlackChat, practice: PracticeSlack, time: Time, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A call is sent again after the seconds that each 429 asks for."""
    practice.fail("chat.postMessage", SlackFault("limited", seconds=7), times=2)
    chat.post(CHANNEL, "wait", thread_ts, metadata)

    assert [7.0, 7.0] == time.slept
    assert ["wait"] == replies(practice, thread_ts)


def test_patience_is_for_the_whole_call(
    chat: SlackChat, practice: PracticeSlack, time: Time, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A second 429 that would exceed 60 s in all is raised with its own wait; nothing was posted."""
    practice.fail("chat.postMessage", SlackFault("limited", seconds=40), times=2)

    with pytest.raises(Temporary) as caught:
        chat.post(CHANNEL, "wait", thread_ts, metadata)
    assert [40.0] == time.slept
    assert ("ratelimited", 429, 40.0, False) == (
        caught.value.code,
        caught.value.status,
        caught.value.retry_after,
        caught.value.sent,
    )


def test_an_update_without_wait_raises_a_429_at_once(
    chat: SlackChat, practice: PracticeSlack, time: Time, thread_ts: str, metadata: MessageMetadata
) -> None:
    """With `wait` False a 429 is raised at once, and while it holds Slack is not called."""
    ts = chat.post(CHANNEL, "wait", thread_ts, metadata)
    practice.fail("chat.update", SlackFault("limited", seconds=7))
    for _ in range(2):
        with pytest.raises(Temporary) as caught:
            chat.update(CHANNEL, ts, "so far", metadata, wait=False)
        assert caught.value.retry_after == 7.0

    assert [] == time.slept
    assert methods(practice).count("chat.update") == 1


def test_a_users_name_is_not_waited_for(chat: SlackChat, practice: PracticeSlack, time: Time) -> None:
    """A 429 for a user's name is raised at once, and the name is read once it is over."""
    practice.fail("users.info", SlackFault("limited", seconds=7))
    with pytest.raises(Temporary):
        chat.user_name("U0ASKER01")
    time.now += 7

    assert [] == time.slept
    assert chat.user_name("U0ASKER01")


def test_the_final_update_waits_out_an_earlier_429(
    chat: SlackChat, practice: PracticeSlack, time: Time, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A 429 that still holds is waited out before the next update, but does not delay another method."""
    ts = chat.post(CHANNEL, "wait", thread_ts, metadata)
    practice.fail("chat.update", SlackFault("limited", seconds=7))
    with pytest.raises(Temporary):
        chat.update(CHANNEL, ts, "so far", metadata, wait=False)
    time.now += 2
    chat.thread(CHANNEL, thread_ts)
    slept_before = list(time.slept)
    chat.update(CHANNEL, ts, "all", MessageMetadata(metadata.key, "answer"))
    chat.update(CHANNEL, ts, "all", MessageMetadata(metadata.key, "answer"), wait=False)

    assert ([], [5.0]) == (slept_before, time.slept)
    assert ["all"] == replies(practice, thread_ts)


# Lost connections and lost responses


@pytest.mark.parametrize("kind", ["broken", "gone", "reply lost"])
def test_after_a_doubtful_post_the_thread_is_searched(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata, kind: Any
) -> None:
    """After an HTML 500, a cut connection or a lost reply the thread shows whether it was posted; it is there once."""
    practice.fail("chat.postMessage", SlackFault(kind))
    with pytest.raises(Temporary) as caught:
        chat.post(CHANNEL, "wait", thread_ts, metadata)
    ts = chat.post(CHANNEL, "wait", thread_ts, metadata)

    assert caught.value.sent
    assert ["wait"] == replies(practice, thread_ts)
    assert ts == practice.thread(CHANNEL, thread_ts)[-1].ts
    assert methods(practice).count("chat.postMessage") == (1 if kind == "reply lost" else 2)


def test_a_doubt_that_was_settled_is_forgotten(chat: SlackChat, practice: PracticeSlack, thread_ts: str) -> None:
    """Once a doubtful note has been found in the thread, the next one like it is posted anew."""
    note = MessageMetadata(f"{CHANNEL}-{thread_ts}-{thread_ts}", "note")
    practice.fail("chat.postMessage", SlackFault("reply lost"))
    with pytest.raises(Temporary):
        chat.post(CHANNEL, "note", thread_ts, note)

    found = chat.post(CHANNEL, "note", thread_ts, note)
    anew = chat.post(CHANNEL, "note", thread_ts, note)

    assert found != anew
    assert ["note", "note"] == replies(practice, thread_ts)


def test_while_the_thread_cannot_be_searched_nothing_is_posted(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A message that may have been posted is not posted again before the thread could be read."""
    practice.fail("chat.postMessage", SlackFault("reply lost"))
    practice.fail("conversations.replies", SlackFault("broken"))
    for _ in range(2):
        with pytest.raises(Temporary):
            chat.post(CHANNEL, "wait", thread_ts, metadata)

    assert ["wait"] == replies(practice, thread_ts)
    assert chat.post(CHANNEL, "wait", thread_ts, metadata)
    assert ["wait"] == replies(practice, thread_ts)


def test_a_post_without_a_ts_is_in_doubt(scripted: Any, metadata: MessageMetadata) -> None:
    """A response that is `ok` without a ts raises `Temporary` as sent."""
    chat, _ = scripted(lambda *_: {"ok": True, "ts": 1.5})

    with pytest.raises(Temporary) as caught:
        chat.post(CHANNEL, "wait", NO_TS, metadata)
    assert caught.value.sent


def test_a_waiting_placeholder_is_not_posted_again(
    chat: SlackChat, practice: PracticeSlack, thread_ts: str, metadata: MessageMetadata
) -> None:
    """A placeholder is posted once until it becomes something else; messages of other kinds are posted each time."""
    first = chat.post(CHANNEL, "wait", thread_ts, metadata)
    again = chat.post(CHANNEL, "wait", thread_ts, metadata)
    chat.update(CHANNEL, first, "so far", metadata)
    updated = chat.post(CHANNEL, "wait", thread_ts, metadata)
    chat.update(CHANNEL, first, "sorry", MessageMetadata(metadata.key, "error"))
    anew = chat.post(CHANNEL, "wait", thread_ts, metadata)
    notes = {chat.post(CHANNEL, "note", thread_ts, MessageMetadata(metadata.key, "note")) for _ in range(2)}

    assert first == again == updated
    assert first != anew
    assert ["sorry", "wait", "note", "note"] == replies(practice, thread_ts)
    assert len(notes) == 2


def test_a_refused_connection_has_sent_nothing(
    client: HttpClient, time: Time, free_port: Callable[[], int], metadata: MessageMetadata
) -> None:
    """A refused connection raises `Temporary` as not sent."""
    chat = connected(client, f"http://127.0.0.1:{free_port()}/api/", time)

    with pytest.raises(Temporary, match="connection") as caught:
        chat.post(CHANNEL, "wait", NO_TS, metadata)
    assert not caught.value.sent


def test_an_untrusted_certificate_gets_no_token(practice: PracticeSlack, time: Time) -> None:
    """A server whose certificate is not trusted gets no request, and so no token."""
    with pytest.raises(Temporary, match="tls") as caught:
        connected(new_client(tls_context()), practice.api_url, time).auth_test()
    assert not caught.value.sent
    assert [] == practice.calls


def test_a_redirect_is_not_followed(scripted: Any) -> None:
    """A redirect raises `Temporary` after one request: the token goes to one address only."""
    chat, server = scripted(lambda *_: Outgoing(302, headers=(("Location", "/api/auth.test"),)))

    with pytest.raises(Temporary):
        chat.auth_test()
    assert len(server.seen) == 1


class Silent(PracticeServer):
    """Accepts requests and sends no response."""

    def answer(self, incoming: Incoming) -> Outgoing:
        self.stopping.wait(60)
        raise Gone


class Impatient:
    """A client that keeps the timeouts it is given, and waits less."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self.allowed: list[tuple[float, float]] = []
        self.post_streamed = client.post_streamed
        self.post_unread = client.post_unread
        self.post_file = client.post_file
        self.get = client.get

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str | bytes], timeout: tuple[float, float]
    ) -> FullResponse:
        self.allowed.append(timeout)
        return self._client.post(url, body, headers, (5.0, 0.3))


def test_a_silent_slack_ends_in_a_timeout(client: HttpClient, time: Time, metadata: MessageMetadata) -> None:
    """Without a response the read timeout raises `Temporary` as sent, since the request has arrived."""
    impatient = Impatient(client)
    with Silent() as server, pytest.raises(Temporary, match="timeout") as caught:
        connected(impatient, f"{server.url}/api/", time).post(CHANNEL, "wait", NO_TS, metadata)

    assert caught.value.sent
    assert [(CONNECT_TIMEOUT, READ_TIMEOUT)] == impatient.allowed == [(5.0, 10.0)]


def cut_in_the_middle() -> Iterator[bytes]:
    yield b'{"ok": tr'
    raise Gone


def test_a_response_cut_in_the_middle_is_in_doubt(scripted: Any) -> None:
    """Half a response raises `Temporary` as sent."""
    chat, _ = scripted(lambda *_: Outgoing(body=cut_in_the_middle()))

    with pytest.raises(Temporary) as caught:
        chat.auth_test()
    assert caught.value.sent


@pytest.mark.parametrize(
    ("api_url", "token"),
    [
        ("https:///api/", TOKEN),
        ("slack.example/api/", TOKEN),
        ("gopher://slack.example/api/", TOKEN),
        ("http://slack.example/api/", TOKEN),
        ("https://" + "x" * 80 + ".example/api/", TOKEN),
        ("http://127.0.0.1:99999/api/", TOKEN),
        ("http://127.0.0.1:1/api/", TOKEN + "\n"),
        ("http://127.0.0.1:1/api/", TOKEN + "\u3042"),
    ],
)
def test_unusable_settings_are_permanent_and_hide_the_token(client: HttpClient, api_url: str, token: str) -> None:
    """An address or a token that cannot be used raises `Permanent`, and the token is not in the traceback."""
    with pytest.raises(CocoAIError) as caught:
        SlackChat(client, api_url=api_url, token=token).auth_test()
    logged = "".join(traceback.format_exception(caught.value))

    assert isinstance(caught.value, Permanent)
    assert caught.value.__context__ is None
    assert TOKEN not in logged
