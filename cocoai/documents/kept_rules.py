"""KeptRules: the rules of the settings, and of the history only what it keeps still: the index may lag behind it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocoai.documents.access import ReaderRules
from cocoai.documents.document import HISTORY, Document

if TYPE_CHECKING:
    from cocoai.documents.history import History


@dataclass(frozen=True)
class KeptRules(ReaderRules):
    """The rules by which a job shows passages. `history` makes the history; None for none.

    What somebody has forgotten while the index was being built is in it until that is done.
    """

    history: Callable[[], History] | None = None

    def may_be_shown(self, document: Document, channel: str, *, is_shared: bool) -> bool:
        """Check whether a document may be shown, as in ReaderRules; False if the history cannot tell."""
        if not super().may_be_shown(document, channel, is_shared=is_shared):
            return False
        if document.source != HISTORY:
            return True
        from cocoai.documents.history import HistoryBroken  # few questions find anything of it

        if self.history is not None:
            with suppress(HistoryBroken):
                return bool(self.history().kept((document.name,)))
        return False
