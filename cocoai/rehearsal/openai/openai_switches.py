"""OpenAISwitches: the settings by which a test chooses how the practice OpenAI behaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ToldCost = bool | float | str
"""False: no cost is told; True: the true one, in USD; any other value, as -1, NaN or a text, is told in its place."""


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
    project_tier      the tier of requests that set none, or `auto`, as the project's owner may set it
    downgrades        answer requests for the fast tier at the default one, as under load
    bills_whole       go on after the client has left, and bill the whole answer, as some gateways do
    usage_cost        tell the cost in `usage.cost`, as OpenRouter does, on streams unasked; or tell this value
    header_cost       tell the cost in a header, as LiteLLM does, but not on streams; or tell this value, there too
    shutdown_dates    the day on which a model is shut down, in place of the true one, by its name
    gone              models that do not exist (any more), or not for this key
    dead_key          refuse the right key, as after it was deleted
    credit            there is money; if not, each completion is refused
    front             the status of a page that answers every request in place of the API; 0 for none
    model_pages       answer GET /models/MODEL; some compatible servers do not
    model_list        answer GET /models; a few compatible servers do not
    clock_shift       seconds by which the header Date is ahead of the true time
    picture_delay     seconds in which nothing at all is sent while a picture is drawn
    picture_padding   bytes by which a picture is longer, as a photo is
    hears             answer POST /audio/transcriptions; many compatible servers do not
    sound_bytes       most bytes of a request with a sound
    heard             what is heard in a sound that is not silent, or a function of it; None: how long it is
    hearing_delay     seconds until the response to a sound
    sound_usage       tell the usage of what was heard
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
    project_tier: Literal["default", "fast", "flex", "scale"] = "default"
    downgrades: bool = False
    bills_whole: bool = False
    usage_cost: ToldCost = False
    header_cost: ToldCost = False
    shutdown_dates: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    dead_key: bool = False
    credit: bool = True
    front: Literal[0, 200, 404, 502] = 0
    model_pages: bool = True
    model_list: bool = True
    clock_shift: float = 0.0
    picture_delay: float = 0.0
    picture_padding: int = 0
    hears: bool = True
    sound_bytes: int = 25 * 1024 * 1024
    heard: str | Callable[[Any], str] | None = None
    hearing_delay: float = 0.0
    sound_usage: bool = True
    answer: str | Callable[[str], str] | None = None
