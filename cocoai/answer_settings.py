"""Turn settings into the forms that answer/ takes, for app.py: how pictures are drawn, and how long a job may take."""

from __future__ import annotations

from cocoai import config
from cocoai.answer.ears import HEARING
from cocoai.answer.options import ImageOptions
from cocoai.answer.pictures import MOVING

JOB_MARGIN = 120.0
"""Seconds that a job may take beyond the model's total_timeout: six times SLACK_PATIENCE."""


def image_options(images: config.ImageSettings) -> ImageOptions | None:
    """Return how pictures are drawn, from the settings; None if none are."""
    drawing = ImageOptions(images.model, images.size, images.quality, images.format, images.per_person_a_day)
    return drawing if images.use else None


def job_limit(settings: config.Settings) -> float:
    """Return the seconds that a job may take, by what it may have to do."""
    seconds = settings.openai.total_timeout + JOB_MARGIN
    seconds += HEARING if settings.speech.use == "model" else 0.0
    seconds += settings.images.total_timeout if settings.images.use else 0.0
    # A picture, or what is said in a long sound, whoever has heard it.
    may_bring_file = settings.images.use or settings.speech.use != "off"
    return seconds + (MOVING if may_bring_file else 0.0)
