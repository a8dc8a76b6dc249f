"""A var that real code has filled, for tests of backups."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from cocoai import config
from cocoai.app import build
from cocoai.chatgpt.chunk import Usage
from cocoai.documents.document import HISTORY_FILE
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import Exchange
from cocoai.ledger import database
from cocoai.ledger.charge import Bill, PaidCall, Payer
from cocoai.slack.api.identity_cache import IdentityCache
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from tests.books import books
from tests.ledger.charges import charge
from tests.options import US
from tests.status.samples import settings_in

ANSWERED, FAILED, HALF, WAITING = (Key("C0PRACTICE", f"{n}.000100", f"{n}.000100") for n in range(1, 5))
"""A job in done/, one in failed/, one that has an answer and is not delivered, and one that nobody has claimed."""


@dataclass(frozen=True)
class Machine:
    """A folder with settings and a var; `var` holds what CocoAI keeps."""

    folder: Path
    settings: config.Settings

    @property
    def var(self) -> Path:
        """Return the folder of what is kept."""
        return Path(self.settings.paths.var)

    @property
    def spool(self) -> FileSpool:
        """Return the spool, opened anew."""
        return FileSpool(str(self.var))

    @property
    def ledger(self) -> str:
        """Return the path of the ledger."""
        return str(self.var / database.FILE)

    @property
    def history(self) -> FileHistory:
        """Return the history, opened anew."""
        return FileHistory(str(self.var / HISTORY_FILE))

    def tree(self, *parts: str) -> dict[str, bytes]:
        """Return the bytes of every file below these parts of var; below var itself by default."""
        found = {}
        for part in parts or (".",):
            for path in [self.var / part, *(self.var / part).rglob("*")]:
                if path.is_file():
                    found[path.relative_to(self.var).as_posix()] = path.read_bytes()
        return found


def empty_machine(folder: Path) -> Machine:
    """Return a machine that has settings, and no var yet."""
    folder.mkdir(exist_ok=True)
    return Machine(folder, settings_in(folder))


def machine_in(folder: Path) -> Machine:
    """Return a machine whose var the product's own code has filled."""
    machine = empty_machine(folder)
    build(machine.settings)
    var, spool = machine.var, machine.spool
    for key in (ANSWERED, FAILED, HALF, WAITING):
        spool.put(key, {"kind": "mention", "text": "Why?", "client_msg_id": f"a-{key.ts}"})
    for end in (spool.finish, lambda job: spool.fail(job, "test")):
        job = spool.claim()
        assert job is not None
        job.record("answer", text="Because.")
        end(job)
    call = PaidCall(str(HALF), 1, Payer("T1", "C0PRACTICE", "U1"), "chat", "gpt-6-luna", 500, "{}")
    number = books(var).ledger.hold(call)
    job = spool.claim()
    assert job is not None
    job.record("asked", n=1, call=number)
    job.record("answer", text="Because.", call=number, bill=Bill(123, "priced").as_fact())
    job.release()
    charge(machine.ledger, key=str(ANSWERED), spent=77)
    place = (ANSWERED.channel, ANSWERED.thread_ts, "U1")
    machine.history.keep([Exchange(str(ANSWERED), str(ANSWERED), *place, 1, "en", "Why?", "Because.")], [str(ANSWERED)])
    (var / "documents.sqlite3").write_bytes(b"an index, which is made anew")
    UserNames(str(var / "people"), lambda _: "Ann").name("U024BE7LH")
    IdentityCache(str(var / "identity.json"), lambda: US, "token").refresh()
    books(var).ratio.learn("gpt-6-luna", 100, Usage(200, 0, 0, 10, 0))
    return machine


def names_in(path: str | Path) -> list[str]:
    """Return the names in an archive, in their order."""
    with tarfile.open(path) as archive:
        return archive.getnames()


def contents(path: str | Path) -> dict[str, bytes]:
    """Return the files in an archive."""
    with tarfile.open(path) as archive:
        return {each.name: file.read() for each in archive if (file := archive.extractfile(each)) is not None}


def packed(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    """Return an archive with these members: their headers alone, or files by name."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return raw.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """Return the header of a member that is no plain file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info
