"""The English names of languages, by which a model is told into which one it translates."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGE_NAMES: Mapping[str, str] = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "is": "Icelandic",
    "it": "Italian",
    "ja": "Japanese",
    "ka": "Georgian",
    "km": "Khmer",
    "ko": "Korean",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mk": "Macedonian",
    "mn": "Mongolian",
    "ms": "Malay",
    "my": "Burmese",
    "nb": "Norwegian",
    "ne": "Nepali",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese (of Portugal)",
    "pt-br": "Brazilian Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sq": "Albanian",
    "sr": "Serbian",
    "sv": "Swedish",
    "th": "Thai",
    "tl": "Filipino",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "uz": "Uzbek",
    "vi": "Vietnamese",
    "zh-cn": "Chinese (simplified characters, as in mainland China)",
    "zh-hk": "Chinese (traditional characters, as in Hong Kong)",
    "zh-tw": "Chinese (traditional characters, as in Taiwan)",
}
"""The languages into which a message can be translated, by their codes (BCP 47, in lower case)."""


def language_of_locale(locale: str) -> str:
    """Return the code of the language in which a message is translated for a locale of Slack's, such as `pt-BR`.

    Return `en` for one that is unknown, "" for none.
    """
    code = locale.lower().replace("_", "-")
    return next((each for each in (code, code.partition("-")[0]) if each in LANGUAGE_NAMES), "en" if code else "")


def language_name(code: str) -> str:
    """Return the English name of a language by its code, such as `ja`; the code itself for one that is unknown."""
    return LANGUAGE_NAMES.get(code, code)
