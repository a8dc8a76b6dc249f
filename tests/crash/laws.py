"""The laws, applied to a disk image as it lies, and to the outside when no job waits any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.click import Click
from cocoai.spool.job import whole_lines
from cocoai.spool.key import Key
from cocoai.spool.spool import RETENTION
from cocoai.texts import ENGLISH
from tests.crash.machine import VAR, Machine
from tests.crash.power import DiskImage
from tests.crash.world import Input, Law, Outside, is_message

LAYOUT = Layout("mrkdwn")
"""The layout with which the machine answers (tests/options.py)."""


def violations_of(image: DiskImage, outside: Outside, inputs: Mapping[str, Input]) -> Iterator[tuple[Law, str]]:
    """Yield each law that a disk image breaks as it lies, with the evidence."""
    files = {path: data for path, data, _ in image.files}
    ended = dict(outside.ended)
    for key in sorted(outside.accepted | outside.spoken_for):
        if may_be_forgotten(key, outside):
            continue
        found = [folder for folder in ("ready", "done", "failed") if f"{VAR}/spool/{folder}/{key}" in files]
        lines = [whole_lines(files[f"{VAR}/spool/{folder}/{key}"])[0][:1] for folder in found]
        if lines != [[inputs[key].facts()]]:
            yield (Law.KEPT if key in outside.accepted else Law.SPOKEN), f"{key} is in {found}"
        if key in ended and found == ["ready"]:
            yield Law.ENDED, key
        if f"{VAR}/threads/{Key.parse(key).thread}" not in files:
            yield Law.MARKED, key


def may_be_forgotten(key: str, outside: Outside) -> bool:
    """Check whether the job ended so long ago that it need not be known any more."""
    return outside.now - dict(outside.ended).get(key, outside.now) > RETENTION["done"]


def check_end(machine: Machine) -> None:
    """Check what Slack shows once no job waits any more."""
    folders = {folder: {str(key) for key in machine.spool.keys(folder)} for folder in ("ready", "done", "failed")}
    for key in sorted(machine.outside.sent):
        item = machine.inputs[key]
        # A click that was not accepted is lost: neither Slack nor we can bring it back.
        if is_message(item) or key in machine.outside.accepted.union(*folders.values()):
            check = _check_click if isinstance(item, Click) else _check_reply
            check(machine, key, folders)


def _check_click(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that the messages to be deleted are gone, and that the click's job has ended."""
    click = machine.inputs[key]
    standing = messages_for(machine, click.key) if isinstance(click, Click) else []
    if standing or key in folders["ready"]:
        machine.report(Law.ANSWERED, f"{key}: {standing}")


def _check_reply(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that the reply is there once, whole, and of the kind that the job's end demands."""
    messages = messages_for(machine, key)
    if len({n for n, *_ in messages}) < len(messages):
        machine.report(Law.ONCE, f"{key}: {messages}")
    texts = [text for *_, text in messages]
    kinds = [kind for _, kind, _ in messages]
    if is_being_deleted(machine, key):
        is_right = key in folders["done"]
    elif key in folders["failed"] - folders["ready"] - folders["done"]:
        is_right = kinds == ["error"] and key in machine.outside.refused
    else:
        wanted = possible_replies(machine.answers[key], is_stopped=key in machine.outside.stopped)
        is_right = texts in wanted and kinds[0] == "answer" and key not in folders["ready"]
    if not is_right:
        machine.report(Law.ANSWERED, f"{key}: {messages}")


def messages_for(machine: Machine, key: str) -> list[tuple[int, str, str]]:
    """Return part number, kind and text of each of our messages for a question that Slack still shows."""
    standing = [message for message in machine.outside.posted if message.ts not in machine.outside.deleted]
    ours = [message for message in standing if message.payload["key"] == key]
    return sorted((message.payload["n"], message.payload["kind"], message.text) for message in ours)


def is_being_deleted(machine: Machine, key: str) -> bool:
    """Check whether a message of the reply has been deleted: then _check_click tells what may be left of it."""
    deleted = [message for message in machine.outside.posted if message.ts in machine.outside.deleted]
    return any(message.payload["key"] == key for message in deleted)


def possible_replies(answer: str, *, is_stopped: bool) -> list[list[str]]:
    """Return the texts of every reply that the asker may read.

    That is the whole answer, or if it was to be stopped, what was there of it; either may be marked as late.
    """
    ends = [answer]
    if is_stopped:
        # The model writes two pieces. Whether it is to stop is looked up before, between and after them.
        ends += [f"{there}\n\n{ENGLISH.stopped}".strip() for there in ("", answer[: len(answer) // 2], answer)]
    late = [f"{ENGLISH.late}\n\n{end}" for end in ends]
    return [[shown.text for shown in LAYOUT.parts(end)] for end in (*ends, *late)]
