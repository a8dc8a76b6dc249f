"""spool/job_files.py: no job is missing from a copy that is made while jobs move, and none is answered out of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job_files import JobFile, as_restored, each_job_file
from cocoai.spool.key import Key

NOW = 1_763_822_100.0
FIRST, SECOND = (Key("C0PRACTICE", f"{second}.000100", f"{second}.000100") for second in (1, 2))


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    """Return a spool with two jobs in ready/."""
    made = FileSpool(str(tmp_path), clock=lambda: NOW)
    made.make_folders()
    for key in (FIRST, SECOND):
        made.put(key, {"kind": "mention"})
    return made


def finish(spool: FileSpool) -> None:
    """Finish the next job."""
    job = spool.claim()
    assert job is not None
    spool.finish(job)


def fail(spool: FileSpool) -> None:
    """Fail the next job."""
    job = spool.claim()
    assert job is not None
    spool.fail(job, "test")


def states(files: list[JobFile]) -> dict[str, str]:
    """Return the folder in which each job was found; a job that was found twice is an error."""
    assert len(files) == len({file.name for file in files})
    return {file.name: file.state for file in files}


def test_each_job_is_found_where_it_lies(spool: FileSpool, tmp_path: Path) -> None:
    """With its bytes and the time of its last change."""
    fail(spool)
    finish(spool)

    found = list(each_job_file(str(tmp_path)))

    assert {str(FIRST): "failed", str(SECOND): "done"} == states(found)
    for file in found:
        path = tmp_path / "spool" / file.state / file.name
        assert (path.read_bytes(), int(path.stat().st_mtime)) == (file.data, file.modified)


def test_a_job_that_moves_between_its_listing_and_its_reading_is_found_in_its_new_folder(
    spool: FileSpool, tmp_path: Path
) -> None:
    """The other one is read first."""
    files = each_job_file(str(tmp_path))
    first = next(files)
    finish(spool)
    finish(spool)

    assert {str(FIRST): "done", str(SECOND): "done"} == states([first._replace(state="done"), *files])


def test_a_job_that_is_swept_meanwhile_is_left_out(spool: FileSpool, tmp_path: Path) -> None:
    """Nobody needs it any more."""
    files = each_job_file(str(tmp_path))
    first = next(files)
    other = ({str(FIRST), str(SECOND)} - {first.name}).pop()
    (tmp_path / "spool/ready" / other).unlink()

    assert [] == list(files)


@pytest.mark.parametrize(
    ("before", "listed", "move"),
    [
        (None, "failed", finish),
        (None, "failed", fail),
        (None, "ready", finish),
        (None, "ready", fail),
        (None, "done", fail),
        (fail, "failed", lambda spool: spool.retry(FIRST)),
        (fail, "ready", lambda spool: spool.retry(FIRST)),
    ],
)
def test_no_job_is_missing_that_moves_while_the_folders_are_listed(
    spool: FileSpool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: Callable[[FileSpool], None] | None,
    listed: str,
    move: Callable[[FileSpool], None],
) -> None:
    """Right after each of the listings."""
    if before:
        before(spool)
    moves, listdir = [move], os.listdir

    def moving(path: str) -> list[str]:
        names = listdir(path)
        if os.path.basename(path) == listed and moves:
            moves.pop()(spool)
        return names

    monkeypatch.setattr(os, "listdir", moving)
    found = states(list(each_job_file(str(tmp_path))))

    assert {str(FIRST), str(SECOND)} == set(found)


def test_what_is_no_job_is_left_out(spool: FileSpool, tmp_path: Path) -> None:
    """An empty file, as a check of the folders leaves it for a moment; a folder, and a pipe that would never end."""
    ready = tmp_path / "spool/ready"
    (ready / "abcdef").touch()
    (ready / "folder").mkdir()
    os.mkfifo(ready / "pipe")

    assert {str(FIRST), str(SECOND)} == set(states(list(each_job_file(str(tmp_path)))))


def test_no_spool_has_no_jobs(tmp_path: Path) -> None:
    """A pool that has never run has no folders."""
    assert [] == list(each_job_file(str(tmp_path)))


QUESTION = b'{"kind":"mention"}\n'


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (QUESTION, "failed"),
        (QUESTION + b'{"fact":"attempt","at":1}\n{"fact":"answer","at":1}\n', "failed"),
        (QUESTION + b'{"fact":"finished","at":1}\n{"fact":"retried","at":1}\n', "failed"),
        (QUESTION + b'{"fact":"attempt","at":1}\n{"fact":"delivered","at":1}\n', "done"),
        (QUESTION + b'{"fact":"finished","at":1}\n', "done"),
        (b"no job", "failed"),
    ],
)
def test_what_waited_waits_no_more(lines: bytes, state: str) -> None:
    """Only what was delivered counts as done."""
    restored = as_restored(JobFile("ready", "name", lines, 1), NOW, 5.0)

    assert (state, "name") == (restored.state, restored.name)


def test_the_restored_job_says_since_when_nothing_is_known() -> None:
    """Behind its last whole line; and it is kept for the operator from now on."""
    torn = QUESTION + b'{"fact":"att'

    restored = as_restored(JobFile("ready", "name", torn, 1), NOW, 5.0)

    fact = b'{"fact":"restored","at":1763822100.0,"backup":5.0}\n'
    assert JobFile("failed", "name", QUESTION + fact, int(NOW)) == restored


@pytest.mark.parametrize("state", ["done", "failed"])
def test_what_had_ended_stays_as_it_is(state: str) -> None:
    """With its time, by which it is swept."""
    file = JobFile(state, "name", QUESTION, 1)

    assert file == as_restored(file, NOW, 5.0)
