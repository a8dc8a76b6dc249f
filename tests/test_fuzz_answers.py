"""A short fuzz of whole answers: Slack's events with all that a message can have, and the streams of a model's server.

The long one is `python -m bench.fuzz payloads`, and `streams`. What is a find, stands in bench/fuzz/payloads.py and
streams.py; the tests at the end make sure that each kind is found.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.fuzz.doubles import MOST_CALLS, Answered, PlayedModel, PlayedResponse, PlayedSlack, answered
from bench.fuzz.mutations import mutated
from bench.fuzz.payload_seeds import THREAD, case
from bench.fuzz.payloads import QUESTION, PayloadChecker, _check, _has_typed_ids
from bench.fuzz.run import EXAMPLES, Tally, fuzz
from bench.fuzz.stream_seeds import DONE, QUOTED, STREAMS, chunk, error, response, words
from bench.fuzz.streams import StreamChecker
from cocoai.answer import Answerer

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

SHORT = 900
"""Mutations of each kind in this suite; bench.fuzz makes a million."""


@pytest.mark.parametrize(("of", "seed"), [("payloads", 30), ("streams", 31)])
def test_mutations_have_a_defined_outcome(of: str, seed: int) -> None:
    """Each ends as an answer, a fixed text, a retry or a failure, and breaks no law."""
    # The long run has other seeds.
    tally = fuzz(seed, range(SHORT), seconds=120.0, of=of)

    assert [] == tally.finds
    assert SHORT == sum(tally.outcomes.values())
    assert len(tally.outcomes) >= 4


@pytest.mark.parametrize("number", [1, 77])
def test_a_mutation_is_always_the_same(number: int) -> None:
    """A find can be made again by its seed and number."""
    assert mutated(5, number, STREAMS) == mutated(5, number, STREAMS)
    assert mutated(5, number, STREAMS) != mutated(6, number, STREAMS)


def test_finds_are_counted_by_kind() -> None:
    """Of each kind the first few are kept, and all are counted."""
    tally = Tally()
    for n in range(10):
        tally.add_find(f"number {n}", AssertionError(f"a law: {n}"), b"x")

    assert {"a law": 10} == tally.kinds
    assert EXAMPLES == len(tally.finds)


# Each law is held


def result(*contents: object, text: str = "x", lines: Sequence[dict[str, Any]] = ()) -> Answered:
    """Return a result with these turns sent to the model and this text sent to Slack."""
    messages = [{"role": "user", "content": content} for content in contents]
    requests = [json.dumps({"messages": messages}).encode()] if contents else []
    return Answered("done", list(lines), [("chat.update", {"text": text})], requests)


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (result("", "why?"), "an empty turn"),
        (result(" \n"), "an empty turn"),
        (result([{"type": "text", "text": ""}]), "an empty turn"),
        (result("ask <@U0ENTITY1> and"), "an id for the model"),
        (result("ask @S0ENTITY6"), "an id for the model"),
        (result("why?", text="<!here>"), "a ping"),
        (result("why?", text=" "), "a text that Slack does not take"),
        (result("x" * 9_000_000), "a request of 9"),
    ],
)
def test_each_broken_law_of_a_payload_is_found(broken: Answered, law: str) -> None:
    """What goes to the model and to Slack is looked at."""
    _check(result("why?", [{"type": "image_url"}]), may_have_ids=False)

    with pytest.raises(AssertionError, match=law):
        _check(broken, may_have_ids=False)


def test_a_typed_id_is_no_find() -> None:
    """An id may reach the model if somebody has typed it, or a mutation has broken the entity around it."""
    assert not _has_typed_ids(case(thread=THREAD, text="<@U0ENTITY1>"))
    assert _has_typed_ids(case(text="<@U0ENTITY1"))
    assert _has_typed_ids(case(text="`<@U0ENTITY1>`"))
    _check(result("ask <@U0ENTITY1>"), may_have_ids=True)


def test_an_exception_that_nobody_expects_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job process takes such an exception for temporary, and logs it: here it is raised."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Answerer, "_ask", broken)
    with pytest.raises(ZeroDivisionError):
        answered(
            QUESTION, PlayedSlack({"conversations.replies": b'{"ok":true,"messages":[]}'}, no_file), PlayedModel([])
        )


def no_file(_: str) -> PlayedResponse:
    """Raise AssertionError."""
    raise AssertionError("no file is wanted")


def checked(tmp_path: Path, *responses: Any) -> str:
    """Return what the checker says of these responses."""
    return StreamChecker(tmp_path)(json.dumps({"responses": responses}).encode())


def test_outcomes_of_streams(tmp_path: Path) -> None:
    """A whole answer, one with a note, and an error are told from each other."""
    assert "whole" == checked(tmp_path, response(*words("hello"), chunk({}, "stop"), DONE))
    assert "noted" == checked(tmp_path, response(*words("hello"), chunk({}, "length"), DONE))
    assert "retry" == checked(tmp_path, response(error("server_error", "server_error")))


def test_each_broken_law_of_a_stream_is_found(tmp_path: Path) -> None:
    """An answer without an end, a server's own words and a job without an end are finds."""
    check = StreamChecker(tmp_path)
    whole = [{"fact": "answer", "text": "x", "finish": "stop", "refusal": False, "left_out": []}]
    quoting = [{"fact": "retry", "why": QUOTED}]

    with pytest.raises(AssertionError, match="whole without a finish reason"):
        check._check(result(lines=whole), [b'data: {"finish_reason":null}'])
    assert "whole: stop x" == check._check(result(lines=whole), [b'{"choices":[{"text":"x","finish_reason":null}]}'])
    with pytest.raises(AssertionError, match="the server's own words"):
        check._check(result(lines=quoting), [b""])
    with pytest.raises(AssertionError, match="no end"):
        check._check(result(), [b""])


def test_requests_without_an_end_are_found() -> None:
    """A client that asks again and again is stopped."""
    model = PlayedModel([PlayedResponse()])
    for _ in range(MOST_CALLS - 1):
        model.post("", b"")

    with pytest.raises(AssertionError, match="requests without an end"):
        model.post("", b"")


def test_the_token_goes_nowhere_else(tmp_path: Path) -> None:
    """Each address that is fetched is Slack's: another one is a find, and no input brings it about."""
    hostile = case(files=[{"id": "F0FILE", "url_private": "https://evil.example/a"}], channel="D0A", channel_type="im")

    assert PayloadChecker(tmp_path)(json.dumps(hostile).encode()).startswith("direct, done")
