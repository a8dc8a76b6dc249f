"""What an asker can tell CocoAI itself, in both languages whatever the settings say; all else is for the model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

COMMANDS = {
    "リセット": "reset",
    "reset": "reset",
    "ヘルプ": "help",
    "help": "help",
    "モデル": "model",
    "model": "model",
    "続き": "continue",
    "continue": "continue",
}

LONGEST = 40
"""Characters beyond which a text is no command, dots and all: a long question is not looked through."""

_DEEP = re.compile(r"\s*([^\s:：]+)\s*[:：]\s*(.*)", re.DOTALL)


def command(text: str) -> str:
    """`reset`, `help`, `model` or `continue` if the text is nothing else; empty if it is a question."""
    return COMMANDS.get(folded(text.strip()).rstrip(" 。.!"), "") if len(text) <= LONGEST else ""


def deep(text: str, models: Mapping[str, str]) -> tuple[str, str]:
    """The model that the text's first word asks for, and the rest: `deep: why?`. No such word: empty, and the text.

    `models` maps folded words to models. The rest is empty where nothing follows the colon.
    """
    found = _DEEP.fullmatch(text)
    model = models.get(folded(found[1]), "") if found else ""
    return (model, found[2]) if found and model else ("", text)


def folded(word: str) -> str:
    """A word as it is compared: of normal width (NFKC) and without case."""
    return unicodedata.normalize("NFKC", word).casefold()
