"""The practice workspace, and the form in which it stores texts."""

from __future__ import annotations

import threading

import pytest

from cocoai.rehearsal.slack.stored_text import stored, typed
from cocoai.rehearsal.slack.workspace import Installation, Workspace

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a & b", "a &amp; b"),
        ("a &amp; b &lt;c&gt;", "a &amp; b &lt;c&gt;"),
        ("1 < 2 > 0", "1 &lt; 2 &gt; 0"),
        ("> a quote", "&gt; a quote"),
        ("<@U0ASKER01> <!here> <#C0PRACTICE|practice>", "<@U0ASKER01> <!here> <#C0PRACTICE|practice>"),
        ("<https://a.example/?b=1|the page>", "<https://a.example/?b=1|the page>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("see https://a.example/?b=1&c=2.", "see <https://a.example/?b=1&amp;c=2>."),
        ("https://a.example/を見て", "<https://a.example/を見て>"),
        ("（https://a.example/）。", "（<https://a.example/>）。"),
    ],
)
def test_text_of_an_app(text: str, expected: str) -> None:
    """An app's text keeps its entities; all else is escaped, and bare URLs become links."""
    assert expected == stored(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@CocoAI hi", "<@U0COCOAI> hi"),
        ("hi @cocoai!", "hi <@U0COCOAI>!"),
        ("@CocoAIに聞く", "<@U0COCOAI>に聞く"),
        ("@CocoAIs", "@CocoAIs"),
        ("<@U0COCOAI> & <!here>", "&lt;@U0COCOAI&gt; &amp; &lt;!here&gt;"),
        ("https://a.example/", "<https://a.example/>"),
    ],
)
def test_text_of_a_person(text: str, expected: str) -> None:
    """A person's text is escaped as a whole; only the bot's name becomes a mention."""
    assert expected == typed(text, Installation())


def test_every_ts_is_unique() -> None:
    """Each message has a ts later than all before it, even if the clock goes back."""
    times = iter([1763822000.0002, 1763822000.0002, 1763822000.0001, 1763821000.0])
    workspace = Workspace(lambda: next(times))
    stamps = [workspace.post("C0PRACTICE", "U0ASKER01", "hi").ts for _ in range(4)]

    assert stamps == sorted(set(stamps))
    assert stamps[0] == "1763822000.000200"


def test_a_deleted_parent_leaves_a_tombstone() -> None:
    """A deleted message with replies leaves a tombstone; one without replies is gone."""
    workspace = Workspace(lambda: 1763822000.0)
    alone = workspace.post("C0PRACTICE", "U0ASKER01", "alone")
    parent = workspace.post("C0PRACTICE", "U0ASKER01", "parent")
    reply = workspace.post("C0PRACTICE", "U0COCOAI", "reply", thread_ts=parent.ts)
    workspace.delete("C0PRACTICE", alone.ts)
    workspace.delete("C0PRACTICE", parent.ts)

    assert workspace.thread("C0PRACTICE", alone.ts) == ()
    assert ["tombstone", ""] == [each.subtype for each in workspace.thread("C0PRACTICE", reply.ts)]
    with pytest.raises(KeyError):
        workspace.delete("C0PRACTICE", alone.ts)

    workspace.delete("C0PRACTICE", reply.ts)
    assert () == workspace.messages("C0PRACTICE")


def test_who_sees_a_direct_conversation() -> None:
    """A direct conversation is its person's and the bot's; everybody of the team sees the channel."""
    workspace = Workspace(lambda: 1763822000.0)
    seen = {user: workspace.is_in(user, "D0SECOND") for user in ("U0ASKER01", "U0ASKER02", "U0OTHER01", "U0COCOAI")}

    assert {"U0ASKER01": False, "U0ASKER02": True, "U0OTHER01": False, "U0COCOAI": True} == seen
    assert workspace.is_in("U0ASKER01", "C0PRACTICE")


def test_waiting_for_a_change() -> None:
    """`wait_for` wakes up at a change, and returns the first true value; after the timeout it raises TimeoutError."""
    workspace = Workspace(lambda: 1763822000.0)
    later = threading.Timer(0.01, workspace.post, ("C0PRACTICE", "U0ASKER01", "hi"))
    later.start()

    assert "hi" == workspace.wait_for(lambda: workspace.messages("C0PRACTICE"), 20)[0].text
    later.join()
    with pytest.raises(TimeoutError):
        workspace.wait_for(lambda: len(workspace.messages("C0PRACTICE")) > 1, 0.01)
