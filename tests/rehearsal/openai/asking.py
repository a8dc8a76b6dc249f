"""Ask the practice OpenAI with OpenAI's own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
from openai.types.chat import ChatCompletion, ChatCompletionChunk

PATIENCE = 30
ENGLISH = "How high is Mount Fuji?"


def ask(client: openai.OpenAI, question: str = ENGLISH, **more: Any) -> ChatCompletion:
    """Ask a question, and return the whole answer."""
    arguments: dict[str, Any] = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": question}], **more}
    completion = client.chat.completions.create(**arguments)
    assert isinstance(completion, ChatCompletion)
    return completion


def streamed(client: openai.OpenAI, question: str = ENGLISH, **more: Any) -> Iterator[ChatCompletionChunk]:
    """Ask a question, and yield the chunks of the streamed answer."""
    messages: list[Any] = [{"role": "user", "content": question}]
    yield from client.chat.completions.create(model="gpt-6-luna", messages=messages, stream=True, **more)


def text_of(chunks: Iterator[ChatCompletionChunk]) -> str:
    """Join the texts of chunks."""
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
