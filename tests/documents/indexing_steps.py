"""`python -m tests.documents.indexing_steps FOLDER`: change an index step by step, for strace; see test_index_power."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from bench.ledger_power.paying import ACKS
from cocoai.documents import database
from cocoai.documents.document import FOLDER, DocumentSection
from cocoai.documents.index import DocumentIndex
from tests.documents.indexes import document

SECRET = "極秘計画"


def _put(name: str, text: str, version: str = "1") -> Callable[[DocumentIndex], object]:
    return lambda index: index.put(document(name, version), [DocumentSection("見出し", text)])


def _put_two(index: DocumentIndex) -> None:
    with index.batch():
        _put("c.md", "会議室の鍵 " * 90)(index)
        _put("d.md", "健康診断 " * 90)(index)


def _note_problem(index: DocumentIndex) -> None:
    index.note_problem(document("e.pdf"), "broken")


STEPS: tuple[tuple[Callable[[DocumentIndex], object], dict[str, str]], ...] = (
    (_put("a.md", "駐車場 " * 90), {"a.md": "1"}),
    (_put("b.md", f"{SECRET} zebraword " * 90), {"a.md": "1", "b.md": "1"}),
    (_put_two, {"a.md": "1", "b.md": "1", "c.md": "1", "d.md": "1"}),
    (_put("a.md", "有休申請 " * 90, "2"), {"a.md": "2", "b.md": "1", "c.md": "1", "d.md": "1"}),
    (lambda index: index.remove(FOLDER, ["b.md"]), {"a.md": "2", "c.md": "1", "d.md": "1"}),
    (DocumentIndex.optimize, {"a.md": "2", "c.md": "1", "d.md": "1"}),
    (_note_problem, {"a.md": "2", "c.md": "1", "d.md": "1", "e.pdf": "1"}),
)
"""What is done, and the versions of the documents that are there after it."""

FORGOTTEN = 6
"""After so many steps no byte of SECRET is left."""


def change(folder: str) -> None:
    """Do all steps, and acknowledge each."""
    acks = os.open(os.path.join(folder, ACKS), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for step, _ in STEPS:
        with DocumentIndex(os.path.join(folder, database.FILE)) as index:
            step(index)
        os.write(acks, b"done\n")


if __name__ == "__main__":
    change(sys.argv[1])
