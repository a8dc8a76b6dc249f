"""One question's whole way, in the production shape: real nginx, supervisor, pool, forks and kills.

Slack and OpenAI are played by the practice servers over TLS. Times are measured in bench/journey.py, not here.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cocoai.engine.process.scoreboard_snapshot import read_snapshot
from cocoai.errors import COUNTERS
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.texts import ENGLISH
from tests.house import House, house, payload
from tests.processes import Clients, wait_until

Build = Callable[..., House]


@pytest.fixture
def build(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Build]:
    """Build a house; it is taken down when the test is over."""
    with contextlib.ExitStack() as stack:
        # A socket's path has at most 107 bytes: no test's name in it.
        yield lambda **how: stack.enter_context(house(tmp_path_factory.mktemp("house"), certificates, **how))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[House]:
    """One house for the tests that change nothing in it."""
    with house(tmp_path_factory.mktemp("house"), certificates) as built:
        yield built


def model(**switches: Any) -> Callable[[Certificates], PracticeOpenAI]:
    """An OpenAI with these switches turned."""
    return lambda certificates: PracticeOpenAI(certificates, switches=Model(**switches))


def request(
    address: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """One HTTP request through nginx; status and body."""
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


# the table of what arrives and what becomes of it

NUMBER = iter(range(1, 10_000))


def envelope(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A payload around an event, as Slack sends it."""
    authorization = {"team_id": "T0PRACTICE", "user_id": "U0COCOAI", "is_bot": True}
    outer = {"type": "event_callback", "team_id": "T0PRACTICE", "api_app_id": "A0COCOAI", "event_id": "Ev0"}
    return outer | {"event_time": 1763822000, "authorizations": [authorization], "event": event} | more


def said(text: str = "<@U0COCOAI> hello", **changes: Any) -> dict[str, Any]:
    """A person's message in the channel, at a time of its own."""
    ts = f"{1_763_822_000 + next(NUMBER)}.000100"
    event = {"type": "message", "user": "U0ASKER01", "team": "T0PRACTICE", "channel": "C0PRACTICE", "ts": ts}
    return event | {"channel_type": "channel", "text": text} | changes


KNOWN = "1763821000.000100"
"""The ts that opens a thread in which CocoAI was asked."""

TABLE = {
    "app_mention": (envelope(said(type="app_mention")), "mention"),
    "message with a mention": (envelope(said()), "mention"),
    "direct message": (envelope(said("hello", channel="D0PRACTICE", channel_type="im")), "direct"),
    "direct message by its channel": (envelope(said("hello", channel="D0PRACTICE", channel_type=None)), "direct"),
    "follow-up": (envelope(said("and then?", thread_ts=KNOWN)), "follow_up"),
    "follow-up in a strange thread": (envelope(said("and then?", thread_ts="1763820000.000100")), None),
    "follow-up to somebody else": (envelope(said("<@U0ASKER02> and then?", thread_ts=KNOWN)), None),
    "message to nobody": (envelope(said("hello all")), None),
    "file_share": (envelope(said(subtype="file_share")), "mention"),
    "thread_broadcast": (envelope(said(subtype="thread_broadcast", thread_ts=KNOWN)), "mention"),
    "me_message": (envelope(said(subtype="me_message")), "mention"),
    "join": (envelope(said(subtype="channel_join")), None),
    "edit": (envelope(said(subtype="message_changed", hidden=True)), None),
    "deletion": (envelope(said(subtype="message_deleted", hidden=True)), None),
    "hidden": (envelope(said(hidden=True)), None),
    "another bot": (envelope(said(bot_id="B0OTHER")), None),
    "bot_message": (envelope(said(subtype="bot_message")), None),
    "our own user": (envelope(said(user="U0COCOAI")), None),
    "a stranger in a shared channel": (envelope(said(team="T0OTHER"), is_ext_shared_channel=True), None),
    "our own in a shared channel": (envelope(said(), is_ext_shared_channel=True), "mention"),
    "app_rate_limited": ({"type": "app_rate_limited", "team_id": "T0PRACTICE", "minute_rate_limited": 1}, None),
    "unknown type": (envelope({"type": "reaction_added", "user": "U0ASKER01"}), None),
    "no event": ({"type": "event_callback"}, None),
    "odd fields": (envelope(said(ts=5, channel=["C"], user=None)), None),
    "odd key": (envelope(said(channel="../../etc")), None),
    "a list": ([1, 2, 3], None),
}


@pytest.fixture(scope="module")
def known_thread(standing: House) -> None:
    """CocoAI is asked in the thread that KNOWN opens."""
    body = json.dumps(envelope(said(ts=KNOWN))).encode()
    assert request(standing.address, "POST", "/slack/events", body, standing.slack.signed(body))[0] == 200


@pytest.mark.usefixtures("known_thread")
@pytest.mark.parametrize("row", TABLE)
def test_what_arrives_and_what_becomes_of_it(standing: House, row: str) -> None:
    """Each row of the table: always 200, and a question in the spool or nothing at all."""
    sent, kind = TABLE[row]
    body = json.dumps(sent).encode()

    status, told = request(standing.address, "POST", "/slack/events", body, standing.slack.signed(body))

    assert (200, b"") == (status, told)
    event = sent.get("event", {}) if isinstance(sent, dict) else {}
    assert kind == kept_kind(standing, str(event.get("ts")))


def kept_kind(built: House, ts: str) -> str | None:
    """The kind of the question with this ts, wherever its job lies by now."""
    for _ in range(2):  # a job may move on while we look
        for folder in ("ready", "failed", "done"):
            for key in built.spool.keys(folder):
                if key.ts == ts:
                    with contextlib.suppress(FileNotFoundError):
                        return str(built.spool.peek(folder, key)[0]["kind"])
    return None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("GET", "/slack/events", 405),
        ("POST", "/", 404),
        ("GET", "/status", 404),
        ("POST", "/slack/events", 401),
    ],
)
def test_only_two_doors_are_open(standing: House, method: str, path: str, status: int) -> None:
    """And the one to Slack wants its signature."""
    assert status == request(standing.address, method, path)[0]


@pytest.mark.parametrize(
    ("body", "at", "secret", "status"),
    [
        (b'{"type":"url_verification","challenge":"x"}', 0, None, 200),
        (b'{"type":"url_verification","challenge":"x"}', 0, "forged", 401),
        (b'{"type":"url_verification","challenge":"x"}', -301, None, 401),
        (b'{"type":"url_verification","challenge":"x"}', 301, None, 401),
        (b"not json", 0, None, 400),
        (b"\xff\xfe", 0, None, 400),
        (b" " * (513 * 1024), 0, None, 413),
    ],
)
def test_the_door_to_slack_refuses_in_one_line(
    standing: House, body: bytes, at: int, secret: str | None, status: int
) -> None:
    """Forged, stale, from the future, not JSON, too big: a status, a line, and nothing stored."""
    before = everything(standing)
    headers = standing.slack.signed(body, at=time.time() + at, secret=secret)

    got, told = request(standing.address, "POST", "/slack/events", body, headers)

    assert status == got
    assert told.count(b"\n") <= 1
    assert before == everything(standing)


def everything(built: House) -> set[str]:
    """The keys of all jobs, wherever they lie."""
    return {str(key) for folder in ("ready", "done", "failed") for key in built.spool.keys(folder)}


# the conversation


def test_a_mention_its_follow_up_and_a_direct_message(build: Build) -> None:
    """Asked, answered in the thread; asked again without a mention; and in a direct message, in a thread under it."""
    built = build()

    first = built.ask("one?")
    built.answer_to(first)
    follow_up = built.slack.say("U0ASKER01", "two?", thread_ts=first.ts)
    built.answer_to(follow_up)
    direct = built.slack.say("U0ASKER01", "three?", channel="D0PRACTICE")
    answer = built.answer_to(direct)

    assert direct.ts == answer.thread_ts
    assert [1, 1, 1] == [len(built.replies(question)) for question in (first, follow_up, direct)]
    sent = [asked.body["messages"] for asked in built.openai.requests]
    assert ["system", "user", "assistant", "user"] == [message["role"] for message in sent[1]]
    assert ["one?", "two?"] == [message["content"] for message in sent[1] if message["role"] == "user"]
    assert all(asked.body["store"] is False for asked in built.openai.requests)


def test_many_questions_to_a_slow_model_each_have_one_placeholder_and_one_answer(build: Build) -> None:
    """With both twins, in both orders, and every event redelivered three times though it was accepted."""
    built = build(
        manner=SlackSwitches(repeat=3, retry_waits=(0.0, 0.2, 0.4)),
        openai=model(first_delay=2.0),
        COCOAI_POOL_SLOTS="30",
    )
    questions = []
    for number in range(24):
        built.slack.switches.twins = "mention first" if number % 2 else "message first"
        questions.append(built.ask(f"question {number}?"))
    for question in questions:
        built.answer_to(question)
    deliveries = built.slack.wait_for_deliveries(60)

    assert {200} == {delivery.status for delivery in deliveries}
    assert len(deliveries) >= 24 * 2 * 4
    assert [1] * 24 == [len(built.replies(question)) for question in questions]
    assert 24 == len(built.openai.requests)
    posts = [call for call in built.slack.calls if call.method == "chat.postMessage"]
    assert 24 == len(posts)


def test_a_burst_in_one_channel_with_few_slots_is_answered_once_each(build: Build) -> None:
    """Slack's rate tiers on: placeholders come as it accepts them; never more locks than allowed are held."""
    built = build(manner=SlackSwitches(rate_limits=True, latency=0.05), COCOAI_POOL_SLOTS="2")
    most = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, sum(1 for name in built.held_locks() if name.startswith("slot")))
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    questions = [built.ask(f"question {number}?") for number in range(10)]
    try:
        for question in questions:
            built.answer_to(question)
    finally:
        done.set()
        watcher.join()

    assert [1] * 10 == [len(built.replies(question)) for question in questions]
    assert 10 == len(built.openai.requests)
    assert 1 <= most <= 2


# kills


def job_processes(built: House) -> list[int]:
    """The pids of this house's job processes: they hold its locks."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            names = {os.readlink(f"/proc/{entry}/fd/{fd}") for fd in os.listdir(f"/proc/{entry}/fd")}
            if any(name.startswith(str(built.var / "locks")) for name in names) and int(entry) != os.getpid():
                found.append(int(entry))
    return found


def test_a_killed_job_goes_on_in_the_same_placeholder(build: Build) -> None:
    """kill -9 while the model writes: the next process takes it up within seconds, by itself."""
    built = build(openai=model(first_delay=0.2, piece_delay=0.2))
    question = built.ask("slowly, please")
    growing = built.slack.wait_for(lambda: [m for m in built.replies(question) if ENGLISH.writing in m.text])
    (pid,) = job_processes(built)

    os.kill(pid, signal.SIGKILL)
    built.openai.switches.piece_delay = 0.0
    answer = built.answer_to(question)

    assert growing[0].ts == answer.ts
    assert [answer.ts] == [message.ts for message in built.replies(question)]


def test_a_killed_worker_and_a_killed_master_come_back(build: Build) -> None:
    """The pool's other processes too: supervisor and the master see to it."""
    built = build()
    master = built.pool_pid()
    worker = children(master)[0]

    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: worker not in children(master) and len(children(master)) == 2)
    os.kill(master, signal.SIGKILL)
    wait_until(lambda: built.pool_pid() not in (0, master))
    wait_until(lambda: request(built.address, "GET", "/healthz")[0] == 200)

    built.answer_to(built.ask("still there?"))


def children(pid: int) -> list[int]:
    """The pids of a process's living children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


# reload and stop


class Load(Clients):
    """Requests through nginx."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self._address = address

    def ask(self) -> None:
        self.statuses.append(request(self._address, "GET", "/healthz")[0])
        time.sleep(0.005)


def test_reloads_under_load_refuse_nobody(build: Build) -> None:
    """HUP, HUP twice in a row, HUP with settings that do not hold: each request is answered 200."""
    built = build()
    master = built.pool_pid()
    with Load(built.address) as load:
        for times in (1, 2):
            old = set(children(master))
            for _ in range(times):
                os.kill(master, signal.SIGHUP)
            wait_until(lambda old=old: len(children(master)) == 2 and not old & set(children(master)))  # type: ignore[misc]
        settings = built.var / "cocoai.ini"
        good = settings.read_text()
        settings.write_text(good + "\n[pool]\nworkers = many\n")
        os.kill(master, signal.SIGHUP)
        wait_until(lambda: "outcome=not-reloaded" in built.log())
        settings.write_text(good)

    assert master == built.pool_pid()
    assert {200} == set(load.statuses)
    assert len(load.statuses) > 50
    assert "[pool] workers" in built.log()
    built.answer_to(built.ask("still there?"))


def test_a_stop_leaves_nothing_but_jobs_that_finish_the_question_in_hand(build: Build) -> None:
    """TERM to the master, as supervisor sends it: the workers go, the answer under way is still given."""
    built = build(openai=model(first_delay=1.5), COCOAI_POOL_SLOTS="1")
    question = built.ask("slowly, please")
    wait_until(lambda: len(built.openai.requests) == 1)
    waiting = built.ask("the next one")
    wait_until(lambda: built.replies(waiting))

    built.up.stop()

    assert [] == [pid for pid in job_processes(built) if comm(pid) not in ("cocoai-job", "cocoai-notify")]
    built.answer_to(question)
    wait_until(lambda: job_processes(built) == [])
    assert [waiting.ts] == [key.ts for key in built.spool.keys("ready")]


def comm(pid: int) -> str:
    """The name by which ps shows a process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except FileNotFoundError:
        return ""


def test_processes_have_names(build: Build) -> None:
    """Master, worker and job can be told apart in ps and top."""
    built = build(openai=model(first_delay=1.0))
    question = built.ask("hello?")
    wait_until(lambda: job_processes(built))
    master = built.pool_pid()

    names = {comm(master), *map(comm, children(master)), *map(comm, job_processes(built))}

    assert names <= {"cocoai-master", "cocoai-worker", "cocoai-job", "cocoai-notify"}
    assert {"cocoai-master", "cocoai-worker"} <= names
    assert payload(built.answer_to(question))["kind"] == "answer"


@pytest.mark.parametrize(
    ("setting", "outcome"),
    [
        ("on", "on" if sys.version_info >= (3, 12) else "off: this Python counts every reference"),
        ("off", "off: by setting"),
    ],
)
def test_the_pool_shows_whether_it_shares_memory(build: Build, setting: str, outcome: str) -> None:
    """`[pool] immortals` decides it, where this Python has immortal objects."""
    built = build(COCOAI_POOL_IMMORTALS=setting)

    seen = read_snapshot(str(built.var / "run" / "scoreboard"), slots=1, reasons=COUNTERS)

    assert outcome == seen.memory_sharing
