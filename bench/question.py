"""What a whole question costs in CPU, and how soon it is acknowledged and answered, in the production shape, over TLS.

    python -m bench.question [cpu] [peers] [times] [rest] [--questions 6]      all tables, about 15 minutes; as root

cpu     one question at a time, by the default settings but for two workers that stay: 100 pieces of 4 characters in
        15 s; each kind of process by itself. `soon` are questions of which each is asked as soon as the one before it
        is done, so that a job process which lingers takes it; the next of `alone` is asked when no job process is left.
        Both have the updates that 3 s between two of them make; `often` is as soon with more of them, and `one update`
        what each of those costs more
peers   the same question, asked soon, of CocoAI, of the same work in PHP and with Slack Bolt
times   30 questions, one after another, to a model that writes for 2 s
rest    a minute without a question, with two workers that stay, and by the default settings

Slack delivers both twins of a mention, and our own messages and updates as events: they are part of a question's cost.
What the same processes take in the same time without a question is no part of it, and is shown on lines of its own.
CPU is the kernel's count for a control group: of all processes, those included that have ended (bench/cpu.py). The
practice servers and this program are in none of the groups. nginx speaks plain HTTP here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench import cpu, peers, tables
from bench.asked import PATIENCE, REST, UNCOUNTED, Asked, Cost, Spent, SpentSoFar, ask, difference, kind_of_update
from bench.journey import placeholder_times
from bench.tables import print_times
from bench.timed_openai import TimedOpenAI
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_answer import practice_answer
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.deployment import Deployment, deploy
from tests.processes import wait_until

PIECES = 100
ANSWER = (practice_answer("What costs what?", 1) * 2)[: 4 * PIECES]
WRITING = Model(answer=ANSWER, pieces=PIECES, piece_delay=15.0 / PIECES)
"""15 s from the first piece to the last: with 3 s between two updates, 5 of them before the answer is whole."""

WORKERS = "2"
"""A fixed number: each is on an account of its own from the beginning."""

OFTEN = "0.5"
"""Seconds between two updates when there are to be many."""

QUESTIONS = 6
"""Questions that are counted, by default."""

LINGERING = 12.0
"""Seconds after a question for which a job process may wait for the next one, and a little."""


# What a question costs


def cpu_of_a_question(folder: Path, certificates: Certificates, *, questions: int) -> None:
    """Print the CPU of each kind of process: of questions asked soon, alone, and often updated; and of one update."""
    with cocoai(folder / "few", certificates) as few:
        rest = few.warm_up()
        soon = few.cost(questions, rest, few.is_done)
        wait_until(few.is_over)
        alone = few.cost(questions, rest, few.is_over)
    with cocoai(folder / "many", certificates, COCOAI_SLACK_UPDATE_INTERVAL=OFTEN) as many:
        for _ in range(UNCOUNTED):
            ask(many.slack, many.is_done)
        often = many.cost(questions, rest, many.is_done)
    print(f"  {'CPU a question, ms':26}{'soon':>10}{'alone':>10}{'often':>10}{'one update':>14}")
    print(f"  {'updates':26}{soon.updates:10.2f}{alone.updates:10.2f}{often.updates:10.2f}")
    for kind, milliseconds in in_all(soon.spent).items():
        slope = (in_all(often.spent)[kind] - milliseconds) / (often.updates - soon.updates)
        print(f"  {kind:26}{milliseconds:10.2f}{in_all(alone.spent)[kind]:10.2f}", end="")
        print(f"{in_all(often.spent)[kind]:10.2f}{slope:14.3f}")
    for kind, milliseconds in soon.rest.items():
        print(f"  {f'(at rest: {kind})':26}{milliseconds:10.2f}{alone.rest[kind]:10.2f}{often.rest[kind]:10.2f}")


def in_all(spent: Spent) -> Spent:
    """Return what each kind of process has spent, and all of them together; supervisord stands apart, in no sum."""
    ours = {kind: value for kind, value in spent.items() if kind != "supervisord"}
    return ours | {"in all": sum(ours.values()), "(supervisord)": spent["supervisord"]}


@contextmanager
def cocoai(folder: Path, certificates: Certificates, **environ: str) -> Iterator[Asked]:
    """Deploy CocoAI with these settings, and count what its processes take."""
    folder.mkdir()
    openai = partial(PracticeOpenAI, switches=WRITING)
    settings: dict[str, Any] = {"COCOAI_POOL_WORKERS": WORKERS, **environ}
    with deploy(folder, certificates, openai=openai, **settings) as built, counted(built) as spent:
        workers = workers_of(built.pool_pid())
        yield Asked(
            built.slack,
            spent,
            is_done=lambda: not built.spool.keys("ready"),
            is_over=lambda: not any(map(cpu.children, workers)),
        )


@contextmanager
def counted(built: Deployment) -> Iterator[SpentSoFar]:
    """Yield a function that returns the CPU seconds of each kind of process since now."""
    master = built.pool_pid()
    workers = workers_of(master)
    supervisord = cpu.parent(master)
    with cpu.accounts("supervisord", "master", "workers", "nginx") as accounts:
        accounts["supervisord"].admit([supervisord])
        accounts["nginx"].admit(pid for pid in cpu.descendants(supervisord) if cpu.command(pid) == "nginx")
        accounts["master"].admit([master])
        accounts["workers"].admit(workers)

        def spent() -> Spent:
            """Return CPU seconds; job processes are on the account of the workers that fork them."""
            seconds = {name: account.seconds() for name, account in accounts.items()}
            own = sum(map(cpu.on_cpu, workers))
            return seconds | {"workers": own, "job processes": seconds["workers"] - own}

        yield spent


def workers_of(master: int) -> list[int]:
    """Return the pids of the pool's workers, without the master's other children, which come and go."""
    return [pid for pid in cpu.children(master) if cpu.command(pid) == "cocoai-worker"]


# The peers


def peers_side_by_side(folder: Path, certificates: Certificates, *, questions: int) -> None:
    """Print what the whole process tree of each peer takes for a question, without supervisord."""
    names = [name for name in ("cocoai", "php-fpm", "bolt") if not peers.missing(name)]
    costs = {name: cost_of_peer(name, folder, certificates, questions) for name in names}
    print(f"  {'':22}{'ms a question':>16}{'x php-fpm':>16}{'updates':>14}{'(at rest)':>14}")
    for name, cost in costs.items():
        ratio = cost.spent["all"] / costs["php-fpm"].spent["all"] if "php-fpm" in costs else 0.0
        print(f"  {name:22}{cost.spent['all']:16.2f}{ratio:16.2f}{cost.updates:14.2f}{cost.rest['all']:14.2f}")


def cost_of_peer(name: str, folder: Path, certificates: Certificates, questions: int) -> Cost:
    """Measure one of the peers; its `spent` has the single key "all"."""
    openai = partial(PracticeOpenAI, switches=WRITING)
    with (
        cpu.accounts(name) as accounts,
        peers.subject(name, folder / name, certificates, openai=openai, account=accounts[name]) as peer,
    ):

        def spent() -> Spent:
            return {"all": peer.cpu_seconds() - sum(map(cpu.on_cpu, peer.supervisor_pids()))}

        asked = Asked(peer.slack, spent, is_done=partial(is_quiet, peer), is_over=partial(is_quiet, peer, LINGERING))
        return asked.cost(questions, asked.warm_up(), asked.is_done)


def is_quiet(peer: peers.Subject, after: float = 0.0) -> bool:
    """Check whether, `after` so many seconds, no process of the peer takes CPU for a tenth of a second."""
    time.sleep(after)
    before = peer.cpu_seconds()
    time.sleep(0.1)
    return peer.cpu_seconds() - before < 0.001


# How soon


def times_of_a_question(folder: Path, certificates: Certificates) -> None:
    """Print how soon one asker has the placeholder, and the whole answer once the model has written it."""
    model = Model(answer=ANSWER, pieces=PIECES, piece_delay=0.02)
    with deploy(folder, certificates, openai=partial(TimedOpenAI, switches=model)) as built:
        questions = []
        for number in range(30):
            questions.append(built.ask(f"What costs what, number {number}?"))
            built.answer_to(questions[-1])
        shown = built.slack.wait_for(lambda: answer_times(built.slack, len(questions)))
        assert isinstance(built.openai, TimedOpenAI)
        written = built.openai.ends
        print_times("placeholder after (ms)", [seconds * 1000 for seconds in placeholder_times(built, questions)])
        print_times("reply after its end (ms)", [(at - end) * 1000 for at, end in zip(shown, written, strict=True)])


def answer_times(slack: PracticeSlack, number: int) -> list[float] | None:
    """Return when Slack showed each of `number` answers as a whole, in epoch seconds; None while there are fewer."""
    found = [call.time + call.seconds for call in slack.calls if kind_of_update(call) == "answer"]
    return found if len(found) == number else None


# Nothing to do


def at_rest(folder: Path, certificates: Certificates) -> None:
    """Print the milliseconds of CPU that each kind of process takes in a minute without a question.

    First with two workers that stay, then by the default settings, under which the last worker ends after a while.
    """
    stay, default = folder / "stay", folder / "default"
    for each in (stay, default):
        each.mkdir()
    with deploy(stay, certificates, COCOAI_POOL_WORKERS=WORKERS) as built, counted(built) as spent:
        workers = workers_of(built.pool_pid())
        built.answer_to(built.ask("Are you there?"))
        wait_until(lambda: not any(map(cpu.children, workers)))
        print_minute(spent, "")
    with deploy(default, certificates) as built, cpu.accounts("supervisord", "master") as accounts:
        built.answer_to(built.ask("Are you there?"))
        master = built.pool_pid()
        wait_until(lambda: not cpu.children(master), PATIENCE)
        accounts["supervisord"].admit([cpu.parent(master)])
        accounts["master"].admit([master])
        print_minute(lambda: {name: account.seconds() for name, account in accounts.items()}, ", no worker")


def print_minute(spent: SpentSoFar, note: str) -> None:
    """Print a line for each kind of process: what it takes in a minute from now on."""
    began = spent()
    time.sleep(REST)
    for kind, seconds in difference(spent(), began).items():
        print(f"  {kind + note:22}{seconds * 1000:10.2f} ms a minute")


def main() -> None:
    """Print the tables that the command line names, or all of them if it names none."""
    parser = tables.parser(__doc__, ("cpu", "peers", "times", "rest"))
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="in each column of cpu, and to each of peers")
    arguments = parser.parse_args()
    questions = arguments.questions
    tables.print_tables(
        arguments.tables,
        {
            "cpu": partial(cpu_of_a_question, questions=questions),
            "peers": partial(peers_side_by_side, questions=questions),
            "times": times_of_a_question,
            "rest": at_rest,
        },
    )


if __name__ == "__main__":
    main()
