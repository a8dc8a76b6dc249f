"""Define the settings of single channels, and what the settings say of instructions and models in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from cocoai.config.setting import Setting
from cocoai.config.sources import FileStamp
from cocoai.config.value_types import FILE, NAME


@dataclass(frozen=True)
class ChannelSettings:
    """[channel ID]: the settings of one channel."""

    instructions: Annotated[
        str, Setting(FILE, "", "a text file with the instructions for this channel; empty for those of all channels")
    ]
    model: Annotated[str, Setting(NAME, "", "the model that answers in this channel; empty for the one in [openai]")]


@dataclass(frozen=True)
class PersonaSettings:
    """The settings that say which instructions and which model answer in which channel.

    `instructions` is the path of the instructions for every channel (empty: CocoAI's own), `channels` maps a channel's
    ID to its settings, `models` a normalized prefix to the model that it asks for. `stamp` is the settings file's stamp
    from before this was read.
    """

    instructions: str
    channels: Mapping[str, ChannelSettings]
    models: Mapping[str, str]
    stamp: FileStamp = field(default=(), compare=False)
