"""Old jobs are given up by an operator: whoever has asked is told by the pool, once, and what stands in Slack stays.

That is for a store of yesterday that was restored, and for a pool that was away too long.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cocoai.cli import main
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.slack.model.job_kinds import JOB_KINDS, LIGHT_KINDS, UNMARKED_KINDS
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool_command import age, expire_jobs
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness

NOW = 1_763_822_100.0
HOUR = 3600.0
SORRY = ("error", ENGLISH.sorry["expired"])
KINDS: dict[str, Any] = {"kinds": JOB_KINDS, "light_kinds": LIGHT_KINDS, "unmarked_kinds": UNMARKED_KINDS}


@pytest.fixture(params=["files", "mariadb"])
def spool(tmp_path: Path, request: pytest.FixtureRequest) -> Spool:
    """Return an empty spool."""
    made: Spool
    if request.param == "files":
        made = FileSpool(str(tmp_path), **KINDS)
    else:
        from cocoai.spool.mariadb.mariadb_spool import MariaDBSpool
        from cocoai.store.schema import migrate

        database = request.getfixturevalue("database")
        migrate(database)
        made = MariaDBSpool(database, str(tmp_path), **KINDS)
    made.prepare()
    return made


def key(ago: float, channel: str = "C0PRACTICE") -> Key:
    """Return the key of a message that opened a thread so many seconds before NOW."""
    ts = f"{NOW - ago:.6f}"
    return Key(channel, ts, ts)


def put(spool: Spool, ago: float, kind: str = "mention", **facts: Any) -> Key:
    """Put a job that was asked for so many seconds before NOW."""
    put = key(ago)
    assert spool.put(put, {"kind": kind, "user": "U0ASKER01", "text": "hello?", **facts})
    return put


def held(spool: Spool, key: Key) -> Job:
    """Return a job that this process holds, with a fact of its own."""
    job = spool.hold(key)
    assert job is not None
    job.record("attempt", n=1)
    return job


def names(spool: Spool, key: Key) -> list[object]:
    """Return the names of the facts of a job."""
    return [line.get("fact") for line in spool.find(key)[1][1:]]


def test_what_was_asked_long_ago_is_given_up(spool: Spool) -> None:
    """A question waits for the pool, which tells its asker; a younger one is left alone."""
    old, young = put(spool, 2 * HOUR), put(spool, HOUR - 1)

    assert [f"expired {old}", "1 expired: the pool tells who has asked, and then they have failed"] == list(
        expire_jobs(spool, HOUR, lambda: NOW)
    )

    assert (["visit", "error"], []) == (names(spool, old), names(spool, young))
    assert ["ready", "ready"] == [spool.find(each)[0] for each in (old, young)]


def test_the_same_is_not_recorded_twice(spool: Spool) -> None:
    """Whoever runs the command again, as after a kill in its midst, changes nothing for what it has done."""
    old = put(spool, 2 * HOUR)
    cut_off = put(spool, 3 * HOUR)
    job = held(spool, cut_off)
    job.release()

    first, second = (list(expire_jobs(spool, HOUR, lambda: NOW)) for _ in range(2))

    assert first == second
    assert (["visit", "error"], ["attempt", "visit", "error"]) == (names(spool, old), names(spool, cut_off))


def test_what_needs_no_model_fails_without_a_word(spool: Spool) -> None:
    """Nobody waits for a click of yesterday, and what it asked for is not done any more."""
    click = put(spool, 2 * HOUR, kind="delete")

    assert f"failed {click}" == next(expire_jobs(spool, HOUR, lambda: NOW))

    state, lines = spool.find(click)
    assert ("failed", "failed", "expired") == (state, lines[-1]["fact"], lines[-1]["reason"])


def test_what_is_in_hand_is_left(spool: Spool) -> None:
    """A process is answering it."""
    old = put(spool, 2 * HOUR)
    job = held(spool, old)

    assert f"in-hand {old}" == next(expire_jobs(spool, HOUR, lambda: NOW))

    job.release()
    assert ["attempt"] == names(spool, old)


def test_what_has_its_answer_is_left(spool: Spool) -> None:
    """It was paid for, and its delivery does no harm twice."""
    old = put(spool, 2 * HOUR)
    job = held(spool, old)
    job.record("answer", text="42")
    job.release()

    assert f"answered {old}" == next(expire_jobs(spool, HOUR, lambda: NOW))

    assert ["attempt", "answer"] == names(spool, old)


def test_what_was_asked_again_lately_is_left(spool: Spool) -> None:
    """The message is old, the question is not."""
    old = put(spool, 2 * HOUR, asked_at=f"{NOW - 60:.6f}")

    assert f"asked-again {old}" == next(expire_jobs(spool, HOUR, lambda: NOW))


def test_what_this_version_does_not_know_is_left(spool: Spool) -> None:
    """It belongs to another version."""
    old = put(spool, 2 * HOUR, kind="song")

    assert f"unknown {old}" == next(expire_jobs(spool, HOUR, lambda: NOW))


def test_a_retried_one_is_answered(spool: Spool) -> None:
    """The operator has thought better of it."""
    old = put(spool, 2 * HOUR)
    list(expire_jobs(spool, HOUR, lambda: NOW))
    job = held(spool, old)
    spool.fail(job, "expired")

    spool.retry(old)

    again = spool.hold(old)
    assert again is not None
    assert again.last("error") is None
    again.release()


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("90m", 5400), ("1h", 3600), ("2d", 172_800), ("0h", 0)])
def test_an_age_has_a_unit(text: str, seconds: float) -> None:
    """Seconds, minutes, hours or days."""
    assert seconds == age(text)


@pytest.mark.parametrize("text", ["", "h", "1", "1w", "-1h", "1.5h", "1h30m", "١h"])
def test_another_age_is_an_error(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names what was typed."""
    with pytest.raises(SystemExit):
        main(["spool", "expire", f"--older={text}"])

    assert f"invalid age value: {text!r}" in capsys.readouterr().err


# what the askers read


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    """Yield an Answerer between the practice servers; it waits for nothing that a dead process may have sent."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        made = AnswerHarness(tmp_path / "var", certificates, slack, openai)
        made.settle = lambda _: None  # type: ignore[method-assign,assignment]
        yield made
        made.close_connections()


def expire(harness: AnswerHarness) -> None:
    """Let two hours pass, and give up what is older than one."""
    harness.ahead += 2 * HOUR
    list(expire_jobs(harness.spool, HOUR, harness.clock))


def test_the_asker_is_told_where_a_placeholder_stands(harness: AnswerHarness) -> None:
    """It becomes the word that nothing was answered; OpenAI is not asked."""
    question = harness.ask()
    for job in harness.spool.each_without("placeholder"):
        harness.answerer().post_placeholder(job)
    expire(harness)

    harness.run()

    assert (SORRY, []) == (harness.reply(question), harness.openai.requests)
    assert (0, 1) == (harness.spool.count("ready"), harness.spool.count("failed"))


def test_the_job_waits_until_the_asker_was_told(harness: AnswerHarness) -> None:
    """While Slack is away it has not failed."""
    question = harness.ask()
    expire(harness)
    harness.slack.fail("chat.postMessage", SlackFault("broken"), times=1)

    harness.run()
    before = harness.spool.count("failed")
    harness.wait()
    harness.run()

    assert (0, 1, SORRY) == (before, harness.spool.count("failed"), harness.reply(question))


@pytest.mark.parametrize("is_visited", [True, False], ids=["visited", "claimed at once"])
def test_what_was_answered_after_the_copy_stays(harness: AnswerHarness, is_visited: bool) -> None:
    """A store of yesterday knows nothing of the answer: it is found in Slack, and no word stands in its place."""
    question = harness.ask()
    copy = harness.var.with_name("copy")
    shutil.copytree(harness.var / "spool", copy)
    harness.run()
    answer = harness.reply(question)
    shutil.rmtree(harness.var / "spool")
    copy.rename(harness.var / "spool")
    expire(harness)

    for job in harness.spool.each_without("placeholder") if is_visited else ():
        harness.answerer().post_placeholder(job)
    harness.run()

    assert "answer" == answer[0]
    assert (answer, 1) == (harness.reply(question), len(harness.openai.requests))
    assert (0, 1) == (harness.spool.count("ready"), harness.spool.count("failed"))
