"""What the practice OpenAI has billed so far, shown at the page."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import requests

from cocoai.rehearsal.openai.billing import PracticeBooks
from cocoai.rehearsal.openai.practice_prices import TokenUse
from cocoai.rehearsal.page.practice_page import PracticePage
from cocoai.rehearsal.slack.practice_slack import PracticeSlack
from tests.rehearsal.page.page_reader import Reader

ANSWER = TokenUse(1500, output=400)
"""$0.00035 with gpt-6-luna."""


@pytest.fixture
def books() -> PracticeBooks:
    """Return books with one bill."""
    books = PracticeBooks(threading.Condition(threading.RLock()))
    books.open("gpt-6-luna", "default", ANSWER).finish()
    return books


def test_news_has_the_total(
    session: requests.Session, page: PracticePage, slack: PracticeSlack, books: PracticeBooks
) -> None:
    """The news have the total in nano-dollars and the number of requests; null without a practice OpenAI."""

    def billed() -> object:
        return session.get(f"{page.url}/page/news?run=new").json()["billed"]

    assert billed() is None
    slack.page.books = books

    assert {"nano_dollars": 350_000, "requests": 1} == billed()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "one", "twelve"),
    [
        pytest.param(
            "en",
            "The practice OpenAI, billed so far: $0.00035, 1 request",
            "The practice OpenAI, billed so far: $0.0042, 12 requests",
            marks=pytest.mark.long,
        ),
        (
            "ja",
            "練習用 OpenAI のこれまでの料金: $0.00035（リクエスト1件）",
            "練習用 OpenAI のこれまでの料金: $0.0042（リクエスト12件）",
        ),
    ],
)
def test_total_is_shown(
    reader: Reader,
    slack: PracticeSlack,
    books: PracticeBooks,
    act: Callable[..., str],
    language: str,
    one: str,
    twelve: str,
) -> None:
    """The total is shown in both languages, and is new with each message that changes."""
    slack.page.books = books
    reader.opens(slack.url, language)
    assert one == reader.sees("#billed", "$").text

    for _ in range(11):
        books.open("gpt-6-luna", "default", ANSWER).finish()
    act("chat.postMessage", channel="C0PRACTICE", text="an answer")
    assert twelve == reader.sees("#billed", "12").text


@pytest.mark.long
@pytest.mark.browser
def test_no_total_without_a_practice_openai(reader: Reader, slack: PracticeSlack) -> None:
    """With the real OpenAI, whose bill is not known here, nothing is shown."""
    reader.opens(slack.url)

    assert reader.script("return document.getElementById('billed').hidden")
    assert 0 == reader.overflow()
