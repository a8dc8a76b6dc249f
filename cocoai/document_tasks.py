"""The periodic task that keeps the team's own words: nothing of them is imported in the master where they are off."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING

from cocoai import config
from cocoai.documents.document import HISTORY_FILE, INDEX_FILE
from cocoai.spool.runner import PeriodicTask
from cocoai.stores import remove_unkept_history

if TYPE_CHECKING:
    from cocoai.engine.mariadb.mariadb import MariaDB


UNKEPT_EVERY = 3600.0
"""Seconds between two looks whether the database has a history that no machine keeps any more."""


def document_tasks(settings: config.Settings, database: MariaDB | None = None) -> list[PeriodicTask]:
    """Return the task that keeps the index of documents current; what was asked before is found there too.

    Where there is neither, nothing of it is imported, and the task deletes what was made when there was. `database` as
    in spool_of().
    """
    if not (settings.documents.is_on or settings.history.keep_days):
        left = [os.path.join(settings.paths.var, name) for name in (INDEX_FILE, HISTORY_FILE)]
        delete = partial(delete_documents, settings, database)
        tasks = [PeriodicTask(delete, 60.0, is_wanted=lambda: any(map(os.path.exists, left)))]
        if database is not None:
            remove = partial(remove_unkept_history, settings, database)
            tasks.append(PeriodicTask(remove, UNKEPT_EVERY, tried=time.monotonic()))  # not while the pool starts
        return tasks
    from cocoai.document_sources import index_task

    task = index_task(settings, database)
    return [PeriodicTask(task.run, every=10.0, is_wanted=task.is_wanted)]


def delete_documents(settings: config.Settings, database: MariaDB | None = None) -> None:
    """Delete the history and the index of documents, unless a process is writing that. Raise OSError if that fails."""
    from cocoai import document_sources

    document_sources.delete_documents(settings, database)
