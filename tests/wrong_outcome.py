"""Play a row of the table of wrong settings, and note what of it was seen, where, and after how many seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cocoai.json_values import text_at
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.wrong_settings import NOT_BY_THE_POOL, Asker, Row, Seen
from tests.wrong_stage import Stage

PATIENCE = 30.0
"""Seconds after which what is not seen counts as unseen."""

USUAL = frozenset({"slack.secret", "public.certificate"})
"""What is found on a stage on which all is well: its secret has an odd shape, its certificate lasts for a day."""


@dataclass(frozen=True)
class Outcome:
    """What was seen of a row: the findings of `cocoai check` that have a remedy, the asker's view, and the operator's.

    The times are in seconds: how long the check took, and how long after the question the others saw something; None
    if they saw nothing. What the pool's look at itself finds has no time: it is an hour's matter.
    """

    checked: frozenset[str]
    asker: Asker
    operator: frozenset[Seen]
    check_after: float
    asker_after: float | None
    operator_after: float | None


def play(stage: Stage, row: Row) -> Outcome:
    """Set the row's setting wrong, ask, look at all that is to be seen, and set it right again."""
    if row.asker != "later":
        stage.settle()
    stage.configure(row.settings)
    stage.forget()
    logged, declined = len(stage.built.log()), stage.status()["last_day"]["declined"]
    with row.play(stage):
        began = time.monotonic()
        question = row.ask(stage)
        views = _views(stage, row, logged, declined)
        asker_after, operator_after = _watched(stage, row, question, views, began)
        before = time.monotonic()
        findings = stage.check(ask=row.pays)
        check_after = time.monotonic() - before
        operator = {seen for seen, is_there in views.items() if is_there()} | _looked(stage, row)
        asker = seen_by_asker(stage, row, question)
    if asker == "later":
        stage.waiting.append(question)
    elif asker == "thread" and not row.trouble:
        stage.retried.append(question)
    checked = frozenset(f"{each.id} {each.case}" for each in findings if each.remedy)
    return Outcome(checked, asker, frozenset(operator), check_after, asker_after, operator_after)


def _views(stage: Stage, row: Row, logged: int, declined: int) -> dict[Seen, Callable[[], bool]]:
    """Return what tells whether the row is seen in each place that needs no look of the pool.

    `logged` is the length of the log, and `declined` the number of those who were left out, before.
    """
    code = row.trouble.partition(" ")[2]

    def in_log() -> bool:
        lines = stage.built.log()[logged:].splitlines()
        # A question of an earlier row may have met the trouble first: then this one's line is about its job.
        told = [line for line in lines if code in line and ("outcome=begun" in line or "outcome=postponed" in line)]
        return any(row.logged in line for line in lines) if row.logged else bool(code and told)

    def in_status() -> bool:
        if row.trouble and not stage.troubles.any():
            return False  # a status costs much more than this look
        shown = stage.status()
        troubles = [f"{each['source']} {each['code']}" for each in shown["troubles"]]
        return row.trouble in troubles or bool(shown["settings_error"]) or shown["last_day"]["declined"] > declined

    return {
        "status": in_status,
        "log": in_log,
        "healthz": lambda: stage.health() == "degraded",
    }


def _watched(
    stage: Stage, row: Row, question: Message, views: dict[Seen, Callable[[], bool]], began: float
) -> tuple[float | None, float | None]:
    """Wait until the asker and the operator see what the row says; return after how many seconds each first did."""
    asker_after = operator_after = None
    wanted = [is_there for seen, is_there in views.items() if seen in row.operator]
    if row.asker == "nothing":
        stage.built.slack.wait_for_deliveries()
    while time.monotonic() < began + PATIENCE:
        wanted = [is_there for is_there in wanted if not is_there()]
        is_seen = row.asker == seen_by_asker(stage, row, question)
        now = time.monotonic() - began
        if is_seen and row.asker not in ("nothing", "later"):
            asker_after = asker_after or now
        if len(wanted) < len(views.keys() & row.operator):
            operator_after = operator_after or now
        if is_seen and not wanted:
            break
        time.sleep(0.05)
    return asker_after, operator_after


def _looked(stage: Stage, row: Row) -> set[Seen]:
    """Return where else the operator sees it: in the pool's look at itself, and in a direct message."""
    seen: set[Seen] = set()
    stage.look()
    kept = {text_at(each, "id") for each in stage.status()["check"]["findings"]}
    wanted = {each.partition(" ")[0] for each in row.checked} - NOT_BY_THE_POOL - USUAL
    if wanted and wanted <= kept:
        seen.add("last check")
    if row.trouble and stage.told():
        seen.add("direct message")
    return seen


def seen_by_asker(stage: Stage, row: Row, question: Message) -> Asker:
    """Return what the asker sees now."""
    if stage.is_answered(question):
        return "answer"
    if any(row.words in text for text in stage.texts_below(question)):
        return "thread"
    if row.words in stage.whispers_to(question):
        return "ephemeral"
    if row.words in stage.directs_after(question):
        return "direct message"
    return "later" if stage.is_kept(question) else "nothing"
