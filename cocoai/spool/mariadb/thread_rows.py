"""What is known of the threads in which CocoAI was asked. A job's row is its thread's mark; another has the facts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from cocoai.engine.mariadb.errors import DuplicateKey
from cocoai.engine.mariadb.mariadb import MariaDB

_MARK = """
SELECT facts, changed_at > UTC_TIMESTAMP(6) - INTERVAL 30 DAY,
EXISTS (SELECT 1 FROM job WHERE thread = %s AND leaves_mark = 1)
FROM (SELECT 1) AS one LEFT JOIN thread ON thread.thread = %s
"""

_CHANGE = """
UPDATE thread SET facts = %s, n = n + 1, changed_at = UTC_TIMESTAMP(6) WHERE thread = %s AND n = %s
"""

TRIES = 5
"""How often facts are noted anew when another process has noted some of the same thread meanwhile."""


class ThreadRows:
    """The threads in `database`; each is CHANNEL-THREAD_TS, or the channel for a direct message's own box."""

    def __init__(self, database: MariaDB) -> None:
        self._database = database

    def facts_of(self, thread: str) -> Mapping[str, Any] | None:
        """Return what was noted of a thread in which we were asked; None if we never were."""
        facts, is_new, has_question = self._database.rows(_MARK, (thread, thread))[0]
        # As long as one of its questions is known, so is what was noted of a thread.
        return _parsed(facts or "") if is_new or has_question else None

    def note(self, thread: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Note the facts that `change` returns for those that are known, if they differ."""
        for _ in range(TRIES):
            rows = self._database.rows("SELECT facts, n FROM thread WHERE thread = %s", (thread,))
            known = _parsed(rows[0][0]) if rows else {}
            facts = {**known, **change(known)}
            if rows and facts == known:
                return
            text = json.dumps(facts, separators=(",", ":"))
            if self._is_changed(thread, text, rows[0][1]) if rows else self._is_new(thread, text):
                return

    def _is_new(self, thread: str, text: str) -> bool:
        with contextlib.suppress(DuplicateKey):
            self._database.execute("INSERT INTO thread VALUES (%s, %s, 0, UTC_TIMESTAMP(6))", (thread, text))
            return True
        return False

    def _is_changed(self, thread: str, text: str, n: int) -> bool:
        return bool(self._database.execute(_CHANGE, (text, thread, n)))


def _parsed(facts: str) -> dict[str, Any]:
    """Return the facts of a thread; {} if they are none."""
    with contextlib.suppress(ValueError, RecursionError):
        if isinstance(parsed := json.loads(facts), dict):
            return parsed
    return {}
