"""Every fixed text that an asker can read, and every word that CocoAI itself obeys. What the model writes is not here.

words.py says which texts there are, japanese.py and english.py hold them, overrides.py puts the operator's in their
place, phrasebook.py finds the asker's language, commands.py knows リセット and its like.
"""

from cocoai.words.commands import command, deep
from cocoai.words.english import ENGLISH
from cocoai.words.japanese import JAPANESE
from cocoai.words.phrasebook import Phrasebook, language_of
from cocoai.words.words import Words

__all__ = ["ENGLISH", "JAPANESE", "LANGUAGES", "Phrasebook", "Words", "command", "deep", "language_of"]

LANGUAGES = {"ja": JAPANESE, "en": ENGLISH}
