"""Jobs that have ended lose their words, and nothing else."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from cocoai.slack.model.question import Question
from cocoai.spool.admin import RUBBISH
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.job_words import JobWords, Whose, without_words
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import JobInUse, WordsForgotten
from cocoai.spool_command import show_job
from tests.spool.rooms import FilesRoom, Room

WORDS = "秘密の合言葉"
KEY = Key("C1", "1.000100", "2.000100")


@pytest.fixture
def spool(room: Room) -> Spool:
    return room.here


@pytest.fixture
def words(spool: Spool) -> JobWords:
    return JobWords(spool)


def file_spool(var: Path) -> FileSpool:
    made = FileSpool(str(var))
    made.make_folders()
    return made


def question(key: Key = KEY, **changes: Any) -> Question:
    """Return a question with words wherever there may be some."""
    file = {"id": "F1", "name": f"{WORDS}.pdf", "url": "https://x"}
    made = Question("mention", key.channel, key.thread_ts, key.ts, "U1", "T1", WORDS, "Ev1", 2, (file,), shown=WORDS)
    return Question(**{**vars(made), "trigger": key.trigger, **changes})


def ended(spool: Spool, asked: Question, *, failed: bool = False) -> Key:
    """Put a question, let it be answered, and end its job."""
    key = Key.parse(asked.key)
    assert spool.put(key, asked.facts())
    job = spool.claim()
    assert job is not None
    job.record("heard", file="F1", text=WORDS, milliseconds=5, listener="ear", spent=7, call=1, bill={"spent": 7})
    job.record("searched", words=[WORDS], n=1)
    bill = {"spent": 9, "how": "told", "model": "m", "tier": "", "tokens": [1, 0, 0, 2, 0], "units": None, "price": "p"}
    left_out = [{"name": WORDS, "why": "too_big"}]
    job.record("answer", text=WORDS, model="m", finish="stop", refusal=False, left_out=left_out, call=2, bill=bill)
    job.record("part", n=2, ts="3.000100", size=12)
    job.record("delivered")
    if failed:
        spool.fail(job, "OpenAI server_error")
    else:
        spool.finish(job)
    return key


def test_the_words_are_gone_and_the_facts_stay(room: Room, words: JobWords) -> None:
    """Ids, times, codes, numbers and bills are as they were, and so is the time of the last change."""
    spool = room.here
    key = ended(spool, question())
    before = spool.peek("done", key)
    room.pass_time(1000)

    assert words.blank("done", key)

    after = spool.peek("done", key)
    assert json.dumps(WORDS)[1:-1].encode() not in room.stored("done", str(key))
    assert [each.get("fact") for each in before] == [each.get("fact") for each in after[:-1]]
    assert "forgotten" == after[-1]["fact"]
    assert ([], [key]) == tuple(spool.since("done", room.clock() - ago) for ago in (500, 2000))
    assert question(text="", shown="", files=()) == Question.from_facts(after[0])
    answers = [next(each for each in lines if each.get("fact") == "answer") for lines in (before, after)]
    assert {**answers[0], "text": "", "left_out": []} == answers[1]
    assert spool.moments("done", key)[:-1] == [(each["fact"], each["at"]) for each in before[1:]]
    assert not any(WORDS in line for line in show_job(spool, str(key)))


def test_a_blank_job_is_the_memory_against_redelivery(spool: Spool, words: JobWords) -> None:
    """Blanked once more it stays as it is."""
    key = ended(spool, question())
    words.blank("done", key)
    lines = spool.peek("done", key)

    assert not words.blank("done", key)
    assert not spool.put(key, question().facts())
    assert lines == spool.peek("done", key)
    assert [True] == [job.is_blank for job in words.of(Whose("U1"))]


def test_a_blank_job_is_not_retried(spool: Spool, words: JobWords) -> None:
    """An empty answer would take the place of one that stands."""
    key = ended(spool, question(), failed=True)
    words.blank("failed", key)

    with pytest.raises(WordsForgotten, match="it was forgotten"):
        spool.retry(key)
    assert [key] == spool.keys("failed")


def test_the_files_of_a_job_go_with_its_words(spool: Spool, words: JobWords) -> None:
    """Another job's stay."""
    other = Key("C1", "1.000100", "3.000100")
    spool.put(other, question(other, user="U2").facts())
    key = ended(spool, question(), failed=True)
    for each in (key, other):
        with spool.files.new(each, 100) as file:
            file.write(b"bytes")
            file.keep("picture.jpeg")

    words.blank("failed", key)

    assert "" == spool.files.path(key, "picture.jpeg")
    assert spool.files.path(other, "picture.jpeg")


def test_the_files_in_a_folder_go_with_their_job_s_words(tmp_path: Path) -> None:
    """Also one that was not finished."""
    spool = FilesRoom(tmp_path).here
    key = ended(spool, question(), failed=True)
    for name in (f"{key}.picture.jpeg", f"{key}.1.part", "C1-1.000100-3.000100.picture.jpeg"):
        (tmp_path / "spool" / "files" / name).write_bytes(b"bytes")

    JobWords(spool).blank("failed", key)

    assert ["C1-1.000100-3.000100.picture.jpeg"] == [each.name for each in (tmp_path / "spool" / "files").iterdir()]


def test_a_job_that_somebody_holds_is_left_alone(tmp_path: Path) -> None:
    """It has its words still."""
    spool = file_spool(tmp_path)
    key = ended(spool, question())
    with spool._locked("done", key), pytest.raises(JobInUse):
        JobWords(spool).blank("done", key)
    assert WORDS == spool.peek("done", key)[0]["text"]


def test_a_job_that_is_changed_meanwhile_is_in_use(room: Room) -> None:
    """What somebody has noted in it since it was read is not lost."""
    spool, other = room.here, room.spool()
    key = ended(spool, question())
    in_use = []

    def change(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with contextlib.suppress(JobInUse):
            other.annotate(key, "opinion", opinion="up")
            in_use.append(1)
        return [*lines, {"fact": "forgotten", "at": 1.0}]

    with contextlib.suppress(JobInUse):
        spool.rewrite("done", key, change)
        in_use.append(2)

    # Whoever came second heard that it is in use, and the other's fact is there.
    expected = {1: "opinion", 2: "forgotten"}
    assert [expected[each] for each in in_use] == [spool.peek("done", key)[-1]["fact"]]


@pytest.mark.parametrize(
    ("whose", "found"),
    [
        (Whose("U1"), ["a", "again", "click"]),
        (Whose("U2"), ["again", "b"]),
        (Whose(channel="C2"), ["c"]),
        (Whose(channel="C1", thread_ts="1.000100"), ["a", "again", "b", "click", "task"]),
        (Whose("U2", "C1", "1.000100"), ["again", "b"]),
        (Whose("U9"), []),
    ],
)
def test_jobs_are_found_by_whose_they_are(spool: Spool, words: JobWords, whose: Whose, found: list[str]) -> None:
    """A click holds the asker's reply; a task stands in the thread in which it was located."""
    names = {"a": KEY, "b": Key("C1", "1.000100", "3.000100"), "again": Key("C1", "1.000100", "4.000100")}
    names |= {"c": Key("C2", "1.000100", "2.000100"), "task": Key("C1", "6.000100", "6.000100", "translate_ja")}
    names |= {"click": Key("C1", "5.000100", "5.000100")}
    ended(spool, question())
    ended(spool, question(names["b"], user="U2"))
    ended(spool, question(names["again"], user="U2", kind="again", again=KEY.ts))
    ended(spool, question(names["c"], user="U3"))
    spool.put(names["task"], question(names["task"], user="U4", kind="translate").facts())
    job = spool.claim()
    assert job is not None
    job.record("located", thread_ts="1.000100")
    spool.finish(job)
    click = {"kind": "up", "channel": "C1", "thread_ts": "1.000100", "message_ts": "2.5", "key": str(KEY)}
    spool.put(names["click"], {**click, "asker": "U1", "user": "U4", "team": "T1", "ts": "5.000100", "reply": WORDS})

    assert [str(names[name]) for name in found] == sorted(
        (str(job.key) for job in words.of(whose)), key=[str(names[name]) for name in sorted(names)].index
    )


def test_a_title_that_others_were_shown_is_dropped(room: Room, spool: Spool, words: JobWords) -> None:
    """The rest of the passages stays, and so does that job's own text."""
    key = ended(spool, question(user="U2", text="mine", shown="", files=()))
    other = {"source": "folder", "name": "C1-9.0-9.0", "title": "t"}
    spool.annotate(key, "material", passages=[{"source": "history", "name": "C1-9.0-9.0", "title": WORDS * 2}, other])

    assert [] == words.drop_mentions({"C1-9.0-9.0"})

    lines = spool.peek("done", key)
    assert ([other], "mine") == (lines[-1]["passages"], lines[0]["text"])
    assert json.dumps(WORDS * 2)[1:-1].encode() not in room.stored("done", str(key))


def test_a_title_in_a_job_that_somebody_holds_is_told(tmp_path: Path) -> None:
    """Whoever forgets tries it again."""
    spool = file_spool(tmp_path)
    key = ended(spool, question(user="U2", text="mine", shown="", files=()))
    spool.annotate(key, "material", passages=[{"source": "history", "name": "C1-9.0-9.0", "title": WORDS}])

    with spool._locked("done", key):
        assert [str(key)] == JobWords(spool).drop_mentions({"C1-9.0-9.0"})


def test_rubbish_of_killed_processes_is_removed(tmp_path: Path) -> None:
    """Not what may be written just now."""
    spool = file_spool(tmp_path)
    later = FileSpool(str(tmp_path), clock=lambda: (tmp_path / "spool/tmp/old").stat().st_mtime + RUBBISH + 1)
    (tmp_path / "spool/tmp/old").write_text(WORDS)

    spool.drop_rubbish()
    assert (tmp_path / "spool/tmp/old").exists()
    later.drop_rubbish()
    assert not (tmp_path / "spool/tmp/old").exists()


@pytest.mark.pure
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            {"text": "a", "ts": "1.0", "n": 2, "ok": True, "none": None},
            {"text": "", "ts": "1.0", "n": 2, "ok": True, "none": None},
        ),
        (
            {"a": {"text": "x", "model": "m"}, "b": ["x"], "c": [1, 2.5]},
            {"a": {"text": "", "model": "m"}, "b": [], "c": [1, 2.5]},
        ),
        ({"message": {"text": "x", "ts": "1.0"}, "user": ["U1"]}, {"message": None, "user": []}),
        ({"kind": {"kind": "x", "of": "y"}}, {"kind": {"kind": "x", "of": ""}}),
    ],
)
def test_a_line_keeps_its_shape(line: dict[str, Any], expected: dict[str, Any]) -> None:
    """Whatever another version writes: what is not known to be no words is blanked."""
    assert expected == without_words(line)
