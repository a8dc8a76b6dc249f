"""How much memory CocoAI and its peers take: at rest, and with answers in flight, over TLS.

    python -m bench.memory [peers] [rules] [--only NAME ...]      both tables, about five minutes; as root

peers   PSS of nginx and everything behind it, with 0, 1, 4 and 10 answers being written; what one more of them takes
rules   CocoAI without each of its rules for copy on write, and with the rules that were tried and not kept

An answer is in flight once its reply has been updated: the thread has been read, and the model's stream is open. At
rest, two questions have been answered and a hundred messages received. `alone` is the PSS on a machine where nothing
else maps the same libraries (cocoai/tune/page_sharing.py); `with supervisord` is the same where supervisord maps them,
too, and `its own` is what supervisord itself takes there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench import cpu, tables
from bench.chaos.processes import JOBS
from bench.memory_rules import BROKEN, TRIED
from bench.peers import ALONE, NAMES, missing, subject
from bench.soak import house_processes
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_answer import practice_answer
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import answered, replies, trust_both
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.tune.page_sharing import MemoryShare, measure
from tests.deployment import Deployment, deploy
from tests.processes import free_port, wait_until

PATIENCE = 120.0
"""Seconds to wait for answers and deliveries."""

IN_FLIGHT = (0, 1, 4, 10)
"""Answers that are being written while the memory is measured."""

MESSAGES = 100
"""Messages that are no questions, before the memory at rest is measured."""

ANSWER = (practice_answer("What is shared after a fork?", 1) * 20)[:2500]
PIECE_DELAY = 0.1
"""Seconds between the model's pieces: an answer must take longer than the measurement."""

ENTRY = str(Path(__file__).parent / "memory_rules.py")


@dataclass
class Running:
    """A subject that is running: its practice servers, and how its processes are found."""

    slack: PracticeSlack
    openai: PracticeOpenAI
    pids: Callable[[], Collection[int]]
    supervisors: Callable[[], Collection[int]]


@dataclass(frozen=True)
class Measured:
    """What was measured, by pid: for the tree alone, and for the tree together with supervisord.

    `jobs` are the pids of the tree's job processes.
    """

    tree: Mapping[int, MemoryShare]
    together: Mapping[int, MemoryShare]
    jobs: Sequence[int] = field(default_factory=list)

    def total(self, name: str) -> float:
        """Return the sum of one of the figures (`alone`, `pss`, `rss`, `private`) over the tree, in MiB."""
        return sum(getattr(each, name) for each in self.tree.values()) / 1024

    @property
    def shared(self) -> float:
        """Return the MiB that the tree takes where supervisord runs, too, and nothing else."""
        return sum(self.together[pid].alone for pid in self.tree) / 1024

    @property
    def supervisord(self) -> float:
        """Return the MiB that supervisord takes in the same place; 0 if the subject has none."""
        return sum(each.alone for pid, each in self.together.items() if pid not in self.tree) / 1024

    @property
    def private(self) -> float:
        """Return the MiB that one job process shares with no other, on average; 0 if there are no job processes."""
        return sum(self.tree[pid].private for pid in self.jobs) / 1024 / max(1, len(self.jobs))


# peers


def peers(folder: Path, certificates: Certificates, names: Sequence[str] = NAMES) -> None:
    """Print a line for each subject and number of answers in flight, then what one more answer takes."""
    cocoai: dict[int, float] = {}
    print(f"  {'MiB':12}{'in flight':>10}{'alone':>8}{'with supervisord':>18}{'its own':>9}{'RSS':>8}{'x CocoAI':>10}")
    for name in names:
        if reason := missing(name):
            print(f"  {name}: {reason}")
            continue
        row = {
            number: in_flight(folder / f"{name}-{number}".replace(" ", "-"), certificates, name, number)
            for number in (IN_FLIGHT if name != ALONE else (0,))
        }
        cocoai = cocoai or {number: measured.total("alone") for number, measured in row.items()}  # the first of NAMES
        for number, measured in row.items():
            alone = measured.total("alone")
            print(
                f"  {name:12}{number:10}{alone:8.1f}{measured.shared:18.1f}{measured.supervisord:9.1f}"
                f"{measured.total('rss'):8.1f}{alone / cocoai[number]:10.2f}"
            )
        if len(row) > 1:
            own = f"; its process has {row[4].private:.2f} to itself" if row[4].jobs else ""
            print(f"  {name:12}one more answer {slope(row):.2f}{own}")


def in_flight(folder: Path, certificates: Certificates, name: str, number: int) -> Measured:
    """Start a subject and measure it with `number` answers in flight."""
    workers = max(2, number) if name == "php-fpm" else 2  # PHP answers inside its worker
    environ = {"COCOAI_POOL_SLOTS": str(max(IN_FLIGHT))}
    trusted = trusting(folder, certificates)
    with (
        cpu.accounts(name.replace(" ", "-")) as accounts,  # it also finds processes that have another parent by now
        subject(
            name, folder, trusted, workers=workers, openai=model, account=next(iter(accounts.values())), **environ
        ) as built,
    ):
        running = Running(built.slack, built.openai, built.pids, built.supervisor_pids)
        if name == ALONE:
            return measure_now(running)
        warm_up(running)
        return measure_in_flight(running, number)


def slope(row: Mapping[int, Measured]) -> float:
    """Return the MiB that one more answer takes, from one in flight to the most."""
    least, most = 1, max(row)
    return (row[most].total("alone") - row[least].total("alone")) / (most - least)


# rules


def rules(folder: Path, certificates: Certificates) -> None:
    """Print a line for each rule: at rest, with four answers in flight, and what one job process has to itself."""
    print(f"  {'MiB, CocoAI':34}{'at rest':>9}{'4 in flight':>13}{'a job':>8}")
    names = ["", *BROKEN, *TRIED]
    for index, name in enumerate(names):
        rest, busy = measure_rule(folder / str(index), certificates, name)
        figures = f"{rest.total('alone'):9.1f}{busy.total('alone'):13.1f}{busy.private:8.2f}"
        print(f"  {title_of(name):34}{figures}", flush=True)


def title_of(rule: str) -> str:
    """Return the line's title: `rule` is one of BROKEN, one of TRIED, or empty for CocoAI as it is."""
    if rule in TRIED:
        return f"with {rule}"
    return f"without {rule}" if rule else "as it is"


def measure_rule(folder: Path, certificates: Certificates, rule: str) -> tuple[Measured, Measured]:
    """Measure CocoAI with this rule broken, or tried: at rest, and with four answers in flight."""
    (folder / "var").mkdir(parents=True)
    environ = {
        "BENCH_RULE": rule,
        "COCOAI_POOL_WORKERS": "2",
        "COCOAI_NETWORK_CA_FILE": trusting(folder, certificates).ca_file,
        "COCOAI_POOL_STATUS_LISTEN": f"127.0.0.1:{free_port()}",
    }
    with deploy(folder / "var", certificates, openai=model, entry=ENTRY, **environ) as built:  # type: ignore[arg-type]
        supervisord = cpu.parent(built.pool_pid())
        running = Running(built.slack, built.openai, partial(tree_of, built, supervisord), lambda: [supervisord])
        warm_up(running)
        return measure_now(running), measure_in_flight(running, 4)


def tree_of(built: Deployment, supervisord: int) -> list[int]:
    """Return the pids of nginx and the pool, without supervisord and zombies."""
    return [pid for pid, (_, state) in house_processes(built).items() if state != "Z" and pid != supervisord]


# what every subject goes through


def trusting(folder: Path, certificates: Certificates) -> Certificates:
    """Return certificates that are trusted beside the public authorities, as many as in production."""
    folder.parent.mkdir(exist_ok=True)
    beside = folder.parent / f"{folder.name}-authorities"
    beside.mkdir()
    return Certificates(str(trust_both(beside, certificates)), certificates.cert_file, certificates.key_file)


def model(certificates: Certificates) -> PracticeOpenAI:
    """Make a practice OpenAI that answers at once, until its `piece_delay` is set."""
    return PracticeOpenAI(certificates, switches=Model(answer=ANSWER))


def warm_up(running: Running) -> None:
    """Let each process do what it does only once, then wait until no job process is left."""
    ask(running, 2)
    for number in range(MESSAGES):
        running.slack.say("U0ASKER01", f"nothing to anybody {number}")
    running.slack.wait_for_deliveries(PATIENCE)
    wait_until(lambda: not jobs(running))


def measure_in_flight(running: Running, number: int) -> Measured:
    """Measure while `number` answers are being written; then let them end."""
    running.openai.switches.piece_delay = PIECE_DELAY
    questions = [running.slack.say("U0ASKER01", f"<@U0COCOAI> question {index}?") for index in range(number)]
    running.slack.wait_for(lambda: all(is_growing(running, question) for question in questions) or None, PATIENCE)
    measured = measure_now(running)
    running.openai.switches.piece_delay = 0.0
    wait_for_answers(running, questions)
    return measured


def ask(running: Running, number: int) -> None:
    """Ask so many questions and wait for their answers."""
    questions = [running.slack.say("U0ASKER01", f"<@U0COCOAI> hello {index}?") for index in range(number)]
    wait_for_answers(running, questions)


def wait_for_answers(running: Running, questions: Sequence[Message]) -> None:
    """Wait until each question has its whole reply."""
    running.slack.wait_for(lambda: all(answered(running.slack, question) for question in questions) or None, PATIENCE)


def is_growing(running: Running, question: Message) -> bool:
    """Check whether the question's placeholder has been replaced by the model's first words."""
    updated = {call.arguments["ts"] for call in running.slack.calls if call.method == "chat.update"}
    return any(message.ts in updated for message in replies(running.slack, question))


def jobs(running: Running) -> list[int]:
    """Return the pids of CocoAI's processes that work on questions."""
    return [pid for pid in running.pids() if cpu.command(pid) in JOBS]


def measure_now(running: Running) -> Measured:
    """Measure all processes of the subject; begin anew if one of them ends meanwhile."""
    while True:
        with contextlib.suppress(OSError):
            tree = running.pids()
            return Measured(measure(tree), measure([*tree, *running.supervisors()]), jobs(running))


def main() -> None:
    """Print the tables that the command line names, or both if it names none."""
    parser = tables.parser(__doc__, ("peers", "rules"))
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=f"of {', '.join(NAMES)}"
    )
    arguments = parser.parse_args()
    print_peers = partial(peers, names=[name for name in NAMES if name in arguments.only])
    tables.print_tables(arguments.tables, {"peers": print_peers, "rules": rules})


if __name__ == "__main__":
    main()
