"""Personas: who answers in which channel, read anew while the pool runs.

For each question the files are looked at, no more. When one has changed, the first process to see it reads them all
and keeps what it read in a file of its own, for the next: a job process lives for a question or a few, so that else
each would read the same again, and warn of the same again. What cannot be read leaves the last that could.
HUP reads all settings anew, and what was kept before it is void.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from cocoai.config.sections import instructions_in, orders_in, refuse_unknown
from cocoai.config.settings import Orders, Settings
from cocoai.config.sources import Look, SettingsError, load, look_of
from cocoai.errors import CocoAIError

OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "instructions.txt")
"""The CocoAI persona."""

LONGEST = 100_000
"""Bytes of instructions. They go with every question, so that more was hardly meant."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Persona:
    """Who answers in a channel: the standing orders, and the model; an empty one means the settings'."""

    instructions: str
    model: str


@dataclass(frozen=True)
class Reading:
    """What was read: the persona for all, those of some channels, the models by the words that ask for them.

    `looks` tells how each file looked when it was read, or could not be.
    """

    everywhere: Persona
    channels: Mapping[str, Persona]
    models: Mapping[str, str]
    looks: Mapping[str, Look]

    @property
    def is_current(self) -> bool:
        """Do the files still look like that?"""
        return all(look_of(file) == look for file, look in self.looks.items())


class Personas:
    """Who answers where, as of now. `environ` is what the settings were read from, besides their file."""

    def __init__(self, settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
        """Raises `SettingsError` where instructions cannot be read."""
        self._file = settings.file
        self._environ = environ
        self._path = os.path.join(settings.paths.var, "run", "personas.json")
        looks = {self._file: settings.orders.look, **_looks(_files(settings.orders))}
        self._first = self._reading = _reading(settings.orders, looks)

    def for_channel(self, channel: str) -> Persona:
        """Who answers in this channel. Raises nothing."""
        now = self._now()
        return now.channels.get(channel, now.everywhere)

    def models(self) -> Mapping[str, str]:
        """The models that can be asked for, by their folded words. Raises nothing."""
        return self._now().models

    def _now(self) -> Reading:
        if not self._reading.is_current:
            kept = self._kept() or self._reading
            self._reading = kept if kept.is_current else self._read(kept)
        return self._reading

    def _read(self, last: Reading) -> Reading:
        """Read all files anew and keep that for the next process; what is known stays where they cannot be read."""
        looks = {**last.looks, self._file: look_of(self._file)}
        try:
            sources = load(self._file, self._environ)
            looks = {self._file: sources.look, **_looks([OURS, *instructions_in(sources)])}
            refuse_unknown(sources)
            reading = _reading(orders_in(sources), looks)
            log.info("personas outcome=read-anew")
        except (CocoAIError, OSError) as error:
            reading = replace(last, looks=looks)
            log.warning("personas outcome=not-changed reason=%s", error)
        self._keep(reading)
        return reading

    # between processes

    def _keep(self, reading: Reading) -> None:
        """Replace the file at once. No fsync: what is lost is read again."""
        unfinished = f"{self._path}.{os.getpid()}"
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump({"first": self._first.looks, **asdict(reading)}, file)
            os.rename(unfinished, self._path)
        except OSError:  # a full disk is reported where it matters
            with contextlib.suppress(OSError):
                os.unlink(unfinished)

    def _kept(self) -> Reading | None:
        """What another process of this pool has kept; None if there is nothing of the kind."""
        try:
            with open(self._path, encoding="utf-8") as file:
                told = json.load(file)
            if _tuples(told["first"]) != self._first.looks:
                return None
            return _reading_from(told)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None


def _files(orders: Orders) -> list[str]:
    return [OURS, *filter(None, [orders.instructions, *(channel.instructions for channel in orders.channels.values())])]


def _looks(files: Iterable[str]) -> dict[str, Look]:
    return {file: look_of(file) for file in files}


def _reading(orders: Orders, looks: Mapping[str, Look]) -> Reading:
    """Raises `SettingsError`."""
    everywhere = Persona(_text(orders.instructions or OURS), "")
    channels = {
        name: Persona(_text(own.instructions) if own.instructions else everywhere.instructions, own.model)
        for name, own in orders.channels.items()
    }
    return Reading(everywhere, channels, orders.models, looks)


def _text(file: str) -> str:
    try:
        with open(file, "rb") as opened:
            text = opened.read(LONGEST + 1)
        if len(text) > LONGEST:
            raise SettingsError(f"{file}: instructions are at most {LONGEST} bytes")
        return text.decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not UTF-8 text") from None


def _tuples(looks: Mapping[str, list[int]]) -> dict[str, Look]:
    return {file: tuple(look) for file, look in looks.items()}


def _reading_from(facts: Mapping[str, Any]) -> Reading:
    channels = {name: Persona(**own) for name, own in facts["channels"].items()}
    return Reading(Persona(**facts["everywhere"]), channels, dict(facts["models"]), _tuples(facts["looks"]))
