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
    told = json.loads(request_body(Conversation(instructions, turns), "gpt-6-luna", {}))
    return list(told["messages"])


def asked(text: str, *attachments: Attachment) -> Any:
    """The content of a question, as the API is told it."""
    return messages(Turn("asker", text, attachments))[0]["content"]


def test_a_request_without_attachments_is_plain() -> None:
    """Strings for contents, as every compatible server understands them; each speaker by the API's name."""
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


def test_what_is_attached_comes_before_the_words() -> None:
    """In the order in which it was attached, each kind in its own part, the question last."""
    data = base64.b64encode(PNG.data).decode()

    assert asked("これは？", PNG, TEXT, PDF) == [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "text", "text": "notes.md:\n\n# 覚え書き"},
        {"type": "file", "file": {"filename": "plan.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjcgLi4u"}},
        {"type": "text", "text": "これは？"},
    ]


def test_a_picture_may_stand_for_itself() -> None:
    """Without words there is no part for them."""
    assert ["image_url"] == [part["type"] for part in asked(" \n", PNG)]


def test_only_the_turn_it_belongs_to_has_it() -> None:
    """The turns around it stay as they are."""
    told = messages(Turn("asker", "a", (TEXT,)), Turn("cocoai", "b"), Turn("asker", "c"), instructions="Be kind.")

    assert [str, list, str, str] == [type(message["content"]) for message in told]


@pytest.mark.parametrize(("name", "shown"), [("a\nb\u2028c .md", "a b c .md"), ("", "text"), ('"x"}', '"x"}')])
def test_a_name_stays_in_its_line(name: str, shown: str) -> None:
    """Whatever somebody calls a file, it heads the text and cannot pass for it."""
    assert f"{shown}:\n\nbody" == asked("?", Attachment("text", name, "text/plain", b"body"))[0]["text"]


def test_a_text_that_is_no_utf8_is_still_sent() -> None:
    """What cannot be read is marked."""
    assert asked("?", Attachment("text", "a", "text/plain", b"\xff!"))[0]["text"].endswith("\ufffd!")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 49151, 49152, 49153, 98304, 98305])
def test_base64_has_no_seam(size: int) -> None:
    """Wherever the blocks end in which it is written."""
    data = bytes(index % 251 for index in range(size))
    url = asked("?", Attachment("image", "a", "image/gif", data))[0]["image_url"]["url"]

    assert data == base64.b64decode(url.removeprefix("data:image/gif;base64,"), validate=True)


ATTACHMENTS = st.builds(
    Attachment, st.sampled_from(["image", "pdf", "text"]), st.text(max_size=9), st.text(max_size=9), st.binary()
)
TURNS = st.builds(Turn, st.sampled_from(["asker", "cocoai"]), st.text(), st.lists(ATTACHMENTS, max_size=3).map(tuple))


@given(st.text(), st.lists(TURNS, min_size=1, max_size=4).map(tuple), st.text())
def test_anything_is_written_as_json(instructions: str, turns: tuple[Turn, ...], model: str) -> None:
    """Whatever the words, the names and the bytes are: the model hears each word once, and every attachment."""
    told = json.loads(request_body(Conversation(instructions, turns), model, {"n": 1}))
    said = told["messages"][1 if instructions else 0 :]

    assert (model, 1, len(turns)) == (told["model"], told["n"], len(said))
    for turn, message in zip(turns, said, strict=True):
        parts = message["content"] if turn.attachments else [{"text": message["content"]}]
        assert len(parts) == len(turn.attachments) + bool(turn.text.strip() or not turn.attachments)
        assert not turn.text.strip() or parts[-1]["text"] == turn.text


def test_half_a_character_cannot_stop_a_request() -> None:
    """A lone surrogate becomes a question mark, in a text as in a name."""
    told = asked("a\ud83db", Attachment("pdf", "c\ud83d", "application/pdf", b"%PDF-"))

    assert ("a?b", "c?") == (told[1]["text"], told[0]["file"]["filename"])


def test_an_attachment_is_not_copied_more_than_it_must() -> None:
    """Its base64 is a third longer than it is; nothing of that size is made on the way, emoji in the words or not."""
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
