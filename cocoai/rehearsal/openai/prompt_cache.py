"""PromptCache: which tokens of a prompt the practice OpenAI has seen before, as OpenAI's prompt caching counts them.

From gpt-5.6 on a prompt is written up to its latest user message, and a later one reads exactly what was written.
Models before it read the longest common beginning in steps of 128 tokens, and report no writes. Source: OpenAI's guide
to prompt caching, 2026-11.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cocoai.rehearsal.openai.completion_request import MESSAGE_TOKENS, CompletionRequest, RequestMessage
from cocoai.rehearsal.openai.models import has_cache_breakpoints
from cocoai.rehearsal.openai.practice_answer import tokens_of

LEAST = 1024
"""Tokens; a shorter beginning is neither written nor read."""
STEP = 128
"""Tokens by which the older models' reads grow."""
LIFETIME = 30 * 60.0
"""Seconds that a written beginning is kept. Reading it does not prolong that."""
MOST_PROMPTS = 100
"""Prompts of older models that are remembered for one space."""


@dataclass(frozen=True)
class CacheUse:
    """The tokens of one prompt that were read from the cache, and those that were newly written to it."""

    read: int = 0
    written: int = 0


UNCACHED = CacheUse()


@dataclass(frozen=True)
class _Prefix:
    """The beginning of a prompt up to a message: its digest, its tokens, and that message's role."""

    digest: str
    tokens: int
    role: str


class PromptCache:
    """The cache of one practice OpenAI; may be used by several threads. `clock` returns seconds.

    A prompt shares it with those of the same model and `prompt_cache_key`. A prompt without a key shares it with those
    without a key that have the same first message: so OpenAI routes them, though not reliably.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._written: OrderedDict[str, float] = OrderedDict()
        self._prompts: dict[str, deque[tuple[float, tuple[RequestMessage, ...]]]] = {}

    def use(self, request: CompletionRequest) -> CacheUse:
        """Read what is known of a request's prompt, remember the prompt, and return both in tokens.

        Both are 0 for a request that switches the cache off (mode `explicit`).
        """
        if not request.caches:
            return UNCACHED
        space = _space(request)
        with self._lock:
            if has_cache_breakpoints(request.model):
                return self._use_breakpoint(space, request)
            return self._use_beginning(space, request)

    def _use_breakpoint(self, space: str, request: CompletionRequest) -> CacheUse:
        """Read the longest written beginning; write up to and including the latest user message. Needs the lock."""
        now = self._clock()
        while self._written and next(iter(self._written.values())) < now - LIFETIME:
            self._written.popitem(last=False)
        prefixes = [each for each in _prefixes(space, request.messages) if each.tokens >= LEAST]
        read = max((each.tokens for each in prefixes if each.digest in self._written), default=0)
        latest = next((each for each in reversed(prefixes) if each.role == "user"), None)
        if latest is None or latest.tokens <= read:
            return CacheUse(read)
        self._written[latest.digest] = now
        self._written.move_to_end(latest.digest)
        return CacheUse(read, latest.tokens - read)

    def _use_beginning(self, space: str, request: CompletionRequest) -> CacheUse:
        """Read the longest beginning that an earlier prompt had too, in whole steps. Needs the lock."""
        now = self._clock()
        prompts = self._prompts.setdefault(space, deque(maxlen=MOST_PROMPTS))
        known = [messages for at, messages in prompts if at >= now - LIFETIME]
        common = max((_common_tokens(request.messages, each) for each in known), default=0)
        prompts.append((now, request.messages))
        return CacheUse(common // STEP * STEP if common >= LEAST else 0)


def _space(request: CompletionRequest) -> str:
    """Return the name of the part of the cache that a request shares: its model, and its key or first message."""
    return f"{request.model} {request.cache_key or 'first ' + request.messages[0].digest}"


def _prefixes(space: str, messages: tuple[RequestMessage, ...]) -> Iterator[_Prefix]:
    """Yield the beginning of a prompt up to each of its messages, the shortest first."""
    digest, tokens = hashlib.sha256(space.encode()), 0
    for message in messages:
        digest.update(message.digest.encode())
        tokens += message.tokens + MESSAGE_TOKENS
        yield _Prefix(digest.hexdigest(), tokens, message.role)


def _common_tokens(messages: tuple[RequestMessage, ...], known: tuple[RequestMessage, ...]) -> int:
    """Return the tokens of the longest common beginning of two prompts; it may end inside a message of plain text."""
    tokens = 0
    for one, other in zip(messages, known, strict=False):
        if one.digest != other.digest:
            if one.role == other.role and not one.attached and not other.attached:
                tokens += tokens_of(_common_text(one.text, other.text))
            break
        tokens += one.tokens + MESSAGE_TOKENS
    return tokens


def _common_text(one: str, other: str) -> str:
    """Return the longest common beginning of two texts."""
    pairs = enumerate(zip(one, other, strict=False))
    return one[: next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))]
