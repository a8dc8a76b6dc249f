"""Where settings come from: the environment, the settings file, and what is said of a value that cannot be.

A value's first place is COCOAI_SECTION_KEY, then the file, then, for a few keys, the name that it bears everywhere
(OPENAI_API_KEY). Empty counts as not given.
"""

from __future__ import annotations

import configparser
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cocoai.config.kinds import Kind
from cocoai.errors import CocoAIError

SYSTEM_FILE = "/etc/cocoai/cocoai.ini"
"""Where the settings lie when neither --config, nor COCOAI_CONFIG, nor the current folder has them."""


Look = tuple[int, ...]
"""What tells one state of a file from another: where it lies, its size and its times; empty if it is not there."""


class SettingsError(CocoAIError):
    """A setting that cannot be; `value` is empty wherever it could be a secret."""

    def __init__(self, words: str, *, section: str = "", key: str = "", value: str = "", allowed: str = "") -> None:
        super().__init__(words)
        self.section = section
        self.key = key
        self.value = value
        self.allowed = allowed


@dataclass(frozen=True)
class Given:
    """A value as it was found, stripped, where it stood, and the folder that its relative paths start from."""

    text: str = field(repr=False)
    where: str
    folder: str


@dataclass(frozen=True)
class Sources:
    """The settings file's sections and the environment; `file` is absolute, or empty if there is none.

    `look` is how the file looked before it was read.
    """

    written: Mapping[str, Mapping[str, str]] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    file: str
    look: Look = ()
    warnings: tuple[str, ...] = ()

    def find(self, section: str, key: str, names: tuple[str, ...] = ()) -> Given | None:
        """The first of these that is not empty: our own variable, the file, the usual names."""
        places = (
            self._variable(variable(section, key)),
            self._given(self.written.get(section, {}).get(key, ""), self.file, os.path.dirname(self.file)),
            *map(self._variable, names),
        )
        return next((given for given in places if given.text), None)

    def value(self, section: str, key: str, kind: Kind, *, default: str = "", names: tuple[str, ...] = ()) -> Any:
        """What is given, as its kind reads it; else the default. Raises `SettingsError`."""
        given = self.find(section, key, names)
        if given is None:
            return kind.parse(default, os.path.dirname(self.file) or os.getcwd()) if default else kind.empty
        try:
            return kind.parse(given.text, given.folder)
        except ValueError:
            raise refused(section, key, "" if kind.hidden else given.text, kind.allowed, given.where) from None

    def keys(self, section: str) -> list[str]:
        """The keys that somebody has given in this section, in the file or in the environment."""
        prefix = variable(section, "")
        named = [name.removeprefix(prefix).lower() for name in self.environ if name.startswith(prefix)]
        return list(dict.fromkeys([*self.written.get(section, {}), *named]))

    def _variable(self, name: str) -> Given:
        return self._given(self.environ.get(name, ""), f"{name} in the environment", os.getcwd())

    def _given(self, text: str, where: str, folder: str) -> Given:
        return Given(text.strip(), where, folder)


def variable(section: str, key: str) -> str:
    """The environment variable for a key: COCOAI_SLACK_BOT_TOKEN, COCOAI_WORDS_JA_HELP."""
    return f"COCOAI_{section.replace(' ', '_')}_{key}".upper()


def find(path: str | None, environ: Mapping[str, str]) -> str:
    """The settings file's absolute path, as it is looked for (DESIGN section 6); empty if there is none."""
    told = path or environ.get("COCOAI_CONFIG")
    if told:
        return os.path.abspath(told)
    return next((os.path.abspath(file) for file in ("cocoai.ini", SYSTEM_FILE) if os.path.exists(file)), "")


def load(file: str, environ: Mapping[str, str]) -> Sources:
    """Read the file, if one is named. Raises `SettingsError`."""
    look = look_of(file)
    written, warnings = _written(file) if file else ({}, ())
    return Sources(written, environ, file, look, warnings)


def look_of(file: str) -> Look:
    """How the file looks now. Raises nothing: what cannot be looked at looks like nothing."""
    try:
        told = os.stat(file)
    except (OSError, ValueError):
        return ()
    return (told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns)


def refused(section: str, key: str, value: str, allowed: str, where: str) -> SettingsError:
    """The error for a value; a password in an address is refused too, and must not be shown for it."""
    value = re.sub(r"//[^/]*@", "//…@", value)
    words = f"[{section}] {key} = {value or '…'} is not allowed; it is {allowed} ({where})"
    return SettingsError(words, section=section, key=key, value=value, allowed=allowed)


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
