"""How many events are acknowledged a second, how soon, and for how much CPU: CocoAI beside its peers (bench/peers).

    python -m bench.ack [questions] [messages] [--rounds 9] [--seconds 2] [--only NAME ...]      as root; 4 min

questions   mentions, each another one, each opening a thread: kept durably, with the same fsyncs, before its 200
messages    a reply in a thread in which the bot was never asked: nothing to it, but the thread's mark is looked for

Nobody answers meanwhile: PHP and Bolt are told to stop after the 200, and CocoAI's slots and the usher's place are
taken by this program, so that its workers find nobody free, and leave the question for later as in any burst. They do
look: five lock files a question, which the others need not open.
What was kept is counted and thrown away after each round, for a folder that grows would be measured with it.

The subjects take turns, round after round, so that a slow minute of the machine meets all of them. The medians of the
rounds are shown, and of the ratios to php-fpm in the same round. CPU is that of all of a subject's processes: nginx,
masters, workers and, for CocoAI, supervisord. The client's own CPU is named: it runs on the same processors.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import load
from bench.cpu import accounts
from bench.peers import ALONE, NAMES, Subject, missing, subject
from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.slack.json_shapes import Payload, app_mention_event, envelope, message_event, message_json
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message

ANCHOR = "php-fpm"

MOST = 5000
"""Questions a second that are made beforehand: more than any subject keeps."""

ASIDE = 64
"""Messages that are nothing to anybody; they need not be distinct, and are sent again and again."""

REST = 0.2
"""Seconds for the requests that were under way at the end."""

SENTENCE = "Could somebody look at the agenda for the meeting on Tuesday and say which of these points can wait?"


@dataclass(frozen=True)
class Turn:
    """One subject's turn in one round; CPU in ms a request."""

    load: load.Load
    cpu: float


Turns = dict[str, list[Turn]]


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="both, if none is named")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2, help="of each subject in each round")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    given = parser.parse_args()
    if load.missing():
        raise SystemExit(load.missing())
    print(
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}",
        flush=True,
    )
    with ExitStack() as stack:
        subjects = raise_up(stack, present(given.only))
        for name in given.tables or list(TABLES):
            report(name, turns(subjects, TABLES[name], given.rounds, given.seconds))


def present(names: Sequence[str]) -> list[str]:
    """Those that can run here; of the others it is said what they lack."""
    for name in names:
        if lack := missing(name):
            print(f"without {name}: {lack}")
    return [name for name in names if not missing(name)]


def raise_up(stack: ExitStack, names: Sequence[str]) -> list[Subject]:
    """All of them at once, until `stack` ends."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    certificates = make(folder / "certificates")
    counted = stack.enter_context(accounts(*names))
    return [
        stack.enter_context(subject(name, folder / str(number), certificates, answers=False, account=counted[name]))
        for number, name in enumerate(names)
    ]


def turns(subjects: Sequence[Subject], events: Events, rounds: int, seconds: int) -> Turns:
    """Everybody's turns; a short one, which is not counted, comes first."""
    for each in subjects:
        turn(each, events, 1)
    taken: Turns = {each.name: [] for each in subjects}
    for _ in range(rounds):
        for each in subjects:
            taken[each.name].append(turn(each, events, seconds))
    return taken


def turn(one: Subject, events: Events, seconds: int) -> Turn:
    """Load on this one, and what it took."""
    requests = [signed(one, payload) for payload in events(one, seconds)]
    before = one.cpu_seconds()
    taken = load.run(one.var, one.url, requests, seconds)
    cpu = one.cpu_seconds() - before
    if events is questions:
        settle(one, taken)
    return Turn(taken, cpu * 1000 / taken.requests)


def settle(one: Subject, taken: load.Load) -> None:
    """Each 200 has left a question, and those that were still under way may have; then all is thrown away."""
    kept = -1
    while kept != (kept := one.kept()):
        time.sleep(REST)
    if one.name != ALONE and not 0 <= kept - (taken.requests - taken.failed) <= load.CONNECTIONS:
        raise SystemExit(f"{one.name} said 200 to {taken.requests - taken.failed} questions and kept {kept}")
    for folder in (one.var / "spool" / "ready", one.var / "threads"):
        for file in folder.iterdir():
            file.unlink()


def signed(one: Subject, payload: Payload) -> bytes:
    """The request in which Slack would bring this now."""
    body = json.dumps(payload).encode()
    return load.request(one.url, body, one.slack.signed(body))


def questions(one: Subject, seconds: int) -> Iterator[Payload]:
    """More than can be kept in so many seconds."""
    now = int(time.time())
    for number in range(seconds * MOST):
        yield payload(one, f"{now}.{number:06}", None, f"<@U0COCOAI> {SENTENCE}")


def messages(one: Subject, _: int) -> Iterator[Payload]:
    """Replies in threads that nobody knows."""
    now = int(time.time())
    for number in range(ASIDE):
        yield payload(one, f"{now}.{number:06}", f"{now - 60}.{number:06}", SENTENCE)


Events = Callable[[Subject, int], Iterator[Payload]]

TABLES: dict[str, Events] = {"questions": questions, "messages": messages}


def payload(one: Subject, ts: str, thread_ts: str | None, text: str) -> Payload:
    """What Slack posts of a message, in its own shape: some 1.5 KB."""
    workspace = one.slack.workspace
    channel = workspace.channels["C0PRACTICE"]
    message = Message(channel.id, ts, "U0ASKER01", text, thread_ts=thread_ts, client_msg_id=f"bench-{ts}")
    event = message_event(message, channel, message_json(workspace, message))
    told = event if thread_ts else app_mention_event(event)
    return envelope(told, channel, workspace.installation, int(float(ts)))


def report(name: str, taken: Turns) -> None:
    """One table."""
    loads = [each.load for some in taken.values() for each in some]
    client = statistics.median(each.client / each.seconds for each in loads)
    print(f"\n{name}: {len(loads) // len(taken)} rounds, {load.CONNECTIONS} connections, medians")
    print(f"{'':14}{'requests/s':>12}{f'x {ANCHOR}':>12}{'(rounds)':>16}", end="")
    print(f"{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'failed':>8}")
    for each, some in taken.items():
        print(f"{each:14}{figures(some, taken.get(ANCHOR, []))}")
    print(f"the client took {client:.0%} of one processor, which is in none of these")


def figures(some: Sequence[Turn], anchor: Sequence[Turn]) -> str:
    """One line of it."""
    ratios = [each.load.rate / other.load.rate for each, other in zip(some, anchor, strict=False)]
    ratio = f"{statistics.median(ratios):.2f}" if ratios else ""
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}" if ratios else ""
    p50, p99 = middle(some, lambda each: each.load.p50), middle(some, lambda each: each.load.p99)
    rate, cpu = middle(some, lambda each: each.load.rate), middle(some, lambda each: each.cpu)
    failed = sum(each.load.failed for each in some)
    return f"{rate:12.0f}{ratio:>12}{spread:>16}{p50:9.2f}{p99:9.2f}{cpu:9.3f}{failed:8}"


def middle(some: Sequence[Turn], figure: Callable[[Turn], float]) -> float:
    """The median of this figure."""
    return statistics.median(map(figure, some))


if __name__ == "__main__":
    main()
