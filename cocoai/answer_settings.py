"""Turn settings into the forms that answer/ takes, for app.py: how to answer, whom, and how long a job may take."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.answer.ears import HEARING
from cocoai.answer.options import AnswerOptions, DocumentOptions, ImageOptions, MoneyOptions, SpeechOptions
from cocoai.answer.pictures import MOVING
from cocoai.slack.api.download import AttachmentLimits
from cocoai.slack.api.live_message import Writers
from cocoai.slack.inbound.access import AccessRules
from cocoai.slack.markdown.message_layout import Layout
from cocoai.stores import history_of
from cocoai.texts import TextsByLanguage

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB

JOB_MARGIN = 120.0
"""Seconds that a job may take beyond the model's total_timeout: six times SLACK_PATIENCE."""


def access_rules(settings: config.Settings) -> AccessRules:
    """Return the rules, from the settings, by which users and channels may ask and click."""
    slack = settings.slack
    return AccessRules(slack.allow_channels, slack.allow_users, slack.external_users, slack.direct_messages)


def answer_options(settings: config.Settings, writers: Writers, database: MariaDB | None = None) -> AnswerOptions:
    """Return the options of answers, from the settings; `writers` counts the replies that are written now.

    `database` as in spool_of().

    Raise `CocoAIError` if a file of instructions that the settings name cannot be read.
    """
    answer, budget = settings.answer, settings.budget
    return AnswerOptions(
        phrases=TextsByLanguage(settings.texts, answer.language),
        layout=Layout(settings.slack.format),
        personas=config.Personas(settings),
        model=settings.openai.model,
        round_trips=answer.round_trips,
        max_history_tokens=answer.max_history_tokens,
        update_interval=settings.slack.update_interval,
        writers=writers,
        access=access_rules(settings),
        operators=budget.operators,
        buttons=settings.slack.interactivity,
        dm_replies=settings.slack.dm_replies,
        follow_ups=settings.slack.follow_ups != "mention",
        money=MoneyOptions(
            budget.seat_usd, budget.yen_per_usd or 0, budget.show_cost, budget.report_channel, budget.timezone
        ),
        speech=SpeechOptions(**vars(settings.speech)),
        images=image_options(settings.images),
        documents=document_options(settings, database),
        reactions=settings.reactions,
        history_days=settings.history.keep_days,
        history=partial(history_of, settings, database),
        attachments=AttachmentLimits(
            answer.attachments_mib * 1024 * 1024, answer.attachment_text_kib * 1024, answer.max_attachment_tokens
        ),
    )


def image_options(images: config.ImageSettings) -> ImageOptions | None:
    """Return how pictures are drawn, from the settings; None if none are."""
    drawing = ImageOptions(images.model, images.size, images.quality, images.format, images.per_person_a_day)
    return drawing if images.use else None


def document_options(settings: config.Settings, database: MariaDB | None = None) -> DocumentOptions | None:
    """Return what answers rest on, from the settings; None if there are neither documents nor a history."""
    documents, history = settings.documents, settings.history.keep_days > 0
    if not (documents.is_on or history):
        return None
    # Only where there are any: all other installations do without these modules.
    from cocoai.documents.database import FILE
    from cocoai.documents.kept_rules import KeptRules

    var = settings.paths.var
    rules = KeptRules(settings.readers, documents.channels, partial(history_of, settings, database))
    path = os.path.join(var, FILE)
    return DocumentOptions(path, rules, documents.max_tokens, documents=documents.is_on, history=history)


def job_limit(settings: config.Settings) -> float:
    """Return the seconds that a job may take, by what it may have to do."""
    seconds = settings.openai.total_timeout + JOB_MARGIN
    seconds += HEARING if settings.speech.use == "model" else 0.0
    seconds += settings.images.total_timeout if settings.images.use else 0.0
    # A picture, or what is said in a long sound, whoever has heard it.
    may_bring_file = settings.images.use or settings.speech.use != "off"
    return seconds + (MOVING if may_bring_file else 0.0)
