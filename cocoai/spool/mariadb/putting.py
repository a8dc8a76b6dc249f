"""What put() does in the database: one INSERT accepts a question, and its keys tell whether it is known.

What a person has asked in the last minutes is counted before, in a row of its own, by compare and set: a question that
is put again is counted once, as its time is known.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterable, Mapping
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

# In one query, since every put pays for its way to the server.
_LOOK = """
SELECT asked, n, (SELECT 1 FROM job WHERE job_key = %s) OR (SELECT 1 FROM job WHERE gesture = %s),
(SELECT 1 FROM job WHERE pending = %s) FROM (SELECT 1) AS one LEFT JOIN person ON person = %s
"""

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
        user, at = text_at(question, "user"), float(asked_at(key, question))
        is_counted = not is_light and self._most > 0 and is_id(user)
        if is_counted:
            is_known, why, seconds = self._judge_and_count(key, question, user, at)
            if is_known or why:
                return self._put_limited(key, question, why, seconds) if why else (False, {})
        try:
            self._insert(key, question, is_light=is_light)
        except DuplicateKey as error:
            if is_counted and error.key in ("gesture", "pending"):  # it was put since we looked, under another time
                self._uncount(user, at)
            return self._put_limited(key, question, "pending", 0) if error.key == "pending" else (False, {})
        return True, {}

    def seconds_to_wait(self, user: str, ts: str) -> float:
        """Return the seconds after `ts` until this person may ask again, 0.0 for at once."""
        if not (self._most and is_id(user)):
            return 0.0
        return seconds_until_free(self._asked(user)[0], self._most, float(ts))

    def is_to_be_told(self, user: str, job: str) -> bool:
        """Check whether the job of this name is to tell this person to wait, and note it if so: one a minute is."""
        values = (job, user, job, MINUTE)
        if self._database.execute(_TELL, values):
            return True
        with contextlib.suppress(DuplicateKey):  # somebody else's, or our own, whose answer we missed
            self._database.execute(_FIRST, (user, ""))
        return bool(self._database.execute(_TELL, values))

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
        values = (
            str(key),
            key.thread,
            not is_light and question.get("kind") not in self._unmarked_kinds,
            _gesture(key, question),
            None if is_light else pending(key, question),
            encode_line(dict(question)).decode("ascii"),
        )
        self._database.execute(_PUT, values)

    def _judge_and_count(self, key: Key, question: Mapping[str, Any], user: str, at: float) -> tuple[bool, str, int]:
        """Return whether a question is known, why it may not be asked now, and the seconds until then.

        "" for why: it may be asked, and is counted.
        """
        for _ in range(TRIES):
            values = (str(key), _gesture(key, question), pending(key, question), user)
            asked_text, n, is_known, is_pending = self._database.rows(_LOOK, values)[0]
            asked = _times(asked_text)
            if is_known:
                return True, "", 0
            if seconds := seconds_until_free(asked, self._most, at):
                return False, "rate", math.ceil(seconds)
            if is_pending:
                return False, "pending", 0
            # It may have been counted before, by a process that died, or lost the server, before it was put.
            if at in asked or self._is_noted(user, counted(asked, at), n):
                return False, "", 0
        raise StoreError(f"too many questions of {user} at once")

    def _uncount(self, user: str, at: float) -> None:
        """Take a question out of the count again."""
        for _ in range(TRIES):
            asked, n = self._asked(user)
            if at not in asked or self._is_noted(user, [each for each in asked if each != at], n):
                return

    def _is_noted(self, user: str, asked: Iterable[float], n: int | None) -> bool:
        """Note when this person has asked, and return True; False if that was written since it was read."""
        text = " ".join(f"{each:.6f}" for each in asked)
        if n is not None:
            return bool(self._database.execute(_COUNT, (text, user, n)))
        with contextlib.suppress(DuplicateKey):
            self._database.execute(_FIRST, (user, text))
            return True
        return False

    def _asked(self, user: str) -> tuple[list[float], int | None]:
        """Return when this person has asked, and how often that was written, None if never."""
        rows = self._database.rows("SELECT asked, n FROM person WHERE person = %s", (user,))
        return (_times(rows[0][0]), int(rows[0][1])) if rows else ([], None)


def pending(key: Key, question: Mapping[str, Any]) -> str | None:
    """Return what names the message that a question asks once more; None if it asks none."""
    again = text_at(question, "again")
    return f"{key.thread}-{again}" if again and question.get("kind") != LIMITED else None


def _gesture(key: Key, question: Mapping[str, Any]) -> str | None:
    gesture = text_at(question, "client_msg_id")
    return f"{key.channel}-{gesture}" if gesture else None


def _times(text: str | None) -> list[float]:
    return [float(each) for each in (text or "").split() if is_ts(each)]
