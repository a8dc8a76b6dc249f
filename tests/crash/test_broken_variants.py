"""Variants of the spool, the Answerer and the books that are broken on purpose: the enumeration catches each by a law.

Each variant lacks one precaution of the product's own class, which passes the same history.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cocoai.answer import Answerer, Books
from cocoai.engine.process import fork
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from tests.crash import broken_answer, broken_books, broken_spool
from tests.crash.enumeration import COARSE_AT_ONCE, ONCE, TWICE, Depth, Enumeration
from tests.crash.histories import history_named
from tests.crash.machine import ScheduledSpool, Variants
from tests.crash.power import Bound
from tests.crash.services import Services
from tests.crash.world import Law

UNTORN = Depth(cuts=1, first=Bound(newest=3, tears=0, torn=1))
"""For a file that is never fsynced: each of its lines multiplies the ways in which it may be torn."""


@dataclass(frozen=True)
class Variant:
    """A broken class, or what makes broken books, the history in which it shows, and the law that catches it.

    `shows_late`: the sooner found if the history's last steps are cut first.
    """

    broken: type[ScheduledSpool] | type[Answerer] | Callable[[Services], Books]
    history: str
    law: Law
    depth: Depth = ONCE
    shows_late: bool = False

    @property
    def variants(self) -> Variants:
        """Return the implementations to run: the broken one, and the product's own for the others."""
        if not isinstance(self.broken, type):
            return Variants(books=self.broken)
        if issubclass(self.broken, Answerer):
            return Variants(answerer=self.broken)
        assert issubclass(self.broken, ScheduledSpool)
        return Variants(spool=self.broken)


MENU = "a choice in the menu of a message, where we are no member"

VARIANTS = [
    Variant(broken_spool.LinksBeforeTheFsync, "one question", Law.ANSWERED),
    Variant(broken_spool.LinksBeforeTheFsync, "the mention and its twin at once", Law.KEPT, COARSE_AT_ONCE),
    Variant(broken_spool.AnswersBeforeReadyIsDurable, "one question", Law.KEPT),
    Variant(
        broken_spool.PostsBeforeReadyIsDurable, "claimed while it is put", Law.SPOKEN, COARSE_AT_ONCE, shows_late=True
    ),
    Variant(
        broken_spool.PostsBeforeReadyIsDurable, "claimed while it is put", Law.ONCE, COARSE_AT_ONCE, shows_late=True
    ),
    Variant(broken_spool.LosesTheMark, "one question", Law.MARKED, shows_late=True),
    Variant(broken_spool.TrustsItsFolders, "one question", Law.KEPT, shows_late=True),
    Variant(broken_spool.LooksOutsideTheLock, "a twin that comes in late", Law.KNOWN, COARSE_AT_ONCE),
    Variant(broken_spool.EndsWithoutTheLock, "redelivered while it is answered", Law.KNOWN, COARSE_AT_ONCE),
    Variant(broken_spool.LeavesTornLines, "one question", Law.PAID, TWICE, shows_late=True),
    Variant(broken_spool.RecordsWithoutFsync, "one question", Law.ONCE, UNTORN),
    Variant(broken_spool.DeletesOnStopRequest, "stopped before it is answered", Law.KEPT, shows_late=True),
    Variant(broken_answer.FinishesBeforePosting, "one question", Law.ANSWERED, shows_late=True),
    Variant(broken_answer.NeverLooksForPosted, "one question", Law.ONCE),
    Variant(broken_answer.NeverLooksForPosted, "asked again", Law.ONCE),
    Variant(
        broken_answer.FinishesBeforeHandling, "deleted by its asker, in three parts", Law.ANSWERED, shows_late=True
    ),
    Variant(broken_spool.ForgetsRequests, "killed five times while the model writes", Law.PAID),
    Variant(broken_answer.ApologizesWhenUsedUp, "killed five times when the answer is delivered", Law.REPLACED),
    Variant(broken_answer.RecordsDeliveredTooSoon, "an answer in three parts", Law.ANSWERED, shows_late=True),
    Variant(broken_spool.ChecksGesturesOutsideTheLock, "one gesture with two ts at once", Law.ADMITTED, COARSE_AT_ONCE),
    Variant(broken_spool.ChecksRepetitionsOutsideTheLock, "asked again twice at once", Law.ADMITTED, COARSE_AT_ONCE),
    Variant(broken_answer.RecordsHeardTooSoon, "a click on an answer in the making", Law.TOLD),
    Variant(broken_answer.RecordsSaidTooSoon, MENU, Law.TOLD),
    Variant(broken_answer.RecordsNothingSaid, MENU, Law.TOLD),
    Variant(broken_books.unknown_for_free, "killed five times while the model writes", Law.CHARGED),
    Variant(broken_books.one_charge_for_each_job, "killed five times while the model writes", Law.CHARGED),
    Variant(broken_books.settled_too_early, "one question", Law.CHARGED),
]


def title(variant: Variant) -> str:
    return f"{variant.broken.__name__}: {variant.law.name}"


def broken_laws(variant: Variant) -> set[Law]:
    """Enumerate the variant's history until its law is broken; return the laws that were broken so far."""

    def is_caught(so_far: Enumeration) -> bool:
        return any(violation.law == variant.law for violation in so_far.violations)

    history = history_named(variant.history)
    enumeration = Enumeration(
        history, variant.depth, variant.variants, stop_when=is_caught, newest_first=variant.shows_late
    )
    return {violation.law for violation in enumeration.run().violations}


@pytest.mark.parametrize("variant", VARIANTS, ids=title)
def test_a_broken_variant_is_caught(variant: Variant) -> None:
    """The enumeration reports the law that the variant breaks."""
    assert variant.law in broken_laws(variant)


def claims_twice(folder: Path, close: Callable[[], None]) -> bool:
    """Check, in a child, whether a claimed job can be claimed again once `close` has closed the inherited file."""
    spool = FileSpool(str(folder))
    job = spool.claim()
    assert job is not None
    close()
    return spool.claim() is not None


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced by /dev/null", "closed"])
def test_a_child_keeps_its_claim_only_if_inherited_descriptors_are_replaced(
    tmp_path: Path, *, is_replaced: bool
) -> None:
    """A descriptor that a child closes gives its number to the claim, which is lost when the file object is closed.

    That is why a child replaces inherited descriptors by /dev/null.
    """
    # The simulated disk has no descriptors of a parent, so these are real processes on a real folder.
    spool = FileSpool(str(tmp_path))
    spool.make_folders()
    spool.put(Key("C0PRACTICE", "1.000100", "1.000100"), {"text": "?"})
    inherited = (tmp_path / "inherited").open("w")

    def work() -> None:
        if not is_replaced:
            os.close(inherited.fileno())
        os._exit(2 + claims_twice(tmp_path, inherited.close))

    pid = fork.fork(work, name="claiming")
    _, status = os.waitpid(pid, 0)
    inherited.close()

    assert (2 if is_replaced else 3) == os.waitstatus_to_exitcode(status)
