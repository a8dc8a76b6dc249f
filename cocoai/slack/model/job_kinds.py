"""The kinds of job that this version knows: questions, and clicks that are jobs of their own."""

from __future__ import annotations

from typing import get_args

from cocoai.slack.model.click import ACTIONS
from cocoai.slack.model.question import Kind

JOB_KINDS: frozenset[str] = frozenset((*get_args(Kind), *ACTIONS))
"""What `kind` may say in a job's first line. The spool leaves a job of another kind where it lies."""
