"""slack/api/block_fallback.py against the practice Slack, which may refuse charts, tables of data, and icons."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from cocoai.engine.client.client import HttpClient
from cocoai.errors import Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.slack.api.block_fallback import BlockFallback, post_with_blocks
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.markdown.message_layout import Shown, section
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


# plainer blocks


PLAINER = Shown("so", (WORDS, CHART), (WORDS, TABLE))
"""A message whose plainer blocks have no chart."""


def fallback_posts(chat: SlackChat, practice: PracticeSlack, fallback: BlockFallback, shown: Shown) -> list[str]:
    """Post a message with the fallback; return the outcomes of the calls."""
    before, blocks = len(practice.calls), fallback.first(shown)
    with contextlib.suppress(Permanent):
        while len(practice.calls) - before < 9:  # else it never ends
            try:
                chat.post(HERE, shown.text, "", METADATA, blocks=blocks)
                break
            except Permanent as refusal:
                blocks = fallback.next(shown, blocks, refusal, may_be_bare=False)
    return [call.outcome for call in practice.calls[before:]]


def test_plainer_blocks_are_remembered(chat: SlackChat, practice: PracticeSlack) -> None:
    """A process that had a message taken with its plainer blocks sends these at once; a new process tries both."""
    practice.switches.charts = False
    fallback = BlockFallback()
    calls = [fallback_posts(chat, practice, fallback, PLAINER) for _ in range(2)]
    practice.switches.charts = True

    assert [["invalid_blocks", "ok"], ["ok"]] == calls
    assert ["ok"] == fallback_posts(chat, practice, BlockFallback(), PLAINER)
    types = [[block["type"] for block in message.blocks] for message in practice.messages()]
    assert [["section", "data_table"]] * 2 + [["section", "data_visualization"]] == types


def test_what_is_refused_either_way_says_nothing_of_the_plainer(chat: SlackChat, practice: PracticeSlack) -> None:
    """A message that Slack refuses with its plainer blocks too was not refused because of the others."""
    fallback = BlockFallback()
    practice.switches.charts = practice.switches.data_tables = False
    refused = fallback_posts(chat, practice, fallback, PLAINER)
    practice.switches.charts = practice.switches.data_tables = True

    assert [["invalid_blocks"] * 2, ["ok"]] == [refused, fallback_posts(chat, practice, fallback, PLAINER)]
    assert ["section", "data_visualization"] == [block["type"] for block in practice.messages()[0].blocks]


def test_another_refusal_is_not_about_blocks(chat: SlackChat, practice: PracticeSlack) -> None:
    """It is raised at once."""
    practice.fail("chat.postMessage", SlackFault("refused", code="is_archived"), times=2)

    assert ["is_archived"] == fallback_posts(chat, practice, BlockFallback(), PLAINER)
