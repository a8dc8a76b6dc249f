"""Which words ask for a picture, and which only sound like it: a picture costs as much as forty answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cocoai.texts.picture_requests import LONGEST, PictureRequest, picture_request

pytestmark = [pytest.mark.pure, pytest.mark.thorough]

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
猫の絵、描ける？
猫の絵描ける？
月の上の猫の絵を描けますか？
猫の絵、描けるかな？
犬の似顔絵、かけますか
チームのロゴ、作れる？
夕焼けの海の画像を生成できますか？
show me a picture of a cat
Show me a cute picture of a dog in a hat
can you show me a picture of a fox?
show us an illustration of a mountain hut
show me a cartoon of a lazy cat
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
これを敬語調にして
これをメール風にして
これを標準スタイルにして
絵、描ける？
絵が描ける？
絵は描けますか？
猫の絵が描けるようになりたい
猫の絵を描ける人はいますか？
どんな絵を描ける？
何の絵を描ける？
誰か猫の絵描ける？
AIで猫の絵を描ける？
Canvaで猫の絵を描けますか？
売上のグラフの絵を描けるツールは？
猫の絵は描けない
システムの構成図、描ける？
売上のグラフ、作れる？
チームの議事録、作れる？
show me the picture of the cat
show me that picture
show me a picture
show me a photo of the office
show me pictures from yesterday
show me a picture of the architecture
show me a picture of how it works
show me an image of the server status
show me a list of pictures
show me the icon of the app
show me how to draw a cat
show me an image tag
show me your drawing
show me a picture of the team
show me a picture of our org chart
show me a picture of last month's sales
来期の戦略の絵を描ける？
ビジネスの全体像の絵、描ける？
組織の絵、描ける？
猫の絵、描ける
illustrate the point with numbers
illustrate this point
illustrate this concept
illustrate the difference
illustrate how it works
illustrate this in python
illustrate this with a diagram
illustrate this with two examples
turn this into a list
turn this into a table
turn this into a sketch of a plan
turn this into a picture book outline
turn this into a drawing tool
turn it into a function
turn this into an image tag
turn this into an oil market report
turn it into a painting plan
make it look like a letter
make this look like a draft
make this look like code
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
        ("Draw: a Sunset", "a Sunset"),
        ("please draw : a cat\nand a dog", "a cat\nand a dog"),
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
        ("turn this into a watercolor", "turn this into a watercolor"),
        ("turn that into an oil painting, please", "turn that into an oil painting, please"),
        ("Turn it into a cute cartoon", "Turn it into a cute cartoon"),
        ("convert this into a pencil drawing", "convert this into a pencil drawing"),
        ("make it look like a watercolour painting", "make it look like a watercolour painting"),
        ("これを水彩画ふうにして", "これを水彩画ふうにして"),
        ("それをアニメ風にしてください", "それをアニメ風にしてください"),
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
illustrate this
please illustrate this for me
illustrate the story above
illustrate that scene as a cartoon
illustrate this with a picture
turn this into a picture
turn that into an illustration, please
"""


@pytest.mark.parametrize("text", lines(REFERS))
def test_what_was_said_before_is_referred_to(text: str) -> None:
    """Only the thread tells what is to be drawn."""
    assert PictureRequest(text, refers=True) == picture_request(text)


PAPER = Path(__file__).parent.parent / "docs" / "drawing.md"
ROWS = {
    "from these words": (False, False),
    "behind": (False, False),
    "changed": (True, False),
    "chat model": (False, True),
}


def promised() -> list[tuple[str, bool, bool, bool]]:
    """Return each sentence that the paper's table promises to take: is only what stands behind an order drawn, is a
    picture drawn anew, and is it worded by the chat model?
    """
    found = []
    for row in re.findall(r"^\| (.*) \| (.*) \|$", PAPER.read_text("utf-8"), re.MULTILINE):
        flags = next((flags for sign, flags in ROWS.items() if sign in row[1]), None)
        if flags is not None and not row[0].startswith("any"):
            sentences = re.split(r" · |[,;] ", row[0].replace("`", "").removesuffix(", in a thread"))
            found += [(sentence, "behind" in row[1], *flags) for sentence in sentences]
    return found


@pytest.mark.parametrize(("text", "is_behind", "is_redraw", "refers"), promised())
def test_what_the_paper_promises_is_kept(text: str, *, is_behind: bool, is_redraw: bool, refers: bool) -> None:
    """Each of its examples does what its row says."""
    prompt = re.split(": ?", text)[-1] if is_behind or is_redraw else text

    assert PictureRequest(prompt, is_redraw, refers) == picture_request(text)


def test_the_paper_s_examples_are_all_there() -> None:
    """None of its rows was overlooked, as a table that is laid out anew may be."""
    assert 17 == len(promised())


def test_a_long_text_has_more_to_it() -> None:
    """And so has one that is empty, less."""
    assert picture_request("draw a cat" + " and a dog" * (LONGEST // 10)) is None
    assert picture_request("  \n") is None


def test_what_is_quoted_or_code_orders_nothing() -> None:
    """It is what the question is about."""
    assert picture_request("> draw a cat\nwhat does he mean?") is None
    assert picture_request("```\ndraw a cat\n```\nwhat is wrong here?") is None
