"""The command line that the measuring programs share, and how they print their figures."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from cocoai.rehearsal.certificates import Certificates, make

Table = Callable[[Path, Certificates], None]
"""Measures something in an empty folder of its own, and prints its figures."""


def parser(description: str | None, names: Iterable[str]) -> argparse.ArgumentParser:
    """Return a parser whose argument `tables` takes any of these names."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    # argparse checks the default of nargs="*" against the choices, too: that default is the empty list.
    made.add_argument("tables", nargs="*", choices=[*names, []], help="all, if none is named")
    return made


def run(description: str | None, tables: Mapping[str, Table]) -> None:
    """Print the tables that the command line names, or all of them if it names none."""
    print_tables(parser(description, tables).parse_args().tables, tables)


def print_tables(chosen: Sequence[str], tables: Mapping[str, Table]) -> None:
    """Print the chosen tables, or all of them if none is chosen."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        certificates = make(Path(folder) / "certificates")
        for name in chosen or tables:
            print(f"\n{name}", flush=True)
            own = Path(folder) / name
            own.mkdir()
            tables[name](own, certificates)


def print_row(*cells: object) -> None:
    """Print labels and figures in turn, in one line."""
    print("  " + "   ".join(f"{cell!s:28}" if index % 2 == 0 else str(cell) for index, cell in enumerate(cells)))


def print_times(label: str, values: Sequence[float]) -> None:
    """Print the percentiles of these times, and the longest."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    print(f"  {label:28} p50 {cuts[49]:8.2f}   p95 {cuts[94]:8.2f}   p99 {cuts[98]:8.2f}   most {max(values):8.2f}")
