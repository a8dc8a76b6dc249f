"""slack/api/upload.py against the practice Slack: the three steps, what each refuses, and where a file is shown."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cached_property, partial

import pytest

from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.proxied import ProxyClient
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault, SlackFaultKind
from cocoai.rehearsal.slack.slack_switches import SCOPES, SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.upload import LONGEST_ALT_TEXT, Upload, Uploads

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CHANNEL = "C0PRACTICE"


def shared_in(uploads: Uploads, file_id: str, channel: str, thread_ts: str) -> str | None:
    """Return the ts of the oldest message that shows the file in a thread, or for "" in the channel itself."""
    return next(iter(uploads.info(file_id).shares_in(channel, thread_ts)), None)


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    """Start a practice Slack that shows files when a test says so."""
    with PracticeSlack(certificates, switches=SlackSwitches(share_delay=None)) as server:
        yield server


@pytest.fixture
def uploads(client: HttpClient, practice: PracticeSlack) -> Uploads:
    return SlackChat(client, api_url=practice.api_url, token=TOKEN, patience=0.0).uploads


@pytest.fixture
def parent(practice: PracticeSlack) -> PracticeMessage:
    """Return a message that opens a thread."""
    return practice.say("U0ASKER01", "draw a cat")


def sent(uploads: Uploads) -> str:
    """Announce a picture and send it; return its id."""
    upload = uploads.begin("cat.png", len(PNG), "A grey cat")
    uploads.send(upload, io.BytesIO(PNG))
    return upload.file_id


def refused(call: Callable[[], object]) -> CocoAIError:
    """Return the error with which a call fails."""
    with pytest.raises(CocoAIError) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
def test_a_picture_is_brought_into_a_thread(practice: PracticeSlack, uploads: Uploads, parent: PracticeMessage) -> None:
    """The bytes, the name, the title and the description arrive; where the file stands is told once it is shown."""
    file_id = sent(uploads)
    uploads.share(file_id, "A cat", CHANNEL, parent.ts)
    before = shared_in(uploads, file_id, CHANNEL, parent.ts)
    practice.show_uploads()
    (shown,) = practice.thread(CHANNEL, parent.ts)[1:]
    (file,) = shown.files

    assert (None, shown.ts) == (before, shared_in(uploads, file_id, CHANNEL, parent.ts))
    assert (file_id, "cat.png", PNG) == (file.id, file.name, file.data)
    assert {"title": "A cat", "alt_txt": "A grey cat"} == file.fields
    assert [None, None] == [
        shared_in(uploads, file_id, CHANNEL, ""),
        shared_in(uploads, file_id, "C0SHARED", parent.ts),
    ]


@pytest.mark.parametrize("channel", ["D0PRACTICE", "G0PRIVATE", CHANNEL])
def test_a_picture_stands_in_the_channel_itself(practice: PracticeSlack, uploads: Uploads, channel: str) -> None:
    """Without a thread it does so, also when somebody has replied to it since."""
    file_id = sent(uploads)
    uploads.share(file_id, "A cat", channel, "")
    practice.show_uploads()
    (shown,) = practice.messages(channel)
    practice.say("U0ASKER01", "nice", channel=channel, thread_ts=shown.ts)

    assert shown.ts == shared_in(uploads, file_id, channel, "")


def test_the_oldest_of_several_messages_is_told(
    practice: PracticeSlack, uploads: Uploads, parent: PracticeMessage
) -> None:
    """Where Slack shows a file again, all its messages are told, oldest first."""
    practice.switches.second_share = "shown"
    file_id = sent(uploads)
    for _ in range(2):
        uploads.share(file_id, "A cat", CHANNEL, parent.ts)
    practice.show_uploads()
    first, second = (message.ts for message in practice.thread(CHANNEL, parent.ts)[1:])

    assert [first, second] == uploads.info(file_id).shares_in(CHANNEL, parent.ts)
    assert first == shared_in(uploads, file_id, CHANNEL, parent.ts)


def test_the_token_goes_to_the_web_api_alone(uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    """The upload address is its own key: the bytes are sent without our token."""
    seen: list[Incoming] = []
    answer = PracticeSlack.answer

    def note(server: PracticeSlack, incoming: Incoming) -> Outgoing:
        seen.append(incoming)
        return answer(server, incoming)

    monkeypatch.setattr(PracticeSlack, "answer", note)
    sent(uploads)

    assert [True, False] == ["authorization" in incoming.headers for incoming in seen]
    assert "application/octet-stream" == seen[1].headers["content-type"]


def test_a_long_description_is_cut(practice: PracticeSlack, uploads: Uploads) -> None:
    """Slack takes 1,000 characters of it, and our names and titles may hold what no socket takes."""
    uploads.begin("\ud800.png", 5, "あ" * (LONGEST_ALT_TEXT + 1))
    arguments = practice.calls[0].arguments

    assert ("?.png", LONGEST_ALT_TEXT) == (arguments["filename"], len(arguments["alt_txt"]))


@pytest.mark.parametrize("url", ["https://elsewhere.invalid/upload", "http://192.0.2.1/", "file:///etc/passwd", "//x/"])
def test_bytes_go_to_slack_alone(practice: PracticeSlack, uploads: Uploads, url: str) -> None:
    """An upload address that is not Slack's gets nothing, whoever named it."""
    error = refused(lambda: uploads.send(Upload("F0A1B2C3D4", len(PNG), url), io.BytesIO(PNG)))

    assert (Permanent, "foreign", []) == (type(error), error.code, practice.calls)


# Refusals and trouble


@pytest.mark.parametrize(
    ("channel", "thread_ts", "code"),
    [("C0NOWHERE", "", "channel_not_found"), ("C0OUTSIDE", "", "not_in_channel"), ("C0ARCHIVED", "", "is_archived")],
)
def test_a_place_is_refused(uploads: Uploads, channel: str, thread_ts: str, code: str) -> None:
    """Slack's own code is kept, with the request's id."""
    file_id = sent(uploads)
    error = refused(lambda: uploads.share(file_id, "A cat", channel, thread_ts))

    assert (Permanent, code, "Slack") == (type(error), error.code, error.source)
    assert error.request_id


def test_a_missing_scope_is_named(practice: PracticeSlack, uploads: Uploads) -> None:
    """Without files:write the first step says so."""
    practice.switches.scopes = SCOPES - {"files:write"}

    assert "missing_scope:files:write" == refused(lambda: uploads.begin("a.png", 5)).code


def test_an_empty_file_is_refused(uploads: Uploads) -> None:
    """Slack takes no file without bytes."""
    assert "missing_argument" == refused(lambda: uploads.begin("a.png", 0)).code


def test_bytes_that_slack_does_not_take(uploads: Uploads) -> None:
    """A used address is refused for good, which says nothing of the Web API."""
    upload = uploads.begin("a.png", len(PNG))
    uploads.send(upload, io.BytesIO(PNG))
    error = refused(lambda: uploads.send(upload, io.BytesIO(PNG)))

    assert (Permanent, "upload_refused", 404) == (type(error), error.code, error.status)
    assert upload.url not in str(error) + repr(upload)


def test_a_file_that_has_shrunk(practice: PracticeSlack, uploads: Uploads) -> None:
    """Fewer bytes than were announced leave no whole request: it can be begun anew."""
    error = refused(lambda: uploads.send(uploads.begin("a.png", len(PNG)), io.BytesIO(PNG[:-1])))

    assert (Temporary, False) == (type(error), error.sent)
    assert ["files.getUploadURLExternal"] == [call.method for call in practice.calls]


@pytest.mark.parametrize(
    ("kind", "code", "is_sent"),
    [
        ("broken", "no_response", True),
        ("gone", "connection", True),
        ("reply lost", "connection", True),
        ("limited", "ratelimited", False),
    ],
)
@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"])
def test_trouble_at_each_step(
    practice: PracticeSlack, uploads: Uploads, step: str, kind: SlackFaultKind, code: str, is_sent: bool
) -> None:
    """Each step's trouble is `Temporary`, and tells whether the step may have been taken."""
    practice.fail(step, SlackFault(kind, seconds=7))
    error = refused(lambda: uploads.share(sent(uploads), "A cat", CHANNEL, ""))

    assert isinstance(error, Temporary)
    assert (code, is_sent, 7 if kind == "limited" else None) == (error.code, error.sent, error.retry_after)


class OddSlack(PracticeServer):
    """A server that answers each call with the same JSON, or text."""

    reply = b""
    status = 200

    def answer(self, incoming: Incoming) -> Outgoing:
        self.paths.append(incoming.path)
        return Outgoing(self.status, self.reply, (("Location", "/elsewhere"),) if self.status != 200 else ())

    @cached_property
    def paths(self) -> list[str]:
        """Return the paths that were asked for."""
        return []


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
@pytest.mark.parametrize(
    ("status", "reply", "is_taken"),
    [
        (200, b"OK - 264", True),
        (200, b"", True),
        (200, b"thanks", True),
        (200, b"OK - 26", False),
        (200, b"<!DOCTYPE html><html><body>Sign in to the network</body></html>", False),
        (302, b"", False),
        (307, b"OK - 264", False),
    ],
)
def test_what_answers_the_bytes(
    client: HttpClient, certificates: Certificates, status: int, reply: bytes, *, is_taken: bool
) -> None:
    """Neither a redirect, which is not followed, nor a page of a server in between: the file is begun anew."""
    with OddSlack(certificates) as server:
        server.status, server.reply = status, reply
        uploads = SlackChat(client, api_url=f"{server.url}/api/", token=TOKEN).uploads
        upload = Upload("F0A1B2C3D4", len(PNG), f"{server.url}/upload/v1/x")
        if is_taken:
            uploads.send(upload, io.BytesIO(PNG))
        else:
            error = refused(lambda: uploads.send(upload, io.BytesIO(PNG)))
            assert (Temporary, "no_response", True) == (type(error), error.code, error.sent)

    assert ["/upload/v1/x"] == server.paths


@pytest.mark.parametrize(
    "reply", [b'{"ok":true}', b'{"ok":true,"file_id":"../x","upload_url":"https://x/"}', b'{"ok":true,"file_id":"F0"}']
)
def test_an_odd_announcement(client: HttpClient, certificates: Certificates, reply: bytes) -> None:
    """Without an id and an address there is nothing to upload to; the id is safe in a log."""
    with OddSlack(certificates) as server:
        server.reply = reply
        uploads = SlackChat(client, api_url=f"{server.url}/api/", token=TOKEN).uploads

        assert isinstance(refused(lambda: uploads.begin("a.png", 5)), Temporary)


def test_an_address_that_is_another_s(client: HttpClient, certificates: Certificates) -> None:
    """It is refused before there is anything to send there."""
    with OddSlack(certificates) as server:
        server.reply = b'{"ok":true,"file_id":"F0A1B2C3D4","upload_url":"https://elsewhere.invalid/"}'
        uploads = SlackChat(client, api_url=f"{server.url}/api/", token=TOKEN).uploads

        assert "foreign" == refused(lambda: uploads.begin("a.png", 5)).code


@pytest.mark.parametrize(
    "file",
    [
        b"null",
        b'{"shares":[]}',
        b'{"shares":{"public":[1],"private":{"C0PRACTICE":{}}}}',
        b'{"shares":{"public":{"C0PRACTICE":[1,{},{"ts":5},{"ts":"x"}]}},"created":"x"}',
    ],
)
def test_odd_shares_are_passed_over(client: HttpClient, certificates: Certificates, file: bytes) -> None:
    """What is not as documented counts as not shown."""
    with OddSlack(certificates) as server:
        server.reply = b'{"ok":true,"file":' + file + b"}"
        told = SlackChat(client, api_url=f"{server.url}/api/", token=TOKEN).uploads.info("F0A1B2C3D4")

        assert ((), 0) == (told.shares, told.created)


# Deleting


def test_a_file_is_deleted(practice: PracticeSlack, uploads: Uploads) -> None:
    """A file that is gone, or never was, is no error; another's is."""
    theirs = practice.share("U0ASKER01", "", [PracticeFile("a.txt", "text/plain", b"a")]).files[0].id
    file_id = sent(uploads)
    uploads.share(file_id, "A cat", CHANNEL, "")
    for _ in range(2):
        uploads.delete(file_id)
    uploads.delete("F0NOTHING")

    assert practice.workspace.files[file_id].is_deleted
    assert "file_deleted" == refused(lambda: uploads.info(file_id)).code
    assert "cant_delete_file" == refused(lambda: uploads.delete(theirs)).code
