"""slack/api/download.py over real sockets: what the model gets of the files of a question, and what is left out."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import Any, Literal

import pytest

from cocoai.conversation import Attachment
from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.proxied import ProxyClient
from cocoai.engine.client.tls import tls_context
from cocoai.errors import Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import MOST_REDIRECTS, AttachmentLimits, LeftOut, read_files
from cocoai.slack.model.files import File

TOKEN = "xoxb-practice"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n" + bytes(range(256))
NOTE = "買い物: 牛乳、卵\n".encode()
PAGE = b"<!DOCTYPE html>\n<html><body><h1>A page</h1></body></html>"

Answer = Outgoing | Callable[[], Outgoing]


class Files(PracticeServer):
    """Serves what `shelf` has for a path; files.info tells what `told` has for an id. It keeps what was asked."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.api_url = f"{self.url}/api/"
        self.shelf: dict[str, Answer] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        if incoming.path == "/api/files.info":
            return Outgoing(body=json.dumps(self.told[incoming.body.decode().removeprefix("file=")]).encode())
        found = self.shelf[incoming.path]
        return found() if callable(found) else found

    def put(self, path: str, answer: Answer | bytes, *, name: str = "", media_type: str = "", size: int = 0) -> File:
        """A file that lies there, as Slack tells of it."""
        self.shelf[path] = Outgoing(body=answer) if isinstance(answer, bytes) else answer
        return File(f"F0{len(self.shelf):08}", name or path[1:], media_type, size, self.url + path)

    @property
    def paths(self) -> list[str]:
        return [incoming.path for incoming in self.seen]


@pytest.fixture
def files(certificates: Certificates) -> Iterator[Files]:
    with Files(certificates) as server:
        yield server


@pytest.fixture
def elsewhere(certificates: Certificates) -> Iterator[Files]:
    """Somebody else's server, which must never hear of us."""
    with Files(certificates) as server:
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


@pytest.fixture
def slack(line: HttpClient, files: Files) -> SlackChat:
    return SlackChat(line, api_url=files.api_url, token=TOKEN)


def left_out(slack: SlackChat, file: File, limits: AttachmentLimits | None = None) -> LeftOut:
    """What is said of a file of which the model gets nothing."""
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


# What the model gets


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
def test_each_kind_goes_to_the_model_as_its_bytes_tell(
    slack: SlackChat, files: Files, data: bytes, expected: Attachment
) -> None:
    """Whatever its name and Slack say; text goes as UTF-8."""
    file = files.put("/a", data, name="報告", media_type="application/octet-stream", size=len(data))

    assert ((expected,), ()) == read_files(slack, [file], AttachmentLimits())


@pytest.mark.parametrize(
    "new_http_client", [DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"]
)
def test_a_file_is_asked_for_with_the_token_and_uncompressed(slack: SlackChat, files: Files) -> None:
    """In the header; a compressed one could be far longer than Slack said."""
    read_files(slack, [files.put("/a", NOTE)], AttachmentLimits())
    seen = files.seen[0]

    assert ("GET", f"Bearer {TOKEN}", "identity") == (
        seen.method,
        seen.headers["authorization"],
        seen.headers["accept-encoding"],
    )
    assert TOKEN not in seen.query


def test_a_file_may_come_in_pieces(slack: SlackChat, files: Files) -> None:
    """Then its length is not told before."""
    pieces = files.put("/a", lambda: Outgoing(body=iter([PNG[:3], PNG[3:], b"x" * 200_000])))
    attachments, left = read_files(slack, [pieces], AttachmentLimits())

    assert [PNG + b"x" * 200_000] == [each.data for each in attachments]
    assert () == left


def test_what_can_be_read_goes_though_the_rest_cannot(slack: SlackChat, files: Files) -> None:
    """Each in the order in which it was attached."""
    asked = [
        files.put("/zip", b"PK\3\4\0\0"),
        files.put("/png", PNG),
        files.put("/none", Outgoing(404)),
        files.put("/note", NOTE),
    ]
    attachments, left = read_files(slack, asked, AttachmentLimits())

    assert ["png", "note"] == [each.name for each in attachments]
    assert (LeftOut("zip", "kind"), LeftOut("none", "gone")) == left


def test_a_stub_is_asked_for_first(slack: SlackChat, files: Files) -> None:
    """Of another organisation's file the message told only the id."""
    at = files.put("/shared", PNG)
    files.told["F0SHARED00"] = {"ok": True, "file": {"id": "F0SHARED00", "name": "cat.png", "url_private": at.url}}

    assert ((Attachment("image", "cat.png", "image/png", PNG),), ()) == read_files(
        slack, [File("F0SHARED00", is_stub=True)], AttachmentLimits()
    )


# Too much


def test_what_slack_says_is_too_big_is_not_fetched(slack: SlackChat, files: Files) -> None:
    """A byte more than may be."""
    file = files.put("/a", PNG, size=len(PNG))

    assert LeftOut("a", "too_big") == left_out(slack, file, AttachmentLimits(question_bytes=len(PNG) - 1))
    assert [] == files.seen
    assert 1 == len(read_files(slack, [file], AttachmentLimits(question_bytes=len(PNG)))[0])


def test_what_turns_out_too_big_is_not_read_to_its_end(slack: SlackChat, files: Files) -> None:
    """By the length that its head tells, though nothing of it ever comes; or by counting what does."""
    told = files.put("/told", lambda: Outgoing(200, cut_at_once(), (("Content-Length", str(len(PNG))),)), size=1)
    untold = files.put("/untold", lambda: Outgoing(body=repeat(PNG, 100_000)))
    limits = AttachmentLimits(question_bytes=len(PNG) - 1)

    assert ["too_big", "too_big"] == [why(slack, each, limits) for each in (told, untold)]


def test_the_question_has_one_limit_for_all_its_files(slack: SlackChat, files: Files) -> None:
    """The first come first; a smaller one behind may still fit, and what is left out takes nothing away."""
    asked = [
        files.put("/zip", b"PK\3\4" + b"\0" * 80),
        files.put("/a", PNG[:60]),
        files.put("/b", PNG[:60]),
        files.put("/c", PNG[:40]),
        files.put("/d", NOTE),
    ]
    attachments, left = read_files(slack, asked, AttachmentLimits(question_bytes=100))

    assert ["a", "c"] == [each.name for each in attachments]
    assert [("zip", "kind"), ("b", "too_big"), ("d", "too_big")] == [(each.name, each.why) for each in left]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp932"])
@pytest.mark.parametrize("times", [1, 1000])
def test_a_text_has_a_limit_of_its_own(slack: SlackChat, files: Files, encoding: str, times: int) -> None:
    """In UTF-8, as the model gets it: a byte more is too much, and so is any multiple."""
    text = NOTE.decode() * times
    file = files.put("/a", text.encode(encoding))

    assert "too_big" == why(slack, file, AttachmentLimits(text_bytes=len(text.encode()) - 1))
    assert "too_big" == why(slack, file, AttachmentLimits(text_bytes=10))
    assert text.encode() == read_files(slack, [file], AttachmentLimits(text_bytes=len(text.encode())))[0][0].data


def test_ascii_in_utf_16_is_measured_as_it_will_be(slack: SlackChat, files: Files) -> None:
    """It is half as long then."""
    file = files.put("/a", ("x" * 100).encode("utf-16"))

    assert b"x" * 100 == read_files(slack, [file], AttachmentLimits(text_bytes=100))[0][0].data
    assert "too_big" == why(slack, file, AttachmentLimits(text_bytes=99))


def test_a_text_that_grows_in_utf_8_still_has_to_fit_into_the_question(slack: SlackChat, files: Files) -> None:
    """Japanese in Shift_JIS has two bytes a character, there three."""
    file = files.put("/a", "買い物".encode("cp932"), size=6)

    assert "too_big" == why(slack, file, AttachmentLimits(question_bytes=8))
    assert "買い物".encode() == read_files(slack, [file], AttachmentLimits(question_bytes=9))[0][0].data


def test_a_long_file_that_is_no_text_is_of_the_wrong_kind_and_not_too_big(slack: SlackChat, files: Files) -> None:
    """To make it shorter would not help."""
    assert "kind" == why(slack, files.put("/a", b"PK\3\4" + b"\0" * 500_000))


def test_no_more_files_than_so_many(slack: SlackChat, files: Files) -> None:
    """Those behind are not fetched."""
    asked = [files.put(f"/{n}", NOTE) for n in range(4)]
    attachments, left = read_files(slack, asked, AttachmentLimits(count=2))

    assert ["0", "1"] == [each.name for each in attachments]
    assert (LeftOut("2", "too_many"), LeftOut("3", "too_many")) == left
    assert ["/0", "/1"] == files.paths


def test_with_attachments_off_slack_is_not_asked(slack: SlackChat, files: Files) -> None:
    """Each is named all the same."""
    asked = [files.put("/a", NOTE), File("F0SHARED00", is_stub=True)]

    assert ((), (LeftOut("a", "off"), LeftOut("", "off"))) == read_files(
        slack, asked, AttachmentLimits(question_bytes=0)
    )
    assert [] == files.seen


# Pages in the place of a file


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
@pytest.mark.parametrize("told", [{"media_type": "image/png", "size": 264}, {"media_type": "text/html", "size": 264}])
def test_a_login_page_is_known_for_what_it_is(
    slack: SlackChat, files: Files, caplog: pytest.LogCaptureFixture, answer: Outgoing, told: dict[str, Any]
) -> None:
    """Also where a page was shared, for that one has another length; and the operator reads what is missing."""
    file = files.put("/a", answer, **told)

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
def test_a_page_that_somebody_shares_is_a_text(
    slack: SlackChat, files: Files, media_type: str, size: int, expected: tuple[LeftOut, ...]
) -> None:
    """It is as long as Slack says, and nothing that no page can be."""
    file = files.put("/a", page(), media_type=media_type, size=size)
    attachments, left = read_files(slack, [file], AttachmentLimits())

    assert expected == left
    assert [PAGE] * (not expected) == [each.data for each in attachments]


# Other addresses


def test_a_file_elsewhere_is_not_asked_for(slack: SlackChat, elsewhere: Files) -> None:
    """Not even without the token: Slack never sends us there."""
    assert "foreign" == why(slack, elsewhere.put("/a", PNG))
    assert [] == elsewhere.seen


def test_the_token_does_not_go_elsewhere_by_a_redirect(slack: SlackChat, files: Files, elsewhere: Files) -> None:
    """Nor by the second; nor to our own Slack in the clear, or as somebody else."""
    there = elsewhere.put("/there", PNG).url
    plain = files.url.replace("https", "http")
    asked = [
        files.put("/at-once", moved(there)),
        files.put("/later", moved("/at-once")),
        files.put("/clear", moved(f"{plain}/at-once")),
        files.put("/as", moved(files.url.replace("//", "//user@") + "/at-once")),
        files.put("/bare", moved(there.removeprefix("https:"))),
        files.put("/odd", moved("//[x")),
    ]

    assert ["foreign"] * 5 + ["unreadable"] == [why(slack, each) for each in asked]
    assert [] == elsewhere.seen
    assert ["/at-once", "/later", "/at-once", "/clear", "/as", "/bare", "/odd"] == files.paths


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_slack_is_followed_with_the_token(slack: SlackChat, files: Files, status: int) -> None:
    """Wherever it points to, from there."""
    files.put("/files-pri/here", moved("../moved/there?x=y", status=status))
    files.put("/moved/there", moved(f"{files.url}/at-last", status=status))
    files.put("/at-last", PNG)
    attachments, _ = read_files(slack, [File("F0", "a", url=f"{files.url}/files-pri/here")], AttachmentLimits())

    assert [PNG] == [each.data for each in attachments]
    assert [f"Bearer {TOKEN}"] * 3 == [incoming.headers["authorization"] for incoming in files.seen]
    assert "x=y" == files.seen[1].query


def test_a_few_redirects_and_no_more(slack: SlackChat, files: Files) -> None:
    """One that never ends is given up."""
    files.put("/0", PNG)
    for n in range(1, MOST_REDIRECTS + 2):
        last = files.put(f"/{n}", moved(f"/{n - 1}"))
    enough = files.put(f"/{MOST_REDIRECTS}", moved(f"/{MOST_REDIRECTS - 1}"))

    assert 1 == len(read_files(slack, [enough], AttachmentLimits())[0])
    assert "unreadable" == why(slack, last)
    assert "unreadable" == why(slack, files.put("/round", moved("/round")))


# What is not there


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
def test_other_responses_mean_what_they_say(slack: SlackChat, files: Files, answer: Outgoing, expected: str) -> None:
    """A part of a file is none."""
    assert expected == why(slack, files.put("/a", answer))


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://127.0.0.1/", "cat.png"])
def test_a_file_without_an_address_is_unreadable(slack: SlackChat, files: Files, url: str) -> None:
    """Nobody is asked."""
    assert LeftOut("cat.png", "unreadable") == left_out(slack, File("F0", "cat.png", url=url))
    assert [] == files.seen


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"ok": False, "error": "file_not_found"}, "gone"),
        ({"ok": False, "error": "file_deleted"}, "gone"),
        ({"ok": False, "error": "missing_scope", "needed": "files:read"}, "login"),
        ({"ok": False, "error": "access_denied"}, "unreadable"),
        ({"ok": True}, "unreadable"),
        ({"ok": True, "file": {"id": "F0SHARED00", "file_access": "check_file_info"}}, "unreadable"),
    ],
)
def test_a_stub_of_which_slack_tells_no_more(
    slack: SlackChat, files: Files, told: dict[str, Any], expected: str
) -> None:
    """Its name is not known then."""
    files.told["F0SHARED00"] = told

    assert LeftOut("", expected) == left_out(slack, File("F0SHARED00", is_stub=True))  # type: ignore[arg-type]


# What passes


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
def test_slacks_troubles_are_temporary(
    slack: SlackChat, files: Files, answer: Answer, code: str | None, retry_after: float | None
) -> None:
    """The job is tried again: a file is not left out for them, nor half a file taken for the whole."""
    with pytest.raises(Temporary) as caught:
        read_files(slack, [files.put("/a", answer)], AttachmentLimits())

    assert ("Slack", retry_after) == (caught.value.source, caught.value.retry_after)
    assert caught.value.code == code or code is None


def test_nobody_there_is_temporary(line: HttpClient, certificates: Certificates) -> None:
    """As with any call to Slack; and no error of it has the token."""
    with Files(certificates) as gone:
        file = gone.put("/a", PNG)
    with pytest.raises(Temporary) as caught:
        read_files(SlackChat(line, api_url=gone.api_url, token=TOKEN), [file], AttachmentLimits())

    assert caught.value.__context__ is None


# What is said of it


def test_the_log_has_the_file_the_outcome_and_the_bytes_and_no_more(
    slack: SlackChat, files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    """No address, which may hold a secret, no name, and nothing of what is in it; nor an id that is none."""
    caplog.set_level(logging.DEBUG, "cocoai")
    read_files(
        slack, [files.put("/secret", NOTE, name="private"), files.put("/secret2", b"\0hidden")], AttachmentLimits()
    )
    read_files(slack, [File("F0\nforged", "private", url=f"{files.url}/nowhere\n")], AttachmentLimits())
    said = [record.getMessage() for record in caplog.records if record.name.startswith("cocoai")]

    assert [
        f"file=F000000001 outcome=read kind=text bytes={len(NOTE)}",
        "file=F000000002 outcome=left-out why=kind reason=kind bytes=0",
        "file=odd outcome=left-out why=foreign reason=Slack foreign bytes=0",
    ] == said
    assert not [word for word in ("secret", "private", "牛乳", "hidden", "http", TOKEN, "\n") if word in str(said)]


def test_no_other_address_is_ever_fetched_with_the_token(slack: SlackChat, elsewhere: Files) -> None:
    """SlackChat itself refuses it, whoever asks."""
    with pytest.raises(Permanent) as caught:
        slack.fetch(elsewhere.put("/a", PNG).url)

    assert ("foreign", []) == (caught.value.code, elsewhere.seen)


# The practice Slack, which knows a Slack's habits better


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


@pytest.fixture
def practised(line: HttpClient, practice: PracticeSlack) -> SlackChat:
    return SlackChat(line, api_url=practice.api_url, token=TOKEN)


def shared(practice: PracticeSlack, slack: SlackChat, channel: str = "C0PRACTICE") -> tuple[File, ...]:
    """Three files that somebody shares with a question, as its thread tells of them."""
    given = [
        PracticeFile("猫.png", "image/png", PNG),
        PracticeFile("page.html", "text/html", PAGE),
        PracticeFile("note.txt", "text/plain", NOTE.decode().encode("cp932")),
    ]
    said = practice.share("U0ASKER01", "<@U0COCOAI> これは?", given, channel=channel)
    return slack.thread(channel, said.ts)[0].files


SHARED = (
    Attachment("image", "猫.png", "image/png", PNG),
    Attachment("text", "page.html", "text/plain", PAGE),
    Attachment("text", "note.txt", "text/plain", NOTE),
)


@pytest.mark.parametrize(("channel", "redirect"), [("C0PRACTICE", ""), ("C0SHARED", ""), ("C0PRACTICE", "here")])
def test_what_is_shared_in_slack_goes_to_the_model(
    practice: PracticeSlack, practised: SlackChat, channel: str, redirect: str
) -> None:
    """Also in a channel shared with others, where a message tells only that there are files; and sent on within."""
    practice.switches.redirect = redirect

    assert (SHARED, ()) == read_files(practised, shared(practice, practised, channel), AttachmentLimits())
    assert all(download.is_authorized for download in practice.downloads)


@pytest.mark.parametrize("login", ["page", "redirect"])
def test_without_the_scope_slack_shows_its_login_page(
    practice: PracticeSlack, practised: SlackChat, login: Literal["page", "redirect"]
) -> None:
    """In the place of each file, the shared page too."""
    practice.switches.scopes = SCOPES - {"files:read"}
    practice.switches.login = login
    attachments, left = read_files(practised, shared(practice, practised), AttachmentLimits())

    assert ((), ["login"] * 3) == (attachments, [each.why for each in left])


def test_a_file_that_was_taken_away_is_gone(practice: PracticeSlack, practised: SlackChat) -> None:
    """Though the question told of it; in a shared channel, files.info says it."""
    for channel in ("C0PRACTICE", "C0SHARED"):
        told = shared(practice, practised, channel)
        practice.delete_file(told[0].id)

        assert "gone" == why(practised, told[0])


def test_slack_sends_nobody_elsewhere_with_our_token(
    practice: PracticeSlack, practised: SlackChat, elsewhere: Files
) -> None:
    """Should it ever try to."""
    practice.switches.redirect = elsewhere.put("/a", PNG).url

    assert "foreign" == why(practised, shared(practice, practised)[0])
    assert [] == elsewhere.seen
