"""The buttons under a reply, in the production shape: pressed in the practice Slack, heard by real nginx and pool.

    stop      while it is written; while the model thinks, or has not even answered; while the question waits
    again     the same question under a key of its own, as it stands now, files and all
    delete    by whoever asked: all parts; by others: a whisper, and nothing else
    up, down  kept with the answer's job, and thanks whispered

A forged, stale or replayed click does nothing, or nothing more. tests/test_interactions.py has the door itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.slack.block_actions import ClickDelivery
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, JAPANESE
from tests.house import House, house
from tests.processes import wait_until
from tests.test_interactions import click, form, post
from tests.test_journey import everything, job_processes

ASKER, OTHER = "U0ASKER01", "U0ASKER02"
LONG = "word " * 400
"""An answer that takes the slow model minutes."""

SLOW = {"answer": LONG, "piece_delay": 0.5}


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One house for all of them, with two slots."""
    folder = tmp_path_factory.mktemp("house")
    settings: dict[str, Any] = {"COCOAI_POOL_SLOTS": "2", "COCOAI_OPENAI_MAX_OUTPUT_TOKENS": "20000"}
    with house(folder, certificates, COCOAI_SLACK_UPDATE_INTERVAL="0.5", **settings) as built:
        wait_until((built.var / "identity.json").exists)
        yield built


@pytest.fixture
def built(standing: House) -> Iterator[House]:
    """The house with a model that is in its usual manner again when the test is over, and nothing left to do."""
    yield standing
    vars(standing.openai.switches).update(vars(Model()))
    standing.openai.clear_faults()
    standing.slack.clear_faults()
    wait_until(lambda: not standing.spool.keys("ready"))


def key_of(question: Message) -> Key:
    return Key(question.channel, question.thread_ts or question.ts, question.ts)


def facts(built: House, key: Key) -> list[Fact]:
    """What is recorded of a job that is done."""
    wait_until(lambda: key in built.spool.keys("done"))
    return built.spool.peek("done", key)


def last(built: House, question: Message, name: str) -> Fact:
    return [fact for fact in facts(built, key_of(question)) if fact.get("fact") == name][-1]


def press(built: House, message: Message, action: str, user: str = ASKER, repeat: int = 0) -> ClickDelivery:
    """Press a button that is there, and be answered at once."""
    clicked = built.slack.click(user, message.channel, message.ts, f"cocoai_{action}", repeat=repeat)

    assert (200, "") == (clicked.status, clicked.failure)
    return clicked


def buttons(message: Message) -> list[str]:
    """The buttons under a message."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [button["action_id"].removeprefix("cocoai_") for row in rows for button in row]


def reply_to(built: House, question: Message, holding: str = "") -> Message:
    """The first of our messages about this question, once it holds these words."""
    found = built.slack.wait_for(lambda: [each for each in built.replies(question) if holding in each.text])
    return found[0]


def answered(built: House, question: Message) -> Message:
    """The whole answer, the job done."""
    answer = built.answer_to(question)
    facts(built, key_of(question))
    return answer


def ended(built: House, question: Message) -> Message:
    """Our reply, whatever it is, the job done or failed."""
    key = key_of(question)
    wait_until(lambda: key in built.spool.keys("done") or key in built.spool.keys("failed"))
    return built.replies(question)[0]


def send(built: House, signal_number: int) -> None:
    """Send a signal to every job process."""
    for pid in job_processes(built):
        with contextlib.suppress(ProcessLookupError):  # it was about to go
            os.kill(pid, signal_number)


def again(built: House, clicked: ClickDelivery) -> Message:
    """What is asked by the click, as a question that the house knows by its key."""
    before = built.slack.workspace.find(clicked.channel, clicked.ts)

    assert before is not None
    return Message(clicked.channel, clicked.action_ts, clicked.user, "", thread_ts=before.thread_ts)


def said(built: House, number: int = -1) -> Any:
    """What the model was asked last, by whoever asks."""
    return built.openai.requests[number].body["messages"][-1]["content"]


# stop


def test_a_reply_is_stopped_while_it_is_written(built: House) -> None:
    """What is there stays and a note says so; the model is hung up on, and the buttons are those of an answer."""
    vars(built.openai.switches).update(SLOW)
    hung_up = built.openai.hung_up
    question = built.ask("a long one?")
    growing = reply_to(built, question, "word")

    press(built, growing, "stop")
    answer = answered(built, question)
    built.openai.wait_for(lambda: built.openai.hung_up > hung_up, 30)

    assert ["stop"] == buttons(growing)
    assert growing.ts == answer.ts
    assert ENGLISH.stopped in answer.text
    assert ENGLISH.writing not in answer.text
    assert growing.text.count("word") <= answer.text.count("word") < 200
    assert ["again", "delete", "up", "down"] == buttons(answer)
    assert "stopped" == last(built, question, "answer")["finish"]
    assert [answer.ts] == [message.ts for message in built.replies(question)]


@pytest.mark.parametrize("asked", ["are you thinking?", "考えていますか？"])
def test_a_model_that_thinks_is_stopped(built: House, asked: str) -> None:
    """There is nothing yet that could stay: the note is all, in the asker's language."""
    built.openai.switches.first_delay = 600.0
    number = len(built.openai.requests)
    question = built.ask(asked)
    placeholder = reply_to(built, question)
    built.openai.wait_for(lambda: len(built.openai.requests) > number, 30)

    press(built, placeholder, "stop")
    answer = answered(built, question)

    assert (ENGLISH if asked.isascii() else JAPANESE).stopped == answer.text
    assert number + 1 == len(built.openai.requests)


def test_a_model_that_has_not_even_answered_is_stopped(built: House) -> None:
    """It is silent for minutes before its response begins, and is hung up on."""
    built.openai.fail("silent", seconds=600.0)
    number = len(built.openai.requests)
    question = built.ask("are you there?")
    placeholder = reply_to(built, question)
    built.openai.wait_for(lambda: len(built.openai.requests) > number, 30)

    press(built, placeholder, "stop")

    assert ENGLISH.stopped == answered(built, question).text
    assert number + 1 == len(built.openai.requests)


def test_a_question_that_waits_for_a_slot_is_stopped(built: House) -> None:
    """Its turn comes, and the model is not asked at all."""
    built.openai.switches.first_delay = 600.0
    busy = [built.ask(f"question {number}?") for number in range(2)]
    placeholders = [reply_to(built, question) for question in busy]
    wait_until(lambda: 2 == len([name for name in built.held_locks() if name.startswith("slot")]))
    waiting = built.ask("and me?")
    placeholder = reply_to(built, waiting)

    press(built, placeholder, "stop")
    for each in placeholders:
        press(built, each, "stop")

    assert [ENGLISH.stopped] * 3 == [answered(built, question).text for question in (waiting, *busy)]
    assert "and me?" not in [asked.body["messages"][-1]["content"] for asked in built.openai.requests]


def test_a_stop_outlives_the_process_that_was_to_heed_it(built: House) -> None:
    """kill -9 before it could: the next process asks nobody, and says that it stopped."""
    wait_until(lambda: not job_processes(built))
    built.openai.switches.first_delay = 600.0
    number = len(built.openai.requests)
    question = built.ask("still there?")
    placeholder = reply_to(built, question)
    built.openai.wait_for(lambda: len(built.openai.requests) > number, 30)

    send(built, signal.SIGSTOP)
    press(built, placeholder, "stop")
    send(built, signal.SIGKILL)

    assert ENGLISH.stopped == answered(built, question).text
    assert [placeholder.ts] == [message.ts for message in built.replies(question)]
    assert number + 1 == len(built.openai.requests)


def test_anybody_may_stop_and_a_stop_that_comes_too_late_changes_nothing(built: House) -> None:
    """The click was answered all the same; nothing is left of it that could stop another question."""
    question = built.ask("quick?")
    answer = answered(built, question)

    status, _ = post(built, form(click("stop", str(key_of(question)), user={"id": OTHER, "team_id": "T0PRACTICE"})))

    assert 200 == status
    assert answer == built.replies(question)[0]
    assert not built.spool.is_stop_requested(key_of(question))


# again


def test_asked_again_there_is_a_new_answer_under_a_key_of_its_own(built: House) -> None:
    """Behind the first, which stays; a replay of the very same click, three times, asks nothing more."""
    question = built.ask("how many?")
    first = answered(built, question)
    built.openai.switches.answer = "Another one."
    number = len(built.openai.requests)

    clicked = press(built, first, "again", OTHER, repeat=3)
    second = answered(built, again(built, clicked))

    assert "Another one." == second.text
    assert (first.thread_ts, first.text) == (second.thread_ts, built.replies(question)[0].text)
    assert second.ts > first.ts
    assert "how many?" == said(built)
    assert number + 1 == len(built.openai.requests)
    assert ["again", "delete", "up", "down"] == buttons(second)


def test_an_edited_question_is_asked_as_it_stands_now(built: House) -> None:
    """That is what people edit for."""
    question = built.ask("how meny?")
    first = answered(built, question)

    built.slack.edit(question.channel, question.ts, "<@U0COCOAI> how many?")
    answered(built, again(built, press(built, first, "again")))

    assert "how many?" == said(built)


def test_a_question_with_a_file_is_asked_again_with_it(built: House) -> None:
    """The file is fetched anew."""
    note = PracticeFile("note.txt", "text/plain", b"the cat is grey")
    question = built.slack.share(ASKER, "<@U0COCOAI> which colour?", [note])
    first = answered(built, question)

    answered(built, again(built, press(built, first, "again")))

    assert said(built, -2) == said(built, -1)
    assert ["note.txt:\n\nthe cat is grey", "which colour?"] == [part["text"] for part in said(built)]


def test_asked_again_after_an_error(built: House) -> None:
    """The way back for whoever met one."""
    built.openai.fail("no credit")
    question = built.ask("please?")
    sorry = ended(built, question)

    clicked = press(built, sorry, "again")
    answered(built, again(built, clicked))

    assert ENGLISH.error_text("operator") == sorry.text
    assert ["again", "delete"] == buttons(sorry)
    assert "please?" == said(built)


def test_what_is_not_there_any_more_cannot_be_asked_again(built: House) -> None:
    """Its job swept and its message deleted: the asker reads that in the answer's language; the model is not asked."""
    question = built.ask("forget me?")
    first = answered(built, question)
    (built.var / "spool" / "done" / str(key_of(question))).unlink()
    built.slack.delete(question.channel, question.ts)
    number = len(built.openai.requests)

    asked = again(built, press(built, first, "again"))

    assert ENGLISH.error_text("again_gone") == ended(built, asked).text
    assert number == len(built.openai.requests)


# delete


def test_who_asked_deletes_the_whole_reply(built: House) -> None:
    """All of its parts, and nothing else; what follows does not see it any more."""
    built.openai.switches.answer = "\n\n".join(f"Paragraph {number}. " + "word " * 500 for number in range(12))
    question = built.ask("a very long one?")
    answer = answered(built, question)
    parts = built.replies(question)

    clicked = press(built, parts[-1], "delete", repeat=1)
    wait_until(lambda: not built.replies(question))

    assert answer.ts == parts[0].ts
    assert len(parts) > 2
    assert [[]] * (len(parts) - 1) == [buttons(part) for part in parts[:-1]]
    assert [question.ts] == [message.ts for message in built.slack.thread(question.channel, question.ts)]
    facts(built, Key(question.channel, parts[-1].ts, clicked.action_ts))
    built.openai.switches.answer = None
    answered(built, built.slack.say(ASKER, "and now?", thread_ts=question.ts))
    assert {"system", "user"} == {message["role"] for message in built.openai.requests[-1].body["messages"]}


@pytest.mark.parametrize(("asked", "words"), [("mine?", ENGLISH), ("私のですか？", JAPANESE)])
def test_nobody_else_deletes_it(built: House, asked: str, words: Any) -> None:
    """He alone reads why not."""
    question = built.ask(asked)
    answer = answered(built, question)
    before = len(built.slack.ephemeral_messages())

    press(built, answer, "delete", OTHER)
    built.slack.wait_for(lambda: len(built.slack.ephemeral_messages()) > before)
    whisper = built.slack.ephemeral_messages()[-1]

    assert (OTHER, words.only_asker) == (whisper.only_for, whisper.text)
    assert [answer.ts] == [message.ts for message in built.replies(question)]
    assert 0 == sum(
        1 for call in built.slack.calls if call.method == "chat.delete" and call.arguments.get("ts") == answer.ts
    )


def is_claimed(built: House, key: Key) -> bool:
    """Has a process this job in hand?"""
    return any(fact.get("fact") == "attempt" for fact in built.spool.peek("ready", key))


def test_a_deletion_outlives_the_process_that_was_to_do_it(built: House) -> None:
    """kill -9 between the click and its effect: the next process does it."""
    question = built.ask("kill me?")
    answer = answered(built, question)
    wait_until(lambda: not job_processes(built))
    built.slack.fail("chat.delete", Fault("slow", seconds=30.0))

    clicked = press(built, answer, "delete")
    lane = Key(question.channel, answer.ts, clicked.action_ts)
    wait_until(lambda: is_claimed(built, lane))
    send(built, signal.SIGKILL)
    built.slack.clear_faults()
    built.slack.wait_for(lambda: not built.replies(question), 60)

    assert [1, 2] == [fact["n"] for fact in facts(built, lane) if fact.get("fact") == "attempt"]


# 👍 👎


@pytest.mark.parametrize(("asked", "words"), [("good?", ENGLISH), ("いいですか？", JAPANESE)])
def test_an_opinion_is_kept_with_the_answer_and_thanked_for(built: House, asked: str, words: Any) -> None:
    """Anybody's, and the last of each counts; a replay of it is none."""
    question = built.ask(asked)
    answer = answered(built, question)
    before = len(built.slack.ephemeral_messages())

    press(built, answer, "up", repeat=3)
    press(built, answer, "down", OTHER)
    built.slack.wait_for(lambda: len(built.slack.ephemeral_messages()) >= before + 2)
    opinions = [fact for fact in facts(built, key_of(question)) if fact.get("fact") == "opinion"]

    assert {(ASKER, "up"), (OTHER, "down")} == {(fact["user"], fact["opinion"]) for fact in opinions}
    assert 2 == len(opinions)
    told = built.slack.ephemeral_messages()[before:]
    assert {(ASKER, words.thanks), (OTHER, words.thanks)} == {(each.only_for, each.text) for each in told}


@pytest.mark.parametrize("action", ["up", "delete"])
def test_a_click_under_a_reply_whose_job_was_swept(built: House, action: str) -> None:
    """It is done as far as it can be: thanked for, or deleted."""
    question = built.ask("an old one?")
    answer = answered(built, question)
    (built.var / "spool" / "done" / str(key_of(question))).unlink()
    before = len(built.slack.ephemeral_messages())

    clicked = press(built, answer, action)
    lane = Key(question.channel, answer.ts, clicked.action_ts)

    assert "finished" == facts(built, lane)[-1]["fact"]
    assert (action == "delete") == (not built.replies(question))
    assert [ENGLISH.thanks] * (action == "up") == [each.text for each in built.slack.ephemeral_messages()[before:]]


# who is not heard


@pytest.mark.parametrize(
    ("how", "status"),
    [
        pytest.param({"secret": "forged"}, 401, id="forged"),
        pytest.param({"at": -301}, 401, id="stale"),
        pytest.param({"headers": {}}, 401, id="unsigned"),
    ],
)
@pytest.mark.parametrize("action", ["stop", "again", "delete", "up"])
def test_what_slack_has_not_signed_now_does_nothing(
    built: House, action: str, how: dict[str, Any], status: int
) -> None:
    """Of a click that would do something, were it Slack's."""
    built.openai.switches.first_delay = 600.0
    question = built.ask("in hand?")
    placeholder = reply_to(built, question)
    key = key_of(question)
    container = {"type": "message", "message_ts": placeholder.ts, "channel_id": question.channel}
    before = everything(built)

    got, _ = post(built, form(click(action, str(key), container=container)), **how)

    assert status == got
    assert before == everything(built)
    assert not built.spool.is_stop_requested(key)
    press(built, placeholder, "stop")
    answered(built, question)


# a house that keeps to itself


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One person in one channel may ask, and the Slack app is not set up for clicks."""
    settings: dict[str, Any] = {"COCOAI_SLACK_ALLOW_USERS": ASKER, "COCOAI_SLACK_ALLOW_CHANNELS": "C0PRACTICE"}
    folder = tmp_path_factory.mktemp("house")
    with house(folder, certificates, COCOAI_SLACK_INTERACTIVITY="off", **settings) as built:
        wait_until((built.var / "identity.json").exists)
        yield built


@pytest.mark.parametrize("fault", [None, "no credit", "empty"])
def test_without_interactivity_there_are_no_buttons(strict: House, fault: Any) -> None:
    """Under no message, whatever becomes of the question; nor does the help speak of any."""
    if fault:
        strict.openai.fail(fault)
    question = strict.ask("hello?")
    helped = strict.ask("help")
    shown = [ended(strict, question), ended(strict, helped)]

    assert [[], []] == [buttons(message) for message in shown]
    assert ENGLISH.more["buttons"] not in shown[1].text
    assert ENGLISH.more["files"] in shown[1].text


@pytest.mark.parametrize(
    ("key", "user", "is_heard"),
    [
        pytest.param("C0PRACTICE", {"id": ASKER, "team_id": "T0PRACTICE"}, True, id="who may"),
        pytest.param("C0PRACTICE", {"id": OTHER, "team_id": "T0PRACTICE"}, False, id="another user"),
        pytest.param("C0SHARED", {"id": ASKER, "team_id": "T0PRACTICE"}, False, id="another channel"),
        pytest.param("C0PRACTICE", {"id": ASKER, "team_id": "T0OTHER"}, False, id="another organisation"),
    ],
)
@pytest.mark.parametrize("action", ["again", "delete", "up"])
def test_who_may_not_ask_may_not_click(strict: House, action: str, key: str, user: Any, is_heard: bool) -> None:
    """However well it is signed."""
    before = everything(strict)

    status, _ = post(strict, form(click(action, f"{key}-1763822000.000100-1763822000.000100", user=user)))

    assert 200 == status
    assert is_heard == bool(everything(strict) - before)
