"""How a question ends when the channel, the token, the placeholder or all of Slack becomes unavailable meanwhile.

The Answerer runs between the practice servers, as in test_answer.py; the change comes in the middle of its work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeChannel
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import Ignored, Question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from cocoai.webhook import EventsHandler
from tests.answer_harness import AnswerHarness
from tests.deployment import payload
from tests.job_runner import RecordingRunner

LONG = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(9))
"""Fits into three messages."""


class ChangingSlack(PracticeSlack):
    """A practice Slack in which something changes right after the next call of a method.

    `changes` maps the method to a function, which is called once.
    """

    changes: dict[str, Callable[[], object]]

    def answer(self, incoming: Incoming) -> Outgoing:
        outgoing = super().answer(incoming)
        if change := self.changes.pop(incoming.path.removeprefix("/api/"), None):
            change()
        return outgoing


@pytest.fixture
def slack(certificates: Certificates) -> Iterator[ChangingSlack]:
    with ChangingSlack(certificates) as slack:
        slack.changes = {}
        yield slack


@pytest.fixture
def desk(tmp_path: Path, certificates: Certificates, slack: ChangingSlack) -> Iterator[AnswerHarness]:
    with PracticeOpenAI(certificates) as openai:
        yield AnswerHarness(tmp_path, certificates, slack, openai)


def run_all(desk: AnswerHarness) -> None:
    """Answer everything that is claimable now, as job processes do."""
    while (job := desk.spool.claim()) is not None:
        desk.answerer().answer(job)
        job.release()


def answers(desk: AnswerHarness, question: Message) -> list[Message]:
    """Return the messages of ours that bear this question's key."""
    key = f"{question.channel}-{question.thread_ts or question.ts}-{question.ts}"
    return [message for message in desk.replies(question) if payload(message).get("key") == key]


def ask_in_thread(desk: AnswerHarness) -> Message:
    """Ask a question in a thread that a person opened before: the thread is read for it."""
    opening = desk.slack.say("U0ASKER01", "We were talking.")
    return desk.ask(thread_ts=opening.ts)


def replies(desk: AnswerHarness, question: Message) -> list[tuple[object, str]]:
    """Return the kind and the text of each reply to this question."""
    return [(payload(message)["kind"], message.text) for message in answers(desk, question)]


# forbidden in the middle of the work


def archive(slack: PracticeSlack) -> None:
    """Archive the channel."""
    slack.add(PracticeChannel("C0PRACTICE", "practice", is_archived=True))


def remove(slack: PracticeSlack) -> None:
    """Remove the app from the channel."""
    slack.add(PracticeChannel("C0PRACTICE", "practice", is_member=False))


def restore(slack: PracticeSlack) -> None:
    """Undo all of these, as the operator does."""
    slack.add(PracticeChannel("C0PRACTICE", "practice"))
    slack.clear_faults()


FORBIDDEN = {"is_archived": archive, "not_in_channel": remove}


@pytest.mark.parametrize("reason", FORBIDDEN)
@pytest.mark.parametrize("after", ["chat.postMessage", "conversations.replies", "chat.update"])
def test_a_question_that_slack_forbids_midway_fails_with_its_reason(
    desk: AnswerHarness, slack: ChangingSlack, reason: str, after: str
) -> None:
    """The placeholder was posted, the answer can never be: the job fails at once, and is not tried again."""
    slack.changes[after] = partial(FORBIDDEN[reason], slack)
    desk.openai.switches.answer = LONG
    ask_in_thread(desk)

    desk.run()
    calls = len(slack.calls)
    for _ in range(3):
        desk.wait()
        run_all(desk)

    assert (0, 0, 1) == desk.ended()
    (failed,) = desk.facts("failed", "failed")
    assert f"Slack {reason}" in failed["reason"]
    assert 1 == len(desk.facts("failed", "attempt"))
    assert calls == len(slack.calls)
    assert len(desk.openai.requests) <= 1


@pytest.mark.parametrize("reason", FORBIDDEN)
def test_a_retried_job_delivers_its_answer_without_another_call(
    desk: AnswerHarness, slack: ChangingSlack, reason: str
) -> None:
    """`cocoai spool retry`: the answer that could not be delivered is still recorded, and nothing is paid again."""
    slack.changes["conversations.replies"] = partial(FORBIDDEN[reason], slack)
    desk.openai.switches.answer = "Kept."
    question = ask_in_thread(desk)
    desk.run()
    restore(slack)

    desk.spool.retry(*desk.spool.keys("failed"))
    desk.run()

    assert [("answer", "Kept.")] == replies(desk, question)
    assert (0, 1, 0) == desk.ended()
    assert 1 == len(desk.openai.requests)


def test_a_failed_question_does_not_hold_up_its_thread(desk: AnswerHarness, slack: ChangingSlack) -> None:
    """The next question of the thread is claimed as if the first had been answered."""
    slack.changes["conversations.replies"] = partial(archive, slack)
    first = ask_in_thread(desk)
    desk.run()
    restore(slack)

    second = desk.ask("and now?", thread_ts=first.thread_ts)
    desk.run()

    assert "answer" == payload(answers(desk, second)[-1])["kind"]
    assert (0, 1, 1) == desk.ended()


# an hour without Slack


def test_an_hour_without_slack_loses_nothing(desk: AnswerHarness) -> None:
    """Questions in three threads, some of them in hand, are all answered afterwards, in order, each paid once."""
    first = desk.ask("one")
    second = desk.ask("two")
    run_all(desk)
    under_way = [desk.ask("three", thread_ts=first.ts), desk.ask("four")]
    for job in desk.spool.each_without("placeholder"):
        desk.answerer().post_placeholder(job)
    # The next two get as far as their answers, which are paid and cannot be delivered.
    desk.slack.fail("chat.update", Fault("broken"), times=10_000)
    run_all(desk)
    paid = len(desk.openai.requests)
    desk.slack.fail("*", Fault("gone"), times=10_000)
    waiting = [desk.ask("five", thread_ts=first.ts), desk.ask("six", thread_ts=second.ts), desk.ask("seven")]
    hour = desk.ahead + 3600
    while desk.ahead < hour:
        run_all(desk)
        desk.wait()
    in_between = desk.ended()
    desk.slack.clear_faults()
    for _ in range(3):
        run_all(desk)
        desk.wait()

    assert 4 == paid
    assert (5, 2, 0) == in_between
    assert (0, 7, 0) == desk.ended()
    assert 7 == len(desk.openai.requests)
    kinds = [[payload(reply)["kind"] for reply in answers(desk, each)] for each in (*under_way, *waiting)]
    assert [["answer"]] * 5 == kinds
    assert ["three", "five"] == [
        sent for asked in desk.openai.requests if (sent := asked.body["messages"][-1]["content"]) in ("three", "five")
    ]


def test_an_answer_after_an_hour_says_that_it_is_late(desk: AnswerHarness) -> None:
    """The placeholder becomes the answer, which says once that it is late, however often it is delivered."""
    desk.openai.switches.answer = LONG
    question = desk.ask()
    for job in desk.spool.each_without("placeholder"):
        desk.answerer().post_placeholder(job)
    (placeholder,) = desk.replies(question)
    desk.ahead += 3601
    desk.slack.fail("chat.postMessage", Fault("reply lost"))
    desk.run()
    desk.wait()

    desk.run()

    first, *others = desk.replies(question)
    assert placeholder.ts == first.ts
    assert first.text.startswith(f"{ENGLISH.late}\n\nParagraph 0: ")
    assert [2, 3] == [payload(message)["n"] for message in others]
    assert 1 == sum(message.text.count(ENGLISH.late) for message in (first, *others))


def test_an_answer_within_the_hour_does_not_say_that_it_is_late(desk: AnswerHarness) -> None:
    """An ordinary wait needs no apology."""
    desk.openai.switches.answer = "Soon."
    question = desk.ask()
    desk.ahead += 3500

    desk.run()

    assert ("answer", "Soon.") == desk.reply(question)


# a placeholder that is deleted


def delete_reply(desk: AnswerHarness, question: Message) -> None:
    """Delete the only reply, as a person may in Slack."""
    (message,) = answers(desk, question)
    desk.slack.delete(message.channel, message.ts)


@pytest.mark.parametrize("after", ["conversations.replies", "chat.update"])
def test_an_answer_whose_message_is_deleted_meanwhile_is_posted_anew(
    desk: AnswerHarness, slack: ChangingSlack, after: str
) -> None:
    """It is there once and whole, with its further parts behind it."""
    desk.openai.switches.answer = LONG
    desk.openai.switches.pieces = 5
    desk.openai.switches.piece_delay = 0.1
    question = ask_in_thread(desk)
    slack.changes[after] = partial(delete_reply, desk, question)

    desk.run()

    replies = answers(desk, question)
    assert [("answer", 1), ("part", 2), ("part", 3)] == [(payload(it)["kind"], payload(it)["n"]) for it in replies]
    whole = " ".join(message.text for message in replies)
    assert [1] * 9 == [whole.count(f"Paragraph {n}: ") for n in range(9)]
    assert replies[0].ts == desk.facts("done", "placeholder")[-1]["ts"]
    assert 1 == len(desk.openai.requests)


def test_an_answer_posted_anew_without_a_reply_from_slack_is_not_posted_again(
    desk: AnswerHarness, slack: ChangingSlack
) -> None:
    """Slack's reply to the new post was lost; the next attempt finds the message in the thread."""
    desk.openai.switches.answer = "Anew."
    question = ask_in_thread(desk)

    def delete_it_and_lose_a_reply() -> None:
        delete_reply(desk, question)
        slack.fail("chat.postMessage", Fault("reply lost"))

    slack.changes["conversations.replies"] = delete_it_and_lose_a_reply
    desk.run()
    after_first = desk.ended()
    desk.wait()

    desk.run()

    assert (1, 0, 0) == after_first
    assert [("answer", "Anew.")] == replies(desk, question)
    assert 1 == len(desk.openai.requests)


def test_a_message_that_may_no_longer_be_edited_is_followed_by_a_new_one(
    desk: AnswerHarness, slack: ChangingSlack
) -> None:
    """A workspace may forbid edits after a while; then the answer is in one message of its own."""
    desk.openai.switches.answer = "Anew."
    question = desk.ask()
    slack.fail("chat.update", Fault("refused", code="edit_window_closed"), times=3)
    slack.fail("chat.postMessage", Fault("reply lost"))
    desk.run()
    desk.wait()

    desk.run()

    assert ["placeholder", "answer"] == [payload(message)["kind"] for message in desk.replies(question)]


# two bots in one thread


class Bot:
    """The webhook of one CocoAI, with its analyzer, its spool and its identity."""

    def __init__(self, folder: Path, user_id: str, bot_id: str) -> None:
        self.identity = Identity("T0PRACTICE", user_id, bot_id)
        self.spool = FileSpool(str(folder))
        self.spool.make_folders()
        self.analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: self.identity, mark_of=self.spool.mark_of)
        self.handler = EventsHandler(self.analyzer, self.spool, RecordingRunner(self.spool), Scoreboard(None, slots=0))

    def receive(self, slack: PracticeSlack, event: Mapping[str, Any]) -> None:
        """Post this event to it, as Slack does."""
        body = json.dumps(event).encode()
        headers = {name.lower(): value for name, value in slack.signed(body).items()}
        assert 200 == self.handler(Request("POST", "/slack/events", headers, body)).status

    def accepted(self) -> list[str]:
        """Return the ts of every question that it accepted."""
        return [key.ts for folder in ("ready", "done", "failed") for key in self.spool.keys(folder)]


@pytest.fixture
def bots(tmp_path: Path) -> tuple[Bot, Bot]:
    return Bot(tmp_path / "one", "U0COCOAI", "B0COCOAI"), Bot(tmp_path / "two", "U0SECOND", "B0SECOND")


def by_the_second(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event as it would be if the second bot had been asked, and had answered."""
    text = json.dumps(event)
    for ours, theirs in (("U0COCOAI", "U0SECOND"), ("B0COCOAI", "B0SECOND"), ("A0COCOAI", "A0SECOND")):
        text = text.replace(ours, theirs)
    swapped: dict[str, Any] = json.loads(text)
    return swapped


def test_two_bots_in_one_thread_answer_people_and_not_each_other(desk: AnswerHarness, bots: tuple[Bot, Bot]) -> None:
    """Both know the thread, and both get events for all placeholders, updates, answers and parts of either."""
    one, two = bots
    desk.openai.switches.answer = f"Ask <@U0SECOND> or @CocoAI.\n\n{LONG}"
    question = desk.ask("what do you say?")
    desk.run()
    of_one = desk.slack.payloads
    of_two = [by_the_second(event) for event in of_one]
    person = desk.slack.say("U0ASKER01", "and both of you?", thread_ts=question.ts)
    follow_up = desk.slack.payloads[len(of_one) :]

    for event in (*of_one, *of_two, *follow_up):
        for bot in bots:
            bot.receive(desk.slack, event)

    assert len(of_one) > 5
    assert one.accepted() == two.accepted() == [question.ts, person.ts]


def bot_message(**changes: Any) -> dict[str, Any]:
    """Return the event of a message that another bot of our kind posts in a thread of ours."""
    event = {"type": "message", "user": "U0SECOND", "bot_id": "B0SECOND", "app_id": "A0SECOND", "team": "T0PRACTICE"}
    event |= {"channel": "C0PRACTICE", "channel_type": "channel", "ts": "1763822001.000100"}
    event |= {"thread_ts": "1763822000.000100", "text": "<@U0COCOAI> what do you say?"}
    return {"type": "event_callback", "team_id": "T0PRACTICE", "event": event | changes}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"type": "app_mention"},
        {"text": "and you?"},
        {"subtype": "bot_message", "user": None},
        {"subtype": "thread_broadcast"},
        {"subtype": "me_message"},
        {"subtype": "message_changed", "hidden": True},
        {"bot_id": None, "bot_profile": {"id": "B0SECOND"}},
        {"channel": "D0PRACTICE", "channel_type": "im", "text": "hello"},
        {"channel_type": "mpim"},
    ],
)
def test_a_message_of_another_bot_is_never_a_question(desk: AnswerHarness, changes: dict[str, Any]) -> None:
    """It is ignored in a thread of ours, with a mention of us, and in a direct message."""
    analyzer = SlackEventAnalyzer(
        SIGNING_SECRET, who=lambda: Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI"), mark_of=lambda *_: {}
    )
    body = json.dumps(bot_message(**changes)).encode()
    headers = {name.lower(): value for name, value in desk.slack.signed(body, at=1763822002).items()}

    assert isinstance(analyzer.analyze(headers, body, 1763822002.0), Ignored)


def test_the_same_message_of_a_person_is_a_question(desk: AnswerHarness) -> None:
    """The rows above are ignored for being a bot's, and for nothing else."""
    analyzer = SlackEventAnalyzer(
        SIGNING_SECRET, who=lambda: Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI"), mark_of=lambda *_: {}
    )
    body = json.dumps(bot_message(user="U0ASKER01", bot_id=None, app_id=None)).encode()
    headers = {name.lower(): value for name, value in desk.slack.signed(body, at=1763822002).items()}

    question = analyzer.analyze(headers, body, 1763822002.0)

    assert isinstance(question, Question)
    assert Key("C0PRACTICE", "1763822000.000100", "1763822001.000100") == Key.parse(question.key)
