"""The line that says who is writing: another person at another window, and the bot while its placeholder stands."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from selenium.webdriver.common.keys import Keys

from cocoai.rehearsal.page.typists import SHOWN, Typists
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.workspace import Workspace
from tests.rehearsal.page.page_reader import Reader

TELL = """
    const [user, place] = arguments;
    fetch("/page/typing", { method: "POST", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user, ...place }) });"""
LINE = "document.querySelector('{} .typing').textContent"


def marked(kind: str) -> str:
    """Return the metadata of a message of ours, as JSON."""
    return json.dumps({"event_type": "cocoai", "event_payload": {"kind": kind}})


def test_who_writes_until_when() -> None:
    """Somebody who writes is known for some seconds, in one place at a time, to whoever does not know it yet."""
    now = [100.0]
    workspace = Workspace(lambda: now[0])
    typists = Typists(workspace, lambda: now[0])
    typists.note("U0ASKER01", "C0PRACTICE", None)
    first = workspace.changes
    typists.note("U0ASKER02", "C0PRACTICE", "1.000001")
    typists.note("U0ASKER01", "D0PRACTICE", None)

    assert {("U0ASKER02", "C0PRACTICE", "1.000001"), ("U0ASKER01", "D0PRACTICE", None)} == {
        (each.user, each.channel, each.thread_ts) for each in typists.since(first)
    }
    assert ["U0ASKER01"] == [each.user for each in typists.since(workspace.changes - 1)]
    assert [] == typists.since(workspace.changes)
    now[0] += SHOWN
    assert [] == typists.since(0)


@pytest.mark.browser
def test_another_person_writes(reader: Reader, slack: PracticeSlack) -> None:
    """Others see who writes in a channel, until the message comes; oneself does not, and a command is not told."""
    reader.opens(slack.url)
    reader.types("/cocoai", Keys.ENTER)
    slack.wait_for(lambda: slack.interactions)
    assert [] == slack.page.typists.since(0)
    # The first keys tell that the first person writes; the page itself does not show that.
    reader.types("hello")
    reader.script(TELL, "U0ASKER02", {"channel": "C0PRACTICE"})
    reader.waits(f"{LINE.format('#channel-write')} === 'Second asker is typing…'")
    reader.script(TELL, "U0ASKER04", {"channel": "C0PRACTICE"})
    reader.waits(f"{LINE.format('#channel-write')}.includes(' and ')")
    slack.say("U0ASKER02", "there it is")
    slack.say("U0ASKER04", "and there")
    reader.sees("#channel .text", "and there")

    assert "" == reader.script(f"return {LINE.format('#channel-write')}")
    assert ["U0ASKER01"] == [each.user for each in slack.page.typists.since(0) if each.user == "U0ASKER01"]


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize(("language", "line"), [("en-US", "CocoAI is typing…"), ("ja", "CocoAI が入力しています…")])
def test_the_bot_writes(
    reader: Reader, slack: PracticeSlack, act: Callable[..., str], language: str, line: str
) -> None:
    """While its placeholder stands the bot writes, in that thread alone; with the answer the line goes."""
    question = slack.say("U0ASKER01", "<@U0COCOAI> hi")
    other = slack.say("U0ASKER01", "another")
    place = {"channel": "C0PRACTICE", "thread_ts": question.ts}
    ts = act("chat.postMessage", text="One moment", metadata=marked("placeholder"), **place)
    reader.opens(f"{slack.url}/#C0PRACTICE/{question.ts}", language)
    reader.waits(f"{LINE.format('#thread-write')} === '{line}'")
    assert "" == reader.script(f"return {LINE.format('#channel-write')}")
    reader.script("location.hash = arguments[0]", f"C0PRACTICE/{other.ts}")
    reader.waits(f"{LINE.format('#thread-write')} === ''")
    reader.script("location.hash = arguments[0]", f"C0PRACTICE/{question.ts}")
    reader.waits(f"{LINE.format('#thread-write')} === '{line}'")
    act("chat.update", channel="C0PRACTICE", ts=ts, text="well", metadata=marked("answer"))
    reader.waits(f"{LINE.format('#thread-write')} === ''")
