"""answer/left_out.py: what is told of files that the model did not get, or not whole."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from cocoai.answer.left_out import FOR_THE_MODEL, lines_for_the_model, note_for_the_asker
from cocoai.slack.api.download import LeftOut
from cocoai.slack.api.file_reader import PARTLY, Why
from cocoai.texts import ENGLISH, JAPANESE, LANGUAGES, Texts

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

KIND_JA = JAPANESE.why["kind"]
KIND_EN = ENGLISH.why["kind"]


def facts(*left_out: tuple[str, str]) -> list[dict[str, Any]]:
    """Return pairs of a name and a reason as the `answer` fact has them."""
    return [{"name": name, "why": why} for name, why in left_out]


@pytest.mark.parametrize(
    ("left_out", "texts", "expected"),
    [
        ((), ENGLISH, ""),
        ((("a.zip", "kind"),), ENGLISH, f"(I have not read “a.zip”. {KIND_EN})"),
        ((("a.zip", "kind"),), JAPANESE, f"（「a.zip」は読んでいません。{KIND_JA}）"),
        ((("a.zip", "kind"), ("b.zip", "kind")), ENGLISH, f"(I have not read “a.zip, b.zip”. {KIND_EN})"),
        ((("a.zip", "kind"), ("b.zip", "kind")), JAPANESE, f"（「a.zip、b.zip」は読んでいません。{KIND_JA}）"),
        (
            (("a.zip", "kind"), ("c.docx", "office"), ("b.zip", "kind")),
            JAPANESE,
            f"（「a.zip、b.zip、c.docx」は読んでいません。a.zip、b.zip：{KIND_JA}c.docx：{JAPANESE.why['office']}）",
        ),
        (
            (("a.zip", "kind"), ("c.m4a", "speech")),
            ENGLISH,
            f"(I have not read “a.zip, c.m4a”. a.zip: {KIND_EN} c.m4a: {ENGLISH.why['speech']})",
        ),
        ((("", "unreadable"), ("", "gone")), ENGLISH, None),
        ((("x.log", "cut"),), ENGLISH, f"(Of “x.log” I have read only a part. {ENGLISH.why['cut']})"),
        ((("x.log", "cut"), ("x.log", "damaged")), JAPANESE, None),
        (
            (("a.zip", "a reason of a later version"),),
            ENGLISH,
            f"(I have not read “a.zip”. {ENGLISH.why['unreadable']})",
        ),
    ],
)
def test_one_sentence_tells_of_all_files(left_out: Any, texts: Texts, expected: str | None) -> None:
    """Files of one reason are named together, in one sentence for all; each reason is told once."""
    note = note_for_the_asker(facts(*left_out), texts)

    assert expected in (None, note)
    assert "\n" not in note
    assert all(1 == note.count(texts.why[why]) for why in {why for _, why in left_out} if why in texts.why)


def test_files_left_out_and_files_read_in_part_have_a_sentence_each() -> None:
    """What was read in part stands in a sentence of its own."""
    first, second = note_for_the_asker(facts(("x.log", "cut"), ("a.zip", "kind")), ENGLISH).splitlines()

    assert f"(I have not read “a.zip”. {KIND_EN})" == first
    assert "x.log" in second


def test_a_name_is_shown_literally() -> None:
    """Nothing in a name becomes markup."""
    assert r"a\*b\_c.zip" in note_for_the_asker(facts(("a*b_c.zip", "kind")), ENGLISH)


@pytest.mark.parametrize("why", get_args(Why))
def test_each_reason_has_words(why: Why) -> None:
    """Each reason is told to the asker in both languages, and to the model unless a part of the file is read."""
    assert all(note_for_the_asker(facts(("a", why)), texts) for texts in LANGUAGES.values())
    assert (why in PARTLY) == (why not in FOR_THE_MODEL)


def test_the_model_is_told_of_each_unread_file() -> None:
    """Each file of which nothing is read has a line with its name and the reason; one read in part has none."""
    left_out = [LeftOut("a.zip", "kind"), LeftOut("", "gone"), LeftOut("x.log", "cut")]

    assert [
        "[attached: a.zip, not read, of a kind that cannot be read]",
        "[attached: a file, not read, no longer there]",
    ] == lines_for_the_model(left_out)


def test_office_files_are_told_how_to_be_read() -> None:
    """The reason for an office file says what helps, in both languages."""
    assert "PDFに変換して送ると読めます" in JAPANESE.why["office"]
    assert "PDF" in ENGLISH.why["office"]
