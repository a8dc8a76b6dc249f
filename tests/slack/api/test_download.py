"""slack/api/download.py over real sockets: which files of a question the model gets, and which are left out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import repeat
from typing import Any, Literal

import pytest

from cocoai.conversation import Attachment
from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.proxied import ProxyClient
from cocoai.errors import Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import AttachmentLimits, LeftOut, read_files
from cocoai.slack.api.file_bytes import MOST_REDIRECTS
from cocoai.slack.model.files import File

TOKEN = "xoxb-practice"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n" + bytes(range(256))
NOTE = "買い物: 牛乳、卵\n".encode()
PAGE = b"<!DOCTYPE html>\n<html><body><h1>A page</h1></body></html>"

Answer = Outgoing | Callable[[], Outgoing]


class FileServer(PracticeServer):
    """Serves the response that `responses` has for a path, and `infos` by files.info; keeps the requests."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.api_url = f"{self.url}/api/"
        self.responses: dict[str, Answer] = {}
        self.infos: dict[str, dict[str, Any]] = {}
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        if incoming.path == "/api/files.info":
            return Outgoing(body=json.dumps(self.infos[incoming.body.decode().removeprefix("file=")]).encode())
        found = self.responses[incoming.path]
        return found() if callable(found) else found

    def put(self, path: str, answer: Answer | bytes, *, name: str = "", media_type: str = "", size: int = 0) -> File:
        """Serve this answer under the path; return the file as a message describes it."""
        self.responses[path] = Outgoing(body=answer) if isinstance(answer, bytes) else answer
        return File(f"F0{len(self.responses):08}", name or path[1:], media_type, size, self.url + path)

    @property
    def paths(self) -> list[str]:
        return [incoming.path for incoming in self.seen]


@pytest.fixture
def files(certificates: Certificates) -> Iterator[FileServer]:
    with FileServer(certificates) as server:
        yield server


@pytest.fixture
def elsewhere(certificates: Certificates) -> Iterator[FileServer]:
    """Return another organisation's server, which must never get a request."""
    with FileServer(certificates) as server:
        yield server


@pytest.fixture
def slack(client: HttpClient, files: FileServer) -> SlackChat:
    return SlackChat(client, api_url=files.api_url, token=TOKEN)


def left_out(slack: SlackChat, file: File, limits: AttachmentLimits | None = None) -> LeftOut:
    """Read one file that must be left out; return why."""
    attachments, left = read_files(slack, [file], limits or AttachmentLimits())
    assert ((), 1) == (attachments, len(left))
    return left[0]


def why(slack: SlackChat, file: File, limits: AttachmentLimits | None = None) -> str:
    return left_out(slack, file, limits).why


def page(body: bytes = PAGE, *headers: tuple[str, str]) -> Outgoing:
    return Outgoing(200, body, (("Content-Type", "text/html; charset=utf-8"), *headers))


def moved(to: str, *headers: tuple[str, str], status: int = 302) -> Outgoing:
    return Outgoing(status, b"moved", (("Location", to), *headers))


def cut_at_once() -> Iterator[bytes]:
    raise Gone
    yield b""


# Files that the model gets


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (PNG, Attachment("image", "報告", "image/png", PNG)),
        (b"\xff\xd8\xff\xe0 picture", Attachment("image", "報告", "image/jpeg", b"\xff\xd8\xff\xe0 picture")),
        (b"RIFF0000WEBPVP8 ", Attachment("image", "報告", "image/webp", b"RIFF0000WEBPVP8 ")),
        (b"GIF89a moving", Attachment("image", "報告", "image/gif", b"GIF89a moving")),
        (PDF, Attachment("pdf", "報告", "application/pdf", PDF)),
        (NOTE, Attachment("text", "報告", "text/plain", NOTE)),
        (b"", Attachment("text", "報告", "text/plain", b"")),
        (b"\xef\xbb\xbf" + NOTE, Attachment("text", "報告", "text/plain", NOTE)),
        (NOTE.decode().encode("utf-16"), Attachment("text", "報告", "text/plain", NOTE)),
        (NOTE.decode().encode("cp932"), Attachment("text", "報告", "text/plain", NOTE)),
        (NOTE.decode().encode("euc_jp"), Attachment("text", "報告", "text/plain", NOTE)),
    ],
    ids=["png", "jpeg", "webp", "gif", "pdf", "text", "empty", "bom", "utf-16", "shift_jis", "euc-jp"],
)
def test_each_file_is_sent_as_the_type_of_its_bytes(
    slack: SlackChat, files: FileServer, data: bytes, expected: Attachment
) -> None:
    """A file's type is recognized by its bytes, not by its name or Slack's media type; text is sent as UTF-8."""
    file = files.put("/a", data, name="報告", media_type="application/octet-stream", size=len(data))

    assert ((expected,), ()) == read_files(slack, [file], AttachmentLimits())


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
def test_a_file_is_requested_with_the_token_and_uncompressed(slack: SlackChat, files: FileServer) -> None:
    """The token is in a header, and no compression is accepted: a file could be far longer than Slack said."""
    read_files(slack, [files.put("/a", NOTE)], AttachmentLimits())
    seen = files.seen[0]

    assert ("GET", f"Bearer {TOKEN}", "identity") == (
        seen.method,
        seen.headers["authorization"],
        seen.headers["accept-encoding"],
    )
    assert TOKEN not in seen.query


def test_a_file_may_come_in_chunks(slack: SlackChat, files: FileServer) -> None:
    """A file whose length is not announced is read to its end."""
    chunked = files.put("/a", lambda: Outgoing(body=iter([PNG[:3], PNG[3:], b"x" * 200_000])))
    attachments, left = read_files(slack, [chunked], AttachmentLimits())

    assert [PNG + b"x" * 200_000] == [each.data for each in attachments]
    assert () == left


def test_readable_files_are_sent_though_others_are_not(slack: SlackChat, files: FileServer) -> None:
    """Files that can be read and files that cannot are returned in the order in which they were attached."""
    attached = [
        files.put("/zip", b"PK\3\4\0\0"),
        files.put("/png", PNG),
        files.put("/none", Outgoing(404)),
        files.put("/note", NOTE),
    ]
    attachments, left = read_files(slack, attached, AttachmentLimits())

    assert ["png", "note"] == [each.name for each in attachments]
    assert (LeftOut("zip", "kind"), LeftOut("none", "gone")) == left


def test_a_stub_is_completed_by_files_info(slack: SlackChat, files: FileServer) -> None:
    """For another organisation's file, of which the message has only the id, files.info is called first."""
    url = files.put("/shared", PNG).url
    files.infos["F0SHARED00"] = {"ok": True, "file": {"id": "F0SHARED00", "name": "cat.png", "url_private": url}}

    assert ((Attachment("image", "cat.png", "image/png", PNG),), ()) == read_files(
        slack, [File("F0SHARED00", is_stub=True)], AttachmentLimits()
    )


# What Slack has made of a file


@pytest.mark.parametrize(
    ("own", "media_type", "size", "picture", "expected"),
    [
        (b"\0\0\0\x18ftypheic", "image/heic", 12, PNG, "image/png"),
        (b"II*\0", "image/tiff", 4, b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"BM6\0", "image/bmp", 0, PNG, "image/png"),
        (PNG, "image/png", 5_000_000, b"RIFF0000WEBPVP8 ", "image/webp"),
        (PNG * 20_000, "image/jpeg", 0, PNG, "image/png"),
        (PNG, "image/heic", len(PNG), b"no picture", "image/png"),
        (b"\0\0\0\x18ftypheic", "image/png", 12, PNG, "image/png"),
        (b"\0\0\0\x18ftypheic", "", 12, PNG, "image/png"),
        (b"", "application/octet-stream", 12_000_000, PNG, "image/png"),
    ],
)
def test_a_picture_that_cannot_be_sent_comes_as_slacks_smaller_one(
    slack: SlackChat, files: FileServer, own: bytes, media_type: str, size: int, picture: bytes, expected: str
) -> None:
    """A photo of another format or over the limit is sent as Slack's picture of it, with the type of its bytes."""
    thumbnail = files.put("/thumbnail", picture)
    photo = replace(files.put("/photo", own, media_type=media_type, size=size), picture=thumbnail.url)
    (attachment,), left = read_files(slack, [photo], AttachmentLimits())

    assert ((), ("image", "photo", expected)) == (left, (attachment.kind, attachment.name, attachment.media_type))


def test_a_picture_that_fits_is_sent_as_it_is(slack: SlackChat, files: FileServer) -> None:
    """Of a picture that can be sent, Slack's smaller one is not requested."""
    photo = replace(files.put("/photo", PNG, media_type="image/png", size=len(PNG)), picture=files.url + "/thumbnail")

    assert ((Attachment("image", "photo", "image/png", PNG),), ()) == read_files(slack, [photo], AttachmentLimits())
    assert ["/photo"] == files.paths


@pytest.mark.parametrize("media_type", ["application/msword", "application/vnd.ms-excel", "", "application/x-unknown"])
def test_an_office_file_comes_as_slacks_pdf(slack: SlackChat, files: FileServer, media_type: str) -> None:
    """The PDF that Slack has made of a file is sent, under a name that says so; the file itself is not requested."""
    converted = files.put("/pdf", PDF)
    document = replace(files.put("/plan.doc", b"PK\3\4", media_type=media_type), pdf=converted.url, kind="office")

    assert ((Attachment("pdf", "plan.doc.pdf", "application/pdf", PDF),), ()) == read_files(
        slack, [document], AttachmentLimits()
    )
    assert ["/pdf"] == files.paths


@pytest.mark.parametrize(
    ("data", "media_type", "kind", "size", "expected"),
    [
        (b"PK\3\4" + b"\0" * 26 + b"[Content_Types].xml", "", "", 0, "office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "", "", 0, "office"),
        (b"\0binary", "application/vnd.ms-excel", "office", 0, "office"),
        (b"", "application/msword", "office", 9_000_000, "office"),
        (b"PK\3\4" + b"\0" * 26 + b"a.jpg", "application/zip", "", 0, "kind"),
        (b"ID3\4\0\0\0", "audio/mpeg", "", 0, "speech"),
        (b"\0\0\0 ftypisom", "video/mp4", "", 0, "speech"),
        ("Καλημέρα κόσμε".encode("cp1253"), "text/plain", "", 0, "encoding"),
        ("Съешь же ещё".encode("cp1251"), "", "", 0, "encoding"),
    ],
)
def test_the_reason_tells_what_a_file_is(
    slack: SlackChat, files: FileServer, data: bytes, media_type: str, kind: Any, size: int, expected: str
) -> None:
    """Office files, recordings and texts in unknown encodings are told from other binary files."""
    assert expected == why(slack, replace(files.put("/a", data, media_type=media_type, size=size), kind=kind))


def test_a_pdf_that_is_gone_leaves_the_reason_for_office_files(slack: SlackChat, files: FileServer) -> None:
    """If Slack's PDF cannot be had, the file itself is tried, and then left out."""
    pdf = files.put("/pdf", Outgoing(404))
    document = replace(files.put("/plan.xlsx", b"PK\3\4\0\0"), pdf=pdf.url, kind="office")

    assert ["gone", ["/pdf", "/plan.xlsx"]] == [why(slack, document), files.paths]


# Canvases, clips and previews


CANVAS = "<div class='quip-canvas-content'><h1>計画</h1><p class='line'>金曜日、<@U0ASKER01></p></div>".encode()


@pytest.mark.parametrize(
    ("answer", "size"), [(page(CANVAS), 871), (page(CANVAS), 0), (page(b"<p>x</p>"), 3), (Outgoing(200, CANVAS), 9)]
)
def test_a_canvas_is_no_login_page(slack: SlackChat, files: FileServer, answer: Outgoing, size: int) -> None:
    """A canvas is read whatever its size in Slack, and people in it are called by name."""
    canvas = replace(files.put("/c", answer, name="Plan", size=size), kind="canvas")
    (attachment,), left = read_files(slack, [canvas], AttachmentLimits(), {"U0ASKER01": "Ann"}.__getitem__)

    assert ((), "Plan (a canvas in Slack)") == (left, attachment.name)
    assert attachment.text in ("# 計画\n\n金曜日、@Ann", "x")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (page(), "login"),
        (page(b"<!DOCTYPE html><html><head><title>Sign in | Slack</title></head></html>"), "login"),
        (page(CANVAS, ("X-Slack-Meta", "?;acl_fail")), "login"),
        (moved("/?redir=%2Ffiles-pri%2FT0-F0%2Fcanvas"), "login"),
        (page(b"<div>" * 500_000), "too_big"),
        (Outgoing(404), "gone"),
        (Outgoing(200, PNG), "unreadable"),
    ],
)
def test_a_login_page_instead_of_a_canvas_is_recognized(
    slack: SlackChat, files: FileServer, answer: Outgoing, expected: str
) -> None:
    """What comes in a canvas's place is not read as one."""
    assert expected == why(slack, replace(files.put("/c", answer), kind="canvas"))


def test_the_names_in_canvases_are_bounded(slack: SlackChat, files: FileServer) -> None:
    """At most twenty people are looked up for all canvases of a question, each once; no id is left."""
    people = "".join(f"<p><@U0PERSON{n:02}></p>" for n in range(30))
    canvases = [replace(files.put(f"/{n}", page(people.encode())), kind="canvas") for n in range(2)]
    asked: list[str] = []
    attachments, _ = read_files(slack, canvases, AttachmentLimits(), asked.append)  # type: ignore[arg-type]

    assert [f"U0PERSON{n:02}" for n in range(20)] == asked
    assert not any("U0PERSON" in attachment.text for attachment in attachments)


@pytest.mark.parametrize(
    ("vtt", "expected"),
    [
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n", "hello"),
        (page(), None),
        (Outgoing(404), None),
        (b"WEBVTT\n\n", None),
        (b"\0\1\2", None),
    ],
)
def test_a_clip_is_read_by_its_transcript(
    slack: SlackChat, files: FileServer, vtt: Answer | bytes, expected: str | None
) -> None:
    """The words are read from the WebVTT file; if that has none, what the message has of them is, and is told so."""
    transcript = files.put("/vtt", vtt)
    clip = replace(files.put("/clip", b""), kind="voice", text="hel", vtt=transcript.url, milliseconds=15_400)
    (attachment,), left = read_files(slack, [clip], AttachmentLimits())

    assert "transcript of a voice clip of 0:15, by Slack" == attachment.name
    assert (expected or "hel", () if expected else (LeftOut("clip", "preview"),)) == (attachment.text, left)
    assert "/clip" not in files.paths


@pytest.mark.parametrize(
    ("answer", "media_type"),
    [(Outgoing(404), "text/plain"), (page(), "text/x-python"), (Outgoing(200, b"\0\1"), ""), (moved("/?redir=x"), "")],
)
def test_of_an_unreadable_text_slacks_preview_is_read(
    slack: SlackChat, files: FileServer, answer: Outgoing, media_type: str
) -> None:
    """If a file cannot be had, what the message shows of it is sent, and the reply says so."""
    text = replace(files.put("/a", answer, media_type=media_type), text="def greet():")

    assert (
        (Attachment("text", "a (as Slack shows it)", "text/plain", b"def greet():"),),
        (LeftOut("a", "preview"),),
    ) == (read_files(slack, [text], AttachmentLimits()))


def test_the_log_tells_that_a_file_was_replaced(
    slack: SlackChat, files: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Where another way than the first was taken, the log has the reason, so that a missing scope is seen."""
    text = replace(files.put("/a", page(), media_type="text/plain"), text="abc")
    with caplog.at_level(logging.INFO):
        read_files(slack, [text], AttachmentLimits())

    assert f"file={text.id} outcome=replaced reason=Slack login 200" in caplog.text


@pytest.mark.parametrize("info", [{"ok": False, "error": "file_not_found"}, {"ok": True}, {"ok": True, "file": {}}])
def test_a_clip_that_is_not_described_again_is_told(slack: SlackChat, files: FileServer, info: dict[str, Any]) -> None:
    """If files.info tells nothing new of a clip, what its message told decides."""
    clip = replace(files.put("/clip", b""), kind="voice")
    files.infos[clip.id] = info

    assert LeftOut("clip", "speech") == left_out(slack, clip)


def test_a_long_transcript_is_cut_like_any_text(slack: SlackChat) -> None:
    """What Slack tells of a file counts against the limits of texts too."""
    clip = File("F0", "a", kind="voice", text="word " * 4000, is_whole=True)
    (attachment,), left = read_files(slack, [clip], AttachmentLimits(text_bytes=1000))

    assert (LeftOut("a", "cut"),) == left
    assert len(attachment.data) <= 1000


# Limits


def test_a_file_of_too_large_a_size_is_not_requested(slack: SlackChat, files: FileServer) -> None:
    """A file whose size in Slack is a byte over the limit is left out without a request; one of the limit is read."""
    file = files.put("/a", PNG, size=len(PNG))

    assert LeftOut("a", "too_big") == left_out(slack, file, AttachmentLimits(question_bytes=len(PNG) - 1))
    assert [] == files.seen
    assert 1 == len(read_files(slack, [file], AttachmentLimits(question_bytes=len(PNG)))[0])


def test_a_file_that_turns_out_too_large_is_not_read_on(slack: SlackChat, files: FileServer) -> None:
    """Reading stops at once for a Content-Length over the limit, else when more bytes than the limit have come."""
    length = ("Content-Length", str(len(PNG)))
    announced = files.put("/announced", lambda: Outgoing(200, cut_at_once(), (length,)), size=1)
    endless = files.put("/endless", lambda: Outgoing(body=repeat(PNG, 100_000)))
    one_chunk = files.put("/one-chunk", lambda: Outgoing(body=iter([PNG])))
    limits = AttachmentLimits(question_bytes=len(PNG) - 1)

    assert ["too_big"] * 3 == [why(slack, each, limits) for each in (announced, endless, one_chunk)]


def test_the_question_has_one_limit_for_all_its_files(slack: SlackChat, files: FileServer) -> None:
    """Files count against the limit in their order; a smaller one may still fit, and one left out does not count."""
    attached = [
        files.put("/zip", b"PK\3\4" + b"\0" * 80),
        files.put("/a", PNG[:60]),
        files.put("/b", PNG[:60]),
        files.put("/c", PNG[:40]),
        files.put("/d", NOTE),
    ]
    attachments, left = read_files(slack, attached, AttachmentLimits(question_bytes=100))

    assert ["a", "c"] == [each.name for each in attachments]
    assert [("zip", "kind"), ("b", "too_big"), ("d", "too_big")] == [(each.name, each.why) for each in left]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932", "euc_jp", "iso2022_jp"])
@pytest.mark.parametrize("times", [60, 20_000])
def test_of_a_long_text_the_beginning_and_the_end_are_read(
    slack: SlackChat, files: FileServer, encoding: str, times: int
) -> None:
    """A text over its limit in UTF-8 comes as whole lines of its beginning and its end; one of the limit is whole."""
    text = "最初の行\n" + NOTE.decode() * times + "最後の行\n"
    file = files.put("/a", text.encode(encoding))
    limits = AttachmentLimits(text_bytes=600)
    (attachment,), left = read_files(slack, [file], limits)
    first, marker, last = attachment.text.split("\n\n")

    assert (LeftOut("a", "cut"),) == left
    assert len(attachment.data) <= 600
    assert first.startswith("最初の行\n" + NOTE.decode())
    assert last.endswith(NOTE.decode() + "最後の行\n")
    assert {"買い物: 牛乳、卵"} == set(first.splitlines()[1:] + last.splitlines()[:-1])
    assert marker.startswith("[… ")
    assert "left out" in marker


def test_a_text_of_the_limit_is_whole(slack: SlackChat, files: FileServer) -> None:
    """A text of exactly the limit in UTF-8 is read whole, ASCII in UTF-16 too, which is half as long in UTF-8."""
    japanese, ascii_only = files.put("/a", NOTE), files.put("/b", ("x" * 100).encode("utf-16"))

    assert ((Attachment("text", "a", "text/plain", NOTE),), ()) == read_files(
        slack, [japanese], AttachmentLimits(text_bytes=len(NOTE))
    )
    assert ((Attachment("text", "b", "text/plain", b"x" * 100),), ()) == read_files(
        slack, [ascii_only], AttachmentLimits(text_bytes=100)
    )


def test_a_text_longer_than_all_files_may_be_is_read_to_its_end(slack: SlackChat, files: FileServer) -> None:
    """Of a text over the limit of all files, both ends are read, also if Slack told its size; of other files none."""
    body = b"first\n" + b"line\n" * 400_000 + b"last\n"
    log = files.put("/log", lambda: Outgoing(body=iter([body[:7], body[7:]])), media_type="text/plain", size=len(body))
    unknown = files.put("/unknown", body, size=len(body))
    limits = AttachmentLimits(question_bytes=1_000_000, text_bytes=1000)
    (attachment,), left = read_files(slack, [log, unknown], limits)

    assert (LeftOut("log", "cut"), LeftOut("unknown", "too_big")) == left
    assert attachment.text.startswith("first\nline\n")
    assert attachment.text.endswith("line\nlast\n")
    assert "KiB left out" in attachment.text


def test_a_text_without_end_is_not_read_on(slack: SlackChat, files: FileServer) -> None:
    """A text of over 32 MiB is left out as too big, and the rest of it is not read."""
    endless = files.put("/a", lambda: Outgoing(body=repeat(b"line\n" * 20_000, 10_000)), media_type="text/plain")

    assert "too_big" == why(slack, endless)


def test_with_no_room_at_all_a_text_is_too_big(slack: SlackChat, files: FileServer) -> None:
    """Where not even a few lines fit, a text is left out."""
    assert "too_big" == why(slack, files.put("/a", NOTE * 100), AttachmentLimits(text_bytes=60))
    assert "too_big" == why(slack, files.put("/b", NOTE * 100), AttachmentLimits(tokens=50))


def test_a_long_binary_file_is_of_the_wrong_kind_and_not_too_large(slack: SlackChat, files: FileServer) -> None:
    """A binary file is left out for its kind, since making it shorter would not help."""
    assert "kind" == why(slack, files.put("/a", b"PK\3\4" + b"\0" * 500_000))


def test_files_beyond_the_count_are_not_requested(slack: SlackChat, files: FileServer) -> None:
    """Of four files with a limit of two, the last two are left out without a request."""
    attached = [files.put(f"/{n}", NOTE) for n in range(4)]
    attachments, left = read_files(slack, attached, AttachmentLimits(count=2))

    assert ["0", "1"] == [each.name for each in attachments]
    assert (LeftOut("2", "too_many"), LeftOut("3", "too_many")) == left
    assert ["/0", "/1"] == files.paths


def test_texts_share_the_tokens_of_a_question(slack: SlackChat, files: FileServer) -> None:
    """Ten texts of 100 KiB are a quarter of a million tokens: the last are cut, each time the same, none is refused."""
    names = "abcdefghij"
    attached = [files.put(f"/{name}", b"word " * 20_000, name=name) for name in names[:9]]
    attached.append(files.put("/j", b"short", name="j"))
    limits = AttachmentLimits(tokens=60_000)
    first, second = (read_files(slack, attached, limits) for _ in range(2))

    assert list(names) == [attachment.name for attachment in first[0]]
    assert tuple(LeftOut(name, "cut") for name in names[2:9]) == first[1]
    assert b"short" == first[0][-1].data
    assert first == second
    assert 60_000 >= sum(attachment.estimated_tokens() for attachment in first[0])


def test_with_attachments_off_no_file_is_requested(slack: SlackChat, files: FileServer) -> None:
    """With attachments off every file is left out without a request."""
    attached = [files.put("/a", NOTE), File("F0SHARED00", is_stub=True)]

    assert ((), (LeftOut("a", "off"), LeftOut("", "off"))) == read_files(
        slack, attached, AttachmentLimits(question_bytes=0)
    )
    assert [] == files.seen


# Login pages instead of a file


@pytest.mark.parametrize(
    "answer",
    [
        page(),
        page(b"Sign in"),
        page(b"<p>" * 2_000_000),
        Outgoing(200, PAGE),
        Outgoing(200, PAGE, (("Content-Type", "image/png"),)),
        Outgoing(200, PNG, (("X-Slack-Meta", "?;acl_fail"),)),
        moved("/?redir=%2Ffiles-pri%2FT0-F0%2Fcat.png"),
        moved("https://practice.slack.com/?redir=%2Ffiles-pri%2FT0-F0%2Fcat.png"),
        moved("/signin?x=y"),
        moved("/a", ("X-Slack-Meta", "?;acl_fail")),
        Outgoing(401),
        Outgoing(403),
    ],
)
@pytest.mark.parametrize(
    "described", [{"media_type": "image/png", "size": 264}, {"media_type": "text/html", "size": 264}]
)
def test_a_login_page_is_recognized(
    slack: SlackChat, files: FileServer, caplog: pytest.LogCaptureFixture, answer: Outgoing, described: dict[str, Any]
) -> None:
    """A login page is told from an image and from a shared page of another length; the log names the scope."""
    file = files.put("/a", answer, **described)

    assert "login" == why(slack, file, AttachmentLimits(question_bytes=1_000_000))
    assert [("WARNING", True)] == [(record.levelname, "files:read" in record.message) for record in caplog.records]


@pytest.mark.parametrize(
    ("media_type", "size", "expected"),
    [
        ("text/html", len(PAGE), ()),
        ("text/html", 0, ()),
        ("text/plain", len(PAGE), ()),
        ("", len(PAGE), ()),
        ("text/html", len(PAGE) + 1, (LeftOut("a", "login"),)),
        ("text/plain", 0, (LeftOut("a", "login"),)),
        ("image/png", len(PAGE), (LeftOut("a", "login"),)),
        ("application/pdf", len(PAGE), (LeftOut("a", "login"),)),
        ("image/png", 0, (LeftOut("a", "login"),)),
        ("", 0, (LeftOut("a", "login"),)),
    ],
)
def test_a_shared_page_is_a_text(
    slack: SlackChat, files: FileServer, media_type: str, size: int, expected: tuple[LeftOut, ...]
) -> None:
    """HTML is a file if it is as long as Slack says and of a type that a page can have; else a login page."""
    file = files.put("/a", page(), media_type=media_type, size=size)
    attachments, left = read_files(slack, [file], AttachmentLimits())

    assert expected == left
    assert [PAGE] * (not expected) == [each.data for each in attachments]


# Other addresses


def test_a_file_on_another_server_is_not_requested(slack: SlackChat, elsewhere: FileServer) -> None:
    """A file on another server is left out without a request, not even one without the token."""
    assert "foreign" == why(slack, elsewhere.put("/a", PNG))
    assert [] == elsewhere.seen


def test_no_redirect_takes_the_token_elsewhere(slack: SlackChat, files: FileServer, elsewhere: FileServer) -> None:
    """No redirect to another server, to plain http or to an address with a user is followed."""
    there = elsewhere.put("/there", PNG).url
    plain = files.url.replace("https", "http")
    attached = [
        files.put("/at-once", moved(there)),
        files.put("/later", moved("/at-once")),
        files.put("/clear", moved(f"{plain}/at-once")),
        files.put("/as", moved(files.url.replace("//", "//user@") + "/at-once")),
        files.put("/bare", moved(there.removeprefix("https:"))),
        files.put("/odd", moved("//[x")),
    ]

    assert ["foreign"] * 5 + ["unreadable"] == [why(slack, each) for each in attached]
    assert [] == elsewhere.seen
    assert ["/at-once", "/later", "/at-once", "/clear", "/as", "/bare", "/odd"] == files.paths


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_slack_is_followed_with_the_token(slack: SlackChat, files: FileServer, status: int) -> None:
    """Redirects to relative, absolute-path and absolute addresses are followed, each with the token."""
    files.put("/files-pri/here", moved("../moved/there?x=y", status=status))
    files.put("/moved/there", moved(f"{files.url}/at-last", status=status))
    files.put("/at-last", PNG)
    attachments, _ = read_files(slack, [File("F0", "a", url=f"{files.url}/files-pri/here")], AttachmentLimits())

    assert [PNG] == [each.data for each in attachments]
    assert [f"Bearer {TOKEN}"] * 3 == [incoming.headers["authorization"] for incoming in files.seen]
    assert "x=y" == files.seen[1].query


def test_no_more_than_three_redirects_are_followed(slack: SlackChat, files: FileServer) -> None:
    """MOST_REDIRECTS redirects are followed; a file behind more of them, or an endless one, is unreadable."""
    files.put("/0", PNG)
    for n in range(1, MOST_REDIRECTS + 2):
        last = files.put(f"/{n}", moved(f"/{n - 1}"))
    enough = files.put(f"/{MOST_REDIRECTS}", moved(f"/{MOST_REDIRECTS - 1}"))

    assert 1 == len(read_files(slack, [enough], AttachmentLimits())[0])
    assert "unreadable" == why(slack, last)
    assert "unreadable" == why(slack, files.put("/round", moved("/round")))


# Missing files


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Outgoing(404), "gone"),
        (Outgoing(410), "gone"),
        (Outgoing(418), "unreadable"),
        (Outgoing(204), "unreadable"),
        (Outgoing(206, PNG), "unreadable"),
        (Outgoing(302), "unreadable"),
    ],
)
def test_other_statuses_leave_it_out(slack: SlackChat, files: FileServer, answer: Outgoing, expected: str) -> None:
    """A 404 or 410 means that the file is gone; with any other status, also 206, it is unreadable."""
    assert expected == why(slack, files.put("/a", answer))


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://127.0.0.1/", "cat.png"])
def test_a_file_without_a_web_address_is_unreadable(slack: SlackChat, files: FileServer, url: str) -> None:
    """A file whose address is not http or https is left out without a request."""
    assert LeftOut("cat.png", "unreadable") == left_out(slack, File("F0", "cat.png", url=url))
    assert [] == files.seen


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"ok": False, "error": "file_not_found"}, "gone"),
        ({"ok": False, "error": "file_deleted"}, "gone"),
        ({"ok": False, "error": "missing_scope", "needed": "files:read"}, "login"),
        ({"ok": False, "error": "access_denied"}, "unreadable"),
        ({"ok": True}, "unreadable"),
        ({"ok": True, "file": {"id": "F0SHARED00", "file_access": "check_file_info"}}, "unreadable"),
    ],
)
def test_a_stub_without_files_info_is_left_out(
    slack: SlackChat, files: FileServer, info: dict[str, Any], expected: str
) -> None:
    """A stub of which files.info tells no address is left out without a name."""
    files.infos["F0SHARED00"] = info

    assert LeftOut("", expected) == left_out(slack, File("F0SHARED00", is_stub=True))  # type: ignore[arg-type]


# Temporary errors


def cut_off() -> Iterator[bytes]:
    yield PNG
    raise Gone


def hang_up() -> Outgoing:
    raise Gone


@pytest.mark.parametrize(
    ("answer", "code", "retry_after"),
    [
        (Outgoing(500, PAGE), "no_response", None),
        (Outgoing(503), "no_response", None),
        (Outgoing(429, headers=(("Retry-After", "7"),)), "ratelimited", 7.0),
        (hang_up, None, None),
        (lambda: Outgoing(body=cut_off()), None, None),
    ],
    ids=["500", "503", "429", "hangs up", "breaks off"],
)
def test_trouble_at_slack_is_temporary(
    slack: SlackChat, files: FileServer, answer: Answer, code: str | None, retry_after: float | None
) -> None:
    """5xx, 429 and broken connections raise `Temporary`: no file is left out for them, and no half file is sent."""
    with pytest.raises(Temporary) as caught:
        read_files(slack, [files.put("/a", answer)], AttachmentLimits())

    assert ("Slack", retry_after) == (caught.value.source, caught.value.retry_after)
    assert caught.value.code == code or code is None


def test_a_refused_connection_is_temporary(client: HttpClient, certificates: Certificates) -> None:
    """A refused connection raises `Temporary` without the context that has the token."""
    with FileServer(certificates) as gone:
        file = gone.put("/a", PNG)
    with pytest.raises(Temporary) as caught:
        read_files(SlackChat(client, api_url=gone.api_url, token=TOKEN), [file], AttachmentLimits())

    assert caught.value.__context__ is None


# The log


def test_the_log_has_the_id_the_outcome_and_the_bytes_and_no_more(
    slack: SlackChat, files: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    """No log has an address, which may hold a secret, a name, any content or an odd id."""
    caplog.set_level(logging.DEBUG, "cocoai")
    read_files(
        slack, [files.put("/secret", NOTE, name="private"), files.put("/secret2", b"\0hidden")], AttachmentLimits()
    )
    read_files(slack, [File("F0\nforged", "private", url=f"{files.url}/nowhere\n")], AttachmentLimits())
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("cocoai")]

    assert [
        f"file=F000000001 outcome=read kind=text bytes={len(NOTE)}",
        "file=F000000002 outcome=left-out why=kind reason=kind bytes=0",
        "file=odd outcome=left-out why=foreign reason=Slack foreign bytes=0",
    ] == logged
    assert not [word for word in ("secret", "private", "牛乳", "hidden", "http", TOKEN, "\n") if word in str(logged)]


def test_slack_chat_itself_refuses_other_addresses(slack: SlackChat, elsewhere: FileServer) -> None:
    """SlackChat.download raises `Permanent` `foreign` for another server, without a request."""
    with pytest.raises(Permanent) as caught:
        slack.download(elsewhere.put("/a", PNG).url)

    assert ("foreign", []) == (caught.value.code, elsewhere.seen)


# The practice Slack, which serves files as Slack does


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


@pytest.fixture
def practised(client: HttpClient, practice: PracticeSlack) -> SlackChat:
    return SlackChat(client, api_url=practice.api_url, token=TOKEN)


def shared(practice: PracticeSlack, slack: SlackChat, channel: str = "C0PRACTICE") -> tuple[File, ...]:
    """Share three files with a question; return them as its thread describes them."""
    shared_files = [
        PracticeFile("猫.png", "image/png", PNG),
        PracticeFile("page.html", "text/html", PAGE),
        PracticeFile("note.txt", "text/plain", NOTE.decode().encode("cp932")),
    ]
    question = practice.share("U0ASKER01", "<@U0COCOAI> これは?", shared_files, channel=channel)
    return slack.thread(channel, question.ts)[0].files


SHARED = (
    Attachment("image", "猫.png", "image/png", PNG),
    Attachment("text", "page.html", "text/plain", PAGE),
    Attachment("text", "note.txt", "text/plain", NOTE),
)


@pytest.mark.parametrize(("channel", "redirect"), [("C0PRACTICE", ""), ("C0SHARED", ""), ("C0PRACTICE", "here")])
def test_shared_files_go_to_the_model(
    practice: PracticeSlack, practised: SlackChat, channel: str, redirect: str
) -> None:
    """Shared files are read, also in a shared channel, where they are stubs, and behind a redirect within Slack."""
    practice.switches.redirect = redirect

    assert (SHARED, ()) == read_files(practised, shared(practice, practised, channel), AttachmentLimits())
    assert all(download.is_authorized for download in practice.downloads)


@pytest.mark.parametrize("login", ["page", "redirect"])
def test_without_the_scope_slack_shows_its_login_page(
    practice: PracticeSlack, practised: SlackChat, login: Literal["page", "redirect"]
) -> None:
    """Without files:read each file is left out for a login page, also the shared HTML page."""
    practice.switches.scopes = SCOPES - {"files:read"}
    practice.switches.login = login
    attachments, left = read_files(practised, shared(practice, practised), AttachmentLimits())

    assert ((), ["login"] * 3) == (attachments, [each.why for each in left])


def test_a_deleted_file_is_gone(practice: PracticeSlack, practised: SlackChat) -> None:
    """A file deleted since the question is gone, in a channel by its address and in a shared one by files.info."""
    for channel in ("C0PRACTICE", "C0SHARED"):
        files = shared(practice, practised, channel)
        practice.delete_file(files[0].id)

        assert "gone" == why(practised, files[0])


def test_a_redirect_of_slacks_to_another_server_is_refused(
    practice: PracticeSlack, practised: SlackChat, elsewhere: FileServer
) -> None:
    """If Slack redirects to another server, the file is left out and that server gets no request."""
    practice.switches.redirect = elsewhere.put("/a", PNG).url

    assert "foreign" == why(practised, shared(practice, practised)[0])
    assert [] == elsewhere.seen
