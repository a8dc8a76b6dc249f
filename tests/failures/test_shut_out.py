"""Slack takes nothing of ours until an operator mends something: what was asked waits, and is answered then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cocoai.answer.retry import SHUT_OUT_FOR
from cocoai.rehearsal.slack.file_server import FileServer
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import PracticeChannel
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job import LONGEST_DELAY
from cocoai.texts import ENGLISH, JAPANESE
from tests.failures.harness import QUESTIONS, LocalizedHarness
from tests.failures.scenarios import PICTURE

Failure = Callable[[LocalizedHarness], None]
"""Makes the practice Slack refuse us."""

HOUR = 3600.0


def refused(code: str) -> Failure:
    """Return the failure in which every call meets this error."""

    def fail(harness: LocalizedHarness) -> None:
        harness.slack.fail("*", Fault("refused", code=code), times=10_000)

    return fail


def may_not_write(harness: LocalizedHarness) -> None:
    harness.slack.switches.scopes = SCOPES - {"chat:write"}


def wrong_path(harness: LocalizedHarness) -> None:
    """Ask an address of Slack's that is not the Web API's."""
    harness.slack.api_url = harness.slack.api_url.replace("/api/", "/app/")


def mend(harness: LocalizedHarness) -> None:
    """Undo each of these, as an operator does."""
    harness.slack.clear_faults()
    harness.slack.switches.scopes = SCOPES
    harness.slack.api_url = harness.slack.api_url.replace("/app/", "/api/")
    harness.slack.add(PracticeChannel("C0PRACTICE", "practice"))


CODES = ("token_revoked", "account_inactive", "invalid_auth", "not_authed", "token_expired", "unknown_method")
FAILURES: dict[str, Failure] = {code: refused(code) for code in CODES} | {
    "missing_scope:chat:write": may_not_write,
    "refused": wrong_path,
    "no_permission_anywhere": refused("no_permission"),
}
"""By the code under which the operator sees it."""


@pytest.mark.parametrize("code", FAILURES)
def test_a_question_waits_and_is_answered_once_with_an_honest_word(harness: LocalizedHarness, code: str) -> None:
    """Six tries count as no attempts; the model is asked once, when Slack takes the placeholder."""
    harness.openai.switches.answer = "It is tea."
    FAILURES[code](harness)
    question = harness.ask("what is this")
    for _ in range(6):
        harness.run()
        harness.wait()
    waiting, trouble, asked = harness.ended(), harness.trouble("slack"), len(harness.openai.requests)
    mend(harness)

    harness.run_to_the_end()

    assert ((1, 0, 0), code, 0) == (waiting, trouble, asked)
    assert (0, 1, 0) == harness.ended()
    assert [ENGLISH.late, "It is tea."] == harness.paragraphs(question)
    assert "" == harness.trouble("slack")
    assert 1 == len(harness.openai.requests)
    delays = [fact["retry_at"] - fact["at"] for fact in harness.facts("done", "retry")]
    assert pytest.approx([5, 10, 20, 40, 80, 160], abs=1) == delays


@pytest.mark.parametrize("method", ["chat.update", "conversations.replies"])
def test_a_token_that_dies_in_the_middle_costs_nothing_twice(harness: LocalizedHarness, method: str) -> None:
    """An answer that is recorded is delivered later; the model was called once in all."""
    harness.openai.switches.answer = "お茶です。"
    opening = harness.slack.say("U0ASKER02", "...")
    harness.slack.fail(method, Fault("refused", code="token_revoked"), times=2)
    question = harness.ask(QUESTIONS["ja"], thread_ts=opening.ts)

    harness.run()
    in_between = harness.ended()
    harness.wait()
    harness.run_to_the_end()

    assert ((1, 0, 0), (0, 1, 0)) == (in_between, harness.ended())
    assert [JAPANESE.late, "お茶です。"] == harness.paragraphs(question, "answer")
    assert 1 == len(harness.openai.requests)


def test_an_answer_that_stands_is_not_shortened_for_the_word(harness: LocalizedHarness) -> None:
    """The token dies between two parts: with a word in front the first part would be cut earlier."""
    harness.openai.switches.answer = "\n\n".join(f"Paragraph {n}: " + "text " * 300 for n in range(16))
    harness.openai.switches.pieces = 4
    question = harness.ask("what is this")
    harness.slack.fail("chat.postMessage", Fault("slow"))
    harness.slack.fail("chat.postMessage", Fault("refused", code="token_revoked"))

    harness.run()
    before = [len(message.text) for message in harness.replies(question)]
    harness.wait()
    harness.run_to_the_end()

    after = [len(message.text) for message in harness.replies(question)]
    assert 1 == len(before) < len(after)
    assert before[0] <= after[0]


def test_the_placeholder_process_waits_too(harness: LocalizedHarness) -> None:
    """It tries no question again before its time, and fails none."""
    refused("invalid_auth")(harness)
    harness.ask("what is this")

    for job in harness.spool.each_without("placeholder"):
        harness.answerer().post_placeholder(job)

    assert [] == list(harness.spool.each_without("placeholder"))
    assert (1, 0, 0) == harness.ended()
    assert None is harness.spool.claim()


def test_a_question_is_given_up_after_a_weekend(harness: LocalizedHarness, caplog: pytest.LogCaptureFixture) -> None:
    """72 hours of waiting; then it is in failed/ with its reason, from where the operator can have it answered."""
    refused("token_revoked")(harness)
    question = harness.ask("what is this")
    ended = []
    for tries in (int(SHUT_OUT_FOR / LONGEST_DELAY) - 2, 4):
        job = harness.claim()
        for _ in range(tries):
            job.record("retry", retry_at=harness.clock() + LONGEST_DELAY, why="", free=True, sent=False, shut_out=0)
        job.release()
        harness.wait()
        harness.run()
        ended.append(harness.ended())
        harness.wait()
    failed = harness.facts("failed", "failed")
    mend(harness)

    harness.spool.retry(*harness.spool.keys("failed"))
    harness.run_to_the_end()

    assert [(1, 0, 0), (0, 0, 1)] == ended
    assert ["Slack token_revoked 200"] == [fact["reason"][:23] for fact in failed]
    assert "outcome=failed-untold" in caplog.text
    assert "answer" == harness.reply(question)[0]


def test_what_waits_is_due_at_once_in_the_next_generation(harness: LocalizedHarness) -> None:
    """New settings come with a restart or a reload, and each begins a generation: a new process claims it."""
    refused("token_revoked")(harness)
    harness.ask("what is this")
    for _ in range(4):
        harness.run()
        harness.wait()
    harness.run()

    spools = [FileSpool(str(harness.var), clock=harness.clock) for _ in range(2)]
    spools[1].generation = 1

    assert [False, True] == [spool.is_claimable() for spool in spools]
    assert [False, True] == [spool.is_due() for spool in spools]
    assert [False, True] == [spool.any_without("placeholder") for spool in spools]


def test_a_deletion_waits_and_feedback_is_kept(harness: LocalizedHarness) -> None:
    """Whoever clicked need not click again."""
    question = harness.ask_and_run("what is this")
    (reply,) = harness.replies(question)
    refused("token_revoked")(harness)
    harness.click(reply, "up")
    harness.run()
    harness.ahead += 2
    harness.click(reply, "delete")
    harness.run()
    in_between = harness.ended()
    mend(harness)
    harness.wait()

    harness.run_to_the_end()

    assert (1, 2, 0) == in_between
    assert [] == harness.replies(question)
    assert (0, 3, 0) == harness.ended()


def test_an_apology_waits_too(harness: LocalizedHarness) -> None:
    """Whoever has to be told that there is no answer is told when Slack takes that."""
    harness.openai.fail("bad key", times=None)
    harness.slack.fail("chat.update", Fault("refused", code="token_expired"))
    question = harness.ask("what is this")

    harness.run()
    in_between = harness.ended()
    harness.wait()
    harness.run_to_the_end()

    assert ((1, 0, 0), (0, 0, 1)) == (in_between, harness.ended())
    assert [ENGLISH.error_text("operator")] == harness.paragraphs(question)
    assert "invalid_api_key" == harness.trouble("openai")


def test_without_permission_in_one_place_the_asker_is_told_directly(harness: LocalizedHarness) -> None:
    """`no_permission` may be about the channel alone: then it is told like any other closed place."""
    harness.slack.fail("chat.postMessage", Fault("refused", code="no_permission"))
    harness.ask("what is this")

    harness.run_to_the_end()

    assert [ENGLISH.elsewhere] == [message.text for message in harness.slack.messages("D0PRACTICE")]
    assert (0, 0, 1) == harness.ended()


def test_openai_is_trouble_until_it_answers(harness: LocalizedHarness) -> None:
    """No credit, then credit again."""
    harness.openai.fail("no credit")
    harness.ask_and_run("what is this")
    trouble = harness.trouble("openai")

    harness.ask_and_run("and this")

    assert ("insufficient_quota", "") == (trouble, harness.trouble("openai"))


@pytest.mark.parametrize("code", ["token_revoked", "missing_scope:chat:write"])
def test_auth_test_ends_the_trouble(harness: LocalizedHarness, code: str) -> None:
    """It tells whether the token is right again, and whether it may write."""
    FAILURES[code](harness)
    harness.ask("what is this")
    harness.run()
    trouble = harness.trouble("slack")
    harness.slack.clear_faults()
    harness.outside()[0].auth_test()
    in_between = harness.trouble("slack")
    mend(harness)

    harness.outside()[0].auth_test()

    assert code == trouble
    assert in_between == (code if code.startswith("missing") else "")
    assert "" == harness.trouble("slack")


@pytest.mark.parametrize(
    ("scope", "source"),
    [("users:read", "scope-users"), ("channels:history", "scope-history-C"), ("reactions:write", "scope-reactions")],
)
def test_a_missing_scope_is_trouble_until_it_is_there(harness: LocalizedHarness, scope: str, source: str) -> None:
    """The asker has the answer, or is told; the operator sees which scope is missing."""
    harness.slack.switches.scopes = SCOPES - {scope}
    opening = harness.slack.say("U0ASKER02", "...")
    harness.ask("what is this", thread_ts=opening.ts)
    harness.run_to_the_end()
    harness.outside()[0].thread("C0PRACTICE", opening.ts) if scope == "users:read" else None
    if scope == "reactions:write":
        with pytest.raises(Exception, match="missing_scope"):
            harness.outside()[0].reactions.add("C0PRACTICE", opening.ts, "wave")
    troubles = {trouble.source: trouble.code for trouble in harness.troubles.all()}
    harness.outside()[0].auth_test()
    still = harness.trouble(source)
    harness.slack.switches.scopes = SCOPES

    harness.outside()[0].auth_test()

    assert ({source: scope}, scope) == (troubles, still)
    assert () == harness.troubles.all()


def test_a_file_that_may_not_be_read_is_trouble_until_one_is(harness: LocalizedHarness) -> None:
    """Slack shows its login page, which names no scope."""
    harness.slack.switches.scopes = SCOPES - {"files:read"}
    harness.share_and_run("what is this", PICTURE)
    trouble = harness.trouble("scope-files")
    harness.slack.switches.scopes = SCOPES

    harness.share_and_run("and this", PICTURE)

    assert ("files:read", "") == (trouble, harness.trouble("scope-files"))


def test_a_login_page_in_place_of_one_file_is_no_missing_scope(
    harness: LocalizedHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That file may be closed to us alone: auth.test, asked at once, tells that the scope is there."""
    monkeypatch.setattr(FileServer, "_outgoing", lambda self, path, **_: self._login(path))

    harness.share_and_run("what is this", PICTURE)

    assert 1 == sum(call.method == "auth.test" for call in harness.slack.calls)
    assert () == harness.troubles.all()
