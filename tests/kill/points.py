"""The kill points on the way of a question or a click: where each is, and how often the model is called in the end.

A point is before or after one call of the product's own code. `install` wraps those calls in the process that is to be
killed (entry.py); the product knows nothing of it. A point does nothing until a file with its name lies in the folder:
the process that unlinks that file kills itself, so each file kills once.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cocoai.slack.model.messages import MessageMetadata

Scene = Literal[
    "short",
    "long",
    "waiting",
    "note",
    "refused",
    "deleted",
    "removed",
    "praised",
    "again",
    "continued",
    "stopped",
    "drawn",
    "transcribed",
    "spoken",
    "searched",
    "flagged",
    "chosen",
    "typed",
    "looked",
    "form",
]
"""What happens around a point.

short: a question with an answer in one message. long: with an answer in three. waiting: the only slot is taken, so the
placeholder process posts the placeholder. note: a mention without a text. refused: OpenAI refuses, and the asker is
told. deleted: somebody deletes the placeholder before the answer. drawn: a picture is asked for. transcribed: the words
of a long sound are. spoken: the question is a voice clip, of which Slack has no words. searched: the model names words
by which documents are searched. flagged: nothing is asked, but a flag is put under a message. chosen: a message is
translated by its menu, where we are no member.

Without a model (light_points.py): typed: the slash command is used. looked: the Home tab is opened. form: a question
about a message is to be typed into the form.

Clicks: removed: the asker deletes a reply of three messages. praised: another user praises the reply. again: another
user asks the question again. continued: another user asks for the rest of an answer. stopped: the asker stops the
answer while the model writes.
"""


@dataclass(frozen=True)
class Call:
    """One call of a wrapped function; `result` is None before it."""

    arguments: tuple[Any, ...]
    named: dict[str, Any]
    result: Any = None


Condition = Callable[[Call], bool]
"""Tells whether a call is the one that a point is about."""


def any_call(_: Call) -> bool:
    """Return True for every call."""
    return True


def found(call: Call) -> bool:
    """Check whether the call returned something: a slot, a lock, True."""
    return bool(call.result)


def fact(name: str) -> Condition:
    """Return the condition that Job.record records this fact."""

    def is_of_fact(call: Call) -> bool:
        return bool(call.arguments[1] == name)

    return is_of_fact


def message(kind: str, n: int = 1) -> Condition:
    """Return the condition that SlackChat posts or updates a message of this kind and part number."""

    def is_of_message(call: Call) -> bool:
        metadata = [each for each in call.arguments if isinstance(each, MessageMetadata)]
        return any((each.kind, each.n) == (kind, n) for each in metadata)

    return is_of_message


def forked(name: str) -> Condition:
    """Return the condition that a process of this name is forked."""

    def is_of_process(call: Call) -> bool:
        return bool(call.named["name"] == name)

    return is_of_process


def becomes(name: str) -> Condition:
    """Return the condition that a new child becomes a process of this name."""

    def is_new(call: Call) -> bool:
        return bool(call.arguments[0] == name)

    return is_new


def without_lock(call: Call) -> bool:
    """Check whether a new process works on jobs without a lock that it was given: the master's tick has forked it."""
    return call.arguments[1] is None


def within(folder: str, argument: int = 1) -> Condition:
    """Return the condition that this argument is a path or a descriptor of the folder, or of a file in it."""

    def is_within(call: Call) -> bool:
        path = call.arguments[argument]
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        return folder in str(path).split("/")[-2:]

    return is_within


def half_written(part: bytes) -> Condition:
    """Return the condition that the line to be written holds `part`, and write half of the line before the kill.

    A process that dies in the middle of a write leaves the same.
    """

    def write_half(call: Call) -> bool:
        _, fd, data = call.arguments
        if part in data:
            os.write(fd, data[: len(data) // 2])
        return part in data

    return write_half


def out_of_turn(condition: Condition) -> Condition:
    """Return the condition that holds where `condition` does, but only in the process that posts placeholders."""

    def is_there(call: Call) -> bool:
        return condition(call) and Path("/proc/self/comm").read_text().strip() == "cocoai-notify"

    return is_there


def puts_task(call: Call) -> bool:
    """Check whether a job is put that translates a message."""
    return str(call.arguments[1].trigger).startswith("translate")


@dataclass(frozen=True)
class Point:
    """A place where a process is killed.

    `where` is `module:Class.method` or `module:function`. `paid` is how often the model is called in all.
    `also` is the name of a second point, at which another process dies on the same question's way.
    """

    name: str
    when: Literal["before", "after"]
    where: str
    condition: Condition = any_call
    paid: int = 1
    scene: Scene = "short"
    also: str = ""


DISK = "cocoai.spool.disk:Disk"
JOB = "cocoai.spool.file_job:FileJob"
SPOOL = "cocoai.spool.file_spool:FileSpool"
RUNNER = "cocoai.spool.runner:Runner"
SLACK = "cocoai.slack.api.chat:SlackChat"
LIVE = "cocoai.slack.api.live_message:LiveMessage"
LEDGER = "cocoai.ledger.ledger:Ledger"
FILE = "cocoai.spool.files:NewFile"
REACTIONS = "cocoai.slack.api.reactions:Reactions"
BY_URL = "cocoai.slack.api.response_url:ResponseUrl"
UPLOADS = "cocoai.slack.api.upload:Uploads"
HEARING = "cocoai.answer.hearing:_Sounds"
CONNECTION = "cocoai.engine.web.connection:Connection"
FORK = "cocoai.engine.process.fork:fork"
BECOME = "cocoai.engine.process.fork:_become"

POINTS = (
    # The worker, until Slack has its 200.
    Point("the request read", "after", f"{CONNECTION}.read"),
    Point("the question analyzed", "before", f"{SPOOL}.put"),
    Point("its file created", "after", f"{DISK}.create"),
    Point("its file written", "after", f"{DISK}.append", within("tmp")),
    Point("its file fsynced", "after", f"{DISK}.fsync", within("tmp")),
    Point("its thread marked", "after", f"{DISK}.touch", within("threads")),
    Point("before the link", "before", f"{DISK}.link"),
    Point("after the link", "after", f"{DISK}.link"),
    Point("the link fsynced", "after", f"{DISK}.fsync_folder", within("ready")),
    Point("its temporary name unlinked", "after", f"{DISK}.unlink", within("tmp")),
    Point("the response made", "after", "cocoai.webhook:EventsHandler.__call__"),
    Point("before the 200 is sent", "before", f"{CONNECTION}.send"),
    Point("after the 200", "before", f"{RUNNER}.wake"),
    Point("the slot taken", "after", "cocoai.engine.process.locks:Slots.take", found),
    Point("after the fork, the worker", "after", FORK, forked("cocoai-job")),
    # The job process.
    Point("after the fork, the child", "before", BECOME, becomes("cocoai-job")),
    Point("before it looks for jobs", "before", "cocoai.answer.factory:AnswererFactory.make"),
    Point("the job locked", "after", f"{JOB}.take", found),
    Point("the attempt recorded", "after", f"{JOB}.record", fact("attempt")),
    Point("before the placeholder", "before", f"{SLACK}.post", message("placeholder")),
    Point("the placeholder posted", "after", f"{SLACK}.post", message("placeholder")),
    Point("the placeholder recorded", "after", f"{JOB}.record", fact("placeholder")),
    Point("the thread read", "after", "cocoai.answer.prompt:PromptBuilder._thread"),
    Point("the request recorded", "after", f"{JOB}.record", fact("asked")),
    Point("the model's first words", "before", f"{LIVE}.show", paid=2),
    Point("the first words shown", "after", f"{LIVE}.show", paid=2),
    Point("the model's end", "before", f"{JOB}.record", fact("answer"), paid=2),
    Point("half of the answer written", "before", f"{DISK}.append", half_written(b'"answer"'), paid=2),
    Point("the answer recorded", "after", f"{JOB}.record", fact("answer")),
    Point("before the last update", "before", f"{SLACK}.update", message("answer")),
    Point("after the last update", "after", f"{SLACK}.update", message("answer")),
    Point("before part 2", "before", f"{SLACK}.post", message("part", 2), scene="long"),
    Point("part 2 posted", "after", f"{SLACK}.post", message("part", 2), scene="long"),
    Point("part 2 recorded", "after", f"{JOB}.record", fact("part"), scene="long"),
    Point("part 3 posted", "after", f"{SLACK}.post", message("part", 3), scene="long"),
    Point("the delivery recorded", "after", f"{JOB}.record", fact("delivered"), scene="long"),
    Point("before finish", "before", f"{SPOOL}.finish"),
    Point("the end recorded", "before", f"{DISK}.rename", within("done", 2)),
    Point("the job moved", "after", f"{DISK}.rename", within("done", 2)),
    Point("the move fsynced", "after", f"{DISK}.fsync_folder", within("done")),
    # Replies of another kind.
    # A post, or on a busy machine an update: the placeholder process may have been quicker than the job process.
    Point("the help posted", "after", f"{SLACK}._write_message", message("note"), paid=0, scene="note"),
    Point("the answer posted anew", "after", f"{SLACK}.post", message("answer"), scene="deleted"),
    Point("the error recorded", "after", f"{JOB}.record", fact("error"), scene="refused"),
    Point("the error posted", "after", f"{SLACK}.update", message("error"), scene="refused"),
    Point("before the job fails", "before", f"{DISK}.rename", within("failed", 2), scene="refused"),
    Point("the job failed", "after", f"{DISK}.rename", within("failed", 2), scene="refused"),
    # A picture: before and after each step.
    Point("the drawing begun", "after", f"{JOB}.record", fact("drawing"), scene="drawn"),
    Point("before the picture is held", "before", f"{LEDGER}.hold", scene="drawn"),
    Point("the picture held", "after", f"{LEDGER}.hold", scene="drawn"),
    Point("the picture asked for", "after", f"{JOB}.record", fact("asked"), scene="drawn"),
    Point("the picture comes", "before", "cocoai.chatgpt.pictures:_read", paid=2, scene="drawn"),
    Point("before the picture is kept", "before", f"{FILE}.keep", paid=2, scene="drawn"),
    Point("the picture kept", "after", f"{FILE}.keep", scene="drawn"),
    Point("half of the picture's fact", "before", f"{DISK}.append", half_written(b'"picture"'), scene="drawn"),
    Point("the picture recorded", "after", f"{JOB}.record", fact("picture"), scene="drawn"),
    Point("the picture settled", "after", f"{LEDGER}.settle", scene="drawn"),
    Point("the picture sent", "before", f"{JOB}.record", fact("uploaded"), scene="drawn"),
    Point("before it is shown", "after", f"{JOB}.record", fact("uploaded"), scene="drawn"),
    Point("asked to show it", "after", f"{UPLOADS}.share", scene="drawn"),
    Point("the picture found", "before", f"{JOB}.record", fact("shared"), scene="drawn"),
    Point("the picture shared", "after", f"{JOB}.record", fact("shared"), scene="drawn"),
    Point("its reply recorded", "after", f"{JOB}.record", fact("answer"), scene="drawn"),
    Point("its reply posted", "after", f"{SLACK}.update", message("answer"), scene="drawn"),
    Point("its delivery recorded", "after", f"{JOB}.record", fact("delivered"), scene="drawn"),
    Point("its job moved", "after", f"{DISK}.rename", within("done", 2), scene="drawn"),
    # The words of a long sound, as a file.
    Point("the transcript comes", "before", f"{JOB}.record", fact("answer"), scene="transcribed"),
    Point("the transcript recorded", "after", f"{JOB}.record", fact("answer"), scene="transcribed"),
    Point("before the transcript is shown", "after", f"{JOB}.record", fact("uploaded"), scene="transcribed"),
    Point("asked to show the transcript", "after", f"{UPLOADS}.share", scene="transcribed"),
    Point("the transcript shared", "after", f"{JOB}.record", fact("shared"), scene="transcribed"),
    Point("the transcript delivered", "after", f"{JOB}.record", fact("delivered"), scene="transcribed"),
    # A voice clip: the model that hears is paid, and then the one that answers.
    Point("the clip fetched", "after", f"{HEARING}._downloaded", paid=2, scene="spoken"),
    Point("before the clip is held", "before", f"{LEDGER}.hold", paid=2, scene="spoken"),
    Point("the clip held", "after", f"{LEDGER}.hold", paid=2, scene="spoken"),
    Point("before the clip is asked for", "before", f"{JOB}.record", fact("asked"), paid=2, scene="spoken"),
    Point("the clip asked for", "after", f"{JOB}.record", fact("asked"), paid=2, scene="spoken"),
    Point("the clip is heard", "before", f"{JOB}.record", fact("heard"), paid=3, scene="spoken"),
    Point("half of the words written", "before", f"{DISK}.append", half_written(b'"heard"'), paid=3, scene="spoken"),
    Point("the words recorded", "after", f"{JOB}.record", fact("heard"), paid=2, scene="spoken"),
    Point("the clip settled", "after", f"{LEDGER}.settle", paid=2, scene="spoken"),
    Point("its answer recorded", "after", f"{JOB}.record", fact("answer"), paid=2, scene="spoken"),
    # Search words for the team's documents: paid once, and not again by whoever finds that they were asked for.
    Point("the search begun", "after", f"{JOB}.record", fact("searching"), scene="searched"),
    Point("before words are asked for", "before", f"{JOB}.record", fact("asked"), scene="searched"),
    Point("words asked for", "after", f"{JOB}.record", fact("asked"), scene="searched"),
    Point("words come", "before", f"{JOB}.record", fact("searched"), paid=2, scene="searched"),
    Point("half of the search", "before", f"{DISK}.append", half_written(b'"searched"'), paid=2, scene="searched"),
    Point("the search recorded", "after", f"{JOB}.record", fact("searched"), paid=2, scene="searched"),
    Point("the search settled", "after", f"{LEDGER}.settle", paid=2, scene="searched"),
    Point("the material recorded", "after", f"{JOB}.record", fact("material"), paid=2, scene="searched"),
    Point("its cited answer recorded", "after", f"{JOB}.record", fact("answer"), paid=2, scene="searched"),
    # A flag: the message and its thread are found before the placeholder.
    Point("before the flag's link", "before", f"{DISK}.link", scene="flagged"),
    Point("after the flag's link", "after", f"{DISK}.link", scene="flagged"),
    Point("before the message is read", "before", f"{REACTIONS}.message", scene="flagged"),
    Point("the message is read", "after", f"{REACTIONS}.message", scene="flagged"),
    Point("half of the thread written", "before", f"{DISK}.append", half_written(b'"located"'), scene="flagged"),
    Point("the thread recorded", "after", f"{JOB}.record", fact("located"), scene="flagged"),
    Point("its placeholder posted", "after", f"{SLACK}.post", message("placeholder"), scene="flagged"),
    Point("its translation recorded", "after", f"{JOB}.record", fact("answer"), scene="flagged"),
    Point("its translation shown", "before", f"{JOB}.record", fact("delivered"), scene="flagged"),
    # A shortcut: its own job puts the task; where Slack takes no message of ours, facts alone tell what was shown.
    Point("the language chosen", "after", f"{JOB}.record", fact("chosen"), scene="chosen"),
    Point("before the task is put", "before", f"{SPOOL}.put", puts_task, scene="chosen"),
    Point("the task put", "after", f"{SPOOL}.put", puts_task, scene="chosen"),
    Point("the place refused", "after", f"{JOB}.record", fact("private"), scene="chosen"),
    Point("about to show a word", "after", f"{JOB}.record", fact("saying"), scene="chosen"),
    Point("the word shown", "after", f"{BY_URL}.post", scene="chosen"),
    Point("the private answer recorded", "after", f"{JOB}.record", fact("answer"), scene="chosen"),
    Point("the private answer shown", "before", f"{JOB}.record", fact("delivered"), scene="chosen"),
    # The process that posts placeholders out of turn.
    Point("the visit recorded", "after", f"{JOB}.record", out_of_turn(fact("visit")), paid=2, scene="waiting"),
    Point("posted out of turn", "after", f"{SLACK}.post", out_of_turn(message("placeholder")), paid=2, scene="waiting"),
    Point("recorded out of turn", "after", f"{JOB}.record", out_of_turn(fact("placeholder")), paid=2, scene="waiting"),
    # The master, while no process works on the question.
    Point("the tick, before its fork", "before", f"{RUNNER}.attend", also="after the 200"),
    Point("the tick, after its fork", "after", f"{RUNNER}.attend", also="after the 200"),
    Point("the tick's child", "before", "cocoai.spool.job_process:JobProcess.run", without_lock, also="after the 200"),
)

CLICKS = (
    # The worker. Slack does not send a click again, but nginx sends it to another worker.
    Point("a click analyzed", "before", f"{SPOOL}.put", scene="removed"),
    Point("a click linked", "after", f"{DISK}.link", scene="removed"),
    Point("a click answered", "before", f"{RUNNER}.wake", scene="removed"),
    # The job process.
    Point("a click claimed", "after", f"{JOB}.record", fact("attempt"), scene="removed"),
    Point("before the reply is deleted", "before", f"{SLACK}.delete", scene="removed"),
    Point("a part of it is deleted", "after", f"{SLACK}.delete", scene="removed"),
    Point("the click is done", "after", f"{JOB}.record", fact("obeyed"), scene="removed"),
    Point("before the feedback", "before", f"{SPOOL}.annotate", scene="praised"),
    Point("the feedback kept", "after", f"{SPOOL}.annotate", scene="praised"),
    Point("the user thanked", "after", f"{SLACK}.post_ephemeral", scene="praised"),
    # A click that asks again: a question of its own.
    Point("asked again, linked", "after", f"{DISK}.link", paid=2, scene="again"),
    Point("asked again, placeholder posted", "after", f"{SLACK}.post", message("placeholder"), paid=2, scene="again"),
    Point("the rest asked for, linked", "after", f"{DISK}.link", paid=2, scene="continued"),
    Point("the rest recorded", "after", f"{JOB}.record", fact("answer"), paid=2, scene="continued"),
    # A stop request: the worker, and the job process that is to stop.
    Point("before the stop request", "before", f"{SPOOL}.request_stop", scene="stopped"),
    Point("before the signal", "after", f"{SPOOL}.request_stop", scene="stopped"),
    Point("the stop request seen", "before", f"{JOB}.record", fact("answer"), scene="stopped"),
    Point("the stopped answer recorded", "after", f"{JOB}.record", fact("answer"), scene="stopped"),
)


def install(folder: str, points: Iterable[Point]) -> None:
    """Install the points in this process and its future children; `folder` is where their files are looked for."""
    for point in points:
        owner, name = _owner(point.where)
        setattr(owner, name, _wrapped(getattr(owner, name), point, Path(folder, point.name)))


def _owner(where: str) -> tuple[Any, str]:
    """Return the module or class that has the function, and the function's name."""
    module, _, path = where.partition(":")
    *owners, name = path.split(".")
    return functools.reduce(getattr, owners, importlib.import_module(module)), name


def _wrapped(real: Callable[..., Any], point: Point, file: Path) -> Callable[..., Any]:
    """Return a function that calls `real`, and kills its process at the point if the point is armed."""

    def kill_at(call: Call) -> None:
        if file.exists() and point.condition(call) and _took(file):
            os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(real)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        if point.when == "before":
            kill_at(Call(arguments, named))
            return real(*arguments, **named)
        result = real(*arguments, **named)
        kill_at(Call(arguments, named, result))
        return result

    return wrapper


def _took(file: Path) -> bool:
    """Unlink the file; return False if another process was faster, so that only one is killed."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
