"""The practice OpenAI's prompt cache: what is written, what is read, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.rehearsal.openai.completion_request import CompletionRequest, read_request
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.openai.prompt_cache import LIFETIME, UNCACHED, CacheUse, PromptCache

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

LONG = "word" * 2000
"""2,000 tokens."""
SHORT = "word" * 100
"""100 tokens."""


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> PromptCache:
    """Return an empty cache."""
    return PromptCache(clock)


def request(*texts: str, model: str = "gpt-6-luna", **more: Any) -> CompletionRequest:
    """Return a request: instructions, then question and answer in turn; `more` are further parameters."""
    roles = ("system", *("user", "assistant") * len(texts))
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return read_request({"model": model, "messages": messages, "prompt_cache_key": "t", **more}, OpenAISwitches())


def test_written_up_to_the_latest_question(cache: PromptCache) -> None:
    """A long prompt is written up to and including its latest user message, also by one that asks just once."""
    assert CacheUse(0, 2108) == cache.use(request(LONG, SHORT))
    assert CacheUse(0, 2108) == cache.use(request(LONG, SHORT, SHORT, prompt_cache_key="ends with an answer"))


def test_growing_thread(cache: PromptCache) -> None:
    """A thread that only grows reads what it wrote, and writes what is new up to its latest question."""
    cache.use(request(LONG, SHORT))

    assert CacheUse(2108, 208) == cache.use(request(LONG, SHORT, SHORT, SHORT))
    assert CacheUse(2316, 0) == cache.use(request(LONG, SHORT, SHORT, SHORT))
    assert CacheUse(2316, 208) == cache.use(request(LONG, SHORT, SHORT, SHORT, SHORT, SHORT))


def test_history_cut_at_the_front(cache: PromptCache) -> None:
    """A prompt whose beginning has changed is written anew, and reads nothing."""
    cache.use(request(SHORT, "first", LONG, "second"))

    assert CacheUse(0, 104 + 2004 + 2004 + 6) == cache.use(request(SHORT, LONG, LONG, "second"))


def test_only_what_was_written_is_read(cache: PromptCache) -> None:
    """The instructions alone were not written, so that another question reads nothing of them."""
    cache.use(request(LONG, SHORT))

    assert CacheUse(0, 2009) == cache.use(request(LONG, "word"))


@pytest.mark.parametrize("texts", [(SHORT, SHORT), ("word" * 1015,)])
def test_short_prompts(cache: PromptCache, texts: tuple[str, ...]) -> None:
    """Below 1,024 tokens nothing is written or read, however often it is sent."""
    assert [UNCACHED, UNCACHED] == [cache.use(request(*texts)) for _ in range(2)]


def test_least_prompt(cache: PromptCache) -> None:
    """A prompt of exactly 1,024 tokens is written and read."""
    texts = ("word", "word" * 1015)

    assert [CacheUse(0, 1024), CacheUse(1024, 0)] == [cache.use(request(*texts)) for _ in range(2)]


def test_lifetime(cache: PromptCache, clock: Clock) -> None:
    """What was written is read for 30 minutes; reading does not prolong that."""
    cache.use(request(LONG, SHORT))
    clock.now += LIFETIME
    assert CacheUse(2108, 0) == cache.use(request(LONG, SHORT))
    clock.now += 1

    assert CacheUse(0, 2108) == cache.use(request(LONG, SHORT))


@pytest.mark.parametrize("more", [{"prompt_cache_key": "other"}, {"model": "gpt-6-sol"}, {"prompt_cache_key": None}])
def test_other_spaces(cache: PromptCache, more: dict[str, Any]) -> None:
    """Another key, no key, or another model shares nothing."""
    cache.use(request(LONG, SHORT))

    assert 0 == cache.use(request(LONG, SHORT, **more)).read


def test_without_a_key(cache: PromptCache) -> None:
    """Without a key a prompt shares the cache with those that have the same first message."""
    cache.use(request(LONG, SHORT, prompt_cache_key=None))

    assert CacheUse(2108, 108) == cache.use(request(LONG, SHORT, "", SHORT, prompt_cache_key=None))


def test_explicit_mode(cache: PromptCache) -> None:
    """The mode `explicit` without breakpoints neither reads nor writes; `implicit` is the default."""
    explicit: dict[str, Any] = {"prompt_cache_options": {"mode": "explicit"}}
    implicit: dict[str, Any] = {"prompt_cache_options": {"mode": "implicit", "ttl": "30m"}}
    assert [UNCACHED, UNCACHED] == [cache.use(request(LONG, SHORT, **explicit)) for _ in range(2)]
    assert CacheUse(0, 2108) == cache.use(request(LONG, SHORT, **implicit))

    assert UNCACHED == cache.use(request(LONG, SHORT, **explicit))


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"model": "gpt-5.5", "prompt_cache_options": {}}, "prompt_cache_options", "unsupported_parameter"),
        ({"prompt_cache_options": "explicit"}, "prompt_cache_options", "invalid_type"),
        ({"prompt_cache_options": {"mode": "off"}}, "prompt_cache_options.mode", "invalid_value"),
        ({"prompt_cache_options": {"ttl": "12h"}}, "prompt_cache_options.ttl", "invalid_value"),
        ({"prompt_cache_key": 7}, "prompt_cache_key", "invalid_type"),
        ({"service_tier": "slow"}, "service_tier", "invalid_value"),
    ],
)
def test_refused_parameters(more: dict[str, Any], param: str, code: str) -> None:
    """Models before gpt-5.6 refuse the options, and all of them values that there are not."""
    with pytest.raises(OpenAIApiError) as caught:
        request(SHORT, SHORT, **more)

    assert (param, code) == (caught.value.body["error"]["param"], caught.value.name)


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        ((LONG, SHORT), 2048),
        ((LONG, SHORT, SHORT, SHORT), 2048),
        ((LONG, "word" * 40 + "otherwise"), 1920),
        ((LONG[: 4 * 1100] + "otherwise",), 1024),
        ((LONG[: 4 * 1023] + "otherwise",), 0),
        ((SHORT, LONG), 0),
    ],
)
def test_older_models(cache: PromptCache, texts: tuple[str, ...], read: int) -> None:
    """Models before gpt-5.6 read the longest common beginning, in steps of 128 from 1,024 on, and write nothing."""
    assert UNCACHED == cache.use(request(LONG, SHORT[:-200], model="gpt-5.5"))

    assert CacheUse(read, 0) == cache.use(request(*texts, model="gpt-5.5"))


def test_older_models_forget(cache: PromptCache, clock: Clock) -> None:
    """After 30 minutes an older model reads nothing either."""
    cache.use(request(LONG, SHORT, model="gpt-4o"))
    clock.now += LIFETIME + 1

    assert UNCACHED == cache.use(request(LONG, SHORT, model="gpt-4o"))
