"""The sentences in English on the team's documents and the history."""

from __future__ import annotations

from cocoai.documents.problems import LEFT_OUT, PROBLEMS

DOCUMENT_PARTS = {
    "documents": "Documents",
    "documents.search": "Full-text search",
    "documents.folder": "Folder of documents",
    "documents.readers": "Who may read them",
    "documents.index": "Index of documents",
    "documents.room": "Room for the index",
    "documents.unread": "Documents not read",
    "documents.left_out": "Left out",
    "history": "History",
}

_REMEDIES = {
    "documents.unread.too_large": "Up to 50 MB and 2,000,000 characters are read: divide it",
    "documents.unread.encrypted": "Save it without a password",
    "documents.unread.broken": "Open it, and save it anew; or mend the ending of its name",
    "documents.unread.no_text": "Have its text recognized (OCR), and save it with that",
    "documents.unread.needs_extra": "{pip}   (again after each upgrade)",
    "documents.unread.no_leave": "Let the pool's user read it; at Slack: the scope files:read",
    "documents.left_out.too_many": "Move what nobody asks for out of the folder",
    "documents.left_out.folder_empty": "Mount it again; if it is to be empty, nothing is to be done",
}

DOCUMENT_CASES = {
    "documents.not_asked": ("only {user}, as whom the pool runs, can say what is there", "sudo {program} check"),
    "documents.search.ok": ("SQLite {version} has it", ""),
    "documents.search.no_fts5": (
        "SQLite {version} of this Python has no FTS5: no document can be found",
        "Take a Python whose SQLite has it, such as the system's own; this one is {python}",
    ),
    "documents.folder.ok": ("{folder} can be read", ""),
    "documents.folder.missing": (
        "{folder} is not there: what is known of it stays until it is",
        "mkdir {folder}   (or mount it; or name another one in [documents] folder in {file})",
    ),
    "documents.folder.closed": ("{user} may not read {folder}", "sudo chmod a+rX {folder}"),
    "documents.readers.ok": ("all {number} names of [readers] are there", ""),
    "documents.readers.unknown": (
        (
            "[readers] {name} is to be for few, but no such sub-folder is in {folder}: if that is a slip, everybody is "
            "shown what was meant"
        ),
        (
            "ls {folder}; write the name as it stands there into {file}, then: {reload}\n"
            "(for a folder that is yet to come: make it, though it is empty)"
        ),
    ),
    "documents.readers.spare": (
        "[readers] {name} names neither a sub-folder nor one of [documents] channels",
        "Mend its name in {file}, or remove it, then: {reload}",
    ),
    "documents.index.ok": ("{documents} documents in {passages} passages, looked after {age} ago", ""),
    "documents.index.late": (
        "{documents} documents in {passages} passages, but the sources were last looked at {age} ago",
        "If the pool runs, its log says why: look for `index outcome=`",
    ),
    "documents.index.missing": ("there is none yet: the pool builds it when it has started", ""),
    "documents.index.busy": ("it is just being written, or may not be read", ""),
    "documents.index.old": ("another version has made it: the pool makes it anew", ""),
    "documents.index.broken": (
        "{path} is broken: answers go on without documents, and the pool makes it anew within minutes",
        "sudo {program} documents reindex   (to have it at once)",
    ),
    "documents.room.little": (
        "{mib} MiB are left for an index of {size} MiB, which at times is written once more beside itself",
        "Make room on the disk",
    ),
    **{
        key: (f"{{number}} × {words}: {{examples}}", _REMEDIES.get(key, ""))
        for code, words in PROBLEMS.items()
        for key in [f"documents.unread.{code}"]
    },
    "documents.unread.other": ("{number} × {code}: {examples}", ""),
    **{
        key: (f"{{number}} × {words} ({{source}})", _REMEDIES.get(key, ""))
        for code, words in LEFT_OUT.items()
        for key in [f"documents.left_out.{code}"]
    },
    "documents.left_out.other": ("{number} × {code} ({source})", ""),
    "history.ok": ("{number} questions and answers, the oldest of {oldest}, {mib} MiB", ""),
    "history.not_yet": ("nothing is kept yet", ""),
    "history.away": (
        "{address} cannot be read ({reason}): nothing is kept, shown or forgotten until it can",
        "`cocoai store check` says more",
    ),
    "history.broken": ("{path} cannot be read ({reason}): nothing is kept, and nothing forgotten", "{restore}"),
}
