"""Read the arguments of `cocoai usage` and `cocoai forget`, and run them.

What needs the ledger is imported when one of them runs, so that the other commands start quickly.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.errors import CocoAIError
from cocoai.up.machine import become_owner
from cocoai.usage import GROUPS

if TYPE_CHECKING:
    from cocoai.usage.month_money import MonthMoney


def add_usage(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `usage`, and return its parser."""
    usage = commands.add_parser("usage", help="what the answers of a month have cost")
    usage.add_argument("--month", metavar="YYYY-MM", default="", help="the month; by default the current one")
    usage.add_argument("--by", choices=GROUPS, default="", help="only this table; with --csv, a line for each")
    kinds = usage.add_mutually_exclusive_group()
    kinds.add_argument("--json", action="store_true", help="for programs; money in whole nano-dollars (10^-9 USD)")
    kinds.add_argument("--csv", action="store_true", help="a line for each call; money in exact dollars")
    kinds.add_argument("--png", metavar="FILE", help="write the chart of the month's days into this file")
    kinds.add_argument(
        "--reprice", action="store_true", help="what the calls cost by the prices that are known now; see --yes"
    )
    usage.add_argument("--yes", action="store_true", help="with --reprice: write that into the ledger")
    usage.set_defaults(command=_usage)
    return usage


def add_forget(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add `forget`, and return its parser."""
    forget = commands.add_parser("forget", help="drop what somebody asked, and who it was; the sums stay")
    whose = forget.add_mutually_exclusive_group(required=True)
    whose.add_argument("--person", metavar="ID", help="all that a person asked, and their name: U024BE7LH")
    whose.add_argument("--channel", metavar="ID", help="all that was asked in a channel: C024BE91L")
    whose.add_argument("--thread", metavar="CHANNEL-THREAD_TS", help="in a thread: C024BE91L-1700000000.000100")
    forget.set_defaults(command=_forget)
    return forget


def _usage(arguments: argparse.Namespace) -> int:
    """Print or write a month's spending in the form asked for; return 0. Raise CocoAIError for a wrong option."""
    if arguments.yes and not arguments.reprice:
        raise CocoAIError("--yes goes with --reprice")
    settings = _read_settings(arguments)
    if arguments.reprice:
        return _reprice(settings, arguments.month, is_written=arguments.yes)
    if arguments.csv and not arguments.by:
        return _print_charges(settings, arguments.month)
    return _show(settings, arguments)


def _read_settings(arguments: argparse.Namespace) -> config.Settings:
    """Return the settings, and become the user who owns the ledger."""
    settings = config.read(arguments.config, os.environ, secrets=False)
    become_owner(settings.paths.var)
    return settings


def _show(settings: config.Settings, arguments: argparse.Namespace) -> int:
    """Print a month as text, JSON or CSV of a group, or write its chart; return 0."""
    from cocoai.usage import export, month_money, tables

    money = month_money.read_month_money(settings, time.time(), arguments.month)
    name_of = tables.known_names(settings.paths.var)
    if arguments.png:
        _write_chart(money, arguments.png)
    elif arguments.json:
        groups = month_money.groups_as_json(money.summary, arguments.by)
        _print([json.dumps(month_money.as_json(money) | groups, indent=1)])
    elif arguments.csv:
        export.write_group(arguments.by, month_money.spendings(money.summary, arguments.by), sys.stdout, name_of)
    else:
        _print(tables.render(money, arguments.by, name_of))
        _print([] if arguments.by else _advice(settings))
    return 0


def _advice(settings: config.Settings) -> list[str]:
    """Return an empty line and the sentences of budget_advice(); nothing if the instructions cannot be read."""
    from cocoai.usage.budget_advice import budget_advice

    try:
        return ["", *budget_advice(settings, time.time())]
    except CocoAIError:  # the pool and `cocoai check` name the file; the money is shown all the same
        return []


def _print_charges(settings: config.Settings, month: str) -> int:
    """Print a line of CSV for each charge of a month; return 0."""
    from cocoai.ledger.summary import read_charges
    from cocoai.stores import ledger_store
    from cocoai.usage.export import write_charges
    from cocoai.usage.month_money import find_month

    calendar, month = find_month(settings, time.time(), month)
    write_charges(read_charges(ledger_store(settings), month), sys.stdout, calendar.time)
    return 0


def _write_chart(money: MonthMoney, path: str) -> None:
    """Write the chart of a month into the file `path`. Raise CocoAIError if that fails."""
    from cocoai.drawing.day_chart import day_chart
    from cocoai.drawing.png_chart import draw_png
    from cocoai.engine.process.replace_file import replace_file

    try:
        replace_file(path, draw_png(day_chart(money.summary, money.options.cap)))
    except OSError as error:
        raise CocoAIError(f"cannot write {path}: {error.strerror}") from None


def _reprice(settings: config.Settings, month: str, *, is_written: bool) -> int:
    """Print what a month costs by the prices that are known now, and write that if `is_written`; return 0."""
    from cocoai.ledger.reprice import compare, reprice
    from cocoai.stores import ledger_store
    from cocoai.usage.month_money import find_month
    from cocoai.usage.options import price_table, region
    from cocoai.usage.tables import render_repricing

    _, month = find_month(settings, time.time(), month)
    run = reprice if is_written else compare
    found = run(ledger_store(settings), month, price_table(settings), region=region(settings))
    _print(render_repricing(month, found, is_written=is_written))
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    """Forget a person, a channel or a thread, and print what was removed, what was not, and why; return 0."""
    from cocoai.usage.forgetting import forget, read_whose

    whose = read_whose(arguments.person, arguments.channel, arguments.thread)
    _print(forget(_read_settings(arguments), whose))
    return 0


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
