"""slack/api/thread_reader.py against the practice Slack: however long a thread is, three calls bring its newest end."""

from __future__ import annotations

import random
import time as clock
from collections.abc import Callable, Iterable, Iterator

import pytest

from cocoai.engine.client.client import HttpClient
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.practice_slack import TOKEN, PracticeSlack
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_reader import FIRST_PAGE, MOST_CALLS, WINDOW_PAGE, ThreadPart
from cocoai.slack.model.messages import EVENT_TYPE, Message, MessageMetadata

CHANNEL = "C0PRACTICE"
DAY = 86400.0
BEGAN = 1_700_000_000.0


class Slack(PracticeSlack):
    """A practice Slack whose time the test sets."""

    def __init__(self, certificates: Certificates) -> None:
        self.now = BEGAN
        super().__init__(certificates, clock=lambda: self.now)
        self.question = ""

    def fill(self, times: Iterable[float], text: str = "reply") -> list[str]:
        """Post a parent, then a reply at each of these seconds after it, oldest first; return the ts of the replies.

        The last reply is the question.
        """
        parent = self.workspace.post(CHANNEL, "U0ASKER01", "parent").ts
        replies = []
        for seconds in sorted(times):
            self.now = BEGAN + seconds
            replies.append(self.workspace.post(CHANNEL, "U0ASKER02", text, thread_ts=parent).ts)
        self.parent, self.question = parent, replies[-1]
        return replies

    def fill_with_answers(self, count: int) -> None:
        """Post a parent, then `count` questions and our answers in turn, and a last question."""
        parent = self.workspace.post(CHANNEL, "U0ASKER01", "parent").ts
        for _ in range(count):
            self.now += 1
            asked = self.workspace.post(CHANNEL, "U0ASKER02", "question", thread_ts=parent).ts
            payload = MessageMetadata(f"{CHANNEL}-{parent}-{asked}", "answer").payload()
            metadata = {"event_type": EVENT_TYPE, "event_payload": payload}
            self.workspace.post(CHANNEL, "U0COCOAI", "answer", thread_ts=parent, metadata=metadata)
        self.parent, self.question = parent, self.workspace.post(CHANNEL, "U0ASKER02", "now?", thread_ts=parent).ts

    def read(self, chat: SlackChat, **part: object) -> list[str]:
        """Read the thread up to the question; return the ts of the replies, after checking the calls and the parent."""
        before = len(self.calls)
        messages = chat.thread(CHANNEL, self.parent, ThreadPart(**{"until": self.question, **part}))  # type: ignore[arg-type]
        self.used = len(self.calls) - before

        assert self.used <= MOST_CALLS
        assert self.parent == messages[0].ts
        return [message.ts for message in messages[1:]]


@pytest.fixture
def slack(certificates: Certificates) -> Iterator[Slack]:
    """Start a practice Slack for one test."""
    with Slack(certificates) as server:
        yield server


@pytest.fixture
def chat(client: HttpClient, slack: Slack) -> SlackChat:
    """Return a connection to it."""
    return SlackChat(client, api_url=slack.api_url, token=TOKEN, clock=clock.monotonic, sleep=clock.sleep)


def evenly(count: int, seconds: float) -> list[float]:
    """Return so many times, spread evenly over so many seconds."""
    return [1 + seconds * n / count for n in range(count)]


def in_working_hours(count: int, days: int) -> list[float]:
    """Return so many times, in eight hours of each day, in short bursts."""
    chance = random.Random(count)
    starts = [chance.randrange(days) * DAY + chance.random() * DAY / 3 for _ in range(count // 10)]
    return [start + chance.random() * 600 for start in starts for _ in range(10)]


@pytest.mark.parametrize(("count", "calls"), [(1, 1), (FIRST_PAGE - 1, 1), (FIRST_PAGE, 2), (1198, 2)])
def test_a_thread_that_is_not_long_is_read_as_a_whole(slack: Slack, chat: SlackChat, count: int, calls: int) -> None:
    """One call is enough for up to 200 replies, two for up to 1,198."""
    replies = slack.fill(evenly(count, DAY))

    assert replies == slack.read(chat)
    assert calls == slack.used


LONG: dict[str, Callable[[], list[float]]] = {
    "evenly": lambda: evenly(5000, 30 * DAY),
    "in working hours": lambda: in_working_hours(5000, 30),
    "ever faster": lambda: [30 * DAY * (1 - (1 - n / 5000) ** 2) for n in range(5000)],
    "ever slower": lambda: [30 * DAY * (n / 5000) ** 2 for n in range(5000)],
    "a burst before the question": lambda: [*evenly(4000, 30 * DAY), *(30 * DAY + n / 10 for n in range(1000))],
    "a pause before the question": lambda: [*evenly(5000, 30 * DAY), 34 * DAY],
    "over 20,000": lambda: evenly(21_000, 90 * DAY),
}


@pytest.mark.parametrize("times", LONG.values(), ids=LONG)
@pytest.mark.parametrize("limit", [1000, pytest.param(200, marks=pytest.mark.long), 15])
def test_the_newest_replies_of_a_long_thread_are_read(
    slack: Slack, chat: SlackChat, times: Callable[[], list[float]], limit: int
) -> None:
    """The parent and the newest replies come, without a gap, with three calls; some even if Slack caps its pages."""
    slack.switches.page_limit = limit
    replies = slack.fill(times())
    read = slack.read(chat)

    assert replies[-len(read) :] == read
    assert len(read) >= (50 if limit == 1000 else 1)


def test_whether_a_window_has_the_parent_does_not_matter(slack: Slack, chat: SlackChat) -> None:
    """The parent is known from the first page."""
    slack.switches.window_parent = False
    replies = slack.fill(evenly(5000, DAY))
    read = slack.read(chat)

    assert replies[-len(read) :] == read
    assert len(read) > 100


def test_what_is_newer_than_the_question_does_not_push_out_what_is_older(slack: Slack, chat: SlackChat) -> None:
    """A question asked once more, in the middle of a long thread, sees what stood before it then."""
    replies = slack.fill(evenly(5000, DAY))
    slack.question = replies[3000]

    def is_before(message: Message) -> bool:
        return message.ts <= slack.question

    read = slack.read(chat, is_wanted=is_before)

    assert replies[3001 - len(read) : 3001] == read
    assert len(read) > 100


def test_no_more_is_read_than_the_budget_holds(slack: Slack, chat: SlackChat) -> None:
    """Two calls are enough if the window fills the budget; older replies are dropped, and long texts cut at the front.

    The text of the question stays whole.
    """
    replies = slack.fill(evenly(5000, DAY), text="0123456789" * 40)
    read = slack.read(chat, tokens=1000.0)
    messages = chat.thread(CHANNEL, slack.parent, ThreadPart(slack.question, 50.0))

    assert replies[-10:] == read  # of 104 tokens each
    assert 2 == slack.used
    assert ["0123456789" * 40] == [message.text for message in messages[1:]]
    assert len(messages[1].text) <= WINDOW_PAGE


@pytest.mark.parametrize("count", [0, 20, 99, 400])
@pytest.mark.parametrize("tokens", [20.0, 100.0, float("inf")])
def test_answers_are_counted_though_they_are_dropped(slack: Slack, chat: SlackChat, count: int, tokens: float) -> None:
    """As long as the thread was read from its beginning: up to 200 replies in one page, and more in a second."""
    slack.fill_with_answers(count)
    read = chat.read_thread(CHANNEL, slack.parent, ThreadPart(slack.question, tokens))

    assert count == read.answers
    assert tokens > 100 or len(read.messages) <= 20


def test_answers_are_not_counted_where_the_beginning_was_not_read(slack: Slack, chat: SlackChat) -> None:
    """Of a very long thread two windows at its end are read."""
    slack.fill_with_answers(1500)

    assert chat.read_thread(CHANNEL, slack.parent, ThreadPart(slack.question)).answers is None
