"""The marks by which a worker tells that something in Slack has changed: all that a worker loads of this package."""

from __future__ import annotations

import os

from cocoai.documents.change_marks import ChangeMarks
from cocoai.documents.index_task import set_due


def marks_of(var: str) -> ChangeMarks:
    """Return the marks in `var`."""
    return ChangeMarks(os.path.join(var, "run", "documents_slack"))


def note_change(var: str, changed: str) -> bool:
    """Note that the channel or file with this id has changed, and let the documents be looked at soon.

    Return False if it is none of ours. Raise OSError if the disk fails.
    """
    if not marks_of(var).set(changed):
        return False
    set_due(var)
    return True
