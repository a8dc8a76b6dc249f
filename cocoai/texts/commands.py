"""Recognise what an asker can tell CocoAI itself: the commands, and the prefix that chooses a model.

Both languages are understood, whatever the settings say. Every other text is a question for the model.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from cocoai.texts.command_phrases import PHRASES

LONGEST = 40
"""Characters of the longest text that is compared with the commands, all that is put around them included."""

MAY_BE_ASKED = frozenset({"help", "continue", "model", "usage", "transcribe", "sources"})
"""Commands that may end with a question mark: a "reset?" asks what that would do, unless it is a courtesy."""

FORGETTING = frozenset({"forget", "forget_all", "forget_me"})
"""Commands to forget what was asked: in this thread; everywhere, where it is kept at all; everywhere."""

_COMMANDS = {phrase.strip(): name for name, phrases in PHRASES.items() for phrase in phrases.split(",")}

_EMOJI = re.compile(r":[a-z0-9_+'-]+:")
_END = " 。.!~〜…、,♪"

# What people put around a command, and does not change what it is.
_BEFORE = re.compile(
    r"(?:(?:please|ok|okay|now|so|alright|hey|hi|can you|could you|would you|let'?s|let us|i want to|i'd like to)\b"
    r"|(?:ココア|cocoai)(?:ちゃん|さん)?(?:は|、)?|では|じゃあ|じゃ|それでは|それじゃあ?|すみません(?:が)?|一旦|いったん|一度|とりあえず|もう一度|あの|ちょっと|まず)[\s、,]*"
)
_BEHIND = re.compile(
    r"(?:\s(?:please|pls|plz|now|then|thanks|thank you|for me|ok|again)"
    r"|をお願いいたします|をお願い致します|をお願いします|をお願い|お願いいたします|お願い致します|お願いします|おねがいします|お願い|おねがい"
    r"|をよろしく|よろしくお願いします|よろしく|を頼みます|を頼む|頼む|頼みます"
    r"|してください|して下さい|してほしいです|してほしい|してもらえます|してもらえる|してくれます|してくれる|してくれ"
    r"|していいよ|しましょう|しよう|したいです|したい|します|する|して|やって|ください|下さい|ちょうだい|頂戴|くれる|くれます|くれ"
    r"|を|で|です|の|ん|か|ね|よ|な|にゃ)$"
)

_MODEL_PREFIX = re.compile(r"\s*([^\s:：]+)\s*[:：]\s*(.*)", re.DOTALL)


def command(text: str) -> str:
    """Return the name of a command, such as `reset` or one of FORGETTING, if `text` is a phrase of that, else "".

    Case, width, emoji, courtesies around it, and full stops or exclamation marks at its end do not matter.
    """
    if len(text) > LONGEST:  # do not normalize a long question for nothing
        return ""
    words = _EMOJI.sub(" ", normalized(text)).strip(_END)
    bare = words.rstrip("?" + _END)
    if not bare:
        return "help" if words else ""
    phrase = next(filter(_COMMANDS.__contains__, _without_courtesies(" ".join(bare.split()))), "")
    is_asked = words.endswith("?") and phrase == bare
    return "" if is_asked and _COMMANDS[phrase] not in MAY_BE_ASKED else _COMMANDS.get(phrase, "")


def starts_over(text: str) -> bool:
    """Check whether `text` is a command behind which what stands above in the thread is no longer shown to the model.

    Whoever wants something forgotten does not want to be answered from it.
    """
    return command(text) in ("reset", *FORGETTING)


def _without_courtesies(words: str) -> Iterator[str]:
    """Yield the words, then again and again without one more courtesy, from the end to the beginning."""
    for courtesy in (_BEHIND, _BEFORE):
        yield words
        while words != (shorter := _cut(courtesy, words)):
            yield shorter
            words = shorter


def _cut(courtesy: re.Pattern[str], words: str) -> str:
    """Return the words without the courtesy, which this pattern finds at their end or their beginning."""
    found = courtesy.search(words) if courtesy is _BEHIND else courtesy.match(words)
    return (words[: found.start()] + words[found.end() :]).strip(_END) if found else words


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
