"""Hold the fixed texts that an asker can read, and the words that CocoAI itself understands in a question.

texts.py defines which texts there are, japanese.py and english.py hold them, overrides.py replaces them by the
operator's, languages.py chooses the asker's language, and commands.py recognises the commands. What the model writes is
not here.
"""

from cocoai.texts.commands import command, split_model_prefix, starts_over
from cocoai.texts.english import ENGLISH
from cocoai.texts.japanese import JAPANESE
from cocoai.texts.languages import LANGUAGES, Language, TextsByLanguage, language_of
from cocoai.texts.texts import Texts

__all__ = [
    "ENGLISH",
    "JAPANESE",
    "LANGUAGES",
    "Language",
    "Texts",
    "TextsByLanguage",
    "command",
    "language_of",
    "split_model_prefix",
    "starts_over",
]
