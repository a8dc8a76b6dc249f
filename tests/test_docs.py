"""README.md, README.ja.md and docs/ agree with the code: links, names and figures are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cocoai.answer.late import LATE
from cocoai.config import personas
from cocoai.slack.api import live_message, thread_reader
from cocoai.slack.api.download import AttachmentLimits
from cocoai.slack.markdown import message_layout, to_markdown_block
from cocoai.slack.thread import speakers

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").glob("*.md"))]

NAMES = [page.relative_to(ROOT).as_posix() for page in (*PAGES, ROOT / "bench/README.md")]
"""All pages, named from the root of the repository."""

_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
_PLACE = r"`[a-z/]+(?:/|\.json)`"
"""A folder or a JSON file below var/, as the tables name it."""
_STORED = re.compile(rf"(?m)^\| ({_PLACE}(?:(?:, |、){_PLACE})*) \|")

_PYTHON_FILE = re.compile(r"`((?:\w+/)*\w+\.py)`")
_BENCH_MODULE = re.compile(r"\bbench(?:\.[a-z_]+)+")
_FOLDER = re.compile(r"(?<![\w/.])(?:engine|slack)/[a-z_]+")
"""A folder of cocoai/engine/ or cocoai/slack/, in a drawing too; not a path of Slack's URLs, which begins with a /."""
_PROCESS = re.compile(r"(?m)^\| `(cocoai-[a-z-]+)` \|")
_PROCESS_IN_CODE = re.compile(r'"(cocoai-[a-z-]+)"')


def text(name: str) -> str:
    """Return the text of a file, named from the root of the repository."""
    return (ROOT / name).read_text("utf-8")


def anchors(page: str) -> set[str]:
    """Return the anchors by which a page's headings can be linked, as GitHub derives them from the headings."""
    titles = re.findall(r"(?m)^#+ (.+)$", page)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names an existing file and, with an anchor, an existing heading in it."""
    for target, anchor in _LINK.findall(page.read_text("utf-8")):
        linked = page.parent / target if target else page

        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked.read_text("utf-8")), anchor


def test_both_readmes_list_the_same_stored_files() -> None:
    """The tables of stored files in README.md and README.ja.md name the same places in the same order."""
    english, japanese = (
        [re.findall(r"`([^`]+)`", places) for places in _STORED.findall(text(name))]
        for name in ("README.md", "README.ja.md")
    )

    assert ["people/"] in english
    assert english == japanese


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("at most {} characters a message. What", to_markdown_block.MOST_MARKDOWN),
        ("at most {} characters a message. Headings", message_layout.MOST_SECTION),
        ("up to {} characters", message_layout.MOST_TEXT),
        ("share {} updates a minute", live_message.PER_MINUTE),
        ("at most {} calls of Slack", thread_reader.MOST_CALLS),
        ("for up to {} replies", thread_reader.FIRST_PAGE - 1),
        ("about {} replies", round(thread_reader.WINDOW_PAGE / 2)),
        ("at most {} people at a question", speakers.MOST_NAMES),
        ("at most {} bytes", personas.LONGEST),
    ],
)
def test_the_figures_in_conversation_md_are_those_of_the_code(sentence: str, number: int) -> None:
    """Each limit in docs/conversation.md has the value of its constant."""
    page = " ".join(text("docs/conversation.md").split())

    assert sentence.format(f"{number:,}") in page


def test_the_limits_written_in_words_are_those_of_the_code() -> None:
    """The limits that docs/conversation.md writes in words, not digits, have the values of the code."""
    page = text("docs/conversation.md")

    assert (3600.0, 10) == (LATE, AttachmentLimits().count)
    assert "over an hour after its question" in page
    assert "At most ten files a question" in page


def python_files() -> list[str]:
    """Return the path of each Python file of the project, with a / before it."""
    files = [path for folder in ("cocoai", "tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    return [f"/{path.relative_to(ROOT).as_posix()}" for path in (*files, *ROOT.glob("*.py"))]


@pytest.mark.parametrize("name", NAMES)
def test_every_python_file_that_a_page_names_exists(name: str) -> None:
    """A name in backticks that ends in .py is the path of a file, or the last part of one."""
    files = python_files()
    named = _PYTHON_FILE.findall(text(name))

    assert [] == [each for each in named if not any(file.endswith(f"/{each}") for file in files)]


@pytest.mark.parametrize("name", NAMES)
def test_every_measurement_that_a_page_names_exists(name: str) -> None:
    """A dotted name below bench is a module or a package."""
    paths = [ROOT / module.replace(".", "/") for module in _BENCH_MODULE.findall(text(name))]

    assert [] == [str(path) for path in paths if not (path.is_dir() or path.with_suffix(".py").exists())]


@pytest.mark.parametrize("name", NAMES)
def test_every_folder_that_a_page_names_exists(name: str) -> None:
    """A folder of the engine or of the Slack part lies below cocoai/, also where a drawing names it."""
    folders = set(_FOLDER.findall(text(name)))

    assert set() == {folder for folder in folders if not (ROOT / "cocoai" / folder).is_dir()}


def test_the_pool_s_page_lists_every_process() -> None:
    """The table in docs/pool.md has the processes to which the code gives a name, and no others."""
    code = "".join(path.read_text("utf-8") for path in (ROOT / "cocoai").rglob("*.py"))

    assert set(_PROCESS_IN_CODE.findall(code)) == set(_PROCESS.findall(text("docs/pool.md")))


def test_the_journey_names_few_files() -> None:
    """docs/journey.md is a story, not an index: it names at most 25 files."""
    assert 25 >= len(set(_PYTHON_FILE.findall(text("docs/journey.md"))))


def test_the_design_is_short() -> None:
    """docs/design.md has at most 100 lines."""
    assert 100 >= len(text("docs/design.md").splitlines())
