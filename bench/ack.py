"""How many events a second are acknowledged, how soon, and for how much CPU: CocoAI beside its peers (bench/peers).

    python -m bench.ack [questions] [messages] [--rounds 9] [--seconds 2] [--connections 8]
                        [--only NAME ...] [--anchor NAME ...]                                     as root; 6 min

questions   mentions, all different, each opening a thread: kept durably, with the same fsyncs, before its 200
messages    replies in a thread in which the bot was never asked: ignored, after a look for the thread's mark

`cocoai`, `php-fpm` and `bolt` have two workers each and do the same work. `php-fpm minimal` has four children and does
the least that PHP can do: one fsync for a question, without what makes that safe from a power cut and a late
redelivery. `cocoai 4 workers` has as many, and `cocoai default` as many as come on demand by the default settings.

No question is answered meanwhile: PHP and Bolt are configured to stop after the 200. CocoAI's slots and its placeholder
lock are held by this program, so that its workers find no slot free and leave each question for later, as in any burst.
They try five lock files for each question, which the peers need not open.
The kept questions are counted and moved into another folder after each round: a growing folder would change the
figures. They are deleted at the end, since ext4 takes no number of an inode that was deleted in the last minutes: after
thousands of them, which no pool deletes at once, each new file costs a search of 0.5 ms.

The subjects take turns, round after round, so that a slow minute of the machine affects all of them. The table shows
the medians of the rounds, and of the ratios to each anchor in the same round. CPU is that of all of a subject's
processes: nginx, masters, workers and, for CocoAI, supervisord. The CPU of the client is printed, too: it shares the
processors.
"""

from __future__ import annotations

import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import load, tables
from bench.cpu import accounts
from bench.peers import ALONE, KINDS, Subject, missing, subject
from cocoai.rehearsal.certificates import make
from cocoai.rehearsal.slack.json_shapes import Payload, app_mention_event, envelope, message_event, message_json
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment

ANCHOR = "php-fpm"
"""The subject to which the others are compared by default."""

MOST = 5000
"""Questions a second that are made beforehand: more than any subject keeps."""

ASIDE = 64
"""Messages that are ignored. They need not all be different, so these are sent again and again."""

PAUSE = 0.2
"""Seconds in which a request that was under way at the end is over."""

SENTENCE = "Could somebody look at the agenda for the meeting on Tuesday and say which of these points can wait?"


@dataclass(frozen=True)
class Turn:
    """One subject's turn in one round; `cpu` in ms a request."""

    load: load.Load
    cpu: float


Turns = dict[str, list[Turn]]
"""The turns of each subject, by its name."""

Events = Callable[[Subject, int], Iterator[Payload]]
"""Yields the payloads for a turn of a subject, at least as many as it can take in so many seconds."""


def main() -> None:
    """Print the tables that the command line names, or both if it names none."""
    parser = tables.parser(__doc__, TABLES)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2, help="of each subject in each round")
    parser.add_argument("--connections", type=int, default=load.CONNECTIONS, help="requests that are under way at once")
    names = list(KINDS)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument(
        "--anchor", nargs="+", choices=names, default=[ANCHOR], metavar="NAME", help=f"default: {ANCHOR}"
    )
    arguments = parser.parse_args()
    if load.missing():
        raise SystemExit(load.missing())
    print(
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}",
        flush=True,
    )
    with ExitStack() as stack:
        subjects = start(stack, installed(arguments.only))
        for name in arguments.tables or list(TABLES):
            turns = take_turns(subjects, TABLES[name], arguments.rounds, arguments.seconds, arguments.connections)
            report(f"{name}: {arguments.rounds} rounds, {arguments.connections} connections", turns, arguments.anchor)


def installed(names: Sequence[str]) -> list[str]:
    """Return the subjects that can run here; print what is missing for the others."""
    for name in names:
        if reason := missing(name):
            print(f"without {name}: {reason}")
    return [name for name in names if not missing(name)]


def start(stack: ExitStack, names: Sequence[str]) -> list[Subject]:
    """Start these subjects, all of them at once, until `stack` ends."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    certificates = make(folder / "certificates")
    by_name = stack.enter_context(accounts(*names))
    return [
        stack.enter_context(subject(name, folder / str(number), certificates, answers=False, account=by_name[name]))
        for number, name in enumerate(names)
    ]


def take_turns(subjects: Sequence[Subject], events: Events, rounds: int, seconds: int, connections: int) -> Turns:
    """Let the subjects take turns; a short turn of each, which is not counted, comes first."""
    for each in subjects:
        take_turn(each, events, 1, connections)
    turns: Turns = {each.name: [] for each in subjects}
    for _ in range(rounds):
        for each in subjects:
            turns[each.name].append(take_turn(each, events, seconds, connections))
    return turns


def take_turn(server: Subject, events: Events, seconds: int, connections: int) -> Turn:
    """Put load on one subject for so many seconds, on so many connections, and return the figures."""
    requests = [signed(server, payload) for payload in events(server, seconds)]
    before = server.cpu_seconds()
    figures = load.run(server.var, server.url, requests, seconds, connections)
    cpu = server.cpu_seconds() - before
    if events is questions:
        put_aside(server, figures, connections)
    return Turn(figures, cpu * 1000 / figures.requests)


def put_aside(server: Subject, figures: load.Load, connections: int) -> None:
    """Move the kept questions out of the way. Raise SystemExit if there are fewer than 200s, or too many more.

    A request that was under way when wrk ended may have left a question, too.
    """
    previous, kept = -1, server.kept()
    while kept != previous:
        time.sleep(PAUSE)
        previous, kept = kept, server.kept()
    accepted = figures.requests - figures.failed
    if server.name != ALONE and not 0 <= kept - accepted <= connections:
        raise SystemExit(f"{server.name} answered 200 to {accepted} questions and kept {kept}")
    for folder in (server.var / "spool" / "ready", server.var / "threads"):
        aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=server.var))
        for file in folder.iterdir():
            file.rename(aside / file.name)


def signed(server: Subject, payload: Payload) -> bytes:
    """Return the request in which Slack would deliver this payload now."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()  # without blanks, as Slack writes it
    return load.request(server.url, body, server.slack.signed(body))


def questions(server: Subject, seconds: int) -> Iterator[Payload]:
    """Yield more mentions than can be kept in so many seconds."""
    now = int(time.time())
    for number in range(seconds * MOST):
        yield payload(server, f"{now}.{number:06}", None, f"<@U0COCOAI> {SENTENCE}")


def messages(server: Subject, _: int) -> Iterator[Payload]:
    """Yield replies in threads in which the bot was never asked."""
    now = int(time.time())
    for number in range(ASIDE):
        yield payload(server, f"{now}.{number:06}", f"{now - 60}.{number:06}", SENTENCE)


TABLES: dict[str, Events] = {"questions": questions, "messages": messages}


def payload(server: Subject | Deployment, ts: str, thread_ts: str | None, text: str) -> Payload:
    """Return what Slack posts for a message, in Slack's own shape: some 1.5 KB."""
    workspace = server.slack.workspace
    channel = workspace.channels["C0PRACTICE"]
    message = Message(channel.id, ts, "U0ASKER01", text, thread_ts=thread_ts, client_msg_id=f"bench-{ts}")
    event = message_event(message, channel, message_json(workspace, message))
    return envelope(event if thread_ts else app_mention_event(event), channel, workspace.installation, int(float(ts)))


def report(title: str, turns: Turns, anchors: Sequence[str]) -> None:
    """Print one table: a line for each subject, with its ratio to each of the `anchors`."""
    loads = [each.load for some in turns.values() for each in some]
    client = statistics.median(each.client / each.seconds for each in loads)
    print(f"\n{title}, medians")
    ratios = "".join(f"{f'x {anchor}':>20}{'(rounds)':>16}" for anchor in anchors)
    print(f"{'':18}{'requests/s':>12}{ratios}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'failed':>8}")
    for each, some in turns.items():
        print(f"{each:18}{line(some, [turns.get(anchor, []) for anchor in anchors])}")
    print(f"the client took {client:.0%} of one processor, which is in none of these")


def line(some: Sequence[Turn], anchors: Sequence[Sequence[Turn]]) -> str:
    """Return the figures of one subject's turns; `anchors` have each anchor's turns in the same rounds, if any."""
    rate, cpu = statistics.median(each.load.rate for each in some), statistics.median(each.cpu for each in some)
    p50, p99 = statistics.median(each.load.p50 for each in some), statistics.median(each.load.p99 for each in some)
    failed = sum(each.load.failed for each in some)
    return f"{rate:12.0f}{''.join(ratio(some, anchor) for anchor in anchors)}{p50:9.2f}{p99:9.2f}{cpu:9.3f}{failed:8}"


def ratio(some: Sequence[Turn], anchor: Sequence[Turn]) -> str:
    """Return the median of the ratios of both rates in the same rounds, and their range; blanks without an anchor."""
    ratios = [each.load.rate / other.load.rate for each, other in zip(some, anchor, strict=False)]
    if not ratios:
        return " " * 36
    return f"{statistics.median(ratios):20.2f}{f'{min(ratios):.2f} to {max(ratios):.2f}':>16}"


if __name__ == "__main__":
    main()
