"""Run: one process's go at one question, and what it leaves behind in the job."""

from __future__ import annotations

import logging
import time
from typing import Any

from cocoai.slack.inbound.events import Question
from cocoai.slack.model.messages import MessageMetadata
from cocoai.spool.job import Job
from cocoai.words import Words

MESSAGE_DELAY = 2.0
"""Seconds after a claim before what the last process left unrecorded is sought: if it was killed, what it sent may
still be on its way to Slack."""

log = logging.getLogger(__name__)


class Attempt:
    """One run at one job: the job, its question, the asker's language, and the message that is or will be its reply."""

    def __init__(self, job: Job, question: Question, words: Words) -> None:
        self.job = job
        self.question = question
        self.words = words
        self._began = time.monotonic()
        placeholder = job.last("placeholder")
        self.first_message: str = placeholder["ts"] if placeholder else ""
        before = [line.get("fact") for line in job.lines[1:-1]]
        # Who was not killed has left word; an usher posts nothing but the placeholder.
        self._is_heir = bool(before) and before[-1] != "retry" and before[-2:] != ["visit", "placeholder"]

    @property
    def ms(self) -> float:
        """Milliseconds since this run began."""
        return (time.monotonic() - self._began) * 1000

    @property
    def unsettled(self) -> float:
        """Seconds for which a message of our predecessor's may still arrive."""
        return max(0.0, MESSAGE_DELAY - self.ms / 1000) if self._is_heir else 0.0

    def mark(self, kind: str, n: int = 1) -> MessageMetadata:
        """What a message of this job bears."""
        return MessageMetadata(self.question.key, kind, n, self.question.again)

    def record(self, fact: str, **values: Any) -> bool:
        """Record a fact; False if the disk will not have it, for what is harmless to say again goes on without."""
        if fact == "placeholder":
            self.first_message = values["ts"]
        try:
            self.job.record(fact, **values)
        except OSError:
            log.exception("answer key=%s outcome=fact-not-kept fact=%s", self.job.key, fact)
            return False
        return True
