"""bench/chaos: its ledger notices what it looks for, in histories that are right and in broken ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.chaos.calls import Calls, model_asked, number_asked
from bench.chaos.history import History, Revision
from bench.chaos.ledger import Account, AcknowledgedClick, Ledger
from bench.chaos.pictures import NO_RECORD, JobRecord, messages_with_picture
from bench.chaos.questions import (
    ORDERS,
    ORDERS_ANEW,
    ORDERS_OF_THAT,
    Question,
    answer_to,
    clip,
    number_in,
    number_of_clip,
    question_text,
)
from bench.chaos.waits import answer_length, lone_waits
from cocoai.rehearsal.openai.practice_openai import RecordedRequest
from cocoai.rehearsal.slack.event_delivery import Delivery
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.rehearsal.slack.workspace import Workspace
from cocoai.texts.picture_requests import picture_request

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

QUESTION = Question(7, Message("C0PRACTICE", "100.000001", "U0ASKER01", question_text(7)))
LONG = Question(20, Message("C0PRACTICE", "100.000002", "U0ASKER01", question_text(20)))
WHOLE = answer_to(question_text(7))
HALF = WHOLE.rpartition("\n")[0]


@pytest.mark.parametrize(
    ("posted", "faults"),
    [
        ([("answer", 1)], []),
        ([("error", 1)], []),
        ([], ["lost"]),
        ([("placeholder", 1)], ["lost"]),
        ([("note", 1)], ["lost"]),
        ([("answer", 1), ("answer", 1)], ["twice"]),
        ([("answer", 1), ("placeholder", 1)], ["twice"]),
        ([("answer", 1), ("error", 1)], ["twice"]),
    ],
)
def test_a_question_is_lost_or_answered_twice(posted: list[tuple[str, int]], faults: list[str]) -> None:
    """A question with neither answer nor error is lost; one with two first messages is answered twice."""
    messages = [message(QUESTION, kind, n, answer_to(question_text(7))) for kind, n in posted]
    account = Account(QUESTION, True, messages, 1)

    assert faults == account.faults


def test_a_question_that_was_not_accepted_is_not_lost() -> None:
    """A question that was never answered 200 is Slack's to deliver again."""
    assert [] == Account(QUESTION, False, [], 0).faults


def test_a_repeated_part_is_twice_and_a_missing_one_is_garbled() -> None:
    """A part that is there twice is posted twice; a missing part, or another question's answer, is garbled."""
    words = answer_to(question_text(20)).split()
    first, second = message(LONG, "answer", 1, " ".join(words[:500])), message(LONG, "part", 2, " ".join(words[500:]))
    another = message(QUESTION, "answer", 1, answer_to(question_text(8)))

    assert [] == Account(LONG, True, [first, second], 1).faults
    assert ["twice"] == Account(LONG, True, [first, second, second], 1).faults
    assert ["garbled"] == Account(LONG, True, [first], 1).faults
    assert ["garbled"] == Account(QUESTION, True, [another], 1).faults


def test_clicks_change_what_is_a_fault() -> None:
    """A stopped answer may end anywhere but must start as meant; a deleted one is not lost, but must be gone."""
    words = answer_to(question_text(20)).split()
    half, other = message(LONG, "answer", 1, " ".join(words[:500])), message(LONG, "answer", 1, " ".join(words[1:500]))
    stop, delete = frozenset({"stop"}), frozenset({"delete"})

    assert [] == Account(LONG, True, [half], 1, stop, stop).faults
    assert ["garbled"] == Account(LONG, True, [other], 1, stop, stop).faults
    assert [] == Account(LONG, True, [], 1, delete, delete).faults
    assert ["garbled", "undeleted"] == Account(LONG, True, [half], 1, delete, delete).faults
    assert ["lost"] == Account(LONG, True, [], 1, stop, stop).faults


@pytest.mark.parametrize(
    ("shown", "faults"),
    [
        ([("placeholder", WHOLE), ("answer", WHOLE)], []),
        ([("answer", WHOLE), ("answer", f"{WHOLE}\n\nmore")], []),
        ([("placeholder", HALF), ("error", "sorry"), ("placeholder", WHOLE), ("answer", WHOLE)], []),
        ([("answer", WHOLE), ("error", "sorry")], ["taken away"]),
        ([("answer", WHOLE), ("note", "stopped")], ["taken away"]),
        ([("answer", WHOLE), ("answer", HALF)], ["taken away"]),
        ([("answer", WHOLE), ("error", "sorry"), ("answer", WHOLE)], ["taken away"]),
        ([("answer", WHOLE), ("answer", None)], ["taken away"]),
    ],
)
def test_an_answer_is_taken_away(shown: list[tuple[str, str | None]], faults: list[str]) -> None:
    """An answer that stood in whole may grow, but no word of it may go, not even for a while; None is a deletion."""
    account = Account(QUESTION, True, [message(QUESTION, "answer", 1, WHOLE)], 1, revisions=revisions(QUESTION, shown))

    assert faults == account.faults


def test_a_part_is_taken_away() -> None:
    """Of an answer in parts each has to stay, from when all of them are there."""
    words = answer_to(question_text(20)).split()
    first, second = message(LONG, "answer", 1, " ".join(words[:500])), message(LONG, "part", 2, " ".join(words[500:]))
    second = replace(second, ts="101.000001")
    shown = [Revision(1, 101.0, first), Revision(2, 102.0, second)]
    gone = Revision(3, 103.0, second, is_deleted=True)

    assert [] == Account(LONG, True, [first, second], 1, revisions=shown).faults
    assert ["garbled", "taken away"] == Account(LONG, True, [first], 1, revisions=[*shown, gone]).faults
    assert ["garbled"] == Account(LONG, True, [first], 1, revisions=shown[:1]).faults


def test_a_click_on_delete_takes_nothing_away() -> None:
    """Whoever deletes an answer wants it to go; a stopped one is what stood when it was first called the answer."""
    deleted = revisions(QUESTION, [("answer", WHOLE), ("answer", None)])
    shorter = revisions(QUESTION, [("answer", HALF), ("answer", "")])
    delete, stop = frozenset({"delete"}), frozenset({"stop"})

    assert [] == Account(QUESTION, True, [], 1, delete, delete, deleted).faults
    stopped = Account(QUESTION, True, [message(QUESTION, "answer", 1, "")], 1, stop, stop, shorter)
    assert ["taken away"] == stopped.faults


def test_a_question_is_accepted_by_any_200_and_paid_by_each_served_call() -> None:
    """A question is accepted if any delivery was answered 200, and paid for each call that the model began to serve."""
    delivered = [delivery(503, "http_error"), delivery(200, "")]
    requests = [request(7, "rate_limit_exceeded"), request(7, "cut"), request(7, "ok"), request(8, "ok")]
    accounts = Ledger([QUESTION, LONG]).accounts(delivered, requests, empty_thread, no_revisions, no_job)

    assert [(True, 2), (False, 0)] == [(account.is_accepted, account.paid) for account in accounts]


def test_a_question_is_paid_for_more_than_twice() -> None:
    """A third call that was served is too much, whether the question is asked again later or not."""
    again = Question(7, QUESTION.message, "200.000001")
    three = [request(7, "ok", at) for at in (101.0, 102.0, 103.0)]
    refused = request(7, "rate_limit_exceeded", 104.0)
    accounts = Ledger([QUESTION, again]).accounts(
        [], [*three, request(7, "ok", 201.0)], empty_thread, no_revisions, no_job
    )

    lost = AcknowledgedClick(QUESTION.key, "again", False, 102.5)
    unsure = Ledger([QUESTION], [lost]).accounts([], three, empty_thread, no_revisions, no_job)

    assert [True, False] == [account.is_overpaid for account in accounts]
    assert [False] == [account.is_overpaid for account in unsure]
    assert ["overpaid"] == accounts[0].faults
    assert [[]] == [
        each.faults
        for each in Ledger([QUESTION]).accounts([], [*three[1:], refused], empty_thread, no_revisions, no_job)
    ]


@pytest.mark.parametrize(
    ("asked", "paid", "is_overpaid"),
    [
        ([100], [101, 102], False),
        ([100], [101, 102, 103], True),
        ([100, 200], [101, 102, 201, 202], False),
        ([100, 200], [101, 102, 103, 201], True),
        ([100, 200], [101, 201, 202, 203, 204], True),
    ],
)
def test_calls_are_paid_for_each_time_that_a_question_is_asked(
    asked: list[float], paid: list[float], *, is_overpaid: bool
) -> None:
    """Two calls may be paid for each time that the question had been asked by then."""
    assert is_overpaid is Calls(asked, paid).is_overpaid


def test_the_history_of_a_message() -> None:
    """Each change to a message of ours is noted in order, its deletion too, and is handed on; others' are not noted."""
    workspace = Workspace(time.time)
    heard: list[str] = []
    workspace.listener = lambda change, *_: heard.append(change)
    history = History(workspace)
    ours = message(QUESTION, "placeholder", 1, "...")
    workspace.post("C0PRACTICE", "U0ASKER01", "question")
    posted = workspace.post("C0PRACTICE", "U0COCOAI", "...", metadata=ours.metadata, thread_ts="100.000001")
    workspace.edit(posted, WHOLE)
    workspace.delete("C0PRACTICE", posted.ts)

    assert ["posted", "posted", "changed", "deleted"] == heard
    assert [("...", False), (WHOLE, False), (WHOLE, True)] == [
        (each.message.text, each.is_deleted) for each in history.of(QUESTION.key)
    ]
    assert [] == history.of("C0PRACTICE-1.1-1.1")


def test_people_with_one_question() -> None:
    """The waits are those of people with one question at a time, from the question to its whole answer or error."""
    accounts = [
        waited("U0CROWD", 100.0, 190.0),
        waited("U0A", 100.0, 105.0),
        waited("U0A", 106.0, 107.0),
        waited("U0B", 100.0, 130.0),
        waited("U0B", 120.0, 140.0),
        waited("U0C", 100.0, 102.0, kind="error"),
        waited("U0D", 100.0, None),
    ]

    assert [1.0, 2.0, 5.0] == lone_waits(accounts, "U0CROWD")


def test_the_length_of_an_answer() -> None:
    """It is the median from the model's first call to the whole answer; of answers that were paid for once."""
    one, two = waited("U0A", 100.0, 105.0), waited("U0A", 200.0, 209.0)
    one, two = replace(one, called_at=101.0), replace(two, called_at=203.0)

    assert 5.0 == answer_length([one, two, replace(two, paid=2, called_at=0.0)])
    assert 0.0 == answer_length([])


def test_a_click_that_was_not_accepted_is_known() -> None:
    """An account tells the clicks that were made from those that were answered 200."""
    clicks = [
        AcknowledgedClick(QUESTION.key, "stop", True, 102.0),
        AcknowledgedClick(QUESTION.key, "delete", False, 103.0),
    ]
    [account] = Ledger([QUESTION], clicks).accounts([], [], empty_thread, no_revisions, no_job)

    assert frozenset({"stop", "delete"}) == account.clicks
    assert frozenset({"stop"}) == account.accepted_clicks


def test_a_request_to_the_model_is_for_its_last_question() -> None:
    """A request is for the last question in it, whatever the thread holds before that one."""
    assert 8 == number_asked(request(8, "ok"))
    assert None is number_asked(RecordedRequest("/v1/models", None, {}, 0.0, "ok"))


@pytest.mark.parametrize("order", [*ORDERS, *ORDERS_ANEW, *ORDERS_OF_THAT])
def test_a_request_to_a_model_that_draws_or_hears_tells_its_number(order: str) -> None:
    """By its prompt, in the asker's words or the chat model's; by the length of the sound."""
    asked = picture_request(order.format(question_text(7)))
    assert asked
    assert (order in ORDERS_ANEW, order in ORDERS_OF_THAT) == (asked.is_redraw, asked.refers)
    drawing = RecordedRequest("/v1/images/generations", {"prompt": asked.prompt}, {}, 0.0, "ok")
    worded = RecordedRequest("/v1/images/edits", {"prompt": "a7w0e a7w1e"}, {}, 0.0, "ok")
    sound = RecordedRequest("/v1/audio/transcriptions", {"file": {"size": len(clip(7))}}, {}, 0.0, "ok")

    assert [7, 7, 7] == [number_asked(each) for each in (drawing, worded, sound)]
    assert ["picture", "picture", "sound"] == [model_asked(each) for each in (drawing, worded, sound)]
    assert 7 == number_of_clip(len(clip(7)))
    assert None is number_in("nothing")


def test_a_request_to_go_on_is_for_the_question_before_it() -> None:
    """It has no number of its own, and the answer that it goes on with is not asked."""
    turns = [("user", question_text(7)), ("assistant", "a8w0e"), ("user", "(Go on ...)")]
    body = {"messages": [{"role": role, "content": content} for role, content in turns]}

    assert 7 == number_asked(RecordedRequest("/v1/chat/completions", body, {}, 0.0, "ok"))


DRAWN = JobRecord("done", [{"fact": "attempt"}, {"fact": "picture", "at": 105.0}])
PICTURE = replace(QUESTION, wanted="picture")
DELETE = frozenset({"delete"})


@pytest.mark.parametrize(
    ("job", "shown", "clicks", "accepted", "faults"),
    [
        (DRAWN, 1, frozenset(), frozenset(), []),
        (DRAWN, 0, frozenset(), frozenset(), ["picture lost"]),
        (DRAWN, 2, frozenset(), frozenset(), ["shown twice"]),
        (DRAWN, 0, DELETE, frozenset(), []),
        (DRAWN, 1, DELETE, frozenset(), []),
        (DRAWN, 1, DELETE, DELETE, ["undeleted", "picture not deleted"]),
        (NO_RECORD, 1, frozenset(), frozenset(), ["picture unrecorded"]),
        (replace(DRAWN, state="failed"), 0, frozenset(), frozenset(), ["picture lost"]),
        (JobRecord("failed", [*DRAWN.lines, *[{"fact": "attempt"}] * 9]), 0, frozenset(), frozenset(), []),
    ],
)
def test_a_picture_stands_once_in_its_thread(
    job: JobRecord, shown: int, clicks: frozenset[str], accepted: frozenset[str], faults: list[str]
) -> None:
    """One that was recorded does, unless it is deleted, or its job was given up after the last claim."""
    reply = message(PICTURE, "answer", 1, f"“draw {question_text(7)}”, drawn by gpt-image.")

    assert faults == Account(PICTURE, True, [reply], 1, clicks, accepted, pictures=shown, job=job).faults


def test_the_reply_to_an_order_for_a_picture() -> None:
    """It says what was drawn, in the asker's words or the chat model's: nothing else is the right reply."""
    replies = [message(PICTURE, "answer", 1, text) for text in ("drawn", f"“{question_text(8)}”", WHOLE)]

    assert [["garbled"], ["garbled"], []] == [
        Account(PICTURE, True, [reply], 1, pictures=1, job=DRAWN).faults for reply in replies
    ]


def test_a_recorded_picture_is_not_paid_again() -> None:
    """Not even once; one that is asked for again is another."""
    prompt = {"prompt": question_text(7)}
    requests = [RecordedRequest("/v1/images/generations", prompt, {}, at, "ok") for at in (104.0, 106.0)]
    again = replace(PICTURE, again="105.500000")

    def faults(*questions: Question) -> list[list[str]]:
        accounts = Ledger([*questions]).accounts([], requests, empty_thread, no_revisions, lambda _: DRAWN)
        return [[name for name in each.faults if name == "redrawn"] for each in accounts]

    assert [["redrawn"]] == faults(PICTURE)
    assert [[], []] == faults(PICTURE, again)


def test_the_pictures_of_a_job_are_known_by_their_names() -> None:
    """Those of another question are not counted, nor is a deleted one."""
    mine, other = (PracticeFile(f"cocoai-{ts}.jpeg", "image/jpeg", b"") for ts in ("100-000001", "100-0000010"))
    thread = [
        replace(QUESTION.message, files=files) for files in ((mine,), (other,), (replace(mine, is_deleted=True),))
    ]

    assert thread[:1] == messages_with_picture(thread, QUESTION.key)


def message(question: Question, kind: str, n: int, text: str) -> Message:
    """Make a message of ours under a question, of one kind and part number."""
    payload = {"key": question.key, "kind": kind, "n": n}
    metadata = {"event_type": "cocoai", "event_payload": payload}
    return Message(question.message.channel, "101.000000", "U0COCOAI", text, metadata=metadata)


def revisions(question: Question, shown: Sequence[tuple[str, str | None]]) -> list[Revision]:
    """Make the revisions of the first message under a question, by kind and text; None deletes it."""
    return [
        Revision(number, 101.0 + number, message(question, kind, 1, text or ""), is_deleted=text is None)
        for number, (kind, text) in enumerate(shown)
    ]


def waited(user: str, asked_at: float, ended_at: float | None, kind: str = "answer") -> Account:
    """Make the account of a person's question that was answered, or reported as failed, at a time; None: never."""
    question = Question(7, Message("C0PRACTICE", f"{asked_at:.6f}", user, question_text(7)))
    shown = [] if ended_at is None else [Revision(1, ended_at, message(question, kind, 1, WHOLE))]
    return Account(question, True, [], 1, revisions=shown)


def no_revisions(_key: str) -> list[Revision]:
    """Return no revisions, whichever question is asked for."""
    return []


def empty_thread(_channel: str, _ts: str) -> list[Message]:
    """Return no messages, whichever thread is asked for."""
    return []


def no_job(_key: str) -> JobRecord:
    """Return a job that says nothing, whichever key is asked for."""
    return NO_RECORD


def delivery(status: int, failure: str) -> Delivery:
    """Make a delivery of the question's message that was answered with `status`."""
    asked_in = QUESTION.message
    return Delivery("Ev01", "app_mention", asked_in.channel, asked_in.ts, 0, status, failure, 1.0, 100.0)


def request(number: int, outcome: str, at: float = 0.0) -> RecordedRequest:
    """Make a request to the model that ends with question `number`, after others of the same thread."""
    body = {"messages": [{"content": question_text(3)}, {"content": f"{question_text(4)} {question_text(number)}"}]}
    return RecordedRequest("/v1/chat/completions", body, {}, at, outcome)
