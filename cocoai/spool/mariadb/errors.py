"""Raise MariaDB's errors as the spool's own."""

from __future__ import annotations

import errno
from contextlib import ContextDecorator
from types import TracebackType

from cocoai.engine.mariadb.errors import NO_TABLE, MariaDBError, Unreachable
from cocoai.spool.store_error import NoStore, StoreError, StoreUnreachable


class as_spool_errors(ContextDecorator):  # noqa: N801 (it is used as a verb)
    """Raise a `MariaDBError` from inside as a `StoreError`, as a context manager or a decorator."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Raise the StoreError for a MariaDBError that was raised inside; let anything else pass."""
        # One that is in the way, or whose disk is full, is as good as away: what comes meanwhile is kept elsewhere.
        if isinstance(error, Unreachable) or (isinstance(error, MariaDBError) and error.may_pass):
            raise StoreUnreachable(str(error)) from error
        if isinstance(error, MariaDBError):
            if error.number == NO_TABLE:
                raise NoStore(errno.ENOENT, str(error), "table of ours: run `cocoai store init`") from error
            raise StoreError(str(error)) from error
