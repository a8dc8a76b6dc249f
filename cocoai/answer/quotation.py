"""Quote in a reply what was heard, with its length and its cost, so that the asker sees what was understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cocoai.answer.money_text import money
from cocoai.slack.markdown.inline_parser import escape_markdown
from cocoai.slack.model.plain_text import unescaped
from cocoai.texts import Texts


def quotation(sounds: Iterable[Mapping[str, Any]], texts: Texts, yen_rate: int, *, is_told: bool = False) -> str:
    """Return how a reply quotes what was heard, as Markdown: each sound with its length and cost; "" for no sounds.

    `sounds` are facts as HeardSound.as_fact() has written them. `is_told`: the words are the answer itself, and stand
    below.
    """
    return "\n".join(_quoted(sound, texts, yen_rate, is_told=is_told) for sound in sounds)


def _quoted(sound: Mapping[str, Any], texts: Texts, yen_rate: int, *, is_told: bool) -> str:
    seconds = -(-int(sound["milliseconds"]) // 1000)
    details = [f"{seconds // 60}:{seconds % 60:02}"] if seconds else []
    if sound["spent"] is None:
        details.append(texts.speech["by_slack"])
    else:
        details.append(unescaped(money(sound["spent"], texts, yen_rate, is_fine=True)))
    words = "" if is_told else escape_markdown(" ".join(sound["text"].split()))
    return f"> 🎤 {words} ({', '.join(details)})".replace("  ", " ")
