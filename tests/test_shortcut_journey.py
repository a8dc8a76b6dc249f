"""The way of a shortcut, and of a reaction, through a whole deployment, over TLS to the practice Slack."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.texts import ENGLISH, JAPANESE, Texts
from tests.books import books
from tests.charges import charges
from tests.deployment import Deployment, deploy, payload
from tests.processes import wait_until

BY, AUTHOR = "U0ASKER01", "U0ASKER02"
"""Whose Slack is in Japanese; and who wrote the message, and uses Slack in English."""

IN_BOTH = pytest.mark.parametrize(("user", "language", "texts"), [(BY, "ja", JAPANESE), (AUTHOR, "en", ENGLISH)])
"""Parametrizes a test by who uses a shortcut, and by that person's language and its fixed texts."""

OUTSIDE = "C0OUTSIDE"
"""A channel in which we are no member."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield a running deployment that knows who it is."""
    with deploy(tmp_path_factory.mktemp("house"), certificates, COCOAI_POOL_SLOTS="2") as running:
        running.answer_to(running.ask("hello?"))
        yield running


def answer_about(deployment: Deployment, message: Message) -> Message:
    """Wait until the answer to a shortcut stands in the thread of its message; return it."""

    def answered() -> Message | None:
        thread = deployment.slack.thread(message.channel, message.ts)
        return next((each for each in thread if payload(each).get("kind") == "answer"), None)

    return deployment.slack.wait_for(answered)


@IN_BOTH
def test_a_shortcut_is_answered_in_the_thread_and_to_others_nowhere(
    deployment: Deployment, user: str, language: str, texts: Texts
) -> None:
    """Slack has its 200 first; where we are no member only whoever chose it is shown the answer."""
    shown_before = len(deployment.slack.ephemeral_messages(OUTSIDE))
    inside = deployment.slack.say(AUTHOR, "Hello everybody.")
    outside = deployment.slack.say(AUTHOR, "Hello outside.", channel=OUTSIDE)

    used = [
        deployment.slack.shortcut(user, inside.ts, "cocoai_translate"),
        deployment.slack.shortcut(user, outside.ts, "cocoai_translate", OUTSIDE),
    ]

    def shown() -> tuple[Message, ...]:
        return deployment.slack.ephemeral_messages(OUTSIDE)[shown_before:]

    assert [200, 200] == [each.status for each in used]
    assert f"-{inside.ts}-translate_{language}" in str(payload(answer_about(deployment, inside))["key"])
    deployment.slack.wait_for(lambda: [each for each in shown() if texts.tasks["private"] in each.text])
    assert {user} == {each.only_for for each in shown()}
    assert outside == deployment.slack.messages(OUTSIDE)[-1]


@pytest.mark.parametrize(
    ("user", "emoji", "trigger", "texts"),
    [(BY, "flag-de", "translate_de", JAPANESE), (AUTHOR, "memo", "summarize", ENGLISH)],
)
def test_a_reaction_is_answered_in_the_thread_and_its_refusal_is_whispered(
    deployment: Deployment, user: str, emoji: str, trigger: str, texts: Texts
) -> None:
    """In the language of whoever reacted; a message that is deleted meanwhile costs nothing."""
    message = deployment.slack.say(AUTHOR, "Hello everybody.")
    gone = deployment.slack.say(AUTHOR, "Never mind.")
    deployment.slack.wait_for_deliveries()

    deployment.slack.react(user, message.ts, emoji)
    answer = answer_about(deployment, message)
    asked, charged = len(deployment.openai.requests), charges(books(deployment.var))
    reaction = next(each for each in reversed(deployment.slack.payloads) if each["event"]["type"] == "reaction_added")
    deployment.slack.delete(gone.channel, gone.ts)
    late = {**reaction["event"], "item": {**reaction["event"]["item"], "ts": gone.ts}}
    deployment.slack.deliver({**reaction, "event": late, "event_id": f"Ev{trigger.upper().replace('_', '')}"})
    told = deployment.slack.wait_for(
        lambda: [each for each in deployment.slack.ephemeral_messages() if each.text == texts.tasks["gone"]]
    )

    assert f"{message.ts}-{trigger}" in str(payload(answer)["key"])
    assert (user, deployment.openai.bills[-1].nano_dollars) == (charged[-1].person, charged[-1].spent)
    assert [user] == [each.only_for for each in told]
    assert asked == len(deployment.openai.requests)
    assert {200} == {each.status for each in deployment.slack.deliveries}


@IN_BOTH
def test_a_form_is_opened_and_what_is_typed_is_answered(
    deployment: Deployment, user: str, language: str, texts: Texts
) -> None:
    """By a process that holds no slot and is gone at once; in the language that is known by then."""
    message = deployment.slack.say(AUTHOR, "We move on Friday.")

    assert deployment.slack.shortcut(user, message.ts, "cocoai_ask").is_accepted
    (form,) = deployment.slack.wait_for(lambda: deployment.slack.views_of(user))
    wait_until(lambda: not any(name.startswith("modal") for name in deployment.held_locks()))
    sent = deployment.slack.submit_view(user, form.id, {"question": "Why Friday?"})

    assert texts.ask["title"] == form.view["title"]["text"]
    assert (200, b"") == (sent.status, sent.reply)
    assert "Why Friday?" in answer_about(deployment, message).text
    shown = json.dumps(deployment.openai.requests[-1].body["messages"][-1], ensure_ascii=False)
    assert "The message is: “We move on Friday.”" in shown


def test_with_every_slot_taken_a_form_opens_all_the_same(deployment: Deployment) -> None:
    """And a shortcut is heard: its placeholder stands before a slot is free."""
    deployment.openai.switches.piece_delay = 0.5
    deployment.openai.switches.answer = "word " * 40
    asked = [deployment.ask(f"question {n}?") for n in range(2)]
    deployment.slack.wait_for(lambda: all(deployment.replies(each) for each in asked) or None)
    message = deployment.slack.say(AUTHOR, "We move on Monday.")

    deployment.slack.shortcut(BY, message.ts, "cocoai_ask")
    deployment.slack.shortcut(BY, message.ts, "cocoai_proofread")

    assert deployment.slack.wait_for(lambda: deployment.slack.views_of(BY))
    thread = deployment.slack.wait_for(lambda: deployment.slack.thread(message.channel, message.ts)[1:])
    assert "placeholder" == payload(thread[0])["kind"]
    deployment.openai.switches.piece_delay = 0.0
    answer_about(deployment, message)
