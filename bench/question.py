"""What a whole question costs in CPU, and how soon it is heard and answered, in the production shape, over TLS.

    python -m bench.question [cpu] [peers] [times] [rest]      all tables, about ten minutes; as root

cpu     one question at a time, by the default settings: 100 pieces of 4 characters in 15 s, with the updates that 3 s
        between two of them make, and with more of them, which gives the cost of one; each kind of process by itself
peers   the same question, asked of CocoAI, of the same work in PHP and with Slack Bolt
times   30 questions, one after another, to a model that writes for 2 s
rest    a minute without a question

Slack delivers both twins of a mention, and our own messages and updates as events: they are part of a question's cost.
What the same processes take in the same time without a question is no part of it, and is told apart.
CPU is the kernel's count for a control group: of all processes, those included that have ended (bench/cpu.py). The
practice servers and this program are in none of the groups. nginx speaks plain HTTP here.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import cpu, peers
from bench.journey import heard, times
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_answer import practice_answer
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.gateway import Call
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.house import House, house, payload
from tests.processes import wait_until

PATIENCE = 240.0

PIECES = 100
ANSWER = (practice_answer("What costs what?", 1) * 2)[: 4 * PIECES]
WRITING = Model(answer=ANSWER, pieces=PIECES, piece_delay=15.0 / PIECES)
"""15 s from the first piece to the last: with 3 s between two updates, 5 of them before the answer is whole."""

OFTEN = "0.5"
"""Seconds between two updates when there are to be many."""

UNCOUNTED = 3
QUESTIONS = 6
"""Questions for which everything is still cold, and those behind them that are counted."""

REST = 60.0
"""Seconds without a question, for what is no part of one: as long as the master's longest round of duties."""

Spent = dict[str, float]
"""CPU seconds, or milliseconds a question, of each kind of process."""


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all, if none is named")
    chosen = parser.parse_args().tables or list(TABLES)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        certificates = make(Path(folder) / "certificates")
        for name in chosen:
            print(f"\n{name}", flush=True)
            (Path(folder) / name).mkdir()
            TABLES[name](Path(folder) / name, certificates)


# What a question costs


@dataclass(frozen=True)
class Cost:
    """Of a question: milliseconds of CPU, what the same time costs without one, and updates before the answer."""

    spent: Spent
    rest: Spent
    updates: float


def cpu_of_a_question(folder: Path, certificates: Certificates) -> None:
    """Each kind of process, with few updates and with many; the slope is one update's."""
    few = cost_of_ours(folder / "few", certificates)
    many = cost_of_ours(folder / "many", certificates, COCOAI_SLACK_UPDATE_INTERVAL=OFTEN)
    print(f"  {'CPU a question, ms':22}{few.updates:8.2f} updates{many.updates:8.2f} updates    one update")
    for kind, milliseconds in few.spent.items():
        slope = (many.spent[kind] - milliseconds) / (many.updates - few.updates)
        print(f"  {kind:22}{milliseconds:16.2f}{many.spent[kind]:16.2f}{slope:14.3f}")
    for kind, milliseconds in few.rest.items():
        print(f"  {f'(at rest: {kind})':22}{milliseconds:16.2f}{many.rest[kind]:16.2f}")


def cost_of_ours(folder: Path, certificates: Certificates, **environ: str) -> Cost:
    folder.mkdir()
    with house(folder, certificates, openai=openai(WRITING), **environ) as built, counted(built) as spent:
        workers = workers_of(built.pool_pid())

        def is_over() -> bool:
            return not any(map(cpu.children, workers))

        cost = cost_of(built.slack, spent, is_over)
    apart = cost.spent.pop("supervisord")
    return replace(cost, spent=cost.spent | {"in all": sum(cost.spent.values()), "(supervisord)": apart})


def cost_of(slack: PracticeSlack, spent: Callable[[], Spent], is_over: Callable[[], bool]) -> Cost:
    """Ask one question after another, each when all that the last one caused `is_over`."""
    for _ in range(UNCOUNTED):
        ask(slack, is_over)
    began = spent()
    time.sleep(REST)
    resting = difference(spent(), began)
    calls, began, since = len(slack.calls), spent(), time.monotonic()
    for _ in range(QUESTIONS):
        ask(slack, is_over)
    all_of_it, seconds = difference(spent(), began), time.monotonic() - since
    rest = {kind: value * seconds / REST for kind, value in resting.items()}
    updates = Counter(map(kind_of_update, slack.calls[calls:]))["placeholder"]
    return Cost(each(difference(all_of_it, rest)), each(rest), updates / QUESTIONS)


def ask(slack: PracticeSlack, is_over: Callable[[], bool]) -> None:
    """One question, until its answer stands, every event about it is delivered, and whatever else there is is over."""
    question = slack.say("U0ASKER01", "<@U0COCOAI> What costs what?")
    slack.wait_for(lambda: answers_to(slack, question) or None, PATIENCE)
    slack.wait_for_deliveries(PATIENCE)
    wait_until(is_over)


def answers_to(slack: PracticeSlack, question: Message) -> list[Message]:
    return [each for each in slack.thread(question.channel, question.ts) if payload(each).get("kind") == "answer"]


def kind_of_update(call: Call) -> str:
    """What a chat.update said that the message is; empty for other calls."""
    if call.method != "chat.update":
        return ""
    metadata = call.arguments["metadata"]  # as in a form, or as in JSON
    told = json.loads(metadata) if isinstance(metadata, str) else metadata
    return str(told["event_payload"]["kind"])


def difference(later: Spent, earlier: Spent) -> Spent:
    return {kind: later[kind] - earlier[kind] for kind in later}


def each(seconds: Spent) -> Spent:
    """Milliseconds a question."""
    return {kind: value * 1000 / QUESTIONS for kind, value in seconds.items()}


@contextmanager
def counted(built: House) -> Iterator[Callable[[], Spent]]:
    """A function: the CPU seconds of each kind of the house's processes since now."""
    master = built.pool_pid()
    workers = workers_of(master)
    supervisord = cpu.parent(master)
    with cpu.accounts("supervisord", "master", "workers", "nginx") as accounts:
        accounts["supervisord"].admit([supervisord])
        accounts["nginx"].admit(pid for pid in cpu.descendants(supervisord) if cpu.command(pid) == "nginx")
        accounts["master"].admit([master])
        accounts["workers"].admit(workers)

        def spent() -> Spent:
            """What a worker has forked is on the workers' account."""
            seconds = {name: account.seconds() for name, account in accounts.items()}
            own = sum(map(cpu.on_cpu, workers))
            return seconds | {"workers": own, "job processes": seconds["workers"] - own}

        yield spent


def workers_of(master: int) -> list[int]:
    """The pool's workers, without the master's other children, which come and go."""
    return [pid for pid in cpu.children(master) if cpu.command(pid) == "cocoai-worker"]


# The others


def peers_side_by_side(folder: Path, certificates: Certificates) -> None:
    """The whole tree of each, supervisord aside."""
    costs = {name: cost_of_peer(name, folder, certificates) for name in ("cocoai", "php-fpm", "bolt")}
    print(f"  {'':22}{'ms a question':>16}{'x php-fpm':>16}{'updates':>14}{'(at rest)':>14}")
    for name, cost in costs.items():
        ratio = cost.spent["all"] / costs["php-fpm"].spent["all"]
        print(f"  {name:22}{cost.spent['all']:16.2f}{ratio:16.2f}{cost.updates:14.2f}{cost.rest['all']:14.2f}")


def cost_of_peer(name: str, folder: Path, certificates: Certificates) -> Cost:
    with (
        cpu.accounts(name) as accounts,
        peers.subject(name, folder / name, certificates, openai=openai(WRITING), account=accounts[name]) as asked,
    ):

        def spent() -> Spent:
            return {"all": asked.cpu_seconds() - sum(map(cpu.on_cpu, asked.supervisor_pids()))}

        return cost_of(asked.slack, spent, lambda: is_quiet(asked))


def is_quiet(asked: peers.Subject) -> bool:
    """Whether nobody of it has been on a processor for a moment."""
    before = asked.cpu_seconds()
    time.sleep(0.1)
    return asked.cpu_seconds() - before < 0.001


# How soon


def times_of_a_question(folder: Path, certificates: Certificates) -> None:
    """How soon one asker sees that the question was heard, and the answer once it is written."""
    model = Model(answer=ANSWER, pieces=PIECES, piece_delay=0.02)
    written: list[float] = []
    with house(folder, certificates, openai=lambda made: Watched(made, model, written)) as built:
        questions = []
        for number in range(30):
            questions.append(built.ask(f"What costs what, number {number}?"))
            built.answer_to(questions[-1])
        answers = built.slack.wait_for(lambda: ends(built.slack, len(questions)))
        times("placeholder after (ms)", [seconds * 1000 for seconds in heard(built, questions)])
        times("reply after its end (ms)", [(end - last) * 1000 for end, last in zip(answers, written, strict=True)])


def ends(slack: PracticeSlack, number: int) -> list[float] | None:
    """When each of `number` answers stood at Slack, in epoch seconds; None as long as there are fewer."""
    found = [call.time + call.seconds for call in slack.calls if kind_of_update(call) == "answer"]
    return found if len(found) == number else None


class Watched(PracticeOpenAI):
    """One that notes in `written` when each answer had left it, in epoch seconds."""

    def __init__(self, certificates: Certificates, manner: Model, written: list[float]) -> None:
        super().__init__(certificates, switches=manner)
        self._written = written

    def answer(self, incoming: Incoming) -> Outgoing:
        outgoing = super().answer(incoming)
        return outgoing if isinstance(outgoing.body, bytes) else replace(outgoing, body=self._noted(outgoing.body))

    def _noted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        yield from pieces
        self._written.append(time.time())


def openai(manner: Model) -> Callable[[Certificates], PracticeOpenAI]:
    """An OpenAI of this manner."""
    return lambda certificates: PracticeOpenAI(certificates, switches=manner)


# Nothing to do


def at_rest(folder: Path, certificates: Certificates) -> None:
    """Milliseconds of CPU in a minute without a question, of each kind of process."""
    with house(folder, certificates) as built, counted(built) as spent:
        built.answer_to(built.ask("Are you there?"))
        began = spent()
        time.sleep(60)
        for kind, seconds in difference(spent(), began).items():
            print(f"  {kind:22}{seconds * 1000:10.2f} ms a minute")


TABLES: dict[str, Callable[[Path, Certificates], None]] = {
    "cpu": cpu_of_a_question,
    "peers": peers_side_by_side,
    "times": times_of_a_question,
    "rest": at_rest,
}


if __name__ == "__main__":
    main()
