"""A million mutations of what comes from outside: Slack's payloads, and what a model's server sends.

    python -m bench.fuzz payloads|streams|events|clicks|texts [count] [--seed 1] [--jobs 2] [--seconds 7200]
    python -m bench.fuzz payloads --only 123 [--seed 1]      makes mutation 123 again, and prints it whole

`payloads`: events with attachments, blocks and files, their threads and the files' bytes, from the signature to the
request to the model and the reply. `streams`: responses of a model's server, from their bytes to what the asker reads.
`events`, `clicks`: what the worker makes of them. `texts`: Markdown to messages.

Prints a line for each outcome, and each find with its seed and the input; the exit status is 1 if anything
was found, if a process had more than 200 MiB of memory, or if the time did not suffice.
What must hold of each outcome stands in the checkers' modules.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from bench.fuzz.mutations import mutated
from bench.fuzz.run import FUZZED, Tally, fuzz

MOST_PEAK = 200 * 1024
"""KiB that a process may have at most."""


def main() -> int:
    """Print the figures and return the exit status: 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("of", choices=[*FUZZED])
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=7200.0)
    parser.add_argument("--only", type=int)
    arguments = parser.parse_args()
    if arguments.only is not None:
        return _again(arguments.of, arguments.seed, arguments.only)
    began = time.monotonic()
    shares = [
        (arguments.seed, range(first, arguments.count, arguments.jobs), arguments.seconds, arguments.of)
        for first in range(arguments.jobs)
    ]
    with multiprocessing.Pool(arguments.jobs) as pool:
        total = sum(pool.starmap(fuzz, shares), Tally())
    _report(total, arguments.of, arguments.seed, time.monotonic() - began)
    is_whole = sum(total.outcomes.values()) == arguments.count and total.peak < MOST_PEAK
    return 0 if is_whole and not total.finds else 1


def _report(total: Tally, of: str, seed: int, seconds: float) -> None:
    """Print what was done, how often each outcome came, and what was found."""
    made = sum(total.outcomes.values())
    print(f"{made} mutations of {of}, seed {seed}, in {seconds:.0f} s, {total.cpu:.0f} s of CPU:", end=" ")
    print(f"{made / max(total.cpu, 0.001):.0f} for a second of CPU")
    for outcome, number in total.outcomes.most_common():
        print(f"  {number:9}  {outcome}")
    if total.kept:
        print(f"  {total.kept} questions went through a spool")
    print(f"  the slowest took {total.slowest * 1000:.0f} ms of CPU; no process had more than {total.peak // 1024} MiB")
    print(f"  finds: {sum(total.kinds.values())}")
    for kind, number in total.kinds.most_common():
        print(f"  {number:9}  {kind}")
    for find in total.finds:
        print(f"    {find}")


def _again(of: str, seed: int, number: int) -> int:
    """Make one mutation again; print it, and what comes of it."""
    print(mutated(seed, number, FUZZED[of][1]))
    tally = fuzz(seed, [number], 600.0, of)
    print(*tally.outcomes, *tally.finds, sep="\n")
    return 1 if tally.finds else 0


if __name__ == "__main__":
    sys.exit(main())
