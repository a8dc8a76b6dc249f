"""What is attached to a question, on its way to the practice OpenAI."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from cocoai.conversation import Attachment, Conversation, Turn
from cocoai.errors import Permanent
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Outgoing
from tests.chatgpt.chats import QUESTION, Chats, Script, Scripted, failure, read

PNG = Attachment("image", "a.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(300_000))
PDF = Attachment("pdf", "plan.pdf", "application/pdf", b"%PDF-1.7\n/Type /Page\n")
TEXT = Attachment("text", "notes.md", "text/markdown", "覚え書き".encode())


def attached(*attachments: Attachment) -> Conversation:
    """Return a conversation of one question with these attachments."""
    return Conversation("Be kind.", (Turn("asker", QUESTION, attachments),))


def test_attachments_reach_the_model(chats: Chats, practice: PracticeOpenAI) -> None:
    """Every byte of each attachment arrives with its type, and the question is the text behind them."""
    text, ending = read(chats.at(practice.base_url), attached(PNG, PDF, TEXT))
    seen = [(each.kind, each.media_type, each.size, each.name) for each in practice.requests[0].attached]

    assert ("image", "image/png", len(PNG.data), "") == seen[0]
    assert ("pdf", "application/pdf", len(PDF.data), "plan.pdf") == seen[1]
    assert ("text", len("notes.md:\n\n") + len(TEXT.data)) == (seen[2][0], seen[2][2])
    assert f"> {QUESTION}\n" in text
    assert 0 == ending.estimated_tokens


def test_an_attached_text_is_estimated(chats: Chats, practice: PracticeOpenAI) -> None:
    """The ending has an estimate if only texts are attached."""
    assert attached(TEXT).estimated_tokens() == read(chats.at(practice.base_url), attached(TEXT))[1].estimated_tokens


@pytest.mark.parametrize(
    ("attachment", "code"),
    [
        (Attachment("image", "a", "image/png", b"no picture"), "image_parse_error"),
        (Attachment("image", "a", "image/bmp", b"BM"), "invalid_image_format"),
        (Attachment("image", "a", "image/png", b""), "empty_image_file"),
        (Attachment("pdf", "a", "application/pdf", b"no PDF"), "invalid_file"),
        (Attachment("pdf", "a", "text/plain", b"%PDF-"), "invalid_value"),
    ],
)
def test_a_refused_attachment_is_permanent(
    chats: Chats, practice: PracticeOpenAI, attachment: Attachment, code: str
) -> None:
    """The code is `attachment` for the caller, OpenAI's own is kept beside it, and one request is made."""
    _, error = failure(chats.at(practice.base_url), attached(attachment))

    assert isinstance(error, Permanent)
    assert ("attachment", code, 400, "req_practice1") == (error.code, error.their_code, error.status, error.request_id)
    assert 1 == len(practice.requests)


@pytest.mark.parametrize("attachment", [PNG, PDF])
def test_a_model_without_vision(chats: Chats, practice: PracticeOpenAI, attachment: Attachment) -> None:
    """A model without vision takes text, also an attached one, and refuses images and PDFs."""
    practice.switches.vision = False
    chat = chats.at(practice.base_url)
    _, error = failure(chat, attached(attachment))

    assert ("attachment", "invalid_request_error") == (error.code, error.their_code)
    assert read(chat, attached(TEXT))


def test_no_attachment_is_blamed_if_there_is_none(chats: Chats, scripted: Callable[[Script], Scripted]) -> None:
    """Without attachments in the conversation the error keeps the API's own code."""
    body = json.dumps({"error": {"message": "Invalid image.", "code": "image_parse_error"}}).encode()
    server = scripted(lambda _: Outgoing(400, body, (("Content-Type", "application/json"),)))
    _, error = failure(chats.at(server.url))

    assert ("image_parse_error", "") == (error.code, error.their_code)
