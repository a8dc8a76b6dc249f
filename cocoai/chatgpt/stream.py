"""StreamState: what has been read of one answer so far, and how it ended. Pure.

It joins the chunks of stream_parser.py, leaves out the model's thoughts, keeps the limit where the server does not, and
tells how the answer ended: never that it is whole where nothing says so.

Source: OpenAI's API reference, chat completion chunk; the finish reasons of other models, as gateways pass them on.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace

from cocoai.chatgpt.allowance import Allowance
from cocoai.chatgpt.api_error import ApiError
from cocoai.chatgpt.chunk import Chunk, Usage
from cocoai.chatgpt.error_body import fit_for_log
from cocoai.chatgpt.thoughts import ThoughtFilter
from cocoai.errors import Temporary

UNKNOWN = "unknown"
"""The finish reason of a text whose end nobody explains: it may be whole or not."""

_KNOWN = {
    "stop": "stop complete completed done end end_turn eos eos_token stop_sequence stop_token",
    "length": "length max_length max_new_tokens max_output_tokens max_tokens model_length token_limit "
    "model_context_window_exceeded",
    "content_filter": "blocklist content_filter content_filtered guardrail_intervened prohibited_content recitation "
    "refusal safety sensitive spii",
}
"""The finish reasons of OpenAI, and the names of other models for each of them."""

_FINISH_REASONS = {name: reason for reason, names in _KNOWN.items() for name in names.split()}


@dataclass(frozen=True)
class Ending:
    """How an answer ended: `finish_reason` is `stop`, `length`, `content_filter` or UNKNOWN.

    `model` is the one that answered, in the service `tier` that it names. `usage` is None if the server sent none.
    `refusal` is True if the model declined to answer. `estimated_tokens` is the estimate of the conversation as it was
    sent in the end, for token_ratio.py; 0 if images or PDFs make an estimate useless.
    """

    finish_reason: str
    model: str
    usage: Usage | None
    refusal: bool = False
    estimated_tokens: int = 0
    tier: str = ""


@dataclass(frozen=True)
class Interruption:
    """The event that no text has come, but that the reader of an answer may look at something else; see INTERRUPTED."""


INTERRUPTED = Interruption()
"""Yielded between pieces of text when the wake-up descriptor has ended a wait, or when the next wait may be long."""

AnswerPieces = Generator[str | Interruption | Ending, float | None, None]
"""Pieces of an answer's text as they arrive, with INTERRUPTED between them, and exactly one `Ending`, the last.

Its reader may `send` a number of seconds: for so long it needs no further text, so that more of it can be gathered.
"""


@dataclass
class StreamState:
    """What has been read of one answer so far.

    `has_begun` is True once the model was seen at work: a text, a refusal or a thought has come. `has_text` is True
    once there is a text for the asker, `is_done` once the server has said that nothing follows. `error` is the server's
    own error in place of the rest of the answer. `told_cost` is what its headers say that the answer cost, in USD, None
    if they do not. An answer over its `allowance` ends as cut (`length`), whatever comes.
    """

    model: str
    estimated_tokens: int = 0
    allowance: Allowance = field(default_factory=lambda: Allowance(float("inf")))
    finish_reason: str = ""
    tier: str = ""
    usage: Usage | None = None
    is_refusal: bool = False
    has_begun: bool = False
    has_text: bool = False
    is_done: bool = False
    error: ApiError | None = None
    told_cost: float | None = None
    _thoughts: ThoughtFilter = field(default_factory=ThoughtFilter)
    _half: str = ""

    def take(self, chunk: Chunk) -> str:
        """Take in a chunk; return the text that it adds, "" if it adds none.

        The text can always be encoded as UTF-8.
        """
        self.model = chunk.model or self.model
        self.tier = chunk.tier or self.tier
        self.finish_reason = chunk.finish_reason or self.finish_reason
        self.usage = chunk.usage or self.usage
        self.has_begun = self.has_begun or bool(chunk.text or chunk.refusal or chunk.has_thought)
        self.is_done = self.is_done or chunk.is_done
        if chunk.refusal:  # its text is written, and billed, like any other
            self.is_refusal = True
            self.allowance.take(chunk.refusal)
        # Thoughts that stand in the text are billed like it.
        text = chunk.text and self._thoughts.feed(self.allowance.take(self._whole_characters(chunk.text)))
        if self.allowance.is_used_up:
            self.finish_reason, self.is_done = "length", True
        self.has_text = self.has_text or (text != "" and not text.isspace())
        if chunk.error:
            self._take_error(chunk.error)
        return text

    def rest(self) -> str:
        """Return the text that was kept back as a possible tag, now that nothing follows; "" if there is none."""
        text = self._thoughts.end()
        self.has_text = self.has_text or (text != "" and not text.isspace())
        return text

    @property
    def is_complete(self) -> bool:
        """Return True if there is a finish reason, or the server says that it is done: no further text will come."""
        return self.is_done or bool(self.finish_reason)

    def ending(self) -> Ending:
        """Return the `Ending` made of what has been read.

        Raise `Temporary` (`unknown_ending`) if there is neither a text nor a refusal, nor a finish reason that explains
        it; `their_code` is the one that the server gave.
        """
        name = self.finish_reason.lower().replace("-", "_").removeprefix("finish_reason_")
        reason = _FINISH_REASONS.get(name, UNKNOWN)
        if reason == UNKNOWN and not (self.has_text or self.is_refusal):
            error = Temporary("unknown_ending", source="OpenAI", sent=True)
            error.their_code = fit_for_log(self.finish_reason)
            raise error
        usage = self.usage
        if usage and usage.cost is None:
            usage = replace(usage, cost=self.told_cost)
        return Ending(reason, self.model, usage, self.is_refusal, self.estimated_tokens, self.tier)

    def _take_error(self, error: ApiError) -> None:
        """Take in the server's own error; behind a text, that of a filter or a full window ends the answer as cut."""
        reason = "content_filter" if error.is_filtered else "length" if error.is_too_long else ""
        if self.has_text and reason:
            self.finish_reason, self.is_done = self.finish_reason or reason, True
        else:
            self.error = error

    def _whole_characters(self, text: str) -> str:
        """Return `text` with the two halves of each surrogate pair joined to one character.

        The first half of a pair at its end is kept for the next chunk; half a pair elsewhere becomes U+FFFD.
        """
        if text.isascii() and not self._half:
            return text
        # A server that escapes an emoji as \ud83d\ude00 may send its halves in two chunks.
        text = self._half + text
        self._half = text[-1:] if "\ud800" <= text[-1:] <= "\udbff" else ""
        whole = text.removesuffix(self._half)
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
