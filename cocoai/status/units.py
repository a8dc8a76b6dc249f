"""Write numbers for people, each with its unit, and make foreign texts safe for a terminal."""

from __future__ import annotations

import time


def seconds(value: float) -> str:
    """Return a duration of two digits or two units: `0.4 ms`, `120 ms`, `2.1 s`, `4 min 10 s`, `3 h 20 min`."""
    size = abs(value)
    if size < 0.9995:
        return f"{value * 1000:.1f} ms" if size < 0.01 else f"{value * 1000:.0f} ms"
    if size < 59.95:
        return f"{value:.1f} s"
    return ("-" if value < 0 else "") + _two_units(round(size))


def _two_units(whole: int) -> str:
    """Return whole seconds, 60 or more, in two units: minutes and seconds, hours and minutes, or days and hours."""
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def mib(kib: int | None) -> str:
    """Return an amount of memory, given in KiB, as MiB: `12.3 MiB`; "" for None, if it could not be read."""
    return "" if kib is None else f"{kib / 1024:.1f} MiB"


def number(value: int) -> str:
    """Return a count with commas between thousands: `12,345`."""
    return f"{value:,}"


def times(value: int) -> str:
    """Return how often something happened: `never`, `once`, `twice`, `3 times`."""
    return {0: "never", 1: "once", 2: "twice"}.get(value, f"{number(value)} times")


def moment(epoch: float) -> str:
    """Return a time, given in epoch seconds, as date and time in this machine's zone: `2026-01-31 09:05:00 JST`."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(epoch))


def plain(text: str) -> str:
    """Return foreign text as one line that is safe for a terminal.

    Each character that is not printable, such as a line end, an escape or a bidi mark, is replaced by U+FFFD.
    """
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
