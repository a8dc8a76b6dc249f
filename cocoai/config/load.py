"""Read all settings into one object, and check those that depend on one another."""

from __future__ import annotations

from collections.abc import Mapping

from cocoai.config.sections import read_persona_settings, read_prices, read_section, read_texts, reject_unknown
from cocoai.config.settings import SECTIONS, Settings, settings_of
from cocoai.config.sources import SettingsError, find_file, not_allowed, read_sources


def read(path: str | None, environ: Mapping[str, str], *, secrets: bool = True) -> Settings:
    """Read the settings from the environment `environ` and from a file, which `find_file` chooses by `path`.

    Without `secrets`, those may be missing: a command that only looks into a folder needs none. Raise `SettingsError`
    if a setting is missing, unknown or not allowed, or the file cannot be read.
    """
    sources = read_sources(find_file(path, environ), environ)
    reject_unknown(sources)
    sections = {name: read_section(sources, name) for name in SECTIONS}
    settings = Settings(
        **sections,
        prices=read_prices(sources),
        personas=read_persona_settings(sources),
        texts=read_texts(sources),
        file=sources.file,
        warnings=sources.warnings,
    )
    if secrets:
        _require_secrets(settings)
    _check_deadlines(settings)
    return settings


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
