"""Searching: what answers a question is found, where it may be shown, whatever is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cocoai.documents import database
from cocoai.documents.access import ReaderRules
from cocoai.documents.document import FOLDER, HISTORY, SLACK, Document, DocumentSection
from cocoai.documents.index import DocumentIndex
from cocoai.documents.search import FoundPassage, PassageSearch, SearchQuery, is_weak
from tests.documents.indexes import document, names_found

PAGES = {
    "leave.md": ("休暇", "年次有給休暇の申請は、取りたい日の三日前までに勤怠システムから行います。"),
    "health.md": ("健康診断", "健康診断は毎年六月に、指定の病院で受けます。費用は会社が払います。"),
    "keys.md": ("鍵", "会議室の鍵は、総務部の棚にあります。"),
    "vpn.md": ("VPN", "Install the VPN client, then sign in with your account and the token."),
    "expenses.md": ("Expenses", "Expense reports are approved by your manager within five days."),
}
NOISE = ("駐車場は地下一階にあり、利用には登録が必要です。", "The lobby opens at eight. Guests wait there.")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of an index with a few pages among others."""
    path = str(tmp_path_factory.mktemp("index") / database.FILE)
    with DocumentIndex(path) as index, index.batch():
        for name, (heading, text) in PAGES.items():
            index.put(document(name), [DocumentSection(heading, text)])
        for number in range(40):
            index.put(document(f"noise/{number}.md"), [DocumentSection(f"{number}", NOISE[number % 2])])
        index.put(document("hr/pay.md"), [DocumentSection("給与", "Zebra is what we call it.")])
        index.put(Document(SLACK, "F1", "plan", "1", channel="C1"), [DocumentSection("", "来期の計画は三つです。")])
        index.put(
            Document(HISTORY, "D1-1.0-1.0", "", "1", channel="D1"), [DocumentSection("", "前に計画を聞きました。")]
        )
    return path


RULES = ReaderRules({"hr": ("C0HR",)}, ("C1",))


def find(path: str, question: str, *, context: str = "", words: tuple[str, ...] = ()) -> list[FoundPassage]:
    search = PassageSearch(path, RULES)
    return search.find(SearchQuery(question, context, words), channel="C9", is_shared=False, sources=(FOLDER,))


def names(found: list[FoundPassage]) -> list[str]:
    return [each.passage.document.name for each in found]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("会議室の鍵はどこですか？", "keys.md"),
        ("鍵", "keys.md"),
        ("有休はいつまでに申請しますか", "leave.md"),
        ("健診の費用は誰が出すの？", "health.md"),  # the page says 健康診断
        ("健康真断はいつ？", "health.md"),  # misconverted
        ("ＶＰＮ　ｃｌｉｅｎｔ", "vpn.md"),
        ("how do i install the vnp cleint?", "vpn.md"),  # mistyped
        ("who approves my expense report", "expenses.md"),
        ("reimbursement: boss?", "expenses.md"),  # the page says expenses and manager
    ],
)
def test_the_right_passage_is_first(path: str, question: str, name: str) -> None:
    assert name == names(find(path, question))[0]


def test_a_heading_counts_more_than_a_text(tmp_path: Path) -> None:
    path = str(tmp_path / database.FILE)
    with DocumentIndex(path) as index:
        index.put(document("text.md"), [DocumentSection("その他", "駐車場の案内")])
        index.put(document("heading.md"), [DocumentSection("駐車場", "その他の案内")])
        for number in range(20):
            index.put(document(f"{number}.md"), [DocumentSection("別", "何もありません")])

    assert ["heading.md", "text.md"] == names(find(path, "駐車場"))


def test_what_was_said_before_helps_a_poor_question_alone(path: str) -> None:
    """It is looked at where the question finds little, and never instead of it."""
    helped = find(path, "それはどこですか？", context="VPN client")

    assert is_weak(find(path, "それはどこですか？"))
    assert ["vpn.md"] == names(helped)[:1]
    assert not is_weak(helped)
    assert "keys.md" == names(find(path, "会議室の鍵はどこ？", context="有給休暇の申請について教えて"))[0]


def test_search_words_find_what_the_question_does_not(path: str) -> None:
    """And say whether they did."""
    poor = find(path, "お医者さんに診てもらう日は？")
    rich = find(path, "お医者さんに診てもらう日は？", words=("健康診断", "受診"))

    assert is_weak(poor)
    assert not is_weak(rich)
    assert "health.md" == names(rich)[0]


def test_little_found_is_weak(path: str) -> None:
    assert is_weak([])
    assert is_weak(find(path, "ロケットの燃料の残量を地下で測る手順書"))
    assert not is_weak(find(path, "会議室の鍵はどこ？"))


@pytest.mark.parametrize(
    ("question", "channel", "is_shared", "sources", "expected"),
    [
        ("zebras", "C0HR", False, (FOLDER,), ["hr/pay.md"]),
        ("zebras", "C9", False, (FOLDER,), []),
        ("zebras", "C0HR", False, (SLACK, HISTORY), []),
        ("計画", "C1", False, (FOLDER, SLACK, HISTORY), ["F1"]),
        ("計画", "D1", False, (FOLDER, SLACK, HISTORY), ["D1-1.0-1.0"]),
        ("計画", "C9", False, (FOLDER, SLACK, HISTORY), []),
        ("会議室の鍵", "C9", True, (FOLDER,), []),
    ],
)
def test_a_passage_is_found_where_it_may_be_shown(
    path: str, question: str, channel: str, is_shared: bool, sources: tuple[str, ...], expected: list[str]
) -> None:
    """Neither a question nor exact words find another's."""
    search = PassageSearch(path, RULES)
    found = search.find(SearchQuery(question), channel=channel, is_shared=is_shared, sources=sources)
    exact = search.list_exact(question, channel=channel, is_shared=is_shared, sources=sources)

    assert expected == names(found) == names(exact)


def test_what_may_not_be_shown_takes_no_place(tmp_path: Path) -> None:
    """However many better passages there are that others may see."""
    path = str(tmp_path / database.FILE)
    with DocumentIndex(path) as index, index.batch():
        for number in range(50):
            index.put(document(f"hr/{number}.md"), [DocumentSection("計画", "計画の計画")])
        index.put(document("plan.md"), [DocumentSection("", "計画は後で、これから書きます。")])
        for number in range(300):
            index.put(document(f"{number}.md"), [DocumentSection("", f"noise {number}")])

    assert ["plan.md"] == names(find(path, "計画"))


def test_exact_words_are_all_there(path: str) -> None:
    """If no passage has all, it is a question."""
    assert ["keys.md"] == names_found(path, "総務部 会議室")
    assert ["vpn.md"] == names_found(path, "token ACCOUNT")
    assert ["health.md"] == names_found(path, "院", limit=1)
    assert "keys.md" in names_found(path, "総務部 ロケット")
    assert [] == names_found(path, "。。。")


def test_a_word_of_all_passages_is_found_too(tmp_path: Path) -> None:
    """A folder may hold three pages about one thing."""
    path = str(tmp_path / database.FILE)
    with DocumentIndex(path) as index:
        for number in range(3):
            index.put(document(f"{number}.md"), [DocumentSection("VPN", f"VPN {number}")])

    assert ["0.md", "1.md", "2.md"] == sorted(names(find(path, "How do I use the VPN?")))
    assert ["1.md"] == names(find(path, "vpn 1"))[:1]


def test_a_search_is_bounded(path: str) -> None:
    """However long the question is, and however few of the passages may be shown."""
    search = PassageSearch(path, RULES)

    assert 2 == len(
        search.find(SearchQuery("駐車場 lobby " * 5000), channel="C", is_shared=False, sources=(FOLDER,), limit=2)
    )
    assert [] == search.find(SearchQuery("鍵" * 100_000), channel="C", is_shared=True, sources=(FOLDER,))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(alphabet=st.characters(exclude_categories=()), max_size=30), st.sampled_from(["", '"', "*", "AND", "鍵"])
)
def test_no_text_is_too_odd_to_be_asked(path: str, text: str, more: str) -> None:
    """Nothing of it is an order to SQLite."""
    for question in (text + more, more + text):
        find(path, question, context=text, words=(more, text))
        names_found(path, question)
