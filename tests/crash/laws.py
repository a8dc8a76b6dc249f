"""The laws, applied: to a disk as it lies, and to the world when nothing waits any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.click import Click
from cocoai.spool.admin import RETENTION
from cocoai.spool.job import whole_lines
from cocoai.spool.key import Key
from cocoai.words import ENGLISH
from tests.crash.machine import VAR, Machine
from tests.crash.power import Left
from tests.crash.world import Asked, Law, Outside, is_message

LAYOUT = Layout("mrkdwn")
"""As the machine answers (tests/manner.py)."""


def judged(left: Left, outside: Outside, questions: Mapping[str, Asked]) -> Iterator[tuple[Law, str]]:
    """What is wrong with a disk as it lies."""
    files = {path: data for path, data, _ in left.files}
    ended = dict(outside.ended)
    for key in sorted(outside.accepted | outside.spoken):
        if is_forgotten(key, outside):
            continue
        found = [folder for folder in ("ready", "done", "failed") if f"{VAR}/spool/{folder}/{key}" in files]
        lines = [whole_lines(files[f"{VAR}/spool/{folder}/{key}"])[0][:1] for folder in found]
        if lines != [[questions[key].facts()]]:
            yield (Law.KEPT if key in outside.accepted else Law.SPOKEN), f"{key} is in {found}"
        if key in ended and found == ["ready"]:
            yield Law.ENDED, key
        if f"{VAR}/threads/{Key.parse(key).thread}" not in files:
            yield Law.MARKED, key


def is_forgotten(key: str, outside: Outside) -> bool:
    """Whether it ended so long ago that nobody needs to know it."""
    return outside.now - dict(outside.ended).get(key, outside.now) > RETENTION["done"]


def judge_the_end(machine: Machine) -> None:
    """Nothing waits any more: what does Slack show?"""
    folders = {folder: {str(key) for key in machine.spool.keys(folder)} for folder in ("ready", "done", "failed")}
    for key in sorted(machine.outside.asked):
        asked = machine.questions[key]
        # A click that was not accepted is nobody's to bring back.
        if is_message(asked) or key in machine.outside.accepted.union(*folders.values()):
            judge = _judge_click if isinstance(asked, Click) else _judge_reply
            judge(machine, key, folders)


def _judge_click(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """What was to be taken away is gone, and the click is done with."""
    click = machine.questions[key]
    left = said_for(machine, click.key) if isinstance(click, Click) else []
    if left or key in folders["ready"]:
        machine.blame(Law.ANSWERED, f"{key}: {left}")


def _judge_reply(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    said = said_for(machine, key)
    if len({n for n, *_ in said}) < len(said):
        machine.blame(Law.ONCE, f"{key}: {said}")
    texts = [text for *_, text in said]
    kinds = [kind for _, kind, _ in said]
    if is_taken_away(machine, key):
        answered = key in folders["done"]
    elif key in folders["failed"] - folders["ready"] - folders["done"]:
        answered = kinds == ["error"] and key in machine.outside.refused
    else:
        wanted = readings(machine.answers[key], is_stopped=key in machine.outside.stopped)
        answered = texts in wanted and kinds[0] == "answer" and key not in folders["ready"]
    if not answered:
        machine.blame(Law.ANSWERED, f"{key}: {said}")


def said_for(machine: Machine, key: str) -> list[tuple[int, str, str]]:
    """Our messages for a question that stand in Slack: part, kind and text of each."""
    standing = [message for message in machine.outside.said if message.ts not in machine.outside.deleted]
    ours = [message for message in standing if message.mark["key"] == key]
    return sorted((message.mark["n"], message.mark["kind"], message.text) for message in ours)


def is_taken_away(machine: Machine, key: str) -> bool:
    """Whether somebody has begun to take the reply away: then _judge_click says what must be left of it."""
    return any(message.mark["key"] == key and message.ts in machine.outside.deleted for message in machine.outside.said)


def readings(answer: str, *, is_stopped: bool) -> list[list[str]]:
    """All that the asker may read: the whole answer, or if somebody wished so what was there; late, perhaps."""
    ends = [answer]
    if is_stopped:
        # The model writes two pieces; before, between and behind them somebody looks whether it is wished.
        ends += [f"{there}\n\n{ENGLISH.stopped}".strip() for there in ("", answer[: len(answer) // 2], answer)]
    late = [f"{ENGLISH.late}\n\n{end}" for end in ends]
    return [[shown.text for shown in LAYOUT.parts(end)] for end in (*ends, *late)]
