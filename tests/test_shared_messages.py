"""A forwarded message or a pasted table as a question, from the practice Slack to what the model is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.json_shapes import message_json, share_json, table_json
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import PracticeMessage
from cocoai.slack.model.files import files_of
from cocoai.slack.model.message_text import own_text, shown_text
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key
from tests.answer_harness import AnswerHarness
from tests.deployment import deploy, payload
from tests.options import FixedPersonas
from tests.test_controls import ended

NOTE = PracticeFile("note.txt", "text/plain", "四十脚".encode())


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[AnswerHarness]:
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield AnswerHarness(tmp_path, certificates, slack, openai)


def ask(
    harness: AnswerHarness, text: str, *attachments: Any, thread_ts: str = "", is_bare: bool = False
) -> PracticeMessage:
    """Ask a question with attachments and run it; return its message. If `is_bare`, its event came without them."""
    message = harness.slack.say("U0ASKER01", text, thread_ts=thread_ts or None, attachments=attachments)
    event = message_json(harness.slack.workspace, message)
    question = Question(
        "mention", message.channel, thread_ts or message.ts, message.ts, message.user, "T0", own_text(event), "Ev", 0
    )
    if is_bare:
        question = replace(question, is_bare=True)
    else:
        files = tuple(file.facts() for file in files_of(event))
        question = replace(question, shown=shown_text(event), files=files)
    assert harness.spool.put(Key.parse(question.key), question.facts())
    harness.run()
    return message


def sent(harness: AnswerHarness) -> Any:
    """Return the content of the last message of the last request to the model."""
    return harness.openai.requests[-1].body["messages"][-1]["content"]


def forwarded(harness: AnswerHarness, text: str, *files: PracticeFile) -> Any:
    """Return the attachment by which Slack forwards a new message of somebody else."""
    slack = harness.slack
    message = slack.share("U0ASKER02", text, files) if files else slack.say("U0ASKER02", text)
    return share_json(slack.workspace, message)


def quoted(text: str) -> str:
    return f"[forwarded message from Second asker, Today, Posted in #practice]\n> {text}"


@pytest.mark.parametrize("text", ["It is late.", "reset", "help", "continue", "deep: why?", "モデル"])
@pytest.mark.parametrize("is_bare", [False, True])
def test_a_forwarded_message_alone_is_a_question(harness: AnswerHarness, text: str, is_bare: bool) -> None:
    """It goes to the model whatever it says, also if the app_mention came without it: it is no command or prefix."""
    harness.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})

    ask(harness, "<@U0COCOAI>", forwarded(harness, text), is_bare=is_bare)

    assert quoted(text) == sent(harness)
    assert "gpt-6-luna" == harness.openai.requests[-1].body["model"]


def test_a_prefix_before_a_forwarded_message_counts(harness: AnswerHarness) -> None:
    """The asker's own prefix chooses the model, and only that is taken out of the text."""
    harness.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})

    ask(harness, "<@U0COCOAI> deep: sum up", forwarded(harness, "deep: water"))

    assert f"sum up\n\n{quoted('deep: water')}" == sent(harness)
    assert "gpt-6.1-sol" == harness.openai.requests[-1].body["model"]


def test_a_prefix_behind_a_table_is_taken_out(harness: AnswerHarness) -> None:
    """Where a table with the same word stands before the asker's words, the table stays whole."""
    harness.changes["personas"] = FixedPersonas(prefixes={"deep": "gpt-6.1-sol"})
    slack = harness.slack
    text = [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "deep: sum"}]}],
        }
    ]
    table = table_json(("deep: water",))["blocks"]
    message = slack.workspace.post("D0PRACTICE", "U0ASKER01", "deep: sum", blocks=(*table, *text), client_msg_id="x")
    event = message_json(slack.workspace, message)
    question = Question("direct", message.channel, message.ts, message.ts, message.user, "T0", own_text(event), "Ev", 0)
    harness.spool.put(Key.parse(question.key), replace(question, shown=shown_text(event)).facts())

    harness.run()

    assert "| deep: water |\n| --- |\nsum" == sent(harness)
    assert "gpt-6.1-sol" == harness.openai.requests[-1].body["model"]


def test_a_mention_without_words_or_attachments_still_gets_help(harness: AnswerHarness) -> None:
    """A preview without words is nothing beside the text."""
    question = ask(harness, "<@U0COCOAI>", {"from_url": "https://a.example", "fallback": "[no preview available]"})

    assert [] == list(harness.openai.requests)
    assert "note" == harness.reply(question)[0]


def test_a_forwarded_file_is_read(harness: AnswerHarness) -> None:
    """A file of the forwarded message goes to the model as one that is attached to the question."""
    ask(harness, "<@U0COCOAI> how many?", forwarded(harness, "see", NOTE))

    file, text = (part["text"] for part in sent(harness))
    assert "四十脚" in file
    assert f"how many?\n\n{quoted('see')}" == text


def test_a_pasted_table_is_seen_in_the_question_and_later(harness: AnswerHarness) -> None:
    """The cells reach the model with the question, and again as part of the thread."""
    table = "| item | sum |\n| --- | --- |\n| pen | 12 |"

    question = ask(harness, "<@U0COCOAI> add up", table_json(("item", "sum"), ("pen", "12")))
    first = sent(harness)
    ask(harness, "<@U0COCOAI> and now?", thread_ts=question.ts)

    assert f"add up\n\n{table}" == first
    assert f"add up\n\n{table}" in [message["content"] for message in harness.openai.requests[-1].body["messages"]]


def test_the_whole_road(tmp_path: Path, certificates: Certificates) -> None:
    """Through nginx and the pool: both copies of each message come to the same, one answer or none."""
    with deploy(tmp_path, certificates) as deployment:
        slack = deployment.slack
        shared = share_json(slack.workspace, slack.say("U0ASKER02", "reset"))
        questions = [
            slack.say("U0ASKER01", "<@U0COCOAI>", attachments=[shared]),
            slack.say("U0ASKER01", "<@U0COCOAI> what is `<@U0COCOAI> deploy`?"),
            slack.say("U0ASKER01", "add up", channel="D0PRACTICE", attachments=[table_json(("pen", "12"))]),
        ]
        silent = [
            slack.say("U0ASKER01", "`<@U0COCOAI> deploy` is how you start it"),
            slack.say("U0ASKER01", "fyi", attachments=[share_json(slack.workspace, questions[1])]),
        ]
        answers = [ended(deployment, question) for question in questions]
        slack.wait_for_deliveries()

        assert ["answer"] * 3 == [payload(answer)["kind"] for answer in answers]
        assert [[], []] == [deployment.replies(message) for message in silent]
        assert {quoted("reset"), "what is `<@U0COCOAI> deploy`?", "add up\n\n| pen | 12 |\n| --- | --- |"} == {
            request.body["messages"][-1]["content"] for request in deployment.openai.requests
        }
