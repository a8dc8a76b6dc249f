"""A crowd and a flood of forgeries before the production site: what is kept, and how soon Slack has its 200.

    python -m bench.flood              all tables, about three minutes

instant     200 people ask in one instant: first on open connections, then each with a handshake of its own
answering   the same, with a model that thinks for a second; in the other tables nothing is answered
minute      20 questions a second for a minute
forged      the same for half a minute, while 2,000 forged requests a second come from another address
newcomers   the same, each forged request on a connection of its own: 200 a second, since the handshakes are work too

Slack delivers both copies of each question at the same time, from one address and each request on a connection of its
own. nginx has the production site, the pool its default settings. Where nothing is answered, this program holds the
slots, as if others had asked before. Times at Slack begin with the connection, those at nginx are its $request_time.
The clients are processes of their own, on the same processors.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from bench import load, tables
from bench.journey import model, production
from bench.peers import SLOTS, all_slots_held
from bench.tables import print_row, print_times
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment
from tests.volley import HOST, LOST, Answer, FrontDoor, connection, crowd, exchange, send, send_at_once

Result = TypeVar("Result")

PEOPLE = 200
RATE = 20
"""Questions a second."""

FORGED = 2000
"""Forged requests a second on open connections."""

HANDSHAKES = 200
"""Forged requests a second, each with a handshake."""

FORGER = "127.0.0.2"

TICK = 0.01
"""Seconds between two requests of one of the forger's connections."""

START = 1.0
"""Seconds that a flood runs before the first question."""


def instant(folder: Path, certificates: Certificates) -> None:
    """Measure how soon 200 questions of one instant have their 200, and whether each is kept."""
    with front(folder, certificates) as (built, door):
        print_instants(built, door)


def answering(folder: Path, certificates: Certificates) -> None:
    """Measure the same as `instant` while the pool answers, on the same processors as the practice servers."""
    with front(folder, certificates, answers=True) as (built, door):
        print_instants(built, door)


def minute(folder: Path, certificates: Certificates) -> None:
    """Measure how soon the questions of a minute have their 200."""
    with front(folder, certificates) as (built, door):
        print_steady(built, door, 60)


def forged(folder: Path, certificates: Certificates) -> None:
    """Measure the same for half a minute, beside a flood on open connections."""
    with front(folder, certificates) as (built, door):
        ended = in_own_process(flood, door, forgery(door), FORGED, 30 + 2 * START)
        time.sleep(START)
        print_steady(built, door, 30)
        print_forged(ended(), 30 + 2 * START)


def newcomers(folder: Path, certificates: Certificates) -> None:
    """Measure the same, beside a flood in which each request has a connection of its own."""
    with front(folder, certificates) as (built, door):
        requests = [(number / HANDSHAKES, forgery(door)) for number in range(round(HANDSHAKES * (30 + 2 * START)))]
        ended = in_own_process(send, door, requests, FORGER)
        time.sleep(START)
        print_steady(built, door, 30)
        print_forged(Counter(answer.status for answer in ended()), 30 + 2 * START)


@contextmanager
def front(folder: Path, certificates: Certificates, *, answers: bool = False) -> Iterator[tuple[Deployment, FrontDoor]]:
    """Start a deployment and the production site before it. Unless `answers`, hold all its slots."""
    with ExitStack() as stack:
        thinking = model(first_delay=1.0, piece_delay=0.05)
        built, door = stack.enter_context(production(folder, certificates, openai=thinking))
        if not answers:
            stack.enter_context(all_slots_held(built.var, SLOTS))
        yield built, door


def print_instants(built: Deployment, door: FrontDoor) -> None:
    """Let the crowd ask in one instant, on open connections and on new ones, and print the figures."""
    questions, requests = crowd(built, door, PEOPLE)
    answers = in_own_process(send_at_once, door, requests)()
    print_figures("connections open already", built, questions, answers)
    questions, requests = crowd(built, door, PEOPLE)
    answers = in_own_process(send, door, [(0.0, each) for each in requests])()
    print_figures("with the handshakes", built, questions, answers)
    print_times("200 after, at nginx (ms)", door.request_times())


def print_steady(built: Deployment, door: FrontDoor, seconds: int) -> None:
    """Let people ask RATE questions a second for so long, both copies at once, and print the figures."""
    questions, requests = crowd(built, door, RATE * seconds)
    times = [number // 2 / RATE for number in range(len(requests))]
    answers = in_own_process(send, door, list(zip(times, requests, strict=True)))()
    print_figures(f"{RATE} a second", built, questions, answers)
    print_times("200 after, at nginx (ms)", door.request_times())


def print_figures(label: str, built: Deployment, questions: Sequence[Message], answers: Sequence[Answer]) -> None:
    """Print how the requests were answered, how many of the questions were kept, and when."""
    kept = {key.ts for folder in ("ready", "done", "failed") for key in built.spool.keys(folder)}
    print_row(label, dict(Counter(answer.status for answer in answers)))
    print_row("questions", len(questions), "of them kept", sum(1 for each in questions if each.ts in kept))
    print_row("last response after (s)", f"{max(answer.end for answer in answers):.2f}")
    print_times("200 after, at Slack (ms)", [answer.milliseconds for answer in answers])


def print_forged(statuses: Counter[int], seconds: float) -> None:
    """Print how many forged requests were answered in so many seconds, and how."""
    print_row("forged a second", round(sum(statuses.values()) / seconds), "by status", dict(statuses))


def forgery(door: FrontDoor) -> bytes:
    """Return a request with both of Slack's headers, whose signature is not Slack's."""
    headers = {"X-Slack-Signature": f"v0={'0' * 64}", "X-Slack-Request-Timestamp": str(int(time.time()))}
    return load.request(f"https://{HOST}:{door.port}/slack/events", b'{"type":"event_callback"}', headers)


def flood(door: FrontDoor, sent: bytes, rate: int, seconds: float) -> Counter[int]:
    """Send one request `rate` times a second from FORGER, and count the responses by status; 0 is for none.

    The connections stay open, and each sends a request every TICK. After slow responses it catches up.
    """
    return asyncio.run(_flood(door, sent, rate, seconds))


async def _flood(door: FrontDoor, sent: bytes, rate: int, seconds: float) -> Counter[int]:
    """Do the work of `flood`."""
    context = ssl.create_default_context(cafile=door.ca_file)
    statuses: Counter[int] = Counter()
    start = time.monotonic()

    async def repeat() -> None:
        instants = iter([start + number * TICK for number in range(round(seconds / TICK))])
        for at in instants:
            # nginx closes a connection after 1,000 requests: then the next one is opened.
            with suppress(*LOST):
                async with connection(door, context, FORGER) as streams:
                    while True:
                        await asyncio.sleep(at - time.monotonic())
                        statuses[await exchange(*streams, sent)] += 1
                        at = next(instants, 0.0)
                        if not at:
                            return

    await asyncio.gather(*(repeat() for _ in range(round(rate * TICK))))
    return statuses


def in_own_process(function: Callable[..., Result], *arguments: Any) -> Callable[[], Result]:
    """Start a function in a Python process of its own; return a function that waits for its result."""
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    future = pool.submit(function, *arguments)
    pool.shutdown(wait=False)
    return future.result


if __name__ == "__main__":
    tables.run(
        __doc__,
        {"instant": instant, "answering": answering, "minute": minute, "forged": forged, "newcomers": newcomers},
    )
