"""What is pinned to a channel, from Slack's event to a passage in the index, and out of it again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from cocoai.document_sources import document_sources
from cocoai.document_tasks import delete_documents
from cocoai.documents.index_task import index_path, is_due, set_due
from cocoai.documents.indexing import index_slice
from cocoai.rehearsal.slack.practice_file import PracticeFile
from cocoai.rehearsal.slack.slack_faults import SlackFault
from cocoai.rehearsal.slack.voice_clip import voice_clip
from cocoai.rehearsal.slack.workspace import PracticeChannel
from tests.documents.made_files import pdf
from tests.pinned_stage import BY, HERE, Stage, pinned_stage
from tests.sounds import tone

CANVAS = """<div class="quip-canvas-content"><h1 id="temp:C:a">Opening the office</h1>
<div data-section-style="7"><ul><li class="checked">Switch the alarm off</li><li>Water the <b>fern</b></li></ul></div>
<p class="line">Ask <a>@U0ASKER02</a> or see <a href="https://example.com/keys">the key list</a>.</p>
<h2 id="temp:C:b">鍵</h2><table><tr><td><p class="line">部屋</p></td><td><p class="line">番号</p></td></tr>
<tr><td><p class="line">倉庫</p></td><td><p class="line">12番</p></td></tr></table></div>"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Start a stage on which one channel's files are documents."""
    with pinned_stage(tmp_path / "var") as started:
        yield started


def test_from_an_event_to_a_passage(stage: Stage) -> None:
    """A pin lets the documents be looked at; the file is found by its words, with its title and its address."""
    stage.slice()
    set_due(stage.var, 300.0)
    file = stage.share(
        "rules.md", "# 有休\n\n有休の申請は総務の佐藤へ。\n\n# Desk\n\nBook a desk by Thursday.\n", "text/markdown"
    )
    stage.slack.wait_for_deliveries()
    is_noted = is_due(stage.var, time.time())
    calls_of_worker = len([call for call in stage.slack.calls if call.method != "pins.list"])
    done = stage.slice()
    document = stage.documents()["rules.md"].document

    assert is_noted
    assert [200] == list({delivery.status for delivery in stage.slack.deliveries})
    assert (1, 0, 0) == (done.put, done.removed, done.unreadable)
    assert (f"{HERE}/{file.id}", HERE) == (document.name, document.channel)
    assert document.link == f"https://practice.invalid/files/{BY}/{file.id}/rules.md"
    assert ["rules.md"] == stage.found("有休 申請")
    assert "Desk: Book a desk by Thursday." in stage.text("rules.md")
    assert 1 == calls_of_worker  # conversations.info, of the first look: a worker calls nothing
    assert not [*Path(stage.var, "spool", "ready").iterdir()]


def test_what_is_unpinned_is_forgotten(stage: Stage) -> None:
    """Not a byte of it is left in any file, neither of its words nor of its name; what is pinned still stays."""
    stage.share("stays.txt", "The printer is on the third floor.")
    stage.share("zebracode.txt", "The secret word is okapilike, 秘密の言葉は縞馬模様。")
    stage.slice()
    ts = stage.slack.messages(HERE)[-1].ts
    before = [bool(stage.files_with(words)) for words in ("okapilike", "縞馬模様", "zebracode")]
    stage.slack.unpin(BY, ts)
    done = stage.slice()

    assert [True, True, True] == before
    assert (0, 1) == (done.put, done.removed)
    assert [] == [path for words in ("okapilike", "縞馬模様", "zebracode") for path in stage.files_with(words)]
    assert ["stays.txt"] == stage.found("printer")


def test_a_deleted_file_is_forgotten(stage: Stage) -> None:
    """As soon as its event came; so is one whose message was deleted, and a channel that the settings name no more."""
    first, second = stage.share("one.txt", "alpacas here"), stage.share("two.txt", "wombats here")
    third = stage.share("three.txt", "quokkas here")
    stage.slice()
    stage.slack.delete_file(first.id)
    removed = [stage.slice().removed]
    ts = next(each.ts for each in stage.slack.messages(HERE) if second.id in {file.id for file in each.files})
    stage.slack.delete(HERE, ts)
    removed.append(stage.slice().removed)
    there = stage.found("quokkas")
    removed.append(stage.slice(channels=frozenset({"G0PRIVATE"})).removed)

    assert [1, 1, 1] == removed
    assert ["three.txt"] == there
    words = ("alpacas", "wombats", "quokkas", *(file.id for file in (first, second, third)))
    assert [] == [path for each in words for path in stage.files_with(each)]
    assert ["G0PRIVATE"] == os.listdir(os.path.join(stage.var, "run", "documents_slack"))


def test_a_canvas_is_read(stage: Stage) -> None:
    """The channel's tab, under its headings: lists to tick off, tables, links, and people by their names."""
    stage.slack.add_canvas(BY, CANVAS, tab_of=HERE)
    stage.slice()
    text = stage.text("#practice")

    assert "Opening the office: " in text
    for line in (
        "- [x] Switch the alarm off",
        "- [ ] Water the **fern**",
        "Ask @Second asker or see",
        "| 倉庫 | 12番 |",
    ):
        assert line in text
    assert "[the key list](https://example.com/keys)" in text
    assert "Opening the office > 鍵: " in text
    assert "U0ASKER02" not in text
    assert ["#practice"] == stage.found("鍵")


def test_a_changed_canvas_is_read_again(stage: Stage) -> None:
    """Though Slack describes it as before: the event has told. An event of any other file is no reason to look."""
    canvas = stage.slack.add_canvas(BY, CANVAS, title="Office", tab_of=HERE)
    other = stage.slack.share(BY, "", [canvas.__class__("other.txt", "text/plain", b"other")]).files[0]
    stage.slice()
    set_due(stage.var, 300.0)
    stage.slack.change_file(other.id, b"changed")
    stage.slack.wait_for_deliveries()
    is_noted, before = is_due(stage.var, time.time()), len(stage.slack.calls)
    idle = stage.slice()
    called_for_nothing = len(stage.slack.calls) - before
    stage.slack.change_file(canvas.id, CANVAS.replace("12番", "34番").encode(), updated=0)
    done = stage.slice()

    assert (False, 0, 0) == (is_noted, idle.put, called_for_nothing)
    assert 1 == done.put
    assert "34番" in stage.text("Office")
    assert [] == stage.files_with("12番")


def test_a_file_that_changes_while_it_is_read(stage: Stage) -> None:
    """What was read is one state of it or the other, never a mixture, and the next slice has the last one."""
    file = stage.share("plan.txt", "first plan")
    source = stage.source()
    (document,) = source.listed().values()
    stage.slack.change_file(file.id, b"second plan")
    stage.slack.wait_for_deliveries()
    read = [each.text for each in source.sections(document)]
    first, second = stage.slice(), stage.slice()

    assert ["second plan"] == read
    assert (1, 0) == (first.put, second.put)
    assert "second plan" in stage.text("plan.txt")


def test_a_listing_of_another_process_is_not_believed_blindly(stage: Stage) -> None:
    """What was listed before and is another file now is looked at again, and then read."""
    file = stage.share("plan.txt", "first plan")
    (document,) = stage.source().listed().values()
    stage.slack.switches.events = frozenset()  # the event is lost
    stage.slack.change_file(file.id, b"second plan, which is longer")
    late = stage.source()
    with pytest.raises(Exception, match="changed"):
        list(late.sections(document))

    assert 1 == stage.slice(after=1.0).put
    assert "second plan" in stage.text("plan.txt")


def test_pinned_words_are_a_document(stage: Stage) -> None:
    """A message's text, with names for ids and its own address; its file beside it. An edit is found in time."""
    message = stage.slack.say(BY, "The wifi password is with <@U0ASKER02>, see <https://example.com|the page>")
    stage.slack.pin(BY, message.ts)
    stage.slice()
    (title,) = stage.documents()
    text, link = stage.text(title), stage.documents()[title].document.link
    stage.slack.edit(HERE, message.ts, "The wifi password hangs at the door")
    unchanged = stage.slice().put
    done = stage.slice(after=700.0)

    assert title.startswith("The wifi password is with @Second asker")
    assert len(title) <= 60
    assert "@Second asker, see the page (https://example.com)" in text
    assert f"https://practice.invalid/archives/{HERE}/p{message.ts.replace('.', '')}" == link
    assert (0, 1) == (unchanged, done.put)
    assert ["The wifi password hangs at the door"] == stage.found("wifi")


def test_odd_characters_do_no_harm(stage: Stage) -> None:
    """Halves of characters, control characters, and an address that would break out of a link."""
    message = stage.slack.say(BY, "half an emoji \ud83c and\u0007 a bell")
    stage.slack.pin(BY, message.ts)
    odd = {"title": "odd\ud83c\n\u202ename", "permalink": "https://practice.invalid/a|b> <!channel>"}
    stage.slack.pin(BY, stage.slack.share(BY, "", [PracticeFile("x.txt", "text/plain", b"fine", fields=odd)]).ts)
    stage.slice()
    documents = stage.documents()

    assert {"half an emoji ? and a bell", "odd? name"} == {*documents}
    assert "" == documents["odd? name"].document.link
    assert ["half an emoji ? and a bell"] == stage.found("emoji")


def test_each_kind_of_file_is_read_or_named(stage: Stage) -> None:
    """By its name's ending, else by its type; a picture is no document, and what has no words is named so."""
    stage.share("list.csv", "Name,Desk\nAnn,3\n", "text/csv")
    stage.share("page.html", "<h1>Lunch</h1><script>steal()</script><p>Noon sharp</p>", "text/html")
    stage.share("snippet", "grep -r needle", "text/plain")
    stage.share("photo.png", b"\x89PNG\r\n\x1a\n", "image/png")
    stage.share("archive.zip", b"PK\x03\x04rest", "application/zip")
    stage.share("broken.pdf", b"%PDF-1.7 nothing", "application/pdf")
    stage.slice()
    problems = {title: each.problem for title, each in stage.documents().items()}

    assert {"list.csv": "", "page.html": "", "snippet": "", "archive.zip": "no_text"} == {
        title: problem for title, problem in problems.items() if title != "broken.pdf"
    }
    assert problems["broken.pdf"] in ("broken", "needs_extra")
    assert "Name: Ann, Desk: 3" in stage.text("list.csv")
    assert "Lunch: Noon sharp" in stage.text("page.html")
    assert "steal" not in stage.text("page.html")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"mode": "hidden_by_limit"}, "hidden"),
        ({"is_external": True, "url_private": "https://docs.example.com/d/1"}, "foreign"),
        ({"url_private_download": "https://files.example.com/x"}, "foreign"),
        ({"url_private_download": "", "url_private": ""}, "no_leave"),
        ({"size": 60 << 20}, "too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(stage: Stage, fields: dict[str, object], problem: str) -> None:
    """With a code, and the others are read all the same."""
    stage.share("other.txt", "read me")
    file = stage.share("odd.txt", "odd")
    stage.slack.change_file(file.id, b"odd", **fields)
    stage.slice()
    problems = {title: each.problem for title, each in stage.documents().items()}

    assert {"odd.txt": problem, "other.txt": ""} == problems
    assert all(download.path.find(file.id) < 0 for download in stage.slack.downloads if "example" in download.path)


def test_the_login_page_is_no_document(stage: Stage) -> None:
    """A file that Slack does not show us is named, and tried again in time: the scope may have been added."""
    stage.share("closed.txt", "hush")
    stage.slack.switches.scopes -= {"files:read"}
    first = stage.slice()
    problem = stage.documents()["closed.txt"].problem
    stage.slack.switches.scopes |= {"files:read"}
    stage.slice(after=700.0)
    stage.slice(after=3600.0)

    assert 1 == first.unreadable
    assert "no_leave" == problem
    assert ["closed.txt"] == stage.found("hush")
    assert [] == stage.found("Sign in")


def test_another_organisation_s_file_is_asked_for(tmp_path: Path) -> None:
    """Slack gives its id alone; files.info has the rest, or says that it is not for us."""
    with pinned_stage(tmp_path / "var", COCOAI_DOCUMENTS_CHANNELS="C0SHARED") as stage:
        stage.share("theirs.txt", "their words", channel="C0SHARED")
        stage.slice()
        shown = (stage.found("their words", "C0SHARED"), stage.found("their words"))
        stage.slack.fail("files.info", SlackFault("refused", code="file_not_found"))
        stage.slice(after=700.0)

        assert (["theirs.txt"], []) == shown
        assert ["no_leave"] == [each.problem for each in stage.documents().values()]


def test_a_canvas_needs_a_scope_of_its_own(stage: Stage) -> None:
    """Without channels:read the pinned files are read all the same, and the code says what is missing."""
    stage.slack.switches.scopes -= {"channels:read", "groups:read"}
    stage.share("rules.txt", "knock first")
    stage.slack.add_canvas(BY, CANVAS, title="Office", tab_of=HERE)
    stage.slice()
    source = stage.source()
    source.listed()
    there = [*stage.documents()]
    stage.slack.unpin(BY, stage.slack.messages(HERE)[0].ts)
    done = stage.slice()

    assert ["rules.txt"] == there
    assert {"missing_scope": 1} == source.problems
    assert not source.is_gone(f"{HERE}/F0UNKNOWN/tab")
    assert 1 == done.removed


@pytest.mark.parametrize(("kind", "problem"), [("channel", "not_in_channel"), ("group", "channel_not_found")])
def test_what_cannot_be_listed_stays_as_it_was(tmp_path: Path, kind: Literal["channel", "group"], problem: str) -> None:
    """A channel that the bot has left, or that is gone, keeps nothing else from being looked at."""
    with pinned_stage(tmp_path / "var", COCOAI_DOCUMENTS_CHANNELS=f"{HERE} G0PRIVATE") as stage:
        stage.share("rules.txt", "knock first")
        stage.share("plan.txt", "private plan", channel="G0PRIVATE")
        stage.slice()
        stage.slack.add(PracticeChannel(HERE, "practice", is_member=False, kind=kind))
        stage.slack.change_file(stage.share("more.txt", "more plans", channel="G0PRIVATE").id, b"even more plans")
        stage.slice(after=700.0)
        source = stage.source()
        source.listed()

        assert {problem: 1} == source.problems
        assert {"rules.txt", "plan.txt", "more.txt"} == {*stage.documents()}
        assert ["more.txt"] == stage.found("even more", "G0PRIVATE")


def test_a_rate_limit_puts_slack_off(stage: Stage) -> None:
    """Until Slack's seconds are over nothing is asked; what is known stays, and then all goes on."""
    stage.share("rules.txt", "knock first")
    stage.slice()
    stage.share("more.txt", "ring twice")
    stage.slack.fail("pins.list", SlackFault("limited", seconds=120))
    limited = stage.slice()
    source, before = stage.source(), len(stage.slack.calls)
    listed = source.listed()
    stage.slice()
    waited = len(stage.slack.calls) - before
    stage.slice()

    assert (0, 0) == (limited.put, limited.removed)
    assert ["rules.txt"] == [each.title for each in listed.values()]
    assert {"ratelimited": 1} == {code: count for code, count in source.problems.items() if code == "ratelimited"}
    assert 0 == waited
    assert ["more.txt"] == stage.found("ring")


def test_slack_is_away(stage: Stage) -> None:
    """A minute later it is asked again."""
    stage.share("rules.txt", "knock first")
    stage.slack.fail("pins.list", SlackFault("broken"))
    first = stage.slice()
    at_once, later = stage.slice(after=30.0), stage.slice(after=60.0)

    assert [0, 0, 1] == [first.put, at_once.put, later.put]


def test_few_calls_however_many_events(stage: Stage) -> None:
    """A look is two calls; with fifty events it is one look, and without any there is none for ten minutes."""
    stage.share("rules.txt", "knock first")
    stage.slice()
    before = len(stage.slack.calls)
    for _ in range(25):
        message = stage.slack.say(BY, "")
        stage.slack.pin(BY, message.ts)
        stage.slack.unpin(BY, message.ts)
    stage.slice()
    looked = len(stage.slack.calls) - before
    for _ in range(8):
        stage.slice()
    quiet = len(stage.slack.calls) - before
    stage.slice(after=200.0)

    assert (2, 2, 4) == (looked, quiet, len(stage.slack.calls) - before)


def test_what_slack_has_made_of_a_file_is_read(stage: Stage) -> None:
    """The PDF of an old office file, the words of a clip, the text of an e-mail; a clip without words has none."""
    old = PracticeFile("old.doc", "application/msword", b"\xd0\xcf", variants={"converted_pdf": pdf("minutes of May")})
    mail = {"filetype": "email", "mode": "email", "plain_text": "the lease ends in June", "subject": "Lease"}
    clip = voice_clip(tone(1.0), words="the gate code has changed")
    email = PracticeFile("mail.eml", "text/html", b"", fields={"title": "Lease", **mail})
    for file in (old, clip, email, voice_clip(tone(1.0), name="silent.m4a")):
        stage.slack.pin(BY, stage.slack.share(BY, "", [file]).ts)
    stage.slice()

    assert {"old.doc": "", "audio_message.m4a": "", "Lease": "", "silent.m4a": "no_text"} == {
        title: each.problem for title, each in stage.documents().items()
    }
    assert [["old.doc"], ["audio_message.m4a"], ["Lease"]] == [
        stage.found(words) for words in ("minutes of May", "gate code", "lease ends")
    ]


def test_a_pdf_is_read_apart(stage: Stage) -> None:
    """From a file without a name, which is on the disk of `var` and gone with the process."""
    stage.share("handbook.pdf", pdf("page one", "holidays are in July"), "application/pdf")
    stage.slice()

    assert ["handbook.pdf"] == stage.found("holidays")
    assert not [path for path in Path(stage.var).iterdir() if path.name.startswith("tmp")]


def test_where_no_channel_is_left_no_title_stays(stage: Stage) -> None:
    """The listing goes with the index's documents of Slack."""
    stage.share("zebracode.txt", "okapilike")
    stage.slice()
    none = replace(stage.settings, documents=replace(stage.settings.documents, channels=frozenset()))
    sources = document_sources(none)
    left = [stage.files_with("zebracode"), stage.files_with("okapilike")]
    index_slice(index_path(stage.var), sources)

    assert [[index_path(stage.var)]] * 2 == left
    assert [] == [*stage.files_with("zebracode"), *stage.files_with("okapilike")]


def test_where_there_are_no_documents_at_all_nothing_stays(stage: Stage) -> None:
    """The pool deletes the index then, and what was listed."""
    stage.share("zebracode.txt", "okapilike")
    stage.slice()
    delete_documents(stage.settings)

    assert [] == [*stage.files_with("zebracode"), *stage.files_with("okapilike")]


def test_a_channel_s_file_is_shown_there_alone(tmp_path: Path) -> None:
    """Unless [readers] says else, at once, without the index made anew. Who joins or leaves does not matter."""
    with pinned_stage(tmp_path / "var", COCOAI_DOCUMENTS_CHANNELS=f"{HERE} G0PRIVATE C0SHARED") as stage:
        for channel in (HERE, "G0PRIVATE", "C0SHARED"):
            stage.share(f"{channel}.txt", f"hedgehogs of {channel}", channel=channel)
        stage.slice()
        table = {
            channel: set(stage.found("hedgehogs", channel)) for channel in (HERE, "G0PRIVATE", "C0SHARED", "D0PRACTICE")
        }
        readers: dict[str, list[str] | None] = {"g0private": ["D0PRACTICE"], HERE.lower(): None}
        by_rule = {
            channel: set(stage.found("hedgehogs", channel, readers))
            for channel in (HERE, "G0PRIVATE", "C0SHARED", "D0PRACTICE")
        }

    assert {
        HERE: {f"{HERE}.txt"},
        "G0PRIVATE": {"G0PRIVATE.txt"},
        "C0SHARED": {"C0SHARED.txt"},
        "D0PRACTICE": set(),
    } == table
    assert {
        HERE: {f"{HERE}.txt"},
        "G0PRIVATE": {f"{HERE}.txt"},
        "C0SHARED": {"C0SHARED.txt"},
        "D0PRACTICE": {"G0PRIVATE.txt", f"{HERE}.txt"},
    } == by_rule


def test_a_listing_that_is_lost_is_made_anew(stage: Stage) -> None:
    """Nothing is forgotten over it, also while Slack is away: it is derived."""
    stage.share("rules.txt", "knock first")
    stage.slice()
    Path(stage.var, "run", "documents_slack.json").write_text("{broken")
    stage.slack.fail("pins.list", SlackFault("broken"))
    away = stage.slice()
    there = stage.found("knock")
    back = stage.slice(after=100.0)

    assert (0, ["rules.txt"], 0) == (away.removed, there, back.removed)
    assert ["rules.txt"] == stage.found("knock")


def test_what_is_pinned_twice_is_shown_in_both(tmp_path: Path) -> None:
    """Until it is unpinned in one of them."""
    with pinned_stage(tmp_path / "var", COCOAI_DOCUMENTS_CHANNELS=f"{HERE} G0PRIVATE") as stage:
        file = stage.share("both.txt", "hedgehogs of both")
        again = stage.slack.workspace.post("G0PRIVATE", BY, "", subtype="file_share", files=(file,))
        stage.slack.pin(BY, again.ts, "G0PRIVATE")
        stage.slice()
        both = [stage.found("hedgehogs", channel) for channel in (HERE, "G0PRIVATE")]
        stage.slack.unpin(BY, again.ts, "G0PRIVATE")
        stage.slice()

        assert [["both.txt"], ["both.txt"]] == both
        assert [["both.txt"], []] == [stage.found("hedgehogs", channel) for channel in (HERE, "G0PRIVATE")]
