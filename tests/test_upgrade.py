"""An upgrade with questions in flight: a `var` as version c6ea62b left it loses no question and answers none twice.

That version named its files engine/spool.py and engine/jobs.py, and its placeholder process the usher (usher.lock). The
files here are written out by hand, line by line as its Spool, Job and Answerer wrote them; only the ts of the messages
that stand in the practice Slack are filled in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from cocoai.chatgpt.token_ratio import TokenRatio
from cocoai.engine.process import locks
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS, UNMARKED_KINDS
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.disk import Disk
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Fact
from cocoai.spool.key import Key
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness
from tests.deployment import payload
from tests.spool.test_runner import JobSetup

QUESTION = (
    '{"kind":"KIND","channel":"C0PRACTICE","thread_ts":"THREAD","ts":"TS","user":"U0ASKER01","team":"T0PRACTICE",'
    '"text":"TEXT","event_id":"Ev0PRACTICE","event_time":1763822000'
)
ALL_FIELDS = ',"files":[],"is_bare":false,"again":"","reply":""}\n'

VISIT = '{"fact":"visit","at":1763822000.101}\n'
ATTEMPT = '{"fact":"attempt","at":1763822000.201,"n":1}\n'
PLACEHOLDER = '{"fact":"placeholder","at":1763822000.301,"ts":"POSTED"}\n'
ANSWER = (
    '{"fact":"answer","at":1763822004.401,"text":"Recorded.","model":"gpt-6-luna","finish":"stop","refusal":false,'
    '"left_out":[],"usage":{"prompt_tokens":20,"completion_tokens":3,"cached_tokens":0,"reasoning_tokens":0}}\n'
)
FREE_RETRY = (
    '{"fact":"retry","at":1763822000.401,"retry_at":1763822005.401,"why":"Slack no_response 500","free":true,'
    '"sent":false}\n'
)
PAID_RETRY = (
    '{"fact":"retry","at":1763822000.401,"retry_at":1763822005.401,"why":"OpenAI silence","free":false,"sent":true}\n'
)
ERROR = '{"fact":"error","at":1763822000.401,"code":"operator","reason":"OpenAI insufficient_quota 429"}\n'
FAILED = '{"fact":"failed","at":1763822000.501,"reason":"OpenAI insufficient_quota 429"}\n'
RETRIED = '{"fact":"retried","at":1763822000.601}\n'
FINISHED = '{"fact":"finished","at":1763822005.001}\n'
OBEYED = '{"fact":"obeyed","at":1763822006.001}\n'
OPINION = '{"fact":"opinion","at":1763822007.001,"user":"U0ASKER02","opinion":"down"}\n'
NO_PLACEHOLDER = '{"fact":"placeholder","at":1763822000.301,"ts":""}\n'
"""Of a click, for which none is posted."""

HALF_AN_ANSWER = '{"fact":"answer","at":1763822004.401,"text":"Half of'


@dataclass(frozen=True)
class Case:
    """A question in flight: the lines behind it, what stands in Slack, and what must become of it."""

    lines: str = ""
    is_posted: bool = False
    end: str = "answer"
    calls: int = 1
    """Calls of the model, from here on."""
    fields: str = ALL_FIELDS


IN_FLIGHT = {
    "accepted": Case(),
    "accepted by an older version still": Case(fields="}\n"),
    "claimed": Case(ATTEMPT),
    "visited": Case(VISIT),
    "posted but not recorded": Case(ATTEMPT, is_posted=True),
    "posted": Case(ATTEMPT + PLACEHOLDER, is_posted=True),
    "posted by the usher": Case(VISIT + PLACEHOLDER, is_posted=True),
    "posted by the usher then claimed": Case(VISIT + PLACEHOLDER + ATTEMPT, is_posted=True),
    "put off without a post": Case(ATTEMPT + FREE_RETRY),
    "put off for Slack": Case(ATTEMPT + PLACEHOLDER + FREE_RETRY, is_posted=True),
    "put off for OpenAI": Case(ATTEMPT + PLACEHOLDER + PAID_RETRY, is_posted=True),
    "half written": Case(ATTEMPT + PLACEHOLDER + HALF_AN_ANSWER, is_posted=True),
    "answered": Case(ATTEMPT + PLACEHOLDER + ANSWER, is_posted=True, calls=0),
    "finished": Case(ATTEMPT + PLACEHOLDER + ANSWER + FINISHED, is_posted=True, calls=0),
    "tried again": Case(ATTEMPT + PLACEHOLDER + ERROR + FAILED + RETRIED, is_posted=True),
    "given up": Case(ATTEMPT + PLACEHOLDER + ERROR, is_posted=True, end="error", calls=0),
}


class Upgrade(AnswerHarness):
    """The new spool and Answerer on an old `var`."""

    def __init__(self, var: Path, certificates: Certificates, slack: PracticeSlack, openai: PracticeOpenAI) -> None:
        spool = ("spool/tmp", "spool/ready", "spool/done", "spool/failed", "spool/stop")
        for folder in (*spool, "threads", "locks", "run"):
            (var / folder).mkdir(mode=0o700, parents=True)
        for lock in ("put.lock", "usher.lock", "slot-0", "slot-1"):
            (var / "locks" / lock).touch()
        super().__init__(var, certificates, slack, openai)
        self.spool = FileSpool(
            str(var),
            clock=self.clock,
            disk=self.disk,
            kinds=JOB_KINDS,
            light_kinds=LIGHT_KINDS,
            unmarked_kinds=UNMARKED_KINDS,
        )

    def settle(self, seconds: float) -> None:
        """Do not wait: no killed process has sent anything."""

    def old_question(
        self, text: str, case: Case = Case(), *, state: str = "ready", thread_ts: str = "", kind: str = "mention"
    ) -> Message:
        """Write a question's file as the old version left it. Return the message that asks it."""
        asked = self.slack.say("U0ASKER01", f"<@U0COCOAI> {text}", thread_ts=thread_ts or None)
        thread_ts = thread_ts or asked.ts
        question = QUESTION.replace("KIND", kind).replace("TEXT", asked.text)
        question = question.replace("THREAD", thread_ts).replace("TS", asked.ts) + case.fields
        posted = self.post(asked, ENGLISH.placeholder, "placeholder") if case.is_posted else asked
        self.write(state, f"C0PRACTICE-{thread_ts}-{asked.ts}", question + case.lines.replace("POSTED", posted.ts))
        (self.var / "threads" / f"C0PRACTICE-{thread_ts}").touch()
        return asked

    def post(self, to: Message, text: str, kind: str, n: int = 1) -> Message:
        """Let a message of the old version's stand in Slack."""
        key = f"C0PRACTICE-{to.thread_ts or to.ts}-{to.ts}"
        metadata = {"event_type": "cocoai", "event_payload": {"key": key, "kind": kind, "n": n}}
        thread_ts = to.thread_ts or to.ts
        return self.slack.workspace.post("C0PRACTICE", "U0COCOAI", text, thread_ts=thread_ts, metadata=metadata)

    def write(self, state: str, name: str, data: str) -> None:
        """Write a file of the spool."""
        path = self.var / "spool" / state / name
        path.write_bytes(data.encode("ascii"))
        path.chmod(0o600)

    def work(self) -> None:
        """Do what the placeholder process, then a job process do, until nothing is claimable."""
        for silent in self.spool.each_without("placeholder"):
            self.answerer().post_placeholder(silent)
        while (job := self.spool.claim()) is not None:
            self.answerer().answer(job)
            job.release()

    def answers(self, question: Message) -> list[tuple[object, str]]:
        """Return kind and text of each message of ours that bears this question's key."""
        return [(payload(reply)["kind"], reply.text) for reply in self.own(question)]

    def own(self, question: Message) -> Sequence[Message]:
        """Return the messages of ours that bear this question's key."""
        return [reply for reply in self.replies(question) if payload(reply).get("key") == str(key_of(question))]

    def calls(self, text: str) -> int:
        """Return how often the model was asked this question."""
        return sum(1 for request in self.openai.requests if request.body["messages"][-1]["content"] == text)

    def lines(self, state: str, question: Message) -> list[Fact]:
        """Return the lines of a job's file."""
        return self.spool.peek(state, key_of(question))


def key_of(question: Message) -> Key:
    """Return the key of the job that answers this message."""
    return Key(question.channel, question.thread_ts or question.ts, question.ts)


@pytest.fixture
def upgrade(tmp_path: Path, certificates: Certificates) -> Iterator[Upgrade]:
    """Return the new code on an old `var`, between the practice servers."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield Upgrade(tmp_path / "var", certificates, slack, openai)


def test_every_question_in_flight_is_answered_exactly_once(upgrade: Upgrade) -> None:
    """Wherever the old process died: one reply, one call of the model at most, and nothing is left in ready/."""
    upgrade.openai.switches.answer = "New."
    questions = {name: upgrade.old_question(name, case) for name, case in IN_FLIGHT.items()}

    upgrade.work()

    texts = {"error": ENGLISH.sorry["operator"], "answer": "New."}
    expected = {
        name: ([(case.end, texts[case.end] if case.calls or case.end == "error" else "Recorded.")], case.calls)
        for name, case in IN_FLIGHT.items()
    }
    found = {name: (upgrade.answers(question), upgrade.calls(name)) for name, question in questions.items()}
    assert expected == found
    states = {name: upgrade.spool.find(key_of(question))[0] for name, question in questions.items()}
    assert {name: "failed" if case.end == "error" else "done" for name, case in IN_FLIGHT.items()} == states
    assert [] == upgrade.spool.unknown()
    assert (0, 0) == (upgrade.spool.count("ready"), upgrade.spool.count("tmp"))


def test_every_copy_is_known_after_the_upgrade(upgrade: Upgrade) -> None:
    """Slack sends each question again, before and after it is answered: nothing is accepted twice."""
    questions = [upgrade.old_question(name, case) for name, case in IN_FLIGHT.items()]
    questions.append(upgrade.old_question("done", Case(ATTEMPT + PLACEHOLDER + ANSWER + FINISHED), state="done"))
    questions.append(upgrade.old_question("failed", Case(ATTEMPT + ERROR + FAILED), state="failed"))

    before = [upgrade.spool.put(key_of(question), {"kind": "mention"}) for question in questions]
    upgrade.work()
    after = [upgrade.spool.put(key_of(question), {"kind": "mention"}) for question in questions]

    assert {False} == {*before, *after}
    assert 0 == upgrade.spool.count("ready")
    known = [upgrade.spool.mark_of("C0PRACTICE", question.ts) is not None for question in questions]
    assert [True] * len(questions) == known


def test_a_thread_is_answered_in_order_after_the_upgrade(upgrade: Upgrade) -> None:
    """The second question waits for the first, sees its answer, and has its placeholder meanwhile."""
    first = upgrade.old_question("one", Case(ATTEMPT + PLACEHOLDER + ANSWER, is_posted=True))
    second = upgrade.old_question("two", Case(), thread_ts=first.ts, kind="follow_up")

    upgrade.work()

    assert ["answer"] == [kind for kind, _ in upgrade.answers(second)]
    (request,) = upgrade.openai.requests
    assert ["one", "Recorded.", "two"] == [message["content"] for message in request.body["messages"][1:]]


def test_recorded_parts_are_not_posted_again(upgrade: Upgrade) -> None:
    """A long answer goes on behind the part that the old process had posted and recorded."""
    paragraphs = "\\n\\n".join(f"Paragraph {n}: " + "text " * 150 for n in range(9))
    part = '{"fact":"part","at":1763822005.001,"n":2,"ts":"PART","size":0}\n'
    lines = ATTEMPT + PLACEHOLDER + ANSWER.replace("Recorded.", paragraphs)
    question = upgrade.old_question("long", Case(lines, is_posted=True))
    posted = upgrade.post(question, "Cut otherwise.", "part", 2)
    with open(upgrade.var / "spool" / "ready" / str(key_of(question)), "a", encoding="ascii") as file:
        file.write(part.replace("PART", posted.ts))

    upgrade.work()

    whole = " ".join(text for _, text in upgrade.answers(question))
    assert [1] * 9 == [whole.count(f"Paragraph {n}: ") for n in range(9)]
    assert [("answer", 1), ("part", 2), ("part", 3)] == [
        (payload(reply)["kind"], payload(reply)["n"]) for reply in upgrade.own(question)
    ]
    assert [] == list(upgrade.openai.requests)


def test_a_stop_request_is_found_after_the_upgrade(upgrade: Upgrade) -> None:
    """The empty file in stop/ ends the question without a call of the model, and goes with its job."""
    question = upgrade.old_question("stop", Case(ATTEMPT + PLACEHOLDER, is_posted=True))
    (upgrade.var / "spool" / "stop" / str(key_of(question))).touch()

    upgrade.work()

    assert [("answer", ENGLISH.stopped)] == upgrade.answers(question)
    assert [] == list(upgrade.openai.requests)
    assert [] == os.listdir(upgrade.var / "spool" / "stop")


@pytest.mark.parametrize(
    "lines",
    ["", VISIT, VISIT + NO_PLACEHOLDER, ATTEMPT, ATTEMPT + FREE_RETRY],
    ids=["accepted", "visited", "passed over by the usher", "claimed", "put off"],
)
@pytest.mark.parametrize("kind", ["delete", "up"])
def test_a_click_in_flight_is_handled(upgrade: Upgrade, kind: str, lines: str) -> None:
    """The reply is gone, or the opinion stands beside the older one in the answer's job."""
    question = upgrade.old_question("asked", Case(ATTEMPT + ANSWER + FINISHED + OPINION), state="done")
    reply = upgrade.post(question, "Recorded.", "answer")
    click = (
        '{"kind":"KIND","channel":"C0PRACTICE","thread_ts":"THREAD","message_ts":"REPLY","key":"KEY",'
        '"asker":"U0ASKER01","user":"U0ASKER01","team":"T0PRACTICE","ts":"1763822009.000100","reply":"Recorded."}\n'
    )
    click = click.replace("KIND", kind).replace("THREAD", question.ts).replace("REPLY", reply.ts)
    click = click.replace("KEY", str(key_of(question)))
    upgrade.write("ready", f"C0PRACTICE-{reply.ts}-1763822009.000100", click + lines)

    upgrade.work()

    assert 0 == upgrade.spool.count("ready")
    assert [] == upgrade.spool.keys("failed")
    assert ([] if kind == "delete" else [("answer", "Recorded.")]) == upgrade.answers(question)
    opinions = [fact["opinion"] for fact in upgrade.lines("done", question) if fact.get("fact") == "opinion"]
    assert (["down"] if kind == "delete" else ["down", "up"]) == opinions


def test_a_click_that_was_obeyed_is_only_moved(upgrade: Upgrade) -> None:
    """The version before died between the deletion and the move."""
    click = (
        '{"kind":"delete","channel":"C0PRACTICE","thread_ts":"1.000100","message_ts":"1.000200","key":"C0PRACTICE-'
        '1.000100-1.000100","asker":"U0ASKER01","user":"U0ASKER01","team":"T0PRACTICE","ts":"2.000100"}\n'
    )
    upgrade.write("ready", "C0PRACTICE-1.000200-2.000100", click + ATTEMPT + OBEYED)
    before = len(upgrade.slack.calls)

    upgrade.work()

    assert (0, []) == (upgrade.spool.count("ready"), upgrade.spool.keys("failed"))
    assert before == len(upgrade.slack.calls)


def test_an_old_job_process_keeps_the_question_in_hand(upgrade: Upgrade) -> None:
    """It was forked before the reload: its claim is respected, and its end is known."""
    question = upgrade.old_question("in hand", Case(ATTEMPT + PLACEHOLDER, is_posted=True))
    behind = upgrade.old_question("behind", thread_ts=question.ts, kind="follow_up")
    disk = Disk()
    path = upgrade.var / "spool" / "ready" / str(key_of(question))
    fd = disk.open(str(path))
    assert disk.lock(fd)

    upgrade.work()
    while_in_hand = (upgrade.answers(question), upgrade.answers(behind))
    disk.append(fd, (ANSWER + FINISHED).encode())
    disk.rename(str(path), str(upgrade.var / "spool" / "done" / path.name))
    disk.close(fd)
    upgrade.work()

    assert ([("placeholder", ENGLISH.placeholder)], [("placeholder", ENGLISH.placeholder)]) == while_in_hand
    assert (0, 1) == (upgrade.calls("in hand"), upgrade.calls("behind"))
    assert ["answer"] == [kind for kind, _ in upgrade.answers(behind)]
    assert upgrade.spool.put(key_of(question), {"kind": "mention"}) is False


def test_an_old_placeholder_process_holds_up_nobody(tmp_path: Path) -> None:
    """It holds usher.lock during a reload. The new one has a lock of its own, and the job's lock keeps them apart."""
    setup = JobSetup(tmp_path, slots=1)
    usher = locks.take(str(tmp_path / "locks" / "usher.lock"))
    slot = locks.take(str(tmp_path / "locks" / "slot-0"))
    assert usher is not None
    assert slot is not None

    setup.put(1)
    setup.wait_for("placeholder-q")
    slot.release()
    setup.runner.attend()
    setup.wait_until_number_done(1)

    setup.close()
    usher.release()


def test_what_was_learned_is_still_known(upgrade: Upgrade) -> None:
    """What people are called and how a model counts are read from the old files."""
    var = upgrade.var
    (var / "calibration.json").write_text('{"gpt-6-luna": 1.091}')
    (var / "people").mkdir(mode=0o700)
    (var / "people" / "U0ASKER01").write_text("Asker\n")
    (var / "run" / "generation").write_text("7\n")

    assert 1.091 == TokenRatio(str(var / "calibration.json")).ratio("gpt-6-luna")
    assert "Asker" == UserNames(str(var / "people"), refuse).name("U0ASKER01")


def test_the_old_identity_is_asked_for_anew(upgrade: Upgrade) -> None:
    """The old file does not say whose token it was asked with: it counts as unknown, and is replaced."""
    path = upgrade.var / "identity.json"
    us = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")
    path.write_text(json.dumps(asdict(us)))
    cache = IdentityCache(str(path), lambda: us, "0123456789abcdef")

    before = cache.known()
    is_due = cache.is_stale()
    cache.refresh()

    assert (None, True) == (before, is_due)
    assert us == IdentityCache(str(path), lambda: us, "0123456789abcdef").known()


def refuse(user: str) -> str:
    """Fail: Slack must not be asked for a name."""
    raise AssertionError(user)


def test_rubbish_of_the_old_version_is_swept(upgrade: Upgrade) -> None:
    """Unfinished files in tmp/ go after an hour, what has ended after its time, and nothing that waits."""
    waiting = upgrade.old_question("waiting")
    upgrade.write("tmp", "0" * 24, "{")
    done = upgrade.old_question("done", state="done")
    for state, name in (("tmp", "0" * 24), ("done", str(key_of(done))), ("ready", str(key_of(waiting)))):
        os.utime(upgrade.var / "spool" / state / name, (0, 0))

    removed = upgrade.spool.sweep()

    assert 2 == removed
    assert [key_of(waiting)] == upgrade.spool.keys("ready")
