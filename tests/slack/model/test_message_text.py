"""slack/model/message_text.py, attachment_text.py, block_text.py, table_text.py: what a message has beside its text.

Each message is given as Slack's JSON, and read as the model is shown it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.slack.model.attachment_text import MOST_DEPTH, NOT_DISPLAYED
from cocoai.slack.model.files import files_of
from cocoai.slack.model.message_text import CUT, MOST_SHOWN, addressed, own_text, shown_text, written_anywhere
from cocoai.slack.model.messages import message_of
from cocoai.slack.model.plain_text import plain_text

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

JSON = dict[str, Any]


def seen(**message: Any) -> str:
    """Return what the model is shown of a message."""
    read = message_of({"ts": "100.000000", **message})
    assert read
    return plain_text(read.content, "U0COCOAI")


def rich(*elements: JSON, kind: str = "section") -> JSON:
    """Return a rich_text block of one part with these elements."""
    return {"type": "rich_text", "elements": [{"type": f"rich_text_{kind}", "elements": list(elements)}]}


def typed(text: str, **style: bool) -> JSON:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def table(*rows: str) -> JSON:
    """Return a table block; each row is its cells, separated by commas."""
    cells = [[{"type": "raw_text", "text": cell} for cell in row.split(",")] for row in rows]
    return {"type": "table", "rows": cells}


def section(text: str, **more: Any) -> JSON:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


# Forwarded and linked messages

SHARED: JSON = {
    "is_share": True,
    "is_msg_unfurl": True,
    "author_name": "Hana",
    "channel_id": "C0SALES",
    "text": "The chairs come <!date^0^{date}|on Friday>.",
    "fallback": "[October 9th] Hana: The chairs come on Friday.",
    "ts": "1760000000.000100",
}
SHOWN = "[forwarded message from Hana, October 9th]\n> The chairs come on Friday."


def message_blocks(*blocks: JSON, **message: Any) -> list[JSON]:
    return [{"team": "T0HOME", "channel": "C0SALES", "ts": "1.0", "message": {"blocks": list(blocks), **message}}]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"text": "", "attachments": [SHARED]}, SHOWN),
        ({"text": "<@U0COCOAI> when?", "attachments": [SHARED]}, f"when?\n\n{SHOWN}"),
        (
            {
                "text": "when?",
                "blocks": [rich(typed("when?"))],
                "attachments": [SHARED | {"message_blocks": message_blocks(rich(typed("The chairs come on Friday.")))}],
            },
            f"when?\n\n{SHOWN}",
        ),
        (
            {
                "text": "",
                "attachments": [SHARED, SHARED | {"author_name": "Ben", "text": "No,\nMonday.", "fallback": ""}],
            },
            f"{SHOWN}\n\n[forwarded message from Ben]\n> No,\n> Monday.",
        ),
        (
            {
                "text": "",
                "attachments": [SHARED | {"fallback": "x", "footer": "Posted in #sales", "channel_name": "sales"}],
            },
            "[forwarded message from Hana, Posted in #sales]\n> The chairs come on Friday.",
        ),
        (
            {"text": "", "attachments": [SHARED | {"fallback": "", "footer": f"{'x' * 75} <#C0SALES|sales>"}]},
            f"[forwarded message from Hana, {'x' * 75} ]\n> The chairs come on Friday.",
        ),
        (
            {"text": "", "attachments": [SHARED | {"fallback": "", "channel_name": "sales"}]},
            "[forwarded message from Hana, in #sales]\n> The chairs come on Friday.",
        ),
        (
            {
                "text": "<https://a.slack.com/archives/C0/p1>",
                "attachments": [
                    {"is_msg_unfurl": True, "from_url": "https://a.slack.com/archives/C0/p1", "text": "Hi."}
                ],
            },
            "https://a.slack.com/archives/C0/p1\n\n[linked message]\n> Hi.",
        ),
        (
            {"text": "", "attachments": [{"is_share": True, "author_id": "U0BEN", "fallback": "[Today] Ben: Hello."}]},
            "[forwarded message from @somebody, Today]\n> [Today] Ben: Hello.",
        ),
        (
            {"text": "", "attachments": [{"is_share": True, "author_name": "Ben", "files": [{"id": "F0"}]}]},
            "[forwarded message from Ben]",
        ),
        (
            {
                "text": "",
                "attachments": [
                    {
                        "is_share": True,
                        "text": "Alert",
                        "message_blocks": message_blocks(section("*CPU* high"), table("host,load", "web-1,9")),
                    }
                ],
            },
            "[forwarded message]\n> *CPU* high\n> | host | load |\n> | --- | --- |\n> | web-1 | 9 |",
        ),
        (
            {
                "text": "",
                "attachments": [
                    {
                        "is_share": True,
                        "author_name": "Ben",
                        "text": "see",
                        "message_blocks": message_blocks(rich(typed("see")), attachments=[SHARED]),
                    }
                ],
            },
            "[forwarded message from Ben]\n> see\n> " + SHOWN.replace("\n", "\n> "),
        ),
        (
            {
                "text": "",
                "attachments": [
                    {"is_share": True, "text": "cut …", "message_blocks": message_blocks(rich(typed("cut no more")))}
                ],
            },
            "[forwarded message]\n> cut no more",
        ),
    ],
    ids=[
        "alone",
        "with a comment",
        "repeated in blocks",
        "several",
        "from a channel by its footer",
        "a long footer",
        "from a channel by its name",
        "linked",
        "fallback alone",
        "a file alone",
        "an alert with a table",
        "one that forwards another",
        "text is cut",
    ],
)
def test_a_forwarded_message(message: JSON, expected: str) -> None:
    """It is quoted once, under a heading that says from whom, when and where, behind the comment."""
    assert expected == seen(**message)


def test_the_same_words_forwarded_are_not_left_out() -> None:
    """A comment that repeats the forwarded words leaves them where they are."""
    assert "OK\n\n[forwarded message from Hana]\n> OK" == seen(
        text="OK", attachments=[SHARED | {"text": "OK", "fallback": ""}]
    )


def test_what_is_forwarded_are_nobodys_own_words() -> None:
    """The author of a forwarded message typed nothing and addresses nobody."""
    message = {"text": "", "attachments": [SHARED | {"text": "<@U0COCOAI> reset"}]}

    assert "" == own_text(message)
    assert frozenset() == addressed(message)
    assert {"U0COCOAI"} == written_anywhere(message)


FILE = {"id": "F0ONE", "name": "one.txt", "url_private": "https://files.slack.com/one"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"attachments": [SHARED | {"files": [FILE]}]}, ["F0ONE"]),
        ({"files": [{"id": "F0TWO"}], "attachments": [SHARED | {"files": [FILE]}]}, ["F0TWO", "F0ONE"]),
        ({"files": [FILE, {"id": "F0TWO"}], "attachments": [SHARED | {"files": [FILE]}]}, ["F0ONE", "F0TWO"]),
        ({"attachments": [SHARED | {"attachments": [SHARED | {"files": [FILE]}]}]}, ["F0ONE"]),
        ({"attachments": [SHARED | {"message_blocks": message_blocks(attachments=[{"files": [FILE]}])}]}, ["F0ONE"]),
        ({"attachments": [SHARED | {"files": [FILE | {"mode": "tombstone"}, None, {}]}, None, 7]}, []),
        ({"attachments": {"files": [FILE]}}, []),
    ],
)
def test_files_of_a_forwarded_message_are_the_messages_own(message: JSON, expected: list[str]) -> None:
    """Each is there once, behind the message's own files, in their order."""
    assert expected == [file.id for file in files_of(message)]


# Tables

SHEET = "| item | sum |\n| --- | --- |\n| pen | 12 |"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {
                "text": "<@U0COCOAI> add up",
                "blocks": [rich({"type": "user", "user_id": "U0COCOAI"}, typed(" add up"))],
                "attachments": [
                    {"id": 1, "blocks": [table("item,sum", "pen,12")], "fallback": "[no preview available]"}
                ],
            },
            f"add up\n\n{SHEET}",
        ),
        (
            {
                "text": "before\nafter",
                "blocks": [rich(typed("before")), table("item,sum", "pen,12"), rich(typed("after"))],
            },
            f"before\n{SHEET}\nafter",
        ),
        ({"text": "", "blocks": [table("item,sum", "pen,12")]}, SHEET),
        ({"text": "add up", "blocks": [table("item,sum", "pen,12")]}, f"add up\n{SHEET}"),
        (
            {
                "text": "add up",
                "blocks": [rich(typed("add up")), table("item,sum", "pen,12")],
                "attachments": [{"blocks": [table("item,sum", "pen,12")]}],
            },
            f"add up\n{SHEET}",
        ),
        (
            {
                "text": "",
                "blocks": [
                    {
                        "type": "table",
                        "rows": [
                            [
                                {"type": "raw_text", "text": "a|b"},
                                rich({"type": "link", "url": "https://a.example/", "text": "x|y"}),
                            ],
                            [None, rich(typed("two\nlines"), {"type": "user", "user_id": "U0BEN"})],
                            "odd",
                            [],
                        ],
                    }
                ],
            },
            "| a\\|b | x|y (https://a.example/) |\n| --- | --- |\n|  | two lines@somebody |\n|  |",
        ),
        (
            {
                "bot_id": "B0",
                "blocks": [
                    {
                        "type": "data_table",
                        "caption": "Sales",
                        "rows": [
                            [{"type": "raw_text", "text": "month"}, {"type": "raw_text", "text": "yen"}],
                            [
                                {"type": "raw_text", "text": "5月"},
                                {"type": "raw_number", "value": 1200, "text": "1,200"},
                            ],
                            [{"type": "raw_text", "text": "6月"}, {"type": "raw_number", "value": 900.5}],
                        ],
                    }
                ],
            },
            "Sales\n| month | yen |\n| --- | --- |\n| 5月 | 1,200 |\n| 6月 | 900.5 |",
        ),
        (
            {
                "bot_id": "B0",
                "blocks": [
                    {
                        "type": "data_visualization",
                        "title": "Load",
                        "chart": {
                            "type": "bar",
                            "series": [
                                {"name": "web", "data": [{"label": "Mon", "value": 1}, {"label": "Tue", "value": 2}]},
                                {"name": "db", "data": [{"label": "Mon", "value": 3}, {"label": "Tue", "value": 4}]},
                            ],
                        },
                    }
                ],
            },
            "[chart: Load]\n|  | web | db |\n| --- | --- | --- |\n| Mon | 1 | 3 |\n| Tue | 2 | 4 |",
        ),
    ],
    ids=[
        "pasted",
        "between two texts",
        "alone",
        "beside a text without blocks",
        "in blocks and in an attachment",
        "odd cells",
        "data table",
        "chart",
    ],
)
def test_a_table(message: JSON, expected: str) -> None:
    """Its rows are shown as a Markdown table where it stands in the message, once."""
    assert expected == seen(**message)


def test_a_table_is_nobodys_own_words() -> None:
    """What a pasted table says is no command and mentions nobody."""
    cells = [[rich({"type": "user", "user_id": "U0COCOAI"}, typed(" reset"))]]
    message = {"text": "", "blocks": [{"type": "table", "rows": cells}]}

    assert "" == own_text(message)
    assert frozenset() == addressed(message)


# Alerts

ALERT: JSON = {
    "pretext": "Firing",
    "author_name": "Prometheus",
    "title": "CPU &gt; 90%",
    "title_link": "https://a.example/1",
    "text": "web-1 is *slow*",
    "fields": [{"title": "Host", "value": "web-1", "short": True}, {"title": "Since"}, {"value": "10 min"}, 7],
    "footer": "eu-west",
    "fallback": "CPU &gt; 90%: web-1 is slow",
}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            {"attachments": [ALERT]},
            "Firing\nPrometheus\nCPU > 90% (https://a.example/1)\nweb-1 is *slow*\nHost: web-1\nSince\n10 min\neu-west",
        ),
        (
            {
                "text": "Deploy failed",
                "attachments": [
                    {
                        "fallback": "[no preview available]",
                        "title": "api v12",
                        "blocks": [
                            {"type": "header", "text": {"type": "plain_text", "text": "api v12"}},
                            section("*Tests* failed", fields=[{"type": "mrkdwn", "text": "*Branch*\nmain"}]),
                            {"type": "context", "elements": [{"type": "image", "alt_text": "CI"}, {"text": "10:42"}]},
                        ],
                    }
                ],
            },
            "Deploy failed\n\napi v12\n*Tests* failed\n*Branch*\nmain\n[image: CI] 10:42",
        ),
        ({"text": "Disk full", "attachments": [{"fallback": "Disk full", "text": "Disk full"}]}, "Disk full"),
        ({"text": "Disk full", "attachments": [{"fallback": "Disk full on db-2"}]}, "Disk full\n\nDisk full on db-2"),
        (
            {
                "text": "Incident 7: db down",
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "Incident 7"}},
                    section("db is down"),
                    {"type": "actions", "elements": [{"type": "button", "text": {"text": "Ack"}}]},
                    {"type": "context", "elements": [{"type": "mrkdwn", "text": "on call: <@U0BEN>"}]},
                ],
            },
            "Incident 7\ndb is down\non call: @somebody",
        ),
        (
            {"attachments": [{"title": "Graph", "image_url": "https://a.example/g.png", "footer": "Grafana"}]},
            "Graph\n[image]\nGrafana",
        ),
    ],
    ids=["legacy", "blocks in an attachment", "said twice", "fallback says more", "blocks", "picture"],
)
def test_an_alert(message: JSON, expected: str) -> None:
    """A bot's headline, fields, blocks and context are read in their order, each once."""
    assert expected == seen(bot_id="B0ALERT", **message)


# Previews of links


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        (
            {
                "from_url": "https://a.example/7",
                "service_name": "GitHub",
                "title": "Fix the bug",
                "title_link": "https://a.example/7",
                "text": "It is mended.",
                "fields": [{"title": "Assignees", "value": "ana"}],
                "footer": "a/repo",
            },
            "> GitHub\n> Fix the bug\n> It is mended.\n> Assignees: ana\n> a/repo",
        ),
        (
            {
                "original_url": "https://a.example/7",
                "is_app_unfurl": True,
                "app_unfurl_url": "https://a.example/7",
                "blocks": [section("*Task* due <!date^0^{date}|tomorrow>")],
                "fallback": "[no preview available]",
            },
            "> *Task* due tomorrow",
        ),
        (
            {
                "from_url": "https://a.example/7",
                "service_name": "YouTube",
                "author_name": "A channel",
                "title": "A film",
                "video_html": "<iframe>",
                "thumb_url": "https://a.example/t.png",
            },
            "> YouTube\n> A channel\n> A film\n> [video]",
        ),
        (
            {"from_url": "https://a.example/7", "image_url": "https://a.example/7", "fallback": "800x600px image"},
            "> [image]",
        ),
    ],
    ids=["page", "app", "film", "picture"],
)
def test_a_preview_of_a_link(attachment: JSON, expected: str) -> None:
    """What Slack shows under a link is quoted as a preview; its address stands in the message already."""
    message = {"text": "look: <https://a.example/7>", "attachments": [attachment]}

    assert f"look: https://a.example/7\n\n[preview of a link]\n{expected}" == seen(**message)


def test_an_empty_preview_says_nothing() -> None:
    """A preview without words leaves the message as it is."""
    message = {"text": "look", "attachments": [{"from_url": "https://a.example", "fallback": "[no preview available]"}]}

    assert "" == shown_text(message)


# Rich text and other blocks


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([rich(typed("Hello "), {"type": "user", "user_id": "U0COCOAI"}, typed(", why?"))], "Hello, why?"),
        (
            [rich({"type": "usergroup", "usergroup_id": "S0OPS"}, {"type": "broadcast", "range": "here"})],
            "@a user group@here",
        ),
        (
            [rich({"type": "channel", "channel_id": "C0SALES"}, {"type": "team", "team_id": "T0"})],
            "#a channel@a workspace",
        ),
        (
            [
                rich(
                    {"type": "date", "timestamp": 1763822400, "format": "{date}", "fallback": "22 November"},
                    typed(" "),
                    {"type": "date", "timestamp": 1763822400, "format": "{date}"},
                    typed(" "),
                    {"type": "date", "timestamp": "x"},
                )
            ],
            "22 November 2025-11-22 14:40 UTC a date",
        ),
        ([rich({"type": "color", "value": "#F405B3"}), rich(typed("x"))], "#F405B3\nx"),
        (
            [
                rich(
                    {"type": "emoji", "name": "tada", "unicode": "1f389"},
                    {"type": "emoji", "name": "+1", "unicode": "1f44d-1f3fb"},
                    {"type": "emoji", "name": "party_parrot"},
                    {"type": "emoji", "name": "odd", "unicode": "d800"},
                    {"type": "emoji", "name": "odder", "unicode": "fffffffff-x"},
                )
            ],
            "🎉👍🏻:party_parrot::odd::odder:",
        ),
        ([rich(typed("a <b>"), kind="preformatted")], "```\na <b>\n```"),
        ([{"type": "image", "title": {"text": "Plan"}, "alt_text": "a plan"}], "[image: Plan]"),
        ([{"type": "image", "alt_text": "a\nplan"}, {"type": "image"}], "[image: a plan]\n[image]"),
        (
            [{"type": "video", "title": {"text": "Tour"}, "author_name": "Ann", "description": {"text": "All rooms."}}],
            "[video: Tour]\nAnn\nAll rooms.",
        ),
        ([section("Shop", accessory={"type": "image", "alt_text": "front"})], "Shop\n[image: front]"),
        (
            [
                {
                    "type": "card",
                    "title": {"text": "T"},
                    "subtitle": {"text": "S"},
                    "body": {"text": "B"},
                    "actions": [{}],
                }
            ],
            "T\nS\nB",
        ),
        (
            [
                {
                    "type": "container",
                    "rich_text_title": rich(typed("Bulk")),
                    "child_blocks": [
                        section("one"),
                        {"type": "divider"},
                        {"type": "container", "title": {"text": "two"}},
                    ],
                }
            ],
            "Bulk\none\ntwo",
        ),
        (
            [
                {
                    "type": "plan",
                    "title": "Plan",
                    "tasks": [{"type": "task_card", "title": "Do", "details": rich(typed("it"))}],
                }
            ],
            "Plan\nDo\nit",
        ),
        ([{"type": "later_block", "title": {"text": "New"}, "text": {"text": "words"}}], "New\nwords"),
        ([{"type": "actions", "elements": [{"type": "button", "text": {"text": "OK"}}]}, {"type": "input"}], ""),
    ],
)
def test_blocks_without_a_text(blocks: list[JSON], expected: str) -> None:
    """What people see in blocks is read; of what is only seen the name, of buttons nothing."""
    assert expected == seen(text="", blocks=blocks)


def test_rich_text_alone_is_what_its_author_typed() -> None:
    """A message whose text is empty has the words of its rich_text, for mentions too."""
    message = {"text": "", "blocks": [rich({"type": "user", "user_id": "U0COCOAI"}, typed(" reset"))]}

    assert "<@U0COCOAI> reset" == own_text(message)
    assert {"U0COCOAI"} == addressed(message)
    assert "" == shown_text(message)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": "hello"},
        {
            "text": "<@U0COCOAI|cocoai> hello",
            "blocks": [rich({"type": "user", "user_id": "U0COCOAI"}, typed(" hello"))],
        },
        {"text": "hello", "attachments": [], "blocks": []},
        {"text": "hello", "blocks": [rich(typed("hello")), {"type": "divider"}]},
        {
            "text": "<#C0SALES|sales>",
            "blocks": [rich({"type": "channel", "channel_id": "C0SALES"}), {"type": "actions"}],
        },
        {"text": "hello", "attachments": [{"actions": [{"text": "Yes"}], "fallback": "[no preview available]"}]},
    ],
)
def test_an_ordinary_message_shows_its_text_alone(message: JSON) -> None:
    """A message with nothing beside its text has no second text."""
    assert "" == shown_text(message)


def test_what_a_person_typed_is_never_left_out() -> None:
    """A person's text is shown although blocks of an app have other words; an app's text is not."""
    blocks = [section("Poll: lunch?")]

    assert "Where to?\nPoll: lunch?" == seen(text="Where to?", user="U0ANA", blocks=blocks)
    assert "Poll: lunch?" == seen(text="Poll: *lunch*?", user="U0ANA", blocks=blocks)
    assert "Poll: lunch?" == seen(text="Where to?", bot_id="B0POLL", blocks=blocks)


def test_code_that_is_cut_opens_no_code_behind_it() -> None:
    """A fence that nothing closes does not make code, with its ids, of what stands before the next fence."""
    cut = {"text": "```Traceback <@U0BEN>", "fallback": "x"}

    shown = seen(text="see ``` <@U0BEN>", attachments=[cut, SHARED | {"text": "<@U0BEN> ```x <@U0BEN>```"}])

    assert "see  @somebody\n\nTraceback @somebody\n\n" == shown.partition("[")[0]
    assert shown.endswith("> @somebody ```x <@U0BEN>```")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"blocks": [section("Served")]}, "Served"),
        ({"blocks": [table("a")]}, "| a |\n| --- |"),
        ({"blocks": [rich(typed("Hi"))]}, "Hi"),
        ({"attachments": [{"text": "Red"}]}, "Red"),
        (
            {"attachments": [{"is_share": True, "text": NOT_DISPLAYED, "message_blocks": message_blocks(table("a"))}]},
            "[forwarded message]\n> | a |\n> | --- |",
        ),
    ],
)
@pytest.mark.parametrize("text", [NOT_DISPLAYED, "", " \n"])
def test_slacks_word_for_no_text_is_no_text(message: JSON, expected: str, text: str) -> None:
    """Slack writes a sentence into the text of an app that sent blocks alone: nobody sees it."""
    assert expected == seen(bot_id="B0", text=text, **message)


# Bounds


def test_a_long_message_is_cut_and_says_so() -> None:
    """Of a million characters the first are shown; no entity is cut through."""
    shares = [SHARED | {"text": f"{n} {'<@U0BEN> ' * 2_000}", "fallback": ""} for n in range(50)]

    shown = shown_text({"text": "look", "attachments": shares})

    assert shown.startswith("look\n\n[forwarded message from Hana]")
    assert shown.endswith(CUT)
    assert MOST_SHOWN - 100 < len(shown) < MOST_SHOWN + 100
    assert "<" not in plain_text(shown, None)


def test_messages_in_messages_are_read_a_few_levels_deep() -> None:
    """A message that forwards itself many times over is read three levels deep."""
    attachment: JSON = {"is_share": True, "text": "end"}
    for level in range(60):
        attachment = {"is_share": True, "text": f"level {level}", "attachments": [attachment]}

    shown = seen(text="", attachments=[attachment])

    assert MOST_DEPTH == shown.count("[forwarded message]")
    assert shown.endswith("> > > level 57")


@pytest.mark.parametrize(
    "message",
    [
        {"text": "`" * 500_000 + "<@U0COCOAI>"},
        {"text": "```<@U0COCOAI> `" * 60_000},
        {"text": "<" * 500_000 + "@U0COCOAI|" * 50_000},
        {"text": "x", "attachments": [SHARED] * 3_000},
        {"text": "x", "attachments": [{"fields": [{"title": f"{n}"} for n in range(30_000)]}]},
        {"text": "x", "attachments": [SHARED | {"message_blocks": message_blocks(section("x")) * 6_000}]},
        {"text": "", "blocks": [rich(*[typed("a", code=True)] * 20_000)]},
        {"text": "", "blocks": [table(*["a,b,c,d"] * 5_000)]},
    ],
    ids=["backticks", "fences", "angles", "attachments", "fields", "messages", "elements", "cells"],
)
def test_a_payload_of_a_megabyte_is_read(message: JSON) -> None:
    """The time grows with the size, not with its square: that would take longer than a test may."""
    assert len(json.dumps(message)) > 300_000

    read = message_of({"ts": "100.000000", **message})

    assert read
    assert addressed(message) <= {"U0COCOAI"}
    assert written_anywhere(message) <= {"U0COCOAI"}
    assert len(plain_text(read.shown, "U0COCOAI")) < 2 * MOST_SHOWN


KEYS = [
    "type",
    "text",
    "elements",
    "rows",
    "blocks",
    "attachments",
    "message_blocks",
    "message",
    "fields",
    "files",
    "title",
    "value",
    "fallback",
    "is_share",
    "from_url",
    "author_name",
    "footer",
    "chart",
    "series",
    "data",
    "child_blocks",
    "unicode",
    "timestamp",
    "style",
    "id",
    "alt_text",
]
TYPES = [
    "rich_text",
    "section",
    "table",
    "container",
    "data_visualization",
    "image",
    "plan",
    "video",
    "rich_text_section",
    "rich_text_list",
    "text",
    "emoji",
    "date",
    "user",
    "raw_text",
]
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(["<@U0COCOAI>", "`", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner | st.sampled_from(TYPES), max_size=6)
    ),
    max_leaves=40,
)


@given(ODD, ODD, ODD)
def test_any_message_can_be_read(text: object, blocks: object, attachments: object) -> None:
    """Any value in any place gives texts and no error."""
    message = {"ts": "100.000000", "text": text, "blocks": blocks, "attachments": attachments, "files": blocks}
    read = message_of(message)

    assert read
    assert isinstance(plain_text(read.content, "U0COCOAI"), str)
    assert addressed(message) <= written_anywhere(message) | addressed({"blocks": blocks})
