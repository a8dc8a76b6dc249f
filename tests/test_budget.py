"""What people meet of the budget: refusals, waits, warnings, the answer to "usage", the monthly report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.answer.options import MoneyOptions
from cocoai.answer.report_task import LATEST, MORNING, ReportTask
from cocoai.answer.retry import MOST_HELD
from cocoai.ledger.caps import Caps
from cocoai.ledger.charge import Bill, PaidCall, Payer
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.money import NANO
from cocoai.ledger.months import Months
from cocoai.ledger.notices import TELLING, report_of
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import ENGLISH, JAPANESE
from cocoai.texts.overrides import by_key, placeholders
from tests.answer_harness import AnswerHarness
from tests.charges import charges, told_how
from tests.deployment import payload

ASKER, OTHER, OPERATOR = "U0ASKER01", "U0ASKER02", "U0ASKER04"
CHANNEL = "C0PRACTICE"
DAY = 86_400


def skip(seconds: float) -> None:
    """Return at once, in place of `time.sleep`."""


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    """Yield an answerer with a ledger; one person is an operator."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(tmp_path, certificates, slack, openai)
        made.sleep = skip
        made.changes |= {"operators": frozenset({OPERATOR}), "money": MoneyOptions(seat=20 * NANO)}
        yield made


def months_around(now: float) -> Months:
    """Return a November that has begun 10 days before now, and the months around it, of 30 days each."""
    start = now - 10 * DAY
    return Months({"2026-10": start - 30 * DAY, "2026-11": start, "2026-12": start + 30 * DAY})


def cap(harness: AnswerHarness, **caps: Any) -> Ledger:
    """Give the harness a ledger with these caps, in nano-dollars, in a November; return it."""
    months = months_around(harness.clock())
    ledger = Ledger(harness.books.ledger.store, Caps(**({"team": NANO} | caps)), months, clock=harness.clock)
    harness.books = replace(harness.books, ledger=ledger)
    return ledger


def call_of(person: str, bound: int, key: str = "C1-1.0-1.0") -> PaidCall:
    """Return a call of this person that may cost `bound`."""
    return PaidCall(key, 1, Payer("T0", CHANNEL, person), "chat", "gpt-6-luna", bound, "")


def spend(harness: AnswerHarness, nano: int, person: str = OTHER, key: str = "C1-1.0-1.0") -> None:
    """Have this person spend so much."""
    ledger = harness.books.ledger
    ledger.settle(key, ledger.hold(call_of(person, nano, key)), Bill(nano, "priced"))


def run_to_the_end(harness: AnswerHarness) -> None:
    """Run attempts until no job is left."""
    while harness.spool.keys("ready"):
        harness.run()
        harness.wait()


def ephemeral(harness: AnswerHarness, channel: str = CHANNEL) -> list[tuple[str, str]]:
    """Return the person and the text of each message that one person alone has seen."""
    return [(message.only_for, message.text) for message in harness.slack.ephemeral_messages(channel)]


def direct(harness: AnswerHarness) -> list[tuple[str, str]]:
    """Return the channel and the text of each direct message of ours."""
    posts = [
        call.arguments for call in harness.slack.calls if call.method == "chat.postMessage" and call.outcome == "ok"
    ]
    return [(post["channel"], post["text"]) for post in posts if str(post["channel"]).startswith("U")]


# refusals


@pytest.mark.parametrize(
    ("caps", "person", "code"),
    [
        ({"team": 1000}, OTHER, "budget_team"),
        ({"person": 1000}, ASKER, "budget_person"),
        ({"channel": 1000}, OTHER, "budget_channel"),
    ],
)
def test_over_a_cap_nothing_is_sent(harness: AnswerHarness, caps: dict[str, int], person: str, code: str) -> None:
    """The asker reads when the budget starts again."""
    cap(harness, **caps)
    spend(harness, 999, person)
    question = harness.ask()
    run_to_the_end(harness)

    assert ("error", ENGLISH.sorry[code].format(year=2026, month="December")) == harness.reply(question)
    assert ([], 1) == (harness.openai.requests, len(charges(harness.books)))


def test_another_person_s_share_is_his_own(harness: AnswerHarness) -> None:
    """What one has spent is in nobody else's way."""
    cap(harness, person=NANO // 100)
    spend(harness, NANO // 100, OTHER)
    question = harness.ask()
    run_to_the_end(harness)

    assert "answer" == harness.reply(question)[0]


def test_a_new_month_has_its_own_budget(harness: AnswerHarness) -> None:
    """What was refused in November is answered in December."""
    cap(harness)
    spend(harness, NANO)
    harness.ahead += 21 * DAY
    question = harness.ask()
    run_to_the_end(harness)

    assert "answer" == harness.reply(question)[0]
    assert ["2026-11", "2026-12"] == [charge.month for charge in charges(harness.books)]


# waiting for what others hold


def test_what_others_hold_is_waited_for(harness: AnswerHarness) -> None:
    """The placeholder stands, no attempt is counted, and once there is room the question is answered."""
    ledger = cap(harness)
    call = ledger.hold(call_of(OTHER, NANO - 1000))
    question = harness.ask()
    harness.run()
    waiting = (harness.reply(question)[0], list(harness.openai.requests))
    (key,) = harness.spool.keys("ready")
    retry = harness.spool.peek("ready", key)[-1]
    ledger.settle("C1-1.0-1.0", call, Bill(1000, "priced"))
    harness.ahead += 5
    job = harness.claim()
    attempt = job.attempt
    harness.answerer().answer(job)

    assert ("placeholder", []) == waiting
    assert ("retry", True, True) == (retry["fact"], retry["free"], retry["held"])
    assert 5.0 == pytest.approx(retry["retry_at"] - retry["at"], abs=0.5)
    assert 1 == attempt
    assert "answer" == harness.reply(question)[0]


def test_nobody_waits_for_others_for_ever(harness: AnswerHarness) -> None:
    """After ten minutes the asker reads the day."""
    ledger = cap(harness)
    ledger.hold(call_of(OTHER, NANO - 1000))
    question = harness.ask()
    harness.run()
    harness.ahead += MOST_HELD - 1
    harness.run()
    still = harness.reply(question)[0]
    harness.ahead += 6
    harness.run()

    assert "placeholder" == still
    assert ("error", ENGLISH.sorry["budget_team"].format(year=2026, month="December")) == harness.reply(question)


# warnings


def test_the_operators_hear_of_half_and_the_asker_of_the_warning(harness: AnswerHarness) -> None:
    """Each once a month: a direct message to the operators, a private one beside the answer."""
    cap(harness)
    for part, key in ((50, "C1-1.0-1.0"), (29, "C1-2.0-2.0")):
        spend(harness, NANO * part // 100, OTHER, key)
    harness.openai.switches.usage_cost = 0.02
    for _ in range(2):
        harness.ask()
        run_to_the_end(harness)

    half, warned = (
        ENGLISH.usage["half"].format(percent=percent, spent=spent, cap="$1")
        for percent, spent in ((50, "$0.81"), (80, "$0.81"))
    )
    assert {(OPERATOR, half), (OPERATOR, warned)} == set(direct(harness))
    assert 2 == len(direct(harness))
    assert [(ASKER, warned)] == ephemeral(harness)


def test_at_the_end_of_the_budget_everybody_hears_of_it(harness: AnswerHarness) -> None:
    """The operators directly, the others in the channel for reports, and each asker in his refusal."""
    harness.changes["money"] = MoneyOptions(report_channel="C0SHARED")
    cap(harness)
    spend(harness, NANO)
    question = harness.ask()
    run_to_the_end(harness)

    text = ENGLISH.sorry["budget_team"].format(year=2026, month="December")
    posted = [call.arguments["channel"] for call in harness.slack.calls if call.arguments.get("text") == text]
    assert {OPERATOR, "C0SHARED"} <= set(posted)
    assert ("error", text) == harness.reply(question)


def test_a_person_hears_of_his_own_share_alone(harness: AnswerHarness) -> None:
    """Neither the operators nor anybody else is told."""
    cap(harness, person=NANO // 100)
    harness.openai.switches.usage_cost = 0.0085
    harness.ask()
    run_to_the_end(harness)

    assert [(ASKER, ENGLISH.usage["warn_person"].format(percent=80))] == ephemeral(harness)
    assert [] == direct(harness)


def test_a_notice_that_was_not_told_is_told_later_and_once(harness: AnswerHarness) -> None:
    """Its process died in between; whoever looks after a while tells it."""
    ledger = cap(harness)
    spend(harness, NANO // 2)
    taken = ledger.take_notices()  # and dies
    answerer = harness.answerer()
    answerer.tell_notices()
    at_once = direct(harness)
    harness.ahead += TELLING + 1
    answerer.tell_notices()
    answerer.tell_notices()

    assert [("2026-11", "team", 50)] == taken
    assert ([], 1) == (at_once, len(direct(harness)))


# "usage"


def usage(harness: AnswerHarness, user: str = ASKER) -> Message:
    """Ask for the usage in a channel, and return the question."""
    message = harness.slack.say(user, "<@U0COCOAI> いくら使った？")
    harness.put(message)
    run_to_the_end(harness)
    return message


def test_the_team_s_total_is_public_and_one_s_own_is_private(harness: AnswerHarness) -> None:
    """The total, the cap, the pace and the comparison stand in the thread; no model is asked."""
    cap(harness)
    spend(harness, NANO * 24 // 100, ASKER)
    spend(harness, NANO * 12 // 100, OTHER, "C1-2.0-2.0")
    question = usage(harness)

    kind, text = harness.reply(question)
    assert "note" == kind
    assert [
        "This month the team has spent $0.36 of $1, which is 36 %.",
        "2 people asked 2 questions, at $0.1800 on average.",
        "At this pace it will be $1.08 at the end of the month.",
        "Elsewhere, seats at $20 a head would be $40: $39.64 saved.",
        "(Before tax.)",
    ] == text.split("\n")
    own = "You have spent $0.24 of that, on 1 question.\nThat is 1 % of what a seat elsewhere costs, $20 a month."
    assert [(ASKER, own)] == ephemeral(harness)
    assert [] == harness.openai.requests


def test_an_operator_sees_people_channels_and_models(harness: AnswerHarness) -> None:
    """Privately, by name."""
    cap(harness, person=NANO)
    spend(harness, NANO // 4, ASKER)
    usage(harness, OPERATOR)

    ((user, text),) = ephemeral(harness)
    name = harness.slack.workspace.people[ASKER].name
    assert OPERATOR == user
    assert [
        "You have spent $0 of that, on 0 questions.",
        "That is 0 % of what a seat elsewhere costs, $20 a month.",
        "Your own limit is $1 a month.",
        "By person:",
        f"• {name}: $0.25, 1 question",
        "By channel:",
        f"• <#{CHANNEL}>: $0.25, 1 question",
        "By model:",
        "• gpt-6-luna: $0.25, 1 question",
    ] == text.split("\n")


def test_direct_messages_are_one_row(harness: AnswerHarness) -> None:
    """Slack shows no name for one; a channel without an id was a direct message of a forgotten person."""
    cap(harness)
    for number, channel in enumerate(("D1", CHANNEL, "D2", "")):
        call = replace(call_of(ASKER, NANO // 10, f"C1-{number}.0-1.0"), payer=Payer("T0", channel, ASKER))
        ledger = harness.books.ledger
        ledger.settle(call.key, ledger.hold(call), Bill(call.bound, "priced"))
    usage(harness, OPERATOR)

    ((_, text),) = ephemeral(harness)
    lines = text.split("\n")
    at = lines.index("By channel:")
    assert ["• direct messages: $0.30, 3 questions", f"• <#{CHANNEL}>: $0.10, 1 question"] == lines[at + 1 : at + 3]


def test_yen_are_shown_where_there_is_a_rate(harness: AnswerHarness) -> None:
    """With the rate, and 約."""
    harness.words = JAPANESE
    harness.changes["money"] = MoneyOptions(seat=20 * NANO, yen_rate=150_000)
    cap(harness)
    spend(harness, NANO // 4, ASKER)
    _, text = harness.reply(usage(harness))

    assert "今月のチームの利用額は約38円（$0.25）で、予算$1の25%です。" == text.split("\n")[0]
    assert "（税抜き、1ドル150円で換算）" == text.split("\n")[-1]


def test_the_cost_stands_under_an_answer_if_the_settings_want_it(harness: AnswerHarness) -> None:
    """Dollars and the model, not tokens."""
    harness.changes["money"] = MoneyOptions(shows_cost=True)
    harness.openai.switches.usage_cost = 0.0004
    harness.openai.switches.answer = "Yes."
    question = harness.ask()
    run_to_the_end(harness)

    assert "Yes.\n\n(This answer cost $0.0004, by gpt-6-luna.)" == harness.reply(question)[1]


# the monthly report


def task(harness: AnswerHarness) -> ReportTask:
    """Return the task that puts the report, after the month's end."""
    options = MoneyOptions(seat=20 * NANO, report_channel=CHANNEL)
    harness.changes["money"] = options
    return ReportTask(harness.spool, harness.books.ledger, options, harness.clock)


def reports(harness: AnswerHarness) -> list[Message]:
    """Return the reports in the channel."""
    ours = [message for message in harness.slack.messages(CHANNEL) if message.metadata]
    return [message for message in ours if payload(message)["kind"] == "report"]


@pytest.fixture
def december(harness: AnswerHarness) -> AnswerHarness:
    """Return the harness on the first morning of December; something was spent in November."""
    now = harness.clock()
    start = now - MORNING - 60
    months = Months({"2026-10": start - 60 * DAY, "2026-11": start - 30 * DAY, "2026-12": start, "2027-01": now + DAY})
    store, caps = harness.books.ledger.store, Caps(NANO)
    harness.books = replace(harness.books, ledger=Ledger(store, caps, months, clock=lambda: now - 10 * DAY))
    spend(harness, NANO // 4, ASKER)
    harness.books = replace(harness.books, ledger=Ledger(store, caps, months, clock=harness.clock))
    return harness


def test_a_month_is_reported_on_the_next_first_morning(december: AnswerHarness) -> None:
    """In words, as a chart of its days, and as a table of its models; putting it again is a duplicate."""
    report = task(december)
    put = (report.is_wanted(), report.run(), report.run())
    run_to_the_end(december)
    again = report.run()

    (message,) = reports(december)
    assert ((True, True, False), False) == (put, again)
    assert [
        "CocoAI in November 2026: $0.25 instead of $20",
        "Elsewhere, seats at $20 a head would be $20: $19.75 saved.",
        "1 person asked 1 question, at $0.2500 on average.",
        "Of the budget of $1, $0.25 was used, which is 25 %.",
        "(Before tax.)",
    ] == message.text.split("\n")
    types = [block["type"] for block in message.blocks]
    assert ["header", "section", "data_visualization", "data_table", "context"] == types
    assert december.books.ledger.was_told(report_of("2026-11"))


@pytest.mark.parametrize(("seconds", "is_wanted"), [(0, False), (MORNING - 1, False), (MORNING, True), (LATEST, False)])
def test_a_report_has_its_days(harness: AnswerHarness, seconds: float, is_wanted: bool) -> None:
    """Not at night, and not after the seventh."""
    cap(harness)
    start = harness.books.ledger.months.start("2026-12")
    report = replace(task(harness), clock=lambda: start + seconds)

    assert is_wanted == report.is_wanted()


def test_a_month_in_which_nobody_asked_is_not_reported(harness: AnswerHarness) -> None:
    """A new installation has nothing to say of the month before."""
    cap(harness)
    harness.ahead += 20 * DAY + MORNING

    assert not task(harness).run()


def test_a_workspace_without_charts_reads_the_words_and_the_table(december: AnswerHarness) -> None:
    """Slack refuses the whole message for one block."""
    december.slack.switches.charts = False
    task(december).run()
    run_to_the_end(december)

    (message,) = reports(december)
    assert ["header", "section", "data_table", "context"] == [block["type"] for block in message.blocks]


def test_a_report_whose_post_may_have_arrived_is_sought(december: AnswerHarness) -> None:
    """The response was lost: it stands there once."""
    task(december).run()
    december.slack.fail("chat.postMessage", SlackFault("reply lost"))
    run_to_the_end(december)

    assert 1 == len(reports(december))
    assert december.books.ledger.was_told(report_of("2026-11"))


def test_without_leave_to_read_it_is_posted_at_most_once(december: AnswerHarness) -> None:
    """A report that is missing is better than one that stands twice."""
    december.slack.switches.scopes = SCOPES - {"channels:history"}
    task(december).run()
    december.slack.fail("chat.postMessage", SlackFault("reply lost"))
    run_to_the_end(december)

    assert 1 == len(reports(december))
    assert (0, 1, 0) == december.ended()


def test_a_report_that_slack_limits_is_posted_later(december: AnswerHarness) -> None:
    """It was not sent, so nothing is sought."""
    december.slack.switches.scopes = SCOPES - {"channels:history"}
    task(december).run()
    december.slack.fail("chat.postMessage", SlackFault("limited", seconds=1.0))
    run_to_the_end(december)

    assert 1 == len(reports(december))


@pytest.mark.pure
def test_the_texts_about_money_have_the_same_placeholders() -> None:
    """In both languages."""
    found = [
        {key: placeholders(text) for key, text in by_key(texts).items() if key.startswith("usage_")}
        for texts in (ENGLISH, JAPANESE)
    ]

    assert found[0] == found[1]
    assert 20 < len(found[0])


def test_a_charge_is_known_by_how(harness: AnswerHarness) -> None:
    """A hold that is open has no cost yet."""
    ledger = cap(harness)
    ledger.hold(call_of(OTHER, 5))

    assert [None] == told_how(harness.books)
