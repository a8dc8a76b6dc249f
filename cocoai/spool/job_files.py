"""The files of jobs as a backup copies them while the pool works, and as a restored machine keeps them.

No lock is taken: a job's file is whole at any instant but for its last line, which every reader cuts off.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from cocoai.spool.files import kept_file
from cocoai.spool.job import STATES, encode_line, whole_lines

LISTED = ("failed", "ready", "done", "failed")
"""The folders in the order in which their names are read.

A job goes from ready/ to done/ or to failed/, so whoever reads them in this order misses none. From failed/ it goes
back to ready/ when the operator retries it, so failed/ is read before ready/ too.
"""


class JobFile(NamedTuple):
    """A job's file: the folder in which it was found, its name, its bytes, and its last change in epoch seconds."""

    state: str
    name: str
    data: bytes
    modified: int


def each_job_file(var: str) -> Iterator[JobFile]:
    """Yield, once, the file of each job that lay in one of the STATES of the spool below `var` when this was called.

    Jobs may be put, moved and swept meanwhile: one that is moved is found in its new folder, one that is swept is left
    out. A folder that is missing holds none. Raise OSError if a file cannot be read.
    """
    folders = {state: os.path.join(var, "spool", state) for state in STATES}
    for name in {name: None for state in LISTED for name in _names(folders[state])}:
        file = _read(folders, name)
        if file is not None:
            yield file


def _names(folder: str) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return os.listdir(folder)
    return []


def _read(folders: dict[str, str], name: str) -> JobFile | None:
    """Return the file of this name, in whichever folder it lies now; None if there is none, or if it holds no job."""
    for state in (*STATES, *STATES):  # twice, since an operator's retry leads back to the first
        with contextlib.suppress(FileNotFoundError):
            # A named pipe that somebody has put here must not be waited for.
            fd = os.open(os.path.join(folders[state], name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                status = os.fstat(fd)
                # An empty one is a try of SpoolFolders.check_moves().
                if not stat.S_ISREG(status.st_mode) or not status.st_size:
                    return None
                with open(fd, "rb", buffering=0, closefd=False) as file:
                    return JobFile(state, name, file.readall(), int(status.st_mtime))
            finally:
                os.close(fd)
    return None


def picture_of(job: JobFile) -> str:
    """Return the name in files/ of a picture that was paid and is not in Slack; "" if the job has none, or is done."""
    if job.state == "done" or b'{"fact":"picture"' not in job.data:
        return ""
    kept = kept_file(whole_lines(job.data)[0])
    return f"{job.name}.{kept}" if kept else ""


def as_restored(file: JobFile, now: float, backed_up: float) -> JobFile:
    """Return a backup's job as a restored machine keeps it, so that it answers nothing by itself.

    What waited when the backup was made may have been answered since, by the machine that is gone. So it comes into
    failed/ with the fact `restored`, from where the operator may retry it; what had been delivered comes into done/.
    `now` and `backed_up`, when the backup was made, are in epoch seconds.
    """
    if file.state != "ready":
        return file
    lines, size = whole_lines(file.data)
    if any(line.get("fact") == "delivered" for line in lines) or (lines and lines[-1].get("fact") == "finished"):
        return file._replace(state="done")
    if not lines:  # it is damaged, and every reader says so; a fact would be taken for its question
        return file._replace(state="failed", modified=int(now))
    fact = encode_line({"fact": "restored", "at": round(now, 3), "backup": round(backed_up, 3)})
    return JobFile("failed", file.name, file.data[:size] + fact, int(now))
