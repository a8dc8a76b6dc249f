"""ReaderRules: say where a document may be shown. Asked for each passage found: a changed setting holds at once.

Pure. A passage is shown only where everybody may read it: to all of one's own organisation, or in the channels that the
settings name. A direct message is a channel like any other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cocoai.documents.document import FOLDER, SLACK, Document


@dataclass(frozen=True)
class ReaderRules:
    """The rules of the settings: by a sub-folder (`hr/board`) or a channel's id, the channels that may see it.

    Names are compared without case, and None stands for all of one's own organisation. `channels` are those whose files
    are documents.
    """

    readers: Mapping[str, Collection[str] | None] = field(default_factory=dict)
    channels: Collection[str] = ()

    def may_be_shown(self, document: Document, channel: str, *, is_shared: bool) -> bool:
        """Check whether a document may be shown in a channel, which `is_shared` if other organisations read there.

        In such a channel only what the settings name it for is shown. What is from Slack is shown in its own channel,
        if that is no longer shared, and where the settings name it.
        """
        readers = self.readers_of(document)
        return not is_shared if readers is None else channel in readers

    def readers_of(self, document: Document) -> Collection[str] | None:
        """Return the channels in which a document may be shown; None for all of one's own organisation."""
        if document.source == FOLDER:
            # The nearest folder counts. A file is no folder: the rule of `hr` is none for a file of that name.
            folders = comparable(document.name).split("/")[:-1]
            names = ["/".join(folders[:depth]) for depth in range(len(folders), 0, -1)]
            return next((self.readers[name] for name in names if name in self.readers), None)
        if document.source == SLACK:
            if document.channel not in self.channels:
                return ()  # the settings no longer name it, and the index has not been told yet
            return self.readers.get(comparable(document.channel), (document.channel,))
        return (document.channel,)


def comparable(name: str) -> str:
    """Return the name of a folder or a channel as it is compared: without case, its accents as NFC writes them."""
    return unicodedata.normalize("NFC", name.casefold())
