"""What a typical question costs by the settings, before anybody has asked one, and what follows for the budget.

It is an estimate, and says so. A typical question has about 60 words and is answered in about 300; in a thread it comes
within half an hour of the last one, and half of the history that may be shown stands before it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai import config
from cocoai.answer.history_cut import HistoryLimits
from cocoai.answer.standing_instructions import standing_instructions
from cocoai.config.document_settings import DocumentSettings
from cocoai.config.settings import AnswerSettings
from cocoai.conversation import estimated_tokens
from cocoai.ledger.cost import Tokens, is_openai
from cocoai.ledger.money import NANO, usd, usd_fine
from cocoai.ledger.prices import PriceTable
from cocoai.ledger.tariff import Tariff
from cocoai.usage.options import UsageOptions

QUESTION, ANSWER = 60, 300
"""Words of a typical question and of its answer."""

_THOUGHTS = {"none": 0, "minimal": 50, "low": 150, "medium": 500, "high": 2000, "xhigh": 5000, "max": 10_000}
"""Tokens of thinking by the effort, as we assume them: nobody publishes any. `cocoai usage` has the true costs."""

_PASSAGES, _TOLD = 1200, 400
"""Tokens of five passages of 300 characters, half of them in Japanese; and of what the model is told of passages."""

_LEAST_CACHED = 1024
"""Tokens; OpenAI caches no shorter prompt (its guide to prompt caching)."""


@dataclass(frozen=True)
class QuestionCost:
    """What a typical question to `model` costs, in nano-dollars: one that opens a thread, and one in a thread.

    `is_guessed`: the model's price is not known, and it counts as the dearest one.
    """

    model: str
    first: int
    in_thread: int
    is_guessed: bool = False

    def seat_is_cheaper_from(self, seat: int) -> int | None:
        """Return how many questions a person must ask in a month to cost more than a seat of so many nano-dollars.

        Return None if that is never so, or if there is no seat to compare with (0).
        """
        # By the dearer of both: rather too few questions than too many.
        dearer = max(self.first, self.in_thread)
        return seat // dearer + 1 if seat and dearer else None


def question_cost(
    instructions: str,
    openai: config.OpenAISettings,
    answer: AnswerSettings,
    tariff: Tariff,
    *,
    tier: str,
    at: float,
    material: int = 0,
) -> QuestionCost:
    """Return what a typical question costs, by the settings and the tariff, with these instructions of a persona.

    `tier` is the service tier that requests name, "" for none; `at` is in epoch seconds. Under the question
    stand so many tokens of `material`, which the next one's history does not have.
    """
    always = standing_instructions(instructions, time.localtime(at), files=answer.attachments_mib > 0)
    beginning, question, words = estimated_tokens(always), _tokens(QUESTION), _tokens(ANSWER)
    limits = HistoryLimits(answer.round_trips, answer.max_history_tokens)
    history = min(limits.most_round_trips * (question + words), limits.tokens) // 2
    output = min(words + _THOUGHTS.get(openai.reasoning_effort, 0), openai.max_output_tokens)
    caches = is_openai(openai.base_url)

    def cost(prompt: int, repeated: int) -> int:
        cached = repeated if caches and repeated >= _LEAST_CACHED else 0
        written = prompt - cached if caches and prompt >= _LEAST_CACHED else 0
        tokens = Tokens(prompt, cached, written, output)
        return tariff.priced(
            tokens, asked=openai.model, answered=openai.model, tier=tier, at=at, has_tier=bool(tier)
        ).spent

    first = beginning + question + material
    # The last answer was not in the last prompt, so that it is new.
    in_thread = cost(first + history, max(0, beginning + history - words)) if history else cost(first, 0)
    return QuestionCost(openai.model, cost(first, 0), in_thread, tariff.is_guessed(openai.model))


def typical_material(documents: DocumentSettings) -> int:
    """Return the tokens of the passages under a typical question, and of what the model is told of them; 0 if none."""
    return _TOLD + min(_PASSAGES, documents.max_tokens) if documents.is_on else 0


def own_limit(cap: int) -> int:
    """Return the hard limit in whole dollars that the project should have at OpenAI itself, by the cap in nano-dollars.

    OpenAI's limit is enforced a little late, and stops all that the project pays for: it is for what CocoAI cannot see.
    """
    return -(-max(-(-cap * 11 // 10), cap + NANO) // NANO)


def advice(cost: QuestionCost, options: UsageOptions, base_url: str) -> Iterator[str]:
    """Yield sentences on what a question costs, when a seat would be cheaper, and what limit to set at OpenAI itself.

    The last one is left out at another address, and where nothing may be spent.
    """
    guessed = ", whose price is not known, so that it counts as the dearest," if cost.is_guessed else ""
    yield (
        f"A question to {cost.model}{guessed} costs about {usd_fine(cost.first)}, and {usd_fine(cost.in_thread)} in a "
        f"thread (by estimate: {QUESTION} words, answered in {ANSWER}, with half the history)."
    )
    questions = cost.seat_is_cheaper_from(options.seat)
    if questions:
        yield f"A seat of {usd(options.seat)} would be cheaper from {questions:,} questions a head and month on."
    if options.cap and is_openai(base_url):
        yield (
            f"Set the project's own hard limit at OpenAI to ${own_limit(options.cap):,}, a little above the cap of "
            f"{usd(options.cap)}."
        )


def price_warnings(settings: config.Settings, prices: PriceTable) -> Iterator[str]:
    """Yield a sentence for each model that the settings name and whose price is not known."""
    personas = settings.personas
    named = [settings.openai.model, *personas.models.values(), *(each.model for each in personas.channels.values())]
    remedy = "" if is_openai(settings.openai.base_url) else ": give its price in [prices], or say there that it is free"
    for model in dict.fromkeys(filter(None, named)):
        if not prices.knows(model):
            yield f"the price of {model} is not known, so that it counts as the dearest model{remedy}"


def _tokens(words: int) -> int:
    """Return the tokens of so many words: about four for three, in English; in Japanese rather more."""
    return words * 4 // 3
