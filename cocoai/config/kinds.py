"""Kinds of settings: what a value may be, said once in words and once in code.

A parser is given the text, stripped and not empty, and the folder that relative paths start from.
It returns the value, or raises ValueError; the words for the operator are the kind's `allowed`.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlsplit

from cocoai.slack_ids import ID

Number = TypeVar("Number", int, float)

SWITCHES = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}


class Secret(str):
    """Text that is not to be seen: its repr tells nothing about it, not even its length."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


class Range(NamedTuple):
    """From the least to the most; both are the same where the number is fixed."""

    least: int
    most: int


@dataclass(frozen=True)
class Kind:
    """`allowed` completes "it is …"; a `hidden` kind's values are never shown; `empty` stands for nothing given."""

    allowed: str
    parse: Callable[[str, str], Any]
    hidden: bool = False
    empty: Any = ""
    unit: str = ""


def seconds(least: float, most: float) -> Kind:
    """A time in seconds, with or without a fraction."""
    return Kind(f"{least:g} to {most:g} s", lambda text, _: _within(float(text), least, most), unit="s")


def whole(least: int, most: int) -> Kind:
    """A whole number."""
    return Kind(f"{least} to {most}", lambda text, _: _within(int(text), least, most))


def whole_range(most: int) -> Kind:
    """A whole number from 1, or a range that may start at 0: `2`, `1..4`, `0..4`."""
    return Kind(f"1 to {most}, or a range such as 1..4 or 0..4", lambda text, _: _range(text, most))


def one_of(*words: str) -> Kind:
    """One of a few words."""
    return Kind(f"{', '.join(words[:-1])} or {words[-1]}", lambda text, _: words[words.index(text)])


def _within(number: Number, least: Number, most: Number) -> Number:
    if not least <= number <= most:
        raise ValueError
    return number


def _range(text: str, most: int) -> Range:
    first, dots, last = text.partition("..")
    highest = _within(int(last if dots else first), 1, most)
    return Range(_within(int(first), 0, highest) if dots else highest, highest)


def _matching(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError
    return text


def _secret(text: str, _: str) -> Secret:
    return Secret(_matching(r"[!-~]+", text))


def _switch(text: str, _: str) -> bool:
    if text.lower() not in SWITCHES:
        raise ValueError
    return SWITCHES[text.lower()]


def _ids(text: str, _: str) -> frozenset[str]:
    return frozenset(_matching(ID, word) for word in re.split(r"[\s,]+", text) if word)


def _address(text: str) -> SplitResult:
    address = urlsplit(_matching(r"[!-~]+", text))
    if address.scheme not in ("http", "https") or not address.hostname or address.query or address.fragment:
        raise ValueError
    _within(1 if address.port is None else address.port, 1, 65535)
    return address


def _server(text: str) -> str:
    address = _address(text)
    if address.username is not None or (address.scheme == "http" and not _is_here(address.hostname or "")):
        raise ValueError
    return text.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy(text: str, _: str) -> Secret:
    _address(text)
    return Secret(text)


def split_listen(text: str) -> tuple[str, int]:
    """`127.0.0.1:8080` or `[::1]:8080` as host and port. Raises ValueError."""
    host, _colon, port = text.rpartition(":")
    _matching(r"\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+", host)
    return host.strip("[]"), _within(int(_matching(r"\d{1,5}", port)), 1, 65535)


def _listen(text: str, _: str) -> tuple[str, int] | None:
    return None if SWITCHES.get(text.lower(), True) is False else split_listen(text)


def path_from(text: str, base: str) -> str:
    """An absolute path, with `~` and `..` resolved."""
    return os.path.normpath(os.path.join(base, os.path.expanduser(text)))


def _folder(text: str, base: str) -> str:
    return path_from(_matching(r"[^\0\n]+", text), base)


def _file(text: str, base: str) -> str:
    path = _folder(text, base)
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):
        raise ValueError
    return path


_SERVER = "an https:// address, or http:// on this machine, without user, password or query"

SECRET = Kind("text without spaces, in ASCII", _secret, hidden=True, empty=Secret())
SWITCH = Kind("on or off", _switch)
WORD = Kind("a name without spaces", lambda text, _: _matching(r"[!-~]+", text))
IDS = Kind("IDs such as C0123456789, with spaces or commas between", _ids, empty=frozenset())
BASE_ADDRESS = Kind(_SERVER, lambda text, _: _server(text))
FOLDER_ADDRESS = Kind(_SERVER, lambda text, _: _server(text) + "/")
PROXY = Kind("an http:// or https:// address", _proxy, hidden=True, empty=Secret())
LISTEN = Kind("an address with a port, or off", _listen)
FILE = Kind("a file that can be read", _file)
FOLDER = Kind("a folder", _folder)
