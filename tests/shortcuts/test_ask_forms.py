"""The form in which a question about a message is typed: opened, refused, sent off, and what is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from cocoai.ask_forms import MOST_TITLE
from cocoai.clicked_question import repeat_question
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.slack.model.click import Click
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from cocoai.spool.limits import QuestionLimits
from cocoai.texts import ENGLISH, JAPANESE
from tests.answer_harness import AnswerHarness
from tests.interactions_endpoint import InteractionsEndpoint
from tests.shortcuts.play import (
    ANSWER,
    BY,
    OUTSIDE,
    PRIVATE,
    SECOND,
    Play,
    conversation,
    replies,
    run_all,
    say,
    use,
    whispers,
)


def send(harness: AnswerHarness, typed: str) -> Any:
    """Type into the only form that BY sees, and send it off; return what came of it."""
    (form,) = harness.slack.views_of(BY)
    return harness.slack.submit_view(BY, form.id, {"question": typed})


# opened


def test_the_form_shows_how_the_message_begins(harness: AnswerHarness) -> None:
    """It is opened by one call, from the worker's own process; no job is kept, and no model is asked."""
    use(harness, say(harness, "We move <https://example.com|here> & there. " + "long " * 60), "ask")

    (form,) = harness.slack.views_of(BY)
    about, field, public = form.view["blocks"]
    assert f"{ENGLISH.ask['about']} We move here (https://example.com) &amp; there." in about["elements"][0]["text"]
    assert ENGLISH.ask["label"] == field["label"]["text"]
    assert ENGLISH.ask["public"] == public["elements"][0]["text"]
    assert (0, 0, 0) == harness.ended()
    assert ["views.open"] == [call.method for call in harness.slack.calls]


def test_a_form_about_a_message_without_words_has_only_its_field(harness: AnswerHarness) -> None:
    """Slack takes no empty text."""
    use(harness, harness.slack.share(SECOND, "", []), "ask")

    (form,) = harness.slack.views_of(BY)
    assert ["input", "context"] == [block["type"] for block in form.view["blocks"]]


@pytest.mark.parametrize("texts", [ENGLISH, JAPANESE])
def test_its_titles_fit_in_each_language(texts: Any) -> None:
    """Slack takes 24 characters of them."""
    assert all(len(texts.ask[name]) <= MOST_TITLE for name in ("title", "send", "close"))


@pytest.mark.parametrize(
    "fault",
    [
        SlackFault("refused", code="expired_trigger_id"),
        SlackFault("limited", seconds=30),
        SlackFault("broken"),
        SlackFault("slow", seconds=2.0),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_form_that_does_not_open_is_told_by_the_shortcuts_address(harness: AnswerHarness, fault: SlackFault) -> None:
    """Unseen by others, by a job: what opens forms makes one call, does not wait, and does no more."""
    harness.slack.fail("views.open", fault)
    use(harness, say(harness, channel=OUTSIDE), "ask")
    assert [] == whispers(harness, OUTSIDE)

    run_all(harness)

    assert [ENGLISH.ask["form"]] == whispers(harness, OUTSIDE)
    assert (0, 1, 0) == harness.ended()


def test_with_too_many_forms_under_way_the_next_is_told_to_try_again(play: Play) -> None:
    """It waits for none of them: its 3 seconds would be over."""
    harness, endpoint = play
    endpoint.processes.taken = True
    use(harness, say(harness), "ask")

    run_all(harness)

    assert [ENGLISH.ask["busy"]] == whispers(harness)
    assert "views.open" not in [call.method for call in harness.slack.calls]


def test_a_request_that_comes_twice_opens_one_form(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A load balancer may send it to a second machine; nobody is told that there is no form."""
    harness, endpoint = play
    once = endpoint.answer
    monkeypatch.setattr(endpoint, "answer", lambda incoming: [once(incoming), once(incoming)][1])
    use(harness, say(harness), "ask")

    run_all(harness)

    assert 1 == len(harness.slack.views_of(BY))
    assert ["views.open"] * 2 == [call.method for call in harness.slack.calls]
    assert [] == whispers(harness)


# sent off


def test_the_answer_stands_in_the_thread_with_the_question_above_it(harness: AnswerHarness) -> None:
    """The model is shown the thread up to now, the question, and which message it is about."""
    opening = say(harness, "We move on Friday.")
    later = say(harness, "Or on Monday.", thread_ts=opening.ts)
    use(harness, later, "ask")
    say(harness, "Friday it is.", thread_ts=opening.ts)
    harness.ahead += 60

    sent = send(harness, "Is that\nright?")
    run_all(harness)

    assert (200, b"", ()) == (sent.status, sent.reply, harness.slack.views_of(BY))
    assert [f"&gt; *Asker*: Is that\n&gt; right?\n\n{ANSWER}"] == replies(harness, opening)
    *before, (_, last) = conversation(harness)
    shown = "\n".join(content for _, content in before)
    assert "We move on Friday." in shown
    assert "Friday it is." in shown
    assert "Is that\nright?" in last
    assert "The message is: “Or on Monday.”" in last
    (key,) = harness.spool.keys("done")
    assert (opening.ts, later.ts) == (key.thread_ts, key.ts)


def test_the_files_of_the_message_are_read_for_the_question(harness: AnswerHarness) -> None:
    """As if they were attached to it."""
    file = PracticeFile("notes.txt", "text/plain", b"The budget is 300.")
    use(harness, harness.slack.share(SECOND, "The notes.", [file]), "ask")
    harness.ahead += 60

    send(harness, "What is the budget?")
    run_all(harness)

    assert "The budget is 300." in json.dumps(harness.openai.requests[-1].body["messages"][-1])


def test_a_model_may_be_chosen_as_in_a_mention(harness: AnswerHarness) -> None:
    """By its prefix; nothing else that was typed is a command, or somebody's mention."""
    use(harness, say(harness), "ask")
    harness.ahead += 60

    send(harness, "help <@U0ASKER02>")
    run_all(harness)

    assert 1 == len(harness.openai.requests)
    assert "help <@U0ASKER02>" in conversation(harness)[-1][1]


def test_where_we_may_not_write_or_read_the_message_that_was_carried_counts(harness: AnswerHarness) -> None:
    """The answer is shown to whoever asked alone."""
    use(harness, say(harness, "We move on Friday.", OUTSIDE), "ask")
    harness.ahead += 60

    send(harness, "Why?")
    run_all(harness)

    quoted = f"&gt; *Asker*: Why?\n\n{ENGLISH.tasks['alone']}\n\n{PRIVATE}"
    assert [ENGLISH.placeholder, quoted] == whispers(harness, OUTSIDE)
    assert "The message is: “We move on Friday.”" in conversation(harness)[-1][1]


def test_a_form_that_lay_open_for_long_is_answered_by_a_direct_message(harness: AnswerHarness) -> None:
    """The address that came with the shortcut takes nothing after half an hour; what was typed is not lost."""
    use(harness, say(harness, "We move on Friday.", OUTSIDE), "ask")
    send(harness, "Why?")
    harness.ahead += 1801
    harness.slack._urls._clock = harness.clock

    run_all(harness)

    assert [] == whispers(harness, OUTSIDE)
    direct = [message.text for message in harness.slack.messages("D0PRACTICE")]
    assert [ENGLISH.placeholder, f"&gt; *Asker*: Why?\n\n{ENGLISH.tasks['alone']}\n\n{PRIVATE}"] == direct
    assert 1 == len(harness.openai.requests)


def test_a_form_sent_off_twice_is_one_question(play: Play) -> None:
    """Its job is named by the form's id."""
    harness = play[0]
    opening = say(harness)
    use(harness, opening, "ask")
    send(harness, "Why?")
    body, url = harness.slack.interactions[-1].body, f"{play[1].url}/slack/interactions"
    run_all(harness)

    assert 200 == requests.post(url, body, headers=harness.slack.signed(body), timeout=5).status_code
    run_all(harness)

    assert 1 == len(replies(harness, opening))
    assert 1 == len(harness.openai.requests)


def test_what_was_typed_stays_in_the_form_if_it_is_one_too_many(harness: AnswerHarness) -> None:
    """With the seconds to wait; then it can be sent off."""
    harness.spool.limits = QuestionLimits(str(harness.var / "asked"), harness.disk, 1)
    use(harness, say(harness))
    run_all(harness)
    use(harness, say(harness, "Another one."), "ask")

    refused = json.loads(send(harness, "Why?").reply)
    (form,) = harness.slack.views_of(BY)
    harness.ahead += 61
    send(harness, "Why?")
    run_all(harness)

    assert {"response_action": "errors", "errors": {"question": form.errors["question"]}} == refused
    assert form.errors["question"].startswith(ENGLISH.too_many.partition("{")[0])
    assert () == harness.slack.views_of(BY)
    assert 2 == len(harness.openai.requests)


def test_whoever_may_not_ask_any_more_reads_that_in_the_form(
    harness: AnswerHarness, certificates: Certificates
) -> None:
    """The settings may have changed since it was opened."""
    use(harness, say(harness), "ask")
    with InteractionsEndpoint(harness, certificates, allow_channels={"C0OTHER"}) as closed:
        harness.slack.subscribe(f"{closed.url}/slack/events", f"{closed.url}/slack/interactions")
        send(harness, "Why?")

    (form,) = harness.slack.views_of(BY)
    assert {"question": ENGLISH.declined["place"]} == form.errors
    assert (0, 0, 0) == harness.ended()


# afterwards


def test_the_next_question_in_the_thread_knows_what_was_asked(harness: AnswerHarness) -> None:
    """No message has what was typed: our answer is shown with it, right behind the message."""
    opening = say(harness, "We move on Friday.")
    use(harness, opening, "ask")
    harness.ahead += 60
    send(harness, "Why Friday?")
    run_all(harness)

    harness.ask("and then?", thread_ts=opening.ts)
    run_all(harness)

    assert ("assistant", f"> Why Friday?\n\n{ANSWER}") in conversation(harness)


def test_asked_again_it_is_the_same_question_about_the_message(harness: AnswerHarness) -> None:
    """For whoever has clicked; what is wrong is told to that person, not by the first one's address."""
    opening = say(harness, "We move on Friday.")
    use(harness, opening, "ask")
    harness.ahead += 60
    send(harness, "Why Friday?")
    run_all(harness)
    (key,) = harness.spool.keys("done")
    question = Question.from_facts(harness.spool.peek("done", key)[0])
    ts = f"{harness.clock() + 60:.6f}"
    click = Click("again", "C0PRACTICE", opening.ts, "1.1", str(key), BY, SECOND, "T0PRACTICE", ts)

    again = repeat_question(click, question)
    assert harness.spool.put(Key.parse(again.key), again.facts())
    run_all(harness)

    assert ("ask", SECOND, ts, "") == (again.kind, again.user, again.asked_at, again.response_url)
    assert 2 == len(replies(harness, opening))
    assert "Why Friday?" in conversation(harness)[-1][1]
    assert "The message is: “We move on Friday.”" in conversation(harness)[-1][1]
