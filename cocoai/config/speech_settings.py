"""Define the settings about speech: who listens to the sounds of a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cocoai.config.setting import Setting
from cocoai.config.value_types import NAME, WORDS, integer, one_of


@dataclass(frozen=True)
class SpeechSettings:
    """[speech]: how voice clips and audio files are heard. Nothing is paid for them unless `use` is `model`."""

    use: Annotated[
        str,
        Setting(
            one_of("off", "slack", "model"),
            "slack",
            "who hears voice clips and audio files: `off` nobody; `slack` Slack, whose transcripts cost nothing, where "
            "it makes one; `model` Slack where its transcript is there already, else the model, which is paid by the "
            "second",
        ),
    ]
    model: Annotated[str, Setting(NAME, "gpt-transcribe", "the model that hears")]
    keywords: Annotated[
        tuple[str, ...],
        Setting(WORDS, "", "words that the model may expect, such as names of products; people's names it knows"),
    ]
    minutes_a_day: Annotated[
        int,
        Setting(
            integer(0, 1440, unit="min"),
            "30",
            "the most of one person's sounds that the model hears in 24 hours; 0 for no limit",
        ),
    ]
