"""Many reactions at once, over nginx: one translation for each message and language, within limit and budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.workspace import Person
from tests.books import books
from tests.charges import charges
from tests.deployment import Deployment, deploy, payload
from tests.processes import wait_until

PEOPLE = [f"U0FLAG{n:02}" for n in range(10)]
LANGUAGES = ("jp", "us", "de", "fr", "es", "it", "kr", "ru", "cn", "flag-br")


def invite(built: Deployment) -> None:
    """Let ten people into the workspace."""
    for user in PEOPLE:
        built.slack.add(Person(user, user.title()))


def replies(built: Deployment) -> Counter[tuple[str, str]]:
    """Return how many messages of each kind we have posted for each job."""
    messages = [payload(message) for message in built.slack.messages()]
    return Counter((str(each["key"]), str(each["kind"])) for each in messages if each)


def is_over(built: Deployment, number: int) -> bool:
    """Check whether as many jobs have ended, and none waits."""
    return not built.spool.keys("ready") and len(built.spool.keys("done")) + len(built.spool.keys("failed")) == number


def test_a_hundred_flags_are_one_translation_for_each_message_and_language(
    short_folder: Callable[[], Path], certificates: Certificates
) -> None:
    """Ten people put two flags under each of five messages, all at once: ten answers, and ten charges."""
    model = partial(PracticeOpenAI, switches=Model(answer="こんにちは。"))
    with deploy(short_folder(), certificates, openai=model) as built:
        invite(built)
        messages = [built.slack.say("U0OTHER01", f"Message {n}.") for n in range(5)]
        flags = {"flag-jp": "ja", "us": "en"}

        with ThreadPoolExecutor(10) as pool:
            reactions = [(user, message.ts, flag) for user in PEOPLE for message in messages for flag in flags]
            list(pool.map(lambda reaction: built.slack.react(*reaction), reactions))
        built.slack.wait_for_deliveries()
        wait_until(lambda: is_over(built, 10))

        places = [f"C0PRACTICE-{message.ts}-{message.ts}" for message in messages]
        keys = [f"{place}-translate_{language}" for place in places for language in flags.values()]
        assert Counter((key, "answer") for key in keys) == replies(built)
        assert 10 == len(built.openai.requests) == len(charges(books(built.var)))
        assert built.openai.billed == sum(charge.spent or 0 for charge in charges(books(built.var)))
        assert {200} == {each.status for each in built.slack.deliveries}


def test_a_person_with_many_flags_waits_and_no_flag_costs_more_than_there_is(
    short_folder: Callable[[], Path], certificates: Certificates
) -> None:
    """Of ten flags by one person three are done, and the person is told once; what others want goes on.

    Then the budget of the month is used up: each is told, and the ledger is not over it.
    """
    limits = {"COCOAI_BUDGET_QUESTIONS_PER_MINUTE": "3", "COCOAI_BUDGET_MONTHLY_USD": "0.0014"}
    start: Any = partial(deploy, short_folder(), certificates)
    with start(**limits) as built:
        invite(built)
        message = built.slack.say("U0OTHER01", "Hello everybody.")
        for flag in LANGUAGES:
            built.slack.react(PEOPLE[0], message.ts, flag)
        built.slack.wait_for_deliveries()
        wait_until(lambda: is_over(built, 4))
        whispered = [each.text for each in built.slack.ephemeral_messages() if each.only_for == PEOPLE[0]]

        assert 3 == len([kind for _, kind in replies(built) if kind == "answer"])
        assert 1 == len(whispered)

        for user in PEOPLE[1:]:
            for flag in LANGUAGES:
                built.slack.react(user, message.ts, flag)
        built.slack.wait_for_deliveries()
        wait_until(lambda: not built.spool.keys("ready"))

        spent = [charge.spent for charge in charges(books(built.var))]
        kinds = Counter(kind for _, kind in replies(built))
        assert None not in spent
        assert sum(filter(None, spent)) <= 1_400_000
        assert {"answer", "error"} == kinds.keys()
        assert len(replies(built)) == sum(replies(built).values())
        assert len(spent) == kinds["answer"]
