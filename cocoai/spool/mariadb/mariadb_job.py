"""MariaDBJob: a job as a row, and the claim to it: a lease that runs out, and a fence that tells whose turn it is.

A process that was stopped for longer than its lease finds the fence raised when it writes: nothing of what it says is
kept, and it is told so by `ClaimLost`. By its own clock it knows until when its lease was certainly good, and asks
before it posts anything new after that.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from cocoai.engine.mariadb.errors import CONTENDED, MariaDBError, Unreachable
from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.spool.job import FACT_HEADER, LONGEST_DELAY, SHUT_OUT, Fact, Job, as_number, whole_lines
from cocoai.spool.key import Key
from cocoai.spool.mariadb.errors import as_spool_errors
from cocoai.spool.mariadb.tables import LEASE, MESSAGE, READY, RENEWED, SURE
from cocoai.spool.store_error import ClaimLost, NoSuchJob, StoreUnreachable

_READ = """
SELECT fence, n, lease_until >= UTC_TIMESTAMP(6), TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), due_at), has_new_stop,
lines_ FROM job WHERE job_key = %s AND state = %s
"""

_CLAIM = f"""
UPDATE job SET fence = fence + 1, n = n + 1, owner = %s, changed_at = UTC_TIMESTAMP(6),
lease_until = UTC_TIMESTAMP(6) + INTERVAL {LEASE} SECOND, has_new_stop = has_new_stop AND %s,
lines_ = CONCAT(lines_, %s) WHERE job_key = %s AND state = {READY} AND fence = %s AND n = %s
AND (lease_until IS NULL OR lease_until < UTC_TIMESTAMP(6))
"""  # noqa: S608 (numbers of ours)

_RECORD = f"""
UPDATE job SET n = n + 1, changed_at = UTC_TIMESTAMP(6), lease_until = UTC_TIMESTAMP(6) + INTERVAL {LEASE} SECOND,
lines_ = CONCAT(lines_, %s) WHERE job_key = %s AND state = {READY} AND fence = %s AND n = %s
"""  # noqa: S608 (numbers of ours)

_PUT_OFF = _RECORD.replace(
    "lines_ =", "due_at = UTC_TIMESTAMP(6) + INTERVAL %s MICROSECOND, is_shut_out = %s, lines_ =", 1
)

_END = f"""
UPDATE job SET n = n + 1, state = %s, changed_at = UTC_TIMESTAMP(6), lease_until = NULL, owner = NULL, pending = NULL,
stops = '', has_new_stop = 0, lines_ = CONCAT(lines_, %s)
WHERE job_key = %s AND state = {READY} AND fence = %s AND n = %s
"""  # noqa: S608 (numbers of ours)

_HOLDS = """
SELECT 1 FROM job WHERE job_key = %s AND state = %s AND fence = %s AND n = %s AND owner <=> %s
AND RIGHT(lines_, %s) = %s
"""

_RENEW = f"""
UPDATE job SET lease_until = UTC_TIMESTAMP(6) + INTERVAL {LEASE} SECOND
WHERE job_key = %s AND state = {READY} AND fence = %s AND owner = %s
"""  # noqa: S608 (numbers of ours)

_RELEASE = f"""
UPDATE job SET lease_until = NULL, owner = NULL WHERE job_key = %s AND state = {READY} AND fence = %s AND owner = %s
"""  # noqa: S608 (numbers of ours)

_PAUSE = 0.2
"""Seconds between two tries to reach the server while the lease lasts."""


class MariaDBJob(Job):
    """A job's row in `state`, a number of tables.py. `owner` is this process. `on_claim` is called with a new claim.

    It is claimed by the first fact that is recorded after take(), in the same statement: until then nobody is kept
    from it.
    """

    def __init__(
        self,
        key: Key,
        state: int,
        database: MariaDB,
        *,
        owner: str,
        clock: Callable[[], float],
        on_claim: Callable[[MariaDBJob], object] = lambda _: None,
    ) -> None:
        super().__init__(key, clock=clock)
        self._state = state
        self._database = database
        self._owner = owner
        self._on_claim = on_claim
        self._fence = self._n = 0
        self._due_in = 0.0
        self._is_leased = False
        self._is_claimed = False
        self._is_lost = False
        self._renewed = self._sure_until = 0.0
        self.has_new_stop = False
        self.is_given_up = False

    @as_spool_errors()
    def read(self) -> int:
        """Read `lines` from the row. Return their size in bytes. Raise NoSuchJob if it is in this state no more."""
        rows = self._database.rows(_READ, (str(self.key), self._state))
        if not rows:
            raise NoSuchJob(f"there is no job {self.key} in this state")
        fence, n, is_leased, due_in, has_new_stop, lines = rows[0]
        self._fence, self._n = int(fence), int(n)
        self._is_leased, self.has_new_stop = bool(is_leased), bool(has_new_stop)
        # A time further ahead than any of ours was written while the server's clock was wrong.
        self._due_in = due_in / 1e6 if 0 < due_in / 1e6 <= LONGEST_DELAY else 0.0
        self._lines, _ = whole_lines(lines.encode("ascii"))
        return len(lines)

    def take(self) -> bool:
        """Read the row, as Job.take() says. It is claimed by the first fact that is recorded, if nobody was faster."""
        try:
            self.read()
        except NoSuchJob:
            return False
        if not self._lines:
            raise ValueError(f"{self.key}: no question in it")
        return not self._is_leased

    @property
    def is_claimed(self) -> bool:
        """Check whether this object has a claim to the job that it has neither ended nor lost."""
        return self._is_claimed

    @property
    def is_in_hand(self) -> bool:
        """Check whether a process held the job when it was last read."""
        return self._is_leased

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the fence and the number of writes, as last read or written."""
        return self._fence, self._n

    def is_due(self) -> bool:
        """Check whether the job may be tried now, by the server's clock as it was read."""
        return self._due_in <= 0

    @property
    def retry_at(self) -> float:
        """Return when the job is to be tried again (epoch seconds, this machine's clock); 0.0 for now."""
        return self._clock() + self._due_in if self._due_in > 0 else 0.0

    @as_spool_errors()
    def moments(self) -> list[tuple[str, float]]:
        """Return the name and the time of each fact, as Job.moments() says."""
        rows = self._database.rows("SELECT lines_ FROM job WHERE job_key = %s AND state = %s", self._place)
        if not rows:
            raise NoSuchJob(f"there is no job {self.key} in this state")
        return [(name.decode(), float(at)) for name, at in FACT_HEADER.findall(rows[0][0].encode("ascii"))]

    def release(self) -> None:
        """End the lease, if it is ours still. A second call does nothing, unless the first has failed."""
        if self._is_claimed:
            self.is_given_up = True
            with contextlib.suppress(MariaDBError):
                self._database.execute(_RELEASE, (str(self.key), self._fence, self._owner))
                self._is_claimed = False

    def check_claim(self) -> None:
        """Renew the lease, unless it was renewed a moment ago. Raise `ClaimLost` if it is somebody else's.

        While the server is away, the lease lasts for one more message, by our own clock.
        """
        try:
            self.renew_if_due()
        except StoreUnreachable:
            if time.monotonic() >= self._sure_until - MESSAGE:
                raise

    def renew_if_due(self) -> None:
        """Renew the lease if it was not for RENEWED seconds. Raise as check_claim() does."""
        self._check_not_lost()
        if self._is_claimed and time.monotonic() - self._renewed >= RENEWED:
            self.renew()

    @as_spool_errors()
    def renew(self) -> None:
        """Renew the lease. Raise `ClaimLost` if it is somebody else's."""
        began = time.monotonic()
        if not self._database.execute(_RENEW, (str(self.key), self._fence, self._owner)):
            raise self._lost()
        self._note_lease(began)

    def end(self, state: int, data: bytes) -> None:
        """Store a last line, move the job to `state`, and give it up, in one step. Raise StoreError if that fails."""
        self._write(_END, (state, data.decode("ascii")), data, state=state)
        self._is_claimed = False

    def _append(self, data: bytes, line: Fact) -> None:
        """Store one more line in one statement, which also claims the job, or renews the lease."""
        self._check_not_lost()
        text = data.decode("ascii")
        if not self._is_claimed:
            self._claim(text, data, is_attempt=line.get("fact") == "attempt")
        elif line.get("fact") == "retry":
            delay = as_number(line.get("retry_at")) - self._clock()
            delay = delay if 0 < delay <= LONGEST_DELAY else 0.0
            self._write(_PUT_OFF, (int(delay * 1e6), SHUT_OUT in line, text), data)
            self._due_in = delay
        else:
            self._write(_RECORD, (text,), data)

    def _claim(self, text: str, data: bytes, *, is_attempt: bool) -> None:
        """Store the first line of a claim, if nobody has written since we read. Raise `ClaimLost` if somebody has."""
        values = (self._owner, not is_attempt, text, str(self.key), self._fence, self._n)
        began = time.monotonic()
        with as_spool_errors():
            is_ours = self._database.execute(_CLAIM, values) or self._holds(data, READY, self._fence + 1, self._owner)
        if not is_ours:
            raise self._lost()
        self._fence, self._n, self._is_claimed = self._fence + 1, self._n + 1, True
        self._note_lease(began)
        self._on_claim(self)

    def _write(self, statement: str, values: tuple[object, ...], data: bytes, *, state: int = READY) -> None:
        """Run a statement that stores `data` under our fence.

        While our lease lasts, wait for a server that is away, and for whoever is in the way: it may be our own first
        try, of which we have not heard, and which is being committed still.
        """
        began = time.monotonic()
        with as_spool_errors():
            while True:
                try:
                    is_done = self._database.execute(statement, (*values, str(self.key), self._fence, self._n))
                    # It may have been done by a first try, whose connection broke before we heard of it.
                    is_done = is_done or self._holds(data, state, self._fence, None if state else self._owner)
                    break
                except MariaDBError as error:
                    is_waited_for = isinstance(error, Unreachable) or error.number in CONTENDED
                    if not is_waited_for or time.monotonic() > self._sure_until:
                        raise
                    time.sleep(_PAUSE)
        if not is_done:
            raise self._lost()
        self._n += 1
        self._note_lease(began)

    @as_spool_errors()
    def was_changed(self, data: bytes, state: int) -> bool:
        """Check whether a statement of ours on a job at rest, whose answer we missed, has left `data` as its end."""
        return self._holds(data, state, self._fence, None)

    def _holds(self, data: bytes, state: int, fence: int, owner: str | None) -> bool:
        """Check whether our line is the last one of the job, under this fence, with this owner."""
        text = data.decode("ascii")
        values = (str(self.key), state, fence, self._n + 1, owner, len(text), text)
        return bool(self._database.rows(_HOLDS, values))

    def _note_lease(self, began: float) -> None:
        self._renewed, self._sure_until = began, began + SURE * LEASE

    def _check_not_lost(self) -> None:
        # Whoever has met the loss first may have passed over it.
        if self._is_lost:
            raise self._lost()

    def _lost(self) -> ClaimLost:
        self._is_claimed, self._is_lost = False, True
        return ClaimLost(f"{self.key}: another process may have it")

    @property
    def _place(self) -> tuple[str, int]:
        return str(self.key), self._state
