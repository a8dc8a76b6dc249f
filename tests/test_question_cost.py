"""usage/question_cost.py and budget_advice.py: what a question costs by the settings, and what the operator reads."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from cocoai import config
from cocoai.answer.standing_instructions import standing_instructions
from cocoai.config.channel_settings import ChannelSettings
from cocoai.config.personas import DEFAULT_INSTRUCTIONS
from cocoai.conversation import estimated_tokens
from cocoai.ledger.money import NANO
from cocoai.ledger.prices import FREE, Price, PriceTable
from cocoai.ledger.tariff import Tariff
from cocoai.usage.budget_advice import budget_advice, log_budget
from cocoai.usage.options import UsageOptions, price_table
from cocoai.usage.question_cost import QuestionCost, advice, own_limit, price_warnings, question_cost, typical_material
from tests.books import PRICES
from tests.ledger.charges import NOON
from tests.status.samples import settings_in

OPENAI = "https://api.openai.com/v1"
ELSEWHERE = "http://127.0.0.1:11434/v1"
CENT = NANO // 100


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Return the default settings."""
    return settings_in(tmp_path)


def cost(settings: config.Settings, instructions: str = "x" * 4000, prices: PriceTable = PRICES) -> QuestionCost:
    """Return what a question costs by the settings, with a thousand tokens of instructions."""
    openai = settings.openai
    tariff = Tariff(prices, openai.base_url)
    return question_cost(instructions, openai, settings.answer, tariff, tier="default", at=NOON)


def with_openai(settings: config.Settings, **changes: object) -> config.Settings:
    """Return the settings with these keys of [openai] changed."""
    return replace(settings, openai=replace(settings.openai, **changes))  # type: ignore[arg-type]


def with_answer(settings: config.Settings, **changes: object) -> config.Settings:
    """Return the settings with these keys of [answer] changed."""
    return replace(settings, answer=replace(settings.answer, **changes))  # type: ignore[arg-type]


def test_the_default_settings_cost_less_than_a_tenth_of_a_cent(settings: config.Settings) -> None:
    """By hand: 80 tokens of question, 400 of answer and 150 of thinking, and in a thread 2,160 of history."""
    always = estimated_tokens(standing_instructions("x" * 4000, _noon(), files=True))

    found = cost(settings)

    assert (always + 80) * 125 + 550 * 500 == found.first
    repeated = always + 2160 - 400
    assert repeated * 10 + 480 * 125 + 550 * 500 == found.in_thread
    assert found.first < CENT // 10
    assert "gpt-6-luna" == found.model


def test_what_is_sent_again_is_cheaper_at_openai_alone(settings: config.Settings) -> None:
    """What another server caches, and at which price, is not known; there, nothing costs more for being written."""
    elsewhere = cost(with_openai(settings, base_url=ELSEWHERE))

    assert elsewhere.in_thread > cost(settings).in_thread
    assert elsewhere.first < cost(settings).first
    assert 2160 * 100 == elsewhere.in_thread - elsewhere.first


def test_a_short_prompt_is_not_cached(settings: config.Settings) -> None:
    """It costs neither more for the writing nor less for the reading."""
    short = cost(with_answer(settings, round_trips=0), "Be kind.")

    always = estimated_tokens(standing_instructions("Be kind.", _noon(), files=True))
    assert always + 80 < 1024
    assert (always + 80) * 100 + 550 * 500 == short.first == short.in_thread


def test_each_setting_has_its_part(settings: config.Settings) -> None:
    """A longer persona, more history, a dearer model and more thinking cost more; a limit of the answer costs less."""
    plain = cost(settings)

    assert cost(settings, "x" * 8000).first == plain.first + 1000 * 125
    assert cost(with_answer(settings, round_trips=50)).in_thread > plain.in_thread
    assert cost(with_answer(settings, max_history_tokens=1000)).in_thread < plain.in_thread
    assert cost(with_openai(settings, model="gpt-6.2-sol")).first == 20 * plain.first
    assert cost(with_openai(settings, reasoning_effort="high")).first == plain.first + 1450 * 500
    assert cost(with_openai(settings, max_output_tokens=100)).first == plain.first - 450 * 500


@pytest.mark.pure
@pytest.mark.parametrize(
    ("first", "in_thread", "seat", "questions"),
    [
        (CENT, CENT, 20 * NANO, 2001),
        (CENT, 2 * CENT, 20 * NANO, 1001),
        (3 * CENT, CENT, 20 * NANO, 667),
        (0, 0, 20 * NANO, None),
        (CENT, CENT, 0, None),
    ],
)
def test_a_seat_is_cheaper_from_some_number_on(first: int, in_thread: int, seat: int, questions: int | None) -> None:
    """By the dearer kind of question; never, where questions are free or no seat is named."""
    assert questions == QuestionCost("m", first, in_thread).seat_is_cheaper_from(seat)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("cap", "limit"),
    [(10 * NANO, 11), (1 * NANO, 2), (NANO // 2, 2), (100 * NANO, 110), (15 * NANO, 17), (25 * NANO + 1, 28), (1, 2)],
)
def test_the_limit_at_openai_is_a_little_above_the_cap(cap: int, limit: int) -> None:
    """A tenth, but at least a dollar; in whole dollars."""
    assert limit == own_limit(cap)


@pytest.mark.pure
def test_the_advice_in_words() -> None:
    """With all figures; without the limit where the money does not go to OpenAI, or nothing may be spent."""
    found = list(advice(QuestionCost("gpt-6-luna", 300_000, 500_000), UsageOptions(), OPENAI))

    cost_line = (
        "A question to gpt-6-luna costs about $0.0003, and $0.0005 in a thread "
        "(by estimate: 60 words, answered in 300, with half the history)."
    )
    assert [
        cost_line,
        "A seat of $20.00 would be cheaper from 40,001 questions a head and month on.",
        "Set the project's own hard limit at OpenAI to $11, a little above the cap of $10.00.",
    ] == found
    assert 2 == len(list(advice(QuestionCost("m", 1, 1), UsageOptions(), ELSEWHERE)))
    assert 2 == len(list(advice(QuestionCost("m", 1, 1), UsageOptions(cap=0), OPENAI)))
    assert 1 == len(list(advice(QuestionCost("m", 0, 0), UsageOptions(cap=0), OPENAI)))
    guessed = next(advice(QuestionCost("m", 1, 1, is_guessed=True), UsageOptions(), OPENAI))
    assert "to m, whose price is not known, so that it counts as the dearest, costs" in guessed


def test_the_advice_by_the_settings(settings: config.Settings) -> None:
    """With the persona of all channels, in the tier that is asked for."""
    persona = Path(DEFAULT_INSTRUCTIONS).read_text(encoding="utf-8")
    tariff = Tariff(PRICES, OPENAI)
    found = question_cost(persona, settings.openai, settings.answer, tariff, tier="default", at=NOON)

    assert list(advice(found, UsageOptions(), OPENAI)) == budget_advice(settings, NOON)
    assert budget_advice(with_openai(settings, service_tier="fast"), NOON)[0] != budget_advice(settings, NOON)[0]


@pytest.mark.parametrize(
    ("base_url", "remedy"),
    [(OPENAI, ""), (ELSEWHERE, ": give its price in [prices], or say there that it is free")],
)
def test_a_model_without_a_price_is_warned_of(settings: config.Settings, base_url: str, remedy: str) -> None:
    """Each once, wherever the settings name it; one that the operator has priced is not."""
    personas = settings.personas
    channels = {"C1": ChannelSettings("", "odd"), "C2": ChannelSettings("", "")}
    personas = replace(
        personas, models={"a": "odd", "b": "strange", "c": "gpt-6.2-sol", "d": "free"}, channels=channels
    )
    named = replace(with_openai(settings, model="new", base_url=base_url), personas=personas, prices={"free": FREE})

    assert [
        f"the price of {model} is not known, so that it counts as the dearest model{remedy}"
        for model in ("new", "odd", "strange")
    ] == list(price_warnings(named, price_table(named)))
    priced = replace(named, prices={name: Price(1, 1, 1, 1) for name in ("new", "odd", "strange", "free")})
    assert [] == list(price_warnings(priced, price_table(priced)))


def test_the_start_logs_one_line_and_the_warnings(settings: config.Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The line is the advice."""
    with caplog.at_level(logging.INFO):
        log_budget(with_openai(settings, model="new"), NOON)

    warning, line = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert ("WARNING", "prices the price of new is not known, so that it counts as the dearest model") == warning
    assert "INFO" == line[0]
    assert line[1].startswith("budget A question to new, whose price is not known,")
    assert line[1].endswith("Set the project's own hard limit at OpenAI to $11, a little above the cap of $10.00.")


def _noon() -> time.struct_time:
    return time.localtime(NOON)


def test_documents_make_a_question_dearer(settings: config.Settings) -> None:
    """By the passages under it, which are not in the next one's history: each of its tokens is new."""
    on = replace(settings.documents, folder="/team", max_tokens=300)
    few, many = typical_material(on), typical_material(replace(on, max_tokens=3000))
    dearer = replace(settings, documents=replace(on, max_tokens=3000))

    assert (0, 300, 1200) == (typical_material(settings.documents), few - 400, many - 400)
    assert budget_advice(settings, NOON)[0] != budget_advice(dearer, NOON)[0]
