"""Read the settings, once, at the roof; they are handed down as plain values, and no floor below imports this file.

A value comes from COCOAI_SECTION_KEY in the environment, else from cocoai.ini, else, for a few keys, from the
name that it bears everywhere (OPENAI_API_KEY), else it is the default. Empty counts as not given.
Which keys there are stands in settings.py, how a value is checked in kinds.py.
"""

from __future__ import annotations

import configparser
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.config.kinds import Secret
from cocoai.config.settings import SECTIONS, Key, Pool, Settings, keys, variable
from cocoai.errors import CocoAIError

__all__ = ["Pool", "Secret", "Settings", "SettingsError", "read"]

SYSTEM_FILE = "/etc/cocoai/cocoai.ini"
"""Where the settings lie when neither --config, nor COCOAI_CONFIG, nor the current folder has them."""


class SettingsError(CocoAIError):
    """A setting that cannot be; `value` is empty wherever it could be a secret."""

    def __init__(self, words: str, *, section: str = "", key: str = "", value: str = "", allowed: str = "") -> None:
        super().__init__(words)
        self.section = section
        self.key = key
        self.value = value
        self.allowed = allowed


def read(path: str | None, environ: Mapping[str, str], *, secrets: bool = True) -> Settings:
    """Read the settings from `path`, or from where they are looked for (DESIGN section 6), and from `environ`.

    Without `secrets`, those may be missing: a command that only looks into a folder needs none.
    Raises `SettingsError`.
    """
    file = _find(path, environ)
    written, warnings = _written(file) if file else ({}, ())
    _refuse_unknown(written, environ, file)
    sources = _Sources(written, environ, file)
    sections = {name: _section(name, sources) for name in SECTIONS}
    settings = Settings(**sections, file=file, warnings=warnings)
    if secrets:
        _require_secrets(settings)
    _check_deadlines(settings)
    return settings


def _find(path: str | None, environ: Mapping[str, str]) -> str:
    told = path or environ.get("COCOAI_CONFIG")
    if told:
        return os.path.abspath(told)
    return next((os.path.abspath(file) for file in ("cocoai.ini", SYSTEM_FILE) if os.path.exists(file)), "")


def _written(file: str) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    # [DEFAULT] would lend its keys to every section unseen: with a name nobody can write it is a section like any.
    parser = configparser.ConfigParser(interpolation=None, default_section="\n")
    try:
        with open(file, encoding="utf-8-sig") as text:
            open_to_all = os.fstat(text.fileno()).st_mode & stat.S_IROTH
            parser.read_file(text)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not UTF-8 text") from None
    except configparser.Error as error:
        raise SettingsError(f"{file}: {_where(error)}") from None
    warnings = (f"{file} can be read by everybody on this machine: chmod 600 {file}",) if open_to_all else ()
    return {name: dict(parser[name]) for name in parser.sections()}, warnings


def _where(error: configparser.Error) -> str:
    """What configparser says, without the line itself: that may hold a secret."""
    if isinstance(error, configparser.DuplicateOptionError):
        return f"line {error.lineno}: [{error.section}] {error.option} is given twice"
    if isinstance(error, configparser.DuplicateSectionError):
        return f"line {error.lineno}: [{error.section}] is there twice"
    if isinstance(error, configparser.MissingSectionHeaderError):
        return f"line {error.lineno} stands before the first [section]"
    if isinstance(error, configparser.ParsingError):
        line = getattr(error, "lineno", None) or error.errors[0][0]
        return f"line {line} is neither `key = value` nor a [section]"
    return type(error).__name__


def _refuse_unknown(written: Mapping[str, Mapping[str, str]], environ: Mapping[str, str], file: str) -> None:
    for section, values in written.items():
        if section not in SECTIONS:
            raise SettingsError(f"{file}: [{section}] is no section; there are {', '.join(SECTIONS)}", section=section)
        for key in values:
            if key not in keys(section):
                raise _unknown(section, key, f"{file}: [{section}] {key}")
    for section in SECTIONS:
        prefix = variable(section, "")
        for name in environ:
            if name.startswith(prefix) and name.removeprefix(prefix).lower() not in keys(section):
                raise _unknown(section, name.removeprefix(prefix).lower(), f"{name} in the environment")


def _unknown(section: str, key: str, where: str) -> SettingsError:
    allowed = ", ".join(keys(section))
    return SettingsError(f"{where} is no setting; [{section}] has {allowed}", section=section, key=key, allowed=allowed)


@dataclass(frozen=True)
class _Given:
    """A value as it was found, where it stood, and the folder that its relative paths start from."""

    text: str
    where: str
    folder: str


@dataclass(frozen=True)
class _Sources:
    """The settings file's sections and the environment."""

    written: Mapping[str, Mapping[str, str]]
    environ: Mapping[str, str]
    file: str

    def find(self, section: str, key: str, names: tuple[str, ...]) -> _Given | None:
        """The first of these that is not empty: our own variable, the file, the usual names."""
        places = (
            self._variable(variable(section, key)),
            _Given(self.written.get(section, {}).get(key, ""), self.file, os.path.dirname(self.file)),
            *map(self._variable, names),
        )
        return next((given for given in places if given.text.strip()), None)

    def _variable(self, name: str) -> _Given:
        return _Given(self.environ.get(name, ""), f"{name} in the environment", os.getcwd())


def _section(section: str, sources: _Sources) -> Any:
    return SECTIONS[section](**{key: _value(section, key, about, sources) for key, about in keys(section).items()})


def _value(section: str, key: str, about: Key, sources: _Sources) -> Any:
    given = sources.find(section, key, about.names)
    if given is None:
        folder = os.path.dirname(sources.file) or os.getcwd()
        return about.kind.parse(about.default, folder) if about.default else about.kind.empty
    text = given.text.strip()
    try:
        return about.kind.parse(text, given.folder)
    except ValueError:
        raise _refused(section, key, "" if about.kind.hidden else text, about.kind.allowed, given.where) from None


def _refused(section: str, key: str, value: str, allowed: str, where: str) -> SettingsError:
    # A password in an address is refused too, and must not be shown for it.
    value = re.sub(r"//[^/]*@", "//…@", value)
    words = f"[{section}] {key} = {value or '…'} is not allowed; it is {allowed} ({where})"
    return SettingsError(words, section=section, key=key, value=value, allowed=allowed)


def _check_deadlines(settings: Settings) -> None:
    openai = settings.openai
    for key in ("first_word_timeout", "silence_timeout"):
        value = getattr(openai, key)
        if value > openai.total_timeout:
            allowed = f"at most total_timeout, {openai.total_timeout:g} s"
            raise _refused("openai", key, f"{value:g}", allowed, settings.file or "the environment")


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
