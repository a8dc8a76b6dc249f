"""Decide whether an answer begins with the honest word that it is late, the same at each delivery. Pure but for a fact.

An answer that is delivered again must be cut into parts where it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from cocoai.answer.attempt import Attempt
from cocoai.answer.retry import was_shut_out
from cocoai.slack.markdown.message_layout import Layout
from cocoai.spool.job import Fact

LATE = 3600.0
"""Seconds after its question from which on a reply says that it is late."""


def late_words(attempt: Attempt, markdown: str, layout: Layout, now: float) -> str:
    """Return the word with which the answer `markdown` begins if it is late, "" if it is not; `now` is epoch seconds.

    It is late if that was recorded before, or over LATE seconds after its question, or if it has waited for an
    operator. That is recorded, unless parts of it are posted already or the fact cannot be.
    """
    job, words = attempt.job, f"{attempt.texts.late}\n\n"
    if job.last("late"):
        return words
    is_late = was_shut_out(job) or now - float(attempt.question.asked_at or attempt.question.ts) > LATE
    if not is_late or job.facts("part"):
        return ""
    # What may stand must not become shorter, and with more words in front the first part may be cut earlier.
    if _was_recorded_before(job.lines) and _first(layout, words + markdown) < _first(layout, markdown):
        return ""
    return words if attempt.record("late") else ""


def _was_recorded_before(lines: Sequence[Fact]) -> bool:
    """Check whether an earlier attempt has recorded the answer, and so may have shown it."""
    names = [line.get("fact") for line in lines]
    return "answer" in names and "attempt" in names[names.index("answer") :]


def _first(layout: Layout, markdown: str) -> int:
    """Return the length of an answer's first part."""
    return len(layout.parts(markdown)[0].text)
