"""The edge of a budget, as a race: what one process holds for a picture or a clip is no room for another's meanwhile.

The second attempt is run while the first one's hold is open, between its `asked` fact and its request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cocoai.answer.options import ImageOptions
from cocoai.answer.paid_requests import PaidCalls
from cocoai.ledger.caps import Caps
from cocoai.ledger.charge import PaidCall
from cocoai.ledger.ledger import Ledger
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.answer_harness import AnswerHarness
from tests.charges import charges
from tests.test_heard import MODEL, share, spoken

IMAGES = ImageOptions("gpt-image-2.6-flare", "1536x1024", "medium", "jpeg")
OF_A_CLIP = 3 * 75_000
"""What two seconds of sound hold: in nano-dollars, with a second more."""

DRAWING, HEARING, CHAT = "/v1/images/generations", "/v1/audio/transcriptions", "/v1/chat/completions"


@pytest.fixture
def two(tmp_path: Path, certificates: Certificates) -> Iterator[tuple[AnswerHarness, AnswerHarness]]:
    """Yield two processes of one pool, which draw and hear."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        slack.switches.share_delay, openai.switches.heard = 0.0, "what time is it"
        first, second = (AnswerHarness(tmp_path, certificates, slack, openai) for _ in range(2))
        for each in (first, second):
            each.changes = {"images": IMAGES, "speech": MODEL}
        yield first, second


def cap(harness: AnswerHarness, nano: int | None) -> None:
    """Let the team spend so much beside what is spent by now; None for enough."""
    ledger = harness.books.ledger
    spent = sum(charge.spent or 0 for charge in charges(harness.books))
    caps = Caps(10**12 if nano is None else spent + nano)
    harness.books = replace(harness.books, ledger=Ledger(ledger.store, caps, ledger.months, clock=harness.clock))


def run_while_held(first: AnswerHarness, monkeypatch: pytest.MonkeyPatch, run: Callable[[PaidCall], None]) -> None:
    """Run an attempt of `first`, and `run` once, while the hold of its first call is open."""
    opened = PaidCalls.open

    def open_and_run(calls: PaidCalls, call: PaidCall) -> None:
        opened(calls, call)
        monkeypatch.setattr(PaidCalls, "open", opened)
        run(call)

    monkeypatch.setattr(PaidCalls, "open", open_and_run)
    first.run()


def requested(harness: AnswerHarness) -> list[str]:
    """Return the paths of the requests to the models, in their order."""
    return [request.path for request in harness.openai.requests]


def check_books(harness: AnswerHarness) -> None:
    """Check that nothing is held any more, and that each charge is what was billed."""
    found = [charge.spent for charge in charges(harness.books) if charge.how != "refused"]
    assert [bill.nano_dollars for bill in harness.openai.bills] == found
    assert [] == harness.books.ledger.open_holds()


@pytest.mark.parametrize("has_room_later", [True, False])
def test_of_two_pictures_at_once_with_room_for_one_one_is_drawn(
    two: tuple[AnswerHarness, AnswerHarness], monkeypatch: pytest.MonkeyPatch, *, has_room_later: bool
) -> None:
    """The other waits for what the first one costs in truth: it is drawn then, or its asker is told."""
    first, second = two
    for thread in ("draw a cat", "draw a dog"):
        first.ask(thread)

    def draw_the_other(call: PaidCall) -> None:
        cap(second, call.bound * 2 - 1 if has_room_later else call.bound)
        second.run()

    run_while_held(first, monkeypatch, draw_the_other)
    assert [DRAWING] == requested(first)
    assert (1, 1, 0) == first.ended()
    assert [True] == [fact["held"] for fact in second.facts("ready", "retry")]

    second.wait()
    second.run()
    assert [DRAWING] * (2 if has_room_later else 1) == requested(first)
    assert ((0, 2, 0) if has_room_later else (0, 1, 1)) == first.ended()
    check_books(first)


def test_a_clip_waits_for_a_picture(two: tuple[AnswerHarness, AnswerHarness], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even heard while there is no room for it, and is heard and paid once when there is."""
    first, second = two
    first.ask("draw a cat")
    share(second, spoken())

    def hear(call: PaidCall) -> None:
        cap(second, call.bound + OF_A_CLIP - 1)
        second.run()

    run_while_held(first, monkeypatch, hear)
    assert [DRAWING] == requested(first)
    assert [True] == [fact["held"] for fact in second.facts("ready", "retry")]

    cap(second, None)
    second.wait()
    second.run()
    assert [DRAWING, HEARING, CHAT] == requested(first)
    assert (0, 2, 0) == first.ended()
    check_books(first)


def test_a_picture_waits_for_a_clip(two: tuple[AnswerHarness, AnswerHarness], monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its hold is a hundred times as much: what is held for another's sound is not for it."""
    first, second = two
    first.ask("draw a cat")
    first.run()
    (bound,) = (charge.held for charge in charges(first.books))
    share(first, spoken())
    second.ask("draw a cat")

    def draw(call: PaidCall) -> None:
        assert call.bound == OF_A_CLIP
        cap(second, bound + OF_A_CLIP - 1)
        second.run()

    run_while_held(first, monkeypatch, draw)
    assert [DRAWING, HEARING, CHAT] == requested(first)
    assert [True] == [fact["held"] for fact in second.facts("ready", "retry")]

    cap(second, None)
    second.wait()
    second.run()
    assert [DRAWING, HEARING, CHAT, DRAWING] == requested(first)
    assert (0, 3, 0) == first.ended()
    check_books(first)
