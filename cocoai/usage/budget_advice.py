"""Tell the operator, by the settings, what a question costs and what follows: in the log, and under `cocoai usage`."""

from __future__ import annotations

import logging

from cocoai import config
from cocoai.connections import service_tier
from cocoai.ledger.prices import PriceTable
from cocoai.ledger.tariff import Tariff
from cocoai.usage.options import price_table, usage_options
from cocoai.usage.question_cost import advice, price_warnings, question_cost, typical_material

log = logging.getLogger(__name__)


def budget_advice(settings: config.Settings, now: float) -> list[str]:
    """Return sentences on what a question costs, the seat, and the limit at OpenAI. `now` is in epoch seconds.

    Raise CocoAIError if a file of instructions that the settings name cannot be read.
    """
    return _advice(settings, price_table(settings), now)


def _advice(settings: config.Settings, prices: PriceTable, now: float) -> list[str]:
    openai = settings.openai
    cost = question_cost(
        config.Personas(settings).for_channel("").instructions,
        openai,
        settings.answer,
        Tariff(prices, openai.base_url),
        tier=service_tier(openai),
        at=now,
        material=typical_material(settings.documents),
    )
    return list(advice(cost, usage_options(settings), openai.base_url))


def log_budget(settings: config.Settings, now: float) -> None:
    """Log one line with the budget and its advice, and a warning for each model of the settings without a price.

    `now` is in epoch seconds. Raise CocoAIError as budget_advice() does.
    """
    prices = price_table(settings)
    for warning in price_warnings(settings, prices):
        log.warning("prices %s", warning)
    log.info("budget %s", " ".join(_advice(settings, prices, now)))
