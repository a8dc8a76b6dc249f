"""Whether a request fails while the pool is reloaded and its workers are killed, 50 requests a second coming in.

    python -m bench.mishaps [--seconds 60] [--seed S]

Every tenth request is a question, the others are messages that are nothing to CocoAI. About twice a second a worker
gets SIGKILL, whatever it is doing; every few seconds the master gets HUP.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import itertools
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from bench import cpu
from cocoai.rehearsal.certificates import make
from tests.house import House, house

CLIENTS = 4
RATE = 50.0
"""Requests a second, of all clients together."""

PAUSES = (0.1, 0.7)
"""Seconds between two mishaps, from and to."""

HUPS = 0.15
"""The part of the mishaps that are reloads."""


def main() -> None:
    """Print how the requests were answered, and what was done to the pool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", default="one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        var = Path(folder) / "var"
        var.mkdir()
        with house(var, make(Path(folder) / "certificates")) as built, Callers(built) as callers:
            done = trouble(built, given.seconds, random.Random(given.seed))
            callers.over.set()
        said = (var / "log" / "nginx.log").read_text()
    failed = sum(count for status, count in callers.heard.items() if status != "200")
    print(f"requests {sum(callers.heard.values())}, failed {failed}: {dict(callers.heard)}")
    print(f"done to the pool: {dict(done)}; connections lost with a worker: {said.count('prematurely closed')}")


def trouble(built: House, seconds: float, chance: random.Random) -> Counter[str]:
    """Kill and reload for so long. Returns how often each was done."""
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(chance.uniform(*PAUSES))
        master = built.pool_pid()
        workers = [pid for pid in cpu.children(master) if cpu.command(pid) == "cocoai-worker"]
        with contextlib.suppress(ProcessLookupError):
            if chance.random() < HUPS or not workers:
                os.kill(master, signal.SIGHUP)
                done["HUP"] += 1
            else:
                os.kill(chance.choice(workers), signal.SIGKILL)
                done["worker killed"] += 1
    return done


class Callers:
    """They post signed events to nginx, each on a connection of its own, and count what they hear."""

    def __init__(self, built: House) -> None:
        self.heard: Counter[str] = Counter()
        self.over = threading.Event()
        self._built = built
        self._numbers = itertools.count(1)
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def __enter__(self) -> Callers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self.over.wait(max(0.0, due - time.monotonic())):
            due += CLIENTS / RATE
            try:
                status = str(self._post(event(next(self._numbers))))
            except OSError as error:
                status = type(error).__name__
            self.heard[status] += 1

    def _post(self, body: bytes) -> int:
        connection = http.client.HTTPConnection(self._built.address.removeprefix("http://"), timeout=3.0)
        headers = {**self._built.slack.signed(body), "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request("POST", "/slack/events", body, headers)
            return connection.getresponse().status


def event(number: int) -> bytes:
    """What Slack posts for one message, all of them different."""
    now = int(time.time())
    is_question = number % 10 == 0
    message = {
        "type": "app_mention" if is_question else "message",
        "channel": "C0PRACTICE",
        "user": "U0ASKER01",
        "text": "<@U0COCOAI> well?" if is_question else "nothing to anybody",
        "ts": f"{now}.{number:06d}",
    }
    about = {"type": "event_callback", "team_id": "T0PRACTICE", "event_id": f"Ev{number:010d}", "event_time": now}
    return json.dumps({**about, "event": message}).encode()


if __name__ == "__main__":
    main()
