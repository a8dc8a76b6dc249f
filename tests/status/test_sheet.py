"""What is shown, as text and as a page: what should be looked at is marked, and nothing of a stranger's is obeyed."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from cocoai.status import STOPPED, Status, Waiting, page, text
from cocoai.status.answers import LastDay
from cocoai.status.sheet import Figure, sheet
from tests.status.made_up import HOSTILE, KEY, hostile, picture, status

pytestmark = pytest.mark.pure


def lines(shown: Status) -> str:
    """As a terminal has it, without what is there for the columns only."""
    return re.sub(" {2,}", "  ", "\n".join(text.render(sheet(shown))))


def figures(shown: Status) -> dict[str, Figure]:
    """Every figure of the sections by its label."""
    return {figure.label: figure for section in sheet(shown).sections for figure in section.figures}


class Reader(HTMLParser):
    """What a browser makes of a page: its tags, with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_pool_that_is_well_has_nothing_marked() -> None:
    """No alarm without a cause."""
    shown = sheet(status())

    assert not any(figure.alarm for figure in (*shown.figures, *figures(status()).values()))
    assert "CocoAI: running, for 1 h 0 min, pid 100\n/srv/cocoai/var, 2025-11-22 " in lines(status())


@pytest.mark.parametrize(
    ("label", "changes"),
    [
        ("Most workers reached", {"most_reached": 2}),
        ("Slow", {"slow": 1}),
        ("Timed out", {"timed_out": 1}),
        ("Workers died", {"died": 1}),
    ],
)
def test_what_went_wrong_in_the_pool_is_marked(label: str, changes: dict[str, int]) -> None:
    """In the text with a `!`, on the page with a class."""
    shown = status(picture(**changes))

    assert figures(shown)[label].alarm
    assert f"! {label}" in lines(shown)
    assert f'<div class="alarm"><dt>{label}</dt>' in page.render(sheet(shown), every=0)[0]


def test_too_few_workers_are_told_with_the_remedy() -> None:
    """The setting by its name."""
    assert "Most workers reached  twice  raise [pool] workers" in lines(status(picture(most_reached=2)))


def test_who_waits_too_long_is_marked() -> None:
    """Above, and with the key below."""
    long = status(waiting=Waiting({"ready": 1, "done": 0, "failed": 0, "tmp": 0}, 0, KEY, 61.0))

    assert "! Waiting  1  the oldest for 1 min 1 s" in lines(long)
    assert f"! The oldest waits for  1 min 1 s  {KEY}" in lines(long)


def test_what_was_given_up_is_marked() -> None:
    """With the command that tells more."""
    assert "! Given up  2  see: cocoai spool list" in lines(status(day=LastDay(0, 2, 0, 0, ())))


def test_figures_of_some_answers_only_say_so() -> None:
    """If more were given than are read."""
    assert "Tried more than once  3  of the newest 2,000" in lines(status(day=LastDay(5000, 0, 2000, 3, ())))


def test_a_pool_that_is_not_running_shows_no_processes() -> None:
    """But what it did, and what waits."""
    shown = lines(status(picture(pid=0), state=STOPPED, trouble="the figures are those of its last run", members=()))

    assert shown.startswith("CocoAI: not running, the figures are those of its last run\n")
    assert "\nProcesses\n" not in shown
    assert "Accepted  12,345" in shown


def test_a_phase_that_nobody_knows_is_left_out() -> None:
    """Rather than to show 0."""
    shown = lines(status())

    assert "asked to heard  50 ms  200 ms  300 ms" in shown
    assert "in all" not in shown.partition("Answers of the last")[2].partition("Spool")[0]


def test_a_terminal_obeys_nobody_else() -> None:
    """No escape, no line's end, no turned direction: each line is what it looks like."""
    shown = list(text.render(sheet(hostile())))

    assert all(line.isprintable() for line in shown)
    assert 5 <= sum("<script>" in line for line in shown)


@pytest.mark.parametrize("shown", [status(), hostile()], ids=["well", "hostile"])
def test_a_page_has_no_script_and_obeys_nobody_else(shown: Status) -> None:
    """Whatever is shown, the page has the same few tags and attributes, and asks no other server for anything."""
    reader = Reader(page.render(sheet(shown), every=0)[0])

    assert "script" not in reader.tags
    assert not any(name.startswith("on") or name in ("src", "style") for name, _ in reader.attributes)
    assert {"/", "/?every=5", "/status.json"} == {
        value for name, value in reader.attributes if name == "href" and not value.startswith("data:")
    }


def test_a_page_shows_what_a_stranger_wrote_as_text() -> None:
    """Every word of it: what is hidden warns nobody."""
    words = Reader(page.render(sheet(hostile()), every=0)[0]).words

    assert HOSTILE.replace("\x1b", "\ufffd").replace("\u202e", "\ufffd") in words


def test_a_page_may_be_shown_with_its_own_style_only() -> None:
    """The policy has the style's hash, and allows nothing else."""
    html, policy = page.render(sheet(status()), every=0)
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_a_page_comes_anew_only_for_who_asks_for_it() -> None:
    """It stands still, so that it can be read, and so that a forgotten window costs nothing."""
    still, moving = (page.render(sheet(status()), every=page.every(query))[0] for query in ("", "every=5"))

    assert "http-equiv" not in still
    assert '<meta http-equiv="refresh" content="5">' in moving
    assert 0 == page.every("every=0.001")
