"""Read the documents and the questions of this folder; how they are searched is not known here.

A question has its row in questions.tsv, or in held_out.tsv if nothing may be tuned on it: the document and the heading
whose section answers it. It is

plain      worded like the section, at least in part
synonym    asked with another word than the section's
typo       mistyped, or misconverted from kana
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

FOLDER = Path(__file__).parent

Language = Literal["ja", "en"]
Kind = Literal["plain", "synonym", "typo"]
QuestionFile = Literal["questions.tsv", "held_out.tsv"]


@dataclass(frozen=True)
class RankingQuestion:
    """A question, and the section that answers it.

    `document` is the file's name; `heading` is unique in it, without its number signs. `search_words` are what a
    language model may search for when it has seen the question alone: three words or short phrases. `asked` is the
    question's synonym or mistyped word, and `written` the document's; both are empty for a plain question.
    """

    id: str
    language: Language
    kind: Kind
    question: str
    document: str
    heading: str
    search_words: tuple[str, ...]
    asked: str
    written: str


def load_questions(file_name: QuestionFile = "questions.tsv") -> list[RankingQuestion]:
    """Return all questions of the file, in its order."""
    with (FOLDER / file_name).open(encoding="utf-8", newline="") as file:
        return [_question(row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def load_documents() -> dict[str, str]:
    """Return the Markdown of each document by its file's name, in the order of the names."""
    return {path.name: path.read_text("utf-8") for path in sorted((FOLDER / "documents").glob("*.md"))}


def _question(row: dict[str, str]) -> RankingQuestion:
    return RankingQuestion(
        id=row["id"],
        language=cast("Language", row["language"]),
        kind=cast("Kind", row["kind"]),
        question=row["question"],
        document=row["document"],
        heading=row["heading"],
        search_words=tuple(row["search_words"].split("|")),
        asked=row["asked"],
        written=row["written"],
    )
