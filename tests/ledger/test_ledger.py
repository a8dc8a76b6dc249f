"""Hold, settle and refuse: what fits under the caps, what is told when, and which numbers the calls have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cocoai.ledger.caps import ALL, HALF, HELD_DELAY, BudgetHeld, Caps, OverAllowance, OverBudget
from cocoai.ledger.charge import NOTHING_PAID, Bill, OpenHold, PaidCall, Payer
from cocoai.ledger.cost import Tokens
from cocoai.ledger.ledger import Ledger
from cocoai.ledger.months import Months
from cocoai.ledger.notices import TELLING, Notice, report_of
from cocoai.ledger.store import LedgerBroken, LedgerStore
from tests.ledger.charges import CENT, DAY, NOON, rows

pytestmark = pytest.mark.pure

DOLLAR = 100 * CENT
MONTHS = Months({"2026-11": NOON - 14 * DAY, "2026-12": NOON + 15 * DAY, "2027-01": NOON + 46 * DAY})
CALL = PaidCall("C1-1.0-1.0", 1, Payer("T1", "C1", "U1"), "chat", "gpt-6-luna", 60 * CENT, "{}")


class Desk:
    """A ledger under a cap of a dollar a month, with a clock that can be set."""

    def __init__(self, store: LedgerStore) -> None:
        self.now: float = NOON
        self.store = store
        self.ledger = self.with_caps()

    def with_caps(self, team: int = DOLLAR, **caps: int) -> Ledger:
        """Return another process's ledger on the same store, under these caps."""
        return Ledger(self.store, Caps(team, **caps), MONTHS, clock=self.clock)

    def clock(self) -> float:
        return self.now

    def spend(self, amount: int, number: int = 9, ledger: Ledger | None = None) -> None:
        """Hold and settle a call of another job."""
        ledger = ledger or self.ledger
        call = replace(CALL, key=f"C1-1.0-{number}.5", bound=amount)
        ledger.settle(call.key, ledger.hold(call), Bill(amount, "priced"))


@pytest.fixture
def desk(store: LedgerStore) -> Desk:
    """Return a desk with a ledger that has nothing in it."""
    return Desk(store)


def other(number: int, **changes: object) -> PaidCall:
    """Return the call of another job."""
    return replace(CALL, key=f"C1-1.0-{number}.0", **changes)  # type: ignore[arg-type]


# hold


def test_the_calls_of_a_job_are_numbered(desk: Desk) -> None:
    """From 1, whether the earlier ones are settled or not; other jobs have numbers of their own."""
    small = replace(CALL, bound=CENT)
    numbers = [desk.ledger.hold(small), desk.ledger.hold(small)]
    desk.ledger.settle(CALL.key, 1, NOTHING_PAID)
    numbers.append(desk.ledger.hold(small))

    assert [1, 2, 3] == numbers
    assert 1 == desk.ledger.hold(other(2, bound=CENT))


def test_a_hold_is_written_with_all_that_is_known(desk: Desk) -> None:
    """Its cost is unknown until it is settled."""
    desk.ledger.hold(replace(CALL, claim=3))

    columns = "key, call, claim, at, month, team, channel, person, kind, model, held, price, spent, how"
    whole = (CALL.key, 1, 3, NOON, "2026-11", "T1", "C1", "U1", "chat", "gpt-6-luna", 60 * CENT, "{}", None, None)
    assert [whole] == rows(desk.store, columns)


def test_the_whole_cap_may_be_spent_and_no_nano_dollar_more(desk: Desk) -> None:
    """The bound may be as large as what is left."""
    desk.spend(DOLLAR - 1)

    with pytest.raises(OverBudget):
        desk.ledger.hold(replace(CALL, bound=2))
    assert 1 == desk.ledger.hold(replace(CALL, bound=1))


def test_refused_by_what_is_spent(desk: Desk) -> None:
    """No hold is written; the error names the month that begins next."""
    desk.spend(50 * CENT)

    with pytest.raises(OverBudget) as refused:
        desk.ledger.hold(CALL)

    assert ("budget_team", "2026-12") == (refused.value.code, refused.value.again)
    assert [] == desk.ledger.open_holds()


def test_blocked_by_what_others_hold(desk: Desk) -> None:
    """The call is to be tried again soon; if it has waited too long, its error is the refusal."""
    desk.ledger.hold(CALL)

    with pytest.raises(BudgetHeld) as held:
        desk.ledger.hold(other(2))

    assert ("budget_held", HELD_DELAY) == (held.value.code, held.value.retry_after)
    assert ("budget_team", "2026-12") == (held.value.final.code, held.value.final.again)
    assert 1 == len(desk.ledger.open_holds())


def test_a_call_fits_once_the_other_has_cost_less_than_it_held(desk: Desk) -> None:
    """What was held beyond the bill is free again at once."""
    desk.ledger.hold(CALL)
    desk.ledger.settle(CALL.key, 1, Bill(40 * CENT, "priced"))

    assert 1 == desk.ledger.hold(other(2))


def test_a_call_fits_once_the_other_was_not_run(desk: Desk) -> None:
    """A refused call has cost nothing."""
    desk.ledger.hold(CALL)
    desk.ledger.settle(CALL.key, 1, NOTHING_PAID)

    assert 1 == desk.ledger.hold(other(2, bound=DOLLAR))


def test_what_is_spent_comes_before_what_is_held(desk: Desk) -> None:
    """A call that will not fit in this month anyway does not wait for others."""
    desk.spend(50 * CENT)
    desk.ledger.hold(other(2, bound=CENT))

    with pytest.raises(OverBudget):
        desk.ledger.hold(CALL)


def test_a_cap_of_zero_pays_for_nothing(desk: Desk) -> None:
    """Not even a call that costs nothing; and there is nothing to warn of."""
    ledger = desk.with_caps(0)

    with pytest.raises(OverBudget) as refused:
        ledger.hold(replace(CALL, bound=0))

    assert "budget_off" == refused.value.code
    assert (False, []) == (ledger.has_untold, ledger.take_notices())


def test_a_free_call_passes_a_cap_that_is_reached(desk: Desk) -> None:
    """A model without a price costs nothing."""
    desk.spend(DOLLAR)

    assert 1 == desk.ledger.hold(replace(CALL, bound=0))


@pytest.mark.parametrize(
    ("caps", "code", "same", "different"),
    [
        ({"person": 70 * CENT}, "budget_person", {"channel": "C2"}, {"person": "U2"}),
        ({"channel": 70 * CENT}, "budget_channel", {"person": "U2"}, {"channel": "C2"}),
    ],
)
def test_a_cap_for_each_person_and_each_channel(
    desk: Desk, caps: dict[str, int], code: str, same: dict[str, str], different: dict[str, str]
) -> None:
    """Each counts all charges of its own, and nobody else's."""
    ledger = desk.with_caps(10 * DOLLAR, **caps)
    desk.spend(60 * CENT, ledger=ledger)

    with pytest.raises(OverBudget) as refused:
        ledger.hold(other(2, payer=replace(CALL.payer, **same)))

    assert code == refused.value.code
    assert 1 == ledger.hold(other(3, payer=replace(CALL.payer, **different)))


def test_another_person_s_hold_blocks_only_the_team(desk: Desk) -> None:
    """A person's own cap is not touched by it."""
    ledger = desk.with_caps(10 * DOLLAR, person=70 * CENT)
    ledger.hold(CALL)

    assert 1 == ledger.hold(other(2, payer=replace(CALL.payer, person="U2")))
    with pytest.raises(BudgetHeld) as held:
        ledger.hold(other(3))
    assert "budget_person" == held.value.final.code


def test_a_person_s_spent_cap_comes_before_what_others_hold_of_the_team_s(desk: Desk) -> None:
    """Waiting would not help."""
    ledger = desk.with_caps(person=70 * CENT)
    desk.spend(60 * CENT, ledger=ledger)
    ledger.hold(other(2, payer=replace(CALL.payer, person="U2"), bound=30 * CENT))

    with pytest.raises(OverBudget) as refused:
        ledger.hold(replace(CALL, bound=20 * CENT))

    assert "budget_person" == refused.value.code


# settle


def test_a_settled_call_keeps_what_answered(desk: Desk) -> None:
    """That is its model, tier, tokens and price; a bill that does not know them leaves what was asked."""
    bill = Bill(7, "priced", "gpt-6-luna-2026-09-22", "default", Tokens(5, 4, 1, 3, 2), price="P")
    desk.ledger.settle(CALL.key, desk.ledger.hold(CALL), bill)
    desk.ledger.settle("C1-1.0-2.0", desk.ledger.hold(other(2, bound=3)), Bill(3, "lost"))

    columns = "spent, how, model, tier, prompt, cached, written, output, reasoning, price"
    assert [
        (7, "priced", "gpt-6-luna-2026-09-22", "default", 5, 4, 1, 3, 2, "P"),
        (3, "lost", "gpt-6-luna", "", None, None, None, None, None, "{}"),
    ] == rows(desk.store, columns)


def test_a_second_settling_changes_nothing(desk: Desk) -> None:
    """Whoever comes first ends the hold: the process itself, a successor, or the sweep."""
    desk.ledger.hold(CALL)
    desk.ledger.settle(CALL.key, 1, Bill(7, "priced"))
    desk.ledger.settle(CALL.key, 1, Bill(60 * CENT, "lost"))

    assert [(7, "priced")] == rows(desk.store, "spent, how")


def test_a_call_that_was_never_held_is_not_settled(desk: Desk) -> None:
    """No row is made of it."""
    desk.ledger.settle(CALL.key, 1, Bill(7, "priced"))

    assert [] == rows(desk.store)


def test_a_bill_above_its_hold_is_booked_as_it_is(desk: Desk) -> None:
    """Books say what was billed, even if that passes the cap; then nothing more is paid."""
    desk.ledger.settle(CALL.key, desk.ledger.hold(CALL), Bill(2 * DOLLAR, "told"))

    assert [(2 * DOLLAR,)] == rows(desk.store, "spent")
    with pytest.raises(OverBudget):
        desk.ledger.hold(other(2, bound=1))


def test_open_holds_are_listed_oldest_first(desk: Desk) -> None:
    """Those of one job, or all; settled ones are not among them."""
    for number in (3, 2, 1):
        desk.ledger.hold(other(number, bound=number, claim=number))
    desk.ledger.settle("C1-1.0-2.0", 1, NOTHING_PAID)

    assert [OpenHold("C1-1.0-3.0", 1, 3, 3), OpenHold("C1-1.0-1.0", 1, 1, 1)] == desk.ledger.open_holds()
    assert [OpenHold("C1-1.0-1.0", 1, 1, 1)] == desk.ledger.open_holds("C1-1.0-1.0")
    assert Bill(3, "lost") == desk.ledger.open_holds()[0].lost()


# months


def test_a_call_stays_in_the_month_of_its_hold(desk: Desk) -> None:
    """Though it ends in the next one: the new month begins with nothing spent."""
    desk.now = NOON + 15 * DAY - 1
    desk.ledger.hold(CALL)
    desk.now += 2
    desk.ledger.settle(CALL.key, 1, Bill(60 * CENT, "priced"))

    assert [("2026-11", 60 * CENT)] == rows(desk.store, "month, spent")
    assert 1 == desk.ledger.hold(other(2, bound=DOLLAR))
    desk.now = NOON
    with pytest.raises(OverBudget):
        desk.ledger.hold(other(3, bound=41 * CENT))


def test_a_hold_of_last_month_does_not_block_this_one(desk: Desk) -> None:
    """Each month has a cap of its own."""
    desk.ledger.hold(CALL)
    desk.now = NOON + 20 * DAY

    assert 1 == desk.ledger.hold(other(2, bound=DOLLAR))


def test_a_clock_that_jumps_back_finds_its_month_again(desk: Desk) -> None:
    """What was spent there still counts."""
    desk.spend(60 * CENT)
    desk.now = NOON + 20 * DAY
    desk.spend(60 * CENT, number=8)
    desk.now = NOON

    with pytest.raises(OverBudget):
        desk.ledger.hold(CALL)


def test_another_zone_re_dates_nothing(desk: Desk) -> None:
    """A row keeps the month that it got; new calls are dated by the new zone."""
    desk.now = NOON + 15 * DAY - 3600
    desk.spend(60 * CENT)
    later = Months({"2026-11": 0.0, "2026-12": desk.now - 1, "2027-01": desk.now + 31 * DAY})
    moved = Ledger(desk.store, Caps(DOLLAR), later, clock=desk.clock)
    moved.hold(other(2, bound=DOLLAR))

    assert [("2026-11",), ("2026-12",)] == rows(desk.store, "month")


# warnings


def notices(ledger: Ledger) -> list[tuple[str, int]]:
    """Return the scope and the threshold of each notice that is to be told now, in their order."""
    return sorted((notice.scope, notice.threshold) for notice in ledger.take_notices())


def test_each_threshold_is_told_once_a_month(desk: Desk) -> None:
    """At 50, 80 and 100 percent of the team's cap; the next month begins anew."""
    told = []

    def tell() -> None:
        is_untold, taken = desk.ledger.has_untold, desk.ledger.take_notices()
        for notice in taken:
            desk.ledger.note_told(notice)
        told.append([notice.threshold for notice in taken])
        assert bool(taken) is is_untold

    for number, amount in enumerate((49, 1, 1, 28, 1, 20)):
        desk.spend(amount * CENT, number)
        tell()
    with pytest.raises(OverBudget):
        desk.ledger.hold(CALL)
    tell()
    desk.now = NOON + 20 * DAY
    desk.spend(50 * CENT, 20)

    assert [[], [HALF], [], [], [80], [ALL], []] == told
    assert [Notice("2026-12", "team", HALF)] == desk.ledger.take_notices()


def test_one_call_may_pass_several_thresholds(desk: Desk) -> None:
    """Each of them is told."""
    ledger = desk.with_caps(person=DOLLAR, channel=2 * DOLLAR)
    desk.spend(90 * CENT, ledger=ledger)

    assert [("person U1", 80), ("team", HALF), ("team", 80)] == notices(ledger)


def test_a_refusal_tells_that_the_cap_is_reached(desk: Desk) -> None:
    """Though a little is left of it: no call fits any more."""
    desk.spend(DOLLAR - 1)
    desk.ledger.take_notices()
    with pytest.raises(OverBudget):
        desk.ledger.hold(CALL)

    assert desk.ledger.has_untold
    assert [("team", ALL)] == notices(desk.ledger)


def test_a_notice_is_taken_by_one_process(desk: Desk) -> None:
    """If that dies before it has told it, another one takes it once TELLING is over."""
    desk.spend(50 * CENT)
    first, second = desk.with_caps(), desk.with_caps()
    taken = [notices(first), notices(second)]
    desk.now += TELLING
    taken.append(notices(second))
    desk.now += 1
    taken.append(notices(second))

    half = [("team", HALF)]
    assert [half, [], [], half] == taken


def test_a_notice_that_was_taken_in_the_future_is_taken_again(desk: Desk) -> None:
    """A clock was wrong then."""
    desk.spend(50 * CENT)
    desk.ledger.take_notices()
    desk.now -= 10 * DAY

    assert [("team", HALF)] == notices(desk.ledger)


def test_a_notice_that_was_told_is_not_told_again(desk: Desk) -> None:
    """Not after TELLING either."""
    desk.spend(50 * CENT)
    (notice,) = desk.ledger.take_notices()
    untold = desk.ledger.was_told(notice)
    desk.ledger.note_told(notice)
    desk.now += 10 * TELLING

    assert (False, True) == (untold, desk.ledger.was_told(notice))
    assert [] == desk.ledger.take_notices()


def test_a_month_s_report_is_no_warning(desk: Desk) -> None:
    """It is noted when it was posted, and nobody takes it."""
    report = report_of("2026-11")
    untold = desk.ledger.was_told(report)
    desk.ledger.note_told(report)

    assert (False, True) == (untold, desk.ledger.was_told(report))
    assert [] == desk.ledger.take_notices()


def test_a_warning_is_written_with_its_charge_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the transaction fails, neither of them is there."""
    desk.ledger.hold(CALL)

    def fail(*_: object) -> bool:
        raise OSError("no")

    monkeypatch.setattr("cocoai.ledger.notices.write", fail)
    with pytest.raises((LedgerBroken, OSError)):
        desk.ledger.settle(CALL.key, 1, Bill(60 * CENT, "priced"))
    monkeypatch.undo()

    assert (1, []) == (len(desk.ledger.open_holds()), desk.ledger.take_notices())


# the most reasoning


def reasoned(desk: Desk, *tokens: int, model: str = "gpt-6-luna", how: str = "priced") -> None:
    """Write an answer of this model for each number of reasoning tokens."""
    for number, count in enumerate(tokens):
        call = replace(CALL, key=f"C1-{model}-{how}-{number}", bound=0)
        bill = Bill(0, how, model, tokens=Tokens(1, output=count, reasoning=count))  # type: ignore[arg-type]
        desk.ledger.settle(call.key, desk.ledger.hold(call), bill)


def test_the_most_reasoning_is_that_of_the_last_answers(desk: Desk) -> None:
    """Of the last 20 of that model; None without any."""
    assert desk.ledger.most_reasoning("gpt-6-luna") is None

    reasoned(desk, *[1000] * 5, *[10, 21] * 10)

    assert 21 == desk.ledger.most_reasoning("gpt-6-luna")
    assert desk.ledger.most_reasoning("gpt-6") is None


def test_the_most_reasoning_counts_what_was_told_under_a_dated_name(desk: Desk) -> None:
    """But no estimates, which are made of it, and no other model whose name only begins so."""
    reasoned(desk, 30, model="gpt-6-luna-2026-09-22")
    reasoned(desk, 10, how="told")
    reasoned(desk, 999, how="estimated")
    reasoned(desk, 999, model="gpt-6-luna-mini")

    assert 30 == desk.ledger.most_reasoning("gpt-6-luna")


def test_a_dear_call_that_is_refused_does_not_say_that_all_is_used_up(desk: Desk) -> None:
    """Cheaper ones may go on; only when less than a hundredth is left everybody hears of it."""
    desk.spend(98 * CENT)
    desk.ledger.take_notices()

    with pytest.raises(OverBudget):
        desk.ledger.hold(other(2, bound=3 * CENT))
    dear = desk.ledger.take_notices()
    desk.ledger.settle(other(3).key, desk.ledger.hold(other(3, bound=2 * CENT)), Bill(CENT + CENT // 2, "priced"))
    with pytest.raises(OverBudget):
        desk.ledger.hold(other(4, bound=CENT))

    assert ([], [("2026-11", "team", ALL)]) == (dear, desk.ledger.take_notices())


# units of a day


def sound(number: int, minutes: float, **changes: object) -> PaidCall:
    """Return a call that hears so many minutes, of a person who may have ten within a day."""
    units = round(60_000 * minutes)
    return other(number, kind="speech", bound=CENT, units=units, most_a_day=600_000, **changes)


def test_a_persons_units_of_a_day_have_an_end(desk: Desk) -> None:
    """What is open counts as it was held, what is settled as it was told; another person, or kind, has its own."""
    desk.ledger.hold(sound(1, 4))
    desk.ledger.settle("C1-1.0-2.0", desk.ledger.hold(sound(2, 5)), Bill(CENT, "priced", units=60_000))
    desk.ledger.hold(sound(3, 5))
    with pytest.raises(OverAllowance):
        desk.ledger.hold(sound(4, 0.1))
    desk.ledger.hold(sound(5, 9, payer=Payer("T1", "C1", "U2")))
    desk.ledger.hold(other(6, bound=CENT))
    desk.now += DAY + 1

    assert 1 == desk.ledger.hold(sound(7, 10))


def test_lost_units_count_and_refused_ones_do_not(desk: Desk) -> None:
    """A call of which nobody knows how it ended may have been heard."""
    desk.ledger.settle("C1-1.0-1.0", desk.ledger.hold(sound(1, 10)), NOTHING_PAID)
    desk.ledger.settle("C1-1.0-2.0", desk.ledger.hold(sound(2, 10)), Bill(CENT, "lost"))

    with pytest.raises(OverAllowance):
        desk.ledger.hold(sound(3, 1))
