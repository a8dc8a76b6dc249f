"""Our price table beside the newest published price maps, genai-prices and litellm: every difference, and why it is.

    python -m bench.prices [--seed N] [--usages N]

The maps come from PyPI, into a temporary virtual environment. Compared are each class of tokens of each model of ours,
short and long, in each service tier, today and on past days; the other units; and which models and tiers are known.
Then random usages are priced three times: by us, by genai-prices' own calculation, and by litellm's map. Two costs are
equal if they are so to the nano-dollar. The exit status is 1 if a difference is not explained in EXPLAINED.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from calendar import timegm
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from bench.price_maps import NO_MODEL, NO_TIER, TIERS, Answer, Maps, Question, ask, ask_litellm, dollars, nano
from cocoai.ledger.cost import Tokens, cost
from cocoai.ledger.prices import PriceTable, read_prices

DATA: dict[str, Any] = json.loads(resources.files("cocoai.ledger").joinpath("prices.json").read_text("utf-8"))

PAST = ("2026-07-15", "2026-08-10", "2026-09-01")
"""Days on which the prices of gpt-5.6 were others; only genai-prices knows them."""

PROBES = {
    "in": Tokens(100_000),
    "cached": Tokens(100_000, cached=100_000),
    "written": Tokens(100_000, written=100_000),
    "out": Tokens(0, output=100_000),
    "in long": Tokens(300_000),
    "cached long": Tokens(300_000, cached=300_000),
    "written long": Tokens(300_000, written=300_000),
    "out long": Tokens(272_001, output=100_000),
    "edge": Tokens(272_000, output=100),
}
"""One usage for each price, and one that is just not long."""

UNITS = {
    "token": "input_cost_per_token",
    "second": "input_cost_per_second",
    "character": "input_cost_per_character",
    "text_in": "input_cost_per_token",
    "text_cached": "cache_read_input_token_cost",
    "text_out": "output_cost_per_token",
    "audio_in": "input_cost_per_audio_token",
    "audio_out": "output_cost_per_audio_token",
    "image_in": "input_cost_per_image_token",
    "image_cached": "cache_read_input_image_token_cost",
    "image_out": "output_cost_per_image_token",
}
"""Our kinds of unit, and litellm's; whole pictures have no price in either map."""


class Reason(NamedTuple):
    """Why a difference is no mistake; where both sides have a cost, theirs must be `least` to `most` times ours."""

    words: str
    least: float = 1.0
    most: float = 1.0


OTHER_USE = "search|audio|realtime|live|image|transcribe|whisper|tts|embedding|moderation|sora|dall-e|container"
ENDED = (
    r"gpt-3\.5.*|gpt-4|gpt-4-.*|gpt-4\.5.*|gpt-4\.1-nano|chatgpt-4o.*|gpt-5\.3.*|gpt-5(\.\d)?-chat.*"
    "|(o1|o3-mini|o4-mini|text-|ada|babbage|curie|davinci).*"
)

EXPLAINED = {
    r".*: gpt-6\.2-sol: no such model": Reason("out since 2026-11-17, in no map yet (OpenAI's page of the model)"),
    r".*: gpt-5\.6(-sol)?: (today|random).*": Reason(
        "their price ended on 2026-11-21; then 25 % more, 50 % for output (litellm's note on databricks-gpt-5-6-sol)",
        0.66,
        0.81,
    ),
    r".*: gpt-5\.4: .*flex": Reason(
        "$0.13 is published for cached tokens in flex (OpenAI's pricing page); ours is the exact half of $0.25",
        1,
        1.041,
    ),
    r".*: gpt-4o-mini: .*fast": Reason(
        "its factor is 5/3 (OpenAI's pricing page); ours is 1.667, rounded up to thousandths", 0.9997
    ),
    r".*: gpt-5\.[45]: .*long.*fast": Reason(
        "fast excludes long prompts on 5.5 and before (OpenAI's guide to fast mode): no such price; ours is higher",
        0.49,
    ),
    r".*: (gpt-5\.4-nano|chat-latest): tier fast": Reason(
        "in neither map; ours has its family's factor (OpenAI's guide to fast mode), and is not too low"
    ),
    r"genai-prices: gpt-6(\.1-sol|-astra): tier ultrafast": Reason("six times (OpenAI's page of gpt-6.1-sol; litellm)"),
    r"litellm: chat-latest: regional": Reason("newer than 2026-03-05 (OpenAI's guide to data residency)"),
    r"litellm: gpt-4o(-mini)?-transcribe: audio_in": Reason("6 and 3 in genai-prices; ours is the dearer", 0.4),
    r".*: .*(cyber|rosalind|daybreak|-law).*: not in ours": Reason("given on application only; [prices] must name it"),
    rf".*: .*({OTHER_USE}).*: not in ours": Reason("no text model for Chat Completions, or it bills searches or sound"),
    r".*: .*(-pro|codex|computer-use|deep-research).*: not in ours": Reason("for the Responses API only"),
    rf".*: ({ENDED}): not in ours": Reason("ended (OpenAI's page of deprecations)"),
    r".*: (gpt-oss.*|.*:extended|.*ft[-:].*): not in ours": Reason(
        "open weights or fine-tuned: no model of OpenAI's own"
    ),
    r"genai-prices: gpt-chat-latest: not in ours": Reason("its own name for chat-latest"),
}
"""The reasons, by a pattern that all of `source: model: what` matches."""


@dataclass(frozen=True)
class Difference:
    """What one map says otherwise than our table."""

    source: str
    model: str
    what: str
    ours: object = ""
    theirs: object = ""

    def pattern(self) -> str:
        """Return the pattern of the reason that explains it; "" if none does."""
        name = f"{self.source}: {self.model}: {self.what}"
        return next((each for each, reason in EXPLAINED.items() if re.fullmatch(each, name) and self._fits(reason)), "")

    def _fits(self, reason: Reason) -> bool:
        if not isinstance(self.ours, (int, float)) or not isinstance(self.theirs, (int, float)):
            return True
        return reason.least * self.ours - 1 <= self.theirs <= reason.most * self.ours + 1


def main() -> int:
    """Print every difference with its reason; return 1 if one has none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--usages", type=int, default=200)
    arguments = parser.parse_args()
    table, at = read_prices(), time.time()
    questions = [*probes(at), *random_usages(table, at, random.Random(arguments.seed), arguments.usages)]
    with tempfile.TemporaryDirectory(prefix="prices-") as folder:
        maps = ask(Path(folder), questions)
    print(f"ours, checked {table.checked}: {len(DATA['models'])} text models; {maps.versions}\n")
    counts: Counter[tuple[str, str]] = Counter()
    found = [
        *differences(table, questions, maps.genai_answers, "genai-prices", counts),
        *differences(table, questions, [ask_litellm(maps.litellm, each) for each in questions], "litellm", counts),
        *missing_models(table, at, maps),
        *unit_differences(table, at, maps.litellm),
        *regional_differences(table, at, maps.litellm),
    ]
    for (kind, outcome), count in sorted(counts.items()):
        print(f"  {kind:36} {outcome:16} {count:5}")
    return report(found)


def probes(at: float) -> Iterator[Question]:
    """Yield a question for each class of tokens, in each tier, today, and for gpt-5.6 on past days."""
    for model in DATA["models"]:
        for tier in TIERS:
            for what, tokens in PROBES.items():
                yield Question(model, at, tier, tokens, f"today, {what}, {tier}")
    for day in PAST:
        noon = timegm(time.strptime(f"{day} 12", "%Y-%m-%d %H"))
        for model in ("gpt-5.6", "gpt-5.6-luna", "gpt-5.6-terra", "gpt-5.6-sol"):
            for what, tokens in PROBES.items():
                yield Question(model, noon, "default", tokens, f"{day}, {what}, default")


def random_usages(table: PriceTable, at: float, chance: random.Random, count: int) -> Iterator[Question]:
    """Yield so many usages of random models: of all lengths, about half of them in the default tier."""
    for _ in range(count):
        model = chance.choice(list(DATA["models"]))
        tiers = list(table.price(model, at).tiers)
        tier = chance.choice(["default"] * (1 + len(tiers)) + tiers)
        prompt = int(10 ** chance.uniform(0, 5.8))
        cached = chance.choice([0, chance.randint(0, prompt)])
        written = chance.choice([0, chance.randint(0, prompt - cached)])
        tokens = Tokens(prompt, cached, written, int(10 ** chance.uniform(0, 5)))
        yield Question(model, at, tier, tokens, f"random, {'long' if prompt > 272_000 else 'short'}, {tier}")


def differences(
    table: PriceTable,
    questions: Sequence[Question],
    answers: Sequence[Answer],
    source: str,
    counts: Counter[tuple[str, str]],
) -> Iterator[Difference]:
    """Yield the usages whose cost a map has otherwise, and count all by kind and outcome."""
    for each, theirs in zip(questions, answers, strict=True):
        if each.what.startswith(PAST) and source == "litellm":
            continue  # it has today's prices only
        price = table.price(each.model, each.at)
        has_tier = each.tier in ("default", *price.tiers)
        ours: Answer = cost(each.tokens, price, tier=each.tier) if has_tier else NO_TIER
        kind = f"{source}, {'random usages' if each.what.startswith('random') else 'table'}"
        counts[kind, outcome(ours, theirs)] += 1
        if theirs == NO_MODEL:
            yield Difference(source, each.model, NO_MODEL)
        elif ours != theirs:
            what = f"tier {each.tier}" if NO_TIER in (ours, theirs) else each.what
            yield Difference(source, each.model, what, ours, theirs)


def outcome(ours: Answer, theirs: Answer) -> str:
    """Return the name under which a comparison is counted."""
    if isinstance(theirs, str) or isinstance(ours, str):
        return "no price in both" if ours == theirs else "no price in one"
    return "equal" if ours == theirs else "different"


def missing_models(table: PriceTable, at: float, maps: Maps) -> Iterator[Difference]:
    """Yield the maps' models that our table does not have, but for those that litellm says have ended."""
    day = time.strftime("%Y-%m-%d", time.gmtime(at))
    living = [name for name, each in maps.litellm.items() if each.get("deprecation_date", "9") > day]
    texts = [name for name in living if maps.litellm[name].get("mode") == "chat"]
    for source, names in (("genai-prices", maps.genai_models), ("litellm", texts)):
        for name in names:
            if not table.knows(name) and not table.unit_prices(name, at):
                yield Difference(source, name, "not in ours")


def unit_differences(table: PriceTable, at: float, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    """Yield the units whose price litellm has otherwise."""
    for model in DATA["units"]:
        for kind, ours in table.unit_prices(model, at).items():
            if kind in UNITS:
                price = entries.get(model, {}).get(UNITS[kind])
                theirs = "no price" if price is None else nano(dollars(price) * 10**6)
                if theirs != ours:
                    yield Difference("litellm", model, kind, ours, theirs)


def regional_differences(
    table: PriceTable, at: float, entries: Mapping[str, Mapping[str, Any]]
) -> Iterator[Difference]:
    """Yield the models for which litellm says otherwise whether a region costs more, and how much more."""
    for model in DATA["models"]:
        ours = 1.1 if table.price(model, at).is_regional else None
        for region in ("us", "eu"):
            theirs = entries.get(model, {}).get(f"regional_processing_uplift_multiplier_{region}")
            if model in entries and theirs != ours:
                yield Difference("litellm", model, "regional", ours, theirs)


def report(found: Iterable[Difference]) -> int:
    """Print the differences by their reasons, one line for each source and model; return 1 if any has no reason."""
    by_reason: dict[str, dict[tuple[str, str], list[Difference]]] = {}
    for each in found:
        by_reason.setdefault(each.pattern(), {}).setdefault((each.source, each.model), []).append(each)
    for pattern in EXPLAINED:
        print(f"\n{EXPLAINED[pattern].words}" if pattern in by_reason else f"\n(no longer needed: {pattern})")
        print_lines(by_reason.get(pattern, {}))
    unexplained = by_reason.get("", {})
    print(f"\nnot explained: {len(unexplained)}")
    print_lines(unexplained)
    return 1 if unexplained else 0


def print_lines(lines: Mapping[tuple[str, str], Sequence[Difference]]) -> None:
    """Print one line for each source and model: how many differences, and the first of them."""
    for (source, model), them in lines.items():
        first = them[0]
        figures = "" if first.ours == first.theirs else f": ours {first.ours}, theirs {first.theirs}"
        print(f"  {source:12}  {model:24} {len(them):3}  {first.what}{figures}")


if __name__ == "__main__":
    sys.exit(main())
