"""Read the sections from the sources: the fixed ones, and those that the operator names.

[models] may have any word as a key, [prices] any model, [readers] any sub-folder, [words ja] and [words en] have a key
for each text, and there is a [channel ID] for each channel with settings of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from cocoai.config.channel_settings import ChannelSettings, PersonaSettings
from cocoai.config.settings import SECTIONS, settings_of
from cocoai.config.sources import SettingsError, Sources, not_allowed, variable
from cocoai.config.value_types import NAME, PRICE, ValueType, absolute_path
from cocoai.ledger.prices import Price
from cocoai.texts import LANGUAGES, Texts
from cocoai.texts.commands import normalized
from cocoai.texts.overrides import by_key, fits, longest, overridden, placeholders

_CHANNEL = re.compile(r"channel ([CDG][A-Z0-9]{1,23})")
_IN_ENVIRONMENT = re.compile(r"COCOAI_(?:CHANNEL_(?P<channel>[^_]*)|WORDS_(?P<language>[^_]*))")
_FREE_KEYS = ("models", "prices", "reactions", "readers")
"""Sections that may have any key."""

_ALL = ", ".join([*SECTIONS, *_FREE_KEYS, "channel ID", *(f"words {language}" for language in LANGUAGES)])


def read_section(sources: Sources, section: str) -> Any:
    """Return the values of a fixed section, or of a [channel ID], as an object of its class (settings.py).

    Raise `SettingsError` if a value is not allowed.
    """
    section_class = ChannelSettings if _CHANNEL.fullmatch(section) else SECTIONS[section]
    values = {
        key: sources.value(section, key, setting.value_type, default=setting.default, other_names=setting.other_names)
        for key, setting in settings_of(section).items()
    }
    return section_class(**values)


def read_persona_settings(sources: Sources) -> PersonaSettings:
    """Return the instructions of all channels, the settings of single channels, and the models by prefix.

    Raise `SettingsError` if a value is not allowed.
    """
    instructions = settings_of("answer")["instructions"]
    return PersonaSettings(
        instructions=sources.value("answer", "instructions", instructions.value_type),
        channels={section.split()[1]: read_section(sources, section) for section in _channels(sources)},
        models=_read_models(sources),
        stamp=sources.stamp,
    )


def instruction_files(sources: Sources) -> list[str]:
    """Return the absolute paths of all instructions that the settings name, whether the files exist or not."""
    found = [sources.find(section, "instructions") for section in ("answer", *_channels(sources))]
    return [absolute_path(value.text, value.folder) for value in found if value]


def read_texts(sources: Sources) -> dict[str, Texts]:
    """Return the texts of each language (`ja`, `en`), with the operator's own in place of CocoAI's.

    Raise `SettingsError` if an own text is too long, or does not have the same placeholders as CocoAI's.
    """
    return {language: _read_texts(sources, f"words {language}", texts) for language, texts in LANGUAGES.items()}


def read_prices(sources: Sources) -> dict[str, Price]:
    """Return the operator's own prices, from [prices], by the model's name in lower case.

    Raise `SettingsError` if a value is no price.
    """
    prices: dict[str, Price] = {}
    for key in sources.keys("prices"):
        found = sources.find("prices", key)
        # A colon in a name, as in `qwen3:8b = free`, was taken for the end of the key.
        rest, is_split, price = (found.text if found else "").rpartition("=")
        model = f"{key}:{rest.strip()}" if is_split else key
        try:
            prices[model.lower()] = PRICE.parse(price.strip(), "")
        except ValueError:
            place = found.place if found else sources.file
            raise not_allowed("prices", model, price.strip(), PRICE.allowed, place) from None
    return prices


def reject_unknown(sources: Sources) -> None:
    """Raise `SettingsError` if the file or the environment names a section or a key that does not exist."""
    # Without this a misspelt name would leave the default in place, unnoticed.
    for section in _sections(sources):
        allowed = _allowed_keys(sources, section)
        for key in sources.keys(section):
            if allowed and key not in allowed:
                raise _unknown_key(sources, section, key, ", ".join(allowed))


def _read_texts(sources: Sources, section: str, ours: Texts) -> Texts:
    """Return `ours` with the operator's texts from `section`, [words ja] or [words en], in their places.

    A blank one is ignored. Raise `SettingsError` if one is not allowed.
    """
    known = by_key(ours)
    own = {key: sources.value(section, key, _text_type(key, known[key])) for key in sources.keys(section)}
    return overridden(ours, {key: text for key, text in own.items() if text.strip()}) if own else ours


def _text_type(key: str, ours: str) -> ValueType:
    """Return the type of a text that can replace `ours`: with the same placeholders, and as short as its place needs.

    In the value a backslash with an n after it stands for the end of a line.
    """
    wanted, most = placeholders(ours), longest(key)

    def parse(text: str, _folder: str) -> str:
        text = text.replace("\\n", "\n")
        text.encode()  # the environment can hold bytes that are no text: a ValueError here, not at Slack
        if not fits(text, wanted, most):
            raise ValueError
        return text

    braces = f"with {' and '.join(wanted)}" if wanted else "without braces"
    return ValueType(f"a text {braces}, of at most {most} characters", parse)


def _read_models(sources: Sources) -> dict[str, str]:
    """Return [models]: the model for each normalized prefix; a key without a model is left out.

    Raise `SettingsError` if a prefix has a space, a colon or an invisible character, or is given twice.
    """
    models: dict[str, str] = {}
    for key in sources.keys("models"):
        prefix, model = normalized(key), sources.value("models", key, NAME)
        if not re.fullmatch(r"[^\s:]+", prefix) or not prefix.isprintable() or prefix in models:
            allowed = "a word without spaces or colons, given once"
            message = f"[models] {key} is not allowed; it is {allowed}"
            raise SettingsError(message, section="models", key=key, allowed=allowed)
        if model:
            models[prefix] = model
    return models


def _sections(sources: Sources) -> Collection[str]:
    """Return the fixed sections and all others that the file or the environment names, known ones or not.

    A variable such as COCOAI_CHANNEL_C012_MODEL names the section `channel C012`.
    """
    found = [match.groupdict() for name in sources.environ if (match := _IN_ENVIRONMENT.match(name))]
    named = [
        f"channel {it['channel']}" if it["language"] is None else f"words {it['language'].lower()}" for it in found
    ]
    return dict.fromkeys([*SECTIONS, *_FREE_KEYS, *sources.sections, *named])


def _channels(sources: Sources) -> list[str]:
    return [section for section in _sections(sources) if _CHANNEL.fullmatch(section)]


def _allowed_keys(sources: Sources, section: str) -> Collection[str]:
    """Return the keys that a section may have; empty for one that may have any.

    Raise `SettingsError` if there is no such section.
    """
    kind, _, name = section.partition(" ")
    if section in _FREE_KEYS:
        return ()
    if section in SECTIONS or _CHANNEL.fullmatch(section):
        return settings_of(section)
    if kind == "words" and name in LANGUAGES:
        return by_key(LANGUAGES[name])
    hint = "a channel is named by its ID, as in [channel C0123456789]" if kind == "channel" else f"there are {_ALL}"
    raise SettingsError(f"{_place(sources, section)}: [{section}] is no section; {hint}", section=section)


def _place(sources: Sources, section: str) -> str:
    return sources.file if section in sources.sections else "the environment"


def _unknown_key(sources: Sources, section: str, key: str, allowed: str) -> SettingsError:
    """Build the error for a key that its section does not have; its message says where the key stands."""
    is_in_file = key in sources.sections.get(section, ())
    place = f"{sources.file}: [{section}] {key}" if is_in_file else f"{variable(section, key)} in the environment"
    return SettingsError(f"{place} is no setting; [{section}] has {allowed}", section=section, key=key, allowed=allowed)
