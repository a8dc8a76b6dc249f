"""The spool's errors: what a caller may catch without knowing how and where jobs are stored.

All of them are `OSError`s as well, and keep the number, text and path of the error that caused them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class StoreError(OSError):
    """The store cannot be read or written now. What was to be kept counts as not kept."""


class NoStore(StoreError, FileNotFoundError):
    """There is no store here: `Spool.make_folders` has never run on this `var`."""


class NoAccess(StoreError, PermissionError):
    """This user may not read or write the store."""


class NoSuchJob(StoreError, FileNotFoundError):
    """There is no job of this key in the state in which it was looked for. It may have moved on a moment ago."""


class JobInUse(StoreError, BlockingIOError):
    """Another process holds the job now."""


@contextlib.contextmanager
def as_store_errors() -> Iterator[None]:
    """Raise an `OSError` from inside as a `StoreError`, as a context manager or a decorator.

    A missing file becomes `NoStore`, a lack of rights `NoAccess`. A `StoreError` passes through unchanged, and so does
    an error of another kind, such as ValueError.
    """
    try:
        yield
    except StoreError:
        raise
    except FileNotFoundError as error:
        raise NoStore(error.errno, error.strerror, error.filename) from error
    except PermissionError as error:
        raise NoAccess(error.errno, error.strerror, error.filename) from error
    except OSError as error:
        # A TimeoutError of locks.py has a text and no number.
        arguments = (error.errno, error.strerror, error.filename) if error.errno else (str(error),)
        raise StoreError(*arguments) from error
