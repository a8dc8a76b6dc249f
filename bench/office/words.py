"""What people write and read at the page, in Japanese and in English; what CocoAI itself says is in `cocoai.texts`."""

from __future__ import annotations

from dataclasses import dataclass

from cocoai.texts.english import ENGLISH
from cocoai.texts.japanese import JAPANESE
from cocoai.texts.texts import Texts


@dataclass(frozen=True)
class Words:
    """One language's words. `tag` is the browser's language; the fields of the last lines are the page's own labels."""

    tag: str
    texts: Texts
    question: str
    follow_up: str
    thanks: str
    reset: str
    help: str
    model: str
    table: str
    code: str
    list: str
    long: str
    go_on: str
    file: str
    picture: str
    sheet: str
    other: str
    third: str
    plain: str
    forwarded: str
    direct: str
    wait: str
    frame: str
    frame_end: str
    edited: str
    deleted: str
    edit: str
    remove: str
    forward: str
    phone: str
    only_you: str
    no_mention: str


JA = Words(
    tag="ja",
    texts=JAPANESE,
    question="来週の定例の議題案を3つ出して",
    follow_up="2つ目をもう少し詳しくお願いします",
    thanks="ありがとうございます！",
    reset="リセット",
    help="ヘルプ",
    model="モデル",
    table="都市の人口を表にまとめて",
    code="FizzBuzzのコードを書いて",
    list="持ち物を箇条書きにして",
    long="製品の歴史を長く書いて",
    go_on="続き",
    file="この議事録を要約して",
    picture="この画像に何が写っていますか？",
    sheet="合計を計算して",
    other="私からも質問です。予算はいくらですか？",
    third="ココアちゃん、締め切りはいつですか？",
    plain="お昼の時間ですね",
    forwarded="この内容を確認して",
    direct="上司へのお礼の文面を考えて",
    wait="急ぎの質問です。会議室の予約方法は？",
    frame="ご質問はこちらですね",
    frame_end="ほかにも聞いてくださいね",
    edited="(編集済み)",
    deleted="このメッセージは削除されました。",
    edit="編集…",
    remove="削除する",
    forward="転送…",
    phone="スマホの通知を見る",
    only_you="あなただけに表示されています",
    no_mention="@CocoAI を付けないと、届きません",
)

EN = Words(
    tag="en-US",
    texts=ENGLISH,
    question="Suggest three topics for next week's meeting",
    follow_up="Can you say a little more about the second one?",
    thanks="Thank you!",
    reset="reset",
    help="help",
    model="which model are you?",
    table="Put the cities and their people into a table",
    code="Write FizzBuzz as code",
    list="What do I need to bring? As a list, please",
    long="Write a long history of our product",
    go_on="continue",
    file="Please summarise these minutes",
    picture="Please describe this picture",
    sheet="Add up the prices",
    other="I have a question, too. How large is the budget?",
    third="CocoAI, when is the deadline?",
    plain="Time for lunch",
    forwarded="Please check this",
    direct="Draft a note to my manager",
    wait="This is urgent: how do I book a meeting room?",
    frame="You asked:",
    frame_end="Ask me anything else.",
    edited="(edited)",
    deleted="This message was deleted.",
    edit="Edit…",
    remove="Delete",
    forward="Forward…",
    phone="Phone notification",
    only_you="Only visible to you",
    no_mention="Without @CocoAI, this does not reach CocoAI",
)
