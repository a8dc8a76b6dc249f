"""Recognise what an asker can tell CocoAI itself: the commands, and the prefix that chooses a model.

Both languages are understood, whatever the settings say. Every other text is a question for the model.
"""

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
"""Characters of the longest text that is compared with the commands, its full stops included."""

_MODEL_PREFIX = re.compile(r"\s*([^\s:：]+)\s*[:：]\s*(.*)", re.DOTALL)


def command(text: str) -> str:
    """Return `reset`, `help`, `model` or `continue` if `text` is that command in either language, else "".

    Case, width, and full stops or exclamation marks at its end do not matter.
    """
    if len(text) > LONGEST:  # do not normalize a long question for nothing
        return ""
    return COMMANDS.get(normalized(text.strip()).rstrip(" 。.!"), "")


def split_model_prefix(text: str, models: Mapping[str, str]) -> tuple[str, str]:
    """Split a text such as `deep: why?` into the model that its prefix asks for, and the text behind the colon.

    Return "" and `text` if it has no known prefix. `models` maps normalized prefixes to models. The text behind the
    colon may be "".
    """
    found = _MODEL_PREFIX.fullmatch(text)
    model = models.get(normalized(found[1]), "") if found else ""
    return (model, found[2]) if found and model else ("", text)


def normalized(word: str) -> str:
    """Return `word` as it is compared: of normal width (Unicode NFKC) and without case: `ＨＥＬＰ` becomes `help`."""
    return unicodedata.normalize("NFKC", word).casefold()
