"""`cocoai documents`: what it prints over a real index of a real folder, and what it refuses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cocoai.cli import main
from cocoai.document_sources import document_sources
from cocoai.documents.document import HISTORY, HISTORY_FILE, SLACK, Document, DocumentSection
from cocoai.documents.file_history import FileHistory
from cocoai.documents.history import Exchange
from cocoai.documents.index import DocumentIndex
from cocoai.documents.index_reader import IndexReader
from cocoai.documents.index_task import index_lock_path
from cocoai.documents_command import building
from cocoai.documents_command.view import OFF, UNAVAILABLE, index_view
from cocoai.engine.process import fork, locks
from cocoai.errors import CocoAIError
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from tests.documents.team import BOARD, SETTINGS, Team
from tests.processes import PATIENCE
from tests.status.samples import HOSTILE

KEY = "C0PRACTICE-1763822000.000100-1763822000.000100"


@pytest.fixture
def team(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Team:
    """Return a team whose documents are not indexed yet."""
    return Team(tmp_path, capsys)


@pytest.fixture
def indexed(team: Team) -> Team:
    """Return a team whose documents are indexed."""
    team.indexes()
    return team


def put(team: Team, *documents: tuple[Document, str]) -> None:
    """Put documents into the index beside the folder's."""
    with DocumentIndex(str(team.index)) as index:
        for document, text in documents:
            index.put(document, [DocumentSection("", text)])


# list


def test_the_list_says_of_each_document_where_it_may_be_shown_and_what_is_wrong(indexed: Team) -> None:
    """The lines are sorted, and the last ones count what is not there."""
    lines = [line for line in indexed.types("list").splitlines() if "notes/" not in line]
    _, *rows, left_out, last = lines

    assert [
        ("folder", "0", "all", "empty.md  ! nothing is in it"),
        ("folder", "1", BOARD, "hr/board/plan.txt"),
        ("folder", "2", "all", "hr/leave.md"),
        ("folder", "1", "all", "rooms.txt"),
    ] == [(row[:6], row[8:16].strip(), row[36:48].strip(), row[50:]) for row in rows]
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d$", row[18:34]) for row in rows)
    assert "! folder: 1 × files of other types" == left_out
    assert "14 documents, 14 passages; 1 documents could not be read" == last


def test_while_the_index_is_written_more_may_come(indexed: Team) -> None:
    """Right after documents were switched on, a list that is short is not all."""
    lock = locks.take(index_lock_path(str(indexed.var)))
    assert lock
    try:
        during = indexed.types("list")
    finally:
        lock.release()

    assert during.endswith("\nthe index is just being written: look again in a minute\n")
    assert "being written" not in indexed.types("list")


def test_problems_alone(indexed: Team) -> None:
    """Whatever could be read is left out, and counted at the end."""
    out = indexed.types("list", "--problems")

    assert "empty.md" in out
    assert "rooms.txt" not in out
    assert "14 documents" in out


def test_documents_of_a_source_that_is_off_are_shown_nowhere(indexed: Team) -> None:
    """The index is told at its next slice; the rules hold at once."""
    put(
        indexed,
        (Document(SLACK, "C0GENERAL1/F1", "Rules", "1", channel="C0GENERAL1"), "The rules."),
        (Document(HISTORY, KEY, "What?", "1", channel="C0PRACTICE"), "That."),
    )
    both = indexed.types("list")
    indexed.set(
        SETTINGS.replace("folder = files", "folder = files\nchannels = C0GENERAL1") + "[history]\nkeep_days = 1\n"
    )
    others = indexed.types("list")

    assert ["nowhere", "nowhere"] == re.findall(r"(?:slack|history) .*?(nowhere)", both)
    assert {"history": "C0PRACTICE", "slack": "C0GENERAL1"} == {
        line[:7].strip(): line[36:48].strip() for line in others.splitlines() if line.startswith(("slack", "history"))
    }
    assert "C0GENERAL1/F1 “Rules”" in others


def test_a_hostile_name_steers_no_terminal(team: Team) -> None:
    """Names are people's."""
    team.write(HOSTILE.replace("/", "") + ".txt", "text")
    team.indexes()

    assert not {"\x1b", "\u202e"} & set(team.types("list") + team.types("search", "text"))


def test_thousands_of_lines_end_quietly_where_nobody_reads_on(team: Team) -> None:
    """`cocoai documents list | head` ends as soon as head does."""
    with DocumentIndex(str(team.index)) as index, index.batch():
        for number in range(3000):
            index.note_problem(Document("folder", f"{number:05}.md", "", "1"), "broken")
    command = f"{sys.executable} -m cocoai documents --config {team.file} list | head -n 3"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert (3, "") == (ended.stdout.count("\n"), ended.stderr)


# search


def test_a_search_says_what_is_found_how_well_and_how_much_may_not_be_shown(indexed: Team) -> None:
    """What [readers] keeps to others is only counted."""
    elsewhere = indexed.types("search", "有給休暇の申請は？")
    there = indexed.types("search", "有給休暇の申請は？", "--channel", BOARD)

    assert "Asked in a channel that no setting names:" in elsewhere
    assert "1 of the best passages may not be shown here" in elsewhere
    assert "plan.txt" not in elsewhere
    assert re.search(r"1\. \d+\.\d\d strong  hr/leave\.md › 休暇\n     有給休暇の申請は七日前までに。", elsewhere)
    assert f"Asked in {BOARD}:" in there
    assert "hr/board/plan.txt" in there
    assert "may not be shown" not in there


def test_where_other_organisations_read_only_what_is_named_for_it_is_found(indexed: Team) -> None:
    """[readers] names one folder for that channel, and nothing else may be shown in it."""
    nothing = indexed.types("search", "--shared", "有給休暇")
    named = indexed.types("search", "有給休暇", "--shared", "--channel", BOARD)

    assert "As a question: 0 passages" in nothing
    assert "which other organisations read" in nothing
    assert "the model is asked for other words" in nothing
    assert "hr/board/plan.txt" in named
    assert "leave.md" not in named


def test_exact_words_are_found_apart(indexed: Team) -> None:
    """A question finds what has some of the words, `find` what has all."""
    question, exact = indexed.types("search", "有給休暇", "慶弔休暇").split("Each word exactly")

    assert 2 == question.count("hr/leave.md")
    assert "hr/leave.md" in exact


def test_earlier_answers_are_searched_for_questions_about_them(indexed: Team) -> None:
    """They are shown in their channel, beside the documents."""
    put(indexed, (Document(HISTORY, KEY, "How many rooms?", "1", channel="C0PRACTICE"), "Three meeting rooms."))
    indexed.set(SETTINGS + "[history]\nkeep_days = 1\n")
    history = FileHistory(str(indexed.var / HISTORY_FILE))
    history.keep([Exchange(KEY, KEY, "C0PRACTICE", "1.0", "U1", 1, "en", "How many rooms?", "Three.")], [])

    def earlier(*options: str) -> str:
        return indexed.types("search", "meeting rooms", *options).partition("what was asked before")[2]

    assert "How many rooms?" in earlier("--channel", "C0PRACTICE")
    assert "How many rooms?" not in earlier()
    history.forget([KEY], 2.0)
    assert "How many rooms?" not in earlier("--channel", "C0PRACTICE")


# what cannot be done


def test_what_is_refused(team: Team) -> None:
    """Each with a sentence."""
    assert UNAVAILABLE["missing"] == team.fails("list") == team.fails("search", "x")
    assert team.fails("search", "x", "--channel", "general").startswith("--channel general: expected an id")
    assert team.fails("explain", "nonsense").startswith("not a job's key")
    assert f"there is no job {KEY}" == team.fails("explain", KEY)
    team.set("[paths]\nvar = var\n")

    assert {OFF} == {team.fails(*words) for words in (["list"], ["search", "x"], ["reindex"], ["explain", KEY])}


def test_an_index_that_cannot_be_used(indexed: Team) -> None:
    """Another version's, and a broken one."""
    with DocumentIndex(str(indexed.index)) as index:
        index.set_meta("version", "0")

    assert UNAVAILABLE["old"] == indexed.fails("list")
    indexed.index.write_bytes(b"no database" * 1000)
    assert UNAVAILABLE["broken"] == indexed.fails("search", "x")


# reindex


def reindex(team: Team) -> str:
    """Return what `cocoai documents reindex` prints, in a process of its own: it gives up its priority for good."""
    command = [sys.executable, "-m", "cocoai", "documents", "--config", str(team.file), "reindex"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (0, "") == (ended.returncode, ended.stderr)
    return ended.stdout


def test_the_index_is_thrown_away_and_built_anew(team: Team) -> None:
    """Also over one that is broken."""
    team.index.write_bytes(b"no database" * 1000)
    for number in range(20):
        team.write(f"many/{number}.txt", f"Document {number}.")

    assert re.fullmatch(
        r"34 documents, 34 passages, in .*; 1 cannot be read: cocoai documents list --problems\n", reindex(team)
    )
    assert 34 == IndexReader(str(team.index)).figures().documents
    assert locks.take(index_lock_path(str(team.var))) is not None


def test_it_takes_slice_after_slice(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pool's pauses, until all is indexed; it tells how far it is."""
    monkeypatch.setattr("cocoai.documents.indexing.MOST_CPU", 0.0)
    told: list[str] = []

    done = building.rebuild(
        index_view(team.settings), str(team.var), partial(document_sources, team.settings), told.append
    )

    assert 14 == len(told)
    assert "13 documents, and 1 that cannot be read" == told[-1]
    assert done.startswith("14 documents, 14 passages, in ")


def test_what_was_forgotten_meanwhile_is_not_in_the_new_one(indexed: Team) -> None:
    """A file that is gone, and a source that is off."""
    put(indexed, (Document(SLACK, "C0GENERAL1/F1", "Rules", "1", channel="C0GENERAL1"), "Forgettable."))
    (indexed.files / "rooms.txt").unlink()
    reindex(indexed)

    assert b"Forgettable" not in indexed.index.read_bytes()
    assert not {"rooms.txt", "C0GENERAL1/F1"} & {
        row.document.name for row in IndexReader(str(indexed.index)).documents()
    }


def test_a_slice_of_the_pool_is_waited_for(indexed: Team) -> None:
    """For some time only; the index is left as it was."""
    lock = locks.take(index_lock_path(str(indexed.var)))
    assert lock is not None
    told: list[str] = []

    def rebuild(patience: float) -> str:
        view = index_view(indexed.settings)
        return building.rebuild(view, str(indexed.var), list, told.append, patience=patience)

    before = indexed.index.read_bytes()
    with pytest.raises(CocoAIError, match="another process"):
        rebuild(0.05)

    assert before == indexed.index.read_bytes()
    assert "waiting" in told[0]

    def end_of_slice(text: str) -> None:
        told.append(text)
        lock.release()

    told.clear()
    view = index_view(indexed.settings)
    building.rebuild(view, str(indexed.var), list, end_of_slice, patience=PATIENCE)

    assert "waiting" in told[0]
    assert 0 == IndexReader(str(indexed.index)).figures().documents


SLOW = """
import sys
from cocoai.documents import indexing
from cocoai.cli import main
indexing.MOST_CPU = 0.0
finish = indexing._Slice.finish
def told(self):
    finish(self)
    print("slice", flush=True)
    sys.stdin.readline()
indexing._Slice.finish = told
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_an_index_that_the_pool_completes(team: Team, number: int) -> None:
    """It ends with a sentence; what was indexed by then is there, and whole."""
    for each in range(10):
        team.write(f"many/{each}.txt", f"Document {each}.")
    command = [sys.executable, "-c", SLOW, "documents", "--config", str(team.file), "reindex"]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        assert "slice\n" == process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    begun = IndexReader(str(team.index)).figures().documents
    team.indexes()

    assert (1, "", "cocoai: broken off: the pool goes on building the index from here\n") == (
        process.returncode,
        out,
        err,
    )
    assert (1, 24) == (begun, IndexReader(str(team.index)).figures().documents)


# explain


def passages(team: Team, *names: str) -> list[dict[str, Any]]:
    """Return what a `material` fact says of all passages of these documents of the folder."""
    return [
        {"source": "folder", "name": name, "number": each.number, "heading": each.heading, "place": each.place}
        | {"title": each.document.title, "link": each.document.link, "version": each.document.version}
        for name in names
        for each in IndexReader(str(team.index)).passages("folder", name)
    ]


def answered(team: Team, *facts: tuple[str, dict[str, Any]]) -> None:
    """Put a job with these facts into done/."""
    spool = FileSpool(str(team.var))
    spool.put(Key.parse(KEY), {"kind": "mention", "text": "a secret question"})
    job = spool.claim()
    assert job is not None
    for name, values in facts:
        job.record(name, **values)
    spool.finish(job)


def test_the_passages_of_an_answer_are_shown_as_they_are_now(indexed: Team) -> None:
    """One is as it was, one has changed, one is gone. The question itself is not shown."""
    found = passages(indexed, "hr/leave.md", "rooms.txt", "hr/board/plan.txt")
    seen = [{**passage, "n": n} for n, passage in enumerate(found, 2)]  # by which the answer cites them
    answered(
        indexed,
        ("searched", {"words": ["休み", "休暇"], "n": 1}),
        ("material", {"passages": seen, "weak": True}),
    )
    indexed.write("rooms.txt", "There are no rooms any more.")
    (indexed.files / "hr/board/plan.txt").unlink()
    indexed.indexes()
    out = indexed.types("explain", KEY)

    assert f"done/{KEY}\nthe model's search words: 休み, 休暇\n" in out
    assert "passages that the model saw: 4 (little was found)" in out
    assert "[2] folder hr/leave.md “leave › 休暇”\n    有給休暇の申請は七日前までに。\n" in out
    assert "[4] folder rooms.txt “rooms”\n    ! changed since" in out
    assert "[5] folder hr/board/plan.txt “plan”\n    ! gone" in out
    assert "secret" not in out
    assert "no rooms" not in out


def test_what_happened_to_a_job_is_told_without_words_of_the_history(
    indexed: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    """A passage of it is called by the first words of somebody's question, and search words are made of one."""
    passage = {"source": "history", "name": KEY, "number": 0, "title": "Who earns most?", "heading": ""}
    answered(indexed, ("searched", {"words": ["wages"], "n": 1}), ("material", {"passages": [passage], "weak": True}))

    assert 0 == main(["spool", "--config", str(indexed.file), "show", KEY])
    shown = capsys.readouterr().out
    assert '"title": "(15 characters)"' in shown
    assert not [word for word in ("earns", "wages") if word in shown]


def test_an_answer_without_passages(indexed: Team) -> None:
    """It is said why there are none."""
    answered(indexed)
    out = indexed.types("explain", KEY)

    assert "the model was not asked for search words" in out
    assert "no passages were looked for" in out


def test_an_answer_that_went_on_without_the_index(indexed: Team) -> None:
    """The reason is in the job."""
    answered(indexed, ("material", {"passages": [], "weak": True, "why": "busy"}))

    assert f"there were no documents for it (busy): {UNAVAILABLE['busy']}" in indexed.types("explain", KEY)


# as whom


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_becomes_the_owner_of_var(short_folder: Any) -> None:
    """What is made belongs to the pool's user."""
    folder = short_folder()
    folder.chmod(0o755)
    team = Team(folder)
    team.file.chmod(0o644)
    team.indexes()  # which imports what that user could not import from root's Python
    team.index.unlink()
    for path in [team.var, *team.var.rglob("*")]:
        os.chown(path, 65534, 65534)

    def run() -> None:
        os._exit(main(["documents", "--config", str(team.file), "reindex"]))

    _, status = os.waitpid(fork.fork(run, name="made-up", detach=False), 0)

    assert 0 == os.waitstatus_to_exitcode(status)
    assert (65534, 0o600) == (team.index.stat().st_uid, team.index.stat().st_mode & 0o777)
