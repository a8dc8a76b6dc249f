"""Who may import whom: the rooms of docs/design.md, file by file, read with `ast`.

A file imports from its own room and from the rooms that its row names. No file imports itself by way of others.
The checker is tried on small made-up trees first, so that we know it can find something.
"""

from __future__ import annotations

import ast
import sys
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ROOT = Path(__file__).parent.parent

PLAIN = ("errors", "json_values", "slack_ids")
"""Plain files that import nothing of ours."""

ROOMS: Mapping[str, tuple[str, ...]] = {
    "errors": (),
    "json_values": (),
    "slack_ids": (),
    "decoding": (),
    "output": ("errors",),
    "interruption": (),
    "texts": (),
    "engine/process": ("errors",),
    "engine/web": ("engine/process", "errors"),
    "engine/pool": ("engine/process", "errors"),
    "engine/client": ("engine/process", "errors"),
    "engine/mariadb": (),
    "spool": ("engine/process", *PLAIN),
    "spool/mariadb": ("spool", "engine/mariadb", "engine/process", *PLAIN),
    "conversation": ("errors",),
    "slack/markdown": ("errors",),
    "slack/model": ("slack/markdown", "spool", *PLAIN),
    "slack/inbound": ("slack/model", "spool", *PLAIN),
    "slack/thread": ("slack/model", "slack/markdown", "conversation", "spool", "engine/process", *PLAIN),
    "slack/api": (
        "slack/model",
        "slack/markdown",
        "conversation",
        "spool",
        "engine/client",
        "engine/process",
        "decoding",
        *PLAIN,
    ),
    "chatgpt": ("conversation", "engine/client", "engine/process", "json_values", "errors"),
    "ledger": ("engine/client", "engine/mariadb", "engine/process", "errors"),
    "drawing": ("ledger", "errors"),
    "documents": ("engine/mariadb", "engine/process", "decoding", *PLAIN),
    "forgetting": ("documents", "spool", "engine/process", "errors"),
    "troubles": ("slack/api", "engine/process", "errors"),
    "inbox": ("spool", "engine/web", "engine/process", "errors"),
    "clicked_question": ("slack/model", "spool"),
    "webhook": (
        "engine/web",
        "engine/process",
        "slack/inbound",
        "slack/model",
        "spool",
        "troubles",
        "errors",
    ),
    "interactions": (
        "webhook",
        "clicked_question",
        "engine/web",
        "engine/process",
        "slack/inbound",
        "slack/model",
        "spool",
        "troubles",
        "errors",
    ),
    "slash_commands": ("webhook", "engine/web", "slack/model", "spool"),
    "answer": (
        "forgetting",
        "chatgpt",
        "slack",
        "ledger",
        "documents",
        "conversation",
        "spool",
        "texts",
        "troubles",
        "engine/process",
        "errors",
    ),
}
"""Each room, and the rooms that it may import; `slack` stands for all of its rooms."""

TOP = (
    "answer_settings",
    "app",
    "ask_forms",
    "backup",
    "check",
    "connections",
    "cli",
    "__main__",
    "config",
    "document_events",
    "document_sources",
    "document_tasks",
    "documents_command",
    "healthz",
    "install",
    "kept_answers",
    "last_check",
    "slack_documents",
    "slack_handlers",
    "spool_command",
    "status",
    "store",
    "stores",
    "tune",
    "up",
    "usage",
    "version",
    "warmup",
)
"""What joins the rooms: these may import all of them, and each other. `cocoai.fcgi` imports these."""

BESIDE = "rehearsal"
REHEARSAL_IMPORTERS = (BESIDE, "cli", "tune")
"""The rehearsal may import every room of ROOMS; only cli.py and tune/, which measures one, may import it."""

FOREIGN = ("slack", "openai", "chatgpt", "answer", "question", "placeholder", "usher", "thread_ts", "mention")
"""What the engine must not know, not even by name: its application. Looked for in code, texts and comments."""

OUTSIDERS: Mapping[str, frozenset[str]] = {
    "flup": frozenset({"engine/web/fastcgi"}),
    "supervisor": frozenset({"up"}),
    "requests": frozenset({"engine/client/proxied", "rehearsal"}),
    "urllib3": frozenset({"engine/client/proxied"}),
    "certifi": frozenset({"engine/client/tls"}),
    "pypdf": frozenset({"documents/readers/pdf"}),
    "pymysql": frozenset({"engine/mariadb/session"}),
    "docx": frozenset({"documents/readers/word"}),
    "openpyxl": frozenset({"documents/readers/excel"}),
    "pptx": frozenset({"documents/readers/powerpoint"}),
}
"""What is neither ours nor Python's own, and the files or rooms that may import it.

urllib3 and certifi come with requests.
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


def imports(path: Path, root: Path) -> Iterator[Import]:
    """Every import in a file, wherever it stands in it, by its full name."""
    by = path.relative_to(root).as_posix()
    package = by.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), by)):
        if isinstance(node, ast.Import):
            yield from (Import(by, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            # `from cocoai import texts` names a module; `from cocoai.texts import HELP` may, or not: both are kept.
            yield from (Import(by, node.lineno, f"{origin}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call):
            yield from _imported_by_name(node, by)


def _imported_by_name(call: ast.Call, by: str) -> Iterator[Import]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in ("import_module", "__import__") and call.args and isinstance(call.args[0], ast.Constant):
        yield Import(by, call.lineno, str(call.args[0].value))


def room(module: str) -> str:
    """Return the room of a file below cocoai/ or of a dotted name below cocoai.

    It is `engine/pool` for `engine/pool/master` and for `engine.pool.master`, and `app` for `app`.
    """
    parts = module.replace("/", ".").split(".")
    return "/".join(parts[:2]) if parts[0] in ("engine", "slack") or "/".join(parts[:2]) in ROOMS else parts[0]


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
    if there == BESIDE and here not in REHEARSAL_IMPORTERS:
        return "the rehearsal is imported by cli.py and tune/ only"
    if there in TOP and here not in TOP:
        return "the top is imported by no room"
    if here in TOP or here in (there, BESIDE):
        return ""
    if here not in ROOMS or there not in ROOMS:
        return f"{here if here not in ROOMS else there} is no room of the table"
    if there not in ROOMS[here] and there.split("/")[0] not in ROOMS[here]:
        return f"{here} may not import {there}"
    return ""


def faults(root: Path) -> list[str]:
    """Every import that must not be, with its file, its line and the reason."""
    files = [*sorted((root / "cocoai").rglob("*.py")), *root.glob("cocoai.fcgi")]
    return [f"{found}: {why}" for path in files for found in imports(path, root) if (why := judge(found))]


def circle(root: Path) -> list[str]:
    """Return the files of one import circle, imports inside functions included; empty if there is none."""
    files = {path.relative_to(root).as_posix(): path for path in sorted((root / "cocoai").rglob("*.py"))}
    arrows = {name: _imported_files(path, root, files) for name, path in files.items()}
    done: set[str] = set()

    def follow(name: str, way: list[str]) -> list[str]:
        if name in way:
            return way[way.index(name) :]
        if name in done:
            return []
        for there in sorted(arrows[name]):
            if found := follow(there, [*way, name]):
                return found
        done.add(name)
        return []

    return next(filter(None, (follow(name, []) for name in files)), [])


def _imported_files(path: Path, root: Path, files: Mapping[str, Path]) -> set[str]:
    found = set()
    for each in imports(path, root):
        name = each.what.replace(".", "/")
        # `from cocoai.engine import web` names a module; `from cocoai.errors import Refused` a thing in one.
        for candidate in (f"{name}.py", f"{name}/__init__.py", f"{name.rpartition('/')[0]}.py"):
            if candidate in files:
                found.add(candidate)
                break
    return found


def foreign_words(root: Path) -> list[str]:
    """Return each place in the engine where a token has a word of FOREIGN, as `file:line word`."""
    found = []
    for path in sorted((root / "cocoai" / "engine").rglob("*.py")):
        file = path.relative_to(root).as_posix()
        with path.open("rb") as source:
            tokens = list(tokenize.tokenize(source.readline))
        found += [f"{file}:{at.start[0]} {word}" for at in tokens for word in FOREIGN if word in at.string.lower()]
    return found


def test_the_engine_does_not_know_its_application_by_name() -> None:
    """No identifier, text or comment of the engine has a word that only means something to CocoAI."""
    assert [] == foreign_words(ROOT)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("slack_row = 1", "slack"),
        ("x = 'a Question'", "question"),
        ("x = f'{1} answers'", "answer"),
        ("x = 1  # OpenAI", "openai"),
        ('"""A placeholder."""', "placeholder"),
    ],
)
def test_a_foreign_word_is_found_where_it_stands(tmp_path: Path, text: str, word: str) -> None:
    """Names, texts, f-strings, comments and docstrings are looked at."""
    _build(tmp_path, "engine/pool/master.py", f"import os\n{text}\n")

    assert [f"cocoai/engine/pool/master.py:2 {word}"] == foreign_words(tmp_path)


def test_no_file_imports_what_it_must_not_know() -> None:
    """Every import of the tree is one that the table allows."""
    assert [] == faults(ROOT)


def test_no_import_goes_in_a_circle() -> None:
    """No file imports itself by way of others, not even inside a function."""
    assert [] == circle(ROOT)


def test_a_circle_is_found_inside_functions_too(tmp_path: Path) -> None:
    """Three files that import each other in turn, one of them inside a function, are a circle."""
    _build(tmp_path, "spool/a.py", "from cocoai.spool import b")
    (tmp_path / "cocoai/spool/b.py").write_text("from cocoai.spool.c import thing")
    (tmp_path / "cocoai/spool/c.py").write_text("def thing():\n    from cocoai.spool import a")

    assert ["cocoai/spool/a.py", "cocoai/spool/b.py", "cocoai/spool/c.py"] == circle(tmp_path)


def test_every_room_is_known() -> None:
    """A new room has to be given its row in the table."""
    files = [path.relative_to(ROOT / "cocoai").with_suffix("").as_posix() for path in ROOT.glob("cocoai/**/*.py")]
    rooms = {room(file) for file in files if not file.endswith("__init__")}

    assert set() == rooms - {*ROOMS, *TOP, BESIDE}


@pytest.mark.parametrize(
    ("file", "text", "fault"),
    [
        pytest.param("chatgpt/chat.py", "from cocoai.slack.api import chat", "may not import", id="chatgpt-slack"),
        pytest.param("slack/api/chat.py", "import cocoai.chatgpt.chat", "may not import", id="slack-chatgpt"),
        pytest.param("slack/api/chat.py", "from cocoai import texts", "may not import", id="slack-texts"),
        pytest.param(
            "slack/markdown/split.py", "from cocoai.slack.api import chat", "may not import", id="markdown-api"
        ),
        pytest.param("webhook.py", "from cocoai.answer import Answer", "may not import", id="webhook-answer"),
        pytest.param("answer/reply.py", "from cocoai import webhook", "may not import", id="answer-webhook"),
        pytest.param("engine/web/router.py", "from cocoai.engine.pool import master", "may not import", id="web-pool"),
        pytest.param("engine/pool/master.py", "from cocoai.spool import job", "may not import spool", id="engine-up"),
        pytest.param(
            "engine/pool/master.py", "def f():\n    import cocoai.answer", "may not import", id="in-a-function"
        ),
        pytest.param(
            "engine/pool/master.py", "from ...slack.api import chat", "may not import slack/api", id="relative"
        ),
        pytest.param("errors.py", "import cocoai.spool.disk", "errors may not import spool", id="errors-up"),
        pytest.param(
            "spool/job.py", "from cocoai.slack.model import files", "may not import slack/model", id="spool-up"
        ),
        pytest.param("conversation.py", "from cocoai.texts import HELP", "may not import", id="conversation-texts"),
        pytest.param("answer/reply.py", "from cocoai.config import Settings", "imported by no room", id="config"),
        pytest.param("slack/api/chat.py", "from cocoai import cli", "imported by no room", id="cli"),
        pytest.param("rehearsal/rehearse.py", "from cocoai.up import Up", "imported by no room", id="rehearsal-top"),
        pytest.param("app.py", "from cocoai.rehearsal import rehearse", "by cli.py and tune/ only", id="rehearsal"),
        pytest.param(
            "answer/reply.py", "import_module('cocoai.rehearsal.rehearse')", "by cli.py and tune/ only", id="by-name"
        ),
        pytest.param("engine/pool/master.py", "import flup.server", "only engine/web/fastcgi may", id="flup"),
        pytest.param("answer/reply.py", "import requests", "only engine/client/", id="requests"),
        pytest.param("slack/api/chat.py", "import slack_sdk", "is no requirement", id="not-required"),
        pytest.param("cellar.py", "from cocoai import errors", "cellar is no room", id="unknown-room"),
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
        (
            "engine/pool/master.py",
            "import os, asyncio.events\nfrom cocoai.engine.process import fork\nfrom . import workers",
        ),
        ("engine/web/fastcgi.py", "from flup.server import fcgi_base"),
        ("engine/client/proxied.py", "import requests\nimport urllib3"),
        ("slack/api/chat.py", "from cocoai.errors import Refused\nfrom cocoai.engine.client.tls import tls_context"),
        ("chatgpt/chat.py", "from cocoai.conversation import Turn\nfrom cocoai import __version__\nimport http.client"),
        (
            "answer/reply.py",
            "from cocoai import texts\nfrom cocoai.slack.api.chat import SlackChat\nimport cocoai.chatgpt.chat",
        ),
        ("app.py", "from cocoai import config, answer, webhook"),
        (
            "cli.py",
            "from cocoai.rehearsal import rehearse\nfrom cocoai.spool.spool import Spool\nimport cocoai",
        ),
        ("rehearsal/rehearse.py", "from cocoai.spool.key import Key\nfrom cocoai.rehearsal import slack"),
        ("up.py", "from supervisor.xmlrpc import SupervisorTransport"),
    ],
)
def test_what_is_allowed_is_not_blamed(tmp_path: Path, file: str, text: str) -> None:
    """An import that the table allows is no fault."""
    _build(tmp_path, file, text)

    assert [] == faults(tmp_path)


def test_the_entry_file_is_read_too(tmp_path: Path) -> None:
    """cocoai.fcgi may import the top, but no package that is not required."""
    (tmp_path / "cocoai.fcgi").write_text("from cocoai import app, config\nimport flup\n")

    assert ["cocoai.fcgi:2 imports flup: only engine/web/fastcgi may"] == faults(tmp_path)


def _build(root: Path, file: str, text: str) -> None:
    path = root / "cocoai" / file
    path.parent.mkdir(parents=True)
    path.write_text(text)
