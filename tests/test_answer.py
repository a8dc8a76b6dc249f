"""Answering one claimed job, from its claim to its end, between the practice Slack and the practice OpenAI.

The tests check what Slack shows, what the model was sent, and what the job's file records.
"""

from __future__ import annotations

import gc
import itertools
import json
import time
from collections.abc import Iterator
from functools import _lru_cache_wrapper, partial
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer import Answerer
from cocoai.answer.attempt import MESSAGE_DELAY, Attempt
from cocoai.answer.failures import MAX_ATTEMPTS
from cocoai.answer.prompt import CONTINUE_INSTRUCTION
from cocoai.answer.reply import Reply
from cocoai.answer.retry import DELAYS
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.messages import MessageMetadata
from cocoai.slack.model.question import Question
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, JAPANESE, Texts
from tests.answer_harness import AnswerHarness
from tests.deployment import payload
from tests.options import FixedPersonas

PLAN = PracticeFile("plan.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))


def skip(seconds: float) -> None:
    """Return at once, in place of `time.sleep`."""


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield AnswerHarness(tmp_path, certificates, slack, openai)


def test_the_placeholder_becomes_the_answer(harness: AnswerHarness) -> None:
    """The reply is one message, posted once and then changed; the whole answer is recorded, the model called once."""
    question = harness.ask()

    harness.run()

    kind, text = harness.reply(question)
    assert "answer" == kind
    assert text
    assert 1 == harness.called("chat.postMessage")
    assert 1 == len(harness.openai.requests)
    assert (0, 1, 0) == harness.ended()
    (answer,) = harness.facts("done", "answer")
    assert "stop" == answer["finish"]
    assert answer["usage"]


def test_the_reply_grows_while_it_is_written(harness: AnswerHarness) -> None:
    """Each update shows more than the one before, with the `writing` note under it, which the last update drops."""
    harness.openai.switches.answer = "word " * 40
    harness.openai.switches.piece_delay = 0.1  # the stream is read in steps of a quarter of a second
    question = harness.ask()

    harness.run()

    updates = [call.arguments["text"] for call in harness.slack.calls if call.method == "chat.update"]
    *growing, last = updates
    assert len(growing) > 3
    assert growing == sorted(growing, key=len)
    assert [True] * len(growing) == [text.endswith(ENGLISH.writing) for text in growing]
    assert ENGLISH.writing not in last
    assert ("answer", ("word " * 40).strip()) == harness.reply(question)


def test_a_process_that_rests_keeps_no_word_of_an_answer(harness: AnswerHarness) -> None:
    """Every cache of slack/markdown is empty then, by whatever decorator it was made."""
    harness.openai.switches.answer = "# A **table**\n\n| a | **b** |\n|---|--:|\n| `c` | 2 |\n\n- a *line*\n\n" * 3
    answerer = harness.answerer()
    harness.ask()

    answerer.answer(harness.claim())
    filled = filled_caches()
    answerer.rest()

    assert 5 <= len(filled)
    assert [] == filled_caches()


def filled_caches() -> list[str]:
    """Return the names of the functions of slack/markdown that hold results for arguments."""
    caches: list[Any] = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
    ours = [each for each in caches if each.__module__.startswith("cocoai.slack.markdown.")]
    return sorted(each.__name__ for each in ours if each.cache_info().currsize)


def test_a_busy_slack_is_skipped_while_growing_but_not_at_the_end(harness: AnswerHarness) -> None:
    """An update of a growing reply is skipped if Slack answers 429; for the last one the 429 is waited out."""
    pauses: list[float] = []
    harness.sleep = pauses.append
    harness.openai.switches.answer = "word " * 20
    harness.openai.switches.piece_delay = 0.02
    harness.slack.fail("chat.update", Fault("limited", seconds=1), times=2)
    question = harness.ask()

    harness.run()

    assert ("answer", ("word " * 20).strip()) == harness.reply(question)
    assert (0, 1, 0) == harness.ended()
    assert pauses
    assert 1.0 == pauses[-1]


def test_a_recorded_answer_is_never_paid_again(harness: AnswerHarness) -> None:
    """If Slack fails just before the delivery, the next attempt delivers the recorded answer without the model."""
    harness.openai.switches.answer = "Once."
    harness.slack.fail("chat.update", Fault("broken"), times=50)
    question = harness.ask()
    harness.run()
    after_first = harness.ended()
    harness.slack.clear_faults()
    harness.wait()

    harness.run()

    assert (1, 0, 0) == after_first
    assert ("answer", "Once.") == harness.reply(question)
    assert 1 == len(harness.openai.requests)


def test_a_placeholder_posted_by_a_process_that_died_is_found(harness: AnswerHarness) -> None:
    """A placeholder that was posted but not recorded is found by its metadata; the second attempt posts no other."""
    question = harness.ask()
    job = harness.claim()
    harness.disk.refuses = b'"placeholder"'
    harness.openai.fail("server error")
    harness.answerer().answer(job)  # posts the placeholder, fails to record it, and is postponed
    job.release()
    harness.disk.refuses = b""
    harness.wait()

    harness.run()

    assert 1 == harness.called("chat.postMessage")
    assert "answer" == harness.reply(question)[0]


def test_a_post_that_arrived_though_its_reply_was_lost_is_not_repeated(harness: AnswerHarness) -> None:
    """If the reply to a post is lost, the next attempt looks for the message in the thread before it posts."""
    harness.slack.fail("chat.postMessage", Fault("reply lost"))
    question = harness.ask()
    harness.run()
    harness.wait()

    harness.run()

    assert 1 == len(harness.replies(question))
    assert "answer" == harness.reply(question)[0]


def test_a_late_placeholder_of_a_killed_process_is_waited_for(harness: AnswerHarness) -> None:
    """After a kill the next attempt waits until a post that was under way has arrived, finds it, and posts none."""
    question = harness.ask()
    killed = harness.claim()
    killed.release()
    metadata = MessageMetadata(str(killed.key), "placeholder")
    pauses: list[float] = []

    def deliver_late(seconds: float) -> None:
        pauses.append(seconds)
        harness.outside()[0].post(question.channel, "...", killed.key.thread_ts, metadata)

    harness.sleep = deliver_late

    harness.run()

    assert [pytest.approx(MESSAGE_DELAY, abs=1)] == pauses
    assert "answer" == harness.reply(question)[0]
    assert 1 == harness.called("chat.postMessage")


def test_a_message_of_another_cocoai_is_not_taken_for_our_own(harness: AnswerHarness) -> None:
    """After a kill, an answer by another CocoAI (a QA copy, mentioned along with this one) does not stand for ours."""
    harness.sleep = skip
    question = harness.ask()
    killed = harness.claim()
    killed.release()
    metadata = {"event_type": "cocoai", "event_payload": MessageMetadata(str(killed.key), "answer").payload()}
    harness.slack.workspace.post(question.channel, "U0OTHER01", "Theirs.", thread_ts=question.ts, metadata=metadata)

    harness.run()

    assert ["U0OTHER01", "U0COCOAI"] == [message.user for message in harness.replies(question)]


def test_the_first_attempt_never_searches(harness: AnswerHarness) -> None:
    """A first attempt reads the thread once, for the model, or never if the question opens the thread."""
    # It cannot have posted anything that it would have to look for.
    question = harness.ask()
    harness.run()
    reads_of_a_new_thread = harness.called("conversations.replies")

    harness.ask(thread_ts=question.ts)
    harness.run()

    assert (0, 1) == (reads_of_a_new_thread, harness.called("conversations.replies"))


def test_a_placeholder_posted_by_the_placeholder_process_becomes_the_answer(harness: AnswerHarness) -> None:
    """The job process turns the placeholder of the placeholder process into the answer and posts no other."""
    question = harness.ask()
    for job in harness.spool.each_without("placeholder"):
        harness.answerer().post_placeholder(job)
    before = harness.reply(question)

    harness.run()

    assert ("placeholder", ENGLISH.placeholder) == before
    assert "answer" == harness.reply(question)[0]
    assert 1 == harness.called("chat.postMessage")


def test_after_a_visit_that_ended_in_order_nothing_is_sought(harness: AnswerHarness) -> None:
    """The answer goes on in several parts behind the placeholder process's placeholder, and the thread is not read."""
    harness.openai.switches.answer = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(20))
    question = harness.ask()
    for job in harness.spool.each_without("placeholder"):
        harness.answerer().post_placeholder(job)

    harness.run()

    assert len(harness.replies(question)) > 3
    assert 0 == harness.called("conversations.replies")


def test_a_question_in_a_very_long_thread_takes_three_calls_at_most(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model sees the newest messages."""
    seconds = itertools.count(time.time() - 5002)  # one a second, however busy this machine is
    monkeypatch.setattr(harness.slack.workspace, "_clock", partial(next, seconds))
    opening = harness.slack.workspace.post("C0PRACTICE", "U0ASKER02", "The opening.")
    for n in range(5000):
        harness.slack.workspace.post("C0PRACTICE", "U0ASKER02", f"Reply {n}.", thread_ts=opening.ts)
    harness.ask("what was last?", thread_ts=opening.ts)
    harness.run()

    seen = json.dumps(harness.openai.requests[0].body)
    assert "Reply 4999." in seen
    assert "Reply 4900." in seen
    assert "Reply 100." not in seen
    assert harness.called("conversations.replies") <= 3


def test_the_thread_of_a_bare_mention_is_read_once(harness: AnswerHarness) -> None:
    """Whether it has files, and what the model sees, is told by the same messages."""
    opening = harness.slack.say("U0ASKER02", "What is on this plan?")
    message = harness.slack.share("U0ASKER01", "<@U0COCOAI>", [PLAN], thread_ts=opening.ts)
    question = Question(
        "mention", message.channel, opening.ts, message.ts, message.user, "T0", message.text, "Ev", 0, is_bare=True
    )
    harness.spool.put(Key.parse(question.key), question.facts())
    harness.run()

    assert 1 == len(harness.openai.requests)
    assert 1 == harness.called("conversations.replies")


def test_a_search_is_one_call_from_the_question_on(harness: AnswerHarness) -> None:
    """After a crash in a long thread, our own message is found without reading what is older than the question."""
    harness.sleep = skip
    opening = harness.slack.workspace.post("C0PRACTICE", "U0ASKER02", "opening")
    for n in range(500):
        harness.slack.workspace.post("C0PRACTICE", "U0ASKER02", f"reply {n}", thread_ts=opening.ts)
    question = harness.ask(thread_ts=opening.ts)
    killed = harness.claim()
    harness.outside()[0].post(
        question.channel, "...", opening.ts, MessageMetadata(str(killed.key), "placeholder")
    )  # and dies before it is recorded
    killed.release()

    harness.run()

    first, *others = [call.arguments for call in harness.slack.calls if call.method == "conversations.replies"]
    assert question.ts == first["oldest"]
    assert len(others) <= 3
    assert 1 == harness.called("chat.postMessage")


def test_a_long_answer_goes_on_in_parts_each_once(harness: AnswerHarness) -> None:
    """If posts fail between the parts, a later attempt goes on, and every paragraph is there exactly once."""
    paragraphs = [f"Paragraph {n}: " + "text " * 150 for n in range(20)]
    harness.openai.switches.answer = "\n\n".join(paragraphs)
    question = harness.ask()
    for _ in range(3):
        # The reply that is lost is first the placeholder's, then the second part's, then the third part's.
        harness.slack.fail("chat.postMessage", Fault("reply lost"))
        harness.run()
        harness.wait()

    harness.run()

    replies = harness.replies(question)
    whole = " ".join(message.text for message in replies)
    assert (0, 1, 0) == harness.ended()
    assert 7 == len(replies)
    assert [1, *range(2, len(replies) + 1)] == [payload(message)["n"] for message in replies]
    assert [1] * 20 == [whole.count(f"Paragraph {n}: ") for n in range(20)]
    assert 1 == len(harness.openai.requests)


@pytest.mark.parametrize("formats", [("mrkdwn", "markdown"), ("markdown", "mrkdwn")])
def test_an_answer_that_the_next_attempt_splits_differently_is_whole(
    harness: AnswerHarness, formats: tuple[str, str]
) -> None:
    """If the layout changed between two attempts, the parts that were posted before are rewritten to fit."""
    harness.openai.switches.answer = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(40))
    question = harness.ask()
    before, after = map(Layout, formats)
    harness.changes["layout"] = before
    harness.slack.fail("chat.postMessage", Fault("slow"), times=2)  # the placeholder, and the second part
    harness.slack.fail("chat.postMessage", Fault("broken"))
    harness.run()
    harness.changes["layout"] = after
    harness.wait()

    harness.run()

    whole = " ".join(message.text for message in harness.outside()[0].thread(question.channel, question.ts)[1:])
    assert [1] * 40 == [whole.count(f"Paragraph {n}: ") for n in range(40)]
    assert (0, 1, 0) == harness.ended()


def test_a_surplus_part_of_an_earlier_attempt_is_deleted(harness: AnswerHarness) -> None:
    """If the next attempt splits the answer into fewer parts than were posted, the surplus parts are deleted."""
    harness.openai.switches.answer = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(10))
    question = harness.ask()
    harness.slack.fail("chat.postMessage", Fault("slow"), times=2)
    harness.slack.fail("chat.postMessage", Fault("broken"))
    harness.run()
    harness.changes["layout"] = Layout("markdown")
    harness.wait()

    harness.run()

    assert ["answer"] == [payload(message)["kind"] for message in harness.replies(question)]


def test_an_answer_of_control_characters_counts_as_empty(harness: AnswerHarness) -> None:
    """The asker reads the text for an empty answer."""
    harness.openai.switches.answer = "\x00\x07"
    question = harness.ask()

    harness.run()

    assert ("answer", ENGLISH.nothing) == harness.reply(question)


def test_an_answer_that_an_earlier_version_recorded_is_delivered_as_it_is(harness: AnswerHarness) -> None:
    """An answer recorded with its note, under a question without the newer fields, is delivered unchanged."""
    harness.sleep = skip
    question = harness.slack.say("U0ASKER01", "<@U0COCOAI> hello?")
    old: dict[str, Any] = {
        "kind": "mention",
        "channel": question.channel,
        "thread_ts": question.ts,
        "ts": question.ts,
        "user": question.user,
    }
    old |= {"team": "T0", "text": question.text, "event_id": "Ev", "event_time": 0}
    assert harness.spool.put(Key(question.channel, question.ts, question.ts), old)
    job = harness.claim()
    job.record("answer", text="Half.\n\n(Cut here.)", model="gpt-6-luna", finish="length", usage=None)
    job.release()

    harness.run()

    assert ("answer", "Half.\n\n(Cut here.)") == harness.reply(question)
    assert [] == list(harness.openai.requests)


def test_a_text_that_slack_refuses_as_too_long_is_split_shorter(harness: AnswerHarness) -> None:
    """After msg_too_long the answer is split into shorter parts, and the asker reads all of it."""
    # Slack may count characters differently than the layout does.
    harness.openai.switches.answer = "text " * 1500
    harness.changes["layout"] = Layout("markdown")
    harness.changes["update_interval"] = 60
    question = harness.ask()
    harness.slack.fail("chat.update", Fault("refused", code="msg_too_long"))

    harness.run()

    replies = harness.replies(question)
    assert 1500 == sum(message.text.count("text") for message in replies)
    assert len(replies) > 1


def test_a_deleted_placeholder_and_refused_blocks_leave_one_reply(harness: AnswerHarness) -> None:
    """The placeholder is deleted while the model writes, then Slack refuses the blocks of part 2."""
    harness.changes = {"layout": Layout("markdown")}
    harness.openai.switches.answer = "\n\n".join(["text " * 150] * 20)
    question = harness.ask()
    job = harness.claim()
    answerer = harness.answerer()
    answerer.post_placeholder(job)
    (placeholder,) = harness.replies(question)
    harness.slack.delete(placeholder.channel, placeholder.ts)
    harness.slack.fail("chat.postMessage", Fault("slow"))  # the answer, posted anew
    harness.slack.fail("chat.postMessage", Fault("refused", code="invalid_blocks"))  # its part 2

    answerer.answer(job)

    kinds = [(payload(reply)["kind"], payload(reply)["n"]) for reply in harness.replies(question)]
    assert ("answer", 1) == kinds[0]
    assert sorted(set(kinds)) == sorted(kinds)
    assert len(kinds) > 2


def test_a_deleted_placeholder_is_replaced(harness: AnswerHarness) -> None:
    """If the placeholder was deleted before the delivery, the answer is posted as a new message."""
    question = harness.ask()
    for job in harness.spool.each_without("placeholder"):
        harness.answerer().post_placeholder(job)
    (placeholder,) = harness.replies(question)
    harness.slack.delete(placeholder.channel, placeholder.ts)

    harness.run()

    assert "answer" == harness.reply(question)[0]


def test_the_second_question_sees_the_first_exchange(harness: AnswerHarness) -> None:
    """The model is sent the instructions, the first question, its answer, and the second question."""
    harness.openai.switches.answer = "Tea."
    first = harness.ask("coffee or tea?")
    harness.run()

    harness.ask("why?", thread_ts=first.ts)
    harness.run()

    sent = [(message["role"], message["content"]) for message in harness.openai.requests[-1].body["messages"]]
    assert ("system", True) == (sent[0][0], sent[0][1].startswith("Be kind.\n\nHow things are here"))
    assert [
        ("user", "coffee or tea?"),
        ("assistant", "Tea."),
        ("user", "why?"),
    ] == sent[1:]


def test_the_model_is_told_the_date_by_the_clock(harness: AnswerHarness) -> None:
    """Questions of one day have the same instructions; a day later only their last line differs."""
    for seconds in (0, 0, 86_400):
        harness.ahead += seconds
        harness.ask()
        harness.run()
    days = [time.strftime("%Y-%m-%d", time.localtime(harness.clock() - before)) for before in (86_400, 86_400, 0)]
    told = [str(request.body["messages"][0]["content"]).rpartition("\n") for request in harness.openai.requests]

    assert 1 == len({fixed for fixed, _, _ in told})
    assert all(day in last for day, (_, _, last) in zip(days, told, strict=True))


def test_a_model_prefix_behind_a_speakers_name_is_found_and_removed(harness: AnswerHarness) -> None:
    """With several speakers a question has the asker's name before it: the model prefix behind that name counts.

    A user mentioned in the question is shown to the model by name, not by id.
    """
    harness.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})
    opening = harness.slack.say("U0ASKER02", "good morning")
    harness.ask("deep: is <@U0ASKER02> right?", thread_ts=opening.ts)
    harness.run()

    (request,) = harness.openai.requests
    assert "gpt-6.1-sol" == request.body["model"]
    content = request.body["messages"][-1]["content"]
    assert "deep" not in content
    assert 1 == content.count("right?")
    assert "U0ASKER" not in content


def test_a_speakers_name_that_equals_a_model_prefix_is_no_prefix(harness: AnswerHarness) -> None:
    """The name "Asker:" that is put before the question chooses no model; "asker:" typed by the asker does."""
    harness.changes["personas"] = FixedPersonas(prefixes={"asker": "gpt-6.1-sol"})
    opening = harness.slack.say("U0ASKER02", "good morning")
    for text in ("how are you?", "asker: how are you?"):
        harness.ask(text, thread_ts=opening.ts)
        harness.run()

    assert ["gpt-6-luna", "gpt-6.1-sol"] == [request.body["model"] for request in harness.openai.requests]
    last = [request.body["messages"][-1]["content"].rpartition("\n")[2] for request in harness.openai.requests]
    assert ["Asker: how are you?"] * 2 == last


def test_a_model_prefix_added_by_an_edit_counts(harness: AnswerHarness) -> None:
    """The question counts as it stands when it is answered, its model prefix included."""
    harness.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})
    opening = harness.ask()
    harness.run()
    question = harness.ask("why?", thread_ts=opening.ts)
    harness.slack.edit(question.channel, question.ts, "<@U0COCOAI> deep: why?")

    harness.run()

    assert "gpt-6.1-sol" == harness.openai.requests[-1].body["model"]
    assert "why?" == harness.openai.requests[-1].body["messages"][-1]["content"]


def test_continue_in_a_thread_without_our_answer_is_a_question(harness: AnswerHarness) -> None:
    """Where CocoAI has written nothing there is nothing to continue, so the model is sent the word itself."""
    opening = harness.slack.say("U0ASKER02", "one, two, three")
    harness.ask("continue", thread_ts=opening.ts)

    harness.run()

    (request,) = harness.openai.requests
    assert CONTINUE_INSTRUCTION not in request.body["messages"][-1]["content"]


def test_a_mention_with_nothing_else_gets_help_without_the_model(harness: AnswerHarness) -> None:
    """A mention without words is answered with the help text, and the model is not called."""
    question = harness.ask("")

    harness.run()

    assert ("note", ENGLISH.help_text({}, follow_ups=True, files=True, buttons=False)) == harness.reply(question)
    assert [] == list(harness.openai.requests)
    assert (0, 1, 0) == harness.ended()


# what the asker reads when a question cannot be answered


@pytest.mark.parametrize("texts", [ENGLISH, JAPANESE])
def test_an_overloaded_openai_is_tried_again_and_then_reported(harness: AnswerHarness, texts: Texts) -> None:
    """The question is tried again after 5, 30 and 120 s; then the asker reads the error in their language."""
    harness.words = texts
    harness.openai.fail("overloaded", times=None)
    question = harness.ask()

    for _ in range(len(DELAYS) + 1):
        harness.run()
        harness.wait()

    waits = [fact["retry_at"] - fact["at"] for fact in harness.facts("failed", "retry")]
    assert pytest.approx(list(DELAYS), abs=1) == waits
    assert ("error", texts.sorry["busy"]) == harness.reply(question)
    assert (0, 0, 1) == harness.ended()
    assert len(DELAYS) + 1 == len(harness.openai.requests)


@pytest.mark.parametrize("code", ["insufficient_quota", "credit_balance_exhausted"])
def test_an_error_that_the_operator_must_fix_is_not_tried_again(
    harness: AnswerHarness, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The asker reads that the operator must act; the log has OpenAI's error code."""
    harness.openai.fail("no credit", times=None, code=code)
    question = harness.ask()

    harness.run()

    assert ("error", ENGLISH.sorry["operator"]) == harness.reply(question)
    assert (0, 0, 1) == harness.ended()
    assert 1 == len(harness.openai.requests)
    assert code in caplog.text


def test_an_empty_answer_and_a_refusal_have_texts_of_their_own(harness: AnswerHarness) -> None:
    """An empty answer and a refusal are delivered as texts of their own, and the job is done."""
    harness.openai.fail("empty")
    empty = harness.ask("think")
    harness.run()
    harness.openai.fail("refusal")
    refused = harness.ask("refuse")
    harness.run()

    assert ENGLISH.empty == harness.reply(empty)[1]
    assert harness.reply(refused)[1]
    assert (0, 2, 0) == harness.ended()


def test_a_lost_connection_after_the_request_was_sent_is_tried_again_once_only(harness: AnswerHarness) -> None:
    """A request that was sent and then cut is sent a second time at most, because each may have been billed."""
    harness.openai.fail("cut", after=1, times=None)
    question = harness.ask()

    harness.run()
    harness.wait()
    harness.run()

    assert "error" == harness.reply(question)[0]
    assert 2 == len(harness.openai.requests)
    assert (0, 0, 1) == harness.ended()


def test_a_question_that_kills_its_process_is_given_up(harness: AnswerHarness) -> None:
    """After MAX_ATTEMPTS attempts the asker reads an error, and the model is not called again."""
    harness.sleep = skip
    question = harness.ask()
    for _ in range(MAX_ATTEMPTS):
        harness.claim().release()

    harness.run()

    assert ("error", ENGLISH.sorry["attempts"]) == harness.reply(question)
    assert [] == list(harness.openai.requests)


def test_attempts_that_fail_because_of_slack_are_not_counted(harness: AnswerHarness) -> None:
    """After twenty attempts at a broken Slack the answer still arrives, and the model is called once."""
    harness.slack.fail("*", Fault("broken"), times=30)
    question = harness.ask()
    for _ in range(20):
        harness.run()
        harness.wait()
    harness.slack.clear_faults()

    harness.run()

    assert "answer" == harness.reply(question)[0]
    assert 1 == len(harness.openai.requests)


def test_a_job_is_given_up_after_a_day_without_slack(harness: AnswerHarness, caplog: pytest.LogCaptureFixture) -> None:
    """After 24 hours of failed attempts the job is moved to failed/, and the log says so."""
    harness.slack.fail("*", Fault("broken"), times=1000)
    harness.ask()
    ended = []
    for tries in (24 * 12 - 2, 4):
        job = harness.claim()
        for _ in range(tries):
            job.record("retry", retry_at=harness.clock() + 300, free=True, sent=False)
        job.release()
        harness.wait()
        harness.run()
        ended.append(harness.ended())
        harness.wait()

    assert [(1, 0, 0), (0, 0, 1)] == ended
    assert "outcome=failed" in caplog.text


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "not_in_channel"])
def test_a_permanent_error_of_slack_fails_the_job(
    harness: AnswerHarness, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The job fails at its first attempt without a call of the model; the log has Slack's error code."""
    harness.slack.fail("*", Fault("refused", code=code), times=1000)
    harness.ask()

    harness.run()

    assert (0, 0, 1) == harness.ended()
    assert code in caplog.text
    assert [] == list(harness.openai.requests)


def test_a_late_answer_says_so(harness: AnswerHarness) -> None:
    """An answer that comes two hours after its question begins with a note about the delay."""
    question = harness.ask()
    harness.ahead = 7200

    harness.run()

    assert harness.reply(question)[1].startswith(ENGLISH.late)


def test_with_a_full_disk_no_new_message_is_posted_and_the_answer_still_arrives(harness: AnswerHarness) -> None:
    """If the disk is full once the model was asked, the placeholder becomes the answer; no further part is posted."""

    # Repeating an update is harmless; a part that was posted without its fact could be posted twice.
    def fill_disk(_: str) -> str:
        harness.disk.refuses = b'"fact"'
        return "text " * 2000

    harness.openai.switches.answer = fill_disk
    question = harness.ask()

    harness.run()

    replies = harness.replies(question)
    assert "answer" == payload(replies[0])["kind"]
    assert len(replies) <= 2
    assert (0, 1, 0) == harness.ended()


def test_a_bug_is_tried_again_and_then_reported(harness: AnswerHarness, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is logged with its trace; the asker reads only the general error text."""
    question = harness.ask()

    class Broken(Answerer):
        def _ask(self, attempt: Attempt, reply: Reply, ts: str) -> Fact:
            raise ZeroDivisionError

    for _ in range(len(DELAYS) + 1):
        broken = harness.answerer(Broken)
        job = harness.claim()
        broken.answer(job)
        job.release()
        harness.wait()

    assert ("error", ENGLISH.sorry[""]) == harness.reply(question)
    assert "ZeroDivisionError" in caplog.text


def test_the_log_holds_neither_texts_nor_tokens(harness: AnswerHarness, caplog: pytest.LogCaptureFixture) -> None:
    """The log has keys, outcomes and milliseconds, but no text of a question or an answer and no token."""
    caplog.set_level("DEBUG")
    harness.openai.switches.answer = "a private answer"
    harness.ask("a private question")

    harness.run()

    assert "outcome=answered" in caplog.text
    own_lines = "".join(record.getMessage() for record in caplog.records if record.name.startswith("cocoai"))
    assert "private" not in own_lines
    assert TOKEN not in caplog.text
    assert API_KEY not in caplog.text
