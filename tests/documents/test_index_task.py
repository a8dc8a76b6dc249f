"""index_task.py: the process that indexes, killed at every step and at random: nothing is lost, held or left."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from cocoai.documents import indexing
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.folder import FolderSource
from cocoai.documents.index_task import (
    IF_KILLED,
    INDEX_PROCESS,
    LONGEST_PAUSE,
    IndexTask,
    index_lock_path,
    index_path,
    is_due,
    set_due,
)
from cocoai.documents.readers import apart
from cocoai.documents.source import DocumentSource
from cocoai.engine.process import fork, locks
from tests.documents.made_files import pdf
from tests.documents.made_sources import MadeSource, indexed
from tests.processes import is_held, wait_until


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """Return a `var` with its folders."""
    for folder in ("run", "locks"):
        (tmp_path / "var" / folder).mkdir(parents=True)
    return tmp_path / "var"


def task_of(var: Path, *sources: DocumentSource) -> IndexTask:
    """Return the task for these sources."""
    return IndexTask(str(var), lambda: sources)


def folder_task(var: Path, folder: Path) -> IndexTask:
    """Return the task for a folder."""
    return task_of(var, FolderSource(str(folder), str(var / "run" / "folder.json")))


def run(task: IndexTask, before: Callable[[], object] = lambda: None, *, detach: bool = False) -> int:
    """Do a slice in a process of its own; return how it ended, as os.waitpid() does.

    With `detach` as the pool does: with nice value 19, which beside other tests takes minutes for many slices.
    """

    def index() -> None:
        before()
        task.index()

    return os.waitpid(fork.fork(index, name=INDEX_PROCESS, detach=detach), 0)[1]


def finish(task: IndexTask, var: Path) -> None:
    """Do slices until the next one is not due soon."""
    for _ in range(50):
        assert 0 == run(task)
        if os.stat(var / "run" / "index.due").st_mtime > time.time() + 50:
            return
    pytest.fail("slices come to no end")


def test_the_master_sees_by_one_time_when_a_slice_is_due(var: Path) -> None:
    """At the first start at once; then when its time has come, or if it is too far ahead for this clock."""
    now = time.time()
    assert is_due(str(var), now)
    set_due(str(var), 100.0)
    assert not is_due(str(var), now + 99.0)
    assert is_due(str(var), now + 101.5)
    assert is_due(str(var), now + 100.0 - LONGEST_PAUSE - 10.0)
    set_due(str(var))
    assert is_due(str(var), time.time() + 0.1)
    assert not IndexTask(str(var), list, clock=lambda: time.time() - 10.0).is_wanted()
    assert IndexTask(str(var), list, clock=lambda: time.time() + 1.0).is_wanted()


def test_the_process_does_a_slice_and_says_when_the_next_is_due(var: Path, tmp_path: Path) -> None:
    """Nobody waits for it, and no dead process stays."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("text")
    task = folder_task(var, tmp_path / "docs")

    def like_a_job_process() -> None:
        task.run()
        wait_until(lambda: indexed_or_none(var) == {"a.md": "text"})
        wait_until(lambda: not is_held(Path(index_lock_path(str(var)))))
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, 0)

    pid = fork.fork(like_a_job_process, name="test")
    assert 0 == os.waitpid(pid, 0)[1]
    assert not task.is_wanted()


def test_the_process_stands_back_and_has_a_name(var: Path) -> None:
    """It has nice value 19, its own name, and an end that the kernel sees to."""
    seen = var / "seen"

    class Looking(MadeSource):
        def listed(self) -> dict[str, Any]:
            with open("/proc/self/comm") as file:
                name = file.read().strip()
            timer = signal.getitimer(signal.ITIMER_REAL)[0]
            seen.write_text(f"{name} {os.getpriority(os.PRIO_PROCESS, 0)} {0 < timer <= 900}")
            return {}

    assert 0 == run(task_of(var, Looking()), detach=True)
    assert f"{INDEX_PROCESS} 19 True" == seen.read_text()


def test_while_somebody_else_writes_nothing_is_done(var: Path) -> None:
    """The lock is not waited for; the next look is as soon."""
    source = MadeSource({"a": "text"})
    lock = locks.take(index_lock_path(str(var)))
    assert lock
    assert 0 == run(task_of(var, source))
    assert not os.path.exists(index_path(str(var)))
    assert task_of(var, source).is_wanted()
    lock.release()
    assert 0 == run(task_of(var, source))
    assert {"a": "text"} == indexed_or_none(var)


def test_what_changes_during_a_slice_is_looked_at_behind_it(var: Path) -> None:
    """A worker that hears of a change cannot know whether the slice has seen it."""

    class Changing(MadeSource):
        def listed(self) -> dict[str, Any]:
            set_due(str(var), 2.0)
            return dict(super().listed())

    assert 0 == run(task_of(var, Changing({"a": "text"})))
    assert is_due(str(var), time.time() + 3.0)
    assert 0 == run(task_of(var, MadeSource({"a": "text"})))
    assert not is_due(str(var), time.time() + 3.0)


def test_a_slice_that_is_killed_is_begun_again_after_a_minute(var: Path) -> None:
    """Not at once: what kills it may do so again."""

    class Killing(MadeSource):
        def listed(self) -> dict[str, Any]:
            os.kill(os.getpid(), signal.SIGKILL)
            return {}

    assert signal.SIGKILL == run(task_of(var, Killing()))
    assert not is_due(str(var), time.time() + IF_KILLED - 5.0)
    assert is_due(str(var), time.time() + IF_KILLED + 1.0)
    assert not is_held(Path(index_lock_path(str(var))))


def test_a_killed_slice_leaves_its_reader_without_the_lock(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader of a heavy file ends by itself, and keeps nobody from writing meanwhile."""
    docs, pids = tmp_path / "docs", tmp_path / "pids"
    docs.mkdir()
    (docs / "a.pdf").write_bytes(pdf("text"))

    def hang(*_: object) -> None:
        pids.write_text(f"{os.getpid()} {os.getppid()}")
        time.sleep(600)

    with monkeypatch.context() as patch:
        patch.setattr(apart, "_bound", lambda *_: None)  # it would write no file
        patch.setattr(apart, "read_document", hang)
        pid = fork.fork(folder_task(var, docs).index, name=INDEX_PROCESS)
        wait_until(lambda: pids.exists() and pids.read_text())
        assert is_held(Path(index_lock_path(str(var))))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    reader = int(pids.read_text().split()[0])
    try:
        with open(f"/proc/{reader}/comm") as file:
            assert "cocoai-reader" == file.read().strip()
        assert not is_held(Path(index_lock_path(str(var))))
        finish(folder_task(var, docs), var)
        assert {"a.pdf": "text"} == indexed_or_none(var)
    finally:
        os.kill(reader, signal.SIGKILL)


def indexed_or_none(var: Path) -> dict[str, str] | None:
    """Return what indexed() does; None while the index cannot be used."""
    try:
        return indexed(index_path(str(var)))
    except IndexUnavailable:
        return None


OLD = {"same.md": "same", "edited.md": "before", "gone.md": "gone", "bad.md": "good"}
NEW = {"same.md": "same", "edited.md": "after", "new.md": "new", "bad.md": "\0" * 50}
RESULT = NEW | {"bad.md": "[no_text]"}


def write(docs: Path, texts: dict[str, str]) -> None:
    """Make these texts the files of a folder; leave those alone that are the same."""
    docs.mkdir(exist_ok=True)
    for path in docs.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        if not (docs / name).exists() or (docs / name).read_text() != text:
            (docs / name).write_text(text)


STEPS = frozenset(
    ("execute", "close", "connect", "flock", "utime", "rename", "unlink", "open", "stat", "scandir", "read")
)
"""The calls before which the process is killed: what reads and writes files, in Python's own names."""


assert indexing  # imported here, so that no child has to: the steps of an import are none of a slice


def killed_at(step: int) -> Callable[[], None]:
    """Return what lets a process kill itself before that one of its STEPS, counted from 1."""

    def watch() -> None:
        left = step

        def on_call(_frame: FrameType, event: str, function: Any) -> None:
            nonlocal left
            if event == "c_call" and function.__name__ in STEPS:
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(on_call)

    return watch


def test_a_slice_may_be_killed_at_every_step(var: Path, tmp_path: Path) -> None:
    """Then each document is old, new or away, the lock is free, and the next slice comes to the end."""
    docs, saved = tmp_path / "docs", tmp_path / "saved"
    write(docs, OLD)
    task = folder_task(var, docs)
    finish(task, var)
    assert OLD == indexed_or_none(var)
    write(docs, NEW)
    shutil.copytree(var, saved)
    index = Path(index_path(str(var)))
    steps, status = 0, -1
    while status:
        steps += 1
        shutil.rmtree(var)
        shutil.copytree(saved, var)
        status = run(task, killed_at(steps))
        assert status in (0, signal.SIGKILL)
        assert not is_held(Path(index_lock_path(str(var))))
        seen = indexed_or_none(var)  # a reader heals nothing, but a hot journal makes it wait in vain: then None
        for name, text in (seen or {}).items():
            assert text in (OLD.get(name), RESULT.get(name)), f"step {steps}"
        if status and steps % 4 == 0:  # the others are slices like these
            finish(task, var)
            assert indexed_or_none(var) == RESULT, f"step {steps}"
            assert b"gone" not in index.read_bytes()
    assert RESULT == indexed_or_none(var)
    assert steps > 60


def test_slices_that_are_killed_at_random_come_to_the_end(var: Path, tmp_path: Path) -> None:
    """While answers search: they find whole documents or hear that there are none; at last all are there."""
    docs, chance = tmp_path / "docs", random.Random(19)
    texts = {f"{number}.md": f"{number} " + "words of a text " * 40 for number in range(300)}
    write(docs, texts)
    was = {name: [text.split()] for name, text in texts.items()}
    task, kills, longest = folder_task(var, docs), 0, 0.1
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()  # a browser of other tests
    for round_ in range(290):
        pid = fork.fork(task.index, name=INDEX_PROCESS, detach=False)
        end = time.monotonic() + chance.uniform(0.0, longest)
        while time.monotonic() < end:
            for name, text in (indexed_or_none(var) or {}).items():
                # Between two looks the index may have been made anew: then there is no text.
                assert not text or text.split() in was[name]
        os.kill(pid, signal.SIGKILL)
        is_killed = os.waitpid(pid, 0)[1] == signal.SIGKILL
        kills += is_killed
        longest *= 1.0 if is_killed else 0.8  # it came to its end: this machine is quicker
        if round_ % 5 == 4:
            del texts[f"{round_}.md"]
            texts[f"{round_ + 1}.md"] = f"edited {round_}"
            was[f"{round_ + 1}.md"].append(["edited", str(round_)])
            write(docs, texts)
        if kills == 12:
            break
    assert 12 == kills
    finish(task, var)
    found = indexed_or_none(var)
    assert found is not None
    assert {name: text.split() for name, text in texts.items()} == {name: text.split() for name, text in found.items()}
    assert not is_held(Path(index_lock_path(str(var))))
    assert before == children.read_text()
