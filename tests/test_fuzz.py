"""Bad input from Slack, the web server, the spool and the model: a short fuzz, properties, and earlier finds.

The long fuzz is bench/fuzz; a short one of whole answers is test_fuzz_answers.py. The properties of signature, stream
parser and renderer stand beside their own tests.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.fuzz.check import NOW, SECRET, US
from bench.fuzz.events import CORPUS, EventChecker
from bench.fuzz.mutations import CHARACTERS, mutated
from bench.fuzz.run import fuzz
from bench.fuzz.texts import check_shown
from bench.no_sync import NoSync
from cocoai.answer import Answerer
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.engine.client.client import FullResponse, PendingResponse, StreamedResponse
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import MAX_BODY, Request
from cocoai.engine.web.router import Router
from cocoai.errors import Refused
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.inbound.signature import SIGNATURE_HEADER, STAMP_HEADER, sign
from cocoai.slack.markdown.message_layout import Shown
from cocoai.slack.model.messages import Message, MessageMetadata
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.question import Question
from cocoai.slack.thread.history import turns
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import encode_line
from cocoai.spool.key import Key
from cocoai.webhook import EventsHandler
from tests.books import no_books
from tests.job_runner import RecordingRunner
from tests.options import FixedIdentity, options

SHORT = 2400
"""Mutations in this suite; bench.fuzz makes a million."""

QUESTION = Question("mention", "C0PRACTICE", "1.000100", "1.000100", "U0ASKER01", "T0PRACTICE", "hello?", "Ev1", 1)


@contextmanager
def spool() -> Iterator[tuple[FileSpool, Path]]:
    """Yield a spool and the path of its ready/; each of hypothesis's examples needs one of its own."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as var:
        made = FileSpool(var, clock=lambda: float(NOW), disk=NoSync())
        made.make_folders()
        yield made, Path(var, "spool", "ready")


# what Slack posts


@pytest.mark.parametrize("seed", [20, 21])
def test_mutated_events_have_a_defined_outcome(seed: int) -> None:
    """Each becomes a Challenge, RateLimited, an Ignored, a Question that can be kept, or 400."""
    # The long run has other seeds.
    tally = fuzz(seed, range(SHORT // 2), seconds=60.0)

    assert [] == tally.finds
    assert SHORT // 2 == sum(tally.outcomes.values())
    assert tally.kept


def test_mutated_clicks_have_a_defined_outcome() -> None:
    """Each becomes a Click that can be kept, an Ignored, or 400."""
    tally = fuzz(22, range(SHORT // 2), seconds=60.0, of="clicks")

    assert [] == tally.finds
    assert SHORT // 2 == sum(tally.outcomes.values())
    assert tally.outcomes["click stop"]


def test_mutated_commands_have_a_defined_outcome() -> None:
    """Each becomes a command that can be kept, an Ignored, or 400."""
    tally = fuzz(24, range(SHORT // 4), seconds=60.0, of="commands")

    assert [] == tally.finds
    assert SHORT // 4 == sum(tally.outcomes.values())
    assert {"command of ours", "command person", "refused 400"} <= tally.outcomes.keys()


def test_mutated_texts_become_messages_that_slack_takes() -> None:
    """Any text of a model becomes such messages, in both formats, whole and while it is written."""
    tally = fuzz(23, range(SHORT // 16), seconds=60.0, of="texts")

    assert [] == tally.finds
    assert SHORT // 16 == sum(tally.outcomes.values())
    assert {"0 parts", "1 parts", "2 parts", "3 parts"} <= tally.outcomes.keys()


def test_the_text_checker_finds_a_message_that_slack_refuses() -> None:
    """A text that is longer than Slack allows is a find."""
    with pytest.raises(AssertionError, match="a text that Slack does not take"):
        check_shown(Shown("x" * 4001))


def test_the_event_checker_finds_a_key_that_names_no_file(tmp_path: Path) -> None:
    """A question whose key leads out of the folder is a find."""
    checker = EventChecker(tmp_path)
    odd = Question("mention", "../../etc", "1.0", "1.0", "U0ASKER01", "T0", "x", "Ev1", 1)

    with pytest.raises(ValueError, match="not a job's key"):
        checker._check_question(odd)


@given(st.integers(0, 2**32))
@example(3112)  # a large one
def test_any_signed_body_is_answered_200_or_400(number: int) -> None:
    """A mutated body never causes a 500, and the spool has a question exactly if there is work after the response.

    One that is too big is refused with 413.
    """
    with spool() as (kept, ready):
        analyzer = SlackEventAnalyzer(SECRET, who=lambda: US, mark_of=kept.mark_of)
        handler = EventsHandler(
            analyzer, kept, RecordingRunner(kept), Scoreboard(None, slots=0), clock=lambda: float(NOW)
        )
        body = mutated(7, number, CORPUS)
        signature = sign(body, str(NOW).encode(), SECRET).decode()
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed(signature).items()}
        params = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_LENGTH": str(len(body))} | headers
        response = Router({"/": {"POST": handler}}).respond(Request.from_params(params, body))

        assert response.status in ((200, 400) if len(body) <= MAX_BODY else (413,))
        assert len(list(ready.iterdir())) == (response.after is not None)


def signed(signature: str) -> dict[str, str]:
    """Return Slack's two headers with this signature."""
    return {STAMP_HEADER: str(NOW), SIGNATURE_HEADER: signature}


# what a web server hands over

HEADER = st.sampled_from(["HTTP_X_SLACK_SIGNATURE", "HTTP_HOST", "HTTP_", "CONTENT_TYPE", "PATH_INFO", "QUERY_STRING"])


@given(st.dictionaries(HEADER, st.text(max_size=10)), st.text("0123456789+-e. ٣²", max_size=14), st.binary(max_size=30))
@example({}, "²", b"")
@example({}, "1" * 13, b"x")
def test_any_params_are_read_or_refused(headers: dict[str, str], length: str, body: bytes) -> None:
    """A request is refused with 400 or 413, or its body is as long as its header says."""
    params = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": length} | headers
    try:
        outcome = (200, Request.from_params(params, body).with_checked_body().body)
    except Refused as refusal:
        outcome = (refusal.status, b"")

    is_number = length.isascii() and (length.isdigit() or not length)
    declared = int(length or 0) if is_number else -1
    assert outcome == (200, body[:declared]) if 0 <= declared <= len(body) else outcome[0] in (400, 413)


# what lies in the spool


@given(st.text(max_size=40) | st.from_regex(r"[A-Z0-9]{2,5}-[0-9]{1,13}\.[0-9]{1,9}-[0-9]{1,3}\.[0-9]\s?"))
def test_a_name_that_parses_as_a_key_is_written_the_same(name: str) -> None:
    """Such a name has no character that leads out of a folder, and its age can be compared."""
    with suppress(ValueError):
        key = Key.parse(name)

        assert name == str(key)
        assert not set(name) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
        assert key.age == Key.parse(name).age


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.sampled_from(["at", "retry_at", "free", "sent", "ts", "n", "text", "why", "code", *QUESTION.facts()])
FACT = st.sampled_from(["attempt", "visit", "retry", "retried", "placeholder", "answer", "part", "error", "finished"])


def line_of_fact(fact: object, fields: dict[str, Any]) -> bytes:
    """Return a job file's line for a fact."""
    return encode_line({"fact": fact} | fields)


def file_of_lines(lines: list[bytes], tail: bytes) -> bytes:
    """Return a job file's data: lines, and what stands after the last one."""
    return b"".join(lines) + tail


LINE = st.builds(line_of_fact, FACT | ODD, st.dictionaries(FIELDS, ODD))
FILE = st.builds(file_of_lines, st.lists(LINE, max_size=5), st.binary(max_size=20))


@given(FILE)
@example(encode_line({"text": "?"}) + encode_line({"fact": "retry"}))
@example(encode_line({"text": "?"}) + encode_line({"fact": "retry", "retry_at": "soon"}))
@example(encode_line({"text": "?"}) + b'{"fact":"retry","retry_at":1' + b"0" * 400 + b"}\n")
@example(encode_line({"text": "?"}) + b'{"fact":"retry","retry_at":1' + b"0" * 5000 + b"}\n")
@example(b"[" * 100_000)
def test_any_bytes_in_a_job_file_hold_up_no_other_question(data: bytes) -> None:
    """Whatever the oldest job's file holds, every look-up works, and the next thread's question is claimed."""
    with spool() as (kept, ready):
        (ready / "C0PRACTICE-0.000001-0.000001").write_bytes(data)
        kept.put(Key.parse(QUESTION.key), QUESTION.facts())
        lookups = [kept.is_due(), kept.is_claimable(), kept.any_without("nothing")]
        visited = [str(job.key) for job in kept.each_without("nothing")]
        jobs = [job for _ in range(2) if (job := kept.claim()) is not None]
        attempts = [job.attempt for job in jobs]
        for job in jobs:
            job.release()

        assert [True, True, True] == lookups
        assert QUESTION.key in visited
        assert QUESTION.key == str(jobs[-1].key)
        assert 1 == attempts[-1]


def link_to_nowhere(path: Path) -> None:
    """Make a symbolic link whose target does not exist."""
    path.symlink_to("nowhere")


MAKE: dict[str, Callable[[Path], object]] = {
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "link to nowhere": link_to_nowhere,
    "empty file": Path.touch,
}


@pytest.mark.parametrize("make", MAKE)
def test_what_is_no_file_in_ready_holds_up_no_other_question(make: str) -> None:
    """A folder, a pipe, a broken link and an empty file under a job's name are passed over."""
    with spool() as (kept, ready):
        odd = ready / "C0PRACTICE-0.000001-0.000001"
        MAKE[make](odd)
        kept.put(Key.parse(QUESTION.key), QUESTION.facts())

        assert kept.is_due()
        assert kept.is_claimable()
        job = kept.claim()
        assert job is not None
        assert QUESTION.key == str(job.key)


class UnusedClient:
    """An HTTP client for a process that must not send anything."""

    def post(self, *_: object) -> FullResponse:
        """Raise AssertionError."""
        raise AssertionError("nothing must be sent")

    def post_unread(self, *_: object) -> StreamedResponse:
        """Raise AssertionError."""
        raise AssertionError("nothing must be sent")

    def post_streamed(self, *_: object) -> PendingResponse:
        """Raise AssertionError."""
        raise AssertionError("nothing must be sent")

    def post_file(self, *_: object) -> FullResponse:
        """Raise AssertionError."""
        raise AssertionError("nothing must be sent")

    def get(self, *_: object) -> StreamedResponse:
        """Raise AssertionError."""
        raise AssertionError("nothing must be sent")


OPENAI: dict[str, Any] = {
    "base_url": "http://127.0.0.1/v1",
    "api_key": "sk-none",
    "model": "gpt-6-luna",
    "max_output_tokens": 100,
    "reasoning_effort": "",
    "connect_timeout": 1.0,
    "first_word_timeout": 1.0,
    "silence_timeout": 1.0,
    "total_timeout": 1.0,
}


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"text": "hello?"},
        {name: value for name, value in QUESTION.facts().items() if name != "thread_ts"},
    ],
)
def test_a_question_of_another_version_fails_at_once(question: dict[str, Any]) -> None:
    """A question without the fields that we need fails as unreadable, and Slack is not called."""
    # Its asker cannot be told. But if each process died of it, all other questions would wait behind it.
    with spool() as (kept, _):
        kept.put(Key.parse(QUESTION.key), question)
        answerer = Answerer(
            kept,
            options(),
            SlackChat(UnusedClient(), api_url="http://127.0.0.1/api/", token="xoxb-none"),
            ChatGPTChat(UnusedClient(), **OPENAI),
            books=no_books(),
            identity=FixedIdentity(),
            folder="/nonexistent",
        )
        job = kept.claim()
        assert job is not None
        answerer.answer(job)

        assert [QUESTION.key] == [str(key) for key in kept.keys("failed")]
        assert "unreadable" == kept.peek("failed", Key.parse(QUESTION.key))[-1]["reason"]


# what Slack's threads hold

ENTITY = st.sampled_from(["<@", "<#C1|", "<!", "|", ">", "<", "&lt;", "&amp;", "https://x", "<@U0COCOAI>", "\ud800"])
TEXT = st.lists(ENTITY | st.text(CHARACTERS, max_size=3), max_size=12).map("".join)
TS = st.from_regex(r"[0-9]{1,12}\.[0-9]{1,8}", fullmatch=True) | st.text("0123456789.-", max_size=8)
KIND = st.sampled_from(["placeholder", "answer", "part", "note"])
METADATA = st.none() | st.builds(MessageMetadata, st.text("C0-.12", max_size=9), KIND, st.integers())
MESSAGES = st.lists(
    st.builds(
        Message, TS, st.sampled_from(["", "U0COCOAI", "U0ASKER01"]), st.just(""), TEXT, METADATA, st.text(max_size=4)
    ),
    max_size=6,
)


@given(TEXT, st.none() | st.just("U0COCOAI"))
def test_any_text_of_slacks_is_decoded(text: str, own_user: str | None) -> None:
    """The text without markup is never much longer than the text with it."""
    assert len(plain_text(text, own_user)) <= 3 * len(text) + 10


@given(MESSAGES, TEXT)
def test_any_thread_becomes_turns_that_end_with_the_question(messages: list[Message], text: str) -> None:
    """Whatever a thread holds, only the last of its turns may be empty, and all of them can be sent as JSON."""
    conversation = turns(messages, Question.from_facts(QUESTION.facts() | {"text": text}), "U0COCOAI")

    assert "asker" == conversation[-1].speaker
    assert all(turn.text for turn in conversation[:-1])
    json.dumps([turn.text for turn in conversation])
