"""The pool keeps its index of documents where there are any, and nothing of it where there are none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cocoai.config import read
from cocoai.document_sources import document_sources
from cocoai.document_tasks import document_tasks
from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import FOLDER
from cocoai.documents.index_task import index_lock_path, index_path
from cocoai.engine.process import locks
from tests.documents.made_sources import indexed
from tests.processes import PATIENCE, is_held, wait_until
from tests.test_config import SECRETS, write
from tests.test_one_pool import Pools

ROOT = Path(__file__).parent.parent

IMPORTED = """
import sys
from cocoai import app, config
settings = config.read(sys.argv[1], {})
app.build(settings)
print(*sorted(name for name in sys.modules if name.startswith("cocoai.document")))
"""


def imported(folder: Path, settings: str) -> list[str]:
    """Return the modules about documents that the pool's master imports, beside those of the settings."""
    pools = Pools(folder)
    with (folder / "cocoai.ini").open("a") as file:
        file.write(settings)
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, "cocoai.ini"],
        cwd=folder,
        env=pools.environ(),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return done.stdout.split()


def test_the_master_imports_nothing_that_is_off(tmp_path: Path) -> None:
    """And no reader, nor what writes the index, where documents are on."""
    off, on = tmp_path / "off", tmp_path / "on"
    off.mkdir()
    on.mkdir()

    of_settings = [
        "cocoai.document_events",  # which imports more only where there are channels
        "cocoai.document_tasks",
        "cocoai.documents",
        "cocoai.documents.access",
        "cocoai.documents.document",
    ]
    assert of_settings == imported(off, "")
    with_task = set(imported(on, f"[documents]\nfolder = {tmp_path}\n")) - set(of_settings)
    assert "cocoai.documents.index_task" in with_task
    assert not [
        name for name in with_task if name.startswith(("cocoai.documents.readers", "cocoai.documents.indexing"))
    ]


def test_the_settings_name_the_sources(tmp_path: Path) -> None:
    """Each is there where it is switched on."""
    assert [] == document_sources(read(None, SECRETS))
    settings = read(write(tmp_path / "c.ini", "[documents]\nfolder = texts\n"), SECRETS)
    assert [FOLDER] == [source.name for source in document_sources(settings)]


def test_an_index_goes_with_the_settings_that_made_it(tmp_path: Path) -> None:
    """Switched off, the texts of documents stay in no file, not even in a killed writer's journal."""
    settings = read(write(tmp_path / "c.ini", f"[paths]\nvar = {tmp_path}\n"), SECRETS)
    (tmp_path / "locks").mkdir()
    index = Path(index_path(str(tmp_path)))
    [task] = document_tasks(settings)
    assert not task.is_due()
    for path in (index, Path(f"{index}-journal")):
        path.write_text("text")
    assert task.is_due()
    writing = locks.take(index_lock_path(str(tmp_path)))
    assert writing
    task.run()
    assert index.exists()
    writing.release()
    task.run()

    assert ["c.ini", "locks"] == sorted(os.listdir(tmp_path))


def test_a_pool_indexes_its_folder(short_folder: Callable[[], Path]) -> None:
    """A process of its own does it, soon after the start, and ends."""
    pools = Pools(short_folder())
    docs, var = pools.folder / "docs", pools.lock.parent.parent
    docs.mkdir()
    (docs / "vpn.md").write_text("# VPN\nuse it")
    with (pools.folder / "cocoai.ini").open("a") as file:
        file.write("[documents]\nfolder = docs\n")

    def texts() -> dict[str, str]:
        try:
            return indexed(index_path(str(var)))
        except IndexUnavailable:
            return {}

    try:
        pools.start()
        wait_until(lambda: texts() == {"vpn.md": "use it"})
        wait_until(lambda: not is_held(Path(index_lock_path(str(var)))))
    finally:
        pools.end()
