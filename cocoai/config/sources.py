"""Find a setting's text in the environment or the settings file, and build the error for one that is not allowed.

A value is looked for as COCOAI_SECTION_KEY in the environment, then in the file, then, for a few keys, under the name
that it has everywhere (OPENAI_API_KEY). An empty value counts as not given.
"""

from __future__ import annotations

import configparser
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cocoai.config.value_types import ValueType
from cocoai.errors import CocoAIError

SYSTEM_FILE = "/etc/cocoai/cocoai.ini"
"""Where the settings lie when neither --config, nor COCOAI_CONFIG, nor the current folder has them."""


FileStamp = tuple[int, ...]
"""A file's device, inode, size and times, by which a change is noticed; empty if the file is not there."""


class SettingsError(CocoAIError):
    """A setting that is missing, unknown or not allowed, or a file that cannot be read.

    `section`, `key`, `value` and `allowed` say which one; they are empty where they do not apply. `value` is also empty
    if it could be a secret.
    """

    def __init__(self, message: str, *, section: str = "", key: str = "", value: str = "", allowed: str = "") -> None:
        super().__init__(message)
        self.section = section
        self.key = key
        self.value = value
        self.allowed = allowed


@dataclass(frozen=True)
class FoundValue:
    """A value's text, stripped, the place where it was found, and the folder from which its relative paths start."""

    text: str = field(repr=False)
    place: str
    folder: str


@dataclass(frozen=True)
class Sources:
    """The settings file's sections and the environment; `file` is absolute, or empty if there is none.

    `stamp` is the file's stamp before it was read. `warnings` are sentences for the operator.
    """

    sections: Mapping[str, Mapping[str, str]] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    file: str
    stamp: FileStamp = ()
    warnings: tuple[str, ...] = ()

    def find(self, section: str, key: str, other_names: tuple[str, ...] = ()) -> FoundValue | None:
        """Return a value that is not blank, and where it was found; None if there is none.

        It is looked for in its own variable (see `variable`), then in the file, then in the variables `other_names`.
        """
        places = (
            self._in_environment(variable(section, key)),
            FoundValue(
                self.sections.get(section, {}).get(key, "").strip(),
                self.file,
                os.path.dirname(self.file),
            ),
            *map(self._in_environment, other_names),
        )
        return next((found for found in places if found.text), None)

    def value(
        self, section: str, key: str, value_type: ValueType, *, default: str = "", other_names: tuple[str, ...] = ()
    ) -> Any:
        """Return the value that `find` finds, or else the default, as its type parses it.

        Without either return the type's `empty`. Raise `SettingsError` if the text found is not allowed.
        """
        found = self.find(section, key, other_names)
        if found is None:
            folder = os.path.dirname(self.file) or os.getcwd()
            return value_type.parse(default, folder) if default else value_type.empty
        try:
            return value_type.parse(found.text, found.folder)
        except ValueError:
            shown = "" if value_type.is_secret else found.text
            raise not_allowed(section, key, shown, value_type.allowed, found.place) from None

    def keys(self, section: str) -> list[str]:
        """Return the keys that are given for this section in the file or in the environment, known ones or not."""
        prefix = variable(section, "")
        in_environment = [name.removeprefix(prefix).lower() for name in self.environ if name.startswith(prefix)]
        return list(dict.fromkeys([*self.sections.get(section, {}), *in_environment]))

    def _in_environment(self, name: str) -> FoundValue:
        return FoundValue(self.environ.get(name, "").strip(), f"{name} in the environment", os.getcwd())


def variable(section: str, key: str) -> str:
    """Return the name of the environment variable for a key: COCOAI_SLACK_BOT_TOKEN, COCOAI_WORDS_JA_HELP."""
    return f"COCOAI_{section.replace(' ', '_')}_{key}".upper()


def find_file(path: str | None, environ: Mapping[str, str]) -> str:
    """Return the absolute path of the settings file; "" if there is none.

    It is `path`, else COCOAI_CONFIG, whether that file exists or not; else cocoai.ini in the current folder, or
    SYSTEM_FILE, whichever exists first.
    """
    named = path or environ.get("COCOAI_CONFIG")
    if named:
        return os.path.abspath(named)
    return next((os.path.abspath(file) for file in ("cocoai.ini", SYSTEM_FILE) if os.path.exists(file)), "")


def read_sources(file: str, environ: Mapping[str, str]) -> Sources:
    """Read the settings file, or none if `file` is empty; return its contents together with `environ`.

    Raise `SettingsError` if it cannot be read or parsed.
    """
    # The stamp comes first: a change during the reading is then noticed at the next look.
    stamp = stamp_of(file)
    sections, warnings = _parse(file) if file else ({}, ())
    return Sources(sections, environ, file, stamp, warnings)


def stamp_of(file: str) -> FileStamp:
    """Return the file's stamp (device, inode, size, times) as of now; () if it cannot be looked at. Raise nothing."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def not_allowed(section: str, key: str, value: str, allowed: str, place: str) -> SettingsError:
    """Build the error for a value that is not allowed; an empty one, of a secret, is shown as `…`.

    `allowed` completes "it is …", `place` is where the value stands. A user and a password in a URL are blanked out.
    """
    value = re.sub(r"^(\w*:?//)?.*@", r"\1…@", value, flags=re.DOTALL)
    message = f"[{section}] {key} = {value or '…'} is not allowed; it is {allowed} ({place})"
    return SettingsError(message, section=section, key=key, value=value, allowed=allowed)


def _parse(file: str) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """Return the values in the file by section and key, and warnings: one if everybody on this machine can read it.

    Raise `SettingsError` if the file cannot be read, is not UTF-8, or is malformed.
    """
    # configparser copies the keys of [DEFAULT] into every section. With a name that no file can have in its place,
    # [DEFAULT] is a section like any other, and an unknown one.
    parser = configparser.ConfigParser(interpolation=None, default_section="\n")
    try:
        with open(file, encoding="utf-8-sig") as text:
            is_open_to_all = os.fstat(text.fileno()).st_mode & stat.S_IROTH
            parser.read_file(text)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not UTF-8 text") from None
    except configparser.Error as error:
        raise SettingsError(f"{file}: {_describe(error)}") from None
    warnings = (f"{file} can be read by everybody on this machine: chmod 600 {file}",) if is_open_to_all else ()
    return {name: dict(parser[name]) for name in parser.sections()}, warnings


def _describe(error: configparser.Error) -> str:
    """Return in words what is wrong, and in which line of the file.

    The line itself, which configparser quotes, is left out: it may hold a secret.
    """
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
