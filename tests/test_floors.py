"""The house stands as DESIGN section 2 draws it: who may import whom, file by file, read with `ast`.

A file imports from its own folder and from the floors below: never sideways to another room, and never up.
The inspector is tried on small made-up houses first, so that we know it can find something.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

HOUSE = Path(__file__).parent.parent

FLOORS: Mapping[str, float] = {
    "errors": 0,
    "engine": 1,
    "conversation": 1.5,
    "slack": 2,
    "chatgpt": 2,
    "words": 2,
    "ledger": 2,
    "webhook": 3,
    "answer": 3,
}
ROOF = ("app", "board", "cli", "__main__", "config", "status", "tune", "up", "warmup")
"""The roof's files may import each other. `cocoai.fcgi` is the chimney on it."""

BESIDE = "rehearsal"
"""It may import whatever is below the roof; only cli.py may import it."""

OUTSIDERS: Mapping[str, frozenset[str]] = {
    "flup": frozenset({"engine/records"}),
    "supervisor": frozenset({"up"}),
    "requests": frozenset({"engine/https", "engine/proxied", "rehearsal"}),
    "urllib3": frozenset({"engine/proxied"}),
    "certifi": frozenset({"engine/tls"}),
    "_typeshed": frozenset({"engine", "app"}),
}
"""What is neither ours nor Python's own, and the files or rooms that may import it.

urllib3 and certifi come with requests. `_typeshed` is for mypy only.
"""


@dataclass(frozen=True)
class Import:
    """`what` (dotted) is imported by the file `by` in that line."""

    by: str
    line: int
    what: str

    @property
    def importer(self) -> str:
        """The importing file below cocoai/, without its ending: `engine/pool`."""
        return self.by.removeprefix("cocoai/").removesuffix(".py")

    def __str__(self) -> str:
        return f"{self.by}:{self.line} imports {self.what}"


def imports(path: Path, house: Path) -> Iterator[Import]:
    """Every import in a file, wherever it stands in it, by its full name."""
    by = path.relative_to(house).as_posix()
    package = by.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), by)):
        if isinstance(node, ast.Import):
            yield from (Import(by, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            # `from cocoai import words` names a module; `from cocoai.words import HELP` may, or not: both are kept.
            yield from (Import(by, node.lineno, f"{origin}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call):
            yield from _imported_by_name(node, by)


def _imported_by_name(call: ast.Call, by: str) -> Iterator[Import]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("import_module", "__import__") and call.args and isinstance(call.args[0], ast.Constant):
        yield Import(by, call.lineno, str(call.args[0].value))


def room(module: str) -> str:
    """The room of a file below cocoai/ or of a dotted name below cocoai: `engine/pool` and `engine.pool` are engine."""
    return module.replace("/", ".").split(".")[0]


def judge(found: Import) -> str:
    """Why this import must not be; empty if it may."""
    top, _, inside = found.what.partition(".")
    if top != "cocoai":
        return _judge_outsider(found, top)
    if found.by == "cocoai.fcgi" or found.importer == "__init__" or room(inside) in ("", "__init__", "__version__"):
        return "" if found.importer != "__init__" else "cocoai/__init__.py imports nothing"
    return _judge_rooms(room(found.importer), room(inside))


def _judge_outsider(found: Import, top: str) -> str:
    if top in sys.stdlib_module_names:
        return ""
    allowed = OUTSIDERS.get(top, frozenset())
    if found.importer in allowed or room(found.importer) in allowed:
        return ""
    return f"only {', '.join(sorted(allowed))} may" if allowed else f"{top} is no requirement at run time"


def _judge_rooms(here: str, there: str) -> str:
    if there == BESIDE and here not in (BESIDE, "cli"):
        return "the rehearsal is imported by cli.py only"
    if there in ROOF and here not in ROOF:
        return "the roof is seen by nobody below it"
    if here in ROOF or here in (there, BESIDE):
        return ""
    if here not in FLOORS or there not in FLOORS:
        return f"{here if here not in FLOORS else there} has no floor: DESIGN section 2 does not know it"
    if FLOORS[there] > FLOORS[here]:
        return f"{here} is below {there}"
    if FLOORS[there] == FLOORS[here]:
        return f"{here} and {there} are rooms of one floor"
    return ""


def faults(house: Path) -> list[str]:
    """Every import that must not be, with its file, its line and the reason."""
    files = [*sorted((house / "cocoai").rglob("*.py")), *house.glob("cocoai.fcgi")]
    return [f"{found}: {why}" for path in files for found in imports(path, house) if (why := judge(found))]


def test_the_house_stands() -> None:
    """No file of ours imports what it must not know."""
    assert [] == faults(HOUSE)


def test_every_floor_and_every_file_of_the_roof_is_known() -> None:
    """A new room has to be given its floor here."""
    files = [path.relative_to(HOUSE / "cocoai").with_suffix("").as_posix() for path in HOUSE.glob("cocoai/**/*.py")]
    rooms = set(map(room, files))

    assert set() == rooms - {*FLOORS, *ROOF, BESIDE, "__init__"}


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        pytest.param("chatgpt/chat.py", "from cocoai.slack import chat", "rooms of one floor", id="chatgpt-slack"),
        pytest.param("slack/api/chat.py", "import cocoai.chatgpt.chat", "rooms of one floor", id="slack-chatgpt"),
        pytest.param("slack/api/chat.py", "from cocoai import words", "rooms of one floor", id="slack-words"),
        pytest.param("webhook.py", "from cocoai.answer import Answer", "rooms of one floor", id="webhook-answer"),
        pytest.param("answer.py", "from cocoai import webhook", "rooms of one floor", id="answer-webhook"),
        pytest.param("engine/pool/master.py", "from cocoai.conversation import Turn", "engine is below", id="engine-up"),
        pytest.param("engine/pool/master.py", "def f():\n    import cocoai.answer", "engine is below", id="in-a-function"),
        pytest.param("engine/pool/master.py", "from ..slack import chat", "engine is below slack", id="relative"),
        pytest.param("errors.py", "import cocoai.spool.disk", "errors is below engine", id="ground-up"),
        pytest.param("conversation.py", "from cocoai.words import HELP", "conversation is below", id="half-floor-up"),
        pytest.param("answer.py", "from cocoai.config import Settings", "seen by nobody below", id="config"),
        pytest.param("slack/api/chat.py", "from cocoai import cli", "seen by nobody below", id="cli"),
        pytest.param("rehearsal/stage.py", "from cocoai.up import Up", "seen by nobody below", id="beside-the-roof"),
        pytest.param("app.py", "from cocoai.rehearsal import stage", "by cli.py only", id="rehearsal"),
        pytest.param("answer.py", "import_module('cocoai.rehearsal.stage')", "by cli.py only", id="by-name"),
        pytest.param("engine/pool/master.py", "import flup.server", "only engine/records may", id="flup"),
        pytest.param("answer.py", "import requests", "only engine/https, engine/proxied, rehearsal may", id="requests"),
        pytest.param("slack/api/chat.py", "import slack_sdk", "is no requirement", id="not-required"),
        pytest.param("cellar.py", "from cocoai import errors", "cellar has no floor", id="unknown-room"),
        pytest.param("__init__.py", "from cocoai import app", "imports nothing", id="init"),
    ],
)
def test_a_forbidden_import_is_found_where_it_stands(tmp_path: Path, file: str, text: str, fault: str) -> None:
    """The inspector names the file, the line and the reason."""
    _build(tmp_path, file, f"'''A made-up file.'''\n\n{text}\n")

    found = faults(tmp_path)

    assert 1 == len(found)
    assert found[0].startswith(f"cocoai/{file}:{3 + text.count(chr(10))} imports ")
    assert fault in found[0]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("engine/pool/master.py", "import os, asyncio.events\nfrom cocoai.engine import background\nfrom . import spool"),
        ("engine/web/fastcgi.py", "from flup.server import fcgi_base"),
        ("engine/client/proxied.py", "import requests\nimport urllib3"),
        ("slack/api/chat.py", "from cocoai.errors import Refused\nfrom cocoai.engine.client.https import new_session"),
        ("chatgpt/chat.py", "from cocoai.conversation import Turn\nfrom cocoai import __version__\nimport http.client"),
        ("answer.py", "from cocoai import words\nfrom cocoai.slack.api.chat import SlackChat\nimport cocoai.chatgpt.chat"),
        ("app.py", "from cocoai import config, answer, webhook"),
        ("cli.py", "from cocoai.rehearsal import stage\nfrom cocoai.spool.spool import Spool\nimport cocoai"),
        ("rehearsal/stage.py", "from cocoai.spool.job import Key\nfrom cocoai.rehearsal import slack"),
        ("up.py", "from supervisor.xmlrpc import SupervisorTransport"),
    ],
)
def test_what_is_allowed_is_not_blamed(tmp_path: Path, file: str, text: str) -> None:
    """A house that is built right has no faults."""
    _build(tmp_path, file, text)

    assert [] == faults(tmp_path)


def test_the_chimney_sees_the_roof(tmp_path: Path) -> None:
    """cocoai.fcgi is read too; it may import the roof, but no package that is not required."""
    (tmp_path / "cocoai.fcgi").write_text("from cocoai import app, config\nimport flup\n")

    assert ["cocoai.fcgi:2 imports flup: only engine/records may"] == faults(tmp_path)


def _build(house: Path, file: str, text: str) -> None:
    path = house / "cocoai" / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
