"""RequestSize: the most tokens that a request can be billed for, before it is sent. Pure.

A byte-pair tokenizer that rewrites nothing first, as OpenAI's, never makes more tokens than there are bytes: so the
bytes of a text bound its tokens, in every language. Pictures and PDFs count by the model's own rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cocoai.conversation import Attachment, Conversation, Turn

DETAIL: Literal["high"] = "high"
"""The `detail` with which pictures are sent: left out, a phone's photo counts 14,364 tokens instead of 2,942."""

_MESSAGE = 8
"""Tokens of a message beside its text: its role, and what separates it from the next."""


@dataclass(frozen=True)
class RequestSize:
    """How large a request to `model` is, in tokens.

    `most_input` and `most_output` are the most that it can be billed for, `estimated_input` is about what it will be.
    `has_tier`: it says which service tier it wants. Without that the owner of the API key decides on the price.
    """

    model: str
    most_input: int
    estimated_input: int
    most_output: int
    has_tier: bool


def most_tokens(conversation: Conversation, model: str) -> int:
    """Return the most tokens that a conversation can have as the input of this model."""
    instructions = _bytes(conversation.instructions) + _MESSAGE
    return instructions + sum(_of_turn(turn, model) for turn in conversation.turns)


def _of_turn(turn: Turn, model: str) -> int:
    return _MESSAGE + _bytes(turn.text) + sum(_of_attachment(each, model) for each in turn.attachments)


def _of_attachment(attachment: Attachment, model: str) -> int:
    # Imported here: most questions have no attachments.
    from cocoai.chatgpt.pdf_pages import PDF_PAGE, pdf_pages
    from cocoai.chatgpt.picture_tokens import picture_tokens

    match attachment.kind:
        case "image":
            return picture_tokens(model, attachment.data, DETAIL)
        case "pdf":
            return pdf_pages(attachment.data) * PDF_PAGE + _bytes(attachment.name)
        case "text":
            return _bytes(attachment.text) + _bytes(attachment.name) + _MESSAGE


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
