"""What comes of a response of a model's server: from its bytes, however the network cuts them, to what the asker reads.

An input is a list of responses in JSON, of which each request gets the next. It must end as an answer that is recorded
and shown, or as one of our own errors. These are finds:

- any other exception, a request without an end, more time or memory than an input of its size may take;
- a text that cannot be encoded, or a message that Slack does not take;
- an answer that is shown as whole without a finish reason in the bytes, or a body in one piece, which cannot be cut;
- another outcome for the same bytes in other pieces;
- a word of the server's own error message in anything that is kept or shown.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.fuzz.check import NOW, require
from bench.fuzz.doubles import Answered, PlayedModel, PlayedResponse, PlayedSlack, answered
from bench.fuzz.mutations import BYTE_MUTATIONS
from bench.fuzz.stream_seeds import QUOTED, STREAMS
from bench.fuzz.texts import check_shown
from cocoai.answer.model_call import answer_text
from cocoai.engine.client.body import CHUNK_SIZE
from cocoai.slack.markdown.message_layout import Shown
from cocoai.slack.model.question import Question
from cocoai.texts import ENGLISH

__all__ = ["STREAMS", "StreamChecker"]

SLOW, SLOW_MEGABYTE = 2.0, 4.0
"""Seconds of CPU that an input may take, and each megabyte of it."""

MOST_BYTES = 6 * 1024 * 1024
"""Bytes of the largest response."""

GROWING, MOST_UPDATES = 0.2, 30
"""The part of the inputs that are shown while they arrive, and how many pieces such a one may have."""

TWICE_EVERY, LARGE_EVERY = 4, 400
"""One input of so many is read in two ways of cutting it; one of so many is made large."""

QUESTION = Question(
    "direct", "D0PRACTICE", f"{NOW}.000100", f"{NOW}.000100", "U0ASKER01", "T0PRACTICE", "why?", "Ev1", NOW
)

_FINISH = re.compile(rb'"finish_reason"\s*:\s*"[^"]|"message"\s*:\s*\{')


def _has_finish(data: bytes) -> bool:
    """Check whether the bytes name a finish reason, or hold a message as a whole; also if they are in UTF-16."""
    return bool(_FINISH.search(data) or _FINISH.search(data.replace(b"\0", b"")))


def _is_in_one_piece(data: bytes) -> bool:
    """Check whether the bytes are one JSON object."""
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


class StreamChecker:
    """Checks what comes of the responses of a model's server, and returns the outcome in a word."""

    kept = 0
    slow = SLOW

    def __init__(self, _: Path) -> None:
        pass

    def __call__(self, body: bytes) -> str:
        chance = random.Random(zlib.crc32(body))
        contents = [_content(response, chance) for response in _responses(body)]
        self.slow = 2 * (SLOW + SLOW_MEGABYTE * sum(len(data) for _, data in contents) / 2**20)
        outcomes = [self._outcome(contents, chance) for _ in range(1 if zlib.crc32(body) % TWICE_EVERY else 2)]
        require(len(set(outcomes)) == 1, f"other pieces, another outcome: {[each[:300] for each in outcomes]}")
        return outcomes[0].partition(":")[0]

    def _outcome(self, contents: Sequence[tuple[dict[str, Any], bytes]], chance: random.Random) -> str:
        """Return how the question ended, in a word, and with what behind a colon."""
        responses = [
            PlayedResponse(_status(head), _headers(head), list(_pieces(data, chance)), _end(head))
            for head, data in contents
        ]
        is_shown_growing = chance.random() < GROWING and sum(len(each.pieces) for each in responses) < MOST_UPDATES
        result = answered(
            QUESTION,
            PlayedSlack({}, _no_file),
            PlayedModel(responses),
            format_=chance.choice(("markdown", "mrkdwn")),
            update_interval=0.0 if is_shown_growing else 60.0,
        )
        for method, arguments in result.sent:
            if method in ("chat.postMessage", "chat.update"):
                check_shown(Shown(arguments["text"], tuple(arguments.get("blocks", ()))))
        return self._check(result, [data for _, data in contents])

    def _check(self, result: Answered, bodies: Sequence[bytes]) -> str:
        """Check the laws of one outcome; return it in a word, and with what behind a colon."""
        answer = result.last("answer")
        errors = [line for line in result.lines if line.get("fact") not in ("answer", None)]
        require(QUOTED not in json.dumps(errors, ensure_ascii=False), "the server's own words are kept")
        if answer is None:
            told = result.last("error") or result.last("retry") or result.last("failed") or {}
            why = str(told.get("why") or told.get("reason") or told.get("code"))
            require(bool(told) and why.isprintable() and len(why) < 300, f"no end, or an odd one: {told}")
            return f"{told['fact']}: {why}"
        text = str(answer["text"])
        text.encode()
        read = answer_text(answer, ENGLISH)
        require(bool(read.strip()), "nothing to read")
        is_whole = read.strip() == text.strip()
        may_be_whole = any(_is_in_one_piece(data) or _has_finish(data) for data in bodies)
        require(not is_whole or may_be_whole, f"whole without a finish reason: {answer['finish']!r} {text[:80]!r}")
        return f"{'whole' if is_whole else 'noted'}: {answer['finish']} {read}"


def _responses(body: bytes) -> list[dict[str, Any]]:
    """Return the responses in an input; one response with all of it as its body if it cannot be read."""
    try:
        responses = json.loads(body)["responses"]
    except (ValueError, RecursionError, LookupError, TypeError):
        responses = None
    if not isinstance(responses, list) or not responses:
        return [{"raw": body}]
    return [response if isinstance(response, dict) else {"events": [response]} for response in responses[:5]]


def _content(response: dict[str, Any], chance: random.Random) -> tuple[dict[str, Any], bytes]:
    """Return a response and its body in bytes, some of which are changed."""
    raw = response.get("raw")
    data = raw if isinstance(raw, bytes) else _body(response)
    while chance.random() < 0.2:
        data = chance.choice(BYTE_MUTATIONS)(chance, data)
    if chance.randrange(LARGE_EVERY) == 0 and data:
        data = data * (1 + chance.randrange(MOST_BYTES) // len(data))
    return response, data[:MOST_BYTES]


def _body(response: dict[str, Any]) -> bytes:
    """Return the body: its events framed as an event stream, as lines of JSON, or as they are."""
    events = response.get("events")
    events = events if isinstance(events, list) else [events]
    ends = str(response.get("line_end", "\n"))[:4]
    framed = []
    for event in events:
        if isinstance(event, str):
            framed.append(event)
        else:
            line = json.dumps(event, ensure_ascii=response.get("ascii") is not False)
            framed.append(
                {"json": line, "lines": line + "\n"}.get(str(response.get("framing")), f"data: {line}{ends}{ends}")
            )
    return "".join(framed).encode("utf-8", "surrogatepass")


def _pieces(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield the data in single bytes, in pieces of any sizes, or as `Body.read` does if all is there."""
    sizes = (1, 7, CHUNK_SIZE) if len(data) < 500 else (100, 1000, CHUNK_SIZE) if len(data) < 5000 else (CHUNK_SIZE,)
    most = chance.choice(sizes)
    at = 0
    while at < len(data):
        size = chance.randint(1, most) if chance.random() < 0.5 else most
        yield data[at : at + size]
        at += size


def _status(response: dict[str, Any]) -> int:
    status = response.get("status", 200)
    return status if type(status) is int and 100 <= status <= 599 else 200


def _headers(response: dict[str, Any]) -> dict[str, str]:
    """Return the headers, with names in lower case, and values as HTTP allows them."""
    headers = response.get("headers")
    pairs = headers.items() if isinstance(headers, dict) else ()
    return {
        str(name).lower(): str(value)[:1000].encode("latin-1", "replace").decode("latin-1").replace("\n", " ")
        for name, value in pairs
    }


def _end(response: dict[str, Any]) -> str:
    end = response.get("end")
    return end if end in ("reset", "timeout") else ""


def _no_file(url: str) -> PlayedResponse:
    raise AssertionError(f"a GET of {url}")
