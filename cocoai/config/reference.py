"""The settings in print: the README's tables and cocoai.ini.example, rendered from the keys in settings.py.

Both are files of their own; the tests hold them to what is rendered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from cocoai.config.settings import SECTIONS, Key, keys, variable

_OPENING = """\
# CocoAI's settings. Copy this file to cocoai.ini and let nobody else read it: chmod 600 cocoai.ini
# Every key stands here with its default; take the # off to set it. Empty means the default.
# Relative paths start from this file's folder. Any key can come from the environment instead,
# as COCOAI_SECTION_KEY: COCOAI_POOL_SLOTS=8 for instance. It is then preferred to this file.
"""


def reference() -> str:
    """The README's tables, in Markdown, one for each section."""
    return "\n".join("\n".join(_table(section)) + "\n" for section in SECTIONS)


def example() -> str:
    """cocoai.ini.example: every key with what it is for, what it may be, and its default."""
    return _OPENING + "".join("\n".join(_written(section)) + "\n" for section in SECTIONS)


def _table(section: str) -> Iterator[str]:
    yield f"| `[{section}]` | default | allowed | what it is |"
    yield "| --- | --- | --- | --- |"
    for key, about in keys(section).items():
        yield f"| `{key}` | {_default(about)} | {about.kind.allowed} | {about.about} |"


def _default(about: Key) -> str:
    names = " ".join(f"`{name}`" for name in about.names)
    if about.required:
        return f"must be given, here or as {names}"
    value = f"`{about.default}` {about.kind.unit}".strip() if about.default else "empty"
    return f"{value}, or {names}" if names else value


def _written(section: str) -> Iterator[str]:
    yield ""
    yield f"[{section}]"
    for key, about in keys(section).items():
        yield from wrap(_told(section, key, about), 110, initial_indent="# ", subsequent_indent="# ")
        yield f"#{key} = {about.default}".rstrip()


def _told(section: str, key: str, about: Key) -> str:
    names = " or ".join((*about.names, variable(section, key)))
    must = f" It must be given, here or as {names}." if about.required else ""
    return f"{about.about[0].upper()}{about.about[1:]}: {about.kind.allowed}.{must}"
