"""However much Slack or OpenAI send, a job takes less than 24 MiB for it: measured in real forked processes."""

from __future__ import annotations

import functools
import gzip
import itertools
import json
from collections.abc import Iterator

import pytest

from cocoai.chatgpt.allowance import WORDS_PER_TOKEN
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.memory_probe import LIMIT, measured

TEXT = "富士山は日本で一番高い山で、" * 860
"""12,000 Japanese characters."""


def test_a_thread_of_long_messages(certificates: Certificates) -> None:
    """1,000 messages of 12,000 Japanese characters are read from the newest back; only what counts is kept."""
    with PracticeSlack(certificates) as slack:
        parent = slack.workspace.post("C0PRACTICE", "U0ASKER01", TEXT).ts
        for _ in range(1000):
            question = slack.workspace.post("C0PRACTICE", "U0ASKER02", TEXT, thread_ts=parent).ts
        took, (count, characters) = measured("thread", slack, certificates, parent, question)
        calls = len(slack.calls)

    assert took < LIMIT
    assert 2 <= count <= 4
    assert characters >= 12_000
    assert calls <= 3


class Bomb(PracticeServer):
    """A Slack whose every response is 61 KB of gzip that hold 60 MiB of JSON."""

    @functools.cached_property
    def body(self) -> bytes:
        """Return the body; it takes half a second."""
        return gzip.compress(b'{"ok": true, "user_id": "' + b"U" * 60 * 1024 * 1024 + b'"}', mtime=0)

    def answer(self, _: Incoming) -> Outgoing:
        """Send the body, whatever is asked."""
        headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
        return Outgoing(body=self.body, headers=headers)


def test_a_compressed_response_that_is_far_longer(certificates: Certificates) -> None:
    """A response of Slack's that inflates to 60 MiB is refused once it is over its bound."""
    with Bomb(certificates) as server:
        took, code = measured("slack", server, certificates)

    assert took < LIMIT
    assert "connection" == code


class Endless(PracticeServer):
    """An OpenAI that keeps no limit, and whose answer never ends."""

    def answer(self, _: Incoming) -> Outgoing:
        """Stream words for ever."""
        return Outgoing(body=self.events(), headers=(("Content-Type", "text/event-stream"),))

    def events(self) -> Iterator[bytes]:
        """Yield events of 1,000 characters each."""
        event = json.dumps({"choices": [{"index": 0, "delta": {"content": "word " * 200}, "finish_reason": None}]})
        return itertools.repeat(f"data: {event}\n\n".encode())


def test_a_stream_without_end(certificates: Certificates) -> None:
    """An answer without an end is cut at its bound, and ends as one that has reached max_output_tokens."""
    with Endless(certificates) as server:
        took, (characters, reason) = measured("answer", server, certificates)

    assert took < LIMIT
    assert WORDS_PER_TOKEN * 2000 * len("word ") == characters
    assert "length" == reason


class Thinker(PracticeServer):
    """An OpenAI whose model thinks 100 MB aloud before its answer; `field` is where it does so."""

    field = "reasoning_content"

    def answer(self, _: Incoming) -> Outgoing:
        """Stream the thoughts, and then the answer."""
        return Outgoing(body=self.events(), headers=(("Content-Type", "text/event-stream"),))

    def events(self) -> Iterator[bytes]:
        """Yield events of 20,000 characters each."""
        thought = {"choices": [{"index": 0, "delta": {self.field: "hmm " * 5000}, "finish_reason": None}]}
        answer = {"choices": [{"index": 0, "delta": {"content": "Forty-two."}, "finish_reason": "stop"}]}
        yield from itertools.repeat(f"data: {json.dumps(thought)}\n\n".encode(), 5000)
        yield f"data: {json.dumps(answer)}\n\n".encode()


@pytest.mark.parametrize("field", ["reasoning_content", pytest.param("reasoning", marks=pytest.mark.long), "padding"])
def test_a_stream_of_thoughts(certificates: Certificates, field: str) -> None:
    """A hundred megabytes of thoughts, or of fields that nobody knows, are read and not kept."""
    with Thinker(certificates) as server:
        server.field = field
        took, (characters, reason) = measured("answer", server, certificates)

    assert took < LIMIT
    assert (len("Forty-two."), "stop") == (characters, reason)


def test_a_tag_of_thoughts_without_end(certificates: Certificates) -> None:
    """Thoughts in the text count for the limit, and end as an answer that has reached it."""
    with Thinker(certificates) as server:
        server.field = "content"
        server.events = lambda: (  # type: ignore[method-assign]
            event.replace(b"hmm hmm", b"<think>", 1) for event in Thinker.events(server)
        )
        took, (characters, reason) = measured("answer", server, certificates)

    assert took < LIMIT
    assert (0, "length") == (characters, reason)
