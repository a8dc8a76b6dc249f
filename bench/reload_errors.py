"""How many requests fail while the pool is reloaded and its workers are killed, at 50 requests a second.

    python -m bench.reload_errors [--seconds 60] [--seed S]

Every tenth request is a question, the others are messages that CocoAI ignores. About twice a second a worker gets
SIGKILL, whatever it is doing; every few seconds the master gets HUP.
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
from tests.deployment import Deployment, deploy

CLIENTS = 4
RATE = 50.0
"""Requests a second, from all clients together."""

PAUSES = (0.1, 0.7)
"""Seconds between two kills or reloads: the least and the most."""

HUPS = 0.15
"""The share of reloads; the others are kills."""


def main() -> None:
    """Print how the requests were answered, and how often workers were killed and the pool reloaded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", default="one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        var = Path(folder) / "var"
        var.mkdir()
        with deploy(var, make(Path(folder) / "certificates")) as built, EventSenders(built) as senders:
            faults = disturb(built, arguments.seconds, random.Random(arguments.seed))
            senders.over.set()
        log = (var / "log" / "nginx.log").read_text()
    failed = sum(count for status, count in senders.statuses.items() if status != "200")
    print(f"requests {sum(senders.statuses.values())}, failed {failed}: {dict(senders.statuses)}")
    print(f"done to the pool: {dict(faults)}; connections lost with a worker: {log.count('prematurely closed')}")


def disturb(built: Deployment, seconds: float, generator: random.Random) -> Counter[str]:
    """Kill workers and reload the pool for so long; return how often each was done."""
    faults: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(generator.uniform(*PAUSES))
        master = built.pool_pid()
        workers = [pid for pid in cpu.children(master) if cpu.command(pid) == "cocoai-worker"]
        with contextlib.suppress(ProcessLookupError):
            if generator.random() < HUPS or not workers:
                os.kill(master, signal.SIGHUP)
                faults["HUP"] += 1
            else:
                os.kill(generator.choice(workers), signal.SIGKILL)
                faults["worker killed"] += 1
    return faults


class EventSenders:
    """Threads that post signed events to nginx, each on a connection of its own, and count the statuses.

    A request without a response counts under the name of its error.
    """

    def __init__(self, built: Deployment) -> None:
        self.statuses: Counter[str] = Counter()
        self.over = threading.Event()
        self._built = built
        self._numbers = itertools.count(1)
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def __enter__(self) -> EventSenders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        """Post events at this thread's share of the rate, until the end."""
        due = time.monotonic()
        while not self.over.wait(max(0.0, due - time.monotonic())):
            due += CLIENTS / RATE
            try:
                status = str(self._post(event(next(self._numbers))))
            except OSError as error:
                status = type(error).__name__
            self.statuses[status] += 1

    def _post(self, body: bytes) -> int:
        """Post one event and return the status."""
        connection = http.client.HTTPConnection(self._built.address.removeprefix("http://"), timeout=3.0)
        headers = {**self._built.slack.signed(body), "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request("POST", "/slack/events", body, headers)
            return connection.getresponse().status


def event(number: int) -> bytes:
    """Return the body that Slack posts for message `number`; no two are alike."""
    now = int(time.time())
    is_question = number % 10 == 0
    message = {
        "type": "app_mention" if is_question else "message",
        "channel": "C0PRACTICE",
        "user": "U0ASKER01",
        "text": "<@U0COCOAI> well?" if is_question else "nothing to anybody",
        "ts": f"{now}.{number:06d}",
    }
    envelope = {"type": "event_callback", "team_id": "T0PRACTICE", "event_id": f"Ev{number:010d}", "event_time": now}
    return json.dumps({**envelope, "event": message}).encode()


if __name__ == "__main__":
    main()
