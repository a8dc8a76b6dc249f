"""The sections, read from wherever they are given: the fixed ones, and those that the operator names.

[models] has any word for a key, [words ja] and [words en] a key for each text, and a [channel ID] is there for each
channel that has something of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from cocoai.config.kinds import WORD, Kind, path_from
from cocoai.config.settings import SECTIONS, Channel, Orders, keys
from cocoai.config.sources import SettingsError, Sources, variable
from cocoai.words import LANGUAGES, Words
from cocoai.words.commands import folded
from cocoai.words.overrides import fits, longest, overridden, placeholders, texts

_CHANNEL = re.compile(r"channel ([CDG][A-Z0-9]{1,23})")
_NAMED = re.compile(r"COCOAI_(?:CHANNEL_(?P<channel>[^_]*)|WORDS_(?P<words>[^_]*))")
_ALL = ", ".join([*SECTIONS, "models", "channel ID", *(f"words {language}" for language in LANGUAGES)])


def section_in(sources: Sources, section: str) -> Any:
    """A fixed section, or a channel's. Raises `SettingsError`."""
    kind = Channel if _CHANNEL.fullmatch(section) else SECTIONS[section]
    values = {
        key: sources.value(section, key, about.kind, default=about.default, names=about.names)
        for key, about in keys(section).items()
    }
    return kind(**values)


def orders_in(sources: Sources) -> Orders:
    """Who answers where. Raises `SettingsError`."""
    about = keys("answer")["instructions"]
    return Orders(
        instructions=sources.value("answer", "instructions", about.kind),
        channels={section.split()[1]: section_in(sources, section) for section in _channels(sources)},
        models=_models(sources),
        look=sources.look,
    )


def instructions_in(sources: Sources) -> list[str]:
    """The files that are named for instructions, whether they are there or not."""
    found = [sources.find(section, "instructions") for section in ("answer", *_channels(sources))]
    return [path_from(given.text, given.folder) for given in found if given]


def words_in(sources: Sources) -> dict[str, Words]:
    """Each language's words, the operator's own in place of ours. Raises `SettingsError`."""
    return {language: _words(sources, f"words {language}", words) for language, words in LANGUAGES.items()}


def refuse_unknown(sources: Sources) -> None:
    """A misspelt name would else leave a default in its place, unseen. Raises `SettingsError`."""
    for section in _sections(sources):
        allowed = _allowed(sources, section)
        for key in sources.keys(section):
            if allowed and key not in allowed:
                raise _unknown(sources, section, key, ", ".join(allowed))


def _words(sources: Sources, section: str, ours: Words) -> Words:
    known = texts(ours)
    given = {key: sources.value(section, key, _text_like(key, known[key])) for key in sources.keys(section)}
    return overridden(ours, {key: text for key, text in given.items() if text.strip()}) if given else ours


def _text_like(key: str, ours: str) -> Kind:
    """A text that can stand where ours does."""
    wanted, most = placeholders(ours), longest(key)

    def parse(text: str, _: str) -> str:
        text = text.replace("\\n", "\n")
        text.encode()  # the environment can hold bytes that are no text: a ValueError here, not at Slack
        if not fits(text, wanted, most):
            raise ValueError
        return text

    inside = f"with {' and '.join(wanted)}" if wanted else "without braces"
    return Kind(f"a text {inside}, of at most {most} characters", parse)


def _models(sources: Sources) -> dict[str, str]:
    models: dict[str, str] = {}
    for key in sources.keys("models"):
        word, model = folded(key), sources.value("models", key, WORD)
        if not re.fullmatch(r"[^\s:]+", word) or not word.isprintable() or word in models:
            allowed = "a word without spaces or colons, given once"
            told = f"[models] {key} is not allowed; it is {allowed}"
            raise SettingsError(told, section="models", key=key, allowed=allowed)
        if model:
            models[word] = model
    return models


def _sections(sources: Sources) -> Collection[str]:
    """The fixed sections and all others that somebody has named, in the file or in the environment."""
    named = [found.groupdict() for name in sources.environ if (found := _NAMED.match(name))]
    own = [f"channel {it['channel']}" if it["words"] is None else f"words {it['words'].lower()}" for it in named]
    return dict.fromkeys([*SECTIONS, "models", *sources.written, *own])


def _channels(sources: Sources) -> list[str]:
    return [section for section in _sections(sources) if _CHANNEL.fullmatch(section)]


def _allowed(sources: Sources, section: str) -> Collection[str]:
    """The keys that a section may have; none in particular for [models]. Raises `SettingsError`."""
    kind, _, name = section.partition(" ")
    if section == "models":
        return ()
    if section in SECTIONS or _CHANNEL.fullmatch(section):
        return keys(section)
    if kind == "words" and name in LANGUAGES:
        return texts(LANGUAGES[name])
    hint = "a channel is named by its ID, as in [channel C0123456789]" if kind == "channel" else f"there are {_ALL}"
    raise SettingsError(f"{_place(sources, section)}: [{section}] is no section; {hint}", section=section)


def _place(sources: Sources, section: str) -> str:
    return sources.file if section in sources.written else "the environment"


def _unknown(sources: Sources, section: str, key: str, allowed: str) -> SettingsError:
    is_written = key in sources.written.get(section, ())
    where = f"{sources.file}: [{section}] {key}" if is_written else f"{variable(section, key)} in the environment"
    return SettingsError(f"{where} is no setting; [{section}] has {allowed}", section=section, key=key, allowed=allowed)
