"""Admission: whether a question that is being put is new, and may be answered now. What counts is under put.lock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cocoai.json_values import text_at
from cocoai.slack_ids import is_ts
from cocoai.spool.folders import SpoolFolders
from cocoai.spool.job import STATES
from cocoai.spool.key import Key, is_key
from cocoai.spool.limits import QuestionLimits
from cocoai.spool.store_error import NoSuchJob

LIMITED = "limited"
"""The kind of a job that is a question over a limit: its asker is told to wait, and no model is called."""


class Admission(SpoolFolders):
    """The checks that the spool makes under put.lock, right before the link that accepts a question.

    `limits` are the counts of what each person asked.
    """

    limits: QuestionLimits

    def _is_known_gesture(self, key: Key, question: Mapping[str, Any]) -> bool:
        """Check whether the gesture that sent this message has a job already, under another ts; note it if not.

        Slack may deliver one gesture with two ts and one `client_msg_id`
        (https://github.com/typeclaw/typeclaw/issues/49).
        """
        gesture = text_at(question, "client_msg_id")
        if not gesture:
            return False
        path = self._path("gestures", f"{key.channel}-{gesture}")
        fd = self._disk.open_or_create(path)
        try:
            first = self._disk.read(fd).decode("ascii", "ignore")
            # After a power cut the file may hold anything: then the gesture is new.
            if first != str(key) and is_key(first) and self._knows(Key.parse(first), *STATES):
                return True
            self._disk.truncate(fd, 0)
            self._disk.append(fd, str(key).encode())
        finally:
            self._disk.close(fd)
        return False

    def _refusal(self, key: Key, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what makes a limited job of a question that may not be answered now; {} if it may.

        `why` is `pending` for a question asked again that still waits or is in hand, `rate` for one too many of this
        person in a minute; `seconds` is how long to wait then.
        """
        if self._is_pending(key.thread, text_at(question, "again")):
            return {"kind": LIMITED, "why": "pending", "seconds": 0}
        return self._rate_refusal(key, question)

    def _rate_refusal(self, key: Key, question: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what makes a limited job of a question that is one too many of this person in a minute, else {}."""
        seconds = self.limits.seconds_to_wait(text_at(question, "user"), asked_at(key, question))
        return {"kind": LIMITED, "why": "rate", "seconds": math.ceil(seconds)} if seconds else {}

    def _is_pending(self, thread: str, again: str) -> bool:
        """Check whether a job in ready/ asks the message `again` of this thread once more; False for ""."""
        names = self._disk.names(self._folders["ready"]) if again else ()
        # By their names first: thousands may wait, and everybody waits for put.lock.
        keys = (Key.parse(name) for name in names if name.startswith(f"{thread}-") and is_key(name))
        return any(self._asks_again(key) == again for key in keys)

    def _asks_again(self, key: Key) -> str:
        """Return the ts of the message that a job in ready/ asks once more; "" if it asks none, or has moved on."""
        try:
            job = self._existing_job("ready", key)
        except NoSuchJob:
            return ""
        try:
            job.read()
            is_question = job.kind is not None and job.kind != LIMITED
            return text_at(job.question, "again") if is_question else ""
        finally:
            job.release()


def asked_at(key: Key, question: Mapping[str, Any]) -> str:
    """Return the ts at which a question was asked: its message's own, unless the message is older than the question."""
    asked = question.get("asked_at")
    return asked if is_ts(asked) else key.ts


def limited_key(key: Key, question: Mapping[str, Any]) -> Key:
    """Return the key of the job that tells the asker to wait: the question's own, unless others may ask the same.

    What a trigger asks for counts once for everybody, and somebody else may still have it now.
    """
    return key._replace(trigger=f"limited_{text_at(question, 'user').lower()}") if key.trigger else key
