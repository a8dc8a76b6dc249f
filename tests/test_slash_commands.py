"""Slash commands and the Home tab: from what Slack posts to what one person sees, their refusals, and kills.

The payloads are tests/slack/inbound/test_commands.py and test_home.py.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from cocoai.answer.options import MoneyOptions
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.web.request import Request
from cocoai.errors import CannotKeep, StaleSignature
from cocoai.ledger import database
from cocoai.ledger.money import NANO
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET, PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.rehearsal.slack.workspace import PracticeMessage
from cocoai.slack.api.response_url import ResponseUrl
from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules
from cocoai.slack.inbound.commands import CommandAnalyzer
from cocoai.slack.inbound.events import SlackEventAnalyzer
from cocoai.slack.model.tasks import REACTIONS
from cocoai.slash_commands import CommandsHandler
from cocoai.status.answers import last_day
from cocoai.texts import ENGLISH, JAPANESE, Texts
from cocoai.webhook import EventsHandler
from tests.deployment import deploy
from tests.failures.harness import US, LocalizedHarness, localized_harness
from tests.job_runner import RecordingRunner
from tests.processes import wait_until

OUTSIDE = "C0OUTSIDE"
POST = ResponseUrl.post
STRANGER = AccessRules(allow_users={"U0OTHER01"})


class Harness:
    """What Slack posts, handled as a worker does, and the jobs of it, done as a job process does."""

    def __init__(self, inner: LocalizedHarness) -> None:
        self.inner = inner
        self.slack = inner.slack
        self.access = DEFAULT_ACCESS
        self.user = "U0ASKER02"  # whose Slack is in English
        self._runner = RecordingRunner(inner.spool)

    def command(self, text: str = "", channel: str = "C0PRACTICE", *, later: float = 0.0) -> tuple[int, bytes]:
        """Use the command as the asker does; return the status and the body that Slack gets, `later` seconds later."""
        body = self.slack.command(self.user, text, channel).body
        return self.post(body, later=later)

    def post(self, body: bytes, *, later: float = 0.0) -> tuple[int, bytes]:
        """Post a signed form of a command; return the response's status and body."""
        analyzer = CommandAnalyzer(SIGNING_SECRET, who=lambda: US, access=self.access)
        handler = CommandsHandler(analyzer, *self._more(), clock=lambda: self.inner.clock() + later)
        response = handler(Request("POST", "/slack/commands", self._headers(body), body))
        return response.status, response.body

    def open_home(self, tab: Any = "home") -> None:
        """Open the app's home as the asker does, and hand the event to a worker."""
        self.slack.open_home(self.user, tab)
        body = json.dumps(self.slack.payloads[-1]).encode()
        analyzer = SlackEventAnalyzer(SIGNING_SECRET, who=lambda: US, mark_of=lambda *_: None, access=self.access)
        handler = EventsHandler(analyzer, *self._more(), clock=self.inner.clock)
        assert 200 == handler(Request("POST", "/slack/events", self._headers(body), body)).status

    def said(self, channel: str = "C0PRACTICE") -> list[str]:
        """Return the texts of ours that the asker alone sees in a channel."""
        shown = self.slack.ephemeral_messages(channel)
        return [each.text for each in shown if (each.only_for, each.user) == (self.user, "U0COCOAI")]

    def home(self) -> list[tuple[str, str]]:
        """Return the type and the text of each block in the asker's Home tab."""
        return self.home_of(self.user)

    def home_of(self, user: str) -> list[tuple[str, str]]:
        """Return the same for another person's tab."""
        view = self.slack.home(user)
        assert view is not None
        return [(block["type"], _text(block)) for block in view["blocks"]]

    def _more(self) -> tuple[Any, ...]:
        return self.inner.spool, self._runner, Scoreboard(None, slots=0)

    def _headers(self, body: bytes) -> dict[str, str]:
        return {name.lower(): value for name, value in self.slack.signed(body, at=self.inner.clock()).items()}


def _text(block: dict[str, Any]) -> str:
    texts = block["elements"] if "elements" in block else [block["text"]]
    return "\n".join(each["text"] for each in texts)


@pytest.fixture
def harness(tmp_path: Path, certificates: Certificates) -> Iterator[Harness]:
    with localized_harness(tmp_path, certificates) as inner:
        inner.changes |= {"reactions": REACTIONS, "money": MoneyOptions(seat=20 * NANO)}
        yield Harness(inner)


def help_of(texts: Texts) -> str:
    """Return the help in a language, by what the harness has switched on."""
    return texts.help_text({}, follow_ups=True, files=True, buttons=True, translate="jp", summarize="memo")


# Commands


@pytest.mark.parametrize(
    "text", ["help", "", "使い方を教えて", "reset", "how do I fire Bob? " * 500, "<@U0OTHER01> \x00"]
)
def test_help_is_shown_to_one_person(harness: Harness, text: str) -> None:
    """Any other words get it too; Slack hears an empty 200, and no model is asked."""
    assert (200, b"") == harness.command(text)
    harness.inner.run()

    texts = JAPANESE if "使" in text else ENGLISH
    assert ["\n".join((help_of(texts), texts.more["menu"], texts.more["alone"]))] == harness.said()
    assert (0, 1, 0) == harness.inner.ended()
    assert [] == harness.inner.openai.requests


@pytest.mark.parametrize(("user", "texts"), [("U0ASKER01", JAPANESE), ("U0ASKER02", ENGLISH)])
def test_the_model_is_named_in_ones_own_language(harness: Harness, user: str, texts: Texts) -> None:
    """Slack's commands are in English everywhere: the language is that of one's Slack."""
    harness.user = user
    harness.command("model")
    harness.inner.run()

    assert [texts.model.format(model="gpt-6-luna")] == harness.said()


@pytest.mark.parametrize(
    "text",
    [
        "\u3000モデル\u3000",
        "ＭＯＤＥＬ",
        "[model]",
        "`model`",
        "「モデル」",
        "model?",
        "@CocoAI model",
        "＠CocoAI\u3000モデル",
        "<@U0COCOAI> model",
        "<@U0COCOAI|cocoai> モデルは？",
        "/cocoai model",
        "\u200bmodel\n",
    ],
)
def test_a_command_is_understood_however_it_is_typed(harness: Harness, text: str) -> None:
    """In full width, with the brackets of its hint, with a mention in front of it."""
    harness.command(text)
    harness.inner.run()

    texts = JAPANESE if "モ" in text else ENGLISH
    assert [texts.model.format(model="gpt-6-luna")] == harness.said()


def test_usage_is_what_a_mention_gets_in_a_direct_message(harness: Harness) -> None:
    """Everybody's and one's own: nobody else sees it. It works where the bot is no member."""
    harness.inner.ask_and_run("what is this")
    harness.command("usage", OUTSIDE)
    harness.inner.run_to_the_end()
    (said,) = harness.said(OUTSIDE)

    assert "of $1,000, which is" in said
    assert "1 person asked 1 question" in said
    assert (
        "You have spent $0 of that, on 0 questions.\nThat is 0 % of what a seat elsewhere costs, $20 a month." in said
    )


@pytest.mark.parametrize(
    ("access", "channel", "why"),
    [
        (STRANGER, "C0PRACTICE", "person"),
        (AccessRules(allow_channels={"C0OTHER"}), "C0PRACTICE", "place"),
    ],
)
def test_who_may_not_address_us_is_told(harness: Harness, access: AccessRules, channel: str, why: str) -> None:
    """By the rule that it is; nothing of the team's is told."""
    harness.access = access
    harness.command("usage", channel)
    harness.inner.run()

    assert [ENGLISH.declined[why]] == harness.said()


def test_a_replay_is_a_duplicate(harness: Harness) -> None:
    """Whoever has caught a form cannot have it answered twice, nor later."""
    body = harness.slack.command(harness.user, "help").body
    statuses = [harness.post(body) for _ in range(3)]
    harness.inner.run()
    harness.inner.ahead += 1

    assert [(200, b"")] * 3 == statuses
    assert 1 == len(harness.said())
    assert (0, 1, 0) == harness.inner.ended()
    with pytest.raises(StaleSignature):
        harness.post(body, later=400.0)


def test_two_commands_of_one_second_are_two(harness: Harness) -> None:
    """Each has a trigger_id of its own."""
    harness.command("help")
    harness.command("model")
    harness.inner.run_to_the_end()

    assert 2 == len(harness.said())


def test_what_cannot_be_kept_is_not_accepted(harness: Harness) -> None:
    """Slack shows the person that it did not work."""
    harness.inner.disk.refuses = b"command"

    with pytest.raises(CannotKeep):
        harness.command("help")


def test_it_says_so_if_the_ledger_cannot_be_read(harness: Harness) -> None:
    """An operator must look; the command's job is done."""
    (harness.inner.var / database.FILE).write_bytes(b"no database" * 100)
    harness.command("usage")
    harness.inner.run()

    assert [ENGLISH.error_text("operator")] == harness.said()
    assert (0, 1, 0) == harness.inner.ended()


@pytest.mark.parametrize("ahead", [1801.0, 0.0])
def test_a_spent_address_ends_the_job(harness: Harness, ahead: float) -> None:
    """Slack takes five posts in half an hour: what comes later reaches nobody, and is no operator's matter."""
    sent = harness.slack.command(harness.user, "help")
    harness.post(sent.body)
    if ahead:
        harness.slack._urls._clock = lambda: harness.inner.clock() + ahead
    else:
        for _ in range(5):
            harness.inner.outside()[0].response_url.post(sent.payload["response_url"], "hello")
    before = harness.said()
    harness.inner.run()

    assert before == harness.said()
    assert (0, 1, 0) == harness.inner.ended()


def test_an_address_that_is_not_slacks_gets_nothing(harness: Harness) -> None:
    """It would have to be signed by Slack; still nothing of ours goes there, and the operator's log says why."""
    fields = {**harness.slack.command(harness.user, "usage").payload, "response_url": "https://127.0.0.1:1/x"}
    harness.post(urlencode(fields).encode())
    harness.inner.run()

    assert [] == harness.said()
    assert (0, 0, 1) == harness.inner.ended()


def test_while_slack_is_away_it_is_put_off(harness: Harness) -> None:
    """It is said once Slack takes it."""
    harness.slack.fail("response_url", Fault("broken"))
    harness.command("help")
    harness.inner.run()
    before = harness.said()
    harness.inner.wait()
    harness.inner.run_to_the_end()

    assert [] == before
    assert 1 == len(harness.said())
    assert (0, 1, 0) == harness.inner.ended()


@pytest.mark.parametrize("kills", [1, 2, 3])
def test_what_may_have_arrived_is_said_at_most_once_more(harness: Harness, kills: int) -> None:
    """By a process that dies between the reply and its record, again and again."""
    harness.command("model")
    for _ in range(kills):
        if (job := harness.inner.spool.claim()) is not None:
            with pytest.MonkeyPatch.context() as patched, contextlib.suppress(Killed):
                patched.setattr(ResponseUrl, "post", dying)
                harness.inner.answerer().answer(job)
            job.release()
            harness.inner.close_connections()
            harness.inner.ahead += 10
    harness.inner.run_to_the_end()

    assert [ENGLISH.model.format(model="gpt-6-luna")] * 2 == harness.said()
    assert (0, 1, 0) == harness.inner.ended()


class Killed(BaseException):
    """Raised in the place of a process that dies."""


def dying(self: ResponseUrl, *what: Any, **more: Any) -> None:
    """Show something by an address, and die."""
    POST(self, *what, **more)
    raise Killed


# The Home tab


def test_the_home_tab_is_filled(harness: Harness) -> None:
    """With one's own money beside a seat and the team's, what can be asked for, and the language."""
    harness.inner.ask_and_run("what is this")
    harness.open_home()
    harness.inner.run()
    kinds, texts = zip(*harness.home(), strict=True)

    assert ("header", "section", "context", "header", "section", "context") == kinds
    assert (ENGLISH.home["month"], ENGLISH.home["help"]) == texts[::3]
    assert "of $1,000, which is" in texts[1]
    assert "You have spent $0 of that, on 0 questions." in texts[1]
    assert "That is 0 % of what a seat elsewhere costs, $20 a month." in texts[1]
    assert help_of(ENGLISH) == texts[4]
    assert texts[5].endswith(ENGLISH.home["language"])
    assert 1 == len(harness.inner.openai.requests)


def test_it_is_in_the_language_of_ones_slack(harness: Harness) -> None:
    """Nothing was asked from which another could be told."""
    harness.user = "U0ASKER01"
    harness.open_home()
    harness.inner.run()

    assert JAPANESE.home["month"] == harness.home()[0][1]


def test_each_person_has_an_own_view(harness: Harness) -> None:
    """One's own amounts stand nowhere else."""
    harness.inner.ask_and_run("what is this")  # by U0ASKER01
    for user in ("U0ASKER01", "U0ASKER02"):
        harness.user = user
        harness.open_home()
    harness.inner.run_to_the_end()

    assert JAPANESE.usage["own"].partition("{")[0] in harness.home_of("U0ASKER01")[1][1]
    assert "質問は1件です" in harness.home_of("U0ASKER01")[1][1]
    assert "on 0 questions" in harness.home_of("U0ASKER02")[1][1]


def test_the_other_tab_and_a_second_look_make_no_work(harness: Harness) -> None:
    """One view in ten seconds; the messages' tab is Slack's own."""
    harness.open_home("messages")
    for _ in range(5):
        harness.open_home()
    published = len(harness.inner.spool.keys("ready"))
    harness.inner.run_to_the_end()

    assert published in (1, 2)  # the ten seconds may have ended between two looks
    assert published == harness.inner.called("views.publish")


def test_who_may_not_address_us_sees_that(harness: Harness) -> None:
    """And nothing of the team's."""
    harness.access = STRANGER
    harness.open_home()
    harness.inner.run()

    assert [("section", ENGLISH.declined["person"])] == harness.home()


def test_without_a_ledger_the_rest_is_shown(harness: Harness) -> None:
    """The operator's log says what is wrong."""
    (harness.inner.var / database.FILE).write_bytes(b"no database" * 100)
    harness.open_home()
    harness.inner.run()

    assert ["header", "section", "context"] == [kind for kind, _ in harness.home()]


@pytest.mark.parametrize("fault", [Fault("limited", seconds=1), Fault("broken"), Fault("gone")])
def test_while_slack_takes_no_view_it_is_put_off(harness: Harness, fault: Fault) -> None:
    """No limit is waited out: placeholders come first."""
    harness.slack.fail("views.publish", fault)
    harness.open_home()
    harness.inner.run()
    before = harness.slack.home(harness.user)
    harness.inner.wait()
    harness.inner.run_to_the_end()

    assert before is None
    assert ENGLISH.home["month"] == harness.home()[0][1]


def test_an_app_without_a_home_tab_is_no_failure(harness: Harness) -> None:
    """It was switched off meanwhile."""
    harness.open_home()
    harness.slack.switches.home_tab = False
    harness.inner.run()

    assert (0, 1, 0) == harness.inner.ended()


# Both


@pytest.mark.parametrize("act", [Harness.command, Harness.open_home])
def test_after_a_kill_it_is_not_done_again(harness: Harness, act: Callable[[Harness], object]) -> None:
    """Once it is recorded only the move is left; neither is counted as an answer."""
    act(harness)
    job = harness.inner.claim()
    job.record("obeyed")
    job.release()
    harness.inner.run_to_the_end()

    assert [] == harness.said()
    assert None is harness.slack.home(harness.user)
    assert 0 == last_day(harness.inner.spool, harness.inner.clock() + 1).answered


def shown_since(slack: PracticeSlack, count: int) -> tuple[PracticeMessage, ...]:
    """Return the messages that one person alone sees outside, but for the first `count`."""
    return slack.ephemeral_messages(OUTSIDE)[count:]


def test_the_whole_way_over_nginx(tmp_path: Path, certificates: Certificates) -> None:
    """The command and the event arrive at their addresses; what is shown comes from job processes, in each language."""
    with deploy(tmp_path, certificates) as deployment:
        wait_until((tmp_path / "identity.json").exists)
        slack = deployment.slack
        for user, texts in (("U0ASKER01", JAPANESE), ("U0ASKER02", ENGLISH)):
            shown_before = len(slack.ephemeral_messages(OUTSIDE))
            sent = slack.command(user, "model", OUTSIDE)
            slack.open_home(user)
            view = slack.wait_for(partial(slack.home, user))
            (said,) = slack.wait_for(partial(shown_since, slack, shown_before))

            assert (200, b"", "") == (sent.status, sent.reply, sent.failure)
            assert (user, OUTSIDE) == (said.only_for, said.channel)
            assert said.text == texts.model.format(model="gpt-6-luna")
            assert texts.home["month"] == view["blocks"][0]["text"]["text"]
        wait_until(lambda: not deployment.spool.keys("ready"))
        assert [] == deployment.spool.keys("failed")
