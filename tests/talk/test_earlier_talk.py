"""Which questions are about what was said earlier, so that earlier answers are searched for them."""

from __future__ import annotations

import pytest

from cocoai.texts.earlier_talk import asks_about_earlier
from tests.each_case import check_each

pytestmark = pytest.mark.pure

EARLIER = (
    "前に聞いた経費の件、もう一度教えて",
    "前に教えてもらったVPNの手順は？",
    "前にも質問したけど、鍵はどこ？",
    "以前話した移転の話はどうなった？",
    "以前、相談した件の続きです",
    "この前の会議の話、何が決まった？",
    "この間言ってた新しいルールって何？",
    "こないだ教えてくれたコマンドは？",
    "先日の質問の答えをもう一度",
    "先日ご説明いただいた手順を教えてください",
    "前回の続きをお願い",
    "前回は何を決めた？",
    "昨日聞いたことを覚えてる？",
    "先週決まった締め切りはいつ？",
    "先月まとめてもらった表を見せて",
    "3日前に答えてくれた内容は？",
    "何て言ってたっけ？",
    "締め切り、いつに決まったんだっけ",
    "これまでのやりとりをまとめて",
    "さっき話した件だけど",
    "what did we decide last time?",
    "did we talk about the move before?",
    "Have we discussed this already?",
    "earlier we agreed on a deadline, which one?",
    "You told me yesterday how to reset the VPN",
    "as I mentioned, the budget is small. What did you suggest?",
    "what did you say about parking?",
    "last time the answer was different",
    "Do you remember the name of the vendor?",
    "what was your previous answer on overtime?",
    "I asked this two weeks ago",
    "the other day you recommended a book",
)

NOT_EARLIER = (
    "会議の前に何を準備する？",
    "食べる前に手を洗うべき？",
    "駅前に駐車場はありますか",
    "事前に申請が必要？",
    "締め切り直前に変更できる？",
    "目の前に座っている人は誰？",
    "出張の前に上司の許可を取る規程は？",
    "二人前にはどれくらい必要？",
    "前に進むにはどうすれば？",
    "名前に使える漢字は？",
    "以前の料金より高いのはなぜ？",
    "来週の予定は？",
    "有給休暇は何日前までに申請する？",
    "昨日の天気は？",
    "午前にできることは？",
    "ドアの前に置かれた荷物は誰のもの？",
    "what must I do before I travel?",
    "When is the deadline?",
    "how do I apply for leave before Friday?",
    "who decides on the budget?",
    "say hello in French",
    "tell me about the expense policy",
    "what should we say to the customer?",
    "how long did the Edo period last?",
    "write an answer to this mail",
    "What time is it in Tokyo?",
    "is overtime paid last month's rate?",
    "earlier versions of Python lack match, why?",
)


def test_what_is_about_earlier_talk() -> None:
    """A word for the past beside one for talking, or a question that only somebody who was there asks."""

    def check(text: str) -> None:
        assert asks_about_earlier(text)

    check_each(check, EARLIER)


def test_what_is_not() -> None:
    """Mostly 前 in another sense, and "before" as a conjunction."""

    def check(text: str) -> None:
        assert not asks_about_earlier(text)

    check_each(check, NOT_EARLIER)
