"""Files attached to a question, through a whole deployment: what the model gets, and what the asker reads of the rest.

    attached file                            the model gets             the asker reads (`Texts`)
    PNG, JPEG, WebP, GIF                     the picture's bytes        the answer
    PDF                                      the PDF and its name       the answer
    text in UTF-8 or Shift_JIS, code         its name and its text      the answer
    text in ISO-2022-JP, EUC-JP, cp1252      its name and its text      the answer
    text with bytes that are invalid         the rest of it             read_partly, why damaged
    more than 100 KiB of text                its beginning and its end  read_partly, why cut
    a canvas                                 its words as Markdown      the answer
    a clip that Slack has transcribed        its words                  the answer
    HEIC, or a picture of over 4 MiB         Slack's smaller picture    the answer
    an Office file with a PDF from Slack     that PDF                   the answer
    an Office file without one               its name                   left_out, why office
    more than 4 MiB of anything else         its name                   left_out, why too_big
    the eleventh file                        the ten before it          left_out, why too_many
    zip                                      its name                   left_out, why kind
    any, without the scope files:read        its name                   left_out, why login
    one that redirects to another server     its name                   left_out, why foreign
    one that was deleted meanwhile           its name                   left_out, why gone
    one whose files.info Slack refuses       that there is one          left_out_unnamed, why unreadable
    any, with attachments_mib = 0            its name                   left_out, why off
    any of these, and no words               no request at all          nothing_read, and left_out
    a picture, to a model without vision     refuses the request        sorry_attachment

The rest of the question is answered whatever is left out, and no server but Slack gets the token.
tests/slack/api/test_download.py has every way in which a download fails.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.message_content import ReceivedAttachment
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_file import CANVAS, PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.slack_switches import SCOPES, SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import LANGUAGES, Texts
from tests.deployment import Deployment, deploy, payload
from tests.processes import wait_until
from tests.slack.markdown.reader import read_markdown
from tests.test_controls import ended

ASKER = "U0ASKER01"
QUESTIONS = {"en": "what is this?", "ja": "これは何ですか？"}
"""The text of a question, by language."""
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0 picture"
NOTE = "買い物: 牛乳、卵\n"
CODE = "def greet() -> str:\n    return 'hello'\n"
KIB = 1024


@pytest.fixture(scope="module")
def module_deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one deployment for most tests of this module."""
    with deploy(tmp_path_factory.mktemp("house"), certificates) as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


@pytest.fixture
def deployment(module_deployment: Deployment) -> Iterator[Deployment]:
    """Yield the deployment; afterwards give the practice servers their usual switches."""
    yield module_deployment
    vars(module_deployment.openai.switches).update(vars(OpenAISwitches()))
    vars(module_deployment.slack.switches).update(vars(SlackSwitches()))
    module_deployment.slack.clear_faults()


@pytest.fixture
def foreign_server(certificates: Certificates) -> Iterator[ForeignServer]:
    """Yield a server that is not Slack's, to which CocoAI must never send a request."""
    with ForeignServer(certificates) as server:
        yield server


class ForeignServer(PracticeServer):
    """A server that answers each request with a picture and records it in `requests`."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.requests: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        """Record the request and return a picture."""
        self.requests.append(incoming)
        return Outgoing(body=PNG)


def share(
    deployment: Deployment, *files: PracticeFile, text: str = "<@U0COCOAI> what is this?", **where: str
) -> Message:
    """Post a question with these files; return its message."""
    return deployment.slack.share(ASKER, text, files, **where)


def answer_text(deployment: Deployment, question: Message) -> str:
    """Wait until the question's job has ended; return the text of the answer as the asker reads it."""
    answer = ended(deployment, question)

    assert "answer" == payload(answer)["kind"]
    return html.unescape(answer.text)


def received(deployment: Deployment) -> tuple[ReceivedAttachment, ...]:
    """Return the attachments in the newest request to the model."""
    return deployment.openai.requests[-1].attached


def parts(deployment: Deployment) -> list[dict[str, Any]]:
    """Return the parts of the last message in the newest request to the model."""
    content: list[dict[str, Any]] = deployment.openai.requests[-1].body["messages"][-1]["content"]
    return content


def text_file(name: str, data: bytes) -> PracticeFile:
    """Return a file with the media type text/plain."""
    return PracticeFile(name, "text/plain", data)


PICTURE = PracticeFile("cat.png", "image/png", PNG)


# what the model gets


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("image/png", PNG),
        ("image/jpeg", b"\xff\xd8\xff\xe0 picture"),
        ("image/webp", b"RIFF0000WEBPVP8 "),
        ("image/gif", b"GIF89a\1\0\1\0 moving"),
    ],
)
def test_a_picture_goes_to_the_model_as_it_is(deployment: Deployment, media_type: str, data: bytes) -> None:
    """The model is sent every byte of the picture, before the text of the question."""
    answer = answer_text(deployment, share(deployment, PracticeFile("cat", media_type, data)))

    picture, question = parts(deployment)
    assert f"data:{media_type};base64,{base64.b64encode(data).decode()}" == picture["image_url"]["url"]
    assert "what is this?" == question["text"]
    assert (ReceivedAttachment("image", media_type, len(data)),) == received(deployment)
    assert media_type.partition("/")[2].upper() in answer


def test_a_pdf_goes_to_the_model_with_its_name(deployment: Deployment) -> None:
    """The model is sent the whole PDF and its name, not a text made of it."""
    answer_text(deployment, share(deployment, PracticeFile("計画.pdf", "application/pdf", PDF)))

    assert (ReceivedAttachment("pdf", "application/pdf", len(PDF), "計画.pdf"),) == received(deployment)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("note.txt", NOTE.encode(), NOTE),
        ("sjis.txt", NOTE.encode("cp932"), NOTE),
        ("greet.py", CODE.encode(), CODE),
        (
            "page.html",
            b"<!DOCTYPE html><html><body>hello</body></html>",
            "<!DOCTYPE html><html><body>hello</body></html>",
        ),
    ],
)
def test_a_text_file_goes_to_the_model_as_text(deployment: Deployment, name: str, data: bytes, expected: str) -> None:
    """A text is decoded and sent below its name; an HTML file is not taken for Slack's login page."""
    file = PracticeFile(name, "text/html" if name.endswith(".html") else "text/plain", data)
    answer_text(deployment, share(deployment, file))

    assert f"{name}:\n\n{expected}" == parts(deployment)[0]["text"]


def test_a_canvas_goes_to_the_model_as_its_words(deployment: Deployment) -> None:
    """A canvas, which Slack serves as HTML of another length than it tells, is no login page: its words are sent."""
    html = b"<div class='quip-canvas-content'><h1>Plan</h1><p class='line'>Ask <@U0ASKER01>.</p></div>"
    answer_text(deployment, share(deployment, PracticeFile("Plan", CANVAS, html, fields={"size": 871})))

    assert "Plan (a canvas in Slack):\n\n# Plan\n\nAsk @Asker." == parts(deployment)[0]["text"]


@pytest.mark.parametrize("media_type", ["audio/mp4", "video/mp4", ""])
def test_a_voice_clip_goes_to_the_model_as_its_words(deployment: Deployment, media_type: str) -> None:
    """A clip that Slack has transcribed is a question by itself, whatever its type, as if its words were typed."""
    transcription = {"status": "complete", "locale": "ja-JP", "preview": {"content": "何時ですか", "has_more": False}}
    fields = {"subtype": "slack_audio", "duration_ms": 15_400, "transcription": transcription, "mimetype": media_type}
    clip = PracticeFile("audio_message.m4a", "audio/mp4", b"\0\0\0 ftypM4A ", fields=fields)
    answer = answer_text(deployment, share(deployment, clip, text="", channel="D0PRACTICE"))

    assert "何時ですか" == deployment.openai.requests[-1].body["messages"][-1]["content"]
    assert answer.startswith("> 🎤 何時ですか (0:16, ")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            PracticeFile("IMG_1.HEIC", "image/heic", b"\0\0\0\x18ftypheic", variants={"thumb_1024": PNG}),
            ReceivedAttachment("image", "image/png", len(PNG)),
        ),
        (
            PracticeFile("big.png", "image/png", PNG.ljust(4 * KIB * KIB + 1), variants={"thumb_1024": JPEG}),
            ReceivedAttachment("image", "image/jpeg", len(JPEG)),
        ),
        (
            PracticeFile("plan.docx", "application/msword", b"PK\x03\x04", variants={"converted_pdf": PDF}),
            ReceivedAttachment("pdf", "application/pdf", len(PDF), "plan.docx.pdf"),
        ),
    ],
    ids=["heic", "big", "office"],
)
def test_what_slack_has_made_of_a_file_goes_to_the_model(
    deployment: Deployment, file: PracticeFile, expected: ReceivedAttachment
) -> None:
    """Slack's smaller picture of a photo from a phone, and its PDF of an Office file, are sent; nothing is left out."""
    answer = answer_text(deployment, share(deployment, file))

    assert (expected,) == received(deployment)
    assert LANGUAGES["en"].left_out.partition("{")[0] not in answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_is_read_in_part_is_named(deployment: Deployment, language: str) -> None:
    """Of a long text both ends are sent, of a damaged one what can be read; one sentence of the reply says so."""
    texts = LANGUAGES[language]
    files = [
        text_file("long.txt", b"first\n" + b"word " * 21 * KIB + b"\nlast"),
        text_file("bad.txt", b"a\xffb c d e f"),
    ]
    answer = answer_text(deployment, share(deployment, *files, text=f"<@U0COCOAI> {QUESTIONS[language]}"))
    long, damaged, _ = parts(deployment)

    assert long["text"].startswith("long.txt:\n\nfirst\n")
    assert long["text"].endswith("\nlast")
    assert "left out here" in long["text"]
    assert "bad.txt:\n\na\ufffdb c d e f" == damaged["text"]
    assert all(1 == answer.count(told) for told in ("long.txt、bad.txt" if language == "ja" else "long.txt, bad.txt",))
    assert all(1 == answer.count(texts.why[why]) for why in ("cut", "damaged"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_was_left_out_is_told_in_one_sentence(deployment: Deployment, language: str) -> None:
    """Files of the same reason are named together, and the model is told of each."""
    zips = [PracticeFile(f"{n}.zip", "application/zip", b"PK\x03\x04" + bytes(range(256))) for n in (1, 2)]
    answer = answer_text(deployment, share(deployment, *zips, text=f"<@U0COCOAI> {QUESTIONS[language]}"))

    assert answer.endswith(notice(LANGUAGES[language], "kind", "1.zip、2.zip" if language == "ja" else "1.zip, 2.zip"))
    assert 2 == str(parts(deployment)).count(", not read, of a kind that cannot be read]")


def test_several_files_keep_their_order(deployment: Deployment) -> None:
    """The model is sent the files in their order, and the text of the question after them."""
    pdf = PracticeFile("plan.pdf", "application/pdf", PDF)
    answer_text(deployment, share(deployment, PICTURE, text_file("note.txt", b"grey"), pdf))

    assert ["image_url", "text", "file", "text"] == [part["type"] for part in parts(deployment)]


@pytest.mark.parametrize("twins", ["mention first", "message first", "mention only"])
@pytest.mark.parametrize("is_bare", [False, True], ids=["whole", "bare"])
@pytest.mark.parametrize("text", ["<@U0COCOAI> what is this?", "<@U0COCOAI>"], ids=["text", "no text"])
def test_the_file_is_found_whichever_copy_comes_first(
    deployment: Deployment, twins: Any, is_bare: bool, text: str
) -> None:
    """The file reaches the model even if the app_mention copy leaves it out, and even without a text beside it."""
    # Slack leaves the files out of some app_mention events; then CocoAI reads the message from Slack.
    deployment.slack.switches.twins, deployment.slack.switches.bare_mentions = twins, is_bare
    number = len(deployment.openai.requests)

    answer_text(deployment, share(deployment, PICTURE, text=text))

    assert (ReceivedAttachment("image", "image/png", len(PNG)),) == received(deployment)
    assert number + 1 == len(deployment.openai.requests)


def test_files_of_follow_ups_direct_messages_and_shared_channels_are_read(deployment: Deployment) -> None:
    """Their files reach the model too; a file of an earlier message is only named there."""
    first = share(deployment, text_file("note.txt", b"grey"))
    answer_text(deployment, first)
    answer_text(deployment, share(deployment, PICTURE, text="and this?", thread_ts=first.ts))
    earlier = deployment.openai.requests[-1].body["messages"][1]["content"]

    assert (ReceivedAttachment("image", "image/png", len(PNG)),) == received(deployment)
    assert "what is this?\n[attached: note.txt, not read, it belongs to an earlier message]" == earlier
    for channel in ("D0PRACTICE", "C0SHARED"):
        answer_text(deployment, share(deployment, PICTURE, channel=channel))
        assert (ReceivedAttachment("image", "image/png", len(PNG)),) == received(deployment)


def test_a_model_prefix_with_a_file_is_a_question(deployment: Deployment) -> None:
    """A model prefix without a text, but with a file, sends the file to that model."""
    settings = deployment.var / "cocoai.ini"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[models]\ndeep = gpt-6.1-sol\n", encoding="utf-8")

    answer_text(deployment, share(deployment, PICTURE, text="<@U0COCOAI> deep:"))

    assert "gpt-6.1-sol" == deployment.openai.requests[-1].body["model"]
    assert ["image_url"] == [part["type"] for part in parts(deployment)]


# what the asker reads about files that were left out


def too_big(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    return [replace(PICTURE, data=PNG.ljust(4 * KIB * KIB + 1))]


def too_many(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    return [*(text_file(f"{number}.txt", b"one of ten") for number in range(10)), PICTURE]


def a_document(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    return [PracticeFile("plan.docx", "application/octet-stream", b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml")]


def a_recording(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    return [PracticeFile("audio_message.m4a", "audio/mp4", b"\0\0\0 ftypM4A ", fields={"subtype": "slack_audio"})]


def in_greek(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    return [text_file("greek.txt", "Καλημέρα κόσμε".encode("cp1253"))]


def a_zip(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    return [PracticeFile("all.zip", "application/zip", b"PK\x03\x04" + bytes(range(256)))]


def behind_a_login(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    deployment.slack.switches.scopes = SCOPES - {"files:read"}
    return [PICTURE]


def behind_a_redirect_to_a_login(deployment: Deployment, _: ForeignServer) -> list[PracticeFile]:
    deployment.slack.switches.login = "redirect"
    return behind_a_login(deployment, _)


def redirected(deployment: Deployment, foreign_server: ForeignServer) -> list[PracticeFile]:
    deployment.slack.switches.redirect = f"{foreign_server.url}/cat.png"
    return [PICTURE]


MakeFiles = Callable[[Deployment, ForeignServer], list[PracticeFile]]

LEFT_OUT: dict[MakeFiles, str] = {
    too_big: "too_big",
    too_many: "too_many",
    a_zip: "kind",
    a_document: "office",
    a_recording: "speech",
    in_greek: "encoding",
    behind_a_login: "login",
    behind_a_redirect_to_a_login: "login",
    redirected: "foreign",
}
"""The reason in `Texts.why`, by a function that returns files of which the last is left out."""


def notice(texts: Texts, why: str, name: str) -> str:
    """Return the sentence about a file that was left out."""
    return texts.left_out.format(name=name, why=texts.why[why])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("make_files", LEFT_OUT, ids=[make.__name__ for make in LEFT_OUT])
def test_a_file_that_is_left_out_is_named_with_the_reason(
    deployment: Deployment, foreign_server: ForeignServer, language: str, make_files: MakeFiles
) -> None:
    """The reason stands once, in the asker's language, below the answer; no other server gets a request."""
    files = make_files(deployment, foreign_server)
    why = LEFT_OUT[make_files]
    answer = answer_text(deployment, share(deployment, *files, text=f"<@U0COCOAI> {QUESTIONS[language]}"))

    assert answer.endswith(notice(LANGUAGES[language], why, files[-1].name))
    assert len(files) - 1 == len(received(deployment))
    assert answer.count(LANGUAGES[language].why[why]) == 1
    assert QUESTIONS[language] in answer
    assert [] == foreign_server.requests


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_was_deleted_meanwhile_is_left_out(deployment: Deployment, language: str) -> None:
    """A file that the event names, but that is deleted before the event is delivered, is left out as gone."""
    deployment.slack.switches.retry_waits = ()
    deployment.slack.subscribe("http://127.0.0.1:1/nobody")
    question = share(deployment, PICTURE, text=f"<@U0COCOAI> {QUESTIONS[language]}")
    deployment.slack.wait_for_deliveries()
    (event_id, *_) = [each["event_id"] for each in deployment.slack.payloads if each["event"].get("ts") == question.ts]
    deployment.slack.delete_file(question.files[0].id)
    ours = f"{deployment.address}/slack"
    deployment.slack.subscribe(f"{ours}/events", f"{ours}/interactions", f"{ours}/commands")

    deployment.slack.redeliver(event_id)

    assert answer_text(deployment, question).endswith(notice(LANGUAGES[language], "gone", "cat.png"))
    assert () == received(deployment)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_slack_does_not_describe_is_left_out(deployment: Deployment, language: str) -> None:
    """In a shared channel, a file whose files.info is refused is left out as unreadable, without its name."""
    texts = LANGUAGES[language]
    deployment.slack.fail("files.info", Fault("refused", code="access_denied"))
    question = share(deployment, PICTURE, text=f"<@U0COCOAI> {QUESTIONS[language]}", channel="C0SHARED")

    assert answer_text(deployment, question).endswith(texts.left_out_unnamed.format(why=texts.why["unreadable"]))


@pytest.mark.parametrize(
    "name", ["a*b_c*d_.zip", "`quoted`.zip", "<!channel> & <@U0ASKER02>.zip", "[x](mailto:a@b).zip"]
)
def test_a_file_name_is_shown_literally(deployment: Deployment, name: str) -> None:
    """Nothing in a name becomes markup, a link or a ping, neither in the blocks nor in their fallback text."""
    question = share(deployment, PracticeFile(name, "application/zip", b"PK\x03\x04" + bytes(range(256))))
    answer_text(deployment, question)
    answer = deployment.replies(question)[0]
    (block,) = [block["text"] for block in answer.blocks if block["type"] == "markdown"]

    sentence = f"I have not read “{name}”."
    assert sentence in read_markdown(block).text.replace("\u200b", "")
    assert sentence in html.unescape(answer.text).replace("\u200b", "")
    assert not any(ping in answer.text + block for ping in ("<!channel", "<@U0"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_without_vision_is_reported_as_an_attachment_error(deployment: Deployment, language: str) -> None:
    """If the model refuses a picture, the asker reads that the attachment is the cause."""
    deployment.openai.switches.vision = False
    texts = LANGUAGES[language]
    reply = ended(deployment, share(deployment, PICTURE, text=f"<@U0COCOAI> {QUESTIONS[language]}"))

    assert ("error", texts.error_text("attachment")) == (payload(reply)["kind"], reply.text)


@pytest.fixture(scope="module")
def without_attachments(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield a deployment that reads no files and writes mrkdwn instead of Markdown blocks."""
    settings: dict[str, Any] = {"COCOAI_ANSWER_ATTACHMENTS_MIB": "0", "COCOAI_SLACK_FORMAT": "mrkdwn"}
    with deploy(tmp_path_factory.mktemp("house"), certificates, **settings) as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


@pytest.mark.parametrize("language", LANGUAGES)
def test_switched_off_attachments_are_each_named(without_attachments: Deployment, language: str) -> None:
    """With attachments switched off each file is named with that reason, and none is downloaded."""
    files = [PICTURE, text_file("note.txt", b"grey")]
    question = share(without_attachments, *files, text=f"<@U0COCOAI> {QUESTIONS[language]}")
    answer = answer_text(without_attachments, question)

    names = {"ja": "cat.png、note.txt", "en": "cat.png, note.txt"}[language]
    lines = [f"[attached: {file.name}, not read, files are switched off here]" for file in files]
    assert answer.endswith(notice(LANGUAGES[language], "off", names))
    assert (
        "\n".join([QUESTIONS[language], *lines])
        == without_attachments.openai.requests[-1].body["messages"][-1]["content"]
    )
    assert [] == without_attachments.slack.downloads


def test_a_file_alone_is_answered_with_attachments_switched_off(without_attachments: Deployment) -> None:
    """A mention with a file and no text is answered with the reason why the file was not read, without the model."""
    number = len(without_attachments.openai.requests)
    answer = answer_text(without_attachments, share(without_attachments, PICTURE, text="<@U0COCOAI>"))

    assert f"{LANGUAGES['ja'].nothing_read}\n\n{notice(LANGUAGES['ja'], 'off', 'cat.png')}" == answer
    assert number == len(without_attachments.openai.requests)
