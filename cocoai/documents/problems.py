"""Say in words why a document has no passages, and what a source has left out, by the codes of source.py. Pure."""

from __future__ import annotations

PROBLEMS = {
    "too_large": "larger than what is read",
    "too_slow": "takes too long to read",
    "encrypted": "opens with a password only",
    "broken": "damaged, or not what its name says",
    "empty": "nothing is in it",
    "no_text": "no text is in it, as in scanned pages",
    "needs_extra": "needs the extra cocoai[documents]",
    "no_leave": "may not be read",
    "changed": "changes while it is read, and is tried again",
    "hidden": "no longer shown by Slack's free plan",
    "foreign": "not kept at Slack",
}
"""Of a document, by the code of why it has no passages."""

LEFT_OUT = {
    "too_many": "more than are read: those that come first by name count",
    "other_type": "files of other types",
    "link": "links, which are not followed",
    "special": "sockets, devices and pipes",
    "no_leave": "folders that may not be read",
    "unreadable": "folders that the disk does not give",
    "too_deep": "folders too deep below the others",
    "same_name": "files whose names look the same as another's",
    "folder_missing": "the folder is not there: what is known of it stays",
    "folder_empty": "the folder is empty, perhaps not mounted: what is known of it stays for a day",
    "folder_unreadable": "the folder cannot be read: what is known of it stays",
    "folder_changed": "the folder was exchanged just then: what is known of it stays",
    "io_error": "the disk failed, and is tried again",
    "ratelimited": "Slack has asked us to wait",
    "missing_scope": "channels without the scope that is needed",
    "not_in_channel": "channels in which CocoAI is not",
    "channel_not_found": "channels that Slack does not show to CocoAI",
    "history_broken": "the history cannot be read or written",
}
"""Of a source, by the code of what it could not look at."""


def problem_words(code: str) -> str:
    """Return why a document has no passages, in words; the code itself where we have none, as for one of Slack's."""
    return PROBLEMS.get(code, code)


def left_out_words(code: str) -> str:
    """Return what a source has left out, in words; the code itself where we have none."""
    return LEFT_OUT.get(code, code)
