"""What comes of an event with attachments, blocks and files: from its signature to the model's request and the reply.

An input is the payload, the page of its thread, and what Slack tells of a file and a person; the files' bytes are
changed too. The event must be refused with 400, ignored, or answered, by the model or by a fixed text. These are finds:

- any exception that nobody expects, a call without an end, more time or memory than one input may take;
- a request or a message that cannot be encoded, or that Slack does not take;
- an empty user's turn, or a question of nothing, that goes to the model;
- an entity such as `<@U12>` that goes to the model, unless somebody has typed it as text or code;
- the token sent to another host than Slack's.
"""

from __future__ import annotations

import json
import random
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.fuzz.check import NOW, SECRET, US, require, signed
from bench.fuzz.doubles import Answered, PlayedModel, PlayedResponse, PlayedSlack, answered
from bench.fuzz.events import HOSTS, ignored
from bench.fuzz.mutations import BYTE_MUTATIONS
from bench.fuzz.payload_seeds import BYTES, PAYLOADS
from bench.fuzz.texts import check_shown
from cocoai.engine.web.request import MAX_BODY
from cocoai.errors import Refused
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.markdown.message_layout import Shown
from cocoai.slack.model.question import Question

__all__ = ["PAYLOADS", "PayloadChecker"]

SLOW = 2.0
"""Seconds of CPU that an input may take."""

MOST_REQUEST = 8 * 1024 * 1024
"""Bytes of a request to the model: 4 MiB of files in base64, and the rest."""

QUESTION = Question(
    "mention", "C0PRACTICE", "1763821000.000100", "1763822000.000100", "U0ASKER01", "T0PRACTICE", "and?", "Ev1", NOW
)
"""Asked in the input's thread if its payload is no question."""

LARGE_EVERY = 200
"""One file of so many is made large."""

_ENTITY = re.compile(r"<(?:@[UW]|#[CG]|!subteam\^S)0ENTITY[0-9](?:\|[^<>]*)?>")
_ID = re.compile(r"[A-Z]0ENTITY[0-9]")
_ID_FIELDS = ("author_id", "channel", "channel_id", "user_id", "usergroup_id")
_CODE = re.compile(r"```.*?(?:```|$)|`[^`]*`?", re.DOTALL)
_ANSWER = (
    b'data: {"choices":[{"delta":{"content":"So it is."},"finish_reason":null}]}\n\n'
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


class PayloadChecker:
    """Checks what comes of an event and its thread, and returns the outcome in a word."""

    kept = 0
    slow = SLOW

    def __init__(self, _: Path) -> None:
        self._analyzer = SlackEventAnalyzer(SECRET, who=lambda: US, mark_of=lambda *_: {})

    def __call__(self, body: bytes) -> str:
        chance = random.Random(zlib.crc32(body))
        case = _parsed(body)
        whole = {name: _encoded(case.get(name, body), chance) for name in ("payload", "page", "info", "user")}
        sent = {name: _changed(data, chance) for name, data in whole.items()}
        outcome, question = self._analyzed(sent["payload"])
        replies = {"conversations.replies": sent["page"], "files.info": sent["info"], "users.info": sent["user"]}
        model = PlayedModel([PlayedResponse(200, {"content-type": "text/event-stream"}, [_ANSWER])])
        format_ = chance.choice(("markdown", "mrkdwn"))
        result = answered(question, PlayedSlack(replies, _Files(chance)), model, format_=format_)
        # In changed bytes an entity may be broken.
        _check(result, may_have_ids=sent != whole or _has_typed_ids(case))
        return f"{outcome}, {result.ended}, {_kind(result)}"

    def _analyzed(self, body: bytes) -> tuple[str, Question]:
        """Return what the worker makes of a payload, in a word, and the question, or another if it is none."""
        if len(body) > MAX_BODY:
            return "too big", QUESTION
        try:
            event = self._analyzer.analyze(signed(body), body, NOW)
        except Refused as refusal:
            require(refusal.status == 400, "refused, but not as bad JSON")
            return "refused", QUESTION
        if not isinstance(event, Question):
            if type(event).__name__ == "Ignored":
                ignored(event)
            return type(event).__name__.lower(), QUESTION
        return event.kind, event


def _parsed(body: bytes) -> dict[str, Any]:
    """Return the parts of an input; {} if it cannot be read."""
    try:
        case = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return case if isinstance(case, dict) else {}


def _encoded(value: Any, chance: random.Random) -> bytes:
    """Return a part of an input as JSON, or as it is if it is bytes."""
    if isinstance(value, bytes):
        return value
    return json.dumps(value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _changed(body: bytes, chance: random.Random) -> bytes:
    """Return the bytes as they come over the network: now and then some are changed."""
    while chance.random() < 0.1:
        body = chance.choice(BYTE_MUTATIONS)(chance, body)
    return body


class _Files:
    """Slack's file server: the last part of an address names the bytes, which are changed now and then."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __call__(self, url: str) -> PlayedResponse:
        parts = urlsplit(url)
        require(parts.scheme == "https" and f".{parts.hostname}".endswith(HOSTS), f"the token goes to {url!r}")
        chance = self._chance
        data = BYTES.get(parts.path.rpartition("/")[2]) or chance.choice([*BYTES.values()])
        while chance.random() < 0.3:
            data = chance.choice(BYTE_MUTATIONS)(chance, data)
        if chance.randrange(LARGE_EVERY) == 0 and data:
            data *= 1 + chance.randrange(6 * 2**20) // len(data)
        kind = "text/html" if b"<html" in data[:200].lower() and chance.random() < 0.9 else "application/octet-stream"
        headers = {"content-type": chance.choice((kind, kind, "text/html; charset=utf-8", "", "\u00e9"))}
        if chance.random() < 0.2:
            headers["content-length"] = str(chance.choice((len(data), 0, 10**9, "x")))
        if chance.random() < 0.05:
            headers |= {
                "location": chance.choice((url, "/login", "https://evil.example/", "//[", "")),
                "x-slack-meta": "acl_fail",
            }
        status = 200 if chance.random() < 0.9 else chance.choice((302, 301, 401, 403, 404, 429, 500, 206, 204))
        return PlayedResponse(
            status, headers, list(_pieces(data)), chance.choice(("", "", "", "", "", "reset", "timeout"))
        )


def _pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 65536):
        yield data[at : at + 65536]


def _check(result: Answered, *, may_have_ids: bool) -> None:
    """Check the laws of what was sent to Slack and to the model."""
    for method, arguments in result.sent:
        if method in ("chat.postMessage", "chat.update"):
            check_shown(Shown(arguments["text"], tuple(arguments.get("blocks", ()))))
            require(not re.search(r"<[@!]", arguments["text"]), "a ping")
    for body in result.requests:
        require(len(body) < MOST_REQUEST, f"a request of {len(body)} bytes")
        messages = json.loads(body)["messages"]
        require(messages[-1]["role"] == "user", "no question at the end")
        for message in messages:
            texts = list(_texts(message["content"]))
            require(any(text.strip() for text in texts), f"an empty turn: {message}")
            for text in texts if not may_have_ids and message["role"] != "system" else ():
                found = _ENTITY.search(_CODE.sub("", text)) or _ID.search(_CODE.sub("", text))
                require(not found, f"an id for the model: {text[:200]!r}")


def _texts(content: Any) -> Iterator[str]:
    """Yield the texts of a message for the model; of a picture or a file its name alone."""
    if isinstance(content, str):
        yield content
        return
    for part in content:
        yield part["text"] if part["type"] == "text" else part["type"]


def _has_typed_ids(case: dict[str, Any]) -> bool:
    """Return True if an id may rightly reach the model: somebody typed one, or a mutation has broken an entity."""
    return any(_is_typed(name, text) for name, text in _strings("", case))


def _is_typed(name: str, text: str) -> bool:
    if name in _ID_FIELDS and _ID.fullmatch(text):
        return False
    rest = _ENTITY.sub("", text)
    return "0ENTITY" in rest or "&lt;" in text or ("`" in text and "0ENTITY" in text)


def _strings(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield all strings in a JSON value, keys included, each with the name of the field that has it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for inner_name, inner in value.items():
            yield "", inner_name
            yield from _strings(inner_name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(name, inner)


def _kind(result: Answered) -> str:
    """Return by what the question was answered: the model, a fixed text, or not at all."""
    if result.requests:
        return "by the model"
    return "by a fixed text" if result.ended == "done" else "not"
