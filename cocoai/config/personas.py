"""Personas: which instructions and which model answer in which channel, read again while the pool runs.

For each question the files are only looked at (stat). When one has changed, the first process that notices reads all of
them and keeps the result in var/run/personas.json for the others. A job process lives for a question or a few: without
that file each would read the same again, and log the same warning again. A file that cannot be read leaves what was
read last. HUP reads all settings again, and makes what was kept before it void.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from cocoai.config.channel_settings import PersonaSettings
from cocoai.config.sections import instruction_files, read_persona_settings, reject_unknown
from cocoai.config.settings import Settings
from cocoai.config.sources import FileStamp, SettingsError, read_sources, stamp_of
from cocoai.conversation import Persona
from cocoai.engine.process.replace_file import CachedFile
from cocoai.errors import CocoAIError

DEFAULT_INSTRUCTIONS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "instructions.txt")
"""The path of the CocoAI persona's instructions."""

LONGEST = 100_000
"""The most bytes of instructions. They are sent with every question, so that a longer file is probably a mistake."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LoadedPersonas:
    """What was read last: the persona for all channels, those of single channels by ID, and the models by prefix.

    `stamps` are the files' stamps from before they were read, also of those that could not be.
    """

    everywhere: Persona
    channels: Mapping[str, Persona]
    models: Mapping[str, str]
    stamps: Mapping[str, FileStamp]

    @property
    def is_current(self) -> bool:
        """Return True if no file has changed since it was read: each has its old stamp still."""
        return all(stamp_of(file) == stamp for file, stamp in self.stamps.items())


class Personas:
    """The instructions and the model that answer in each channel, as of now: changed files are read again.

    `environ` is what `settings` were read from, besides their file.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
        """Read the instructions that the settings name. Raise `SettingsError` if one cannot be read."""
        self._file = settings.file
        self._environ = environ
        self._kept_file = CachedFile(os.path.join(settings.paths.var, "run", "personas.json"))
        # The stamp that the settings bring along: a change since they were read is then noticed.
        stamps = {self._file: settings.personas.stamp, **_stamps(_files(settings.personas))}
        self._first = self._loaded = _load(settings.personas, stamps)

    def for_channel(self, channel: str) -> Persona:
        """Return the instructions and the model that answer in the channel with this ID. Raise nothing."""
        current = self._current()
        return current.channels.get(channel, current.everywhere)

    def models(self) -> Mapping[str, str]:
        """Return the models that a question can ask for, by their normalized prefix. Raise nothing."""
        return self._current().models

    def _current(self) -> LoadedPersonas:
        """Return the personas as of now, and remember them.

        If a file has changed, they are what another process has kept; if that is out of date too, read all files again.
        """
        if not self._loaded.is_current:
            kept = self._kept() or self._loaded
            self._loaded = kept if kept.is_current else self._read_again(kept)
        return self._loaded

    def _read_again(self, last: LoadedPersonas) -> LoadedPersonas:
        """Read all files and keep the result for other processes.

        If that fails, log a warning, and keep and return `last` with the new stamps, as if the broken files had been
        read.
        """
        stamps = {**last.stamps, self._file: stamp_of(self._file)}
        try:
            sources = read_sources(self._file, self._environ)
            stamps = {self._file: sources.stamp, **_stamps([DEFAULT_INSTRUCTIONS, *instruction_files(sources)])}
            reject_unknown(sources)
            loaded = _load(read_persona_settings(sources), stamps)
            log.info("personas outcome=read-anew")
        except (CocoAIError, OSError) as error:
            # With the new stamps the broken files count as read: no process reads them, or warns of them, again.
            loaded = replace(last, stamps=stamps)
            log.warning("personas outcome=not-changed reason=%s", error)
        self._keep(loaded)
        return loaded

    # between processes

    def _keep(self, loaded: LoadedPersonas) -> None:
        """Write var/run/personas.json for other processes, replacing it at once; do nothing if it cannot be written.

        There is no fsync: what a power cut takes is read again.
        """
        with contextlib.suppress(OSError):  # a full disk is reported where it matters
            self._kept_file.write_json(_to_json(self._first, loaded))

    def _kept(self) -> LoadedPersonas | None:
        """Return what another process of this pool has kept.

        Return None if there is no such file, if it is damaged, or if a pool with other settings has kept it.
        """
        facts = self._kept_file.read_json()
        try:
            if _tuples(facts["first"]) != self._first.stamps:  # a pool with other settings has kept it
                return None
            return _from_json(facts)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


def _files(settings: PersonaSettings) -> list[str]:
    """Return the paths of all instructions that are in use; CocoAI's own are always among them."""
    own = [settings.instructions, *(channel.instructions for channel in settings.channels.values())]
    return [DEFAULT_INSTRUCTIONS, *filter(None, own)]


def _stamps(files: Iterable[str]) -> dict[str, FileStamp]:
    return {file: stamp_of(file) for file in files}


def _load(settings: PersonaSettings, stamps: Mapping[str, FileStamp]) -> LoadedPersonas:
    """Read the instructions that the settings name, and return the personas with `stamps`.

    A channel without instructions of its own has those of all channels. Raise `SettingsError` if a file cannot be read.
    """
    everywhere = Persona(_read_instructions(settings.instructions or DEFAULT_INSTRUCTIONS), "")
    channels = {
        name: Persona(
            _read_instructions(channel.instructions) if channel.instructions else everywhere.instructions,
            channel.model,
        )
        for name, channel in settings.channels.items()
    }
    return LoadedPersonas(everywhere, channels, settings.models, stamps)


def _read_instructions(file: str) -> str:
    """Return the file's text. Raise `SettingsError` if it cannot be read, is over LONGEST bytes, or is not UTF-8."""
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


def _tuples(stamps: Mapping[str, list[int]]) -> dict[str, FileStamp]:
    """Return stamps from JSON, which has lists only, as the tuples that they were."""
    return {file: tuple(stamp) for file, stamp in stamps.items()}


def _to_json(first: LoadedPersonas, loaded: LoadedPersonas) -> dict[str, Any]:
    """Return what `_from_json` reads, with the stamps that this pool started with as `first`."""
    facts = asdict(loaded)
    facts["looks"] = facts.pop("stamps")  # their name in the file
    return {"first": first.stamps, **facts}


def _from_json(facts: Mapping[str, Any]) -> LoadedPersonas:
    """Return the personas from `_to_json`'s result. Raise KeyError, TypeError or AttributeError if it is damaged."""
    channels = {name: Persona(**persona) for name, persona in facts["channels"].items()}
    return LoadedPersonas(Persona(**facts["everywhere"]), channels, dict(facts["models"]), _tuples(facts["looks"]))
