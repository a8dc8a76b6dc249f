"""Run one of these programs with an older version of CocoAI and with this checkout, in turns, and compare its figures.

    python -m bench.beside REV [--rounds 5] PROGRAM [ARGUMENT ...]
    python -m bench.beside v1.2 --rounds 3 bench.question cpu --questions 2

The older version is checked out into a temporary folder, with this checkout's bench/, tests/ and virtual environment:
the same program measures both. Each round runs it once with each of them, every second round the other way round, so
that a slow quarter of an hour affects both. Of every figure in the program's tables it prints the median of the rounds
before and now, and the median of the ratios of the same round, with their range. Progress goes to stderr.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.printed_tables import Place, read_tables

ROOT = Path(__file__).parent.parent
COPIED = ("bench", "tests")
"""The folders of this checkout that take the place of the older ones."""

Figures = Mapping[Place, float]


def main() -> None:
    """Compare what the command line names, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rev", help="the older version, as git names it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("program", help="such as bench.question")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="of the program")
    arguments = parser.parse_args()
    command = (arguments.program, *arguments.arguments)
    signal.signal(signal.SIGTERM, end)
    with worktree(arguments.rev) as older:
        before, now = take_turns(older, command, arguments.rounds)
    names = f"{described(arguments.rev)} before, {described()} now"
    print(f"{' '.join(command)}: {arguments.rounds} rounds, medians; {names}")
    for line in compared(before, now):
        print(line)


@contextmanager
def worktree(rev: str) -> Iterator[Path]:
    """Check out a version into a temporary folder, with this checkout's programs, and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        older = Path(folder).resolve() / "before"
        git("worktree", "add", "--quiet", "--detach", str(older), rev)
        try:
            for name in COPIED:
                shutil.rmtree(older / name, ignore_errors=True)
                shutil.copytree(ROOT / name, older / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            for each in (older, ROOT):
                compile_all(each)
            check(older)
            yield older
        finally:
            git("worktree", "remove", "--force", str(older))


def git(*arguments: str) -> str:
    """Run git in this checkout and return what it prints. Raise SystemExit if it fails, with its own words above."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
    return done.stdout.strip()


def described(rev: str = "") -> str:
    """Return the short name of a version, or of this checkout with a mark if it has changes."""
    return git("rev-parse", "--short", rev) if rev else git("describe", "--always", "--exclude=*", "--dirty=+changes")


def compile_all(checkout: Path) -> None:
    """Compile a checkout's modules, also those without docstrings that the pool loads.

    A master that compiles them itself takes more memory and CPU than one that finds them compiled.
    """
    levels = ("-o", "0", "-o", "2")
    subprocess.run([sys.executable, "-m", "compileall", "-q", *levels, "cocoai", *COPIED], cwd=checkout, check=False)


def check(checkout: Path) -> None:
    """Raise SystemExit if a program there would not run that checkout's package.

    The virtual environment knows another one by its path, but the current folder comes first.
    """
    code = "import cocoai; from cocoai.up import etc; print(cocoai.__file__); print(etc.find_entry())"
    found = run(checkout, "-c", code).split()
    if not all(Path(each).is_relative_to(checkout) for each in found):
        raise SystemExit(f"it would run {' and '.join(found)}, not what lies in {checkout}")


def run(checkout: Path, *arguments: str) -> str:
    """Run Python in a checkout, with its own package before any other, and return what it prints.

    Raise SystemExit if it fails.
    """
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, cwd=checkout, env=environ, stdout=subprocess.PIPE, text=True) as program:
        try:
            printed, _ = program.communicate()
        except SystemExit:
            program.send_signal(signal.SIGINT)  # it stops what it has started; the block waits for its end
            raise
    if program.returncode:
        raise SystemExit(f"{' '.join(arguments)} in {checkout} has ended with {program.returncode}:\n{printed}")
    return printed


def end(*_: object) -> None:
    """Handle SIGTERM: end as by an error, so that what was started is stopped and removed."""
    raise SystemExit(128 + signal.SIGTERM)


def take_turns(older: Path, command: Sequence[str], rounds: int) -> tuple[list[Figures], list[Figures]]:
    """Run the program in both checkouts, round after round; return the figures of each round before, and now."""
    before: list[Figures] = []
    now: list[Figures] = []
    for number in range(rounds):
        pair = [("before", older, before), ("now", ROOT, now)]
        for name, checkout, figures in pair if number % 2 == 0 else reversed(pair):
            began = time.monotonic()
            print(f"round {number + 1} of {rounds}, {name} ...", end=" ", file=sys.stderr, flush=True)
            figures.append(read_tables(run(checkout, "-m", *command)))
            print(f"{time.monotonic() - began:.0f} s, {len(figures[-1])} figures", file=sys.stderr, flush=True)
    return before, now


def compared(before: Sequence[Figures], now: Sequence[Figures]) -> Iterator[str]:
    """Yield a line for each figure, and for each table its name; `before` and `now` have a mapping for each round."""
    table = None
    for place in dict.fromkeys(place for figures in (*now, *before) for place in figures):
        if place.table != table:
            table = place.table
            yield f"\n{table}"
            yield f"  {'':48}{'before':>12}{'now':>12}{'now / before':>14}{'(rounds)':>18}"
        yield f"  {place.name:48}{both(place, before, now)}"


def both(place: Place, before: Sequence[Figures], now: Sequence[Figures]) -> str:
    """Return the medians of one figure, and of its ratios in the rounds in which both have it."""
    earlier, later = ([each[place] for each in some if place in each] for some in (before, now))
    if not later or not earlier:
        value = shown(statistics.median(later or earlier))
        return f"{'':12}{value:>12}   only now" if later else f"{value:>12}{'':12}   only before"
    pairs = [(one[place], other[place]) for one, other in zip(before, now, strict=True) if {place} <= {*one} & {*other}]
    ratios = [other / one for one, other in pairs if one]
    medians = f"{shown(statistics.median(earlier)):>12}{shown(statistics.median(later)):>12}"
    if not ratios:
        return medians
    return f"{medians}{statistics.median(ratios):14.3f}{f'{min(ratios):.2f} to {max(ratios):.2f}':>18}"


def shown(value: float) -> str:
    """Return a figure with as many digits as are of use."""
    digits = 0 if abs(value) >= 1000 or value == int(value) else 3 if abs(value) < 1 else 2
    return f"{value:.{digits}f}"


if __name__ == "__main__":
    main()
