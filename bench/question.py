"""What a whole question costs in CPU, and how soon it is acknowledged and answered, in the production shape, over TLS.

    python -m bench.question [cpu] [peers] [times] [rest]      all tables, about ten minutes; as root

cpu     one question at a time, by the default settings but for two workers that stay: 100 pieces of 4 characters in
        15 s, with the updates that 3 s between two of them make, and with more of them, which gives the cost of one;
        each kind of process by itself
peers   the same question, asked of CocoAI, of the same work in PHP and with Slack Bolt
times   30 questions, one after another, to a model that writes for 2 s
rest    a minute without a question

Slack delivers both twins of a mention, and our own messages and updates as events: they are part of a question's cost.
What the same processes take in the same time without a question is no part of it, and is shown on lines of its own.
CPU is the kernel's count for a control group: of all processes, those included that have ended (bench/cpu.py). The
practice servers and this program are in none of the groups. nginx speaks plain HTTP here.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench import cpu, peers, tables
from bench.journey import placeholder_times
from bench.tables import print_times
from bench.timed_openai import TimedOpenAI
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_answer import practice_answer
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.gateway import Call
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment, deploy, payload
from tests.processes import wait_until

PATIENCE = 240.0
"""Seconds to wait for an answer, and for the events about it."""

PIECES = 100
ANSWER = (practice_answer("What costs what?", 1) * 2)[: 4 * PIECES]
WRITING = Model(answer=ANSWER, pieces=PIECES, piece_delay=15.0 / PIECES)
"""15 s from the first piece to the last: with 3 s between two updates, 5 of them before the answer is whole."""

WORKERS = "2"
"""A fixed number: each is on an account of its own from the beginning."""

OFTEN = "0.5"
"""Seconds between two updates when there are to be many."""

UNCOUNTED = 3
QUESTIONS = 6
"""Questions that warm everything up, and those after them that are counted."""

REST = 60.0
"""Seconds without a question, to measure what belongs to none: as long as the pause of the master's rarest task."""

Spent = dict[str, float]
"""CPU seconds, or milliseconds a question, of each kind of process."""

SpentSoFar = Callable[[], Spent]


# What a question costs


@dataclass(frozen=True)
class Cost:
    """Of a question: milliseconds of CPU, what the same time costs without one, and updates before the answer."""

    spent: Spent
    rest: Spent
    updates: float


def cpu_of_a_question(folder: Path, certificates: Certificates) -> None:
    """Print the CPU of each kind of process, with few updates and with many, and of one update: the slope."""
    few = cost_of_cocoai(folder / "few", certificates)
    many = cost_of_cocoai(folder / "many", certificates, COCOAI_SLACK_UPDATE_INTERVAL=OFTEN)
    print(f"  {'CPU a question, ms':22}{few.updates:8.2f} updates{many.updates:8.2f} updates    one update")
    for kind, milliseconds in few.spent.items():
        slope = (many.spent[kind] - milliseconds) / (many.updates - few.updates)
        print(f"  {kind:22}{milliseconds:16.2f}{many.spent[kind]:16.2f}{slope:14.3f}")
    for kind, milliseconds in few.rest.items():
        print(f"  {f'(at rest: {kind})':22}{milliseconds:16.2f}{many.rest[kind]:16.2f}")


def cost_of_cocoai(folder: Path, certificates: Certificates, **environ: str) -> Cost:
    """Measure CocoAI with these settings; supervisord stands apart, and is in no sum."""
    folder.mkdir()
    openai = partial(PracticeOpenAI, switches=WRITING)
    settings = {"COCOAI_POOL_WORKERS": WORKERS, **environ}
    with deploy(folder, certificates, openai=openai, **settings) as built, counted(built) as spent:
        workers = workers_of(built.pool_pid())

        def is_over() -> bool:
            return not any(map(cpu.children, workers))

        cost = cost_of(built.slack, spent, is_over)
    supervisord = cost.spent.pop("supervisord")
    return replace(cost, spent=cost.spent | {"in all": sum(cost.spent.values()), "(supervisord)": supervisord})


def cost_of(slack: PracticeSlack, spent: SpentSoFar, is_over: Callable[[], bool]) -> Cost:
    """Ask one question after another and return the cost of one; `is_over` tells when its processes are done."""
    for _ in range(UNCOUNTED):
        ask(slack, is_over)
    began = spent()
    time.sleep(REST)
    resting = difference(spent(), began)
    calls, began, since = len(slack.calls), spent(), time.monotonic()
    for _ in range(QUESTIONS):
        ask(slack, is_over)
    total, seconds = difference(spent(), began), time.monotonic() - since
    rest = {kind: value * seconds / REST for kind, value in resting.items()}
    updates = Counter(map(kind_of_update, slack.calls[calls:]))["placeholder"]
    return Cost(each(difference(total, rest)), each(rest), updates / QUESTIONS)


def ask(slack: PracticeSlack, is_over: Callable[[], bool]) -> None:
    """Ask a question; wait for its answer, for the deliveries of every event about it, and until `is_over`."""
    question = slack.say("U0ASKER01", "<@U0COCOAI> What costs what?")
    slack.wait_for(lambda: answers_to(slack, question) or None, PATIENCE)
    slack.wait_for_deliveries(PATIENCE)
    wait_until(is_over)


def answers_to(slack: PracticeSlack, question: Message) -> list[Message]:
    """Return our finished answers in the question's thread."""
    return [each for each in slack.thread(question.channel, question.ts) if payload(each).get("kind") == "answer"]


def kind_of_update(call: Call) -> str:
    """Return the kind of message in the metadata of a chat.update, such as `answer`; "" for other calls."""
    if call.method != "chat.update":
        return ""
    metadata = call.arguments["metadata"]
    if isinstance(metadata, str):  # a form has JSON in its field, a body of JSON has the object itself
        metadata = json.loads(metadata)
    return str(metadata["event_payload"]["kind"])


def difference(later: Spent, earlier: Spent) -> Spent:
    return {kind: later[kind] - earlier[kind] for kind in later}


def each(seconds: Spent) -> Spent:
    """Convert the seconds of all counted questions into milliseconds a question."""
    return {kind: value * 1000 / QUESTIONS for kind, value in seconds.items()}


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


def peers_side_by_side(folder: Path, certificates: Certificates) -> None:
    """Print what the whole process tree of each peer takes for a question, without supervisord."""
    costs = {name: cost_of_peer(name, folder, certificates) for name in ("cocoai", "php-fpm", "bolt")}
    print(f"  {'':22}{'ms a question':>16}{'x php-fpm':>16}{'updates':>14}{'(at rest)':>14}")
    for name, cost in costs.items():
        ratio = cost.spent["all"] / costs["php-fpm"].spent["all"]
        print(f"  {name:22}{cost.spent['all']:16.2f}{ratio:16.2f}{cost.updates:14.2f}{cost.rest['all']:14.2f}")


def cost_of_peer(name: str, folder: Path, certificates: Certificates) -> Cost:
    """Measure one of the peers; its `spent` has the single key "all"."""
    openai = partial(PracticeOpenAI, switches=WRITING)
    with (
        cpu.accounts(name) as accounts,
        peers.subject(name, folder / name, certificates, openai=openai, account=accounts[name]) as peer,
    ):

        def spent() -> Spent:
            return {"all": peer.cpu_seconds() - sum(map(cpu.on_cpu, peer.supervisor_pids()))}

        return cost_of(peer.slack, spent, partial(is_quiet, peer))


def is_quiet(peer: peers.Subject) -> bool:
    """Check whether no process of the peer takes CPU for a tenth of a second."""
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
    """Print the milliseconds of CPU that each kind of process takes in a minute without a question."""
    with deploy(folder, certificates, COCOAI_POOL_WORKERS=WORKERS) as built, counted(built) as spent:
        built.answer_to(built.ask("Are you there?"))
        began = spent()
        time.sleep(60)
        for kind, seconds in difference(spent(), began).items():
            print(f"  {kind:22}{seconds * 1000:10.2f} ms a minute")


if __name__ == "__main__":
    measured = {"cpu": cpu_of_a_question, "peers": peers_side_by_side, "times": times_of_a_question, "rest": at_rest}
    tables.run(__doc__, measured)
