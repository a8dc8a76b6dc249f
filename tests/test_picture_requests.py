"""Which words ask for a picture, and which only sound like it: a picture costs as much as forty answers."""

from __future__ import annotations

import pytest

from cocoai.texts.picture_requests import LONGEST, PictureRequest, picture_request

pytestmark = pytest.mark.pure

DRAWN = """
猫の絵を描いて
猫の絵を描いてください
猫の絵を描いて。
月の上の猫を描いて！
富士山を描いてくれる？
富士山を描いてもらえますか？
ねえ、夕焼けの海の画像を作って
画像を作って 夕焼けの海辺
画像を作って: 夕焼けの海辺、油絵ふうに
画像を生成してください：夕焼けの海
画像生成: 猫
チームのロゴを作ってください
来週のイベント用に、桜のポスターを作成してほしいです
忘年会のイラストをお願いします
犬のイラストを1枚描いて
犬の似顔絵をかいてにゃ
ココアちゃん、ケーキの絵を描いて〜
夏祭りの絵を書いて。背景は夜で、花火も入れて。
背景は夜です。花火もあります。屋台もあります。こんな夏祭りの絵を描いてください。
「夏祭り」の絵を描いて
draw a cat
Draw me a cat on the moon, please
please draw a red bicycle
can you draw our office as a castle?
could you draw me two dogs playing chess?
draw: a cat in watercolor
draw a line drawing of a fox
sketch a lighthouse at night
make a picture of a cat
Make a picture of our team as penguins.
create an image of a mountain lake
generate a cute illustration for the newsletter
CocoAI, design a logo for the tea club
paint me a sunset
I want a picture of a dog with a hat
i'd like an illustration of a robot gardener
give me a picture of a cat
create a poster: summer party, Friday 6 pm
draw the Tokyo skyline
draw cats
create a picture of a sunset over Tokyo
image of a cat please
a picture of a dog, please
Draw a red car. It should be fast.
ココアちゃん、犬が走ってる絵かいて
猫描いて
かわいい猫の絵、描いてくれない？
猫の絵がほしい
猫の画像ください
ロゴをデザインして
犬の写真を生成して
猫の絵を描いてください🙏
猫の絵を描いてください :pray:
猫の絵を描いて(笑)
絵を描いてほしいんだけど、猫が寝ているところ
こんな絵を描いて：森の中の小さな家
もう一度猫を描いて
draw another cat
draw a dog in water
draw a house on fire
draw a man with money
draw water lilies
draw a fire truck
draw a crowd of penguins
draw a birthday card for Anna
draw a card with a heart
draw the solar system
"""

NOT_DRAWN = """
draw a conclusion
draw conclusions from these numbers
draw the right conclusion
please draw some conclusions
draw a comparison between A and B
draw the line somewhere
draw a line between work and life
draw up a contract
draw on your knowledge of Go
draw attention to the deadline
draw inspiration from this
draw a diagram of the login flow
draw me a sequence diagram
draw a flowchart
draw a bar chart of these sales
draw an org chart
draw a decision tree for this
draw 5 samples from this list
draw a rectangle in canvas
draw a cat with python
draw a cat in SVG
draw an ascii cat
how do I draw a cat?
can you draw?
what can you draw?
who drew this picture?
did you draw that?
sketch out a plan for Q3
sketch a proposal for the client
paint a picture of how the market works
give me a picture of the current situation
give me a clear picture of what happened
create a docker image with nginx
create an image for docker
make an image gallery component
create a container image
look at this picture
what is in the picture?
describe the image
make a list of pictures
resize the picture
make the picture in the readme smaller
the picture you made is great
画像を見て
画像を見てください
この画像は何ですか？
画像を作る方法を教えて
絵を描く方法を教えて
画像を作って保存するコードを書いて
絵を描いてもいい？
絵を描いているのは誰？
絵を描いてみたいんだけど、何から始めればいい？
昨日、絵を描いてもらいました
絵を描いてくれた人は誰ですか
画像を圧縮して
画像を説明して
画像の説明を書いて
イラストの感想を書いて
絵の描き方を教えて
システムの構成図を描いて
フローチャートを描いて
売上のグラフを描いて
シーケンス図を描いてください
明るい未来を描いてください
pythonで円を描いて
SVGで猫を描いて
猫の絵を描くコードを書いて
アスキーアートで猫の絵を描いて
「画像を作って」を英訳して
表を作って
議事録を作って
報告書を書き直して
書き直して: もっと丁寧に
メールを書いて
こんにちは
絵文字を使って書いて
絵本を書いて
ポスターの文章を作って
ロゴを作ってもらう費用は？
イラストを描いてもらう相場を教えて
この画像の説明文を作って
アイコンを変えて
絵を描いて！と言われたらどう断る？
人物像を描いて
戦略を描いて
将来像を描いてください
絵コンテを描いて
draw your own conclusions
draw a card
draw a bath
draw it out of the bag
draw near
draw a Venn diagram
draw a UML class diagram
draw a picture of the architecture
make a sketch of the database schema
get a picture of the server status
i want a picture of how we are doing
I need a photo of the receipt
create a picture book outline
create an icon font
generate an image caption
make a drawing tool in javascript
give me the big picture
give me the full picture
draw an ER model
draw a random number
draw names
draw 3 names from this list: A, B, C
draw a name from the hat
draw the short straw
draw closer
draw the workflow
draw the org structure
draw a heat map
draw the process
draw the letter to the client
draw money from the account
draw some attention
draw water from the well
turn this picture into text
turn this table into a list
illustrate this with an example
結論を描いて
ペルソナを描いて
カスタマージャーニーを描いて
この画像をテキストにして
この画像をPDFにして
この写真を表にして
もう一度図を描いて
もう一度書いて
図を描いて説明して
画像を見て説明して
I need to draw money
canvas.draw() does not work
"""


def lines(text: str) -> list[str]:
    """Return the lines of a text that are not blank."""
    return list(filter(None, text.splitlines()))


@pytest.mark.parametrize("text", lines(DRAWN))
def test_what_orders_a_picture_is_one(text: str) -> None:
    """It is drawn anew only where that is said, and nothing said before is needed for it."""
    found = picture_request(text)

    assert found is not None
    assert (False, False) == (found.is_redraw, found.refers)
    assert found.prompt in text


@pytest.mark.parametrize("text", lines(NOT_DRAWN))
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    """The chat model is asked."""
    assert picture_request(text) is None


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("画像を作って 夕焼けの海辺", "夕焼けの海辺"),
        ("画像を作ってください：夕焼けの海", "夕焼けの海"),
        ("画像生成: 猫\n青い目の", "猫\n青い目の"),
        ("猫の絵を描いて", "猫の絵を描いて"),
        ("Draw a Cat, Please", "Draw a Cat, Please"),
    ],
)
def test_the_prompt_is_in_the_asker_s_words(text: str, prompt: str) -> None:
    """An order that stands before them is left out."""
    assert PictureRequest(prompt) == picture_request(text)


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("描き直して: 空を赤く", "空を赤く"),
        ("描き直して", "描き直して"),
        ("描き直してください。もっと明るく", "描き直してください。もっと明るく"),
        ("空を赤くして描き直して", "空を赤くして描き直して"),
        ("かきなおして 猫は2匹で", "猫は2匹で"),
        ("redraw: a red sky", "a red sky"),
        ("Redraw it with a Red sky", "it with a Red sky"),
        ("please redraw this in watercolor", "this in watercolor"),
        ("draw it again, but at night", "draw it again, but at night"),
        ("redraw", "redraw"),
        ("もう一度描いて", "もう一度描いて"),
        ("この写真を水彩画ふうにして", "この写真を水彩画ふうにして"),
        ("その画像をアニメ調に変えてください", "その画像をアニメ調に変えてください"),
        ("Turn this photo into a cartoon", "Turn this photo into a cartoon"),
        ("make this picture look like a painting", "make this picture look like a painting"),
    ],
)
def test_a_picture_is_drawn_anew(text: str, prompt: str) -> None:
    """What is to be different is said behind the order, or before it."""
    assert PictureRequest(prompt, is_redraw=True) == picture_request(text)


@pytest.mark.parametrize(
    "text", ["redraw the diagram", "redraw the sequence diagram", "構成図を描き直して", "表を描き直して"]
)
def test_a_diagram_is_not_drawn_anew(text: str) -> None:
    """It is no picture."""
    assert picture_request(text) is None


REFERS = """
それを絵にして
これを画像にしてください
今の話を絵にして
この物語をイラストにして
さっきの説明の画像を作って
この場面の絵を描いて
draw that
draw it
please draw this as a cartoon
make a picture of that
create an image of what you described
draw this scene
draw another one
draw one more
もう一枚描いて
make an illustration for this story
"""


@pytest.mark.parametrize("text", lines(REFERS))
def test_what_was_said_before_is_referred_to(text: str) -> None:
    """Only the thread tells what is to be drawn."""
    assert PictureRequest(text, refers=True) == picture_request(text)


def test_a_long_text_has_more_to_it() -> None:
    """And so has one that is empty, less."""
    assert picture_request("draw a cat" + " and a dog" * (LONGEST // 10)) is None
    assert picture_request("  \n") is None


def test_what_is_quoted_or_code_orders_nothing() -> None:
    """It is what the question is about."""
    assert picture_request("> draw a cat\nwhat does he mean?") is None
    assert picture_request("```\ndraw a cat\n```\nwhat is wrong here?") is None
