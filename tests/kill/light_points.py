"""The kill points of what needs no model: a slash command, a look at the Home tab, and the form's process."""

from __future__ import annotations

from typing import Literal

from tests.kill.points import (
    BECOME,
    BY_URL,
    CONNECTION,
    DISK,
    FORK,
    JOB,
    RUNNER,
    SPOOL,
    Call,
    Condition,
    Point,
    any_call,
    becomes,
    fact,
    forked,
    half_written,
    within,
)

HOME_TAB = "cocoai.slack.api.home_tab:HomeTab"
FORMS = "cocoai.ask_forms:AskForms"
OPEN_FORM = "cocoai.ask_forms:open_form"
TAKE = "cocoai.engine.process.locks:take"


def modal_lock(call: Call) -> bool:
    """Check whether a lock was taken that a form's process is to hold."""
    return call.result is not None and "/modal-" in str(call.arguments[0])


def light(scene: Literal["typed", "looked"], what: str, outside: str, shown: str) -> tuple[Point, ...]:
    """Return the points on the way of a light job, `what`: `outside` is its only step there, `shown` the fact of it."""
    steps: tuple[tuple[str, Literal["before", "after"], str, Condition], ...] = (
        ("not yet kept", "before", f"{SPOOL}.put", any_call),
        ("not yet linked", "before", f"{DISK}.link", any_call),
        ("linked", "after", f"{DISK}.link", any_call),
        ("not yet accepted", "before", f"{CONNECTION}.send", any_call),
        ("accepted", "before", f"{RUNNER}.wake", any_call),
        ("claimed", "after", f"{JOB}.record", fact("attempt")),
        ("not yet shown", "before", outside, any_call),
        ("shown", "after", outside, any_call),
        ("half recorded", "before", f"{DISK}.append", half_written(f'"{shown}"'.encode())),
        ("recorded", "after", f"{JOB}.record", fact(shown)),
        ("moved", "after", f"{DISK}.rename", within("done", 2)),
    )
    return tuple(
        Point(f"{what}, {name}", when, where, condition, paid=0, scene=scene) for name, when, where, condition in steps
    )


LIGHT = (
    *light("typed", "a command", f"{BY_URL}.post", "said"),
    Point("a command, about to be shown", "after", f"{JOB}.record", fact("saying"), paid=0, scene="typed"),
    Point("a command, done", "after", f"{JOB}.record", fact("obeyed"), paid=0, scene="typed"),
    *light("looked", "a look", f"{HOME_TAB}.publish", "obeyed"),
    # The worker, which has nothing to keep.
    Point("a form, not yet accepted", "before", f"{CONNECTION}.send", paid=0, scene="form"),
    Point("a form, accepted", "before", f"{FORMS}.open", paid=0, scene="form"),
    Point("a form, locked", "after", TAKE, modal_lock, paid=0, scene="form"),
    Point("a form, forked", "after", FORK, forked("cocoai-modal"), paid=0, scene="form"),
    # The form's process.
    Point("a form, named", "after", BECOME, becomes("cocoai-modal"), paid=0, scene="form"),
    Point("a form, not yet shown", "before", OPEN_FORM, paid=0, scene="form"),
    Point("a form, shown", "after", OPEN_FORM, paid=0, scene="form"),
)
