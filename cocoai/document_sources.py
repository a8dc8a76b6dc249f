"""Make the sources of documents that the settings name, and the task that indexes them."""

from __future__ import annotations

import os
from functools import partial

from cocoai import config
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.index_task import IndexTask, delete_index
from cocoai.documents.source import DocumentSource


def index_task(settings: config.Settings) -> IndexTask:
    """Return the task that keeps the index current, for the master."""
    return IndexTask(settings.paths.var, partial(document_sources, settings))


def document_sources(settings: config.Settings) -> list[DocumentSource]:
    """Return the sources that are switched on. They are imported here: only the process that indexes needs them."""
    sources: list[DocumentSource] = []
    if settings.documents.folder:
        from cocoai.documents.folder import FolderSource

        state = os.path.join(settings.paths.var, "run", "documents_folder.json")
        sources.append(FolderSource(settings.documents.folder, state))
    if settings.history.keep_days:
        from cocoai.kept_answers import history_source

        sources.append(history_source(settings))
    else:
        from cocoai.documents.history import delete

        delete(os.path.join(settings.paths.var, HISTORY_FILE))  # what other settings have kept
    if settings.documents.channels:
        from cocoai.slack_documents.source import slack_source

        sources.append(slack_source(settings))
    else:
        from cocoai.slack_documents.listing import forget_listing

        forget_listing(settings.paths.var)
    return sources


def delete_documents(var: str) -> None:
    """Delete the history, what was listed of Slack, and the index unless a process is writing it.

    Raise OSError if that fails.
    """
    from cocoai.documents.history import delete
    from cocoai.slack_documents.listing import forget_listing

    delete(os.path.join(var, HISTORY_FILE))
    forget_listing(var)
    delete_index(var)
