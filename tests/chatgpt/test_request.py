"""chatgpt/request.py: the JSON of a request, and what is attached within it, without needless copies."""

from __future__ import annotations

import base64
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.request import request_body
from cocoai.conversation import Attachment, Conversation, Turn

pytestmark = pytest.mark.pure

PNG = Attachment("image", "写真.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
PDF = Attachment("pdf", "plan.pdf", "application/pdf", b"%PDF-1.7 ...")
TEXT = Attachment("text", "notes.md", "text/markdown", "# 覚え書き".encode())


def messages(*turns: Turn, instructions: str = "") -> list[dict[str, Any]]:
    """Return the messages of a request with these turns."""
    payload = json.loads(request_body(Conversation(instructions, turns), "gpt-6-luna", {}))
    return list(payload["messages"])


def content_of(text: str, *attachments: Attachment) -> Any:
    """Return the content of the message for one question, as the API gets it."""
    return messages(Turn("asker", text, attachments))[0]["content"]


def test_a_request_without_attachments_is_plain() -> None:
    """Without attachments each content is a string, which every compatible server takes."""
    body = request_body(
        Conversation("Be kind.", (Turn("asker", "a"), Turn("cocoai", "b"), Turn("asker", "c"))), "m", {"stream": True}
    )

    assert json.loads(body) == {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ],
    }


def test_attachments_come_before_the_text() -> None:
    """The attachments keep their order, each in a part of its kind, and the question is the last part."""
    data = base64.b64encode(PNG.data).decode()

    assert content_of("これは？", PNG, TEXT, PDF) == [
        {"type": "image_url", "image_url": {"detail": "high", "url": f"data:image/png;base64,{data}"}},
        {"type": "text", "text": "notes.md:\n\n# 覚え書き"},
        {"type": "file", "file": {"filename": "plan.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjcgLi4u"}},
        {"type": "text", "text": "これは？"},
    ]


def test_a_blank_text_makes_no_part() -> None:
    """A question of only an image has no part for its text."""
    assert ["image_url"] == [part["type"] for part in content_of(" \n", PNG)]


def test_only_a_turn_with_attachments_has_parts() -> None:
    """The content of the other turns remains a string."""
    sent = messages(Turn("asker", "a", (TEXT,)), Turn("cocoai", "b"), Turn("asker", "c"), instructions="Be kind.")

    assert [str, list, str, str] == [type(message["content"]) for message in sent]


@pytest.mark.parametrize(("name", "shown"), [("a\nb\u2028c .md", "a b c .md"), ("", "text"), ('"x"}', '"x"}')])
def test_a_file_name_is_on_one_line(name: str, shown: str) -> None:
    """A file name is one line above the text, whatever characters it has, and cannot pass for the text."""
    assert f"{shown}:\n\nbody" == content_of("?", Attachment("text", name, "text/plain", b"body"))[0]["text"]


def test_a_text_that_is_not_utf_8_is_still_sent() -> None:
    """Bytes of a text that are not UTF-8 become replacement characters."""
    assert content_of("?", Attachment("text", "a", "text/plain", b"\xff!"))[0]["text"].endswith("\ufffd!")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 49151, 49152, 49153, 98304, 98305])
def test_base64_blocks_join_without_a_gap(size: int) -> None:
    """The base64 of an attachment is valid, wherever the blocks end in which it is written."""
    data = bytes(index % 251 for index in range(size))
    url = content_of("?", Attachment("image", "a", "image/gif", data))[0]["image_url"]["url"]

    assert data == base64.b64decode(url.removeprefix("data:image/gif;base64,"), validate=True)


ATTACHMENTS = st.builds(
    Attachment, st.sampled_from(["image", "pdf", "text"]), st.text(max_size=9), st.text(max_size=9), st.binary()
)
TURNS = st.builds(Turn, st.sampled_from(["asker", "cocoai"]), st.text(), st.lists(ATTACHMENTS, max_size=3).map(tuple))


@given(st.text(), st.lists(TURNS, min_size=1, max_size=4).map(tuple), st.text())
def test_any_conversation_is_written_as_json(instructions: str, turns: tuple[Turn, ...], model: str) -> None:
    """For any texts, names and bytes, the request has each text and each attachment once."""
    payload = json.loads(request_body(Conversation(instructions, turns), model, {"n": 1}))
    sent = payload["messages"][1 if instructions else 0 :]

    assert (model, 1, len(turns)) == (payload["model"], payload["n"], len(sent))
    for turn, message in zip(turns, sent, strict=True):
        parts = message["content"] if turn.attachments else [{"text": message["content"]}]
        assert len(parts) == len(turn.attachments) + bool(turn.text.strip() or not turn.attachments)
        assert not turn.text.strip() or parts[-1]["text"] == turn.text


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    """A lone surrogate in a text or in a name does not prevent the request."""
    parts = content_of("a\ud83db", Attachment("pdf", "c\ud83d", "application/pdf", b"%PDF-"))

    assert ("a?b", "c?") == (parts[1]["text"], parts[0]["file"]["filename"])


def test_an_attachment_is_copied_once() -> None:
    """Besides the request itself nothing of an attachment's size is made, with emoji in the text or without."""
    size = 4 * 1024 * 1024
    conversation = Conversation("😀", (Turn("asker", "😀", (Attachment("image", "a", "image/png", bytes(size)),)),))
    tracemalloc.start()
    try:
        body = request_body(conversation, "m", {})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(body) > size * 4 / 3
    assert peak < 1.6 * size
