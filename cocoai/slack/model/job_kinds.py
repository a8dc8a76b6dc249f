"""The kinds of job that this version knows: questions, clicks that are jobs, thanks, and questions not answered."""

from __future__ import annotations

from typing import get_args

from cocoai.slack.model.click import ACTIONS
from cocoai.slack.model.home_opened import HOME
from cocoai.slack.model.question import DECLINED, SHORTCUT, TASKS, Kind
from cocoai.slack.model.slash_command import COMMAND
from cocoai.spool.admission import LIMITED

REPORT = "report"
"""The kind of a job that posts what a month has cost."""

LIGHT_KINDS: frozenset[str] = frozenset(
    ("delete", "up", "down", "thanks", COMMAND, HOME, SHORTCUT, REPORT, LIMITED, DECLINED)
)
"""The kinds of job that need no model: they are done before all others, and wait for no slot and no thread."""

UNMARKED_KINDS: frozenset[str] = LIGHT_KINDS | TASKS
"""The kinds of job that put nobody in talk with us: what is written in their thread later is to others."""

JOB_KINDS: frozenset[str] = frozenset((*get_args(Kind), *ACTIONS)) | LIGHT_KINDS
"""What `kind` may say in a job's first line. The spool leaves a job of another kind where it lies."""
