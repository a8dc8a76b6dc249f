"""slack/thread/: what messages show beside their text reaches the model, under names, and is nobody's own words."""

from __future__ import annotations

from typing import Any

import pytest

from cocoai.slack.model.messages import Message, message_of
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.question import Question
from cocoai.slack.thread.history import turns
from cocoai.slack.thread.question_message import files_of_question, has_more_than_text, question_message

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

US = "U0COCOAI"
JSON = dict[str, Any]
NAMES = {"U0ANA": "Ana", "U0BEN": "Ben"}


class Known:
    """Knows the names of NAMES."""

    def name(self, user: str) -> str:
        """Return the user's name; "" if it is unknown."""
        return NAMES.get(user, "")


def said(second: int, text: str = "", user: str = "U0ANA", **more: Any) -> Message:
    """Return a person's message of that second."""
    read = message_of({"ts": f"{second}.000000", "user": user, "text": text, **more})
    assert read
    return read


def asked(text: str, second: int = 200, **more: Any) -> Question:
    ts = f"{second}.000000"
    return Question("direct", "C0HOME", "100.000000", ts, "U0ANA", "T0", text, "Ev", second, **more)


def seen(*messages: Message, text: str = "now?", **settings: Any) -> list[str]:
    """Return the texts of all turns before a question with this text, and of the question."""
    return [turn.text for turn in turns(messages, asked(text), US, names=Known(), **settings)]


def shared(text: str, **more: Any) -> JSON:
    return {"is_share": True, "author_name": "Hana", "text": text, **more}


def rich(*elements: JSON) -> JSON:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


TABLE: JSON = {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}], [{"type": "raw_text", "text": "b"}]]}


EARLIER = {
    "forwarded": (
        said(100, "fyi", attachments=[shared("It is late.")]),
        "fyi\n\n[forwarded message from Hana]\n> It is late.",
    ),
    "table": (
        said(100, attachments=[{"blocks": [TABLE], "fallback": "[no preview available]"}]),
        "| a |\n| --- |\n| b |",
    ),
    "alert": (
        said(100, user="", bot_id="B0CI", attachments=[{"title": "Red", "text": "<@U0BEN> broke it"}]),
        "Person 1: Red\n@Ben broke it\nAna: then?",
    ),
    "preview": (
        said(100, "see <https://a.example>", attachments=[{"from_url": "https://a.example", "title": "Ours"}]),
        "see https://a.example\n\n[preview of a link]\n> Ours",
    ),
    "rich text": (
        said(100, blocks=[rich({"type": "text", "text": "hello "}, {"type": "user", "user_id": "U0BEN"})]),
        "hello @Ben",
    ),
    "file": (
        said(100, attachments=[shared("", files=[{"id": "F0", "name": "a.txt"}])]),
        "[forwarded message from Hana]\n[attached: a.txt, not read, it belongs to an earlier message]",
    ),
}


@pytest.mark.parametrize("name", EARLIER)
def test_every_message_of_the_thread_is_shown_whole(name: str) -> None:
    """What was forwarded, pasted or attached earlier in the thread is seen as it is with a question."""
    message, expected = EARLIER[name]

    assert expected in seen(message, said(101, "then?"))[0]


def test_the_question_itself_is_shown_whole() -> None:
    """Both from the thread and from the event's facts, the model sees what the asker forwarded."""
    event: JSON = {"text": "why?", "attachments": [shared("It is late.")]}
    in_thread = said(200, **event)
    from_facts = asked("why?", shown=in_thread.shown)

    assert "why?\n\n[forwarded message from Hana]\n> It is late." == seen(in_thread)[-1]
    assert seen(in_thread)[-1] == turns((), from_facts, US)[-1].text


@pytest.mark.parametrize(
    "message",
    [
        said(150, attachments=[shared("reset")]),
        said(150, blocks=[{"type": "table", "rows": [[{"type": "raw_text", "text": "reset"}]]}]),
        said(150, "fyi", attachments=[{"text": "reset"}]),
        said(150, "`reset`"),
    ],
    ids=["forwarded", "table", "attached", "code"],
)
def test_what_is_quoted_resets_nothing(message: Message) -> None:
    """Only a "reset" that somebody typed starts over."""

    def is_reset(text: str) -> bool:
        return text == "reset"

    assert "before" in seen(said(100, "before"), message, is_reset=is_reset)[0]
    assert "before" not in seen(said(100, "before"), said(150, "reset"), is_reset=is_reset)[0]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (said(200, "<@U0COCOAI>", attachments=[shared("deep: help")]), ""),
        (said(200, attachments=[shared("reset")]), ""),
        (said(200, "<@U0COCOAI> deep: why?", attachments=[shared("x")]), "deep: why?"),
        (said(200, blocks=[rich({"type": "text", "text": "deep: why?"}), TABLE]), "deep: why?"),
    ],
)
def test_only_what_the_asker_typed_is_a_command(message: Message, expected: str) -> None:
    """The words by which commands and prefixes are recognised are those of the message's own text."""
    assert expected == plain_text(question_message([message], asked("x"), US).text, US)


@pytest.mark.parametrize(
    ("question", "messages", "expected"),
    [
        (asked(""), [], False),
        (asked("", shown="[forwarded message]\n> a"), [], True),
        (asked(""), [said(200, "<@U0COCOAI>", attachments=[shared("a")])], True),
        (asked(""), [said(200, "<@U0COCOAI>", attachments=[shared("", files=[{"id": "F0"}])])], True),
        (asked(""), [said(200, "<@U0COCOAI>", blocks=[rich({"type": "user", "user_id": US})])], False),
        (asked(""), [said(100, attachments=[shared("a")])], False),
    ],
)
def test_a_message_with_something_beside_its_text_is_known(
    question: Question, messages: list[Message], expected: bool
) -> None:
    """Files and what is quoted count, of the question's own message only; a mention in blocks is nothing beside it."""
    assert expected == has_more_than_text(messages, question)


def test_files_of_a_forwarded_message_belong_to_the_question() -> None:
    """They are read as if the asker had attached them."""
    message = said(200, "why?", attachments=[shared("see", files=[{"id": "F0ONE", "name": "one.txt"}])])

    assert ["one.txt"] == [file.name for file in files_of_question([message], asked("why?"))]


# Names of whom and what a text refers to


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Ask <!subteam^S0OPS> in <#C0SALES|>"], "Ask @Group 1 in #Channel 1"),
        (["<#C0SALES> or <#C0STOCK>? <#C0SALES>!"], "#Channel 1 or #Channel 2? #Channel 1!"),
        (["<#C0SALES|sales>", "in <#C0SALES>"], "#sales\nin #sales"),
        (["in <#C0SALES|>", "<#C0SALES|sales>"], "in #sales\n#sales"),
        (["<!subteam^S0OPS|@ops> <!subteam^S0OPS> <!subteam^S0DEV>"], "@ops @ops @Group 1"),
        (["what is <#C0HOME> for?"], "what is #this channel for?"),
        (["<#C0HOME|home>"], "#home"),
        (["<@U0BEN|old> <@U0CAI|cai> <@U0DAN>"], "@Ben @cai @Person 1"),
        (["<@U0CAI> <@U0CAI|cai>"], "@cai @cai"),
        (["<!here> <!channel> <!everyone|@everyone>"], "@here @channel @everyone"),
        (["until <!date^1763822400^{date}|Saturday>"], "until Saturday"),
        (["`<@U0BEN>` and <@U0BEN>"], "`<@U0BEN>` and @Ben"),
        (["<@U0COCOAI> what does `<@U0COCOAI> deploy` do?"], "what does `<@U0COCOAI> deploy` do?"),
        (["```<!subteam^S0OPS> <https://a.example>```"], "```<!subteam^S0OPS> https://a.example```"),
    ],
)
def test_names_take_the_place_of_ids(texts: list[str], expected: str) -> None:
    """Groups, channels and people are shown by the best name that is known, else numbered; code stays as it is."""
    assert expected == seen(*(said(100 + n, text) for n, text in enumerate(texts)))[0]


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"type": "usergroup", "usergroup_id": "S0OPS"}, "@Group 1"),
        ({"type": "channel", "channel_id": "C0SALES"}, "#Channel 1"),
        ({"type": "user", "user_id": "U0BEN"}, "@Ben"),
        ({"type": "user", "user_id": "U0CAI"}, "@Person 1"),
        ({"type": "date", "timestamp": 1763822400, "format": "{date}"}, "2025-11-22 14:40 UTC"),
    ],
)
def test_names_take_the_place_of_ids_in_blocks(element: JSON, expected: str) -> None:
    """Blocks have ids alone: they are read as those in a text, in forwarded messages and cells too."""
    forwarded = shared("", message_blocks=[{"message": {"blocks": [rich(element)]}}])
    cell = {"type": "table", "rows": [[rich(element)]]}
    texts = seen(said(100, blocks=[rich(element)]), said(101, attachments=[forwarded]), said(102, blocks=[cell]))

    assert f"{expected}\n[forwarded message from Hana]\n> {expected}\n| {expected} |\n| --- |" == texts[0]


def test_a_name_in_the_text_serves_for_the_id_in_the_blocks() -> None:
    """Slack names a channel in a message's text, but not in its blocks, which are read for their table."""
    message = said(100, "in <#C0SALES|sales>", blocks=[rich({"type": "channel", "channel_id": "C0SALES"}), TABLE])

    assert "#sales\n| a |\n| --- |\n| b |" == seen(message)[0]
