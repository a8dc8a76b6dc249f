"""At Slack's edge: what a question comes to when the channel, the token, the placeholder or all of Slack goes away.

The Answerer runs between the practice servers, as in test_answer.py; something happens there in the middle of its work.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
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
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.texts import ENGLISH
from cocoai.webhook import EventsHandler
from tests.house import payload
from tests.job_runner import RecordingRunner
from tests.test_answer import Desk

Act = Callable[[], None]

LONG = "\n\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(9))
"""Fits into three messages."""


class Slack(PracticeSlack):
    """`then` maps a method to what happens, once, right after its next call."""

    then: dict[str, Act]

    def answer(self, incoming: Incoming) -> Outgoing:
        outgoing = super().answer(incoming)
        self.then.pop(incoming.path.removeprefix("/api/"), lambda: None)()
        return outgoing


@pytest.fixture
def slack(certificates: Certificates) -> Iterator[Slack]:
    with Slack(certificates) as slack:
        slack.then = {}
        yield slack


@pytest.fixture
def desk(tmp_path: Path, certificates: Certificates, slack: Slack) -> Iterator[Desk]:
    with PracticeOpenAI(certificates) as openai:
        yield Desk(tmp_path, certificates, slack, openai)


def run_all(desk: Desk) -> None:
    """Job processes see to everything that is claimable now."""
    while (job := desk.spool.claim()) is not None:
        desk.answerer().answer(job)
        job.release()


def answers(desk: Desk, question: Message) -> list[Message]:
    """The messages that bear this question's key."""
    key = f"{question.channel}-{question.thread_ts or question.ts}-{question.ts}"
    return [message for message in desk.replies(question) if payload(message).get("key") == key]


def ask_within(desk: Desk) -> Message:
    """A question in a thread that somebody has opened before, and that is read for it."""
    opening = desk.slack.say("U0ASKER01", "We were talking.")
    return desk.ask(thread_ts=opening.ts)


def said(desk: Desk, question: Message) -> list[tuple[object, str]]:
    """The kind and the text of each of its replies."""
    return [(payload(message)["kind"], message.text) for message in answers(desk, question)]


# gone midway


def archived(slack: PracticeSlack) -> None:
    slack.add(PracticeChannel("C0PRACTICE", "practice", is_archived=True))


def removed(slack: PracticeSlack) -> None:
    slack.add(PracticeChannel("C0PRACTICE", "practice", is_member=False))


def revoked(slack: PracticeSlack) -> None:
    slack.fail("*", Fault("refused", code="token_revoked"), times=10_000)


def back_again(slack: PracticeSlack) -> None:
    """The operator has mended it."""
    slack.add(PracticeChannel("C0PRACTICE", "practice"))
    slack.clear_faults()


GONE = {"is_archived": archived, "not_in_channel": removed, "token_revoked": revoked}


@pytest.mark.parametrize("reason", GONE)
@pytest.mark.parametrize("after", ["chat.postMessage", "conversations.replies", "chat.update"])
def test_what_slack_forbids_midway_fails_with_its_reason(desk: Desk, slack: Slack, reason: str, after: str) -> None:
    """The placeholder was posted, the answer can never be: failed, once, however often anybody looks again."""
    slack.then[after] = lambda: GONE[reason](slack)
    desk.openai.switches.answer = LONG
    ask_within(desk)

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


@pytest.mark.parametrize("reason", GONE)
def test_what_the_operator_has_mended_is_delivered_unpaid(desk: Desk, slack: Slack, reason: str) -> None:
    """`spool retry`: the answer that could not be delivered is still there; the model is not asked again."""
    slack.then["conversations.replies"] = lambda: GONE[reason](slack)
    desk.openai.switches.answer = "Kept."
    question = ask_within(desk)
    desk.run()
    back_again(slack)

    desk.spool.retry(*desk.spool.keys("failed"))
    desk.run()

    assert [("answer", "Kept.")] == said(desk, question)
    assert (0, 1, 0) == desk.ended()
    assert 1 == len(desk.openai.requests)


def test_a_failed_question_holds_up_nobody(desk: Desk, slack: Slack) -> None:
    """The next one of its thread is claimed as if the first had been answered."""
    slack.then["conversations.replies"] = lambda: archived(slack)
    first = ask_within(desk)
    desk.run()
    back_again(slack)

    second = desk.ask("and now?", thread_ts=first.thread_ts)
    desk.run()

    assert "answer" == payload(answers(desk, second)[-1])["kind"]
    assert (0, 1, 1) == desk.ended()


# an hour without Slack


def test_an_hour_without_slack_loses_nothing(desk: Desk) -> None:
    """Questions in three threads, some of them under way: all delivered afterwards, in order, each paid once."""
    first = desk.ask("one")
    second = desk.ask("two")
    run_all(desk)
    under_way = [desk.ask("three", thread_ts=first.ts), desk.ask("four")]
    for job in desk.spool.each_without("placeholder"):
        desk.answerer().post_placeholder(job)
    # The next two get as far as their answers, which are paid, and nobody can be told.
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


def test_an_answer_after_such_an_hour_says_so(desk: Desk) -> None:
    """On recovery the placeholder goes on to the answer, with an honest word, once, however often it is delivered."""
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


def test_an_answer_within_the_hour_does_not(desk: Desk) -> None:
    """Nobody is told sorry for an ordinary wait."""
    desk.openai.switches.answer = "Soon."
    question = desk.ask()
    desk.ahead += 3500

    desk.run()

    assert ("answer", "Soon.") == desk.reply(question)


# a placeholder that somebody takes away


def take_away(desk: Desk, question: Message) -> None:
    (message,) = answers(desk, question)
    desk.slack.delete(message.channel, message.ts)


@pytest.mark.parametrize("after", ["conversations.replies", "chat.update"])
def test_an_answer_whose_message_is_deleted_while_it_grows_is_posted_anew(desk: Desk, slack: Slack, after: str) -> None:
    """Whole, once; its further parts stand behind it."""
    desk.openai.switches.answer = LONG
    desk.openai.switches.pieces = 5
    desk.openai.switches.piece_delay = 0.1
    question = ask_within(desk)
    slack.then[after] = lambda: take_away(desk, question)

    desk.run()

    replies = answers(desk, question)
    assert [("answer", 1), ("part", 2), ("part", 3)] == [(payload(it)["kind"], payload(it)["n"]) for it in replies]
    whole = " ".join(message.text for message in replies)
    assert [1] * 9 == [whole.count(f"Paragraph {n}: ") for n in range(9)]
    assert replies[0].ts == desk.facts("done", "placeholder")[-1]["ts"]
    assert 1 == len(desk.openai.requests)


def test_an_answer_posted_anew_that_nobody_knows_of_is_not_posted_again(desk: Desk, slack: Slack) -> None:
    """Slack's reply to the new post was lost: the next attempt finds it in the thread."""
    desk.openai.switches.answer = "Anew."
    question = ask_within(desk)

    def trouble() -> None:
        take_away(desk, question)
        slack.fail("chat.postMessage", Fault("reply lost"))

    slack.then["conversations.replies"] = trouble
    desk.run()
    after_first = desk.ended()
    desk.wait()

    desk.run()

    assert (1, 0, 0) == after_first
    assert [("answer", "Anew.")] == said(desk, question)
    assert 1 == len(desk.openai.requests)


def test_a_message_that_may_no_longer_be_edited_is_followed_by_a_new_one(desk: Desk, slack: Slack) -> None:
    """The workspace lets nobody edit after a while: the answer stands in a message of its own, once."""
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
    """A CocoAI as far as its door to Slack: its analyzer, its spool, and who it is."""

    def __init__(self, folder: Path, user_id: str, bot_id: str) -> None:
        self.us = Identity("T0PRACTICE", user_id, bot_id)
        self.spool = Spool(str(folder))
        self.spool.make_folders()
        self.analyzer = SlackEventAnalyzer(
            SIGNING_SECRET, who=lambda: self.us, is_known_thread=self.spool.is_known_thread
        )
        self.handler = EventsHandler(
            self.analyzer, self.spool, RecordingRunner(self.spool), Scoreboard(None, slots=0)
        )

    def hear(self, slack: PracticeSlack, event: Mapping[str, Any]) -> None:
        """Slack delivers this to it."""
        body = json.dumps(event).encode()
        headers = {name.lower(): value for name, value in slack.signed(body).items()}
        assert 200 == self.handler(Request("POST", "/slack/events", headers, body)).status

    def asked(self) -> list[str]:
        """The ts of every question it took for its own."""
        return [key.ts for folder in ("ready", "done", "failed") for key in self.spool.keys(folder)]


@pytest.fixture
def bots(tmp_path: Path) -> tuple[Bot, Bot]:
    return Bot(tmp_path / "one", "U0COCOAI", "B0COCOAI"), Bot(tmp_path / "two", "U0SECOND", "B0SECOND")


def by_the_second(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same, had it been the second bot that was asked, and that spoke."""
    written = json.dumps(event)
    for ours, theirs in (("U0COCOAI", "U0SECOND"), ("B0COCOAI", "B0SECOND"), ("A0COCOAI", "A0SECOND")):
        written = written.replace(ours, theirs)
    swapped: dict[str, Any] = json.loads(written)
    return swapped


def test_two_bots_in_one_thread_hear_people_and_not_each_other(desk: Desk, bots: tuple[Bot, Bot]) -> None:
    """Both are asked in it, so both know the thread; placeholders, growing, answers, parts: all of it is echoed."""
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
            bot.hear(desk.slack, event)

    assert len(of_one) > 5
    assert one.asked() == two.asked() == [question.ts, person.ts]


def echo(**changes: Any) -> dict[str, Any]:
    """What a bot like us says in a thread that is ours, as Slack tells it."""
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
def test_what_another_bot_says_is_never_a_question(desk: Desk, changes: dict[str, Any]) -> None:
    """Not in a thread of ours, not with our name, not in a direct message."""
    analyzer = SlackEventAnalyzer(
        SIGNING_SECRET, who=lambda: Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI"), is_known_thread=lambda *_: True
    )
    body = json.dumps(echo(**changes)).encode()
    headers = {name.lower(): value for name, value in desk.slack.signed(body, at=1763822002).items()}

    assert isinstance(analyzer.analyze(headers, body, 1763822002.0), Ignored)


def test_the_same_words_by_a_person_are_a_question(desk: Desk) -> None:
    """So that it is the bot, and nothing else, for which the rows above are ignored."""
    analyzer = SlackEventAnalyzer(
        SIGNING_SECRET, who=lambda: Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI"), is_known_thread=lambda *_: True
    )
    body = json.dumps(echo(user="U0ASKER01", bot_id=None, app_id=None)).encode()
    headers = {name.lower(): value for name, value in desk.slack.signed(body, at=1763822002).items()}

    question = analyzer.analyze(headers, body, 1763822002.0)

    assert isinstance(question, Question)
    assert Key("C0PRACTICE", "1763822000.000100", "1763822001.000100") == Key.parse(question.key)
