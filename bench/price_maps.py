"""The newest published price maps, genai-prices and litellm, for bench.prices: fetched from PyPI, and asked.

genai-prices calculates by itself, in the virtual environment into which it is installed. Of litellm only the data file
is read: a price for a token is a name of its own for each class, length and tier.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any, Final, Literal

from cocoai.ledger.cost import Tokens

NO_TIER: Final = "no such tier"
NO_MODEL: Final = "no such model"

Answer = int | Literal["no such tier", "no such model"]
"""Nano-dollars, rounded up, or why there is no price."""

TIERS = {"default": "", "fast": "_priority", "flex": "_flex", "ultrafast": "_ultrafast"}
"""Our names of the tiers, and the ends of litellm's names of prices."""

CLASSES = {
    "plain": "input_cost_per_token",
    "cached": "cache_read_input_token_cost",
    "written": "cache_creation_input_token_cost",
    "output": "output_cost_per_token",
}

LONG_FROM = 272_000
LONG = "_above_272k_tokens"

ASK_GENAI = """
import json, sys
from datetime import datetime, timezone
from importlib.metadata import version
from genai_prices import Usage, calc_price
from genai_prices.data import providers

def answer(model, at, tier, tokens):
    usage = Usage(input_tokens=tokens["prompt"], cache_read_tokens=tokens["cached"],
                  cache_write_tokens=tokens["written"], output_tokens=tokens["output"])
    try:
        found = calc_price(usage, model, provider_id="openai", price_context={"service_tier": tier},
                           genai_request_timestamp=datetime.fromtimestamp(at, timezone.utc))
    except LookupError:
        return "no such model"
    # Without a price of its own a tier is priced as the default one, without a word.
    known = {each.when.get("service_tier") for each in found.model.price_variants or ()}
    return str(found.total_price) if tier in known | {"default"} else "no such tier"

models = next(each for each in providers if each.id == "openai").models
json.dump({"versions": [version("genai-prices"), version("litellm")], "models": [each.id for each in models],
           "answers": [answer(*each) for each in json.load(sys.stdin)]}, sys.stdout)
"""


@dataclass(frozen=True)
class Question:
    """A usage to be priced at `at`, in epoch seconds; `what` names it in the list of differences."""

    model: str
    at: float
    tier: str
    tokens: Tokens
    what: str


@dataclass(frozen=True)
class Maps:
    """What both maps say: genai-prices' answers in the order of the questions, and litellm's entries of OpenAI."""

    versions: str
    genai_models: Sequence[str]
    genai_answers: Sequence[Answer]
    litellm: Mapping[str, Mapping[str, Any]]


def ask(folder: Path, questions: Sequence[Question]) -> Maps:
    """Install both maps into a virtual environment in `folder`, and ask genai-prices all the questions."""
    python = str(folder / "bin/python")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    for what in (["genai-prices"], ["--no-deps", "litellm"]):
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *what], check=True)
    asked = json.dumps([(each.model, each.at, each.tier, asdict(each.tokens)) for each in questions])
    done = subprocess.run([python, "-c", ASK_GENAI], input=asked, check=True, stdout=subprocess.PIPE, text=True)
    genai = json.loads(done.stdout)
    path = next(folder.glob("lib/python3*/site-packages/litellm/model_prices_and_context_window_backup.json"))
    entries = json.loads(path.read_text("utf-8"))
    return Maps(
        versions="genai-prices {}, litellm {}".format(*genai["versions"]),
        genai_models=genai["models"],
        genai_answers=[each if each in (NO_TIER, NO_MODEL) else nano(Decimal(each)) for each in genai["answers"]],
        litellm={name: each for name, each in entries.items() if each.get("litellm_provider") == "openai"},
    )


def ask_litellm(entries: Mapping[str, Mapping[str, Any]], question: Question) -> Answer:
    """Return the cost of a usage by litellm's map."""
    entry = entries.get(question.model)
    if entry is None:
        return NO_MODEL
    tier = TIERS[question.tier]
    if CLASSES["plain"] + tier not in entry:
        return NO_TIER
    tokens = question.tokens
    length = LONG if tokens.prompt > LONG_FROM else ""
    counts = {"plain": tokens.prompt - tokens.cached - tokens.written, **asdict(tokens)}
    return nano(sum((counts[kind] * _per_token(entry, kind, length, tier) for kind in CLASSES), Decimal(0)))


def _per_token(entry: Mapping[str, Any], kind: str, length: str, tier: str) -> Decimal:
    """Return the dollars of one token; those of a plain one if the map has no price for the class."""
    name = CLASSES[kind] if CLASSES[kind] in entry else CLASSES["plain"]
    return dollars(entry.get(name + length + tier, entry.get(name + tier, entry.get(name))))


def dollars(price: float) -> Decimal:
    """Return one of litellm's prices, which are floats, as the decimal number that was meant."""
    return Decimal(repr(price))


def nano(amount: Decimal) -> int:
    """Return an amount in dollars as nano-dollars, rounded up as ours are."""
    return int((amount * 10**9).to_integral_value(ROUND_CEILING))
