"""DocumentSource: where documents come from. The indexing process asks each what there is, and then to read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from cocoai.documents.document import Document, DocumentSection
from cocoai.errors import Permanent


class Unreadable(Permanent):
    """A document that cannot be read as it is: it is kept with this code, without passages, until its version changes.

    Codes: `too_large`, `too_slow`, `encrypted`, `broken`, `empty` (nothing is in it), `no_text` (such as scanned pages,
    or binary data), `needs_extra` (a library that is not installed), `no_leave` (the system, or Slack, refuses it),
    `hidden` (Slack's free plan shows it to nobody any more), `foreign` (it is not at Slack, as a document of Google's).
    `changed` (while it was read) alone is tried again at the next slice.
    """


class DocumentSource(Protocol):
    """One source of documents, as the indexing process uses it: first listed(), then the others."""

    @property
    def name(self) -> str:
        """Return the `source` of its documents: FOLDER, SLACK or HISTORY."""

    def listed(self) -> Mapping[str, Document]:
        """Return all documents that there are now, by name. Those of them whose version is new will be read.

        Raise `Temporary` if that cannot be said now: then all that is known stays as it is.
        """

    def is_gone(self, name: str) -> bool:
        """Check whether a document that was known, and is not listed, is gone for good, so that it is forgotten.

        False for one at a place that listed() could not look at.
        """

    @property
    def problems(self) -> Mapping[str, int]:
        """Return what listed() had to leave out, by code, such as `too_many`: how many. Empty if it saw all."""

    def sections(self, document: Document) -> Iterable[DocumentSection]:
        """Yield the sections of a document that listed() has returned, in their order.

        Raise `Unreadable` if it cannot be read, `Temporary` if it should be tried at the next slice.
        """
