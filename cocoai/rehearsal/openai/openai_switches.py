"""OpenAISwitches: the settings by which a test chooses how the practice OpenAI behaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class OpenAISwitches:
    """The behaviour of one practice OpenAI; every switch may be changed while it runs.

    first_delay       seconds before the first piece, after the headers
    piece_delay       seconds between two pieces
    piece_size        characters of a piece; if `pieces` is set, it is the number of pieces instead
    keep_alives       send comments while it waits, as some servers do
    says_done         end a stream with [DONE]
    ignores_stream    send a whole answer even where a stream was requested
    context_tokens    most tokens of the messages; more are refused with context_length_exceeded
    vision            the models accept images and PDFs; those of some compatible servers do not
    file_bytes        most bytes of an image or a PDF
    refuses           parameters that it refuses by name, as newer or older servers may
    refuses_in_words  parameters that it refuses as old servers do: only the error's message names them
    answer            the text of the answer in place of the practice answer, or a function of the question
    """

    first_delay: float = 0.0
    piece_delay: float = 0.0
    piece_size: int = 16
    pieces: int | None = None
    keep_alives: bool = False
    says_done: bool = True
    ignores_stream: bool = False
    context_tokens: int = 128_000
    vision: bool = True
    file_bytes: int = 32 * 1024 * 1024
    refuses: frozenset[str] = frozenset()
    refuses_in_words: frozenset[str] = frozenset()
    answer: str | Callable[[str], str] | None = None
