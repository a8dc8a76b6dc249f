"""The settings, read once at the start by the files on top of the tree and handed down as plain values.

settings.py lists the keys, value_types.py checks a value, sources.py finds it in the environment or the file,
sections.py reads the sections, load.py all of them. personas.py has the instructions and the model for each channel,
which are read again while the pool runs.
"""

from cocoai.config.image_settings import ImageSettings
from cocoai.config.load import read, read_for_a_look
from cocoai.config.personas import Personas
from cocoai.config.settings import OpenAISettings, PoolSettings, Settings
from cocoai.config.sources import SYSTEM_FILE, SettingsError
from cocoai.config.value_types import Secret

__all__ = [
    "SYSTEM_FILE",
    "ImageSettings",
    "OpenAISettings",
    "Personas",
    "PoolSettings",
    "Secret",
    "Settings",
    "SettingsError",
    "read",
    "read_for_a_look",
]
