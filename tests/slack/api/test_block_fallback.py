"""slack/api/block_fallback.py against the practice Slack, which may refuse charts, and tables of data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from cocoai.engine.client.client import HttpClient
from cocoai.errors import Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.slack.api.block_fallback import post_with_blocks
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import section
from cocoai.slack.model.chart_block import TableNumber, bar_chart, data_table
from cocoai.slack.model.messages import MessageMetadata

HERE = "C0PRACTICE"
WORDS = section("*$0.42* in November")
CHART = bar_chart("Cost", [("chat", [0.42])], ["11/01"], y_label="USD")
TABLE = data_table("By model", ["model", "USD"], [["gpt", TableNumber(0.42, "$0.42")]])
METADATA = MessageMetadata("C0PRACTICE-1763822400.000100-1763822400.000100", "note")


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeSlack]:
    with PracticeSlack(certificates) as server:
        yield server


@pytest.fixture
def chat(client: HttpClient, practice: PracticeSlack) -> SlackChat:
    return SlackChat(client, api_url=practice.api_url, token=TOKEN)


def post(chat: SlackChat, *blocks: Mapping[str, Any], thread_ts: str = "") -> str:
    return post_with_blocks(chat, HERE, "$0.42", blocks, thread_ts=thread_ts, metadata=METADATA)


def posted_types(practice: PracticeSlack) -> Sequence[str]:
    """Return the types of the blocks of the only message, which has its text and its metadata in any case."""
    (message,) = practice.messages()
    assert ("$0.42", "note") == (message.text, (message.metadata or {})["event_payload"]["kind"])
    return [block["type"] for block in message.blocks]


@pytest.mark.parametrize(
    ("refused", "shown", "calls"),
    [
        ({}, ["section", "data_visualization", "data_table"], 1),
        ({"charts": False}, ["section", "data_table"], 2),
        ({"charts": False, "data_tables": False}, [], 3),
        ({"data_tables": False}, [], 3),
    ],
)
def test_a_message_arrives(
    chat: SlackChat, practice: PracticeSlack, refused: dict[str, bool], shown: list[str], calls: int
) -> None:
    """Where the chart is refused, the table stays; where that is refused, too, the text says it all."""
    for switch, value in refused.items():
        setattr(practice.switches, switch, value)
    ts = post(chat, WORDS, CHART, TABLE)

    assert shown == posted_types(practice)
    assert ["invalid_blocks"] * (calls - 1) + ["ok"] == [call.outcome for call in practice.calls]
    assert [ts] == [message.ts for message in practice.messages()]


@pytest.mark.parametrize(("blocks", "calls"), [((), 1), ((CHART,), 2), ((TABLE,), 2)])
def test_no_version_is_tried_twice(
    chat: SlackChat, practice: PracticeSlack, blocks: tuple[Mapping[str, Any], ...], calls: int
) -> None:
    """Without a chart, or with nothing but one, there are fewer versions to try."""
    practice.switches.charts = practice.switches.data_tables = False
    post(chat, *blocks)

    assert ([], calls) == (posted_types(practice), len(practice.calls))


def test_in_a_thread(chat: SlackChat, practice: PracticeSlack) -> None:
    """A message without its chart is in its thread, too."""
    practice.switches.charts = False
    question = practice.say("U0ASKER01", "usage")
    post(chat, CHART, TABLE, thread_ts=question.ts)

    assert [["data_table"]] == [
        [block["type"] for block in message.blocks] for message in practice.thread(HERE, question.ts)[1:]
    ]


@pytest.mark.parametrize("code", ["invalid_blocks", "channel_not_found"])
def test_a_refusal_of_the_text(chat: SlackChat, practice: PracticeSlack, code: str) -> None:
    """A refusal of the text alone is raised, and one that is not about the blocks at once."""
    practice.fail("chat.postMessage", SlackFault("refused", code=code), times=3)
    with pytest.raises(Permanent, match=code):
        post(chat, WORDS, CHART)

    assert (3 if code == "invalid_blocks" else 1, ()) == (len(practice.calls), practice.messages())


def test_a_lost_reply(chat: SlackChat, practice: PracticeSlack) -> None:
    """A message whose reply is lost is not posted a second time by a later call."""
    question = practice.say("U0ASKER01", "usage")
    metadata = MessageMetadata(f"{HERE}-{question.ts}-{question.ts}", "note")
    practice.fail("chat.postMessage", SlackFault("reply lost"))
    with pytest.raises(Temporary):
        post_with_blocks(chat, HERE, "$0.42", [CHART], thread_ts=question.ts, metadata=metadata)
    post_with_blocks(chat, HERE, "$0.42", [CHART], thread_ts=question.ts, metadata=metadata)

    assert 2 == len(practice.thread(HERE, question.ts))
