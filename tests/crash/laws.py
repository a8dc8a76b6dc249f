"""The laws, applied to a disk image as it lies, and to the outside when no job waits any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cocoai.answer.dead_holds import settle_dead_holds
from cocoai.answer.failures import MOST_CLAIMS
from cocoai.answer.private_messages import MOST_TRIES
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.click import Click
from cocoai.slack.model.job_kinds import UNMARKED_KINDS
from cocoai.slack.model.question import Question
from cocoai.slack.model.shortcut import Shortcut
from cocoai.spool.admin import RETENTION
from cocoai.spool.admission import LIMITED
from cocoai.spool.files import DRAWING
from cocoai.spool.job import STATES, Fact
from cocoai.spool.key import Key
from cocoai.spool.limits import MINUTE
from cocoai.texts import ENGLISH
from tests.crash.clips import QUOTED
from tests.crash.ledger import wrong_charges, wrong_charges_at_the_end
from tests.crash.machine import VAR, Machine
from tests.crash.power import DiskImage
from tests.crash.services import MOST_RUNS
from tests.crash.world import Input, Law, Outside, copies_of, is_first_line_of, is_message, lines_of, task_of

LAYOUT = Layout("mrkdwn")
"""The layout with which the machine answers (tests/options.py)."""


def violations_of(image: DiskImage, outside: Outside, inputs: Mapping[str, Input]) -> Iterator[tuple[Law, str]]:
    """Yield each law that a disk image breaks as it lies, with the evidence."""
    yield from wrong_charges(outside.charges, outside.bills)
    files = {path: data for path, data, _ in image.files}
    ended = dict(outside.ended)
    for key in sorted(outside.accepted | outside.spoken_for):
        if may_be_forgotten(key, outside):
            continue
        folders, lines = _found(files, key)
        if key not in outside.spoken_for and not folders and _has_kept_copy(files, inputs, key):
            continue
        if len(lines) != 1 or not is_first_line_of(lines[0], inputs[key]):
            yield (Law.KEPT if key in outside.accepted else Law.SPOKEN), f"{key} is in {folders}"
        elif key in ended and folders == ["ready"]:
            yield Law.ENDED, key


def _found(files: Mapping[str, bytes], key: str) -> tuple[list[str], list[Fact]]:
    """Return the states in which a job lies, and its first line in each; {} if that is not whole."""
    folders = [state for state in STATES if f"{VAR}/spool/{state}/{key}" in files]
    return folders, [next(iter(lines_of(files[f"{VAR}/spool/{state}/{key}"])), {}) for state in folders]


def _has_kept_copy(files: Mapping[str, bytes], inputs: Mapping[str, Input], key: str) -> bool:
    """Check whether another copy of the gesture behind this job is kept in its place."""
    return any(_found(files, copy)[0] for copy in copies_of(inputs[key], inputs))


def may_be_forgotten(key: str, outside: Outside) -> bool:
    """Check whether the job ended so long ago that it need not be known any more."""
    return outside.now - dict(outside.ended).get(key, outside.now) > RETENTION["done"]


def check_end(machine: Machine) -> None:
    """Check what Slack shows once no job waits any more, and the ledger once it is swept."""
    settle_dead_holds(machine.spool, machine.books)
    for law, detail in wrong_charges_at_the_end(machine.outside.charges, machine.outside.bills):
        machine.report(law, detail)
    folders = {folder: {str(key) for key in machine.spool.keys(folder)} for folder in ("ready", "done", "failed")}
    for key in sorted(machine.outside.sent):
        item = machine.inputs[key]
        others = [copy for copy in copies_of(item, machine.inputs) if machine.first_line(copy)]
        if not machine.first_line(key) and others:
            continue  # another copy of the gesture was taken for it
        # A click that was not accepted is lost: neither Slack nor we can bring it back.
        if is_message(item) or key in machine.outside.accepted.union(*folders.values()):
            _check_of(item)(machine, key, folders)
        _check_mark(machine, key)


Check = Callable[[Machine, str, Mapping[str, set[str]]], None]


def _check_of(item: Input) -> Check:
    """Return what checks the end of an input of this kind."""
    if isinstance(item, Shortcut):
        return _check_shortcut
    return _check_click if isinstance(item, Click) else _check_question


def _check_mark(machine: Machine, key: str) -> None:
    """Check that the thread of an accepted question is known."""
    outside, kind = machine.outside, machine.first_line(key).get("kind")
    if key in outside.accepted | outside.spoken_for and kind and kind not in {*UNMARKED_KINDS, LIMITED}:
        parsed = Key.parse(key)
        if not may_be_forgotten(key, outside) and machine.spool.mark_of(parsed.channel, parsed.thread_ts) is None:
            machine.report(Law.MARKED, key)


def _check_click(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that the messages to be deleted are gone, and that the click's job has ended.

    If it had to wait for the end of its answer, whoever clicked was told.
    """
    click = machine.inputs[key]
    standing = messages_for(machine, click.key) if isinstance(click, Click) else []
    if standing or key in folders["ready"]:
        machine.report(Law.ANSWERED, f"{key}: {standing}")
    if any(line.get("why") == "not ended" for line in machine.lines(key)):
        _check_told(machine, ENGLISH.heard)


def _check_shortcut(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that a shortcut's job and that of its task are done, and that the asker was shown a word and the answer.

    Nobody can look for such a message: if a process or the power failed once, it may stand there twice; if twice, not
    at all, since it is sent no third time.
    """
    used = machine.inputs[key]
    task = task_of(used).key if isinstance(used, Shortcut) else ""
    is_given_up = task in folders["failed"] and _is_given_up(machine, task, ["error"], [])
    if key not in folders["done"] or not (task in folders["done"] or is_given_up) or messages_for(machine, task):
        machine.report(Law.ANSWERED, f"{key}: {folders}")
    answer = f"{machine.answers[task]}\n\n{ENGLISH.tasks['private']}"
    ends = [*ENGLISH.sorry.values()] if is_given_up else [answer, f"{ENGLISH.late}\n\n{answer}"]
    shown, failures = machine.outside.shown, machine.outside.interruptions
    counts = shown.count(ENGLISH.placeholder), sum(map(shown.count, ends))
    fewest, most = int(failures < MOST_TRIES), min(1 + failures, MOST_TRIES)
    if not all(fewest <= count <= most for count in counts):
        machine.report(Law.TOLD, f"{key}: {shown}")
    if set(shown) - {ENGLISH.placeholder, *ends}:
        machine.report(Law.ANSWERED, f"{key}: {shown}")


def _check_question(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check what has become of a question, by the kind of its job."""
    checks = {LIMITED: _check_limited, "thanks": _check_thanks}
    check = checks.get(str(machine.first_line(key).get("kind")), _check_reply)
    check(machine, key, folders)


def _check_thanks(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that a message that only thanks has our reaction and no reply, and that its job has ended."""
    has_reaction = machine.inputs[key].ts in machine.outside.reacted
    if not has_reaction or messages_for(machine, key) or key not in folders["done"]:
        machine.report(Law.ANSWERED, f"{key} is thanks: {has_reaction}")


def _check_limited(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that a question over a limit is one, has no reply, and has ended, and that its asker was told."""
    line = machine.first_line(key)
    if not is_over_limit(machine, key) or messages_for(machine, key) or key not in folders["done"]:
        machine.report(Law.ANSWERED, f"{key} is limited")
    _check_told(machine, ENGLISH.pending, ENGLISH.too_many.format(seconds=line["seconds"]))


def _check_told(machine: Machine, *texts: str) -> None:
    """Check that one of these texts was shown: once, or more often if a process or the power failed."""
    count = sum(machine.outside.told.count(text) for text in texts)
    if not count or (count > 1 and not machine.outside.interruptions):
        machine.report(Law.TOLD, f"{texts}: {count} times")


def is_over_limit(machine: Machine, key: str) -> bool:
    """Check whether a question may be limited: it is asked again twice, or so many were asked in the minute before."""
    item = machine.inputs[key]
    sent = [machine.inputs[other] for other in machine.outside.sent if other != key]
    others = [each for each in sent if isinstance(each, Question)]
    earlier = [each for each in others if 0 < float(item.ts) - float(each.ts) < MINUTE]
    repeated = item.again if isinstance(item, Question) else ""
    is_many = 0 < machine.outside.per_minute <= len(earlier)
    return is_many or (repeated != "" and repeated in [each.again for each in others])


def _check_reply(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that the reply is there once, whole, and of the kind that the job's end demands."""
    messages = messages_for(machine, key)
    if len({n for n, *_ in messages}) < len(messages):
        machine.report(Law.ONCE, f"{key}: {messages}")
    texts = [text for *_, text in messages]
    kinds = [kind for _, kind, _ in messages]
    if is_being_deleted(machine, key):
        # The asker may delete the word that it was given up, too: that was said, and stood.
        whole = messages_for(machine, key, with_deleted=True)
        was_given_up = _is_given_up(machine, key, [kind for _, kind, _ in whole], [text for *_, text in whole])
        is_right = key in folders["done"] or (key in folders["failed"] and was_given_up)
    elif key in folders["failed"] - folders["ready"] - folders["done"]:
        is_right = _is_given_up(machine, key, kinds, texts)
    else:
        wanted = possible_replies(shown_answer(machine, key), is_stopped=key in machine.outside.stopped)
        is_right = texts in wanted and kinds[0] == "answer" and key not in folders["ready"]
    if not is_right:
        machine.report(Law.ANSWERED, f"{key}: {messages}")
    _check_pictures(machine, key, folders)


def _check_pictures(machine: Machine, key: str, folders: Mapping[str, set[str]]) -> None:
    """Check that a picture stands there once, if the question asks for one and was answered; else none does."""
    facts = [line.get("fact") for line in machine.lines(key)]
    wanted = 1 if DRAWING in facts and "answer" in facts and key in folders["done"] else 0
    if machine.outside.shared.count(key) != wanted:
        machine.report(Law.ONCE, f"{key}: {machine.outside.shared}")


def _is_given_up(machine: Machine, key: str, kinds: list[str], texts: list[str]) -> bool:
    """Check that a failed question had to be given up, and that its reply tells so.

    If it has an answer, only after MOST_CLAIMS, and with what stands of that. If it has none, because the model has
    refused, or because MOST_RUNS of it may be paid: so many of its processes or connections failed.
    """
    outside = machine.outside
    facts = [line.get("fact") for line in machine.lines(key)]
    if "answer" in facts:
        wanted = possible_replies(shown_answer(machine, key), is_stopped=key in outside.stopped)
        is_beginning = any(texts == reply[: len(texts)] for reply in wanted)
        return outside.interruptions >= MOST_CLAIMS and kinds[:1] == ["answer"] and is_beginning
    open_runs = facts.count("asked") - facts.count("unasked") - facts.count("heard")
    is_used_up = min(outside.interruptions, open_runs) >= MOST_RUNS
    return kinds == ["error"] and (key in outside.refused or is_used_up)


def messages_for(machine: Machine, key: str, *, with_deleted: bool = False) -> list[tuple[int, str, str]]:
    """Return part number, kind and text of each of our messages for a question that Slack still shows.

    Those that were deleted are among them `with_deleted`, as they stood last.
    """
    deleted = frozenset() if with_deleted else machine.outside.deleted
    ours = [each for each in machine.outside.posted if each.ts not in deleted and each.payload["key"] == key]
    return sorted((message.payload["n"], message.payload["kind"], message.text) for message in ours)


def is_being_deleted(machine: Machine, key: str) -> bool:
    """Check whether a message of the reply has been deleted: then _check_click tells what may be left of it."""
    deleted = [message for message in machine.outside.posted if message.ts in machine.outside.deleted]
    return any(message.payload["key"] == key for message in deleted)


def shown_answer(machine: Machine, key: str) -> str:
    """Return the answer to a question as its reply shows it, as Markdown: below what was heard, if that was a clip."""
    item, answer = machine.inputs[key], machine.answers[key]
    return f"{QUOTED}\n\n{answer}" if isinstance(item, Question) and item.files else answer


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
