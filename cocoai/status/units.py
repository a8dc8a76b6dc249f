"""How figures are written for people: each with its unit, and texts of strangers without what a terminal obeys."""

from __future__ import annotations

import time


def seconds(value: float) -> str:
    """A duration, as exact as anybody wants it: `0.4 ms`, `120 ms`, `2.1 s`, `4 min 10 s`, `3 h 20 min`, `2 d 3 h`."""
    size = abs(value)
    if size < 0.9995:
        return f"{value * 1000:.1f} ms" if size < 0.01 else f"{value * 1000:.0f} ms"
    if size < 59.95:
        return f"{value:.1f} s"
    return ("-" if value < 0 else "") + _two_units(round(size))


def _two_units(whole: int) -> str:
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def mib(kib: int | None) -> str:
    """Memory; nothing where it could not be read."""
    return "" if kib is None else f"{kib / 1024:.1f} MiB"


def number(value: int) -> str:
    """A count."""
    return f"{value:,}"


def times(value: int) -> str:
    """How often."""
    return {0: "never", 1: "once", 2: "twice"}.get(value, f"{number(value)} times")


def moment(epoch: float) -> str:
    """A point in time, on this machine's clock and in its zone."""
    return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(epoch))


def plain(text: str) -> str:
    """One line of text, whoever wrote it: what is no visible character (escapes, bidi marks) is shown as such."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
