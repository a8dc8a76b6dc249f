"""What the default shape takes at rest, and how soon it is there again: nginx and the pool with the default settings.

    python -m bench.shape [rest] [first] [lone] [burst]      all tables, about four minutes; `lone` as root

rest    75 s without an event, after two questions and a hundred messages: the sum of RSS as `ps` shows it, and PSS;
        then one question, which finds what is left of the pool
first   20 questions, each after the workers have ended (idle_timeout is 1 s here): its 200, and its placeholder
lone    the CPU of one message that is no question, to a pool without workers, and to one with a worker
burst   200 questions in one instant, both twins of each, at the pool's socket: how many are kept, and when the last is

Run it with each Python that is at hand: `PYTHON -m bench.shape`. Where the setting `workers` begins above 0, workers
stay, and the tables tell what that costs. Memory is as in bench.memory. `lone` counts CPU by control groups
(bench/cpu.py): of nginx and the pool, less what the same time costs without a message. In `burst` this program holds
the slots, so that it measures how questions are kept; nginx stands aside, since it has limits of its own.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench import cpu, tables
from bench.memory import MESSAGES, tree_of, trusting
from bench.peers import all_slots_held
from bench.tables import print_row, print_times
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.json_shapes import app_mention_event, envelope, message_event, message_json
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.tune.page_sharing import measure
from tests.deployment import Deployment, deploy
from tests.engine.web.fastcgi_client import Peer, request
from tests.processes import free_port, wait_until

PAUSE = 75.0
"""Seconds without an event: more than `idle_timeout` and the looks that it takes to end four workers."""

QUICK = "1"
"""Seconds of idle_timeout where the pool is to lose its workers again and again."""

TIMES = 20
"""Questions of `first`, and messages of `lone`."""

QUESTIONS = 200
"""Questions of `burst`; twice as many requests."""

PATIENCE = 120.0
"""Seconds to wait for answers, deliveries, and the end of workers."""

SLOTS = 4
"""The default of `slots`."""


@contextmanager
def shape(folder: Path, certificates: Certificates, **environ: str) -> Iterator[Deployment]:
    """Start the production setup with the default settings but for `environ`, and with a status page of its own."""
    (folder / "var").mkdir(parents=True)
    defaults = {
        "COCOAI_NETWORK_CA_FILE": trusting(folder, certificates).ca_file,
        "COCOAI_POOL_STATUS_LISTEN": f"127.0.0.1:{free_port()}",
    }
    with deploy(folder / "var", certificates, **(defaults | environ)) as built:  # type: ignore[arg-type]
        yield built


def rest(folder: Path, certificates: Certificates) -> None:
    """Print the memory after a pause, and how soon the first question after it is acknowledged and shown."""
    with shape(folder, certificates) as built:
        warm_up(built)
        time.sleep(PAUSE)
        pids = tree_of(built, cpu.parent(built.pool_pid()))
        memory = measure(pids)
        rss = sum(map(rss_of, pids)) * 1024
        print_row("Python", sys.version.split()[0], "processes", " ".join(sorted(map(cpu.command, pids))))
        print_row("RSS by ps, bytes", f"{rss:,}", "MB", f"{rss / 1e6:.1f}")
        print_row("PSS alone, MiB", f"{sum(each.alone for each in memory.values()) / 1024:.1f}")
        for pid in pids:
            print_row(f"  {cpu.command(pid)}, RSS MB", f"{rss_of(pid) * 1024 / 1e6:.1f}")
        acknowledged, shown = ask(built)
        print_row("first question: its 200, ms", f"{acknowledged:.1f}", "its placeholder, ms", f"{shown:.1f}")


def first(folder: Path, certificates: Certificates) -> None:
    """Print how soon questions are acknowledged and shown, each of which finds no worker, where the settings do so."""
    with shape(folder, certificates, COCOAI_POOL_IDLE_TIMEOUT=QUICK) as built:
        warm_up(built)
        figures = []
        for _ in range(TIMES):
            await_rest(built)
            figures.append(ask(built))
        await_rest(built)
        print_row("workers left at rest", len(workers(built)))
        print_times("200 after, at Slack (ms)", [acknowledged for acknowledged, _ in figures])
        print_times("placeholder after (ms)", [shown for _, shown in figures])


def lone(folder: Path, certificates: Certificates) -> None:
    """Print the milliseconds of CPU of a message that is no question: from rest, and to a worker that is there."""
    for label, timeout in (("from rest", QUICK), ("to a worker", "600")):
        with shape(folder / timeout, certificates, COCOAI_POOL_IDLE_TIMEOUT=timeout) as built:
            warm_up(built)
            spent, seconds = cpu_of_messages(built, partial(pause, built, float(timeout)))
            print_row(f"{label}, ms of CPU", f"{spent * 1000 / TIMES:.2f}", "seconds each", f"{seconds / TIMES:.1f}")


def cpu_of_messages(built: Deployment, between: Callable[[], None]) -> tuple[float, float]:
    """Post TIMES messages, `between` after each; return their CPU seconds, without those of rest, and the time."""
    supervisord = cpu.parent(built.pool_pid())
    with cpu.accounts("pool") as accounts:
        account = accounts["pool"]
        account.admit(tree_of(built, supervisord))
        between()
        at_rest, began = account.seconds(), time.monotonic()
        time.sleep(PAUSE / 5)
        a_second = (account.seconds() - at_rest) / (time.monotonic() - began)
        before, began = account.seconds(), time.monotonic()
        for number in range(TIMES):
            built.slack.say("U0ASKER01", f"nothing to anybody, once more {number}")
            built.slack.wait_for_deliveries(PATIENCE)
            between()
        seconds = time.monotonic() - began
        return account.seconds() - before - a_second * seconds, seconds


def pause(built: Deployment, timeout: float) -> None:
    """Wait until the pool is at rest, if its workers end after a short `timeout`; else for a moment."""
    if timeout > PATIENCE:
        time.sleep(0.5)
    else:
        await_rest(built)


def burst(folder: Path, certificates: Certificates) -> None:
    """Print how many of QUESTIONS are kept that come in one instant to a pool at rest, and when they have their 200."""
    with shape(folder, certificates, COCOAI_POOL_IDLE_TIMEOUT=QUICK) as built:
        warm_up(built)
        await_rest(built)
        with all_slots_held(built.var, SLOTS):
            both = [(number, is_mention) for number in range(QUESTIONS) for is_mention in (True, False)]
            requests = [signed_request(built, number, is_mention=is_mention) for number, is_mention in both]
            times, failures = send_at_once(str(built.var / "run" / "cocoai.sock"), requests)
            print_row("requests", len(requests), "failed", failures, "kept", built.spool.count("ready"))
            print_times("200 after (ms)", times)
            print_row("workers", len(workers(built)))


def signed_request(built: Deployment, number: int, *, is_mention: bool) -> bytes:
    """Return the FastCGI request in which nginx would pass on one of the two events of question `number`."""
    workspace = built.slack.workspace
    channel = workspace.channels["C0PRACTICE"]
    message = Message(channel.id, f"{int(time.time())}.{number:06}", "U0ASKER01", f"<@U0COCOAI> question {number}?")
    event = message_event(message, channel, message_json(workspace, message))
    chosen = app_mention_event(event) if is_mention else event
    body = json.dumps(envelope(chosen, channel, workspace.installation, int(time.time()))).encode()
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in built.slack.signed(body).items()}
    return request("/slack/events", method="POST", body=body, **headers)


def send_at_once(socket: str, requests: list[bytes]) -> tuple[list[float], int]:
    """Send each request on its own connection, all at once; return the milliseconds of the 200s, and the failures."""
    selector = selectors.DefaultSelector()
    began = time.monotonic()
    times = []
    failures = 0
    for data in requests:
        try:
            peer = Peer(socket)
        except OSError:  # the backlog is full
            failures += 1
            continue
        peer.send(data)
        selector.register(peer.sock, selectors.EVENT_READ, peer)
    while selector.get_map():
        for key, _ in selector.select(PATIENCE):
            selector.unregister(key.fileobj)
            with key.data as peer:
                if peer.reply().status == 200:
                    times.append((time.monotonic() - began) * 1000)
                else:
                    failures += 1
    return times, failures


def warm_up(built: Deployment) -> None:
    """Ask two questions, and post messages that are none; wait until all is done."""
    for question in [built.ask(f"Are you there, number {number}?") for number in range(2)]:
        built.answer_to(question)
    for number in range(MESSAGES):
        built.slack.say("U0ASKER01", f"nothing to anybody {number}")
    await_quiet(built)


def ask(built: Deployment) -> tuple[float, float]:
    """Ask a question; return the milliseconds until both of its events had their 200, and until its placeholder."""
    question = built.ask("Are you there again?")
    shown = built.slack.wait_for(partial(built.replies, question), PATIENCE)[0]
    built.answer_to(question)
    await_quiet(built)
    both = [each for each in built.slack.deliveries if (each.channel, each.ts) == (question.channel, question.ts)]
    assert {200} == {each.status for each in both}
    return max(each.milliseconds for each in both), (float(shown.ts) - float(question.ts)) * 1000


def await_quiet(built: Deployment) -> None:
    """Wait until Slack has delivered every event and no process works on a question."""
    wait_until(lambda: built.held_locks() == [], PATIENCE)
    built.slack.wait_for_deliveries(PATIENCE)


def await_rest(built: Deployment) -> None:
    """Wait until no more workers are there than the pool keeps for good."""
    await_quiet(built)
    wait_until(lambda: len(workers(built)) <= least(built), PATIENCE)


def least(built: Deployment) -> int:
    """Return how many workers the pool keeps for good, from its log."""
    return int(built.log().rpartition("outcome=started")[2].partition("workers=")[2].partition("..")[0])


def workers(built: Deployment) -> list[int]:
    """Return the pids of the pool's workers."""
    return [pid for pid in cpu.children(built.pool_pid()) if cpu.command(pid) == "cocoai-worker"]


def rss_of(pid: int) -> int:
    """Return the KiB of RSS of a process, as `ps` shows it."""
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True).stdout)


if __name__ == "__main__":
    tables.run(__doc__, {"rest": rest, "first": first, "lone": lone, "burst": burst})
