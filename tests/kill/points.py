"""The kill points on the way of a question, or of a click: where each lies, and what must have become of it in the end.

A point is before or after one call of the product's own code. `lay` wraps those calls in the process that is to be
killed (entry.py); the product knows nothing of it. A point does nothing until a file of its name lies in the folder:
the process that manages to unlink that file kills itself, so each file kills once.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cocoai.slack.model.messages import MessageMetadata

Scene = Literal["short", "long", "waiting", "note", "refused", "deleted", "removed", "praised", "again", "stopped"]
"""short: a question, an answer in one message. long: an answer in three. waiting: the only slot is taken, the usher
comes. note: a mention with nothing else. refused: OpenAI will not, and the asker is told. deleted: somebody takes the
placeholder away before the answer.

Of clicks: removed: the asker has the reply, in three messages, taken away. praised: somebody likes it. again: it is
asked once more. stopped: while the model writes."""


@dataclass(frozen=True)
class Call:
    """One call of a wrapped function; `result` is None before it."""

    arguments: tuple[Any, ...]
    named: dict[str, Any]
    result: Any = None


Is = Callable[[Call], bool]


def any_call(_: Call) -> bool:
    return True


def found(call: Call) -> bool:
    """It returned something: a slot, a lock, True."""
    return bool(call.result)


def fact(name: str) -> Is:
    """Job.record of this fact."""
    return lambda call: call.arguments[1] == name


def mark(kind: str, n: int = 1) -> Is:
    """SlackChat's post or update of a message that bears this mark."""
    return lambda call: any(
        isinstance(given, MessageMetadata) and (given.kind, given.n) == (kind, n) for given in call.arguments
    )


def named(name: str) -> Is:
    """background.fork of a process of this name."""
    return lambda call: call.named["name"] == name


def within(folder: str, argument: int = 1) -> Is:
    """That argument is a path or a descriptor in this folder, or of it."""

    def is_within(call: Call) -> bool:
        path = call.arguments[argument]
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        return folder in str(path).split("/")[-2:]

    return is_within


def half_written(what: bytes) -> Is:
    """Half of the line that holds `what` is written first, as by a process that dies in the middle of it."""

    def write_half(call: Call) -> bool:
        _, fd, data = call.arguments
        if what in data:
            os.write(fd, data[: len(data) // 2])
        return what in data

    return write_half


def as_usher(inner: Is) -> Is:
    """In the usher's process."""
    return lambda call: inner(call) and Path("/proc/self/comm").read_text().strip() == "cocoai-notify"


@dataclass(frozen=True)
class Point:
    """`where` is `module:Class.method` or `module:function`; `paid` is how often the model is called in all.

    `also` is a second point at which another process dies on the same question's way.
    """

    name: str
    when: Literal["before", "after"]
    where: str
    is_it: Is = any_call
    paid: int = 1
    scene: Scene = "short"
    also: str = ""


FILES = "cocoai.spool.disk:Disk"
JOB = "cocoai.spool.job:Job"
SPOOL = "cocoai.spool.spool:Spool"
JOBS = "cocoai.spool.runner:Runner"
SLACK = "cocoai.slack.api.chat:SlackChat"
GROWING = "cocoai.slack.api.live_message:LiveMessage"
CONNECTION = "cocoai.engine.web.worker:Connection"
FORK = "cocoai.engine.process.fork:fork"
BECOME = "cocoai.engine.process.fork:_become"

POINTS = (
    # The worker, until Slack has its 200.
    Point("the request read", "after", f"{CONNECTION}.read"),
    Point("the question judged", "before", f"{SPOOL}.put"),
    Point("its file made", "after", f"{FILES}.create"),
    Point("its file written", "after", f"{FILES}.append", within("tmp")),
    Point("its file fsynced", "after", f"{FILES}.fsync", within("tmp")),
    Point("its thread marked", "after", f"{FILES}.touch", within("threads")),
    Point("the mark fsynced", "after", f"{FILES}.fsync_folder", within("threads")),
    Point("before the link", "before", f"{FILES}.link"),
    Point("after the link", "after", f"{FILES}.link"),
    Point("the link fsynced", "after", f"{FILES}.fsync_folder", within("ready")),
    Point("its first name unlinked", "after", f"{FILES}.unlink", within("tmp")),
    Point("before the 200 is made", "after", "cocoai.webhook:EventsHandler.__call__"),
    Point("before the 200 is sent", "before", f"{CONNECTION}.send"),
    Point("after the 200", "before", f"{JOBS}.wake"),
    Point("the slot taken", "after", "cocoai.engine.process.locks:Slots.take", found),
    Point("after the fork, the worker", "after", FORK, named("cocoai-job")),
    # The job process.
    Point("after the fork, the child", "before", BECOME, lambda call: call.arguments[0] == "cocoai-job"),
    Point("before its first look", "before", "cocoai.answer.factory:AnswererFactory.make_for_job_process"),
    Point("the job locked", "after", f"{JOB}.take", found),
    Point("the attempt recorded", "after", f"{JOB}.record", fact("attempt")),
    Point("before the placeholder", "before", f"{SLACK}.post", mark("placeholder")),
    Point("the placeholder posted", "after", f"{SLACK}.post", mark("placeholder")),
    Point("the placeholder recorded", "after", f"{JOB}.record", fact("placeholder")),
    Point("the thread read", "after", "cocoai.answer.prompt:PromptBuilder._thread"),
    Point("the model's first words", "before", f"{GROWING}.show", paid=2),
    Point("the first words shown", "after", f"{GROWING}.show", paid=2),
    Point("the model's end", "before", f"{JOB}.record", fact("answer"), paid=2),
    Point("half of the answer written", "before", f"{FILES}.append", half_written(b'"answer"'), paid=2),
    Point("the answer recorded", "after", f"{JOB}.record", fact("answer")),
    Point("before the last update", "before", f"{SLACK}.update", mark("answer")),
    Point("after the last update", "after", f"{SLACK}.update", mark("answer")),
    Point("before part 2", "before", f"{SLACK}.post", mark("part", 2), scene="long"),
    Point("part 2 posted", "after", f"{SLACK}.post", mark("part", 2), scene="long"),
    Point("part 2 recorded", "after", f"{JOB}.record", fact("part"), scene="long"),
    Point("part 3 posted", "after", f"{SLACK}.post", mark("part", 3), scene="long"),
    Point("before finish", "before", f"{SPOOL}.finish"),
    Point("the end recorded", "before", f"{FILES}.rename", within("done", 2)),
    Point("the job moved", "after", f"{FILES}.rename", within("done", 2)),
    Point("the move fsynced", "after", f"{FILES}.fsync_folder", within("done")),
    # Replies of another kind.
    Point("the help posted", "after", f"{SLACK}.post", mark("note"), paid=0, scene="note"),
    Point("the answer posted anew", "after", f"{SLACK}.post", mark("answer"), scene="deleted"),
    Point("the error recorded", "after", f"{JOB}.record", fact("error"), scene="refused"),
    Point("the asker told", "after", f"{SLACK}.update", mark("error"), scene="refused"),
    Point("before the job fails", "before", f"{FILES}.rename", within("failed", 2), scene="refused"),
    Point("the job failed", "after", f"{FILES}.rename", within("failed", 2), scene="refused"),
    # The usher.
    Point("the visit recorded", "after", f"{JOB}.record", as_usher(fact("visit")), paid=2, scene="waiting"),
    Point("the usher has posted", "after", f"{SLACK}.post", as_usher(mark("placeholder")), paid=2, scene="waiting"),
    Point("the usher has recorded", "after", f"{JOB}.record", as_usher(fact("placeholder")), paid=2, scene="waiting"),
    # The master, with nobody at work on the question.
    Point("the tick, before its fork", "before", f"{JOBS}.attend", also="after the 200"),
    Point("the tick, after its fork", "after", f"{JOBS}.attend", also="after the 200"),
    Point("the tick's child", "before", f"{JOBS}._attend", also="after the 200"),
)

CLICKS = (
    # The worker: Slack sends no click again, so that nginx has to.
    Point("a click judged", "before", f"{SPOOL}.put", scene="removed"),
    Point("a click linked", "after", f"{FILES}.link", scene="removed"),
    Point("a click answered", "before", f"{JOBS}.wake", scene="removed"),
    # The job process.
    Point("a click claimed", "after", f"{JOB}.record", fact("attempt"), scene="removed"),
    Point("before the reply goes", "before", f"{SLACK}.delete", scene="removed"),
    Point("a part of it is gone", "after", f"{SLACK}.delete", scene="removed"),
    Point("it is obeyed", "after", f"{JOB}.record", fact("obeyed"), scene="removed"),
    Point("before the opinion", "before", f"{SPOOL}.annotate", scene="praised"),
    Point("the opinion kept", "after", f"{SPOOL}.annotate", scene="praised"),
    Point("whoever clicked thanked", "after", f"{SLACK}.post_ephemeral", scene="praised"),
    # A question of its own.
    Point("asked again, linked", "after", f"{FILES}.link", paid=2, scene="again"),
    Point("asked again, heard", "after", f"{SLACK}.post", mark("placeholder"), paid=2, scene="again"),
    # A wish: the worker, and who was to hear it.
    Point("before the wish", "before", f"{SPOOL}.request_stop", scene="stopped"),
    Point("before the nudge", "after", f"{SPOOL}.request_stop", scene="stopped"),
    Point("the wish heard", "before", f"{JOB}.record", fact("answer"), scene="stopped"),
    Point("what was there recorded", "after", f"{JOB}.record", fact("answer"), scene="stopped"),
)


def lay(folder: str) -> None:
    """Lay every point in this process and its children."""
    for point in (*POINTS, *CLICKS):
        owner, name = _place(point.where)
        setattr(owner, name, _wrapped(getattr(owner, name), point, Path(folder, point.name)))


def _place(where: str) -> tuple[Any, str]:
    module, _, path = where.partition(":")
    *owners, name = path.split(".")
    return functools.reduce(getattr, owners, importlib.import_module(module)), name


def _wrapped(real: Callable[..., Any], point: Point, file: Path) -> Callable[..., Any]:
    def hit(call: Call) -> None:
        if file.exists() and point.is_it(call) and _is_ours(file):
            os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(real)
    def call(*arguments: Any, **named: Any) -> Any:
        if point.when == "before":
            hit(Call(arguments, named))
            return real(*arguments, **named)
        result = real(*arguments, **named)
        hit(Call(arguments, named, result))
        return result

    return call


def _is_ours(file: Path) -> bool:
    """One process only can take it away."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
