"""The switches by which the practice OpenAI gives wrong answers, as OpenAI does where something is set up wrong."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import openai
import pytest

from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI


def test_a_model_that_is_gone(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """It has no page, is not in the list, and answers nothing."""
    practice.switches.gone = frozenset({"gpt-6-luna"})

    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-6-luna")
    assert "model_not_found" == caught.value.code
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-6-luna", messages=[{"role": "user", "content": "hi"}])
    assert "model_not_found" == caught.value.code
    assert "gpt-6-luna" not in {each.id for each in client.models.list()}


def test_a_shutdown_date(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """The switch's day stands in the model's page and in the list."""
    practice.switches.shutdown_dates = {"gpt-6-luna": "2027-02-03"}

    page, listed = client.models.retrieve("gpt-6-luna"), {each.id: each for each in client.models.list()}

    assert ["2027-02-03"] * 2 == [each.model_dump()["shutdown_date"] for each in (page, listed["gpt-6-luna"])]


def test_a_dead_key_and_no_credit(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A dead key opens nothing; without credit only completions are refused."""
    practice.switches.credit = False
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="gpt-6-luna", messages=[{"role": "user", "content": "hi"}])
    assert "insufficient_quota" == caught.value.code
    assert "gpt-6-luna" == client.models.retrieve("gpt-6-luna").id

    practice.switches.dead_key = True
    with pytest.raises(openai.AuthenticationError) as refused:
        client.models.list()
    assert "invalid_api_key" == refused.value.code


def test_a_compatible_server_without_models(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """It knows neither path, and completes all the same."""
    practice.switches.model_pages = practice.switches.model_list = False

    for ask in (client.models.list, lambda: client.models.retrieve("gpt-6-luna")):
        with pytest.raises(openai.NotFoundError):
            ask()
    answer = client.chat.completions.create(model="gpt-6-luna", messages=[{"role": "user", "content": "hi"}])
    assert answer.choices


def test_a_page_in_the_api_s_place_and_a_clock_that_is_off(practice: PracticeOpenAI, client: openai.OpenAI) -> None:
    """A page is HTML with the switch's status; the header Date is shifted."""
    practice.switches.front, practice.switches.clock_shift = 502, -120.0

    with pytest.raises(openai.InternalServerError) as caught:
        client.models.list()

    date = caught.value.response.headers["Date"]
    assert "text/html; charset=utf-8" == caught.value.response.headers["Content-Type"]
    assert -130 < parsedate_to_datetime(date).timestamp() - time.time() < -110
