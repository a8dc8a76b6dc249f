"""The settings in print: the README's tables and cocoai.ini.example, rendered from the keys in settings.py.

Both are files of their own; the tests hold them to what is rendered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from cocoai.config.settings import SECTIONS, Key, keys
from cocoai.config.sources import variable
from cocoai.words import JAPANESE
from cocoai.words.overrides import texts

_OPENING = """\
# CocoAI's settings. Copy this file to cocoai.ini and let nobody else read it: chmod 600 cocoai.ini
# Every key stands here with its default; take the # off to set it. Empty means the default.
# Relative paths start from this file's folder. Any key can come from the environment instead,
# as COCOAI_SECTION_KEY: COCOAI_POOL_SLOTS=8 for instance. It is then preferred to this file.
"""

CHANNEL = "channel C0123456789"

NAMED = {
    CHANNEL: (
        ("instructions = finance.txt", "model = gpt-6.1-sol"),
        (
            "what one channel has of its own, by the channel's ID; this, [models] and all instructions are read anew "
            "when a file changes, without a restart"
        ),
    ),
    "models": (
        ("deep = gpt-6.1-sol",),
        "words that ask for another model: a question that begins with `deep:` goes to the one named here",
    ),
    "words ja": (
        ("placeholder = 少々お待ちください",),
        (
            "fixed texts of your own, and [words en] likewise; what stands in braces must stay, `\\n` begins a new "
            f"line; there are {', '.join(texts(JAPANESE))}"
        ),
    ),
}
"""The sections that the operator names: lines that may stand there, and what for."""


def reference() -> str:
    """The README's tables, in Markdown, one for each section; a sentence for each that the operator names."""
    tables = ["\n".join(_table(section)) for section in (*SECTIONS, CHANNEL)]
    return "\n\n".join([*tables, *_sentences()]) + "\n"


def example() -> str:
    """cocoai.ini.example: every key with what it is for, what it may be, and its default."""
    written = ["\n".join(_written(section)) for section in SECTIONS]
    return "\n\n".join([_OPENING.rstrip(), *written, *map("\n".join, map(_suggested, NAMED))]) + "\n"


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


def _sentences() -> Iterator[str]:
    for section, (lines, about) in NAMED.items():
        name = variable(section, lines[0].split()[0])
        yield f"`[{section}]`, such as `{lines[0]}` (`{name}`): {about}."


def _written(section: str) -> Iterator[str]:
    yield f"[{section}]"
    for key, about in keys(section).items():
        yield from _comment(_told(section, key, about))
        yield f"#{key} = {about.default}".rstrip()


def _told(section: str, key: str, about: Key) -> str:
    names = " or ".join((*about.names, variable(section, key)))
    must = f" It must be given, here or as {names}." if about.required else ""
    return f"{_capital(about.about)}: {about.kind.allowed}.{must}"


def _suggested(section: str) -> Iterator[str]:
    lines, about = NAMED[section]
    yield from _comment(f"{_capital(about)}.")
    yield from (f"#{line}" for line in (f"[{section}]", *lines))


def _comment(told: str) -> list[str]:
    return wrap(told, 110, initial_indent="# ", subsequent_indent="# ")


def _capital(told: str) -> str:
    return told[0].upper() + told[1:]
