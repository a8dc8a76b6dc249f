"""Define the settings about the team's own words: its documents, who may read them, and the history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from cocoai.config.setting import Setting
from cocoai.config.sources import SettingsError, Sources
from cocoai.config.value_types import FOLDER, IDS, ValueType, integer
from cocoai.documents.access import comparable

ALL = "all"
"""In [readers]: everybody of one's own organisation may read it."""


@dataclass(frozen=True)
class DocumentSettings:
    """[documents]: the team's own texts, from which questions are answered. Off without a folder and channels."""

    folder: Annotated[
        str,
        Setting(
            FOLDER,
            "",
            "a folder of documents from which questions are answered: Markdown, text, CSV and HTML, with the extra "
            "`cocoai[documents]` also PDF, Word, Excel and PowerPoint; relative to the settings file",
        ),
    ]
    channels: Annotated[
        frozenset[str],
        Setting(
            IDS,
            "",
            "channels of which what is pinned and the canvases are documents too, each shown in that channel alone; "
            "the Slack app needs more scopes for it, which `cocoai manifest` asks for",
        ),
    ]
    max_tokens: Annotated[
        int,
        Setting(integer(200, 50_000), "3000", "the most of the documents that the model is shown with one question"),
    ]

    @property
    def is_on(self) -> bool:
        """Check whether there are documents at all."""
        return bool(self.folder or self.channels)


@dataclass(frozen=True)
class HistorySettings:
    """[history]: the questions and answers that are kept, and found again in the channel in which they were asked."""

    keep_days: Annotated[
        int,
        Setting(
            integer(0, 3650, unit="days"),
            "0",
            "how long questions and their answers are kept, to be found again in the same channel; 0 keeps none, and "
            "deletes what was kept",
        ),
    ]


def _channels(text: str, folder: str) -> frozenset[str] | None:
    """Return the ids of the channels; None for `all`. Raise ValueError for anything else, and for no id."""
    if text.lower() == ALL:
        return None
    channels: frozenset[str] = IDS.parse(text, folder)
    if not channels:
        raise ValueError
    return channels


READERS = ValueType("`all`, or IDs of channels such as C0123456789, with spaces or commas between", _channels)
"""The type of where documents may be shown."""


def read_readers(sources: Sources) -> dict[str, Collection[str] | None]:
    """Return [readers]: for each sub-folder (`hr/board`) or channel, the channels where its documents may be shown.

    Its name is as comparable() makes it: the settings file is read without case. None stands for `all`: everywhere in
    one's own organisation. Raise `SettingsError` for a sub-folder that leaves the folder, for a value that is not
    allowed, and for none.
    """
    readers: dict[str, Collection[str] | None] = {}
    # The environment's too: a rule that is overlooked shows to everybody what was meant for few.
    for key in sources.keys("readers"):
        parts = comparable(key).rstrip("/").split("/")
        if not all(part.strip() and part not in (".", "..") for part in parts):
            allowed = "the path of a sub-folder below [documents] folder, or a channel's ID"
            message = f"[readers] {key} is not allowed; it is {allowed}"
            raise SettingsError(message, section="readers", key=key, allowed=allowed)
        if sources.find("readers", key) is None:
            raise SettingsError(f"[readers] {key} is empty; it is {READERS.allowed}", section="readers", key=key)
        readers["/".join(parts)] = sources.value("readers", key, READERS)
    return readers
