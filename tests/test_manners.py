"""What CocoAI notes of the talk in a thread, and what it does by that: it does not butt in, nor answer thanks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pytest

from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.rehearse import QUESTION
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_switches import SCOPES, SlackSwitches
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_upload import OutgoingFile, Place, bring_file
from cocoai.slack.inbound.follow_ups import is_only_thanks
from cocoai.slack.model.talk import Talk, ends_with_question
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.thread_marks import MOST_BYTES
from cocoai.texts import ENGLISH, JAPANESE, command
from tests.deployment import Deployment, deploy
from tests.processes import wait_until
from tests.test_controls import ended
from tests.test_direct_messages import reactions_to
from tests.test_talk import is_ignored

ASKER, SECOND = "U0ASKER01", "U0ASKER02"
PICTURE = PracticeFile("a.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(64))
CHANNEL = "C0PRACTICE"


# Talk: what has happened in a thread


def test_a_talk_goes_on() -> None:
    """Each step changes what the next line means; facts survive being written."""
    asked = Talk().asked(ASKER)
    answered = asked.answered(asks=True, has_others=False)
    overheard = answered.overheard(SECOND)

    assert Talk(ASKER) == asked
    assert Talk(ASKER, asks=True) == answered
    assert Talk(ASKER, has_others=True, is_ours=False, asks=True) == overheard
    assert Talk(SECOND, has_others=True) == overheard.asked(SECOND)
    assert overheard == Talk.from_facts(overheard.facts())
    assert Talk(ASKER, has_others=True) == asked.answered(asks=False, has_others=True)
    assert Talk(ASKER, is_ours=False) == asked.overheard(ASKER)
    spoken = asked.answered(asks=False, has_others=False, language="ja")
    assert "ja" == spoken.asked(SECOND).answered(asks=False, has_others=False).language


@pytest.mark.parametrize("facts", [{}, {"asker": 5, "asks": "yes", "is_ours": None, "more": 1}])
def test_odd_facts_of_a_talk_are_none(facts: dict[str, Any]) -> None:
    """Another version, or a power cut, may have left anything."""
    assert Talk() == Talk.from_facts(facts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("どちらにしますか？", True),
        ("宛先を教えてください。", True),
        ("Which one do you mean?", True),
        ("**A or B?**", True),
        ("Here it is.", False),
        ("できました。", False),
        ("Is it? Yes, it is.", False),
        ("", False),
    ],
)
def test_an_answer_that_asks_back(text: str, expected: bool) -> None:
    """It ends with a question, or with a request to tell something."""
    assert expected == ends_with_question(text)


# The thread's mark


def test_a_mark_keeps_what_is_noted(tmp_path: Path) -> None:
    """The last whole line counts, whatever stands before or behind it."""
    spool = FileSpool(str(tmp_path))
    spool.make_folders()
    mark = tmp_path / "threads" / f"{CHANNEL}-1.5"

    assert spool.mark_of(CHANNEL, "1.5") is None
    spool.note(CHANNEL, "1.5", lambda _: {"asker": ASKER})
    spool.note(CHANNEL, "1.5", lambda _: {"asks": True})
    assert {"asker": ASKER, "asks": True} == spool.mark_of(CHANNEL, "1.5")
    size = mark.stat().st_size
    spool.note(CHANNEL, "1.5", lambda _: {"asks": True})
    assert size == mark.stat().st_size
    with mark.open("ab") as file:
        file.write(b'[1]\n\x00\x00\n{"torn')
    assert {"asker": ASKER, "asks": True} == spool.mark_of(CHANNEL, "1.5")


def test_a_mark_stays_small(tmp_path: Path) -> None:
    """However long people talk."""
    spool = FileSpool(str(tmp_path))
    spool.make_folders()
    for _ in range(1000):
        spool.note("D0PRACTICE", "", lambda facts: {"number": facts.get("number", -1) + 1})

    assert {"number": 999} == spool.mark_of("D0PRACTICE", "")
    assert (tmp_path / "threads" / "D0PRACTICE").stat().st_size < 2 * MOST_BYTES


# Through a whole deployment


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    """Yield one deployment for the tests below."""
    with deploy(tmp_path_factory.mktemp("house"), certificates) as running:
        yield running


def say(deployment: Deployment, user: str, text: str, thread: Message) -> Message:
    """Write a line without a mention into the thread."""
    return deployment.slack.say(user, text, thread_ts=thread.ts)


def talk(deployment: Deployment, thread: Message) -> Talk:
    """Return what is noted of the talk in the thread."""
    return Talk.from_facts(deployment.spool.mark_of(CHANNEL, thread.ts) or {})


def test_it_does_not_butt_in(deployment: Deployment) -> None:
    """What colleagues say to each other is ignored, until the asker turns to CocoAI again; it has seen their words."""
    thread = deployment.ask("write a notice")
    ended(deployment, thread)
    assert is_ignored(deployment, say(deployment, SECOND, "looks fine, can you send it by friday?", thread))
    wait_until(lambda: not talk(deployment, thread).is_ours)
    assert is_ignored(deployment, say(deployment, ASKER, "will do, thanks Sam", thread))

    ended(deployment, say(deployment, ASKER, "make it shorter", thread))

    shown = [str(each["content"]) for each in deployment.openai.requests[-1].body["messages"][1:]]
    assert any("by friday?" in content for content in shown)
    assert Talk(ASKER, has_others=True, language="en") == talk(deployment, thread)


@pytest.mark.parametrize("echo", ["user", "bot_id"])
def test_its_own_picture_is_no_question(
    deployment: Deployment, certificates: Certificates, tmp_path: Path, echo: Literal["user", "bot_id"]
) -> None:
    """A picture that it brings into a thread comes back to it under either of its ids: it is ignored, and no speech."""
    deployment.slack.switches.share_echo = echo
    thread = deployment.ask("draw a cat")
    ended(deployment, thread)
    (tmp_path / "cat.png").write_bytes(PICTURE.data)
    with closing(DirectClient(tls_context(certificates.ca_file))) as client:
        slack = SlackChat(client, api_url=deployment.slack.api_url, token=deployment.slack.token)
        file = OutgoingFile(str(tmp_path / "cat.png"), "cat.png", "For <@U0COCOAI>")
        place = Place(CHANNEL, thread.ts)
        shown = bring_file(slack, file, place, None, lambda _: True, sleep=lambda _: deployment.slack.show_uploads())
    picture = deployment.slack.workspace.find(CHANNEL, shown.ts)
    assert picture
    assert is_ignored(deployment, picture)

    ended(deployment, say(deployment, ASKER, "make it shorter", thread))

    assert [] == [each for each in deployment.openai.requests[-1].body["messages"] if "cat.png" in str(each["content"])]
    assert [picture.ts] == [each.ts for each in deployment.slack.thread(CHANNEL, thread.ts) if each.files]


def test_whoever_is_asked_back_may_answer(deployment: Deployment) -> None:
    """A second person's short line right behind CocoAI's question is the answer to it."""
    deployment.openai.switches = Model(answer="Which region?")
    thread = deployment.ask("estimate the bill")
    ended(deployment, thread)
    assert talk(deployment, thread).asks

    ended(deployment, say(deployment, SECOND, "eu-west-1", thread))

    assert Talk(SECOND, has_others=True, asks=True, language="en") == talk(deployment, thread)
    deployment.openai.switches = Model()


def test_people_who_spoke_before_the_question_count(deployment: Deployment) -> None:
    """CocoAI learns of them when it reads the thread for its answer."""
    thread = deployment.slack.say(SECOND, "does anybody know?")
    ended(deployment, deployment.ask("what is it?", thread_ts=thread.ts))

    assert Talk(ASKER, has_others=True, language="en") == talk(deployment, thread)


def test_a_message_without_words_has_its_threads_language(deployment: Deployment) -> None:
    """Else that of the asker's Slack, which is Japanese here; it is asked for once."""
    thread = deployment.ask("what is this?")
    ended(deployment, thread)
    before = len(deployment.slack.calls)
    in_thread = deployment.slack.share(ASKER, "", [PICTURE], channel=CHANNEL, thread_ts=thread.ts)
    ended(deployment, in_thread)
    alone = []
    for _ in range(2):
        alone.append(deployment.slack.share(ASKER, "<@U0COCOAI>", [PICTURE], channel=CHANNEL))
        ended(deployment, alone[-1])

    calls = deployment.slack.calls[before:]
    posts = [call.arguments for call in calls if call.method == "chat.postMessage"]
    posted = {post["thread_ts"]: post["text"] for post in posts}
    assert [ENGLISH.placeholder, JAPANESE.placeholder, JAPANESE.placeholder] == [
        posted[message.thread_ts or message.ts] for message in (in_thread, *alone)
    ]
    assert 1 == [call.method for call in calls].count("users.info")


def test_thanks_get_a_reaction_and_cost_nothing(deployment: Deployment) -> None:
    """With a mention or without, delivered once or twice."""
    thread = deployment.ask("write a notice")
    ended(deployment, thread)
    paid = len(deployment.openai.requests)
    lines = [say(deployment, ASKER, "thank you!", thread), deployment.ask("ありがとう", thread_ts=thread.ts)]
    deployment.slack.wait_for(lambda: all(reactions_to(deployment, line) for line in lines) or None)

    assert [{"smile_cat": ("U0COCOAI",)}] * 2 == [reactions_to(deployment, line) for line in lines]
    assert [[], []] == [deployment.replies(line) for line in lines]
    assert paid == len(deployment.openai.requests)


def test_without_the_scope_thanks_get_nothing(deployment: Deployment) -> None:
    """The job ends all the same, and the log says why."""
    thread = deployment.ask("write a notice")
    ended(deployment, thread)
    deployment.slack.switches.scopes = SCOPES - {"reactions:write"}
    line = say(deployment, ASKER, "thank you!", thread)
    wait_until(lambda: [key for key in deployment.spool.keys("done") if key.ts == line.ts])
    deployment.slack.switches.scopes = SlackSwitches().scopes

    assert ({}, []) == (reactions_to(deployment, line), deployment.replies(line))
    wait_until(lambda: "outcome=thanked-silently" in deployment.log())


def test_the_rehearsals_question_is_for_the_model() -> None:
    """What `cocoai rehearse` asks is no command: it shows an answer that grows."""
    assert "" == command(QUESTION.removeprefix("<@U0COCOAI> "))
    assert not is_only_thanks(QUESTION)
