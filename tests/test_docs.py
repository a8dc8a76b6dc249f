"""README.md, README.ja.md and docs/ are of this code: what they name is there, and what they should name is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cocoai.answer.reply import LATE
from cocoai.config import personas
from cocoai.slack.api import chat, live_message
from cocoai.slack.api.download import AttachmentLimits
from cocoai.slack.markdown import message_layout, to_markdown_block
from cocoai.slack.thread import speakers

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.ja.md", *sorted((ROOT / "docs").glob("*.md"))]

_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
_PLACE = r"`[a-z/]+(?:/|\.json)`"
_KEPT = re.compile(rf"(?m)^\| ({_PLACE}(?:(?:, |、){_PLACE})*) \|")


_PYTHON_FILE = re.compile(r"`((?:\w+/)*\w+\.py)`")
_BENCH_MODULE = re.compile(r"\bbench(?:\.[a-z_]+)+")
_FOLDER = re.compile(r"(?<![\w/.])(?:engine|slack)/[a-z_]+")
"""A folder of cocoai/engine/ or cocoai/slack/, in a drawing too; not a path of Slack's URLs, which begins with a /."""

NAMES = [page.relative_to(ROOT).as_posix() for page in (*PAGES, ROOT / "bench/README.md")]
"""All pages, named from the root of the repository."""


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def anchors(page: str) -> set[str]:
    """What a page's headings can be linked by, as GitHub makes it of them."""
    titles = re.findall(r"(?m)^#+ (.+)$", page)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Each to a file of ours, and to a heading in it."""
    for target, anchor in _LINK.findall(page.read_text("utf-8")):
        led = page.parent / target if target else page

        assert led.exists(), target
        assert not anchor or anchor in anchors(led.read_text("utf-8")), anchor


def test_both_readmes_tell_the_same_of_what_is_kept() -> None:
    """Place by place, in the same order."""
    english, japanese = (
        [re.findall(r"`([^`]+)`", places) for places in _KEPT.findall(text(name))]
        for name in ("README.md", "README.ja.md")
    )

    assert ["people/"] in english
    assert english == japanese


@pytest.mark.parametrize(
    ("told", "number"),
    [
        ("at most {} characters a message. What", to_markdown_block.MOST_MARKDOWN),
        ("at most {} characters a message. Headings", message_layout.MOST_SECTION),
        ("up to {} characters", message_layout.MOST_TEXT),
        ("share {} updates a minute", live_message.PER_MINUTE),
        ("newest {} replies", chat.MOST_MESSAGES),
        ("at most {} people at a question", speakers.MOST_NAMES),
        ("at most {} bytes", personas.LONGEST),
    ],
)
def test_the_conversation_s_figures_are_the_code_s(told: str, number: int) -> None:
    """As docs/conversation.md words them."""
    page = " ".join(text("docs/conversation.md").split())

    assert told.format(f"{number:,}") in page


def test_the_conversation_s_figures_in_words() -> None:
    """Those that are too small for digits."""
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


def test_the_journey_names_few_files() -> None:
    """docs/journey.md is a story, not an index: it names at most 25 files."""
    assert 25 >= len(set(_PYTHON_FILE.findall(text("docs/journey.md"))))


def test_the_design_is_short() -> None:
    """docs/design.md has at most 100 lines."""
    assert 100 >= len(text("docs/design.md").splitlines())
