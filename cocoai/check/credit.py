"""Ask the model one short question, which is paid: only so one learns whether there is credit. Only by `--ask`.

The ledger is not told, since `cocoai check` writes nothing: the result says what it cost, which is at most some
hundredths of a cent. With a budget of 0 nothing is asked. The request is the one that questions make, by ChatGPTChat:
what it says of parameters, tier and address is true for them too.
"""

from __future__ import annotations

from collections.abc import Iterator

from cocoai import config
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.chatgpt.chunk import Usage
from cocoai.chatgpt.stream import Ending
from cocoai.check.reach import client_for
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.connections import service_tier
from cocoai.conversation import Conversation, Turn
from cocoai.errors import CocoAIError, Permanent
from cocoai.ledger.cost import Tokens
from cocoai.ledger.money import NANO
from cocoai.ledger.tariff import Tariff
from cocoai.usage.options import price_table

MOST_TOKENS = 16
"""Tokens of the answer, at most: OpenAI takes no smaller number."""

SECONDS = 20.0
"""Seconds for the whole answer."""

QUESTION = "Reply with the word: ok"

NO_CREDIT = (
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_credits",
    "insufficient_balance",
    "payment_required",
)


def credit(target: Target) -> Iterator[Result]:
    """Yield whether the model answers a short question, and what that has cost."""
    settings = target.settings
    if settings is None or not settings.openai.api_key:
        return
    if not settings.budget.monthly_usd:
        yield note("openai.credit", "no_budget")
        return
    try:
        ending = _asked(settings)
    except CocoAIError as error:
        yield _refused(error, target)
        return
    cost = _cost(settings, ending.usage, target.clock()) if ending.usage else "?"
    yield ok("openai.credit", model=ending.model or settings.openai.model, cost=cost)


def _asked(settings: config.Settings) -> Ending:
    """Ask, and return how the answer ended. Raise `Temporary` or `Permanent` as ChatGPTChat does."""
    limits = {"first_word_timeout": SECONDS, "silence_timeout": SECONDS, "total_timeout": SECONDS}
    values = {**vars(settings.openai), **limits, "max_output_tokens": MOST_TOKENS}
    chat = ChatGPTChat(client_for(settings), **{**values, "service_tier": service_tier(settings.openai)})
    conversation = Conversation("", (Turn("asker", QUESTION),))
    return next(piece for piece in chat.reply(conversation) if isinstance(piece, Ending))


def _refused(error: CocoAIError, target: Target) -> Result:
    """Return the result of a request that was not answered."""
    code = getattr(error, "code", "") or type(error).__name__
    facts = {"code": code, "file": target.shown_file, "reload": target.reload}
    if code in NO_CREDIT:
        return wrong("openai.credit", "none", **facts)
    return (wrong if isinstance(error, Permanent) else warning)("openai.credit", "refused", **facts)


def _cost(settings: config.Settings, usage: Usage, now: float) -> str:
    """Return what an answer has cost, in dollars with six decimals, by the price table."""
    tariff, tier = Tariff(price_table(settings), settings.openai.base_url), service_tier(settings.openai)
    tokens = Tokens(usage.prompt_tokens, usage.cached_tokens, usage.cache_write_tokens, usage.completion_tokens)
    model = settings.openai.model
    bill = tariff.priced(tokens, asked=model, answered=model, tier=tier, at=now, has_tier=bool(tier))
    return f"${bill.spent / NANO:.6f}"
