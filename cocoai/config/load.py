"""Read all settings into one object, and check those that depend on one another."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from dataclasses import replace

from cocoai.config.document_settings import read_readers
from cocoai.config.reaction_settings import read_reactions
from cocoai.config.sections import read_persona_settings, read_prices, read_section, read_texts, reject_unknown
from cocoai.config.settings import SECTIONS, Settings, settings_of
from cocoai.config.sources import SettingsError, Sources, find_file, not_allowed, read_sources, variable


def read(path: str | None, environ: Mapping[str, str], *, secrets: bool = True) -> Settings:
    """Read the settings from the environment `environ` and from a file, which `find_file` chooses by `path`.

    Without `secrets`, those may be missing: a command that only looks into a folder needs none. Raise `SettingsError`
    if a setting is missing, unknown or not allowed, or the file cannot be read.
    """
    sources = read_sources(find_file(path, environ), environ)
    reject_unknown(sources)
    settings = _settings_from(sources)
    if secrets:
        _require_secrets(settings)
    _check_deadlines(settings)
    return settings


def _settings_from(sources: Sources) -> Settings:
    sections = {name: read_section(sources, name) for name in SECTIONS}
    return Settings(
        **sections,
        prices=read_prices(sources),
        personas=read_persona_settings(sources),
        texts=read_texts(sources),
        reactions=read_reactions(sources),
        readers=read_readers(sources),
        file=sources.file,
        warnings=sources.warnings,
    )


def read_for_a_look(path: str | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings without secrets, for a command that only looks into the folder `var`.

    If they are wrong, that folder is all that is read of them, the others have their defaults, and `error` says what
    is wrong. Raise `SettingsError` if not even the folder can be known.
    """
    try:
        return read(path, environ, secrets=False)
    except SettingsError as error:
        return _read_var_alone(find_file(path, environ), environ, error)


_VAR = re.compile(r"^[ \t]*var[ \t]*[=:][ \t]*(\S.*)$", re.MULTILINE)
"""The line of `[paths] var`, whatever stands before it in the file: no other section has a key of this name."""


def _read_var_alone(file: str, environ: Mapping[str, str], error: SettingsError) -> Settings:
    """Return settings of which only `[paths] var` is read. Raise `error` if not even that can be."""
    name = variable("paths", "var")
    try:
        text = pathlib.Path(file).read_text("utf-8-sig", "replace") if file else ""
        found = _VAR.search(text)
        sections = {"paths": {"var": found[1]}} if found else {}
        sources = Sources(sections, {name: environ[name]} if name in environ else {}, file)
        return replace(_settings_from(sources), error=str(error))
    except (OSError, SettingsError):
        raise error from None


def _check_deadlines(settings: Settings) -> None:
    """Raise `SettingsError` if `first_word_timeout` or `silence_timeout` is longer than `total_timeout`."""
    openai = settings.openai
    for key in ("first_word_timeout", "silence_timeout"):
        value = getattr(openai, key)
        if value > openai.total_timeout:
            allowed = f"at most total_timeout, {openai.total_timeout:g} s"
            raise not_allowed("openai", key, f"{value:g}", allowed, settings.file or "the environment")


def _require_secrets(settings: Settings) -> None:
    """Raise `SettingsError` if a required setting has no value; the message names all of them."""
    missing = [
        (section, key, setting.other_names[0])
        for section in SECTIONS
        for key, setting in settings_of(section).items()
        if setting.is_required and not getattr(getattr(settings, section), key)
    ]
    if missing:
        file = settings.file or "cocoai.ini"
        wanted = "; ".join(f"[{section}] {key} in {file}, or {name}" for section, key, name in missing)
        raise SettingsError(f"missing: {wanted} in the environment", section=missing[0][0], key=missing[0][1])
