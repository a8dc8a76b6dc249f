"""Shortcuts: what a choice in a message's menu brings about, from Slack's request to the reply; refusals, and kills.

The payloads' side is tests/slack/inbound/test_shortcuts.py; the form's is test_ask_forms.py.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest

from cocoai.answer import Answerer
from cocoai.errors import Permanent
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_switches import SCOPES
from cocoai.rehearsal.slack.workspace import Person
from cocoai.slack.api.response_url import ResponseUrl
from cocoai.slack.inbound.access import AccessRules
from cocoai.slack.inbound.reactions import task_question
from cocoai.slack.markdown.message_layout import Layout
from cocoai.slack.model.shortcut import Shortcut
from cocoai.slack.model.tasks import MessageTask
from cocoai.spool.key import Key
from cocoai.spool.limits import QuestionLimits
from cocoai.texts import ENGLISH
from tests.answer_harness import AnswerHarness
from tests.charges import charges
from tests.interactions_endpoint import InteractionsEndpoint
from tests.shortcuts.play import (
    ANSWER,
    BY,
    OUTSIDE,
    PRIVATE,
    SECOND,
    conversation,
    replies,
    run_all,
    say,
    use,
    whispers,
)

JAPANESE = MessageTask("translate", "ja")


def post_by(harness: AnswerHarness, url: str) -> None:
    """Use a response_url up by one."""
    slack, _ = harness.outside()
    with contextlib.suppress(Permanent):
        slack.response_url.post(url, "…")
    harness.close_connections()


def keys(harness: AnswerHarness, state: str = "done") -> set[str]:
    """Return what stands behind the message's own ts in the keys of the jobs in a state."""
    return {key.trigger for key in harness.spool.keys(state)}


# where we can write


def test_a_message_is_translated_into_the_language_of_whoever_chose_it(harness: AnswerHarness) -> None:
    """In its thread, for everybody, by the words that Slack has sent: they are not read once more."""
    opening = say(harness)
    use(harness, opening)

    run_all(harness)

    (_, instructions), *turns = conversation(harness)
    assert "into Japanese" in instructions
    assert [("user", "Hello everybody.")] == turns
    assert [ANSWER] == replies(harness, opening)
    assert {"shortcut_translate", "translate_ja"} == keys(harness)
    assert [] == [call for call in harness.slack.calls if call.method == "reactions.get"]
    assert [(BY, harness.openai.billed)] == [(charge.person, charge.spent) for charge in charges(harness.books)]


def test_another_language_is_that_of_the_persons_slack(harness: AnswerHarness) -> None:
    """As a flag of that language would: any that Slack has, not only ours."""
    harness.slack.add(replace(harness.slack.workspace.people[BY], locale="pt-BR"))
    use(harness, say(harness))

    run_all(harness)

    assert "into Brazilian Portuguese" in conversation(harness)[0][1]
    assert "translate_pt_br" in keys(harness)


def test_without_a_scope_for_reactions_or_people_it_works_all_the_same(harness: AnswerHarness) -> None:
    """In Japanese then, as our own texts."""
    harness.slack.switches.scopes = SCOPES - {"reactions:read", "users:read"}
    opening = say(harness)
    use(harness, opening)

    run_all(harness)

    assert [ANSWER] == replies(harness, opening)
    assert "translate_ja" in keys(harness)


def test_a_reply_is_answered_in_its_own_thread(harness: AnswerHarness) -> None:
    """And quoted, as nobody could tell which message is meant without it."""
    opening = say(harness, "First.")
    later = say(harness, "The second one.", thread_ts=opening.ts)
    use(harness, later, "proofread")

    run_all(harness)

    assert [f"&gt; The second one.\n\n{ANSWER}"] == replies(harness, opening)
    assert "You proofread" in conversation(harness)[0][1]


def test_a_thread_is_summarized(harness: AnswerHarness) -> None:
    """All that was said in it so far, and not what was said after."""
    opening = say(harness, "We need a new printer.")
    last = say(harness, "I ask for offers.", thread_ts=opening.ts)
    use(harness, last, "summarize")

    run_all(harness)

    shown = "\n".join(content for _, content in conversation(harness)[1:])
    assert "We need a new printer." in shown
    assert "I ask for offers." in shown
    assert "Summarize what was said in this thread so far, in Japanese" in shown


# one answer for all


def test_a_flag_and_a_shortcut_for_one_language_are_one_answer(harness: AnswerHarness) -> None:
    """Whoever comes second is told where it stands, unseen by others; nothing is paid."""
    opening = say(harness)
    flag = task_question(JAPANESE, opening.channel, opening.ts, SECOND, f"{opening.ts}9", may_be_shared=False)
    assert harness.spool.put(Key.parse(flag.key), flag.facts())
    run_all(harness)

    use(harness, opening)
    run_all(harness)

    assert [ANSWER] == replies(harness, opening)
    assert [ENGLISH.tasks["done"]] == whispers(harness)
    assert 1 == len(harness.openai.requests)


def test_a_shortcut_comes_before_a_flag_too(harness: AnswerHarness) -> None:
    """The flag is a duplicate, which says nothing: whoever reacts has addressed nobody."""
    opening = say(harness)
    use(harness, opening)
    run_all(harness)

    flag = task_question(JAPANESE, opening.channel, opening.ts, SECOND, f"{opening.ts}9", may_be_shared=False)

    assert not harness.spool.put(Key.parse(flag.key), flag.facts())


def test_while_it_is_written_the_second_one_reads_that(harness: AnswerHarness) -> None:
    """Once it is known that it will stand in the thread; until then the word waits."""
    harness.changes = {"buttons": True}
    opening = say(harness)
    use(harness, opening)
    harness.run()  # the shortcut's own job: the task is put
    use(harness, opening, user=BY)
    harness.run()
    before = whispers(harness)
    task = harness.claim()
    harness.answerer().post_placeholder(task)
    harness.ahead += 2
    harness.run()
    during = whispers(harness)
    harness.answerer().answer(task)
    task.release()
    use(harness, opening)
    run_all(harness)

    assert ([], [ENGLISH.pending]) == (before, during)
    done = ENGLISH.tasks["done_button"].format(button=ENGLISH.buttons["again"])
    assert [ENGLISH.pending, done] == whispers(harness)
    assert 1 == len(harness.openai.requests)


def test_one_that_has_failed_is_done_anew(harness: AnswerHarness) -> None:
    """Nothing stands that could be shown: the next use asks again."""
    opening = say(harness)
    use(harness, opening)
    harness.run()
    job = harness.claim()
    harness.spool.fail(job, "OpenAI")

    use(harness, opening)
    run_all(harness)

    assert [ANSWER] == replies(harness, opening)
    assert 1 == len(harness.openai.requests)


def test_once_it_was_done_anew_it_is_done(harness: AnswerHarness) -> None:
    """However the first one ended: the newest counts."""
    opening = say(harness)
    use(harness, opening)
    harness.run()
    harness.spool.fail(harness.claim(), "OpenAI")
    for _ in range(3):
        use(harness, opening)
        run_all(harness)

    assert [ANSWER] == replies(harness, opening)
    assert [ENGLISH.tasks["done"]] * 2 == whispers(harness)
    assert 1 == len(harness.openai.requests)


def test_one_whose_reply_was_deleted_is_done_anew(harness: AnswerHarness) -> None:
    """In the thread in which it stood."""
    opening = say(harness, "First.")
    later = say(harness, "Second.", thread_ts=opening.ts)
    use(harness, later)
    run_all(harness)
    (reply,) = [each for each in harness.slack.thread(opening.channel, opening.ts) if each.user == "U0COCOAI"]
    harness.slack.delete(reply.channel, reply.ts)

    use(harness, later)
    run_all(harness)

    assert [f"&gt; Second.\n\n{ANSWER}"] == replies(harness, opening)
    assert [] == whispers(harness)
    assert 2 == len(harness.openai.requests)


def test_chosen_on_an_answer_that_is_still_written_it_waits_for_the_whole(harness: AnswerHarness) -> None:
    """The message came with the shortcut as it was then: a word that an answer is on its way."""
    question = harness.ask("why?")
    asked = harness.claim()
    harness.answerer().post_placeholder(asked)
    (placeholder,) = (each for each in harness.slack.messages() if each.user == "U0COCOAI")
    use(harness, placeholder, "proofread")
    run_all(harness)
    before = len(harness.openai.requests)
    harness.answerer().answer(asked)
    asked.release()
    harness.ahead += 2

    run_all(harness)

    assert (0, ("user", ANSWER)) == (before, conversation(harness)[-1])
    assert [f"&gt; {ANSWER}\n\n{ANSWER}"] == replies(harness, question)[1:]


def test_one_too_many_in_a_minute_is_told(harness: AnswerHarness) -> None:
    """By the address of the shortcut, also where we are no member; nothing is paid."""
    harness.spool.limits = QuestionLimits(str(harness.var / "asked"), harness.disk, 1)
    use(harness, say(harness))
    run_all(harness)

    use(harness, say(harness, "Another one.", OUTSIDE))
    run_all(harness)

    (text,) = whispers(harness, OUTSIDE)
    assert text.startswith(ENGLISH.too_many.partition("{")[0])
    assert 1 == len(harness.openai.requests)


# where we cannot write


@pytest.mark.parametrize("channel", [OUTSIDE, "C0ARCHIVED"])
def test_where_we_may_not_write_only_whoever_chose_it_gets_the_answer(harness: AnswerHarness, channel: str) -> None:
    """First a word that it was heard, then the answer, which says that nobody else sees it; nothing is read."""
    opening = say(harness, channel=channel)
    use(harness, opening)

    run_all(harness)

    assert [ENGLISH.placeholder, PRIVATE] == whispers(harness, channel)
    assert [] == replies(harness, opening)
    assert [("user", "Hello everybody.")] == conversation(harness)[1:]
    assert (0, 2, 0) == harness.ended()


def test_in_a_thread_that_we_cannot_see_it_stands_in_the_thread(harness: AnswerHarness) -> None:
    """Where whoever chose it is reading."""
    opening = say(harness, "First.", OUTSIDE)
    use(harness, say(harness, "Second.", OUTSIDE, thread_ts=opening.ts))

    run_all(harness)

    assert [opening.ts, opening.ts] == [each.thread_ts for each in harness.slack.ephemeral_messages(OUTSIDE)]


def test_of_a_thread_that_we_cannot_read_the_message_alone_is_summarized(harness: AnswerHarness) -> None:
    """And the answer says so."""
    opening = say(harness, "We need a new printer.", OUTSIDE)
    use(harness, opening, "summarize")

    run_all(harness)

    assert "You summarize a message from Slack in Japanese" in conversation(harness)[0][1]
    assert f"{ENGLISH.tasks['alone']}\n\n{PRIVATE}" == whispers(harness, OUTSIDE)[-1]


def test_a_second_person_there_is_shown_the_same_answer_for_nothing(harness: AnswerHarness) -> None:
    """The first one alone has seen it."""
    opening = say(harness, channel=OUTSIDE)
    use(harness, opening)
    run_all(harness)

    harness.slack.add(replace(harness.slack.workspace.people[SECOND], locale="ja-JP"))
    use(harness, opening, user=SECOND)
    run_all(harness)

    assert [PRIVATE] == whispers(harness, OUTSIDE, SECOND)
    assert 1 == len(harness.openai.requests)


def test_a_second_person_waits_until_the_answer_is_there(harness: AnswerHarness) -> None:
    """Before it is known whether it will be private, and while it is written."""
    opening = say(harness, channel=OUTSIDE)
    harness.slack.add(replace(harness.slack.workspace.people[SECOND], locale="ja-JP"))
    use(harness, opening)
    harness.run()
    use(harness, opening, user=SECOND)
    harness.run()
    job = harness.claim()
    harness.answerer().post_placeholder(job)
    harness.ahead += 2
    harness.run()
    assert [] == whispers(harness, OUTSIDE, SECOND)

    harness.answerer().answer(job)
    job.release()
    harness.ahead += 2
    run_all(harness)

    assert [PRIVATE] == whispers(harness, OUTSIDE, SECOND)
    assert [ENGLISH.placeholder, PRIVATE] == whispers(harness, OUTSIDE)


def test_once_its_address_is_used_up_the_answer_comes_as_a_direct_message(harness: AnswerHarness) -> None:
    """Or after half an hour: the address takes nothing any more, and the answer is paid."""
    opening = say(harness, channel=OUTSIDE)
    use(harness, opening)
    harness.run()
    job = harness.claim()
    harness.answerer().post_placeholder(job)
    for _ in range(5):
        post_by(harness, harness.slack.interactions[-1].payload["response_url"])

    harness.answerer().answer(job)
    job.release()

    assert PRIVATE not in whispers(harness, OUTSIDE)
    assert PRIVATE in [message.text for message in harness.slack.messages("D0PRACTICE")]
    assert (0, 2, 0) == harness.ended()


@pytest.mark.parametrize("format_", ["markdown", "mrkdwn"])
def test_a_long_answer_stays_within_five_posts(harness: AnswerHarness, format_: str) -> None:
    """What does not fit ends with an ellipsis."""
    harness.changes = {"layout": Layout(format_)}
    harness.openai.switches.answer = "\n\n".join(f"Paragraph {n}. " + "word " * 100 for n in range(60))
    use(harness, say(harness, channel=OUTSIDE))

    run_all(harness)

    shown = whispers(harness, OUTSIDE)
    assert 2 <= len(shown) <= 4
    assert shown[1].startswith("Paragraph 0.")
    assert all(len(text) <= 4000 for text in shown)


def test_blocks_that_slack_refuses_there_are_left_out(harness: AnswerHarness) -> None:
    """The text says the same."""
    harness.changes = {"layout": Layout("markdown")}
    harness.slack.switches.markdown_blocks = False
    use(harness, say(harness, channel=OUTSIDE))

    run_all(harness)

    assert [ENGLISH.placeholder, PRIVATE] == whispers(harness, OUTSIDE)


# who may not, and what is not there


def test_whoever_may_not_use_it_is_told_by_its_address(harness: AnswerHarness, certificates: Certificates) -> None:
    """Unseen by others, in a channel in which we are no member too; the model is not asked."""
    opening = say(harness, channel=OUTSIDE)
    with InteractionsEndpoint(harness, certificates, allow_users={SECOND}) as closed:
        harness.slack.subscribe(f"{closed.url}/slack/events", f"{closed.url}/slack/interactions")
        use(harness, opening)
        use(harness, opening, "ask")
    run_all(harness)

    assert [ENGLISH.declined["person"]] * 2 == whispers(harness, OUTSIDE)
    assert [] == harness.openai.requests
    assert ({"shortcut_translate", "shortcut_ask"}, ()) == (keys(harness), harness.slack.views_of(BY))


@pytest.mark.parametrize(("user", "is_ours"), [(BY, True), ("U0STRANGE", False)])
def test_of_whom_the_payload_names_no_team_slack_is_asked_for_one(
    harness: AnswerHarness, user: str, is_ours: bool
) -> None:
    """Slack documents none there, and another organisation's people may not ask."""
    harness.slack.add(Person("U0STRANGE", "Stranger", team="T0ELSEWHERE"))
    opening = say(harness)
    ts = f"{float(opening.ts) + 9:.6f}"
    shortcut = Shortcut("proofread", opening.channel, opening.ts, None, user, "", ts, response_url="")
    assert harness.spool.put(shortcut.key, shortcut.facts())

    run_all(harness)

    assert is_ours == bool(harness.openai.requests)


def test_words_that_are_kept_from_the_model_are_not_translated(harness: AnswerHarness) -> None:
    """They are those of people whom the settings leave out, or whom nobody knows to be ours."""
    harness.changes = {"access": AccessRules(allow_users={BY})}
    use(harness, say(harness))

    run_all(harness)

    assert [ENGLISH.tasks["hidden"]] == whispers(harness)
    assert [] == harness.openai.requests


def test_ones_own_words_are_never_hidden(harness: AnswerHarness) -> None:
    """Whoever has used the shortcut may address us."""
    opening = harness.slack.say(BY, "Hello.")
    use(harness, opening)

    run_all(harness)

    assert [ANSWER] == replies(harness, opening)


def test_a_message_that_was_deleted_meanwhile_is_told(harness: AnswerHarness) -> None:
    """Slack would put the reply into the channel: it is taken back, and nothing is paid."""
    opening = say(harness)
    use(harness, opening)
    harness.slack.delete(opening.channel, opening.ts)

    run_all(harness)

    assert [ENGLISH.tasks["gone"]] == whispers(harness)
    assert [] == harness.openai.requests
    assert [] == [each.text for each in harness.slack.messages() if each.user == "U0COCOAI"]


def test_what_is_left_of_a_deleted_message_has_nothing_to_do(harness: AnswerHarness) -> None:
    """Slack names it as a message of its own."""
    opening = say(harness)
    use(harness, opening)
    job = harness.claim()
    (key,) = harness.spool.keys("ready")
    facts = harness.spool.peek("ready", key)[0]
    harness.spool.finish(job)
    tombstone = {"ts": opening.ts, "thread_ts": opening.ts, "user": "USLACKBOT", "subtype": "tombstone"}
    later = key._replace(ts=f"{float(key.ts) + 1:.6f}")
    assert harness.spool.put(later, {**facts, "message": tombstone, "ts": later.ts})

    run_all(harness)

    assert [ENGLISH.tasks["gone"]] == whispers(harness)
    assert [] == harness.openai.requests


def test_a_message_without_words_is_told(harness: AnswerHarness) -> None:
    """The model is not asked about nothing."""
    opening = harness.slack.share(SECOND, "", [], channel=OUTSIDE)
    use(harness, opening)

    run_all(harness)

    assert [ENGLISH.tasks["wordless"]] == whispers(harness, OUTSIDE)
    assert [] == harness.openai.requests


def test_an_error_is_told_by_the_same_way(harness: AnswerHarness) -> None:
    """As the answer would have been; in a thread as for any question."""
    harness.openai.fail("no credit", 2)
    outside, inside = say(harness, channel=OUTSIDE), say(harness)
    use(harness, outside)
    use(harness, inside)

    run_all(harness)

    assert [ENGLISH.placeholder, ENGLISH.sorry["operator"]] == whispers(harness, OUTSIDE)
    assert [ENGLISH.sorry["operator"]] == replies(harness, inside)
    assert (0, 2, 2) == harness.ended()


# kills


class Killed(BaseException):
    """Raised in the place of a process that dies."""


def die_behind(monkeypatch: pytest.MonkeyPatch, harness: AnswerHarness, fact: str) -> bool:
    """Do one job in a process that dies right behind this fact; return True if it did."""
    job = harness.claim()
    record = type(job).record

    def dying(self: Any, name: str, **values: Any) -> None:
        record(self, name, **values)
        if name == fact:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(type(job), "record", dying)
        try:
            harness.answerer(Answerer).answer(job)
        except Killed:
            return True
        finally:
            job.release()
            harness.close_connections()
            harness.ahead += 10
    return False


@pytest.mark.parametrize(
    "fact", ["located", "private", "saying", "said", "placeholder", "asked", "answer", "delivered"]
)
def test_a_kill_at_each_fact_of_a_private_answer_pays_once(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch, fact: str
) -> None:
    """And shows the answer once."""
    use(harness, say(harness, channel=OUTSIDE))
    harness.run()

    assert die_behind(monkeypatch, harness, fact)
    run_all(harness)

    assert [ENGLISH.placeholder, PRIVATE] == whispers(harness, OUTSIDE)
    assert 1 == len(harness.openai.requests)
    assert (0, 2, 0) == harness.ended()


@pytest.mark.parametrize("kills", [1, 2, 3])
def test_what_may_have_arrived_is_shown_at_most_once_more(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    """By a process that dies between the post and its fact, again and again."""
    use(harness, say(harness, channel=OUTSIDE))
    harness.run()
    post = ResponseUrl.post

    def dying(self: Any, url: str, text: str, **more: Any) -> None:
        post(self, url, text, **more)
        if text == PRIVATE:
            raise Killed

    for _ in range(kills):
        if (job := harness.spool.claim()) is not None:
            with monkeypatch.context() as patched, contextlib.suppress(Killed):
                patched.setattr(ResponseUrl, "post", dying)
                harness.answerer().answer(job)
            job.release()
            harness.close_connections()
            harness.ahead += 10
    run_all(harness)

    assert [ENGLISH.placeholder, PRIVATE, PRIVATE] == whispers(harness, OUTSIDE)
    assert 1 == len(harness.openai.requests)
    assert (0, 2, 0) == harness.ended()


@pytest.mark.parametrize("fact", ["chosen", "finished"])
def test_a_kill_of_the_shortcuts_own_job_asks_once(
    harness: AnswerHarness, monkeypatch: pytest.MonkeyPatch, fact: str
) -> None:
    """Behind the language that it has found, and right behind the task that it has put: nobody is told of its own."""
    opening = say(harness)
    use(harness, opening)

    assert die_behind(monkeypatch, harness, fact)
    run_all(harness)

    assert ([ANSWER], []) == (replies(harness, opening), whispers(harness))
    assert 1 == len(harness.openai.requests)
