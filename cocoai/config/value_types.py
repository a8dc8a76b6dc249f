"""Define the types of settings: what a value may be, once as a sentence for the operator and once as a parser.

A parser receives the text, stripped and not empty, and the folder from which relative paths start. It returns the
value, or raises ValueError. The operator's message is then built from the type's `allowed`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlsplit

from cocoai.engine.client.tls import is_loopback
from cocoai.ledger.money import NANO, parse_usd
from cocoai.ledger.prices import Price, parse_override
from cocoai.slack_ids import ID

Number = TypeVar("Number", int, float)

SWITCHES = {"on": True, "yes": True, "true": True, "1": True, "off": False, "no": False, "false": False, "0": False}
"""The words for on and off, in lower case."""

LONGEST_WORD = 60
"""Characters of one of several words."""


class Secret(str):
    """Text that must not be shown: its repr reveals nothing, not even the length."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


class Range(NamedTuple):
    """The least and the most of a number; both are the same if the number is fixed."""

    least: int
    most: int


@dataclass(frozen=True)
class ValueType:
    """What a setting's value may be. `allowed` completes "it is …"; `unit` is written behind the default.

    `empty` is the value when neither a text nor a default is given. An error never quotes a value that `is_secret`.
    """

    allowed: str
    parse: Callable[[str, str], Any]
    is_secret: bool = False
    empty: Any = ""
    unit: str = ""


def seconds(least: float, most: float) -> ValueType:
    """Return the type of a time from `least` to `most` seconds, with or without a fraction."""

    def parse(text: str, _folder: str) -> float:
        return _within(float(text), least, most)

    return ValueType(f"{least:g} to {most:g} s", parse, unit="s")


def integer(least: int, most: int, *, unit: str = "") -> ValueType:
    """Return the type of a whole number from `least` to `most`, in this unit."""

    def parse(text: str, _folder: str) -> int:
        return _within(int(text), least, most)

    return ValueType(f"{least} to {most} {unit}".strip(), parse, unit=unit)


def money() -> ValueType:
    """Return the type of an amount in US dollars, as nano-dollars."""

    def parse(text: str, _folder: str) -> int:
        return parse_usd(text)

    return ValueType("an amount in US dollars, such as 12.50", parse, empty=None)


def yen_rate() -> ValueType:
    """Return the type of a dollar's price in yen, as thousandths of a yen."""

    def parse(text: str, _folder: str) -> int:
        return _within(parse_usd(text) * 1000 // NANO, 1000, 1_000_000)

    return ValueType("an amount in yen from 1 to 1000, such as 155.5", parse, empty=None)


def integer_range(most: int) -> ValueType:
    """Return the type of a number from 1 to `most`, or of a range that may start at 0: `2`, `1..4`, `0..4`.

    Its values are of the class `Range`.
    """

    def parse(text: str, _folder: str) -> Range:
        first, dots, last = text.partition("..")
        highest = _within(int(last if dots else first), 1, most)
        return Range(_within(int(first), 0, highest) if dots else highest, highest)

    return ValueType(f"1 to {most}, or a range such as 1..4 or 0..4", parse)


def one_of(*names: str) -> ValueType:
    """Return the type whose values are these names, spelt exactly so."""

    def parse(text: str, _folder: str) -> str:
        return names[names.index(text)]

    return ValueType(f"{', '.join(names[:-1])} or {names[-1]}", parse)


def _within(number: Number, least: Number, most: Number) -> Number:
    """Return `number`. Raise ValueError unless it is from `least` to `most`, both included; NaN is not."""
    if not least <= number <= most:
        raise ValueError
    return number


def _matching(pattern: str, text: str) -> str:
    """Return `text`. Raise ValueError unless all of it matches `pattern`."""
    if not re.fullmatch(pattern, text):
        raise ValueError
    return text


def _secret(text: str, _folder: str) -> Secret:
    return Secret(_matching(r"[!-~]+", text))


def _switch(text: str, _folder: str) -> bool:
    """Return True for `on`, `yes`, `true` and `1`, False for `off`, `no`, `false` and `0`.

    Raise ValueError for the rest.
    """
    if text.lower() not in SWITCHES:
        raise ValueError
    return SWITCHES[text.lower()]


def _name(text: str, _folder: str) -> str:
    return _matching(r"[!-~]+", text)


def _ids(text: str, _folder: str) -> frozenset[str]:
    return frozenset(_matching(ID, word) for word in re.split(r"[\s,]+", text) if word)


def _id(text: str, _folder: str) -> str:
    return _matching(ID, text)


def _words(text: str, _folder: str) -> tuple[str, ...]:
    words = tuple(filter(None, (" ".join(word.split()) for word in re.split(r"[,、\n]", text))))
    text.encode()  # the environment can hold bytes that are no text
    return tuple(_matching(rf".{{1,{LONGEST_WORD}}}", word) for word in words)


def _zone(text: str, _folder: str) -> str:
    # Whether this machine knows the zone is seen at the start: to look here would cost every process its memory.
    return _matching(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", text)


def _price(text: str, _folder: str) -> Price:
    return parse_override(text)


def _split_url(text: str) -> SplitResult:
    """Split an http or https URL into its parts.

    Raise ValueError if it is no such URL, or has a query, a fragment or a bad port.
    """
    url = urlsplit(_matching(r"[!-~]+", text))
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise ValueError
    _within(1 if url.port is None else url.port, 1, 65535)
    return url


def _base_url(text: str, _folder: str) -> str:
    """Return the URL without a slash at its end.

    Raise ValueError if it names a user, or if requests to it could be read on the way: by http to another machine.
    """
    url = _split_url(text)
    if url.username is not None or (url.scheme == "http" and not is_loopback(text)):
        raise ValueError
    return text.rstrip("/")


def _folder_url(text: str, folder: str) -> str:
    return _base_url(text, folder) + "/"


def _proxy(text: str, _folder: str) -> Secret:
    _split_url(text)
    return Secret(text)


def split_listen(text: str) -> tuple[str, int]:
    """Split `127.0.0.1:8080` or `[::1]:8080` into the host, without brackets, and the port.

    Raise ValueError if `text` is neither, or the port is not from 1 to 65535.
    """
    host, _colon, port = text.rpartition(":")
    _matching(r"\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+", host)
    return host.strip("[]"), _within(int(_matching(r"\d{1,5}", port)), 1, 65535)


def _listen(text: str, _folder: str) -> tuple[str, int] | None:
    return None if SWITCHES.get(text.lower(), True) is False else split_listen(text)


def absolute_path(text: str, folder: str) -> str:
    """Return the path `text` as an absolute one, with `~` and `..` resolved; a relative one starts from `folder`."""
    return os.path.normpath(os.path.join(folder, os.path.expanduser(text)))


def _folder(text: str, folder: str) -> str:
    return absolute_path(_matching(r"[^\0\n]+", text), folder)


def _file(text: str, folder: str) -> str:
    """Return the absolute path of a file. Raise ValueError if there is no such file that this user can read."""
    path = _folder(text, folder)
    if not (os.path.isfile(path) and os.access(path, os.R_OK)):
        raise ValueError
    return path


_URL_ALLOWED = "an https:// address, or http:// on this machine, without user, password or query"

SECRET = ValueType("text without spaces, in ASCII", _secret, is_secret=True, empty=Secret())
SWITCH = ValueType("on or off", _switch)
NAME = ValueType("a name without spaces", _name)
ONE_ID = ValueType("an ID such as C0123456789", _id)
IDS = ValueType("IDs such as C0123456789, with spaces or commas between", _ids, empty=frozenset())
WORDS = ValueType(f"words of at most {LONGEST_WORD} characters, with commas between", _words, empty=())
BASE_URL = ValueType(_URL_ALLOWED, _base_url)
FOLDER_URL = ValueType(_URL_ALLOWED, _folder_url)
PROXY = ValueType("an http:// or https:// address", _proxy, is_secret=True, empty=Secret())
LISTEN = ValueType("an address with a port, or off", _listen)
FILE = ValueType("a file that can be read", _file)
FOLDER = ValueType("a folder", _folder)
ZONE = ValueType("a time zone's name, such as Asia/Tokyo", _zone)
PRICE = ValueType(
    "in/cached/written/out in US dollars per million tokens, such as 0.1/0.01/0.125/0.5, five such numbers for a model "
    "that draws, 0.0045/minute of sound, or free",
    _price,
)
