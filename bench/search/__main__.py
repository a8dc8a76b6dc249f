"""What searching costs, and how well it finds, beside other engines.

    python -m bench.search                 10,000 documents of 2 kB: CPU, sizes, memory; some minutes
    python -m bench.search --ranking       the questions of bench.ranking: who finds the right passage; some minutes
    python -m bench.search --held-out      the same with questions that nothing was tuned on
    python -m bench.search --newer         the same places with the newest SQLite, from PyPI's apsw

Each engine builds in one process and searches in another. CPU times depend on the machine, so ratios to ours stand
beside them. `alone` is the question alone, `words` with the model's search words, `asked` with these only where the
search says that it found little, which is when the product asks for them. Each share is `first/among three`, in
percent: of all questions, the Japanese and the English ones, the plainly worded, those with a synonym, the mistyped.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from typing import Any

from bench.search.engines import ENGINES
from bench.search.quality import GROUPS

PACKAGES = {"tantivy": ("tantivy",), "whoosh": ("whoosh",), "janome": ("janome",)}
"""What each engine needs beside Python, by a word of its name."""


def measured(corpus: str, engine: str, *more: str, newer: bool = False) -> dict[str, Any]:
    """Return what measure.py says of building and of searching, in processes of their own."""
    module = "bench.search.newer" if newer else "bench.search.measure"
    with tempfile.TemporaryDirectory() as folder:
        figures: dict[str, Any] = {}
        for what in ("build", "ask"):
            command = [sys.executable, "-m", module, corpus, engine, folder, what, *more]
            figures.update(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    return figures


def available(engine: str) -> bool:
    """Check whether the packages of an engine are installed."""
    needed = [package for word, packages in PACKAGES.items() if word in engine for package in packages]
    return all(importlib.util.find_spec(package) for package in needed)


def print_costs(corpus: str, engines: list[str], *more: str) -> dict[str, dict[str, Any]]:
    """Measure engines, print what they cost, and return it."""
    print(f"{'':20}{'build s':>9}{'':>6}{'index MB':>10}{'of text':>9}{'question ms':>13}{'':>7}{'p95':>7}{'KiB':>8}")
    results: dict[str, dict[str, Any]] = {}
    for name in engines:
        results[name] = each = measured(corpus, name, *more)
        ours = results["ours"]
        print(
            f"{name:20}{each['cpu']:9.1f}{each['cpu'] / ours['cpu']:5.1f}x{each['index'] / 1e6:10.2f}"
            f"{each['index'] / each['text']:9.2f}{each['mean']:13.2f}{each['mean'] / ours['mean']:6.1f}x"
            f"{each['p95']:7.1f}{each['memory']:8}",
            flush=True,
        )
    return results


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(
        prog="bench.search", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ranking", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--newer", action="store_true")
    arguments = parser.parse_args()
    if arguments.newer:
        old, new = measured("ranking", "ours"), measured("ranking", "ours", newer=True)
        print("equal" if old["places"] == new["places"] else "different", old["quality"] == new["quality"])
    elif arguments.ranking or arguments.held_out:
        engines = ["ours", *(name for name in ENGINES if name != "ours" and available(name))]
        results = print_costs("ranking", engines, *(["held_out.tsv"] if arguments.held_out else []))
        print(f"\n{'':28}" + "".join(f"{group:>9}" for group in GROUPS))
        for name, each in results.items():
            for kind, shares in each["quality"].items():
                print(f"{name + ', ' + kind:28}" + "".join(f"{share:>9}" for share in shares))
        print(f"questions for which the product asks for search words: {results['ours']['weak']}")
    else:
        print_costs("many", ["ours", "trigram", "pairs"])


if __name__ == "__main__":
    main()
