"""To whom a line in a thread is put: tables of real-looking threads, written by others than the rules.

The rules were written with the tables of SEEN before their author's eyes; those of UNSEEN only measure them.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cocoai.slack.inbound.follow_ups import verdict
from cocoai.slack.model.talk import Talk, ends_with_question

pytestmark = pytest.mark.pure

US = "U0COCOAI"
TO_US = f"<@{US}>"
WORDS = {"question": "question", "reaction": "thanks", "nothing": "others"}
"""Our verdicts, by the tables' words for them."""

SEEN = ("thread_lines_seen.json", "thread_lines_more.json", "thread_lines_third.json")
UNSEEN = ("thread_lines_unseen.json", "thread_lines_held.json")
TABLES = (*SEEN, *UNSEEN)


def rows(table: str) -> list[dict[str, Any]]:
    """Return the rows of a table: each a thread, the line to be judged, and what is expected."""
    found: list[dict[str, Any]] = json.loads(Path(__file__).with_name(table).read_text(encoding="utf-8"))
    return found


def talk_of(thread: list[dict[str, Any]]) -> Talk:
    """Return what CocoAI has noted of a thread in which things went as they are written there."""
    talk = Talk()
    for line, after in pairwise([*thread, {"user": ""}]):
        is_asker_answered = line["user"] == talk.asker and after["user"] == US
        if line["user"] == US:
            talk = talk.answered(asks=ends_with_question(line["text"]), has_others=False)
        elif TO_US in line["text"] or is_asker_answered:
            talk = talk.asked(line["user"])
        elif talk.asker:
            talk = talk.overheard(line["user"])
        else:  # before CocoAI was asked: the thread shows it when it answers
            talk = Talk(has_others=True)
    return talk


def judged(row: dict[str, Any]) -> str:
    """Return our verdict on the line of a row."""
    mentions_others = bool(re.search(rf"<@(?!{US})|<!", row["text"]))
    return verdict(row["text"], row["user"], talk_of(row["thread"]), mentions_others=mentions_others)


def is_among_people(row: dict[str, Any]) -> bool:
    """Return True if more than one person has written in the row's thread, the judged line included."""
    return len({line["user"] for line in row["thread"] if line["user"] != US} | {row["user"]}) > 1


@pytest.mark.parametrize("tables", [SEEN, UNSEEN, TABLES], ids=["seen", "unseen", "all"])
def test_no_line_to_another_person_is_answered(tables: tuple[str, ...]) -> None:
    """Of the lines that are answered, 3 % at most are put to another person; of those put to us, 85 % are answered."""
    results = [(row, judged(row)) for table in tables for row in rows(table)]
    answered = [row for row, found in results if found == "question"]
    butting_in = [row for row in answered if row["expected"] == "nothing" and is_among_people(row)]
    to_us = [found for row, found in results if row["expected"] == "question"]

    assert len(butting_in) / len(answered) <= (0.05 if tables is UNSEEN else 0.03)
    assert to_us.count("question") / len(to_us) >= 0.85


def test_thanks_to_another_person_get_no_reaction() -> None:
    """Of the lines that get a reaction, nine of ten are thanks or assent to CocoAI; of these, most get one."""
    results = [(WORDS[row["expected"]], judged(row)) for table in TABLES for row in rows(table)]
    reactions = [expected for expected, found in results if found == "thanks"]
    thanks = [found for expected, found in results if expected == "thanks"]

    assert reactions.count("thanks") / len(reactions) >= 0.9
    assert thanks.count("thanks") / len(thanks) >= 0.8


def test_the_tables_are_fair() -> None:
    """Over a hundred lines, in most of them several people have spoken, and a third is put to CocoAI."""
    everything = [row for table in TABLES for row in rows(table)]
    crowded = list(filter(is_among_people, everything))

    assert len(everything) >= 100
    assert len(crowded) > len(everything) / 2
    assert sum(row["expected"] == "question" for row in everything) > len(everything) / 3
    assert len({row["id"] for row in everything}) == len(everything)


A, B = "U0ASKER01", "U0ASKER02"
ALONE = Talk(A)
ANSWERED = Talk(A, has_others=True)
AMONG_PEOPLE = Talk(A, has_others=True, is_ours=False)
ASKED = Talk(A, asks=True)


@pytest.mark.parametrize(
    ("talk", "user", "text", "expected"),
    [
        (ALONE, A, "神奈川の観光地", "question"),
        (ALONE, A, "すごい量のデータの処理方法", "question"),
        (ALONE, A, "find a nice restaurant in Osaka", "question"),
        (ALONE, A, "right margin 20px", "question"),
        (ALONE, A, "英語です", "question"),
        (ALONE, A, "完璧！英語版", "question"),
        (ALONE, A, "完璧、次は英語で", "question"),
        (ALONE, A, "ありがとう、A案で", "question"),
        (ALONE, A, "ありがとうございます！", "thanks"),
        (ALONE, A, "ok", "thanks"),
        (ALONE, A, "ありがとう、英語版も", "question"),
        (ALONE, A, "了解です。では見積もりも作れますか", "question"),
        (ALONE, A, "great, and in German", "question"),
        (ALONE, A, "Perfect. Now shorten it", "question"),
        (ALONE, A, "わかった範囲でいいので", "question"),
        (ALONE, A, "できたら表にして", "question"),
        (ALONE, A, "田中さんへのお礼メールも書いて", "question"),
        (ALONE, A, "However, it fails", "question"),
        (ALONE, A, "Sam, can you check?", "others"),
        (ALONE, A, "can you check this, Sam?", "others"),
        (ALONE, A, "the capitals of France, Spain", "question"),
        (ALONE, A, "What can you see in this picture?", "question"),
        (ALONE, A, "What do you think?", "question"),
        (ANSWERED, A, "What do you think?", "others"),
        (ALONE, A, "How would you say that in French?", "question"),
        (ALONE, A, "Write a thank you note", "question"),
        (ALONE, A, "Draft a thank-you note to my manager", "question"),
        (ALONE, A, "Thank-you card ideas", "question"),
        (ALONE, A, "感謝の手紙の例", "question"),
        (ALONE, A, "Thank you for the note", "thanks"),
        (ALONE, A, "感謝の言葉もありません", "thanks"),
        (ALONE, A, "AIの歴史を教えて", "question"),
        (ASKED, A, "ok", "question"),
        (ASKED, A, "はい", "question"),
        (ASKED, A, "ありがとう、Aで", "question"),
        (ASKED, A, "ありがとうございます", "thanks"),
        (ANSWERED, A, "なぜ？", "question"),
        (ANSWERED, A, "ありがとう", "thanks"),
        (ANSWERED, A, "Hey Sam, can you check this?", "others"),
        (ANSWERED, A, "これ、佐藤さん", "others"),
        (ANSWERED, B, "ありがとう", "others"),
        (AMONG_PEOPLE, A, "もう少し短くして", "question"),
        (AMONG_PEOPLE, A, "translate to German", "question"),
        (AMONG_PEOPLE, A, "例を3つ", "question"),
        (AMONG_PEOPLE, A, "リセット", "question"),
        (AMONG_PEOPLE, A, "要約ありがとうございます", "others"),
        (AMONG_PEOPLE, A, "じゃあこれで出します", "others"),
        (AMONG_PEOPLE, A, "来週までに直してもらえますか", "others"),
        (AMONG_PEOPLE, A, "could you send me the file?", "others"),
        (AMONG_PEOPLE, B, "ココアちゃん、これ英語にして", "question"),
        (AMONG_PEOPLE, B, "bot, summarize this thread", "question"),
        (AMONG_PEOPLE, B, "ココアちゃんありがとう", "thanks"),
        (AMONG_PEOPLE, B, "ココアちゃん便利だね", "others"),
        (AMONG_PEOPLE, B, "ココアちゃんに聞いてみたら？", "others"),
        (AMONG_PEOPLE, B, "the bot got that wrong lol", "others"),
        (Talk(), B, "もっと詳しく", "question"),
    ],
)
def test_a_line_that_tempts(talk: Talk, user: str, text: str, expected: str) -> None:
    """Words of thanks or names may be the content of a question; where nothing is known of a thread, all are for us."""
    assert expected == verdict(text, user, talk)
