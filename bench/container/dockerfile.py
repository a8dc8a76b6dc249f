"""Read a Dockerfile: the instructions that ours uses, in Docker's meaning; everything else is refused."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What Docker sets if the image names no other."""


class Unsupported(Exception):
    """The Dockerfile has what is not understood here; the message names the line."""


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name in capitals, its argument with continued lines joined, its first line (from 1)."""

    name: str
    argument: str
    line: int


@dataclass(frozen=True)
class Image:
    """What the instructions up to some point have set: for the steps behind it, and at the end for a container."""

    base: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": PATH})
    folder: str = "/"
    user: str = "root"
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    def path(self, name: str) -> str:
        """Return a path of an instruction as an absolute one: a relative one is below the working folder."""
        return str(PurePosixPath(self.folder, name))


def parse(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile in order. Raise Unsupported for what is not understood here."""
    found: list[Instruction] = []
    for line, whole in _joined(text):
        name, _, argument = whole.partition(" ")
        name, argument = name.upper(), argument.strip()
        if name not in (*_SETTERS, *STEPS):
            raise Unsupported(f"line {line}: {name} is not known here")
        if argument.startswith("--") or "<<" in argument:
            raise Unsupported(f"line {line}: no option and no here-document of {name} is known here")
        if name == "RUN" and argument.startswith("["):
            raise Unsupported(f"line {line}: RUN is known here as a line for a shell only")
        if name != "RUN" and "$" in argument:
            raise Unsupported(f"line {line}: variables are not known here")
        found.append(Instruction(name, argument, line))
    if [number for number, each in enumerate(found) if each.name == "FROM"] != [0]:
        raise Unsupported("one FROM, before all else, is known here")
    return found


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield each instruction with its first line's number; lines that end in a backslash go on in the next.

    Comments and empty lines are left out, between the lines of an instruction too.
    """
    pieces: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"#\s*(syntax|escape|check)\s*=", line, re.IGNORECASE):
            raise Unsupported(f"line {number}: a parser directive")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        first = first or number
        begun = line.rstrip()
        pieces.append(begun.removesuffix("\\"))
        if not begun.endswith("\\"):
            yield first, "".join(pieces).strip()
            pieces, first = [], 0
    if pieces:
        raise Unsupported(f"line {first}: it goes on behind the last line")


def _words(instruction: Instruction) -> tuple[str, ...]:
    """Return the words of an instruction in the form of a JSON list. Raise Unsupported for its form for a shell."""
    try:
        words = json.loads(instruction.argument)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
        raise Unsupported(f"line {instruction.line}: {instruction.name} is known here as a list in JSON only")
    return tuple(words)


def _environment(image: Image, instruction: Instruction) -> dict[str, str]:
    """Return the environment with what ENV adds to it."""
    pairs = shlex.split(instruction.argument)
    if not all(re.match(r"[A-Z_a-z]\w*=", pair) for pair in pairs):
        raise Unsupported(f"line {instruction.line}: ENV is known here as NAME=VALUE only")
    return {**image.environment, **dict(pair.split("=", 1) for pair in pairs)}


_SETTERS: Mapping[str, Callable[[Image, Instruction], Mapping[str, Any]]] = {
    "FROM": lambda _, it: {"base": it.argument},
    "ENV": lambda image, it: {"environment": _environment(image, it)},
    "WORKDIR": lambda image, it: {"folder": image.path(it.argument)},
    "USER": lambda _, it: {"user": it.argument},
    "EXPOSE": lambda image, it: {"ports": (*image.ports, *it.argument.split())},
    "VOLUME": lambda image, it: {"volumes": (*image.volumes, *map(image.path, it.argument.split()))},
    "ENTRYPOINT": lambda _, it: {"entrypoint": _words(it), "command": ()},
    "CMD": lambda _, it: {"command": _words(it)},
}

STEPS = ("RUN", "COPY")
"""The instructions that change the image's files, beside WORKDIR, which makes its folder."""


def after(image: Image, instruction: Instruction) -> Image:
    """Return what the image has set after this instruction; a step (STEPS) sets nothing."""
    return replace(image, **_SETTERS[instruction.name](image, instruction)) if instruction.name in _SETTERS else image


def finished(instructions: list[Instruction]) -> Image:
    """Return what the whole Dockerfile has set."""
    image = Image()
    for instruction in instructions:
        image = after(image, instruction)
    return image
