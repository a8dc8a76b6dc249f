"""Which texts ask for a list of passages, and which are questions for the model all the same."""

from __future__ import annotations

import pytest

from cocoai.texts.search_requests import search_request
from tests.each_case import check_each

pytestmark = pytest.mark.pure

TAKEN = {
    "探して 有給休暇": "有給休暇",
    "探して：有給休暇": "有給休暇",
    "検索 経費精算": "経費精算",
    "検索: 経費 精算": "経費 精算",
    "検索して 通勤手当": "通勤手当",
    "さがして　鍵": "鍵",
    "有給休暇を探して": "有給休暇",
    "有給休暇の規程を探して": "有給休暇",
    "交通費について検索してください": "交通費",
    "就業規則を探してくれる？": "就業規則",
    "慶弔見舞金に関する資料を検索して": "慶弔見舞金",
    "資料を探して": "資料",
    "「育児休業」を探して": "育児休業",
    "VPNを検索して！": "vpn",
    "find expense policy": "expense policy",
    "Find: vacation": "vacation",
    "find the vacation rules": "vacation rules",
    "search travel expenses": "travel expenses",
    "search for remote work": "remote work",
    "search the documents for parental leave": "parental leave",
    "Please find VPN setup": "vpn setup",
    "find passages about overtime": "overtime",
    "find 有給休暇": "有給休暇",
    'find "sick leave"': "sick leave",
    "look up our travel policy": "travel policy",
    "find me documents about badges": "badges",
    "search: a good name": "a good name",
}

NOT_TAKEN = (
    "find a good name for our cat",
    "find an alternative to Excel",
    "find out why the build fails",
    "find the bug in this code",
    "find the difference between TCP and UDP",
    "find the best restaurant near the office",
    "find me a synonym of nice",
    "find three ideas for the offsite",
    "find it",
    "find x if 2x = 4",
    "search the web for cheap flights",
    "search for the cheapest hotel in Osaka",
    "can you find what is wrong below?",
    "find a time that suits all of us",
    "finding the expense policy is hard, where is it?",
    "how do I find the expense policy?",
    "I cannot find the expense policy",
    "find the root of 2x + 3",
    "findings of the audit",
    "research expenses",
    "search engines compared",
    "猫のいい名前を探して",
    "このコードのバグを探して",
    "近くのランチの店を探して",
    "次の文の誤字を探して",
    "別の言い換えを探して",
    "おすすめの本を探して",
    "安いホテルを検索して",
    "ネットで最新のニュースを検索して",
    "有給休暇の規程を探しています",
    "検索エンジンの仕組みは？",
    "検索機能を作るにはどうすればいい？",
    "探しものが見つからない時はどうする？",
    "添付のファイルから金額を探して",
    "",
)


def test_what_asks_for_a_list() -> None:
    """The words that are looked for stand behind the order, or in Japanese before it too."""

    def check(text: str) -> None:
        assert TAKEN[text] == search_request(text)

    check_each(check, list(TAKEN))


def test_what_is_a_question_all_the_same() -> None:
    """What is thought up, chosen or mended, what is somebody's own text, and what only speaks of searching."""

    def check(text: str) -> None:
        assert search_request(text) == ""

    check_each(check, list(NOT_TAKEN))


def test_a_long_text_is_a_question() -> None:
    """It has more to it than words to look for."""
    assert search_request("find " + "expense " * 20) == search_request("find expenses\nand sum them up") == ""
