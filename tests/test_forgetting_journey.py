"""In the production setup: what was asked is kept and found, and forgotten by a word, down to the logs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cocoai.documents.database import IndexUnavailable
from cocoai.documents.document import HISTORY
from cocoai.documents.index_reader import IndexReader
from cocoai.documents.index_task import index_path, set_due
from cocoai.rehearsal.certificates import Certificates
from cocoai.texts import JAPANESE
from tests.deployment import Deployment, deploy
from tests.processes import wait_until

SECRET = "桃色の象の話"
FORMS = [SECRET.encode(), json.dumps(SECRET)[1:-1].encode(), b" ".join(SECRET[at : at + 2].encode() for at in range(3))]


@pytest.fixture
def deployment(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[Deployment]:
    with deploy(tmp_path_factory.mktemp("f"), certificates, COCOAI_HISTORY_KEEP_DAYS="90") as started:
        yield started


def indexed(var: Path) -> list[str]:
    """Return the names of the exchanges in the index."""
    try:
        documents = IndexReader(index_path(str(var))).documents()
    except IndexUnavailable:
        return []
    return [each.document.name for each in documents if each.document.source == HISTORY]


def places(var: Path) -> list[str]:
    """Return the files in which the words stand."""
    files = [path for path in var.rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(var)) for path in files if any(form in path.read_bytes() for form in FORMS))


def test_what_was_indexed_is_forgotten_while_the_pool_works(deployment: Deployment) -> None:
    """By the asker, and what another one asks by the operator; no file of `var` has the words, no log either."""
    first = deployment.ask(SECRET)
    deployment.answer_to(first)
    other = deployment.slack.say("U0ASKER02", f"<@U0COCOAI> {SECRET}")
    deployment.answer_to(other)
    wait_until(lambda: not deployment.spool.keys("ready"))
    set_due(str(deployment.var))
    wait_until(lambda: 2 == len(indexed(deployment.var)))
    assert {"history.sqlite3", "documents.sqlite3"} < set(places(deployment.var))

    said = JAPANESE.forgotten["thread"].format(n=1)
    word = deployment.ask("忘れて", thread_ts=first.ts)
    wait_until(lambda: any(said in each.text for each in deployment.replies(word)))

    assert [f"{other.channel}-{other.ts}-{other.ts}"] == indexed(deployment.var)
    command = [sys.executable, "-m", "cocoai", "forget", "--person", "U0ASKER02"]
    command += ["--config", str(deployment.var / "cocoai.ini")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert "history: 1 questions with their answers deleted" in printed
    assert [] == indexed(deployment.var) == places(deployment.var)
