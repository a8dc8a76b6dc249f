"""What somebody wants forgotten is in no file of `var` any more: by an asker's word, and by the operator's command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.attempt import Attempt
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history_source import HistorySource
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_task import index_path
from cocoai.documents.indexing import index_slice
from cocoai.kept_answers import Collector
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.model.question import Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job_words import JobWords
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness
from tests.deployment import payload
from tests.killed import is_killed_at
from tests.options import FixedIdentity

SECRET = "桃色の象 zebra-42"
"""What is to be forgotten; the practice model repeats it in its answer."""

EVERYBODY = ("U0ASKER01", "U0ASKER02")
KEEPING: dict[str, Any] = {"history_days": 90}


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield AnswerHarness(tmp_path / "var", certificates, slack, openai)


@pytest.fixture
def keeping(harness: AnswerHarness) -> AnswerHarness:
    """Return a harness of which the settings keep a history."""
    harness.changes |= KEEPING | {"history": lambda: history(harness)}
    return harness


def history(harness: AnswerHarness) -> FileHistory:
    """Return the history, opened anew."""
    return FileHistory(str(harness.var / HISTORY_FILE))


def collect(harness: AnswerHarness, keep_days: int = 90) -> dict[str, Any]:
    """Do what the indexing process does; return what is listed of the history."""
    collector = Collector(harness.spool, FixedIdentity(), dict)
    source = HistorySource(history(harness), keep_days, collector.collect, harness.clock)
    index_slice(index_path(str(harness.var)), [source])
    return dict(source.listed())


def says(harness: AnswerHarness, text: str, to: Message | None = None, user: str = "U0ASKER01") -> Message:
    """Let somebody write to us, in a new thread or in that of a message, and run the job; return the message."""
    thread_ts = (to.thread_ts or to.ts) if to else None
    message = harness.slack.say(user, f"<@U0COCOAI> {text}", thread_ts=thread_ts)
    harness.put(message)
    harness.run()
    return message


def places(folder: Path, words: str) -> list[str]:
    """Return each file below a folder in which these words stand, in any form in which we write them."""
    escaped = json.dumps(words)[1:-1]
    pairs = " ".join(words[at : at + 2] for at in range(3))
    forms = [form.encode() for form in (words, escaped, words.split()[0], json.dumps(words.split()[0])[1:-1], pairs)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted({str(path.relative_to(folder)) for path in files for form in forms if form in path.read_bytes()})


# the asker's word


@pytest.mark.parametrize("word", ["忘れて", "forget this", "忘れてください。"])
@pytest.mark.parametrize("has_history", [True, False], ids=["on", "off"])
def test_an_asker_s_share_of_a_thread_is_forgotten(harness: AnswerHarness, word: str, has_history: bool) -> None:
    """Nothing of it is left in any file, and the reply tells how much that was; what others asked there stays."""
    harness.changes |= KEEPING | {"history": lambda: history(harness)} if has_history else {}
    first = says(harness, SECRET)
    says(harness, "and mine: blue-17", first, user="U0ASKER02")
    elsewhere = says(harness, "another thread: green-5")
    if has_history:
        assert 3 == len(collect(harness))
    assert places(harness.var, SECRET)

    last = says(harness, word, first)

    reply = harness.replies(first)[-1].text
    assert reply.startswith(ENGLISH.forgotten["thread"].format(n=1))
    assert reply.endswith(ENGLISH.forgotten["stays"].format(days=7))
    assert [] == places(harness.var, SECRET)
    assert places(harness.var, "blue-17")
    assert places(harness.var, "green-5")
    assert (4, 0) == harness.ended()[1:]
    if has_history:
        assert 2 == len(collect(harness))
        assert [] == places(harness.var, SECRET)
    else:
        assert not (harness.var / HISTORY_FILE).exists()
    assert elsewhere.ts != last.ts


@pytest.mark.parametrize("word", ["全部忘れて", "forget everything", "forget all my questions"])
def test_all_that_an_asker_asked_is_forgotten_everywhere(keeping: AnswerHarness, word: str) -> None:
    """In other threads too, where they are kept or not collected yet."""
    says(keeping, SECRET)
    says(keeping, "and mine: blue-17", user="U0ASKER02")
    collect(keeping)
    says(keeping, f"not collected yet: {SECRET}")

    last = says(keeping, word)

    assert keeping.replies(last)[-1].text.startswith(ENGLISH.forgotten["everywhere"].format(n=2))
    assert [] == places(keeping.var, SECRET)
    assert ["blue-17" in text for _, _, text in history(keeping).beginnings(60)] == [True]
    assert 1 == len(collect(keeping))


def test_these_words_start_over_where_nothing_is_kept(harness: AnswerHarness) -> None:
    """As they always did; what says that one's own questions are meant is obeyed all the same."""
    first = says(harness, SECRET)

    says(harness, "全部忘れて", first)

    assert ENGLISH.started_over == harness.replies(first)[-1].text
    assert places(harness.var, SECRET)

    says(harness, "forget me", first)

    assert harness.replies(first)[-1].text.startswith(ENGLISH.forgotten["everywhere"].format(n=1))
    assert [] == places(harness.var, SECRET)


def test_nothing_to_forget_is_said(harness: AnswerHarness) -> None:
    """No file is made for it."""
    first = says(harness, "忘れて")

    assert harness.replies(first)[-1].text.startswith(ENGLISH.forgotten["nothing"])
    assert not (harness.var / HISTORY_FILE).exists()


def test_a_question_in_hand_is_left_alone_and_told(keeping: AnswerHarness) -> None:
    """It goes on; said again, it is forgotten too."""
    keeping.sleep = skip
    waiting = keeping.ask(SECRET)
    message = keeping.slack.say("U0ASKER01", "<@U0COCOAI> forget me")
    keeping.put(message)
    first = keeping.claim()
    keeping.run()

    said = keeping.replies(message)[-1].text
    assert ENGLISH.forgotten["waiting"].format(n=1) in said
    assert str(first.key).endswith(waiting.ts)
    first.release()
    keeping.run()
    assert places(keeping.var, SECRET)
    says(keeping, "forget me")
    assert [] == places(keeping.var, SECRET)


def test_what_somebody_else_asked_once_more_is_forgotten_with_it(keeping: AnswerHarness) -> None:
    """The words are the first asker's; both are gone from the history and from the spool."""
    first = says(keeping, SECRET)
    ts = f"{int(float(first.ts)) + 1}.000100"
    again = Question("again", first.channel, first.ts, ts, "U0ASKER02", "T0", first.text, "", 1, again=first.ts)
    keeping.spool.put(Key.parse(again.key), again.facts())
    keeping.run()
    assert 2 == len(collect(keeping))

    says(keeping, "忘れて", first)

    assert {} == collect(keeping)
    assert [] == places(keeping.var, SECRET)


def test_the_model_sees_nothing_from_above(keeping: AnswerHarness) -> None:
    """Slack shows it still, but the conversation begins anew."""
    first = says(keeping, SECRET)
    says(keeping, "忘れて", first)

    says(keeping, "what did I say?", first)

    assert SECRET not in json.dumps(keeping.openai.requests[-1].body, ensure_ascii=False)


def test_what_is_too_old_is_in_no_file(keeping: AnswerHarness) -> None:
    """By the clock that is handed in: of the spool it was swept long before."""
    says(keeping, SECRET)
    collect(keeping)
    keeping.ahead = 3 * 86_400.0
    keeping.spool.sweep()
    assert [HISTORY_FILE, "documents.sqlite3"] == sorted(places(keeping.var, SECRET), reverse=True)

    keeping.ahead = 90 * 86_400.0 + 60
    collect(keeping)

    assert [] == places(keeping.var, SECRET)


KILLED_IN = [
    (JobWords, "blank"),
    (FileSpool, "_replace"),
    (JobWords, "drop_mentions"),
    (FileHistory, "forget"),
    (DocumentIndex, "remove"),
    (DocumentIndex, "optimize"),
    (Attempt, "record"),
]
"""The steps of an attempt at such a job, before and behind each of which its process is killed."""


def test_killed_at_any_step_it_is_done_by_the_next_attempt(keeping: AnswerHarness) -> None:
    """Once: the reply tells what there was when it began, and stands once."""
    keeping.sleep = skip
    for number in range(1, 100):
        first = says(keeping, f"{SECRET} {number}")
        collect(keeping)
        message = keeping.ask("忘れて", first.ts)
        is_killed = is_killed_at(number, KILLED_IN, keeping.run)
        if is_killed:
            keeping.run()

        notes = [reply.text for reply in keeping.replies(first) if str(payload(reply).get("key")).endswith(message.ts)]
        assert [ENGLISH.forgotten["thread"].format(n=1)] == [text.split("\n")[0] for text in notes], f"step {number}"
        assert [] == places(keeping.var, SECRET)
        assert 0 == keeping.ended()[0]
        if not is_killed:
            break
    assert number > 15


def skip(_: float) -> None:
    """Wait for nothing."""
