"""Files on a question, in the production shape: what the model gets of them, and what the asker reads of the others.

    attached                                 the model gets             the asker reads (ENGLISH / JAPANESE, words/)
    PNG, JPEG, WebP, GIF                     the picture's bytes        the answer
    PDF                                      the PDF and its name       the answer
    text in UTF-8 or Shift_JIS, code         its name and its words     the answer
    more than 4 MiB, or 100 KiB of text      nothing of it              left_out, why too_big
    the eleventh file                        the ten before it          left_out, why too_many
    a zip                                    nothing of it              left_out, why kind
    any, without the scope files:read        nothing of it              left_out, why login
    one that Slack sends on to elsewhere     nothing of it              left_out, why foreign
    one that was taken away meanwhile        nothing of it              left_out, why gone
    one that Slack will not tell of          nothing of it              left_out_unnamed, why unreadable
    any, with attachments_mib = 0            nothing of it              left_out, why off
    a picture, to a model that sees none     refuses all of it          sorry_attachment

Whatever is left out, the question is answered, and the token goes to Slack alone. tests/slack/api/test_download.py
has all that can befall a download.
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
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.slack_switches import SCOPES, SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import LANGUAGES, Texts
from tests.house import House, house, payload
from tests.processes import wait_until
from tests.slack.markdown.reader import read_markdown
from tests.test_controls import ended

ASKER = "U0ASKER01"
ASKED = {"en": "what is this?", "ja": "これは何ですか？"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PDF = b"%PDF-1.7\n" + bytes(range(256))
NOTE = "買い物: 牛乳、卵\n"
CODE = "def greet() -> str:\n    return 'hello'\n"
KIB = 1024


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One house for all of them."""
    with house(tmp_path_factory.mktemp("house"), certificates) as built:
        wait_until((built.var / "identity.json").exists)
        yield built


@pytest.fixture
def built(standing: House) -> Iterator[House]:
    """The house with a Slack and a model in their usual manner again when the test is over."""
    yield standing
    vars(standing.openai.switches).update(vars(Model()))
    vars(standing.slack.switches).update(vars(SlackSwitches()))
    standing.slack.clear_faults()


@pytest.fixture
def elsewhere(certificates: Certificates) -> Iterator[Elsewhere]:
    """Somebody else's server, which must never hear of us."""
    with Elsewhere(certificates) as server:
        yield server


class Elsewhere(PracticeServer):
    """It has what anybody asks for, and keeps who did."""

    def __init__(self, certificates: Certificates | None) -> None:
        super().__init__(certificates)
        self.seen: list[Incoming] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.seen.append(incoming)
        return Outgoing(body=PNG)


def share(built: House, *files: PracticeFile, text: str = "<@U0COCOAI> what is this?", **where: str) -> Message:
    return built.slack.share(ASKER, text, files, **where)


def answered(built: House, question: Message) -> str:
    """What the asker reads, the job done."""
    answer = ended(built, question)

    assert "answer" == payload(answer)["kind"]
    return html.unescape(answer.text)


def got(built: House) -> tuple[ReceivedAttachment, ...]:
    """What the model saw beside the words, when it was asked last."""
    return built.openai.requests[-1].attached


def parts(built: House) -> list[dict[str, Any]]:
    """The question as it came to the model."""
    content: list[dict[str, Any]] = built.openai.requests[-1].body["messages"][-1]["content"]
    return content


def words_of(part: dict[str, Any]) -> str:
    return str(part["text"])


def text(name: str, data: bytes) -> PracticeFile:
    return PracticeFile(name, "text/plain", data)


PICTURE = PracticeFile("cat.png", "image/png", PNG)


# what the model gets


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("image/png", PNG),
        ("image/jpeg", b"\xff\xd8\xff\xe0 picture"),
        ("image/webp", b"RIFF0000WEBPVP8 "),
        ("image/gif", b"GIF89a moving"),
    ],
)
def test_a_picture_goes_to_the_model_as_it_is(built: House, media_type: str, data: bytes) -> None:
    """Before the words, every byte of it."""
    told = answered(built, share(built, PracticeFile("cat", media_type, data)))

    picture, words = parts(built)
    assert f"data:{media_type};base64,{base64.b64encode(data).decode()}" == picture["image_url"]["url"]
    assert "what is this?" == words_of(words)
    assert (ReceivedAttachment("image", media_type, len(data)),) == got(built)
    assert media_type.partition("/")[2].upper() in told


def test_a_pdf_goes_to_the_model_by_its_name(built: House) -> None:
    """The model reads it by itself."""
    answered(built, share(built, PracticeFile("計画.pdf", "application/pdf", PDF)))

    assert (ReceivedAttachment("pdf", "application/pdf", len(PDF), "計画.pdf"),) == got(built)


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
def test_a_text_goes_to_the_model_as_words(built: House, name: str, data: bytes, expected: str) -> None:
    """Under its name, whatever it was written in; a page that somebody shares is no login page."""
    answered(built, share(built, PracticeFile(name, "text/html" if "html" in name else "text/plain", data)))

    assert f"{name}:\n\n{expected}" == words_of(parts(built)[0])


def test_several_files_go_in_their_order(built: House) -> None:
    """And the words behind them."""
    answered(built, share(built, PICTURE, text("note.txt", b"grey"), PracticeFile("plan.pdf", "application/pdf", PDF)))

    assert ["image_url", "text", "file", "text"] == [part["type"] for part in parts(built)]


@pytest.mark.parametrize("twins", ["mention first", "message first", "mention only"])
@pytest.mark.parametrize("is_bare", [False, True], ids=["whole", "bare"])
@pytest.mark.parametrize("asked", ["<@U0COCOAI> what is this?", "<@U0COCOAI>"], ids=["words", "no words"])
def test_the_file_is_found_whichever_copy_comes_first(built: House, twins: Any, is_bare: bool, asked: str) -> None:
    """Some app_mention copies leave the files out: then Slack is asked. A mention with a file and no words is asked."""
    built.slack.switches.twins, built.slack.switches.bare_mentions = twins, is_bare
    number = len(built.openai.requests)

    answered(built, share(built, PICTURE, text=asked))

    assert (ReceivedAttachment("image", "image/png", len(PNG)),) == got(built)
    assert number + 1 == len(built.openai.requests)


def test_a_follow_up_a_direct_message_and_a_shared_channel_have_files_too(built: House) -> None:
    """What was attached to an earlier message is named, and not sent again."""
    first = share(built, text("note.txt", b"grey"))
    answered(built, first)
    answered(built, share(built, PICTURE, text="and this?", thread_ts=first.ts))
    earlier = built.openai.requests[-1].body["messages"][1]["content"]

    assert (ReceivedAttachment("image", "image/png", len(PNG)),) == got(built)
    assert "what is this?\n[file: note.txt]" == earlier
    for channel in ("D0PRACTICE", "C0SHARED"):
        answered(built, share(built, PICTURE, channel=channel))
        assert (ReceivedAttachment("image", "image/png", len(PNG)),) == got(built)


def test_a_word_for_another_model_and_a_file_are_a_question(built: House) -> None:
    """Though there are no words behind it."""
    settings = built.var / "cocoai.ini"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[models]\ndeep = gpt-6.1-sol\n", encoding="utf-8")

    answered(built, share(built, PICTURE, text="<@U0COCOAI> deep:"))

    assert "gpt-6.1-sol" == built.openai.requests[-1].body["model"]
    assert ["image_url"] == [part["type"] for part in parts(built)]


# what the asker reads


def too_big(built: House, _: Elsewhere) -> list[PracticeFile]:
    return [replace(PICTURE, data=PNG.ljust(4 * KIB * KIB + 1))]


def too_long(built: House, _: Elsewhere) -> list[PracticeFile]:
    return [text("long.txt", b"word " * 21 * KIB)]


def too_many(built: House, _: Elsewhere) -> list[PracticeFile]:
    return [*(text(f"{number}.txt", b"one of ten") for number in range(10)), PICTURE]


def a_zip(built: House, _: Elsewhere) -> list[PracticeFile]:
    return [PracticeFile("all.zip", "application/zip", b"PK\x03\x04" + bytes(range(256)))]


def behind_a_login(built: House, _: Elsewhere) -> list[PracticeFile]:
    built.slack.switches.scopes = SCOPES - {"files:read"}
    return [PICTURE]


def behind_a_redirect_to_a_login(built: House, _: Elsewhere) -> list[PracticeFile]:
    built.slack.switches.login = "redirect"
    return behind_a_login(built, _)


def sent_on(built: House, elsewhere: Elsewhere) -> list[PracticeFile]:
    built.slack.switches.redirect = f"{elsewhere.url}/cat.png"
    return [PICTURE]


WAYS: dict[Callable[[House, Elsewhere], list[PracticeFile]], str] = {
    too_big: "too_big",
    too_long: "too_big",
    too_many: "too_many",
    a_zip: "kind",
    behind_a_login: "login",
    behind_a_redirect_to_a_login: "login",
    sent_on: "foreign",
}


def notice(words: Texts, why: str, name: str) -> str:
    """What is said of a file that was left out."""
    return words.left_out.format(name=name, why=words.why[why])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_is_left_out_is_named_with_the_reason(
    built: House, elsewhere: Elsewhere, language: str, way: Callable[[House, Elsewhere], list[PracticeFile]]
) -> None:
    """In the asker's language, under an answer to the rest; and nobody but Slack hears of the token."""
    files = way(built, elsewhere)
    told = answered(built, share(built, *files, text=f"<@U0COCOAI> {ASKED[language]}"))

    assert told.endswith(notice(LANGUAGES[language], WAYS[way], files[-1].name))
    assert len(files) - 1 == len(got(built))
    assert told.count(LANGUAGES[language].why[WAYS[way]]) == 1
    assert ASKED[language] in told
    assert [] == elsewhere.seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_was_taken_away_meanwhile(built: House, language: str) -> None:
    """The event told of it, and comes to us when it is gone."""
    built.slack.switches.retry_waits = ()
    built.slack.subscribe("http://127.0.0.1:1/nobody")
    question = share(built, PICTURE, text=f"<@U0COCOAI> {ASKED[language]}")
    built.slack.wait_for_deliveries()
    (event_id, *_) = [told["event_id"] for told in built.slack.payloads if told["event"].get("ts") == question.ts]
    built.slack.delete_file(question.files[0].id)
    built.slack.subscribe(f"{built.address}/slack/events", f"{built.address}/slack/interactions")

    built.slack.redeliver(event_id)

    assert answered(built, question).endswith(notice(LANGUAGES[language], "gone", "cat.png"))
    assert () == got(built)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_of_which_slack_tells_nothing(built: House, language: str) -> None:
    """Not even its name, in a channel shared with others."""
    words = LANGUAGES[language]
    built.slack.fail("files.info", Fault("refused", code="access_denied"))
    told = answered(built, share(built, PICTURE, text=f"<@U0COCOAI> {ASKED[language]}", channel="C0SHARED"))

    assert told.endswith(words.left_out_unnamed.format(why=words.why["unreadable"]))


@pytest.mark.parametrize(
    "name", ["a*b_c*d_.zip", "`quoted`.zip", "<!channel> & <@U0ASKER02>.zip", "[x](mailto:a@b).zip"]
)
def test_a_name_is_read_as_it_is(built: House, name: str) -> None:
    """Nothing in it is a mark, a link or a ping: not in the blocks, nor in their fallback."""
    question = share(built, PracticeFile(name, "application/zip", b"PK\x03\x04" + bytes(range(256))))
    answered(built, question)
    answer = built.replies(question)[0]
    (block,) = [block["text"] for block in answer.blocks if block["type"] == "markdown"]

    shown = f"I have not read “{name}”."
    assert shown in read_markdown(block).text.replace("\u200b", "")
    assert shown in html.unescape(answer.text).replace("\u200b", "")
    assert not any(ping in answer.text + block for ping in ("<!channel", "<@U0"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_that_sees_no_pictures(built: House, language: str) -> None:
    """The asker reads that it is the attachment's fault, and can ask without it."""
    built.openai.switches.vision = False
    words = LANGUAGES[language]
    reply = ended(built, share(built, PICTURE, text=f"<@U0COCOAI> {ASKED[language]}"))

    assert ("error", words.error_text("attachment")) == (payload(reply)["kind"], reply.text)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """A house that reads no files, and writes for clients without Markdown."""
    settings: dict[str, Any] = {"COCOAI_ANSWER_ATTACHMENTS_MIB": "0", "COCOAI_SLACK_FORMAT": "mrkdwn"}
    with house(tmp_path_factory.mktemp("house"), certificates, **settings) as built:
        wait_until((built.var / "identity.json").exists)
        yield built


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_files_are_not_read_that_is_said(sealed: House, language: str) -> None:
    """Of each file, and none is fetched."""
    files = [PICTURE, text("note.txt", b"grey")]
    told = answered(sealed, share(sealed, *files, text=f"<@U0COCOAI> {ASKED[language]}"))

    assert told.endswith("\n".join(notice(LANGUAGES[language], "off", file.name) for file in files))
    assert ASKED[language] == sealed.openai.requests[-1].body["messages"][-1]["content"]
    assert [] == sealed.slack.downloads


def test_where_files_are_not_read_a_file_alone_is_answered(sealed: House) -> None:
    """With the reason, though there is nothing else to answer."""
    told = answered(sealed, share(sealed, PICTURE, text="<@U0COCOAI>"))

    assert notice(LANGUAGES["ja"], "off", "cat.png") in told
