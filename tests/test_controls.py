"""The buttons below a reply, pressed in the practice Slack and handled by a whole deployment.

    stop      ends an answer while it is written, while the model thinks or has not responded, or while it waits
    again     asks the same question under a key of its own, as it stands now, with its files
    continue  under an answer that was cut: asks for the rest of it, for a reply of its own
    delete    by the asker: deletes all parts; by others: an ephemeral message, and nothing is deleted
    up, down  are recorded in the answer's job, and an ephemeral message says thanks

A forged or stale click does nothing, a replayed one nothing more. tests/test_interactions.py posts malformed ones.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from cocoai.answer.prompt import CONTINUE_INSTRUCTION
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.slack.block_actions import ClickDelivery
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH, JAPANESE, Texts
from tests.deployment import Deployment, deploy, payload
from tests.footer import actions, pressing
from tests.processes import wait_until
from tests.slack_payloads import click, form
from tests.test_interactions import post
from tests.test_journey import everything, job_processes

ASKER, OTHER = "U0ASKER01", "U0ASKER02"
SLOW = {"answer": "word " * 2000, "piece_delay": 0.2}
"""Switches of a model that takes two minutes to write its answer."""


@pytest.fixture(scope="module")
def module_deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one deployment with two slots for most tests of this module."""
    folder = tmp_path_factory.mktemp("house")
    settings: dict[str, Any] = {"COCOAI_POOL_SLOTS": "2", "COCOAI_OPENAI_MAX_OUTPUT_TOKENS": "20000"}
    with deploy(folder, certificates, COCOAI_SLACK_UPDATE_INTERVAL="0.5", **settings) as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


@pytest.fixture
def deployment(module_deployment: Deployment) -> Iterator[Deployment]:
    """Yield the deployment; afterwards give the model its usual switches, and wait until no job is left."""
    yield module_deployment
    vars(module_deployment.openai.switches).update(vars(OpenAISwitches()))
    module_deployment.openai.clear_faults()
    module_deployment.slack.clear_faults()
    wait_until(lambda: not module_deployment.spool.keys("ready"))


def key_of(question: Message) -> Key:
    """Return the key of the question in this message."""
    return Key(question.channel, question.thread_ts or question.ts, question.ts)


def facts(deployment: Deployment, key: Key) -> list[Fact]:
    """Wait until the job is done, and return its facts, the question first."""
    wait_until(lambda: key in deployment.spool.keys("done"))
    return deployment.spool.peek("done", key)


def last_fact(deployment: Deployment, question: Message, name: str) -> Fact:
    """Return the newest fact of this name in the question's job, once it is done."""
    return [fact for fact in facts(deployment, key_of(question)) if fact.get("fact") == name][-1]


def press(deployment: Deployment, message: Message, action: str, user: str = ASKER, repeat: int = 0) -> ClickDelivery:
    """Press a button that the message has; fail unless the deployment answers with an empty 200."""
    clicked = deployment.slack.click(user, message.channel, message.ts, **pressing(message, action), repeat=repeat)

    assert (200, "") == (clicked.status, clicked.failure)
    return clicked


def press_older(deployment: Deployment, message: Message, action: str, user: str) -> int:
    """Press a button that earlier versions put under the message, one for each action; return the status."""
    key = str(payload(message)["key"])
    container = {"type": "message", "message_ts": message.ts, "channel_id": message.channel}
    pressed = click(action, key, user={"id": user, "team_id": "T0PRACTICE"}, container=container)
    return post(deployment, form(pressed))[0]


def wait_for_reply(deployment: Deployment, question: Message, text: str = "") -> Message:
    """Wait until a reply to the question contains `text`; return that reply, the first if there are several."""
    try:
        replies = deployment.slack.wait_for(
            lambda: [reply for reply in deployment.replies(question) if text in reply.text]
        )
    except TimeoutError as error:
        shown = [reply.text for reply in deployment.replies(question)]
        raise AssertionError(f"{error}: {text!r} in {shown}") from error
    return replies[0]


def wait_for_answer(deployment: Deployment, question: Message) -> Message:
    """Wait until the answer is complete and its job done; return the answer's first message."""
    answer = deployment.answer_to(question)
    facts(deployment, key_of(question))
    return answer


def ended(deployment: Deployment, question: Message) -> Message:
    """Wait until the question's job is done or failed; return the first message of the reply."""
    key = key_of(question)
    wait_until(lambda: key in deployment.spool.keys("done") or key in deployment.spool.keys("failed"))
    return deployment.replies(question)[0]


def signal_jobs(deployment: Deployment, signal_number: int) -> None:
    """Send a signal to every job process."""
    for pid in job_processes(deployment):
        with contextlib.suppress(ProcessLookupError):  # the process has just exited
            os.kill(pid, signal_number)


def question_of(deployment: Deployment, click_delivery: ClickDelivery) -> Message:
    """Return a message that stands for the question which a click on "again" asked; only its key has a meaning."""
    reply = deployment.slack.workspace.find(click_delivery.channel, click_delivery.ts)

    assert reply is not None
    return Message(click_delivery.channel, click_delivery.action_ts, click_delivery.user, "", thread_ts=reply.thread_ts)


def last_content(deployment: Deployment, number: int = -1) -> Any:
    """Return the content of the last message that the model was sent in its newest request, or in request `number`."""
    return deployment.openai.requests[number].body["messages"][-1]["content"]


# stop


def test_a_reply_is_stopped_while_it_is_written(deployment: Deployment) -> None:
    """The written part stays, with a note; the connection to the model is closed; the buttons are an answer's."""
    vars(deployment.openai.switches).update(SLOW)
    hung_up = deployment.openai.hung_up
    question = deployment.ask("a long one?")
    growing = wait_for_reply(deployment, question, "word")

    press(deployment, growing, "stop")
    answer = wait_for_answer(deployment, question)
    deployment.openai.wait_for(lambda: deployment.openai.hung_up > hung_up, 30)

    assert ["stop"] == actions(growing)
    assert growing.ts == answer.ts
    assert ENGLISH.stopped in answer.text
    assert ENGLISH.writing not in answer.text
    assert growing.text.count("word") <= answer.text.count("word") < 200
    assert ["again", "up", "down", "delete"] == actions(answer)
    assert "stopped" == last_fact(deployment, question, "answer")["finish"]
    assert [answer.ts] == [message.ts for message in deployment.replies(question)]


@pytest.mark.parametrize("text", ["are you thinking?", "考えていますか？"])
def test_a_model_that_thinks_is_stopped(deployment: Deployment, text: str) -> None:
    """If nothing was written yet, the reply becomes the note alone, in the asker's language."""
    deployment.openai.switches.first_delay = 600.0
    number = len(deployment.openai.requests)
    question = deployment.ask(text)
    placeholder = wait_for_reply(deployment, question)
    deployment.openai.wait_for(lambda: len(deployment.openai.requests) > number, 30)

    press(deployment, placeholder, "stop")
    answer = wait_for_answer(deployment, question)

    assert (ENGLISH if text.isascii() else JAPANESE).stopped == answer.text
    assert number + 1 == len(deployment.openai.requests)


def test_a_model_that_has_not_begun_to_respond_is_stopped(deployment: Deployment) -> None:
    """A stop ends a request whose response has not begun, and the reply becomes the note."""
    deployment.openai.fail("silent", seconds=600.0)
    number = len(deployment.openai.requests)
    question = deployment.ask("are you there?")
    placeholder = wait_for_reply(deployment, question)
    deployment.openai.wait_for(lambda: len(deployment.openai.requests) > number, 30)

    press(deployment, placeholder, "stop")

    assert ENGLISH.stopped == wait_for_answer(deployment, question).text
    assert number + 1 == len(deployment.openai.requests)


def test_a_question_that_waits_for_a_slot_is_stopped(deployment: Deployment) -> None:
    """A question that was stopped before its turn gets the note, and the model is not called for it."""
    deployment.openai.switches.first_delay = 600.0
    busy = [deployment.ask(f"question {number}?") for number in range(2)]
    placeholders = [wait_for_reply(deployment, question) for question in busy]
    wait_until(lambda: 2 == len([name for name in deployment.held_locks() if name.startswith("slot")]))
    waiting = deployment.ask("and me?")
    placeholder = wait_for_reply(deployment, waiting)

    press(deployment, placeholder, "stop")
    for each in placeholders:
        press(deployment, each, "stop")

    assert [ENGLISH.stopped] * 3 == [wait_for_answer(deployment, question).text for question in (waiting, *busy)]
    contents = [request.body["messages"][-1]["content"] for request in deployment.openai.requests]
    assert "and me?" not in contents


def test_a_stop_survives_the_kill_of_the_job_process(deployment: Deployment) -> None:
    """If the job process is killed before it notices the stop, the next one shows the note without the model."""
    wait_until(lambda: not job_processes(deployment))
    deployment.openai.switches.first_delay = 600.0
    number = len(deployment.openai.requests)
    question = deployment.ask("still there?")
    placeholder = wait_for_reply(deployment, question)
    deployment.openai.wait_for(lambda: len(deployment.openai.requests) > number, 30)

    signal_jobs(deployment, signal.SIGSTOP)
    press(deployment, placeholder, "stop")
    signal_jobs(deployment, signal.SIGKILL)

    assert ENGLISH.stopped == wait_for_answer(deployment, question).text
    assert [placeholder.ts] == [message.ts for message in deployment.replies(question)]
    assert number + 1 == len(deployment.openai.requests)


def test_only_who_takes_part_in_the_thread_may_stop(deployment: Deployment) -> None:
    """Somebody else is told so and stops nothing; after a message of his in the thread he may."""
    vars(deployment.openai.switches).update(SLOW)
    question = deployment.ask("a long one, for whom?")
    growing = wait_for_reply(deployment, question, "word")

    press(deployment, growing, "stop", OTHER)
    told = deployment.slack.wait_for(
        lambda: [each for each in deployment.slack.ephemeral_messages() if each.text == ENGLISH.only_participants]
    )
    words = wait_for_reply(deployment, question).text.count("word")
    wait_until(lambda: deployment.replies(question)[0].text.count("word") > words)  # it goes on
    deployment.slack.say(OTHER, "<@U0ASKER01> I have the answer here", thread_ts=question.ts)
    press(deployment, growing, "stop", OTHER)
    answer = wait_for_answer(deployment, question)

    assert [OTHER] == [each.only_for for each in told]
    assert ENGLISH.stopped in answer.text


def test_a_stop_that_comes_too_late_changes_nothing(deployment: Deployment) -> None:
    """Another user's stop after the end is answered with 200, and leaves no stop request behind."""
    question = deployment.ask("quick?")
    answer = wait_for_answer(deployment, question)

    user = {"id": OTHER, "team_id": "T0PRACTICE"}
    status, _ = post(deployment, form(click("stop", str(key_of(question)), user=user)))

    assert 200 == status
    assert answer == deployment.replies(question)[0]
    assert not deployment.spool.stop_requesters(key_of(question))


# again


def test_again_gets_a_new_answer_under_a_key_of_its_own(deployment: Deployment) -> None:
    """The new answer is posted after the first, which stays; three replays of the click ask nothing more."""
    question = deployment.ask("how many?")
    first = wait_for_answer(deployment, question)
    deployment.openai.switches.answer = "Another one."
    number = len(deployment.openai.requests)

    clicked = press(deployment, first, "again", OTHER, repeat=3)
    second = wait_for_answer(deployment, question_of(deployment, clicked))

    assert "Another one." == second.text
    assert (first.thread_ts, first.text) == (second.thread_ts, deployment.replies(question)[0].text)
    assert second.ts > first.ts
    assert "how many?" == last_content(deployment)
    assert number + 1 == len(deployment.openai.requests)
    assert ["again", "up", "down", "delete"] == actions(second)


def test_an_edited_question_is_asked_as_it_stands_now(deployment: Deployment) -> None:
    """A click on "again" below the answer asks the question as it was edited."""
    question = deployment.ask("how meny?")
    first = wait_for_answer(deployment, question)

    deployment.slack.edit(question.channel, question.ts, "<@U0COCOAI> how many?")
    wait_for_answer(deployment, question_of(deployment, press(deployment, first, "again")))

    assert "how many?" == last_content(deployment)


def test_a_question_with_a_file_is_asked_again_with_it(deployment: Deployment) -> None:
    """The model is sent the same contents of the file and the same text again."""
    note = PracticeFile("note.txt", "text/plain", b"the cat is grey")
    question = deployment.slack.share(ASKER, "<@U0COCOAI> which colour?", [note])
    first = wait_for_answer(deployment, question)

    wait_for_answer(deployment, question_of(deployment, press(deployment, first, "again")))

    assert last_content(deployment, -2) == last_content(deployment, -1)
    assert ["note.txt:\n\nthe cat is grey", "which colour?"] == [part["text"] for part in last_content(deployment)]


def test_again_below_an_error(deployment: Deployment) -> None:
    """An error has the buttons "again" and "delete", and "again" gets an answer."""
    deployment.openai.fail("no credit")
    question = deployment.ask("please?")
    error = ended(deployment, question)

    clicked = press(deployment, error, "again")
    wait_for_answer(deployment, question_of(deployment, clicked))

    assert ENGLISH.error_text("operator") == error.text
    assert ["again", "delete"] == actions(error)
    assert "please?" == last_content(deployment)


def test_a_question_that_is_gone_cannot_be_asked_again(deployment: Deployment) -> None:
    """If the job was swept and the message deleted, the reply says so in the answer's language, without the model."""
    question = deployment.ask("forget me?")
    first = wait_for_answer(deployment, question)
    (deployment.var / "spool" / "done" / str(key_of(question))).unlink()
    deployment.slack.delete(question.channel, question.ts)
    number = len(deployment.openai.requests)

    new_question = question_of(deployment, press(deployment, first, "again"))

    assert ENGLISH.error_text("again_gone") == ended(deployment, new_question).text
    assert number == len(deployment.openai.requests)


# continue


def test_the_rest_of_an_answer_that_was_cut(deployment: Deployment) -> None:
    """Another user reads on in a new reply, from where the answer stopped; replays of the click ask nothing more."""
    deployment.openai.switches.answer = "One, two, "
    deployment.openai.fail("unexplained")
    question = deployment.ask("count")
    first = wait_for_answer(deployment, question)
    deployment.openai.switches.answer = "three."
    number = len(deployment.openai.requests)

    clicked = press(deployment, first, "continue", OTHER, repeat=3)
    rest = wait_for_answer(deployment, question_of(deployment, clicked))

    shown = [each["content"] for each in deployment.openai.requests[-1].body["messages"][1:]]
    assert ["count", "One, two,", CONTINUE_INSTRUCTION] == shown
    assert ["three.", first.thread_ts] == [rest.text, rest.thread_ts]
    assert [["continue", "again", "up", "down", "delete"], ["again", "up", "down", "delete"]] == [
        actions(each) for each in (first, rest)
    ]
    assert [first] == deployment.replies(question)
    assert number + 1 == len(deployment.openai.requests)


# delete


def test_the_asker_deletes_the_whole_reply(deployment: Deployment) -> None:
    """All parts of the reply are deleted and nothing else; the model does not see them in the next question."""
    deployment.openai.switches.answer = "\n\n".join(f"Paragraph {number}. " + "word " * 500 for number in range(12))
    question = deployment.ask("a very long one?")
    answer = wait_for_answer(deployment, question)
    parts = deployment.replies(question)

    clicked = press(deployment, parts[-1], "delete", repeat=1)
    wait_until(lambda: not deployment.replies(question))

    assert answer.ts == parts[0].ts
    assert len(parts) > 2
    assert [[]] * (len(parts) - 1) == [actions(part) for part in parts[:-1]]
    assert [question.ts] == [message.ts for message in deployment.slack.thread(question.channel, question.ts)]
    facts(deployment, Key(question.channel, parts[-1].ts, clicked.action_ts))
    deployment.openai.switches.answer = None
    wait_for_answer(deployment, deployment.slack.say(ASKER, "and now?", thread_ts=question.ts))
    assert {"system", "user"} == {message["role"] for message in deployment.openai.requests[-1].body["messages"]}


@pytest.mark.parametrize(("text", "texts"), [("mine?", ENGLISH), ("私のですか？", JAPANESE)])
def test_another_user_cannot_delete_a_reply(deployment: Deployment, text: str, texts: Texts) -> None:
    """Another user sees no bin, only a button under older messages: its click deletes nothing, and it is told why.

    Only that user reads it, in the language of the question.
    """
    question = deployment.ask(text)
    answer = wait_for_answer(deployment, question)
    before = len(deployment.slack.ephemeral_messages())

    with pytest.raises(ValueError, match="no button"):
        press(deployment, answer, "delete", OTHER)
    assert 200 == press_older(deployment, answer, "delete", OTHER)
    deployment.slack.wait_for(lambda: len(deployment.slack.ephemeral_messages()) > before)
    message = deployment.slack.ephemeral_messages()[-1]

    assert (OTHER, texts.only_asker) == (message.only_for, message.text)
    assert [answer.ts] == [reply.ts for reply in deployment.replies(question)]
    deletions = [call for call in deployment.slack.calls if call.method == "chat.delete"]
    assert answer.ts not in [call.arguments.get("ts") for call in deletions]


def is_claimed(deployment: Deployment, key: Key) -> bool:
    """Return True if a process has begun an attempt at this job."""
    return any(fact.get("fact") == "attempt" for fact in deployment.spool.peek("ready", key))


def test_a_deletion_survives_the_kill_of_the_job_process(deployment: Deployment) -> None:
    """If the job process is killed before the deletion takes effect, the next one deletes the reply."""
    question = deployment.ask("kill me?")
    answer = wait_for_answer(deployment, question)
    wait_until(lambda: not job_processes(deployment))
    deployment.slack.fail("chat.delete", Fault("slow", seconds=30.0))

    clicked = press(deployment, answer, "delete")
    click_key = Key(question.channel, answer.ts, clicked.action_ts)
    wait_until(lambda: is_claimed(deployment, click_key))
    signal_jobs(deployment, signal.SIGKILL)
    deployment.slack.clear_faults()
    deployment.slack.wait_for(lambda: not deployment.replies(question), 60)

    assert [1, 2] == [fact["n"] for fact in facts(deployment, click_key) if fact.get("fact") == "attempt"]


# 👍 👎


@pytest.mark.parametrize(("text", "texts"), [("good?", ENGLISH), ("いいですか？", JAPANESE)])
def test_feedback_is_recorded_with_the_answer_and_thanked_for(deployment: Deployment, text: str, texts: Texts) -> None:
    """The feedback of each user is recorded once, despite replays, and each user is thanked in an ephemeral message."""
    question = deployment.ask(text)
    answer = wait_for_answer(deployment, question)
    before = len(deployment.slack.ephemeral_messages())

    press(deployment, answer, "up", repeat=3)
    assert 200 == press_older(deployment, answer, "down", OTHER)
    deployment.slack.wait_for(lambda: len(deployment.slack.ephemeral_messages()) >= before + 2)
    feedback = [fact for fact in facts(deployment, key_of(question)) if fact.get("fact") == "opinion"]

    assert {(ASKER, "up"), (OTHER, "down")} == {(fact["user"], fact["opinion"]) for fact in feedback}
    assert 2 == len(feedback)
    messages = deployment.slack.ephemeral_messages()[before:]
    assert {(ASKER, texts.thanks), (OTHER, texts.thanks)} == {(each.only_for, each.text) for each in messages}


@pytest.mark.parametrize("action", ["up", "delete"])
def test_a_click_below_a_reply_whose_job_was_swept(deployment: Deployment, action: str) -> None:
    """Feedback is still thanked for, and "delete" still deletes the reply."""
    question = deployment.ask("an old one?")
    answer = wait_for_answer(deployment, question)
    (deployment.var / "spool" / "done" / str(key_of(question))).unlink()
    before = len(deployment.slack.ephemeral_messages())

    clicked = press(deployment, answer, action)
    click_key = Key(question.channel, answer.ts, clicked.action_ts)

    assert "finished" == facts(deployment, click_key)[-1]["fact"]
    assert (action == "delete") == (not deployment.replies(question))
    assert [ENGLISH.thanks] * (action == "up") == [each.text for each in deployment.slack.ephemeral_messages()[before:]]


# requests that are refused


@pytest.mark.parametrize(
    ("how", "status"),
    [
        pytest.param({"secret": "forged"}, 401, id="forged"),
        pytest.param({"at": -301}, 401, id="stale"),
        pytest.param({"headers": {}}, 401, id="unsigned"),
    ],
)
@pytest.mark.parametrize("action", ["stop", "again", "delete", "up"])
def test_a_click_without_a_fresh_signature_does_nothing(
    deployment: Deployment, action: str, how: dict[str, Any], status: int
) -> None:
    """A forged, stale or unsigned click on each button is refused, stores no job, and stops nothing."""
    deployment.openai.switches.first_delay = 600.0
    question = deployment.ask("in hand?")
    placeholder = wait_for_reply(deployment, question)
    key = key_of(question)
    container = {"type": "message", "message_ts": placeholder.ts, "channel_id": question.channel}
    before = everything(deployment)

    got, _ = post(deployment, form(click(action, str(key), container=container)), **how)

    assert status == got
    assert before == everything(deployment)
    assert not deployment.spool.stop_requesters(key)
    press(deployment, placeholder, "stop")
    wait_for_answer(deployment, question)


# a deployment with restrictions


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield a deployment in which one user may ask in one channel, and whose Slack app has no interactivity."""
    settings: dict[str, Any] = {"COCOAI_SLACK_ALLOW_USERS": ASKER, "COCOAI_SLACK_ALLOW_CHANNELS": "C0PRACTICE"}
    folder = tmp_path_factory.mktemp("house")
    with deploy(folder, certificates, COCOAI_SLACK_INTERACTIVITY="off", **settings) as deployment:
        wait_until((deployment.var / "identity.json").exists)
        yield deployment


@pytest.mark.parametrize("fault", [None, "no credit", "empty"])
def test_without_interactivity_there_are_no_buttons(restricted: Deployment, fault: Any) -> None:
    """No reply has buttons, whether an answer, an error or help, and the help text mentions none."""
    if fault:
        restricted.openai.fail(fault)
    question = restricted.ask("hello?")
    help_question = restricted.ask("help")
    replies = [ended(restricted, question), ended(restricted, help_question)]

    assert [[], []] == [actions(reply) for reply in replies]
    assert ENGLISH.more["buttons"] not in replies[1].text
    assert ENGLISH.more["files"] in replies[1].text


@pytest.mark.parametrize(
    ("channel", "user", "is_allowed"),
    [
        pytest.param("C0PRACTICE", {"id": ASKER, "team_id": "T0PRACTICE"}, True, id="the allowed user"),
        pytest.param("C0PRACTICE", {"id": OTHER, "team_id": "T0PRACTICE"}, False, id="another user"),
        pytest.param("C0SHARED", {"id": ASKER, "team_id": "T0PRACTICE"}, False, id="another channel"),
        pytest.param("C0PRACTICE", {"id": ASKER, "team_id": "T0OTHER"}, False, id="another organisation"),
    ],
)
@pytest.mark.parametrize("action", ["again", "delete", "up"])
def test_a_user_who_may_not_ask_may_not_click(
    restricted: Deployment, action: str, channel: str, user: Any, is_allowed: bool
) -> None:
    """A click is stored only if its user may ask in its channel; any other is a 403, which Slack shows to them."""
    before = everything(restricted)

    status, _ = post(restricted, form(click(action, f"{channel}-1763822000.000100-1763822000.000100", user=user)))

    assert (200 if is_allowed else 403) == status
    assert is_allowed == bool(everything(restricted) - before)
