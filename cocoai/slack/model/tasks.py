"""What can be asked for without a word: a MessageTask, and the reactions that ask for one. Facts, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cocoai.slack.model.question import Kind

_COUNTRIES: Mapping[str, str] = {
    "ar": "jo kw lb ly om qa sa sy tn ye ae bh dz eg iq ma",
    "bg": "bg",
    "bn": "bd",
    "cs": "cz",
    "da": "dk",
    "de": "at de li",
    "el": "gr cy",
    "en": "au ca gb ie nz uk us england scotland",
    "es": "ar bo cl co cr cu do ec es gt hn mx ni pa pe sv uy ve",
    "et": "ee",
    "fa": "ir",
    "fi": "fi",
    "fr": "fr mc",
    "he": "il",
    "hr": "hr",
    "hu": "hu",
    "hy": "am",
    "id": "id",
    "is": "is",
    "it": "it sm va",
    "ja": "jp",
    "ka": "ge",
    "km": "kh",
    "ko": "kr",
    "lo": "la",
    "lt": "lt",
    "lv": "lv",
    "mk": "mk",
    "mn": "mn",
    "ms": "my",
    "my": "mm",
    "nb": "no",
    "ne": "np",
    "nl": "nl",
    "pl": "pl",
    "pt": "pt",
    "pt-br": "br",
    "ro": "md ro",
    "ru": "ru",
    "sk": "sk",
    "sl": "si",
    "sq": "al",
    "sr": "rs",
    "sv": "se",
    "th": "th",
    "tr": "tr",
    "uk": "ua",
    "ur": "pk",
    "uz": "uz",
    "vi": "vn",
    "zh-cn": "cn sg",
    "zh-hk": "hk mo",
    "zh-tw": "tw",
}
"""The countries in which a message is most likely wanted in one language, as their flags are named in Slack.

Left out are those whose people would disagree about it: Belgium, Switzerland, India, South Africa and others.
"""

_SHORT_NAMES = frozenset({"cn", "de", "es", "fr", "gb", "it", "jp", "kr", "ru", "uk", "us"})
"""The flags that have a short name of their own in Slack, beside `flag-xx` (emoji-datasource 16)."""


class MessageTask(NamedTuple):
    """What is to be done with a message or its thread: a `kind` of TASKS, and the `language` to translate into."""

    kind: Kind
    language: str = ""

    @property
    def trigger(self) -> str:
        """Return the last part of the job's key: the same for all that ask for this task, such as `translate_pt_br`."""
        return "_".join(filter(None, (self.kind, self.language.replace("-", "_"))))


def _flags() -> Iterator[tuple[str, MessageTask]]:
    for language, countries in _COUNTRIES.items():
        for country in countries.split():
            yield f"flag-{country}", MessageTask("translate", language)
            if country in _SHORT_NAMES:
                yield country, MessageTask("translate", language)


REACTIONS: Mapping[str, MessageTask] = {
    **dict(_flags()),
    "memo": MessageTask("summarize"),
    "pencil": MessageTask("summarize"),
}
"""What a reaction asks for, by the emoji's name in Slack: a flag its language, 📝 a summary of the thread."""

EXAMPLES = ("jp", "memo")
"""The emoji that people are told of, where these ask for what they do in our own table."""


def example(kind: Kind, tasks: Mapping[str, MessageTask]) -> str:
    """Return the name of an emoji that asks for this kind of task; "" if none does."""
    emoji = [name for name, task in tasks.items() if task.kind == kind]
    return next((name for name in EXAMPLES if name in emoji), emoji[0] if emoji else "")
