"""What operators are told of troubles: by direct message, in their language, and not more often than they can bear."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from cocoai.answer.trouble_notices import AGAIN, HOUR, LASTING, TroubleNotices
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.slack.thread.user_names import UserNames
from cocoai.texts import ENGLISH, LANGUAGES, TextsByLanguage
from tests.answer_harness import AnswerHarness
from tests.options import options

OPERATOR = "U0ASKER02"


class Desk(AnswerHarness):
    """A harness with one operator, whose Slack is English or Japanese."""

    language = "en"
    operators = frozenset({OPERATOR})

    def tell(self, *, dies: str = "") -> list[str]:
        """Run the task as a process does; return what the operator has got in all. It may die before or after it."""
        slack, _ = self.outside()
        names = UserNames(str(self.var / "people"), slack.user_name, lambda _: self.language)
        notices = TroubleNotices(
            self.troubles,
            options(phrases=TextsByLanguage(LANGUAGES, "auto"), operators=self.operators),
            slack,
            names,
            partial(self.spool.count, "ready"),
            clock=self.clock,
        )
        if dies:
            slack.post_direct = partial(self._die, slack.post_direct, dies)  # type: ignore[method-assign]
        with contextlib.suppress(ZeroDivisionError):
            notices.tell()
        return self.told()

    @staticmethod
    def _die(post: object, when: str, *arguments: object) -> None:
        if when == "after" and callable(post):
            post(*arguments)
        raise ZeroDivisionError

    def told(self) -> list[str]:
        """Return the texts of all direct messages to the operator."""
        return [
            str(call.arguments["text"])
            for call in self.slack.calls
            if call.method == "chat.postMessage" and call.arguments["channel"] == OPERATOR and call.outcome == "ok"
        ]


@pytest.fixture
def desk(tmp_path: Path, certificates: Certificates) -> Iterator[Desk]:
    """Yield a harness between the practice servers."""
    with PracticeSlack(certificates) as slack, PracticeOpenAI(certificates) as openai:
        yield Desk(tmp_path, certificates, slack, openai)


def heads(texts: list[str]) -> list[str]:
    """Return the first line of each message."""
    return [text.partition("\n")[0] for text in texts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_lasts_is_told_once_and_its_end_too(desk: Desk, language: str) -> None:
    """Not at once, since most passes; not again while it lasts; and one word when all is well."""
    words = LANGUAGES[language].troubles
    desk.language = language
    desk.troubles.note("openai", "insufficient_quota")
    at_once = desk.tell()
    desk.ahead += LASTING
    then = desk.tell()
    desk.ahead += 2 * HOUR
    later = desk.tell()
    desk.troubles.over("openai")

    told = desk.tell()

    assert ([], 1, 1) == (at_once, len(then), len(later))
    assert [words["head"], words["over"]] == heads(told)
    assert all("insufficient_quota" in text for text in told)
    desk.ahead += HOUR
    assert told == desk.tell()
    assert not desk.troubles.has_files()


def test_one_message_an_hour_in_all(desk: Desk) -> None:
    """What begins within the hour is told with the next one."""
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING
    desk.tell()
    desk.troubles.note("signature", "stale")
    desk.ahead += HOUR - 1
    within = desk.tell()
    desk.ahead += 1

    told = desk.tell()

    assert (1, 2) == (len(within), len(told))
    assert "invalid_api_key" in told[1]
    assert "stale" in told[1]


def test_what_comes_and_goes_is_told_once(desk: Desk) -> None:
    """While anything else is wrong, the end of one trouble is no news."""
    desk.troubles.note("scope-users", "users:read")
    desk.troubles.note("openai", "model_not_found")
    desk.ahead += LASTING
    desk.tell()
    for _ in range(5):
        desk.troubles.over("openai")
        desk.ahead += HOUR
        desk.tell()
        desk.troubles.note("openai", "model_not_found")
        desk.ahead += 60
        desk.tell()

    assert 1 == len(desk.told())


def test_what_is_over_is_not_told_as_if_it_were_not(desk: Desk) -> None:
    """While something else is wrong still; but what Slack kept from being told is told then."""
    desk.troubles.note("openai", "model_not_found")
    desk.troubles.note("signature", "stale")
    desk.ahead += LASTING
    desk.tell()
    desk.troubles.over("signature")
    desk.troubles.note("slack", "tls")
    desk.ahead += AGAIN
    desk.tell()
    desk.troubles.over("slack")

    told = desk.tell()

    assert 2 == len(told)
    assert [True, True, False] == [word in told[1] for word in ("model_not_found", "tls", "stale")]


def test_a_trouble_of_a_day_is_told_again(desk: Desk) -> None:
    """It may have been forgotten."""
    desk.troubles.note("scope-files", "files:read")
    desk.ahead += LASTING
    desk.tell()
    desk.ahead += AGAIN

    assert 2 == len(desk.tell())


def test_while_slack_refuses_us_the_log_tells_and_the_operators_hear_of_it_afterwards(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody can be told then: no call is made in vain. The log says once an hour how many wait."""
    desk.slack.fail("*", Fault("refused", code="token_revoked"), times=10_000)
    desk.ask()
    desk.run()
    desk.ahead += LASTING
    calls = len(desk.slack.calls)
    for _ in range(5):
        desk.tell()
        desk.ahead += 1000
    in_vain = len(desk.slack.calls) - calls
    desk.slack.clear_faults()
    desk.run()

    told = desk.tell()

    assert 0 == in_vain
    assert [ENGLISH.troubles["over"]] == heads(told)
    assert "token_revoked" in told[0]
    lines = [line for line in caplog.messages if line.startswith("trouble source=slack code=token_revoked since=")]
    assert 2 == len(lines)
    assert all(line.endswith("jobs=1") for line in lines)


def test_a_slack_that_comes_and_goes_is_told_once_an_hour(desk: Desk) -> None:
    """Each time for long enough to be told."""
    began = desk.ahead
    while desk.ahead < began + 3 * HOUR:
        desk.troubles.note("slack", "connection")
        for _ in range(7):
            desk.tell()
            desk.ahead += 60
        desk.troubles.over("slack")
        desk.tell()
        desk.ahead += 60

    assert 3 == len(desk.told())


def test_what_passes_quickly_is_told_nobody(desk: Desk) -> None:
    """Neither its beginning nor its end."""
    desk.troubles.note("openai", "overloaded")
    desk.tell()
    desk.ahead += LASTING - 1
    desk.tell()
    desk.troubles.over("openai")

    assert [] == desk.tell()


@pytest.mark.parametrize(("dies", "expected"), [("before", 1), ("after", 2)])
def test_after_a_crash_it_is_told_at_most_once_more(desk: Desk, dies: str, expected: int) -> None:
    """A process that died as it sent may have told: one other sends it again, and no third one."""
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING
    desk.tell(dies=dies)

    desk.tell()

    assert expected == len(desk.told())
    desk.tell()
    assert expected == len(desk.told())


def test_two_crashes_are_the_last(desk: Desk) -> None:
    """Each process dies behind the message: it is sent twice, and then counts as told."""
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING
    for _ in range(4):
        desk.tell(dies="after")

    assert 2 == len(desk.told())


def test_a_message_that_slack_refuses_is_sent_later(desk: Desk) -> None:
    """Once an hour, as often as it takes: in between it would be the same."""
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING
    desk.slack.fail("chat.postMessage", Fault("refused", code="channel_not_found"), times=3)
    for _ in range(3):
        assert [] == desk.tell()
        calls = len(desk.slack.calls)
        assert [] == desk.tell()
        assert calls == len(desk.slack.calls)
        desk.ahead += HOUR

    assert 1 == len(desk.tell())


def test_a_slack_in_trouble_is_tried_a_minute_later(desk: Desk) -> None:
    """Each minute, until it takes the message."""
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING
    desk.slack.fail("chat.postMessage", Fault("refused", code="internal_error"), times=2)

    assert [0, 0, 1] == [len(desk.tell()) for _ in range(3)]


def test_a_stranger_cannot_have_messages_sent_all_day(desk: Desk) -> None:
    """Wrong signatures in each quiet hour, and a right one behind them: that is told once a day."""
    began = desk.ahead
    while desk.ahead < began + 20 * HOUR:
        for _ in range(10):
            desk.troubles.note("signature", "wrong")
            desk.tell()
            desk.ahead += 60
        desk.troubles.over("signature")
        desk.tell()
        desk.ahead += HOUR

    assert [ENGLISH.troubles["head"], ENGLISH.troubles["over"]] == heads(desk.told())
    assert not desk.troubles.has_files()
    desk.ahead += 5 * HOUR
    desk.troubles.note("signature", "wrong")
    desk.ahead += LASTING
    assert 3 == len(desk.tell())


def test_an_openai_that_was_busy_once_is_told_nobody(desk: Desk) -> None:
    """Nobody has asked since, so nobody knows that it is well; met again after a while, it lasts."""
    desk.troubles.note("openai", "overloaded")
    desk.ahead += AGAIN
    once = desk.tell()
    desk.troubles.note("openai", "overloaded")

    assert ([], 1) == (once, len(desk.tell()))


def test_without_operators_the_log_has_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is named in [budget] operators."""
    desk.operators = frozenset()
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING

    assert [] == desk.tell()
    assert any("trouble source=openai code=invalid_api_key since=" in line for line in caplog.messages)


def test_a_full_disk_sends_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be noted would be sent every minute."""
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING
    (desk.var / "troubles" / "told.json").mkdir()

    assert [] == desk.tell()
    assert "trouble outcome=not-told" in caplog.text


@pytest.mark.parametrize("time", ["Infinity", "1e300", f"1{'0' * 400}", "NaN", "-1", "[]", '"x"'])
def test_what_is_no_time_ends_no_process(desk: Desk, time: str) -> None:
    """A damaged file counts as none, and what is wrong is noted anew."""
    folder = desk.var / "troubles"
    folder.mkdir(exist_ok=True)
    (folder / "openai").write_text(f'{{"code": "x", "since": {time}, "last": {time}, "count": 1}}')
    (folder / "told.json").write_text(
        f'{{"known": {{"openai": {{"code": "x", "since": {time}, "told": 0}}}}, "at": 0, "logged": 0, "tries": 0}}'
    )

    assert [] == desk.tell()
    desk.troubles.note("openai", "invalid_api_key")
    desk.ahead += LASTING
    assert 1 == len(desk.tell())
