"""Look at the prices and the ledger. The ledger is opened for reading alone: neither it nor its journal is made."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import quote

from cocoai import config
from cocoai.check.openai import named_models
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.store import shared_ledger
from cocoai.check.target import Target
from cocoai.ledger.cost import is_openai
from cocoai.ledger.database import FILE
from cocoai.ledger.prices import PriceTable
from cocoai.usage.month_money import STALE
from cocoai.usage.options import price_table

DAY = 86_400.0

SECONDS = 3.0
"""Seconds that the examination of the ledger may take."""

STEPS = 10_000
"""SQLite's instructions between two looks at the time."""


def prices(target: Target) -> Iterator[Result]:
    """Yield the price table's age, and each model of the settings without a price of its own."""
    settings = target.settings
    if settings is None:
        return
    table = price_table(settings)
    days = int((target.clock() - time.mktime(time.strptime(table.checked, "%Y-%m-%d"))) / DAY)
    facts = {"checked": table.checked, "days": str(days)}
    yield warning("prices.age", "old", **facts) if days > STALE else ok("prices.age", **facts)
    unknown = [model for model in named_models(settings) if not table.knows(model)]
    case = "unknown" if is_openai(settings.openai.base_url) else "unknown_here"
    for model in unknown:
        yield warning("prices", case, model=model, file=target.shown_file, reload=target.reload)
    speech = settings.speech
    if speech.use == "model" and not table.knows_sound(speech.model):
        yield warning("prices", "unknown_sound", model=speech.model, file=target.shown_file, reload=target.reload)
    if case := _picture_case(settings, table, target.clock()):
        facts = {"model": settings.images.model, "quality": settings.images.quality}
        yield wrong("prices", case, **facts, file=target.shown_file, reload=target.reload)
    if not unknown:
        yield ok("prices", models=", ".join(named_models(settings)))


def _picture_case(settings: config.Settings, table: PriceTable, at: float) -> str:
    """Return why no picture is drawn: its model has no price, or draws none of this quality; "" if neither is so."""
    images = settings.images
    if not images.use:
        return ""
    if not table.picture_prices(images.model, at):
        return "unknown_picture"
    return "" if table.drawn_tokens(images.model, f"{images.size} {images.quality}", at) else "no_quality"


def ledger(target: Target) -> Iterator[Result]:
    """Yield whether the ledger can be read and is whole, wherever it lies."""
    settings = target.settings
    if settings is None:
        return
    if settings.store.address is not None:
        yield from shared_ledger(settings)
        return
    path = os.path.join(settings.paths.var, FILE)
    folder = os.path.dirname(path)
    if os.path.isdir(folder) and not os.access(folder, os.X_OK):
        yield note("ledger", "unseen", file=path)
    elif not os.path.exists(path):
        yield note("ledger", "not_yet", file=path)
    elif not os.access(path, os.R_OK):
        yield note("ledger", "unseen", file=path)
    else:
        yield examined(path, target.restore)


def examined(path: str, restore: str) -> Result:
    """Return the result of SQLite's examination of the file, which it opens for reading alone.

    `restore` is what puts back a copy.
    """
    deadline = time.monotonic() + SECONDS

    def is_late() -> bool:
        return time.monotonic() > deadline

    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=1.0)) as connection:
            connection.set_progress_handler(is_late, STEPS)
            found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.OperationalError as error:
        # Locked for long, interrupted by us, or with a journal that only a writer may roll back.
        name = getattr(error, "sqlite_errorname", "") or "SQLITE_ERROR"
        is_transient = name.startswith(("SQLITE_BUSY", "SQLITE_INTERRUPT", "SQLITE_READONLY"))
        if is_transient:
            return note("ledger", "busy", file=path, code=name)
        return wrong("ledger", "unreadable", file=path, code=name, restore=restore)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorname", "") or "SQLITE_ERROR"
        return wrong("ledger", "broken", file=path, code=code, restore=restore)
    if found == ["ok"]:
        return ok("ledger", file=path)
    return wrong("ledger", "broken", file=path, code="quick_check", restore=restore)
