"""The spool's errors: what a caller may catch without knowing how and where jobs are stored.

All of them are `OSError`s as well, and keep the number, text and path of the error that caused them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import TracebackType

from cocoai.errors import CocoAIError


class StoreError(OSError):
    """The store cannot be read or written now. What was to be kept counts as not kept."""


class NoStore(StoreError, FileNotFoundError):
    """There is no store here: `Spool.make_folders` has never run on this `var`."""


class NoAccess(StoreError, PermissionError):
    """This user may not read or write the store."""


class StoreUnreachable(StoreError):
    """The store is on another machine, or of another process, and does not answer now."""


class ClaimLost(StoreError):
    """Another process may have this job now, since its claim was not renewed in time: nothing more may be done for it.

    Jobs in files are never lost so: there the kernel keeps the claim as long as its process lives.
    """


class NoSuchJob(StoreError, FileNotFoundError):
    """There is no job of this key in the state in which it was looked for. It may have moved on a moment ago."""


class JobInUse(StoreError, BlockingIOError):
    """Another process holds the job now."""


class WordsForgotten(StoreError):
    """Nothing is left in the job of what was asked, as somebody wanted that to be forgotten."""


class as_store_errors(contextlib.ContextDecorator):  # noqa: N801 (it is used as a verb)
    """Raise an `OSError` from inside as a `StoreError`, as a context manager or a decorator.

    A missing file becomes `NoStore`, a lack of rights `NoAccess`. A `StoreError` passes through unchanged, and so does
    an error of another kind, such as ValueError.
    """

    # A class, since workers pass here with each message: a generator takes three times as long.
    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Raise the StoreError for an OSError that was raised inside; let anything else pass."""
        if isinstance(error, OSError) and not isinstance(error, StoreError):
            raise _store_error(error) from error


@contextlib.contextmanager
def told_to_operator(command: str) -> Iterator[None]:
    """Raise a CocoAIError with a sentence in place of a StoreError, or of a wrong key's ValueError.

    `command` is what the operator typed, such as `retry`.
    """
    try:
        yield
    except ValueError as error:
        raise CocoAIError(str(error)) from None
    except NoStore as error:
        raise CocoAIError(f"there is no {error.filename}") from None
    except StoreError as error:
        raise CocoAIError(f"{command}: {error.strerror or error}") from None


def _store_error(error: OSError) -> StoreError:
    # A TimeoutError of locks.py has a text and no number.
    arguments = (error.errno, error.strerror, error.filename) if error.errno else (str(error),)
    if isinstance(error, FileNotFoundError):
        return NoStore(*arguments)
    return NoAccess(*arguments) if isinstance(error, PermissionError) else StoreError(*arguments)
