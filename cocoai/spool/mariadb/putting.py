"""What put() does in the database: one INSERT accepts a question, and its keys tell whether it is known.

What a person has asked in the last minutes is counted before, in a row of its own, by compare and set: a question that
is put again is counted once, as its time is known.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from cocoai.engine.mariadb.errors import DuplicateKey
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.json_values import text_at
from cocoai.slack_ids import is_id, is_ts
from cocoai.spool.admission import LIMITED, asked_at, limited_key
from cocoai.spool.job import encode_line
from cocoai.spool.key import Key
from cocoai.spool.limits import MINUTE, counted, seconds_until_free
from cocoai.spool.store_error import StoreError

_PUT = """
INSERT INTO job (job_key, thread, due_at, changed_at, leaves_mark, gesture, pending, lines_)
VALUES (%s, %s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), %s, %s, %s, %s)
"""

_ASKED = "SELECT asked, n FROM person WHERE person = %s"

_FIRST = "INSERT INTO person (person, asked, changed_at) VALUES (%s, %s, UTC_TIMESTAMP(6))"

_COUNT = "UPDATE person SET asked = %s, n = n + 1, changed_at = UTC_TIMESTAMP(6) WHERE person = %s AND n = %s"

_TELL = """
UPDATE person SET told_by = %s, told_at = UTC_TIMESTAMP(6), changed_at = UTC_TIMESTAMP(6) WHERE person = %s
AND (told_by = %s OR told_at IS NULL OR told_at < UTC_TIMESTAMP(6) - INTERVAL %s SECOND)
"""

TRIES = 20
"""How often a count is tried anew when another process has counted meanwhile."""


class Putting:
    """What puts jobs into the database. A person may ask `most` questions in a minute, 0 means no limit.

    Jobs of `light_kinds` are not counted, and leave no mark on their thread; nor do those of `unmarked_kinds`.
    """

    def __init__(
        self, database: MariaDB, most: int, light_kinds: Collection[str], unmarked_kinds: Collection[str]
    ) -> None:
        self._database = database
        self._most = most
        self._light_kinds = light_kinds
        self._unmarked_kinds = unmarked_kinds

    def put(self, key: Key, question: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
        """Store a question as a ready job. Return whether it is new, and why it was put as a limited one, else {}."""
        is_light = question.get("kind") in self._light_kinds
        user, asked = text_at(question, "user"), asked_at(key, question)
        if not is_light and self._most and is_id(user):
            if self._database.rows("SELECT 1 FROM job WHERE job_key = %s", (str(key),)):
                return False, {}
            if seconds := self._seconds_or_count(user, float(asked)):
                return self._put_limited(key, question, "rate", math.ceil(seconds))
        try:
            self._insert(key, question, is_light=is_light)
        except DuplicateKey as error:
            return self._put_limited(key, question, "pending", 0) if error.key == "pending" else (False, {})
        return True, {}

    def seconds_to_wait(self, user: str, ts: str) -> float:
        """Return the seconds after `ts` until this person may ask again, 0.0 for at once."""
        if not (self._most and is_id(user)):
            return 0.0
        return seconds_until_free(self._asked(user)[0], self._most, float(ts))

    def is_to_be_told(self, user: str, job: str) -> bool:
        """Check whether the job of this name is to tell this person to wait, and note it if so: one a minute is."""
        if not self._database.execute(_TELL, (job, user, job, MINUTE)):
            try:
                self._database.execute(_FIRST, (user, ""))
            except DuplicateKey:
                return False
            return bool(self._database.execute(_TELL, (job, user, job, MINUTE)))
        return True

    def _put_limited(
        self, key: Key, question: Mapping[str, Any], why: str, seconds: int
    ) -> tuple[bool, Mapping[str, Any]]:
        refusal = {"kind": LIMITED, "why": why, "seconds": seconds}
        try:
            self._insert(limited_key(key, question), {**question, **refusal}, is_light=True)
        except DuplicateKey:
            return False, refusal
        return True, refusal

    def _insert(self, key: Key, question: Mapping[str, Any], *, is_light: bool) -> None:
        """Store a job. Raise `DuplicateKey` if one of this key or gesture is known, or asks the same still."""
        gesture, again = text_at(question, "client_msg_id"), text_at(question, "again")
        values = (
            str(key),
            key.thread,
            not is_light and question.get("kind") not in self._unmarked_kinds,
            f"{key.channel}-{gesture}" if gesture else None,
            f"{key.thread}-{again}" if again and not is_light else None,
            encode_line(dict(question)).decode("ascii"),
        )
        self._database.execute(_PUT, values)

    def _seconds_or_count(self, user: str, at: float) -> float:
        """Return the seconds until this person may ask; 0.0 if it is now: then the question is counted."""
        for _ in range(TRIES):
            asked, n = self._asked(user)
            if seconds := seconds_until_free(asked, self._most, at):
                return seconds
            if at in asked:  # it was counted, and the process died, or the server was away, before it was put
                return 0.0
            text = " ".join(f"{each:.6f}" for each in counted(asked, at))
            try:
                if n is None:
                    self._database.execute(_FIRST, (user, text))
                    return 0.0
                if self._database.execute(_COUNT, (text, user, n)):
                    return 0.0
            except DuplicateKey:
                continue
        raise StoreError(f"too many questions of {user} at once")

    def _asked(self, user: str) -> tuple[list[float], int | None]:
        """Return when this person has asked, and how often that was written, None if never."""
        rows = self._database.rows(_ASKED, (user,))
        if not rows:
            return [], None
        return [float(each) for each in rows[0][0].split() if is_ts(each)], int(rows[0][1])
