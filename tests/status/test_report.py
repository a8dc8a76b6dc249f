"""The report as text and as a page: trouble is marked, and foreign texts are harmless."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from cocoai.engine.process.cgroup import MemoryLimit
from cocoai.engine.process.scoreboard_snapshot import LastError, Process
from cocoai.status import page, text
from cocoai.status.answers import LastDay
from cocoai.status.jobs import SpoolState
from cocoai.status.report import report
from cocoai.status.report_parts import Field
from cocoai.status.status import STOPPED, Status, as_json
from cocoai.troubles.store import Trouble
from tests.status.samples import HOSTILE, KEY, hostile, snapshot, status

pytestmark = pytest.mark.pure


def lines(shown: Status) -> str:
    """Return the report as text, with columns separated by two spaces only."""
    return re.sub(" {2,}", "  ", "\n".join(text.render(report(shown))))


def fields(shown: Status) -> dict[str, Field]:
    """Return every field of the sections by its label."""
    return {field.label: field for section in report(shown).sections for field in section.fields}


class Reader(HTMLParser):
    """A page as a browser reads it: its tags, their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(("commit", "shown"), [("abc1234", "0.1.0 (abc1234)"), ("", "0.1.0")])
def test_the_code_that_the_pool_runs_is_named(commit: str, shown: str) -> None:
    """The version stands alone where no commit is known."""
    assert shown == fields(status(snapshot(commit=commit)))["Version"].value


def test_nothing_is_marked_in_a_healthy_pool() -> None:
    """No field is an alarm without a cause."""
    shown = report(status())

    assert not any(field.is_alarm for field in (*shown.fields, *fields(status()).values()))
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
def test_trouble_in_the_pool_is_marked(label: str, changes: dict[str, int]) -> None:
    """The text marks a field with a `!`, the page with a class."""
    shown = status(snapshot(**changes))

    assert fields(shown)[label].is_alarm
    assert f"! {label}" in lines(shown)
    assert f'<div class="alarm"><dt>{label}</dt>' in page.render(report(shown), every=0)[0]


@pytest.mark.parametrize(
    ("least", "line"), [(0, "Workers  none  they come on demand"), (1, "Workers  0 active  0 idle, 0 in all")]
)
def test_no_worker_at_rest_is_no_trouble(least: int, line: str) -> None:
    """An operator need not ask whether the pool has lost them, unless some should be there."""
    assert line in lines(status(snapshot(least=least, processes=(Process("look", 0, 1, "", 0.0, 0, "", 0.0, 0.0),))))


@pytest.mark.parametrize(("used", "mark"), [(100, " "), (390, "!")])
def test_a_control_groups_limit_is_shown(used: int, mark: str) -> None:
    """It stands in the headline, and is marked when it is nearly reached: beyond it the kernel kills."""
    limited = status(limit=MemoryLimit("/system.slice/cocoai.service", 400 << 20, used << 20))

    note = f"of the control group /system.slice/cocoai.service, {used}.0 MiB in use"
    assert f"\n{mark} Memory limit  400.0 MiB  {note}\n" in lines(limited)
    assert "Memory limit" not in lines(status())


def test_too_few_workers_are_reported_with_the_remedy() -> None:
    """The report names the setting to raise."""
    assert "Most workers reached  twice  raise [pool] workers" in lines(status(snapshot(most_reached=2)))


def test_a_question_that_waits_too_long_is_marked() -> None:
    """It is marked in the headline, and with its key in the section on the spool."""
    long = status(spool=SpoolState({"ready": 1, "done": 0, "failed": 0, "tmp": 0}, 0, KEY, 61.0))

    assert "! Waiting  1  the oldest for 1 min 1 s" in lines(long)
    assert f"! The oldest waits for  1 min 1 s  {KEY}" in lines(long)


def test_failed_questions_are_marked() -> None:
    """The report names the command that lists them."""
    assert "! Given up  2  see: cocoai spool list" in lines(status(day=LastDay(0, 2, 0, 0, ())))
    refused = lines(status(day=LastDay(0, 0, 0, 0, (), refused=3)))
    assert "Given up  0\n  Refused  3  the askers were told why: a budget, a day's pictures, their words" in refused


def test_figures_of_only_some_answers_say_so() -> None:
    """The report says of how many answers a figure is, if not all were read."""
    assert "Tried more than once  3  of the newest 2,000" in lines(status(day=LastDay(5000, 0, 2000, 3, ())))


def test_a_pool_that_is_not_running_shows_no_processes() -> None:
    """The counters of its last run and the spool are shown."""
    shown = lines(status(snapshot(pid=0), state=STOPPED, trouble="the figures are those of its last run", processes=()))

    assert shown.startswith("CocoAI: not running, the figures are those of its last run\n")
    assert "\nProcesses\n" not in shown
    assert "Accepted  12,345" in shown


def test_a_phase_without_figures_is_left_out() -> None:
    """A phase that no answer has is not shown as 0."""
    shown = lines(status())

    assert "asked to heard  50 ms  200 ms  300 ms" in shown
    assert "in all" not in shown.partition("Answers of the last")[2].partition("Spool")[0]


def test_the_text_has_no_control_characters() -> None:
    """Foreign texts bring no escapes, line ends or bidi marks into a terminal."""
    shown = list(text.render(report(hostile())))

    assert all(line.isprintable() for line in shown)
    assert 5 <= sum("<script>" in line for line in shown)


@pytest.mark.parametrize("shown", [status(), hostile()], ids=["healthy", "hostile"])
def test_a_page_has_no_script_and_loads_nothing(shown: Status) -> None:
    """Whatever is shown, the page has no script, no style attribute, and no link to another server."""
    reader = Reader(page.render(report(shown), every=0)[0])

    assert "script" not in reader.tags
    assert not any(name.startswith("on") or name in ("src", "style") for name, _ in reader.attributes)
    assert {"/", "/?every=5", "/status.json"} == {
        value for name, value in reader.attributes if name == "href" and not value.startswith("data:")
    }


def test_a_page_shows_foreign_markup_as_text() -> None:
    """All of a foreign text is visible."""
    shown = Reader(page.render(report(hostile()), every=0)[0]).text

    assert HOSTILE.replace("\x1b", "\ufffd").replace("\u202e", "\ufffd") in shown


def test_the_policy_allows_only_the_page_s_own_style() -> None:
    """The Content-Security-Policy has the style's hash, and allows nothing else."""
    html, policy = page.render(report(status()), every=0)
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"style-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_a_page_reloads_itself_only_on_request() -> None:
    """Without the query `every=5` the page does not reload, so that a forgotten window costs nothing."""
    still, moving = (page.render(report(status()), every=page.every(query))[0] for query in ("", "every=5"))

    assert "http-equiv" not in still
    assert '<meta http-equiv="refresh" content="5">' in moving
    assert 0 == page.every("every=0.001")


REVOKED = Trouble("slack", "token_revoked", 1_763_825_000.0, 1_763_825_500.0, 7)


def test_what_is_wrong_stands_at_the_top() -> None:
    """What, since when, and how many questions wait for it; marked in the text and on the page."""
    wrong = status(troubles=(REVOKED, Trouble("scope-users", "users:read", 1_763_825_540.0, 1_763_825_540.0, 1)))

    top = [field.label for field in report(wrong).fields]
    assert ["Slack", "Scope", "Workers"] == top[:3]
    shown = lines(wrong)
    assert re.search(r"\n! Slack  token_revoked  since 2025-11-22 .*\(10 min 0 s\), 2 questions wait\n", shown)
    assert re.search(r"\n! Scope  users:read  since 2025-11-22 .*\(1 min 0 s\), met once\n", shown)
    assert '<div class="alarm"><dt>Slack</dt>' in page.render(report(wrong), every=0)[0]
    assert "token_revoked" == as_json(wrong)["troubles"][0]["code"]


def test_wrong_signatures_name_the_remedy() -> None:
    """The secret or the clock."""
    wrong = status(troubles=(Trouble("signature", "wrong", 1_763_825_000.0, 1_763_825_500.0, 1200),))

    assert "1,200 requests refused: is signing_secret this app's, and the clock right?" in lines(wrong)


def test_wrong_settings_are_told_before_all_else() -> None:
    """The rest is shown all the same."""
    shown = lines(status(settings_error="[pool] slots = many is not allowed"))

    assert "! Settings  wrong  [pool] slots = many is not allowed\n" in shown
    assert "Accepted  12,345" in shown


@pytest.mark.parametrize(
    ("who", "ago", "newest", "title"),
    [
        ("worker 1", 3599, 0.0, "Last errors"),
        ("worker 1", 3601, 0.0, "Earlier errors"),
        ("worker 1", 60, 1_763_825_590.0, "Last errors"),
        ("job 0", 60, 0.0, "Last errors"),
        ("job 0", 60, 1_763_825_530.0, "Last errors"),
        ("job 0", 60, 1_763_825_590.0, "Earlier errors"),
        ("placeholder", 60, 1_763_825_590.0, "Earlier errors"),
    ],
)
def test_errors_that_are_over_leave_the_top(who: str, ago: float, newest: float, title: str) -> None:
    """They are over after an hour, and those of jobs once a question was answered."""
    error = LastError(1_763_825_600.0 - ago, who, "trouble")
    shown = status(snapshot(last_errors=(error,)), day=LastDay(5, 0, 5, 1, (), newest=newest))

    titles = [section.title for section in report(shown).sections]
    assert titles[0 if title == "Last errors" else -1] == title
    assert 1 == sum("errors" in each for each in titles)


def test_people_who_are_left_out_are_counted() -> None:
    """Only if there are any."""
    assert "Left out  3  people who were told" in lines(status(day=LastDay(5, 0, 5, 1, (), declined=3)))
    assert "Left out" not in lines(status())
