"""Read the settings, once, at the roof; they are handed down as plain values, and no floor below imports this file.

Which keys there are stands in settings.py, how a value is checked in kinds.py, where it comes from in sources.py,
and what the model is told in which channel, which is read again while the pool runs, in personas.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from cocoai.config.kinds import Secret
from cocoai.config.personas import Persona, Personas
from cocoai.config.sections import orders_in, refuse_unknown, section_in, words_in
from cocoai.config.settings import SECTIONS, Pool, Settings, keys
from cocoai.config.sources import SYSTEM_FILE, SettingsError, find, load, refused

__all__ = ["SYSTEM_FILE", "Persona", "Personas", "Pool", "Secret", "Settings", "SettingsError", "read"]


def read(path: str | None, environ: Mapping[str, str], *, secrets: bool = True) -> Settings:
    """Read the settings from `path`, or from where they are looked for (DESIGN section 6), and from `environ`.

    Without `secrets`, those may be missing: a command that only looks into a folder needs none.
    Raises `SettingsError`.
    """
    sources = load(find(path, environ), environ)
    refuse_unknown(sources)
    sections = {name: section_in(sources, name) for name in SECTIONS}
    settings = Settings(
        **sections,
        orders=orders_in(sources),
        words=words_in(sources),
        file=sources.file,
        warnings=sources.warnings,
    )
    if secrets:
        _require_secrets(settings)
    _check_deadlines(settings)
    return settings


def _check_deadlines(settings: Settings) -> None:
    openai = settings.openai
    for key in ("first_word_timeout", "silence_timeout"):
        value = getattr(openai, key)
        if value > openai.total_timeout:
            allowed = f"at most total_timeout, {openai.total_timeout:g} s"
            raise refused("openai", key, f"{value:g}", allowed, settings.file or "the environment")


def _require_secrets(settings: Settings) -> None:
    missing = [
        (section, key, about.names[0])
        for section in SECTIONS
        for key, about in keys(section).items()
        if about.required and not getattr(getattr(settings, section), key)
    ]
    if missing:
        where = settings.file or "cocoai.ini"
        wanted = "; ".join(f"[{section}] {key} in {where}, or {name}" for section, key, name in missing)
        raise SettingsError(f"missing: {wanted} in the environment", section=missing[0][0], key=missing[0][1])
