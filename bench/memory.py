"""What CocoAI and its peers take of a machine: at rest, and with answers in flight, over TLS.

    python -m bench.memory [peers] [rules]      both tables, about five minutes; as root

peers   PSS of nginx and all behind it, with 0, 1, 4 and 10 answers being written; what one more of them takes
rules   CocoAI without each of its rules of copy on write, and with what was tried beside them

An answer is in flight when its reply has been seen to grow: the thread is read, and the model's stream is open. At
rest, two questions have been answered and a hundred messages heard. `alone` is the PSS on a machine where nothing else
maps the same libraries (bench/pages.py); `with supervisord`, where that does: what is its own is named apart.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import cpu
from bench.pages import Taken, taken
from bench.peers import ALONE, NAMES, missing, subject
from bench.rules import BROKEN, TRIED
from bench.soak import residents
from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_answer import practice_answer
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.rehearse import answered, replies, trust_both
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.house import House, house
from tests.processes import free_port, wait_until

PATIENCE = 120.0
IN_FLIGHT = (0, 1, 4, 10)
MESSAGES = 100
ANSWER = (practice_answer("What is shared after a fork?", 1) * 20)[:2500]
PIECE_DELAY = 0.1
"""Seconds between the model's pieces: an answer takes longer than it takes to look."""

ENTRY = str(Path(__file__).parent / "rules.py")


@dataclass
class Scene:
    """One of them, running: those who are asked, and how its processes are found."""

    slack: PracticeSlack
    openai: PracticeOpenAI
    pids: Callable[[], Collection[int]]
    supervisors: Callable[[], Collection[int]]


@dataclass(frozen=True)
class Seen:
    """KiB by pid: the tree as if nobody else ran; the tree and supervisord, which may share its interpreter."""

    tree: Mapping[int, Taken]
    together: Mapping[int, Taken]
    jobs: Sequence[int] = field(default_factory=list)

    def total(self, name: str) -> float:
        """MiB of all of the tree."""
        return sum(getattr(each, name) for each in self.tree.values()) / 1024

    @property
    def shared(self) -> float:
        """MiB of the tree where supervisord runs, and nothing else."""
        return sum(self.together[pid].alone for pid in self.tree) / 1024

    @property
    def supervisord(self) -> float:
        """MiB of its own in the same place; 0 where there is none."""
        return sum(each.alone for pid, each in self.together.items() if pid not in self.tree) / 1024

    @property
    def private(self) -> float:
        """MiB that one job process has to itself; 0 where there is none."""
        return sum(self.tree[pid].private for pid in self.jobs) / 1024 / max(1, len(self.jobs))


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all, if none is named")
    chosen = parser.parse_args().tables or list(TABLES)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        certificates = make(Path(folder) / "certificates")
        for name in chosen:
            print(f"\n{name}")
            (Path(folder) / name).mkdir()
            TABLES[name](Path(folder) / name, certificates)


# peers


def peers(folder: Path, certificates: Certificates) -> None:
    """A line for each subject and number of answers in flight, then what one more answer takes."""
    first: dict[int, float] = {}
    print(f"  {'MiB':12}{'in flight':>10}{'alone':>8}{'with supervisord':>18}{'its own':>9}{'RSS':>8}{'x CocoAI':>10}")
    for name in NAMES:
        if told := missing(name):
            print(f"  {name}: {told}")
            continue
        row = {
            number: in_flight(folder / f"{name}-{number}".replace(" ", "-"), certificates, name, number)
            for number in (IN_FLIGHT if name != ALONE else (0,))
        }
        first = first or {number: seen.total("alone") for number, seen in row.items()}
        for number, seen in row.items():
            alone = seen.total("alone")
            print(
                f"  {name:12}{number:10}{alone:8.1f}{seen.shared:18.1f}{seen.supervisord:9.1f}"
                f"{seen.total('rss'):8.1f}{alone / first[number]:10.2f}"
            )
        if len(row) > 1:
            own = f"; its process has {row[4].private:.2f} to itself" if row[4].jobs else ""
            print(f"  {name:12}one more answer {slope(row):.2f}{own}")


def in_flight(folder: Path, certificates: Certificates, name: str, number: int) -> Seen:
    """Raise a subject and look at it with `number` answers in flight."""
    workers = max(2, number) if name == "php-fpm" else 2  # PHP answers inside its worker
    environ = {"COCOAI_POOL_SLOTS": str(max(IN_FLIGHT))}
    trusted = trusting(folder, certificates)
    with (
        cpu.accounts(name.replace(" ", "-")) as accounts,  # whoever moved to another parent is found by it
        subject(
            name, folder, trusted, workers=workers, openai=model, account=next(iter(accounts.values())), **environ
        ) as built,
    ):
        scene = Scene(built.slack, built.openai, built.pids, built.supervisor_pids)
        if name == ALONE:
            return look(scene)
        settle(scene)
        return fly(scene, number)


def slope(row: Mapping[int, Seen]) -> float:
    """MiB of one more answer, from 1 to the most."""
    least, most = 1, max(row)
    return (row[most].total("alone") - row[least].total("alone")) / (most - least)


# rules


def rules(folder: Path, certificates: Certificates) -> None:
    """A line for each rule: at rest, with four answers in flight, and what one job process has to itself."""
    print(f"  {'MiB, CocoAI':34}{'at rest':>9}{'4 in flight':>13}{'a job':>8}")
    names = ["", *BROKEN, *TRIED]
    for index, name in enumerate(names):
        rest, busy = bent(folder / str(index), certificates, name)
        title = "with " + name if name in TRIED else f"without {name}" if name else "as it is"
        print(f"  {title:34}{rest.total('alone'):9.1f}{busy.total('alone'):13.1f}{busy.private:8.2f}", flush=True)


def bent(folder: Path, certificates: Certificates, rule: str) -> tuple[Seen, Seen]:
    """CocoAI with this rule broken, or kept besides: at rest, and with four in flight."""
    (folder / "var").mkdir(parents=True)
    environ = {
        "BENCH_RULE": rule,
        "COCOAI_NETWORK_CA_FILE": trusting(folder, certificates).ca_file,
        "COCOAI_POOL_STATUS_LISTEN": f"127.0.0.1:{free_port()}",
    }
    with house(folder / "var", certificates, openai=model, entry=ENTRY, **environ) as built:  # type: ignore[arg-type]
        supervisord = cpu.parent(built.pool_pid())
        scene = Scene(built.slack, built.openai, lambda: ours(built, supervisord), lambda: [supervisord])
        settle(scene)
        return look(scene), fly(scene, 4)


def ours(built: House, supervisord: int) -> list[int]:
    """nginx and the pool, whoever their parents are by now."""
    return [pid for pid, (_, state) in residents(built).items() if state != "Z" and pid != supervisord]


# what all of them go through


def trusting(folder: Path, certificates: Certificates) -> Certificates:
    """The practice authority among those of the world, as many as in production."""
    folder.parent.mkdir(exist_ok=True)
    beside = folder.parent / f"{folder.name}-authorities"
    beside.mkdir()
    return Certificates(str(trust_both(beside, certificates)), certificates.cert_file, certificates.key_file)


def model(certificates: Certificates) -> PracticeOpenAI:
    """One that answers at once until it is slowed down."""
    return PracticeOpenAI(certificates, switches=Model(answer=ANSWER))


def settle(scene: Scene) -> None:
    """What each process does once is done; nobody works any more."""
    ask(scene, 2)
    for number in range(MESSAGES):
        scene.slack.say("U0ASKER01", f"nothing to anybody {number}")
    scene.slack.wait_for_deliveries(PATIENCE)
    wait_until(lambda: not jobs(scene))


def fly(scene: Scene, number: int) -> Seen:
    """Look while `number` answers are being written; then they may end."""
    scene.openai.switches.piece_delay = PIECE_DELAY
    questions = [scene.slack.say("U0ASKER01", f"<@U0COCOAI> question {index}?") for index in range(number)]
    scene.slack.wait_for(lambda: all(is_growing(scene, question) for question in questions) or None, PATIENCE)
    seen = look(scene)
    scene.openai.switches.piece_delay = 0.0
    wait_for_answers(scene, questions)
    return seen


def ask(scene: Scene, number: int) -> None:
    """So many questions, to their answers."""
    wait_for_answers(scene, [scene.slack.say("U0ASKER01", f"<@U0COCOAI> hello {index}?") for index in range(number)])


def wait_for_answers(scene: Scene, questions: Sequence[Message]) -> None:
    """Until each has its reply whole."""

    scene.slack.wait_for(lambda: all(answered(scene.slack, question) for question in questions) or None, PATIENCE)


def is_growing(scene: Scene, question: Message) -> bool:
    """Whether the model's words are in the placeholder's place."""
    updated = {call.arguments["ts"] for call in scene.slack.calls if call.method == "chat.update"}
    return any(message.ts in updated for message in replies(scene.slack, question))


def jobs(scene: Scene) -> list[int]:
    """CocoAI's processes that answer."""
    return [pid for pid in scene.pids() if cpu.command(pid) in ("cocoai-job", "cocoai-notify")]


def look(scene: Scene) -> Seen:
    """All of it, now; once more if somebody left meanwhile."""
    while True:
        with contextlib.suppress(OSError):
            tree = scene.pids()
            return Seen(taken(tree), taken([*tree, *scene.supervisors()]), jobs(scene))


TABLES: dict[str, Callable[[Path, Certificates], None]] = {"peers": peers, "rules": rules}


if __name__ == "__main__":
    main()
