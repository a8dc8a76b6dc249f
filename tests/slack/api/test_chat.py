"""slack/api/chat.py over real sockets: against the practice Slack, and against servers that are stranger than it."""

from __future__ import annotations

import json
import ssl
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
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.slack.api.chat import CONNECT_TIMEOUT, MOST_MESSAGES, MOST_PAGES, READ_TIMEOUT, SlackChat
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.messages import Message, MessageMetadata

CHANNEL = "C0PRACTICE"
TOKEN = "xoxb-practice"
NOBODY = "1763822400.000100"


class Time:
    """A clock that only sleeping moves, and what was slept."""

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


@pytest.fixture
def new_http_client() -> Callable[[ssl.SSLContext], Any]:
    """Return what makes the HTTP client; tests/engine/client/test_client.py holds both kinds to one contract."""
    return DirectClient


@pytest.fixture
def line(certificates: Certificates, new_http_client: Callable[[ssl.SSLContext], Any]) -> Iterator[HttpClient]:
    """Make an HTTP client for one test."""
    made = new_http_client(tls_context(certificates.ca_file))
    yield made
    made.close()


def connected(line: HttpClient, api_url: str, time: Time, **settings: Any) -> SlackChat:
    return SlackChat(line, api_url=api_url, token=TOKEN, clock=time, sleep=time.sleep, **settings)


@pytest.fixture
def chat(line: HttpClient, practice: PracticeSlack, time: Time) -> SlackChat:
    return connected(line, practice.api_url, time)


@pytest.fixture
def asked(practice: PracticeSlack) -> str:
    """The ts of a question in the practice channel."""
    return practice.say("U0ASKER01", "<@U0COCOAI> hello").ts


@pytest.fixture
def mark(asked: str) -> MessageMetadata:
    return MessageMetadata(f"{CHANNEL}-{asked}-{asked}", "placeholder")


def methods(practice: PracticeSlack) -> list[str]:
    return [call.method for call in practice.calls]


def replies(practice: PracticeSlack, ts: str) -> list[str]:
    return [message.text for message in practice.thread(CHANNEL, ts)[1:]]


class Scripted(PracticeServer):
    """Answers each call with what `script` makes of its method and number, and keeps what came."""

    def __init__(self, script: Callable[[str, int], object]) -> None:
        super().__init__()
        self.api_url = f"{self.url}/api/"
        self.seen: list[Incoming] = []
        self._script = script

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        told = self._script(incoming.path.removeprefix("/api/"), len(self.seen))
        return told if isinstance(told, Outgoing) else Outgoing(body=json.dumps(told).encode())


@pytest.fixture
def scripted(line: HttpClient, time: Time) -> Iterator[Callable[[Callable[[str, int], object]], Any]]:
    servers: list[Scripted] = []

    def start(script: Callable[[str, int], object]) -> tuple[SlackChat, Scripted]:
        servers.append(Scripted(script))
        servers[-1].start()
        return connected(line, servers[-1].api_url, time), servers[-1]

    yield start
    for server in servers:
        server.stop()


# Saying


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
def test_a_post_is_in_the_thread_with_its_mark(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """The message stands under the question, by the bot, and bears the key, the kind and the number."""
    ts = chat.post(CHANNEL, "*wait*", asked, mark)
    posted = practice.thread(CHANNEL, asked)[-1]

    assert (ts, "*wait*", "U0COCOAI") == (posted.ts, posted.text, posted.user)
    assert posted.metadata == {
        "event_type": "cocoai",
        "event_payload": {"key": mark.key, "kind": "placeholder", "n": 1},
    }


def test_an_update_changes_text_and_mark(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """The placeholder becomes the answer, in its place."""
    ts = chat.post(CHANNEL, "wait", asked, mark)
    chat.update(CHANNEL, ts, "the answer", MessageMetadata(mark.key, "answer"))
    messages = chat.thread(CHANNEL, asked)

    assert [("the answer", MessageMetadata(mark.key, "answer"))] == [(each.text, each.mark) for each in messages[1:]]


def test_what_is_said_neither_unfurls_nor_pings(scripted: Any, mark: MessageMetadata) -> None:
    """JSON, as Slack's own client sends it, the token in the header only; links and bare names are to be left alone."""
    chat, server = scripted(lambda method, _: {"ok": True, "ts": NOBODY})
    chat.post(CHANNEL, "あ&b", "1.0", mark)
    chat.update(CHANNEL, NOBODY, "あ&b", mark)
    quiet = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}

    for incoming in server.seen:
        told = json.loads(incoming.body)
        assert "application/json; charset=utf-8" == incoming.headers["content-type"]
        assert f"Bearer {TOKEN}" == incoming.headers["authorization"]
        assert TOKEN not in incoming.body.decode() + incoming.query
        assert {"channel": CHANNEL, "text": "あ&b"} | quiet == {
            name: told[name] for name in ("channel", "text", *quiet)
        }


def test_what_is_asked_for_is_a_form(scripted: Any) -> None:
    """Slack takes no JSON where something is read."""
    chat, server = scripted(lambda method, _: {"ok": True, "messages": []})
    chat.thread(CHANNEL, NOBODY)

    assert "application/x-www-form-urlencoded" == server.seen[0].headers["content-type"]
    assert f"channel={CHANNEL}&ts={NOBODY}".encode() in server.seen[0].body


def test_no_text_pings(chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata) -> None:
    """Whoever wrote it, and by whichever method it leaves: a link stays, a ping becomes text."""
    text = "<!channel> <@U0ASKER01> <!subteam^S0TEAM> <https://a.example|a>"
    ts = chat.post(CHANNEL, text, asked, mark)
    posted = replies(practice, asked)
    chat.update(CHANNEL, ts, "<!here> " + text, mark)

    for shown in (*posted, *replies(practice, asked)):
        assert "<!" not in shown
        assert "<@" not in shown
        assert "<https://a.example|a>" in shown


def test_half_a_character_can_be_said(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """A lone surrogate, which no form takes, is said as a question mark."""
    chat.post(CHANNEL, "a\ud800b", asked, mark)

    assert replies(practice, asked) == ["a?b"]


# Reading


def test_a_thread_is_read_page_by_page(chat: SlackChat, practice: PracticeSlack, asked: str) -> None:
    """All of it, oldest first, each message once, 200 at a time."""
    said = [practice.workspace.post(CHANNEL, "U0ASKER02", f"reply {n}", thread_ts=asked).ts for n in range(450)]
    messages = chat.thread(CHANNEL, asked)

    assert [asked, *said] == [message.ts for message in messages]
    assert methods(practice) == ["conversations.replies"] * 3


def test_of_a_long_thread_the_newest_are_kept(chat: SlackChat, practice: PracticeSlack, asked: str) -> None:
    """The parent, and as many of the newest replies as are allowed."""
    said = [practice.workspace.post(CHANNEL, "U0ASKER02", "x", thread_ts=asked).ts for _ in range(MOST_MESSAGES + 150)]
    messages = chat.thread(CHANNEL, asked)

    assert [asked, *said[150:]] == [message.ts for message in messages]


def test_a_message_is_told_with_what_it_has(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """People's messages have no mark and no bot; ours have both."""
    ts = chat.post(CHANNEL, "wait", asked, mark)

    assert chat.thread(CHANNEL, asked) == (
        Message(asked, "U0ASKER01", "", "<@U0COCOAI> hello", None, ""),
        Message(ts, "U0COCOAI", "B0COCOAI", "wait", mark, "", name="CocoAI"),
    )


@pytest.mark.parametrize("same", [True, False])
def test_a_cursor_that_never_ends_does(scripted: Any, same: bool) -> None:
    """A cursor seen before ends the reading; one that is always new ends at the most pages."""
    told = {"ok": True, "messages": [{"ts": NOBODY, "text": "x"}], "has_more": True}
    chat, server = scripted(
        lambda _, number: told | {"response_metadata": {"next_cursor": "again" if same else f"page {number}"}}
    )
    messages = chat.thread(CHANNEL, NOBODY)

    assert [NOBODY] == [message.ts for message in messages]
    assert len(server.seen) == (2 if same else MOST_PAGES)


@pytest.mark.parametrize(
    "messages",
    [
        None,
        "none",
        [None, 1, "x", [], {}],
        [{"ts": 1.0}, {"ts": "nan"}, {"ts": "x" * 100}],
        [{"ts": NOBODY, "user": 1, "text": ["x"], "metadata": "cocoai", "subtype": 3}],
        [{"ts": NOBODY, "metadata": {"event_type": "other", "event_payload": {"key": "k", "kind": "answer", "n": 1}}}],
        [{"ts": NOBODY, "metadata": {"event_type": "cocoai"}}],
        [{"ts": NOBODY, "metadata": {"event_type": "cocoai", "event_payload": {"kind": ["answer"], "n": 1}}}],
        [{"ts": NOBODY, "metadata": {"event_type": "cocoai", "event_payload": {"kind": "answer", "n": True}}}],
    ],
)
def test_odd_messages_are_passed_over_or_bare(scripted: Any, messages: object) -> None:
    """Whatever a message holds, reading goes on; what is odd in it is as if it were not there."""
    chat, _ = scripted(lambda *_: {"ok": True, "messages": messages, "response_metadata": ["x"]})

    assert all(each == Message(NOBODY, "", "", "", None, "") for each in chat.thread(CHANNEL, NOBODY))


def test_a_message_is_found_by_its_mark(chat: SlackChat, asked: str, mark: MessageMetadata) -> None:
    """By key, kind and number; the first, where several bear it; None where none does."""
    first = chat.post(CHANNEL, "one", asked, MessageMetadata(mark.key, "answer"))
    second = chat.post(CHANNEL, "two", asked, MessageMetadata(mark.key, "part", 2))
    chat.post(CHANNEL, "two", asked, MessageMetadata(mark.key, "part", 2))

    assert first == chat.find(CHANNEL, asked, mark.key)
    assert second == chat.find(CHANNEL, asked, mark.key, n=2)
    assert second == chat.find(CHANNEL, asked, mark.key, {"part"}, 2)
    assert chat.find(CHANNEL, asked, mark.key, {"placeholder"}) is None
    assert chat.find(CHANNEL, asked, "C0PRACTICE-1.0-1.0") is None


def test_who_we_are(chat: SlackChat) -> None:
    """auth.test tells all that it can."""
    assert chat.who() == Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI", "A0COCOAI")


# Refusals


def test_a_refusal_carries_slacks_code(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """Too long an update, a channel that is not there: for good, by Slack's own word."""
    ts = chat.post(CHANNEL, "wait", asked, mark)

    with pytest.raises(Permanent, match="msg_too_long"):
        chat.update(CHANNEL, ts, "x" * 4001, mark)
    with pytest.raises(Permanent, match="channel_not_found"):
        chat.post("C0NOWHERE", "x", asked, mark)
    with pytest.raises(Permanent, match="thread_not_found"):
        chat.thread(CHANNEL, NOBODY)


def test_slacks_own_trouble_is_temporary(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """An `internal_error` may be tried again, and is not tried again here."""
    practice.fail("chat.postMessage", Fault("refused", code="internal_error"))

    with pytest.raises(Temporary, match="internal_error"):
        chat.post(CHANNEL, "wait", asked, mark)
    assert methods(practice) == ["chat.postMessage"]


def test_a_wrong_token_is_for_good(line: HttpClient, practice: PracticeSlack) -> None:
    """And does not stand in the error."""
    chat = SlackChat(line, api_url=practice.api_url, token="xoxb-forged")

    with pytest.raises(Permanent, match="invalid_auth") as caught:
        chat.who()
    assert "xoxb" not in f"{chat!r} {caught.value!r} {vars(caught.value)}"


def test_an_identity_that_slack_does_not_tell_is_temporary(scripted: Any) -> None:
    """`ok`, but nobody."""
    chat, _ = scripted(lambda *_: {"ok": True})

    with pytest.raises(Temporary):
        chat.who()


# Rate limits


def test_a_429_is_waited_out(
    chat: SlackChat, practice: PracticeSlack, time: Time, asked: str, mark: MessageMetadata
) -> None:
    """As long as Slack says, as often as it says."""
    practice.fail("chat.postMessage", Fault("limited", seconds=7), times=2)
    chat.post(CHANNEL, "wait", asked, mark)

    assert [7.0, 7.0] == time.slept
    assert ["wait"] == replies(practice, asked)


def test_patience_is_for_the_whole_call(
    chat: SlackChat, practice: PracticeSlack, time: Time, asked: str, mark: MessageMetadata
) -> None:
    """What goes beyond 60 s in all is raised, with the wait that is still asked for; nothing was done."""
    practice.fail("chat.postMessage", Fault("limited", seconds=40), times=2)

    with pytest.raises(Temporary) as caught:
        chat.post(CHANNEL, "wait", asked, mark)
    assert [40.0] == time.slept
    assert ("ratelimited", 429, 40.0, False) == (
        caught.value.code,
        caught.value.status,
        caught.value.retry_after,
        caught.value.sent,
    )


def test_a_growing_reply_does_not_wait(
    chat: SlackChat, practice: PracticeSlack, time: Time, asked: str, mark: MessageMetadata
) -> None:
    """With `wait` off a 429 is raised at once, and while it holds Slack is not even asked."""
    ts = chat.post(CHANNEL, "wait", asked, mark)
    practice.fail("chat.update", Fault("limited", seconds=7))
    for _ in range(2):
        with pytest.raises(Temporary) as caught:
            chat.update(CHANNEL, ts, "so far", mark, wait=False)
        assert caught.value.retry_after == 7.0

    assert [] == time.slept
    assert methods(practice).count("chat.update") == 1


def test_a_name_is_not_waited_for(chat: SlackChat, practice: PracticeSlack, time: Time) -> None:
    """A 429 is raised at once: a conversation goes on without a name."""
    practice.fail("users.info", Fault("limited", seconds=7))
    with pytest.raises(Temporary):
        chat.name("U0ASKER01")
    time.now += 7

    assert [] == time.slept
    assert chat.name("U0ASKER01")


def test_the_last_update_waits_for_what_the_growing_ones_met(
    chat: SlackChat, practice: PracticeSlack, time: Time, asked: str, mark: MessageMetadata
) -> None:
    """A 429 that still holds is waited out before Slack is asked; another method is free."""
    ts = chat.post(CHANNEL, "wait", asked, mark)
    practice.fail("chat.update", Fault("limited", seconds=7))
    with pytest.raises(Temporary):
        chat.update(CHANNEL, ts, "so far", mark, wait=False)
    time.now += 2
    chat.thread(CHANNEL, asked)
    chat.update(CHANNEL, ts, "all", MessageMetadata(mark.key, "answer"))
    chat.update(CHANNEL, ts, "all", MessageMetadata(mark.key, "answer"), wait=False)

    assert [5.0] == time.slept
    assert ["all"] == replies(practice, asked)


# A Slack that cannot be reached, or does not answer


@pytest.mark.parametrize("kind", ["broken", "gone", "reply lost"])
def test_after_a_doubtful_post_the_thread_is_looked_at(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata, kind: Any
) -> None:
    """An HTML 500, a connection cut, a reply lost: whether it was posted shows in the thread, and it is there once."""
    practice.fail("chat.postMessage", Fault(kind))
    with pytest.raises(Temporary) as caught:
        chat.post(CHANNEL, "wait", asked, mark)
    ts = chat.post(CHANNEL, "wait", asked, mark)

    assert caught.value.sent
    assert ["wait"] == replies(practice, asked)
    assert ts == practice.thread(CHANNEL, asked)[-1].ts
    assert methods(practice).count("chat.postMessage") == (1 if kind == "reply lost" else 2)


def test_while_the_thread_cannot_be_looked_at_nothing_is_posted(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """Doubt stays until it is settled."""
    practice.fail("chat.postMessage", Fault("reply lost"))
    practice.fail("conversations.replies", Fault("broken"))
    for _ in range(2):
        with pytest.raises(Temporary):
            chat.post(CHANNEL, "wait", asked, mark)

    assert ["wait"] == replies(practice, asked)
    assert chat.post(CHANNEL, "wait", asked, mark)
    assert ["wait"] == replies(practice, asked)


def test_a_post_that_says_no_ts_is_in_doubt(scripted: Any, mark: MessageMetadata) -> None:
    """`ok` without a ts: posted, it seems, but where?"""
    chat, _ = scripted(lambda *_: {"ok": True, "ts": 1.5})

    with pytest.raises(Temporary) as caught:
        chat.post(CHANNEL, "wait", NOBODY, mark)
    assert caught.value.sent


def test_a_waiting_placeholder_is_not_posted_again(
    chat: SlackChat, practice: PracticeSlack, asked: str, mark: MessageMetadata
) -> None:
    """Asked for twice it is the same message, until it has become something else; other kinds are posted each time."""
    first = chat.post(CHANNEL, "wait", asked, mark)
    again = chat.post(CHANNEL, "wait", asked, mark)
    chat.update(CHANNEL, first, "so far", mark)
    growing = chat.post(CHANNEL, "wait", asked, mark)
    chat.update(CHANNEL, first, "sorry", MessageMetadata(mark.key, "error"))
    anew = chat.post(CHANNEL, "wait", asked, mark)
    notes = {chat.post(CHANNEL, "note", asked, MessageMetadata(mark.key, "note")) for _ in range(2)}

    assert first == again == growing
    assert first != anew
    assert ["sorry", "wait", "note", "note"] == replies(practice, asked)
    assert len(notes) == 2


def test_nobody_there_is_certain(
    line: HttpClient, time: Time, free_port: Callable[[], int], mark: MessageMetadata
) -> None:
    """A refused connection carried nothing."""
    chat = connected(line, f"http://127.0.0.1:{free_port()}/api/", time)

    with pytest.raises(Temporary, match="connection") as caught:
        chat.post(CHANNEL, "wait", NOBODY, mark)
    assert not caught.value.sent


def test_a_stranger_with_a_certificate_gets_nothing(practice: PracticeSlack, time: Time) -> None:
    """Where the certificate is nobody's, no token is sent."""
    with pytest.raises(Temporary, match="tls") as caught:
        connected(new_client(tls_context()), practice.api_url, time).who()
    assert not caught.value.sent
    assert [] == practice.calls


def test_a_redirect_is_not_followed(scripted: Any) -> None:
    """The token goes to one address only."""
    chat, server = scripted(lambda *_: Outgoing(302, headers=(("Location", "/api/auth.test"),)))

    with pytest.raises(Temporary):
        chat.who()
    assert len(server.seen) == 1


class Silent(PracticeServer):
    """Hears, and says nothing."""

    def answer(self, incoming: Incoming) -> Outgoing:
        self.stopping.wait(60)
        raise Gone


class Impatient:
    """A line that notes how long it may wait, and waits less."""

    def __init__(self, line: HttpClient) -> None:
        self._line = line
        self.allowed: list[tuple[float, float]] = []
        self.post_streamed = line.post_streamed
        self.get = line.get

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str | bytes], timeout: tuple[float, float]
    ) -> FullResponse:
        self.allowed.append(timeout)
        return self._line.post(url, body, headers, (5.0, 0.3))


def test_a_slack_that_says_nothing_is_given_up(line: HttpClient, time: Time, mark: MessageMetadata) -> None:
    """The read time-out ends the wait; the request had arrived, so its outcome is in doubt."""
    impatient = Impatient(line)
    with Silent() as server, pytest.raises(Temporary, match="timeout") as caught:
        connected(impatient, f"{server.url}/api/", time).post(CHANNEL, "wait", NOBODY, mark)

    assert caught.value.sent
    assert [(CONNECT_TIMEOUT, READ_TIMEOUT)] == impatient.allowed == [(5.0, 10.0)]


def cut_in_the_middle() -> Iterator[bytes]:
    yield b'{"ok": tr'
    raise Gone


def test_a_response_cut_in_the_middle_is_in_doubt(scripted: Any) -> None:
    """Half of a response says nothing."""
    chat, _ = scripted(lambda *_: Outgoing(body=cut_in_the_middle()))

    with pytest.raises(Temporary) as caught:
        chat.who()
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
def test_wrong_settings_are_for_good_and_told_without_the_token(line: HttpClient, api_url: str, token: str) -> None:
    """An address or a token that cannot be used: nothing of either stands in what a log would show."""
    with pytest.raises(CocoAIError) as caught:
        SlackChat(line, api_url=api_url, token=token).who()
    told = "".join(traceback.format_exception(caught.value))

    assert isinstance(caught.value, Permanent)
    assert caught.value.__context__ is None
    assert TOKEN not in told
