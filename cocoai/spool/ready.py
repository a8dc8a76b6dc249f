"""ReadyJobs: find the jobs in ready/ that may be worked on now.

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
"""Error numbers that say nothing about the file at which they occurred: no descriptors or memory are left."""

log = logging.getLogger(__name__)


class ReadyJobs(SpoolFolders):
    """The jobs in ready/ as they are looked at and chosen, before one is claimed.

    A job is free if no process holds it, and due if it need not wait for a time to be tried again. spool.py claims it.
    """

    _logged: frozenset[str] = frozenset()
    """The names in ready/ that this version does not know and that `is_due` has logged, each once."""

    @as_store_errors()
    def is_claimable(self) -> bool:
        """Check whether claim() would find a job now. For that it locks jobs for a moment, and waits for none."""
        return self._is_any_free(in_order=True)

    @as_store_errors()
    def any_without(self, fact: str) -> bool:
        """Check whether each_without() would yield a job without such a fact now. It locks jobs for a moment."""
        return self._is_any_free(lacking=fact)

    @as_store_errors()
    def is_due(self, in_hand: Collection[str] = ()) -> bool:
        """Check whether any job in ready/ needs a process. Touch no lock, since the master calls this.

        `in_hand` are the keys of the jobs on which processes are known to work. Any other job needs one if it is due
        and the oldest of its thread, or if it is due, behind one in hand, and has no placeholder yet. A name that this
        version does not know is logged when it is first met.
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
        """Return the names in ready/ that are no key, or whose job has a kind unknown to this version, sorted."""
        keys, others = self._keys_and_other_names("ready")
        jobs = map(self._read, keys if self._kinds is not None else ())
        return sorted([*others, *(str(job.key) for job in jobs if job is not None and self._is_unknown(job))])

    def _free(self, *, lacking: str = "", in_order: bool = False) -> Iterator[Job]:
        """Lock and yield each job in ready/ that is free and due, oldest first. The caller releases it.

        With `lacking`, only jobs without a fact of that name are yielded. With `in_order`, only the oldest job of each
        thread is: while that is not free or not due, none of its thread. Jobs of an unknown kind are passed over.
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
        """Check whether _free() would yield a job; it is released at once."""
        for job in self._free(lacking=lacking, in_order=in_order):
            job.release()
            return True
        return False

    def _take(self, job: Job) -> bool:
        """Lock an open job without waiting. Return True if this process holds it now and can work on it.

        Return False if another process holds it or has moved it, or if it cannot be read, which is logged. A job whose
        question is damaged is moved to failed/.
        """
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
        """Open and read a job in ready/ without locking it. Return None if it is no longer there, or cannot be read.

        Raise OSError for one of SYSTEM_WIDE_ERRORS.
        """
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
        """Return a job in ready/ with its lines, its file closed again; None as _opened() does. Take no lock."""
        job = self._opened(key)
        if job is not None:
            job.release()
        return job

    def _is_unknown(self, job: Job) -> bool:
        # Without a whole first line there is no kind: the file is damaged, and take() sees to that.
        return self._kinds is not None and job.kind is not None and job.kind not in self._kinds

    def _log_unknown(self, names: Iterable[str]) -> None:
        """Log each of these names in ready/ that was not logged before."""
        new = frozenset(names) - self._logged
        for name in sorted(new):
            log.warning("job=%r outcome=left-alone reason=unknown-to-this-version", name)
        self._logged |= new


def _needs_process(job: Job, *, is_behind: bool) -> bool:
    """Check whether a process has work on this job; `is_behind`: an older job of its thread is in hand."""
    # Behind a question in hand nothing is claimable, but the asker must see a placeholder at once.
    return job.is_due() and not (is_behind and job.last("placeholder"))


def _pass_over(key: Key, error: OSError) -> None:
    """Log that one job cannot be read, so that the others go on. Raise `error` if it is a SYSTEM_WIDE_ERROR."""
    if error.errno in SYSTEM_WIDE_ERRORS:
        raise error
    log.warning("job=%s outcome=not-read reason=%s", key, error)
