"""A picture that somebody asks for: drawn once, paid once, brought into the thread once, and said in words.

The answerer stands between the two practice servers; kills are simulated at each fact of the job.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer import thread_file
from cocoai.answer.options import ImageOptions, MoneyOptions
from cocoai.answer.pictures import Pictures
from cocoai.chatgpt import one_response
from cocoai.chatgpt import pictures as chatgpt_pictures
from cocoai.chatgpt.one_response import WaitStopped
from cocoai.engine.client.client import PendingResponse, StreamedResponse
from cocoai.ledger.caps import Caps
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.summary import read_summary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_picture import practice_picture
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api import thread_upload, upload
from cocoai.slack.model.click import Click
from cocoai.spool.files import NewFile
from cocoai.spool.job import Fact, Job
from cocoai.spool.key import Key
from cocoai.spool_command import show_job
from cocoai.status.answers import last_day
from cocoai.texts import ENGLISH, JAPANESE
from tests.answer_harness import AnswerHarness, patient_harness
from tests.charges import charges, told_how
from tests.deployment import payload

FLARE = "gpt-image-2.6-flare"
IMAGES = ImageOptions(FLARE, "1536x1024", "medium", "jpeg")
DRAWN = ENGLISH.pictures["drawn"]


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnswerHarness]:
    """Yield an answerer that draws."""
    with patient_harness(tmp_path, certificates, monkeypatch, images=IMAGES) as made:
        yield made


def run_to_the_end(harness: AnswerHarness) -> None:
    """Run attempts until no job is left."""
    while harness.spool.keys("ready"):
        harness.run()
        harness.wait()


def pictures(harness: AnswerHarness, question: Message) -> list[PracticeFile]:
    """Return the files of ours that stand in the question's thread."""
    files = [file for message in harness.replies(question) for file in message.files]
    return [file for file in files if file.name.startswith("cocoai-") and not file.is_deleted]


def texts(harness: AnswerHarness, question: Message) -> list[tuple[object, str]]:
    """Return the kind and the text of each reply in words."""
    replies = [message for message in harness.replies(question) if payload(message)]
    return [(payload(message)["kind"], message.text) for message in replies]


def said(harness: AnswerHarness, question: Message) -> str:
    """Return the text of the only reply in words."""
    ((_, text),) = texts(harness, question)
    return text


def drawn(harness: AnswerHarness) -> list[str]:
    """Return how each request for a picture ended."""
    return [request.outcome for request in harness.openai.requests if request.path.startswith("/v1/images/")]


def left_files(harness: AnswerHarness) -> list[str]:
    """Return the names of the files of jobs."""
    return os.listdir(harness.var / "spool" / "files")


# the way of a picture


def test_a_picture_stands_in_the_thread_behind_its_words(harness: AnswerHarness) -> None:
    """It is what was drawn, with a text for people who cannot see it; what it costs is what was billed."""
    question = harness.ask("draw a cat on the moon")
    run_to_the_end(harness)

    (file,), (charge,), (bill,) = pictures(harness, question), charges(harness.books), harness.openai.bills
    assert practice_picture("jpeg", 1536, 1024, "draw a cat on the moon") == file.data
    assert (f"cocoai-{question.ts.replace('.', '-')}.jpeg", "draw a cat on the moon") == (
        file.name,
        file.fields["alt_txt"],
    )
    assert [("answer", DRAWN.format(prompt="draw a cat on the moon", model=FLARE))] == texts(harness, question)
    assert (bill.nano_dollars, "priced", FLARE) == (charge.spent, charge.how, charge.model)
    assert bill.nano_dollars < charge.held
    assert ((0, 1, 0), []) == (harness.ended(), left_files(harness))


def test_the_facts_come_in_their_order(harness: AnswerHarness) -> None:
    """Each before the step that it makes harmless to repeat."""
    harness.ask("draw a cat")
    run_to_the_end(harness)

    (key,) = harness.spool.keys("done")
    assert [
        "attempt",
        "placeholder",
        "drawing",
        "asked",
        "picture",
        "uploaded",
        "shared",
        "answer",
        "delivered",
        "finished",
    ] == [line.get("fact") for line in harness.spool.peek("done", key)[1:]]


def test_an_operator_who_looks_at_the_job_reads_no_words(harness: AnswerHarness) -> None:
    """Only how long they are."""
    harness.ask("draw a cat")
    run_to_the_end(harness)

    (key,) = harness.spool.keys("done")
    assert not [line for line in show_job(harness.spool, str(key)) if "draw a cat" in line]


def test_the_asker_reads_that_it_is_drawn(harness: AnswerHarness) -> None:
    """Meanwhile the placeholder says so."""
    harness.ask("draw a cat")
    run_to_the_end(harness)

    assert ENGLISH.pictures["drawing"] in [
        call.arguments.get("text") for call in harness.slack.calls if call.method == "chat.update"
    ]


def test_a_japanese_request_has_a_japanese_reply(harness: AnswerHarness) -> None:
    """The order before the colon is no part of what is drawn."""
    harness.words = JAPANESE
    question = harness.ask("画像を作って: 夕焼けの海")
    run_to_the_end(harness)

    assert JAPANESE.pictures["drawn"].format(prompt="夕焼けの海", model=FLARE) == said(harness, question)
    assert "夕焼けの海" == harness.openai.requests[-1].body["prompt"]


def test_what_it_cost_is_said_where_that_is_wanted(harness: AnswerHarness) -> None:
    """As under any answer; but the model is named once."""
    harness.changes["money"] = MoneyOptions(shows_cost=True)
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    drawn_cat = DRAWN.format(prompt="draw a cat", model=FLARE)
    assert f"{drawn_cat}\n\n(This picture cost $0.0110.)" == said(harness, question)


def test_switched_off_the_chat_model_answers(harness: AnswerHarness) -> None:
    """As if it were any other question; and so it does when a question only sounds like it."""
    harness.changes.clear()
    harness.ask("draw a cat")
    harness.changes["images"] = IMAGES
    run_to_the_end(harness)
    harness.changes.clear()
    harness.ask("draw a cat")
    run_to_the_end(harness)
    harness.changes["images"] = IMAGES
    harness.ask("draw a conclusion")
    run_to_the_end(harness)

    assert 1 == len(drawn(harness))
    assert 3 == len(harness.openai.requests)


# pictures that are changed


def shared(harness: AnswerHarness, text: str, *files: PracticeFile, **where: Any) -> Message:
    """Post a mention with these files, and put its question into the spool."""
    message = harness.slack.share("U0ASKER01", f"<@U0COCOAI> {text}", files, **where)
    harness.put(message)
    return message


def photo(name: str = "cat.png", form: str = "png", **more: Any) -> PracticeFile:
    """Return a picture that somebody has taken."""
    return PracticeFile(name, f"image/{form}", practice_picture(form, 640, 480, name), **more)


def test_the_asker_s_own_picture_is_changed(harness: AnswerHarness) -> None:
    """It is billed, and held, too; nothing of it is left here."""
    question = shared(
        harness,
        "redraw: at night",
        photo(),
        photo("dog.webp", "webp"),
        thread_ts=harness.slack.say("U0ASKER02", "x").ts,
    )
    run_to_the_end(harness)

    request, (charge,), (bill,) = harness.openai.requests[-1], charges(harness.books), harness.openai.bills
    assert ("/v1/images/edits", "at night") == (request.path, request.body["prompt"])
    assert ["image/png", "image/webp"] == [each.media_type for each in request.attached]
    assert (bill.nano_dollars, True) == (charge.spent, bill.nano_dollars < charge.held)
    assert (1, []) == (len(pictures(harness, question)), left_files(harness))


def test_the_newest_picture_of_the_thread_is_drawn_anew(harness: AnswerHarness) -> None:
    """Our own, if that is the newest."""
    question = harness.ask("draw a cat")
    run_to_the_end(harness)
    harness.ask("redraw: a red sky", thread_ts=question.ts)
    run_to_the_end(harness)

    first = practice_picture("jpeg", 1536, 1024, "draw a cat")
    assert [("image/jpeg", len(first))] == [
        (each.media_type, each.size) for each in harness.openai.requests[-1].attached
    ]
    assert 2 == len(pictures(harness, question))


def test_of_a_picture_that_cannot_be_sent_slack_s_own_is_taken(harness: AnswerHarness) -> None:
    """An iPhone's, for instance."""
    heic = PracticeFile("a.heic", "image/heic", b"\0\0\0\x18ftypheic", variants={"thumb_1024": photo().data})
    shared(harness, "redraw: at night", heic, thread_ts=harness.slack.say("U0ASKER02", "x").ts)
    run_to_the_end(harness)

    assert ["image/png"] == [each.media_type for each in harness.openai.requests[-1].attached]


def test_a_picture_that_openai_cannot_use_is_the_asker_s(harness: AnswerHarness) -> None:
    """It is no case for the operator, and costs nothing."""
    too_wide = photo().data[:16] + b"\0\1\0\0" + photo().data[20:]
    thread = harness.slack.say("U0ASKER02", "x").ts
    question = shared(harness, "redraw: at night", PracticeFile("a.png", "image/png", too_wide), thread_ts=thread)
    run_to_the_end(harness)

    assert ["image_too_large"] == drawn(harness)
    assert (ENGLISH.sorry["picture_none"], 0) == (said(harness, question), harness.openai.billed)
    assert (["refused"], []) == (told_how(harness.books), left_files(harness))


@pytest.mark.parametrize("kind", ["none", "off", "html", "gif"])
def test_without_a_picture_nothing_is_drawn_anew(harness: AnswerHarness, kind: str) -> None:
    """The asker reads what to do; nothing is paid."""
    thread = harness.slack.say("U0ASKER02", "x").ts
    if kind == "off":
        harness.changes["attachments"] = replace(harness.answerer()._options.attachments, question_bytes=0)
    files = {
        "none": [],
        "off": [photo()],
        "html": [PracticeFile("a.png", "image/png", b"<!DOCTYPE html><html></html>")],
        "gif": [PracticeFile("a.gif", "image/gif", b"GIF89a\1\0\1\0")],
    }[kind]
    question = shared(harness, "redraw: at night", *files, thread_ts=thread)
    run_to_the_end(harness)

    assert ("error", ENGLISH.sorry["picture_none"]) == texts(harness, question)[-1]
    assert ([], (0, 0, 1)) == (harness.openai.requests, harness.ended())
    assert [] == left_files(harness)


# what the thread is about


def test_what_is_referred_to_is_worded_by_the_chat_model(harness: AnswerHarness) -> None:
    """It reads the thread, and is paid, once; the reply shows its words."""
    harness.openai.switches.answer = "A grey cat on a red roof."
    question = harness.ask("tell me about a cat")
    run_to_the_end(harness)
    harness.ask("draw that", thread_ts=question.ts)
    run_to_the_end(harness)

    *_, wording, picture = harness.openai.requests
    assert "A grey cat on a red roof." == picture.body["prompt"]
    assert "tell me about a cat" in str(wording.body["messages"])
    assert ["priced", "priced", "priced"] == told_how(harness.books)
    months = harness.books.ledger.months
    assert 2 == read_summary(harness.books.ledger.store, months.of(harness.clock())).calls
    assert [bill.nano_dollars for bill in harness.openai.bills] == [each.spent for each in charges(harness.books)]
    assert DRAWN.format(prompt="A grey cat on a red roof.", model=FLARE) == texts(harness, question)[-1][1]


def test_a_thread_s_words_are_paid_once(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run goes on behind them."""
    question = harness.ask("tell me about a cat")
    run_to_the_end(harness)
    harness.ask("draw that", thread_ts=question.ts)
    kill_after(harness, "worded", monkeypatch)
    run_to_the_end(harness)

    assert 3 == len(harness.openai.requests)
    assert ["priced", "priced", "priced"] == told_how(harness.books)


def test_without_a_thread_the_asker_s_words_are_drawn(harness: AnswerHarness) -> None:
    """There is nothing that could be referred to."""
    harness.ask("draw that")
    run_to_the_end(harness)

    assert ["draw that"] == [request.body["prompt"] for request in harness.openai.requests]


# kills


class KilledError(BaseException):
    """The process is gone."""


def kill_after(harness: AnswerHarness, fact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one attempt, and end it as a kill does, right after it has recorded `fact`."""
    record = Job.record

    def record_and_die(job: Job, name: str, **values: Any) -> None:
        record(job, name, **values)
        if name == fact:
            raise KilledError

    kill_in(harness, monkeypatch, Job, "record", record_and_die)


def kill_in(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, replacement: Any) -> None:
    """Run one attempt in which `owner` has another function of this name, which kills the process."""
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, replacement)
        job = harness.claim()
        with suppress(KilledError):
            harness.answerer().answer(job)
        job.release()
    harness.close_connections()


@pytest.mark.parametrize(
    ("fact", "requests"),
    [("drawing", 1), ("asked", 1), ("picture", 1), ("uploaded", 1), ("shared", 1), ("answer", 1), ("delivered", 1)],
)
def test_a_kill_behind_a_fact(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch, fact: str, requests: int
) -> None:
    """The picture stands there once, and was drawn once; a request that had not left is booked, as it may have."""
    question = harness.ask("draw a cat")
    kill_after(harness, fact, monkeypatch)
    run_to_the_end(harness)

    assert requests == len(drawn(harness)) == len(pictures(harness, question))
    assert [("answer", DRAWN.format(prompt="draw a cat", model=FLARE))] == texts(harness, question)
    assert (["lost", "priced"] if fact == "asked" else ["priced"]) == told_how(harness.books)
    assert [] == left_files(harness)


def test_a_kill_between_the_file_and_its_fact(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was paid and lies there whole is not drawn again; what it cost is not known."""
    keep = NewFile.keep

    def keep_and_die(file: NewFile, name: str) -> str:
        keep(file, name)
        raise KilledError

    question = harness.ask("draw a cat")
    kill_in(harness, monkeypatch, NewFile, "keep", keep_and_die)
    run_to_the_end(harness)

    assert 1 == len(drawn(harness)) == len(pictures(harness, question))
    assert ["lost"] == told_how(harness.books)
    assert DRAWN.format(prompt="draw a cat", model=FLARE) == said(harness, question)


def test_a_picture_that_kills_its_process_in_mid_drawing_is_paid_twice(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more: then the asker is told."""

    def die(response: StreamedResponse, *_: object) -> None:
        response.close()
        raise KilledError

    question = harness.ask("draw a cat")
    for _ in range(2):
        kill_in(harness, monkeypatch, chatgpt_pictures, "_read", die)
    run_to_the_end(harness)

    assert 2 == len(drawn(harness))
    assert ["lost", "lost"] == told_how(harness.books)
    assert [("error", ENGLISH.sorry["attempts"])] == texts(harness, question)


def test_a_paid_picture_is_not_given_up_as_soon(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its way into the thread may kill nine processes, not five."""

    def die(*_: object, **__: object) -> None:
        raise KilledError

    question = harness.ask("draw a cat")
    for _ in range(8):
        kill_in(harness, monkeypatch, thread_file, "bring_file", die)
    run_to_the_end(harness)

    assert 1 == len(drawn(harness)) == len(pictures(harness, question))


def test_pictures_that_are_switched_off_meanwhile_go_on(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was paid comes; what was not is answered by the chat model."""
    question = harness.ask("draw a cat")
    kill_after(harness, "picture", monkeypatch)
    harness.changes.clear()
    run_to_the_end(harness)

    assert 1 == len(pictures(harness, question))


# what goes wrong


@pytest.mark.parametrize(
    ("kind", "code", "how"),
    [
        ("moderated", "picture_refused", ["estimated"]),
        ("not a picture", "picture_broken", ["priced"]),
        ("too large", "picture_broken", ["lost"]),
        ("no credit", "operator", ["refused"]),
        ("bad key", "operator", ["refused"]),
    ],
)
def test_what_is_not_tried_again(harness: AnswerHarness, kind: Any, code: str, how: list[str]) -> None:
    """The asker reads what to do; what it cost is no less than what was billed."""
    harness.openai.fail_picture(kind)
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert [("error", ENGLISH.sorry[code])] == texts(harness, question)
    assert (1, how, (0, 0, 1)) == (len(drawn(harness)), told_how(harness.books), harness.ended())
    assert harness.openai.billed <= sum(charge.spent or 0 for charge in charges(harness.books))
    assert [] == left_files(harness)


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("rate limited", ["refused", "priced"]),
        ("overloaded", ["refused", "priced"]),
        ("server error", ["refused", "priced"]),
        ("gone", ["lost", "priced"]),
        ("cut", ["lost", "priced"]),
    ],
)
def test_what_may_pass_is_tried_again(harness: AnswerHarness, kind: Any, how: list[str]) -> None:
    """As an answer is; the asker reads why he waits."""
    harness.openai.fail_picture(kind)
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert (1, how) == (len(pictures(harness, question)), told_how(harness.books))
    assert harness.openai.billed <= sum(charge.spent or 0 for charge in charges(harness.books))


def test_a_picture_that_never_comes(harness: AnswerHarness) -> None:
    """It may have been drawn: it is asked for twice, and booked twice."""
    harness.picture_timeout = 0.3
    harness.openai.fail_picture("silent", times=None)
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert (["lost", "lost"], [("error", ENGLISH.sorry["busy"])]) == (told_how(harness.books), texts(harness, question))


@pytest.mark.parametrize(
    ("kind", "ending", "how"), [("another type", "png", "priced"), ("no usage", "jpeg", "estimated")]
)
def test_a_picture_that_is_odd_is_shown(harness: AnswerHarness, kind: Any, ending: str, how: str) -> None:
    """By its own format; without its usage it counts as the dearest that it can be."""
    harness.openai.fail_picture(kind)
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    (file,), (charge,) = pictures(harness, question), charges(harness.books)
    assert file.name.endswith(f".{ending}")
    assert (how, how == "estimated") == (charge.how, charge.spent == charge.held)


def test_a_model_that_is_gone_is_the_operator_s(harness: AnswerHarness) -> None:
    """The trouble has OpenAI's own code."""
    harness.openai.switches.gone = frozenset({FLARE})
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert ("model_not_found", ENGLISH.sorry["operator"]) == (harness.trouble("openai"), said(harness, question))


def test_a_model_without_a_price_is_not_asked(harness: AnswerHarness) -> None:
    """Nobody could say whether it fits into the budget."""
    harness.changes["images"] = replace(IMAGES, model="dall-e-4")
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert ([], ENGLISH.sorry["operator"]) == (harness.openai.requests, said(harness, question))


# limits


def test_a_person_has_so_many_pictures_a_day(harness: AnswerHarness) -> None:
    """Those that moderation refused do not count, nor do those of others, nor yesterday's."""
    harness.changes["images"] = replace(IMAGES, per_person_a_day=2)
    set_caps(harness, harness.books.ledger.caps)
    harness.openai.fail_picture("moderated")
    questions = [harness.ask("draw a cat") for _ in range(4)]
    run_to_the_end(harness)
    harness.ahead += 86_400
    later = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert [0, 1, 1, 0] == [len(pictures(harness, question)) for question in questions]
    assert ENGLISH.sorry["pictures_today"] == said(harness, questions[3])
    assert 1 == len(pictures(harness, later))


def test_a_picture_over_the_budget_is_not_drawn(harness: AnswerHarness) -> None:
    """What it may cost at most must fit."""
    set_caps(harness, Caps(NANO // 100))
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert [] == harness.openai.requests
    assert said(harness, question).startswith("The team's budget for this month is used up")


@pytest.mark.parametrize(
    ("kind", "fact", "is_error"),
    [("moderated", "refused", False), ("not a picture", "failed", True), ("bad key", "failed", True)],
)
def test_a_refusal_is_no_failure(
    harness: AnswerHarness, caplog: pytest.LogCaptureFixture, kind: Any, fact: str, is_error: bool
) -> None:
    """An operator looks only at what has failed."""
    harness.openai.fail_picture(kind)
    harness.ask("draw a cat")
    with caplog.at_level("INFO", "cocoai"):
        run_to_the_end(harness)

    assert [fact] == [line["fact"] for line in last_facts(harness)]
    assert is_error == any(record.levelname == "ERROR" for record in caplog.records)
    assert int(not is_error) == last_day(harness.spool, harness.clock()).refused


def test_no_limit_is_a_failure(harness: AnswerHarness, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the day's, nor the budget's, nor that there is no picture."""
    harness.changes["images"] = replace(IMAGES, per_person_a_day=1)
    for words in ("draw a cat", "draw a dog", "redraw: at night"):
        harness.ask(words)
    run_to_the_end(harness)
    spend_all_but(harness, NANO // 100)
    harness.changes["images"] = IMAGES
    harness.ask("draw a cat")
    run_to_the_end(harness)

    assert ["refused"] * 3 == [line["fact"] for line in last_facts(harness)]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def last_facts(harness: AnswerHarness) -> list[Fact]:
    """Return the last fact of each job in failed/."""
    return [harness.spool.peek("failed", key)[-1] for key in harness.spool.keys("failed")]


def spend_all_but(harness: AnswerHarness, left: int) -> None:
    """Set the team's cap so that only so many nano-dollars of it are left."""
    spent = sum(charge.spent or 0 for charge in charges(harness.books))
    set_caps(harness, Caps(spent + left))


def set_caps(harness: AnswerHarness, caps: Caps) -> None:
    """Let these caps hold."""
    ledger = harness.books.ledger
    harness.books = replace(harness.books, ledger=Ledger(ledger.store, caps, ledger.months, clock=harness.clock))


# Slack


def test_where_slack_takes_no_file_nothing_is_paid(harness: AnswerHarness) -> None:
    """The scope is missing: that is seen before the picture is drawn."""
    harness.slack.switches.scopes = SCOPES - {"files:write"}
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert ([], ENGLISH.sorry["operator"]) == (harness.openai.requests, said(harness, question))
    assert "files:write" == harness.trouble("scope-uploads")


def test_where_slack_gives_no_file_an_operator_hears_of_it(harness: AnswerHarness) -> None:
    """The picture that is to be drawn anew cannot be had: the scope is missing."""
    harness.slack.switches.scopes = SCOPES - {"files:read"}
    question = shared(harness, "redraw: at night", photo(), thread_ts=harness.slack.say("U0ASKER02", "x").ts)
    run_to_the_end(harness)

    assert ("error", ENGLISH.sorry["picture_none"]) == texts(harness, question)[-1]
    assert ([], "files:read") == (harness.openai.requests, harness.trouble("scope-files"))


def test_where_slack_names_another_s_address_nothing_is_paid(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither our token nor the picture would go there."""
    monkeypatch.setattr(upload, "text_at", lambda reply, key: "https://x.invalid/" if "url" in key else reply[key])
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert ([], ENGLISH.sorry["operator"]) == (harness.openai.requests, said(harness, question))


def test_a_slack_in_trouble_is_waited_for(harness: AnswerHarness) -> None:
    """What was drawn is kept, and paid once."""
    for _ in range(3):
        harness.slack.fail("files.completeUploadExternal", SlackFault("broken"))
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert 1 == len(drawn(harness)) == len(pictures(harness, question))


def test_a_picture_that_slack_never_shows(harness: AnswerHarness) -> None:
    """It is begun anew under another id, once; then the asker is told."""
    harness.slack.switches.share_delay = None
    question = harness.ask("draw a cat")
    run_to_the_end(harness)

    assert [("error", ENGLISH.sorry["not_shared"])] == texts(harness, question)
    assert (1, 2) == (len(drawn(harness)), harness.called("files.delete"))


def test_a_disk_that_is_full_keeps_nothing(harness: AnswerHarness) -> None:
    """It is no attempt; what may have been paid is booked, and the picture comes once there is room."""
    harness.disk.refuses = b"\xff\xd8\xff"
    question = harness.ask("draw a cat")
    harness.run()
    full = harness.ended()
    harness.disk.refuses = b""
    harness.wait()
    run_to_the_end(harness)

    assert ((1, 0, 0), ["lost", "priced"]) == (full, told_how(harness.books))
    assert 1 == len(pictures(harness, question))


# stops and clicks


def test_a_stop_before_the_request_costs_nothing(harness: AnswerHarness) -> None:
    """The reply says that it was stopped."""
    question = harness.ask("draw a cat")
    harness.spool.request_stop(Key.parse(f"{question.channel}-{question.ts}-{question.ts}"), "U0ASKER01")
    run_to_the_end(harness)

    assert ([], [("answer", ENGLISH.stopped)]) == (harness.openai.requests, texts(harness, question))


def test_a_stop_while_it_is_drawn_is_obeyed(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been drawn by then."""

    def stop(pending: PendingResponse, *_: object) -> None:
        pending.close()
        raise WaitStopped

    question = harness.ask("draw a cat")
    monkeypatch.setattr(one_response, "_await_response", stop)
    run_to_the_end(harness)

    assert (["lost"], [("answer", ENGLISH.stopped)]) == (told_how(harness.books), texts(harness, question))


# an operator's retry


def retry(harness: AnswerHarness) -> None:
    """Retry the only job that failed, as an operator does, and run it to its end."""
    (key,) = harness.spool.keys("failed")
    harness.spool.retry(key)
    run_to_the_end(harness)


def test_a_paid_picture_that_was_given_up_is_brought_by_a_retry(harness: AnswerHarness) -> None:
    """Slack shows files again: it is not drawn, nor paid, a second time, also after the hourly sweep."""
    harness.slack.switches.share_delay = None
    question = harness.ask("draw a cat")
    run_to_the_end(harness)
    harness.spool.sweep()
    kept = left_files(harness)
    harness.slack.switches.share_delay = 0.0
    retry(harness)

    assert 1 == len(kept)
    assert (1, ["priced"]) == (len(drawn(harness)), told_how(harness.books))
    assert 1 == len(pictures(harness, question))
    assert [("answer", DRAWN.format(prompt="draw a cat", model=FLARE))] == texts(harness, question)
    assert ((0, 1, 0), []) == (harness.ended(), left_files(harness))


def test_a_retry_brings_it_though_pictures_are_switched_off(harness: AnswerHarness) -> None:
    """What was paid comes."""
    harness.slack.switches.share_delay = None
    question = harness.ask("draw a cat")
    run_to_the_end(harness)
    harness.slack.switches.share_delay = 0.0
    harness.changes.clear()
    retry(harness)

    assert (1, 1) == (len(drawn(harness)), len(pictures(harness, question)))


def test_without_its_file_a_retry_draws_anew(harness: AnswerHarness) -> None:
    """Somebody has deleted it: the thread's words are not paid again."""
    question = harness.ask("tell me about a cat")
    run_to_the_end(harness)
    harness.slack.switches.share_delay = None
    harness.ask("draw that", thread_ts=question.ts)
    run_to_the_end(harness)
    (name,) = left_files(harness)
    (harness.var / "spool" / "files" / name).unlink()
    harness.slack.switches.share_delay = 0.0
    retry(harness)

    assert (4, 2) == (len(harness.openai.requests), len(drawn(harness)))
    assert 1 == len(pictures(harness, question))


def test_a_picture_in_doubt_is_looked_for_at_a_retry(harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine processes have died behind the request to show it: it stands there, and is not shown twice."""
    question = harness.ask("draw a cat")
    bring_file = thread_upload.bring_file

    def bring_and_die(*arguments: Any, **more: Any) -> None:
        bring_file(*arguments, **more)
        raise KilledError

    for _ in range(9):
        kill_in(harness, monkeypatch, thread_file, "bring_file", bring_and_die)
    run_to_the_end(harness)
    failed = harness.ended()
    retry(harness)

    assert ((0, 0, 1), 1) == (failed, len(drawn(harness)))
    assert 1 == len(pictures(harness, question))


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_picture_is_deleted_with_its_reply(harness: AnswerHarness, is_kept: bool) -> None:
    """Its file and its message; after the job was swept, too. Another picture stays."""
    question = harness.ask("draw a cat")
    run_to_the_end(harness)
    other = harness.ask("draw a dog", thread_ts=question.ts)
    run_to_the_end(harness)
    if not is_kept:
        for name in os.listdir(harness.var / "spool" / "done"):
            (harness.var / "spool" / "done" / name).unlink()
    replies = [
        message for message in harness.replies(question) if str(payload(message).get("key")).endswith(question.ts)
    ]
    at = f"{float(question.ts) + 100:.6f}"
    key = f"{question.channel}-{question.ts}-{question.ts}"
    click = Click(
        "delete", question.channel, question.ts, replies[0].ts, key, question.user, question.user, "T0PRACTICE", at
    )
    assert harness.spool.put(Key(question.channel, replies[0].ts, at), click.facts())
    run_to_the_end(harness)

    left = [file.name for file in pictures(harness, question)]
    assert [f"cocoai-{other.ts.replace('.', '-')}.jpeg"] == left
    assert 1 == harness.called("files.delete")


def test_the_door_is_closed_for_a_kind_of_options() -> None:
    """What cannot draw says so."""
    with pytest.raises(Exception, match="images_off"):
        Pictures.__dataclass_fields__["draw"].default()  # type: ignore[operator]
