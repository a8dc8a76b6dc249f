"""Make the sources of documents that the settings name, and the task that indexes them."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.index_task import IndexTask, delete_index
from cocoai.documents.source import DocumentSource
from cocoai.stores import remove_unkept_history

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB


def index_task(settings: config.Settings, database: MariaDB | None = None) -> IndexTask:
    """Return the task that keeps the index current, for the master; `database` as in spool_of()."""
    return IndexTask(settings.paths.var, partial(document_sources, settings, database))


def document_sources(settings: config.Settings, database: MariaDB | None = None) -> list[DocumentSource]:
    """Return the sources that are switched on. They are imported here: only the process that indexes needs them.

    `database` as in spool_of().
    """
    sources: list[DocumentSource] = []
    if settings.documents.folder:
        from cocoai.documents.folder import FolderSource

        state = os.path.join(settings.paths.var, "run", "documents_folder.json")
        sources.append(FolderSource(settings.documents.folder, state))
    if settings.history.keep_days:
        from cocoai.kept_answers import history_source

        sources.append(history_source(settings, database))
    else:
        delete_history(settings, database)  # what other settings have kept
    if settings.documents.channels:
        from cocoai.slack_documents.source import slack_source

        sources.append(slack_source(settings))
    else:
        from cocoai.slack_documents.listing import forget_listing

        forget_listing(settings.paths.var)
    return sources


def delete_history(settings: config.Settings, database: MariaDB | None = None) -> None:
    """Delete what was kept on this machine; in a database, which others may use, what no machine keeps any more.

    `database` as in spool_of(). Raise OSError if a file stays.
    """
    from cocoai.documents.file_history import delete

    delete(os.path.join(settings.paths.var, HISTORY_FILE))
    if settings.store.address is not None:
        remove_unkept_history(settings, database)


def delete_documents(settings: config.Settings, database: MariaDB | None = None) -> None:
    """Delete the history, what was listed of Slack, and the index unless a process is writing it.

    `database` as in spool_of(). Raise OSError if that fails.
    """
    from cocoai.slack_documents.listing import forget_listing

    delete_history(settings, database)
    var = settings.paths.var
    forget_listing(var)
    delete_index(var)
