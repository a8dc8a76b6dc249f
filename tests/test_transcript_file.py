"""The words of a long sound, as somebody wants them: one text file in the thread, and a reply that shows a few.

words                                  in the thread
in one message                         the words
longer                                 the beginning, and a file with all of them
longer, and Slack takes no file        the words, in as many messages as they take
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.model.click import Click
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, JAPANESE
from tests.answer_harness import AnswerHarness, patient_harness
from tests.deployment import payload
from tests.test_drawing import pictures as files
from tests.test_drawing import run_to_the_end
from tests.test_heard import MODEL, chats, hearings, run_until, share, spoken, transcribed

LONG = "\n".join(f"*sentence* {n} of a long <meeting>." for n in range(400))
"""Words that take several messages, with signs that would be markup."""


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnswerHarness]:
    """Yield an answerer whose model hears LONG."""
    with patient_harness(tmp_path, certificates, monkeypatch, speech=MODEL) as made:
        made.openai.switches.heard = LONG
        yield made


def words_of(harness: AnswerHarness, question: Message) -> list[str]:
    """Return the text of each reply in words."""
    return [message.text.replace("\u200b", "") for message in harness.replies(question) if payload(message)]


@pytest.mark.parametrize(("texts", "order"), [(ENGLISH, "transcribe"), (JAPANESE, "文字起こしして")])
def test_long_words_are_a_file(harness: AnswerHarness, texts: object, order: str) -> None:
    """It has every word as it was heard, in UTF-8; the reply has its length, its cost, the beginning, and says so."""
    harness.words = texts  # type: ignore[assignment]
    heard = harness.openai.switches.heard = f"会議\n{LONG}"
    question = share(harness, spoken(), text=order)
    run_to_the_end(harness)

    (file,), (text,) = files(harness, question), words_of(harness, question)
    first, *_, last = text.split("\n\n")
    assert f"{heard}\n".encode() == file.data
    assert f"cocoai-{question.ts.replace('.', '-')}.transcript.txt" == file.name
    assert first.startswith("&gt; 🎤 (0:02, ")
    assert harness.words.speech["in_file"] == last
    assert "会議\n\n*sentence* 0 of a long &lt;meeting&gt;." in text
    assert "sentence* 399" not in text
    assert ([], (0, 1, 0)) == (chats(harness), harness.ended())


def test_short_words_are_the_reply(harness: AnswerHarness) -> None:
    """No file is made for what a message holds."""
    harness.openai.switches.heard = "one two"
    question = share(harness, spoken(), text="transcribe")
    run_to_the_end(harness)

    assert ([], 0) == (files(harness, question), harness.called("files.getUploadURLExternal"))
    assert ["&gt; 🎤 (0:02, $0.0002)\n\none two"] == words_of(harness, question)


def test_slacks_own_words_are_a_file_too(harness: AnswerHarness) -> None:
    """Whoever has heard them."""
    question = share(harness, spoken(transcription=transcribed(LONG)), text="transcribe")
    run_to_the_end(harness)

    assert [f"{LONG}\n".encode()] == [file.data for file in files(harness, question)]
    assert [] == hearings(harness)


def test_what_is_long_and_no_transcript_is_no_file(harness: AnswerHarness) -> None:
    """The model's answer comes in parts, also to a clip."""
    harness.openai.switches.heard = "at length?"
    harness.openai.switches.answer = LONG
    question = share(harness, spoken())
    run_to_the_end(harness)

    assert [] == files(harness, question)
    assert len(words_of(harness, question)) > 1


@pytest.mark.parametrize("how", ["no scope", "refused", "never shown"])
def test_where_slack_takes_no_file_the_words_are_messages(harness: AnswerHarness, how: str) -> None:
    """No word is lost, and the operator hears of a scope that is missing."""
    if how == "no scope":
        harness.slack.switches.scopes = SCOPES - {"files:write"}
    elif how == "refused":
        harness.slack.fail("files.getUploadURLExternal", SlackFault("refused", code="file_uploads_disabled"))
    else:
        harness.slack.switches.share_delay = None
    question = share(harness, spoken(), text="transcribe")
    run_to_the_end(harness)

    said = "".join(words_of(harness, question))
    assert [] == files(harness, question)
    assert all(f"sentence* {n} of" in said for n in range(400))
    assert ((0, 1, 0), 1) == (harness.ended(), len(hearings(harness)))
    assert (harness.trouble("scope-uploads") == "files:write") == (how == "no scope")


def test_a_slack_in_trouble_is_waited_for(harness: AnswerHarness) -> None:
    """The words are kept, paid once, and one file in the end."""
    for _ in range(3):
        harness.slack.fail("files.completeUploadExternal", SlackFault("broken"))
    question = share(harness, spoken(), text="transcribe")
    run_to_the_end(harness)

    assert (1, 1) == (len(files(harness, question)), len(hearings(harness)))


@pytest.mark.parametrize("number", range(1, 10))
@pytest.mark.parametrize("is_behind", [False, True], ids=["before", "behind"])
def test_killed_at_any_fact_it_stands_there_once(harness: AnswerHarness, number: int, is_behind: bool) -> None:
    """Wherever the first process dies, one file and one reply are there in the end, and all is heard twice at most."""
    question = share(harness, spoken(), text="transcribe")
    was_killed = run_until(harness, lambda _name, at, behind: (at, behind) == (number, is_behind))
    run_to_the_end(harness)

    assert was_killed or number > 8
    assert (1, 1) == (len(files(harness, question)), len(words_of(harness, question)))
    assert len(hearings(harness)) <= 2
    assert (0, 1, 0) == harness.ended()


def test_what_kills_again_and_again_may_be_the_file(harness: AnswerHarness) -> None:
    """From the sixth attempt on the words come as messages."""
    question = share(harness, spoken(), text="transcribe")
    for _ in range(5):
        assert run_until(harness, lambda name, _number, is_behind: name == "uploaded" and not is_behind)
        harness.wait()
    run_to_the_end(harness)

    assert [] == files(harness, question)
    assert "sentence* 399 of" in words_of(harness, question)[-1]


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_transcript_is_deleted_with_its_reply(harness: AnswerHarness, is_kept: bool) -> None:
    """Its file and its message; after the job was swept, too."""
    question = share(harness, spoken(), text="transcribe")
    run_to_the_end(harness)
    if not is_kept:
        for path in (harness.var / "spool" / "done").iterdir():
            path.unlink()
    (reply,) = [message for message in harness.replies(question) if payload(message)]
    at = f"{float(question.ts) + 100:.6f}"
    key = f"{question.channel}-{question.ts}-{question.ts}"
    click = Click("delete", question.channel, question.ts, reply.ts, key, question.user, question.user, "T0", at)
    assert harness.spool.put(Key(question.channel, reply.ts, at), click.facts())
    run_to_the_end(harness)

    assert ([], []) == (files(harness, question), words_of(harness, question))
    assert 1 == harness.called("files.delete")
