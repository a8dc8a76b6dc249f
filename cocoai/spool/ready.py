"""Which jobs in ready/ may be worked on now.

A thread is answered in order, so only its oldest waiting job is claimable. A file whose name is no key, or a job of
a kind that this version does not know, belongs to another version: it is left where it lies and holds up no other.
"""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Collection, Iterable, Iterator

from cocoai.spool.folders import SpoolFolders
from cocoai.spool.job import Job
from cocoai.spool.key import Key
from cocoai.spool.store_error import as_store_errors

SYSTEM_WIDE_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors that say nothing about the file at which they occurred."""

log = logging.getLogger(__name__)


class ReadyJobs(SpoolFolders):
    """The jobs in ready/ as they are looked at and chosen. To claim one is spool.py's."""

    _logged: frozenset[str] = frozenset()
    """The unknown names that `is_due` has logged."""

    @as_store_errors()
    def is_claimable(self) -> bool:
        """Check whether claim() would find a job now."""
        return self._is_any_free(in_order=True)

    @as_store_errors()
    def any_without(self, fact: str) -> bool:
        """Check whether each_without() would yield a job now."""
        return self._is_any_free(lacking=fact)

    @as_store_errors()
    def is_due(self, in_hand: Collection[str] = ()) -> bool:
        """Check whether any job in ready/ needs a process. Touch no lock, for this is asked by the master.

        `in_hand` has the keys on which job processes are known to work. Every name that this version does not know
        is logged when it is first met.
        """
        keys, others = self._keys_and_other_names("ready")
        self._log_unknown(others)
        is_head_in_hand: dict[str, bool] = {}  # by thread, once its oldest job was met
        for key in keys:
            if str(key) in in_hand:
                is_head_in_hand.setdefault(key.thread, True)
            elif is_head_in_hand.get(key.thread, True):
                job = self._read(key)
                if job is not None and self._is_unknown(job):
                    self._log_unknown([str(key)])
                    continue
                is_behind = is_head_in_hand.setdefault(key.thread, False)
                if job is not None and _needs_process(job, is_behind=is_behind):
                    return True
        return False

    @as_store_errors()
    def unknown(self) -> list[str]:
        """Return the names in ready/ that are no key, or whose job is of a kind that this version does not know."""
        keys, others = self._keys_and_other_names("ready")
        jobs = map(self._read, keys if self._kinds is not None else ())
        return sorted([*others, *(str(job.key) for job in jobs if job is not None and self._is_unknown(job))])

    def _free(self, *, lacking: str = "", in_order: bool = False) -> Iterator[Job]:
        """Lock and yield each job that is free, due and without a fact `lacking`, oldest first.

        With `in_order` only the oldest job of each thread. The job is the caller's to release.
        """
        threads: set[str] = set()
        for key in self.keys("ready"):
            if in_order and key.thread in threads:
                continue
            job = self._opened(key)
            if job is not None and self._is_unknown(job):
                job.release()
                continue
            threads.add(key.thread)
            if job is None:
                continue
            if self._take(job) and job.is_due() and not (lacking and job.last(lacking)):
                yield job
            else:
                job.release()

    def _is_any_free(self, *, lacking: str = "", in_order: bool = False) -> bool:
        for job in self._free(lacking=lacking, in_order=in_order):
            job.release()
            return True
        return False

    def _take(self, job: Job) -> bool:
        """Lock the job. Return False if it is not ours; a job without a whole question is moved to failed/."""
        try:
            return job.take()
        except ValueError:
            # Only a damaged disk does this: the link was made after the fsync.
            log.exception("job=%s outcome=unreadable", job.key)
            with contextlib.suppress(FileNotFoundError):
                self._move(job, "ready", "failed")
        except OSError as error:
            _pass_over(job.key, error)
        return False

    def _opened(self, key: Key) -> Job | None:
        """Open and read a job without locking it. Return None if it has moved on, or cannot be read."""
        job = None
        try:
            job = self._job("ready", key)
            job.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            if job is not None:
                job.release()
            _pass_over(key, error)
            return None
        return job

    def _read(self, key: Key) -> Job | None:
        """Return a job as it is now, closed again; None if it has moved on, or cannot be read."""
        job = self._opened(key)
        if job is not None:
            job.release()
        return job

    def _is_unknown(self, job: Job) -> bool:
        # Without a whole first line there is no kind: the file is damaged, and take() sees to that.
        return self._kinds is not None and job.kind is not None and job.kind not in self._kinds

    def _log_unknown(self, names: Iterable[str]) -> None:
        new = frozenset(names) - self._logged
        for name in sorted(new):
            log.warning("job=%r outcome=left-alone reason=unknown-to-this-version", name)
        self._logged |= new


def _needs_process(job: Job, *, is_behind: bool) -> bool:
    # Behind a question in hand nothing is claimable, but the asker must see a placeholder at once.
    return job.is_due() and not (is_behind and job.last("placeholder"))


def _pass_over(key: Key, error: OSError) -> None:
    """Log that one job cannot be read, so that the others go on. Raise an error that concerns the whole system."""
    if error.errno in SYSTEM_WIDE_ERRORS:
        raise error
    log.warning("job=%s outcome=not-read reason=%s", key, error)
