"""How long a question takes to be heard, in the production shape, over TLS, against the practice Slack and OpenAI.

    python -m bench.journey            all tables, about three minutes

slow    100 questions within 10 s to a model that thinks for 20 s; a slot for each; both twins, three redeliveries each
rush    the same, all in the same instant
burst   30 questions at once in one channel, 4 slots, Slack's rate tiers and 100 ms of latency on
alone   30 questions, one after another, with 100 ms of latency

A delivery's time is nginx's own ($request_time): from the first byte of Slack's request to the last of our answer.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cocoai.rehearsal.certificates import Certificates, make
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.house import House, house

PATIENCE = 240.0


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all, if none is named")
    chosen = parser.parse_args().tables or list(TABLES)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        certificates = make(Path(folder) / "certificates")
        for name in chosen:
            print(f"\n{name}")
            TABLES[name](Path(folder) / name, certificates)


def slow(folder: Path, certificates: Certificates, pause: float = 0.1) -> None:
    """Whether Slack's 3 seconds are safe when the model takes 20; a question every `pause` seconds."""
    folder.mkdir()
    manner = SlackSwitches(repeat=3, retry_waits=(0.0, 1.0, 2.0))
    with house(folder, certificates, manner=manner, openai=model(first_delay=20.0), COCOAI_POOL_SLOTS="100") as built:
        questions = []
        for number in range(100):
            built.slack.switches.twins = "mention first" if number % 2 else "message first"
            questions.append(built.ask(f"question {number}?"))
            time.sleep(pause)
        wait_for_all(built, questions)
        deliveries = built.slack.wait_for_deliveries(PATIENCE)
        row("deliveries", len(deliveries), "of them 200", sum(1 for each in deliveries if each.status == 200))
        times("200 after, at nginx (ms)", request_times(built))
        times("200 after, at Slack (ms)", [each.milliseconds for each in deliveries])
        times("placeholder after (s)", heard(built, questions))
        counts(built, questions)


def burst(folder: Path, certificates: Certificates) -> None:
    """Whether a full house still hears everybody, as fast as Slack accepts messages."""
    folder.mkdir()
    manner = SlackSwitches(rate_limits=True, latency=0.1)
    with house(folder, certificates, manner=manner, openai=model(first_delay=1.0, piece_delay=0.05)) as built:
        questions = [built.ask(f"question {number}?") for number in range(30)]
        most = watch_locks(built, questions)
        waits = heard(built, questions)
        times("200 after, at nginx (ms)", request_times(built))
        times("placeholder after (s)", waits)
        row("last placeholder (s)", f"{max(waits):.2f}", "Slack's own floor (s)", f"{30 - 4:.2f}")
        row("most slots held", most["slot"], "most ushers", most["usher"])
        counts(built, questions)


def alone(folder: Path, certificates: Certificates) -> None:
    """How soon one asker sees that the question was heard."""
    folder.mkdir()
    with house(folder, certificates, manner=SlackSwitches(latency=0.1)) as built:
        questions = []
        for number in range(30):
            questions.append(built.ask(f"question {number}?"))
            built.answer_to(questions[-1])
        times("200 after, at nginx (ms)", request_times(built))
        times("placeholder after (s)", heard(built, questions))
        counts(built, questions)


def rush(folder: Path, certificates: Certificates) -> None:
    """The same, without a pause: what a hundred people in one instant do to a machine of two processors."""
    slow(folder, certificates, pause=0.0)


TABLES: dict[str, Callable[[Path, Certificates], None]] = {"slow": slow, "rush": rush, "burst": burst, "alone": alone}


def model(**switches: Any) -> Callable[[Certificates], PracticeOpenAI]:
    """An OpenAI with these switches turned."""
    return lambda certificates: PracticeOpenAI(certificates, switches=Model(**switches))


def wait_for_all(built: House, questions: Sequence[Message]) -> None:
    """Until each has its answer."""
    for question in questions:
        built.answer_to(question, PATIENCE)


def watch_locks(built: House, questions: Sequence[Message]) -> dict[str, int]:
    """Until each has its answer; the most slots and ushers that were seen held at once meanwhile."""
    most = {"slot": 0, "usher": 0}
    deadline = time.monotonic() + PATIENCE
    while len(built.spool.keys("done")) < len(questions) and time.monotonic() < deadline:
        held = built.held_locks()
        for kind in most:
            most[kind] = max(most[kind], sum(1 for name in held if name.startswith(kind)))
        time.sleep(0.02)
    wait_for_all(built, questions)
    return most


def heard(built: House, questions: Sequence[Message]) -> list[float]:
    """Seconds from each question to its placeholder, by Slack's own time stamps."""
    return [float(built.replies(question)[0].ts) - float(question.ts) for question in questions]


def request_times(built: House) -> list[float]:
    """nginx's $request_time of each delivery, in milliseconds."""
    lines = (line.split() for line in (built.var / "log" / "nginx.log").read_text().splitlines())
    return [float(fields[4]) * 1000 for fields in lines if len(fields) == 7 and fields[2] == "POST"]


def counts(built: House, questions: Sequence[Message]) -> None:
    """One of each, or not."""
    replies = [len(built.replies(question)) for question in questions]
    row("questions", len(questions), "with exactly one reply", replies.count(1))
    asked = sum(1 for each in built.openai.requests if each.path.endswith("/chat/completions"))
    row("asked of the model", asked, "jobs done", len(built.spool.keys("done")))


def times(what: str, values: Sequence[float]) -> None:
    """The middle, the rare and the worst."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    print(f"  {what:28} p50 {cuts[49]:8.2f}   p95 {cuts[94]:8.2f}   p99 {cuts[98]:8.2f}   most {max(values):8.2f}")


def row(*cells: object) -> None:
    """Texts and numbers in turn."""
    print("  " + "   ".join(f"{cell!s:28}" if index % 2 == 0 else str(cell) for index, cell in enumerate(cells)))


if __name__ == "__main__":
    main()
