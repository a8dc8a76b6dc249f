"""In the production setup: the pool indexes the folder, and its operator builds the index anew beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cocoai.documents.database import IndexUnavailable
from cocoai.documents.index_reader import IndexReader
from cocoai.documents.index_task import index_path, set_due
from cocoai.rehearsal.certificates import Certificates
from tests.deployment import Deployment, deploy
from tests.documents.team import FILES
from tests.processes import PATIENCE, wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of documents."""
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


@pytest.fixture
def deployment(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[Deployment]:
    """Start a pool that has these documents."""
    with deploy(tmp_path_factory.mktemp("d"), certificates, COCOAI_DOCUMENTS_FOLDER=str(folder)) as started:
        yield started


def typed(deployment: Deployment, folder: Path, *arguments: str) -> str:
    """Return what a command prints."""
    command, *more = arguments
    config = ["--config", str(deployment.var / "cocoai.ini")]
    environ = {**os.environ, "COCOAI_DOCUMENTS_FOLDER": str(folder)}
    typed = [sys.executable, "-m", "cocoai", command, *config, *more]
    return subprocess.run(typed, env=environ, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout


def indexed(deployment: Deployment) -> int:
    """Return how many documents are in the index; -1 while it cannot be read."""
    with suppress(IndexUnavailable):
        return IndexReader(index_path(str(deployment.var))).figures().documents
    return -1


def read_at(deployment: Deployment) -> set[float]:
    """Return when each document was read."""
    return {each.indexed_at for each in IndexReader(index_path(str(deployment.var))).documents()}


def test_the_index_is_built_anew_beside_the_running_pool(deployment: Deployment, folder: Path) -> None:
    """Questions are answered meanwhile, and the pool goes on with the new index; the status shows it."""
    set_due(str(deployment.var))
    wait_until(lambda: indexed(deployment) == 14)
    before = read_at(deployment)
    question = deployment.ask("What is the weather?")
    done = typed(deployment, folder, "documents", "reindex")
    deployment.answer_to(question)

    assert done.startswith("14 documents, 14 passages, in ")
    assert before.isdisjoint(read_at(deployment))
    (folder / "new.md").write_text("# A new one\n\nThat the pool finds by itself.\n")
    set_due(str(deployment.var))
    wait_until(lambda: indexed(deployment) == 15)
    status = json.loads(typed(deployment, folder, "status", "--json"))
    assert (15, "running") == (status["documents"]["figures"]["documents"], status["state"])
