"""How an answer ends, and what the asker reads of it: every combination of a text, a reason, an end and an error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import product

import pytest

from cocoai.answer.model_call import answer_text
from cocoai.chatgpt.chat import ChatGPTChat, Ending
from cocoai.errors import CocoAIError, Temporary
from cocoai.rehearsal.practice_server import Gone, Incoming, Outgoing
from cocoai.texts import ENGLISH
from tests.chatgpt.chats import CONVERSATION, Chats, Script, Scripted

REPEATED = "The whole answer."
"""What the server answers if it is asked without `stream`."""

NOTES = {
    "whole": "Half an",
    "cut": f"Half an\n\n{ENGLISH.cut}",
    "filtered": f"Half an\n\n{ENGLISH.filtered}",
    "unfinished": f"Half an\n\n{ENGLISH.unfinished}",
    "thinking": ENGLISH.empty,
    "refused": ENGLISH.refused,
    "nothing": ENGLISH.nothing,
    "asked whole": REPEATED,
}
"""What the asker reads, by its name in the table."""

TEXTS = {"text": ["Half", " an"], "no text": []}
REASONS = {
    "stop": "stop",
    "length": "length",
    "filter": "content_filter",
    "odd": "system_overheated",
    "no reason": None,
}
ENDS = ("[DONE]", "clean", "broken")
ERRORS = ("no error", "error first", "error last")

TABLE = """
text     stop       *       no error     whole
text     stop       *       error last   whole
text     length     *       no error     cut
text     length     *       error last   cut
text     filter     *       no error     filtered
text     filter     *       error last   filtered
text     odd        *       no error     unfinished
text     odd        *       error last   unfinished
text     no reason  [DONE]  no error     unfinished
text     no reason  clean   no error     again: stream_unfinished
text     no reason  broken  no error     again: stream_cut
text     no reason  *       error last   again: server_error
text     *          *       error first  again: server_error
no text  stop       *       no error     nothing
no text  stop       *       error last   nothing
no text  length     *       no error     thinking
no text  length     *       error last   thinking
no text  filter     *       no error     refused
no text  filter     *       error last   refused
no text  odd        *       no error     again: unknown_ending
no text  odd        *       error last   again: unknown_ending
no text  no reason  *       no error     asked whole
no text  no reason  *       error last   again: server_error
no text  *          *       error first  again: server_error
"""
"""Each row: the text, the reason, the end of the body and the error in it (before or behind text and reason).

`again` is a `Temporary` with this code: the question is tried again. An error behind a reason counts for nothing.
"""

ROWS = [[cell.strip() for cell in row.split("  ") if cell.strip()] for row in TABLE.strip().splitlines()]


def expected(*case: str) -> str:
    """Return what the table says of a case; just one row must be about it."""
    (found,) = [row[4] for row in ROWS if all(cell in ("*", given) for cell, given in zip(row, case, strict=False))]
    return found


def body_of(text: str, reason: str, end: str, error: str) -> Iterator[bytes]:
    """Yield the pieces of a body; raise `Gone` to break it off."""
    failure = b'data: {"error": {"message": "It broke.", "type": "server_error", "code": null}}\n\n'
    if error == "error first":
        yield failure
    for piece in TEXTS[text]:
        yield b"data: " + json.dumps({"choices": [{"delta": {"content": piece}}]}).encode() + b"\n\n"
    if REASONS[reason]:
        yield b"data: " + json.dumps({"choices": [{"delta": {}, "finish_reason": REASONS[reason]}]}).encode() + b"\n\n"
    if error == "error last":
        yield failure
    if end == "[DONE]":
        yield b"data: [DONE]\n\n"
    if end == "broken":
        raise Gone


def answered(script: Iterator[bytes]) -> Script:
    """Return the script of a server that sends this body, or REPEATED if it is asked without `stream`."""

    def answer(incoming: Incoming) -> Outgoing:
        if json.loads(incoming.body).get("stream"):
            return Outgoing(body=script, headers=(("Content-Type", "text/event-stream"),))
        choice = {"message": {"content": REPEATED}, "finish_reason": "stop"}
        return Outgoing(
            body=json.dumps({"choices": [choice]}).encode(), headers=(("Content-Type", "application/json"),)
        )

    return answer


def read_by_asker(chat: ChatGPTChat) -> str:
    """Return what the asker reads of a reply: the text and its note, or `again: CODE`, or `never: CODE`."""
    text = ""
    try:
        for piece in chat.reply(CONVERSATION):
            if isinstance(piece, Ending):
                fact = {"text": text, "finish": piece.finish_reason, "refusal": piece.refusal, "left_out": []}
                return answer_text(fact, ENGLISH)
            text += piece if isinstance(piece, str) else ""
    except CocoAIError as error:
        return f"{'again' if isinstance(error, Temporary) else 'never'}: {error.code}"
    raise AssertionError("neither an ending nor an error")


@pytest.mark.parametrize("case", list(product(TEXTS, REASONS, ENDS, ERRORS)), ids=", ".join)
def test_how_an_answer_ends(chats: Chats, scripted: Callable[[Script], Scripted], case: tuple[str, ...]) -> None:
    """Only an answer with a reason that says so is whole; all others are told as what they are, or tried again."""
    outcome = expected(*case)
    server = scripted(answered(body_of(*case)))

    assert NOTES.get(outcome, outcome) == read_by_asker(chats.at(server.url))
