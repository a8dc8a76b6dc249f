"""A team's folder of documents, settings that name it, and an operator who types commands about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cocoai import config
from cocoai.cli import main
from cocoai.document_sources import document_sources
from cocoai.documents.index_task import index_path
from cocoai.documents.indexing import index_slice
from cocoai.spool.file_spool import FileSpool

BOARD = "C0BOARD001"

FILES = {
    "hr/leave.md": "# 休暇\n\n有給休暇の申請は七日前までに。\n\n## 慶弔休暇\n\n慶弔休暇は五日です。\n",
    "hr/board/plan.txt": "取締役会の議事録。有給休暇の日数を増やす案。",
    "rooms.txt": "The large meeting room is booked at the front desk.",
    "empty.md": "",
    "picture.png": "no document",
    **{f"notes/{n}.txt": f"Note {n} says nothing of interest." for n in range(10)},
}
"""What few of them have in common tells them apart: so there are some notes beside."""

SETTINGS = f"""
[paths]
var = var
[documents]
folder = files
[readers]
hr/board = {BOARD}
"""


class Team:
    """The files below `folder`, and its operator. Of what a command prints `capsys` gets hold."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str] | None = None, text: str = SETTINGS) -> None:
        self._capsys = capsys
        self.files = folder / "files"
        for name, content in FILES.items():
            self.write(name, content)
        self.file = folder / "cocoai.ini"
        self.set(text)
        self.var = Path(self.settings.paths.var)
        for name in ("run", "locks"):
            (self.var / name).mkdir(parents=True, exist_ok=True)
        FileSpool(str(self.var)).make_folders()
        self.index = Path(index_path(str(self.var)))

    def set(self, text: str) -> None:
        """Write the settings, and read them."""
        self.file.write_text(text)
        self.file.chmod(0o600)
        self.settings = config.read(str(self.file), {}, secrets=False)

    def write(self, name: str, content: str) -> None:
        """Write a file of the folder."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def indexes(self) -> None:
        """Do slices, as the pool does, until all is indexed."""
        while index_slice(str(self.index), document_sources(self.settings)).is_more:
            pass

    def types(self, *arguments: str) -> str:
        """Return what `cocoai documents` prints, which succeeds."""
        code, out, err = self._run(*arguments)
        assert (0, "") == (code, err)
        return out

    def fails(self, *arguments: str) -> str:
        """Return the one line of `cocoai documents`, which fails."""
        code, out, err = self._run(*arguments)
        assert (1, "") == (code, out)
        assert 1 == err.count("\n"), err
        return err.removeprefix("cocoai: ").rstrip()

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        assert self._capsys is not None
        code = main(["documents", "--config", str(self.file), *arguments])
        out, err = self._capsys.readouterr()
        return code, out, err
