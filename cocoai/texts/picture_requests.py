"""Recognise that somebody wants a picture drawn, or one drawn anew, in Japanese and in English.

A picture costs as much as forty answers, so a text counts only where it asks for one in so many words: an order at the
end of a sentence in Japanese, at the beginning of the text in English. What is about diagrams, code or a figure of
speech is a question for the chat model, and so is whatever else is in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cocoai.texts.commands import normalized

LONGEST = 4000
"""Characters of the longest text that is looked at: a longer one has more to it than a picture."""


@dataclass(frozen=True)
class PictureRequest:
    """What is to be drawn: the `prompt` in the asker's words.

    `is_redraw`: a picture of the thread, or the asker's own, is to be drawn anew. `refers`: what is to be drawn was
    said before in the thread, as in "draw that".
    """

    prompt: str
    is_redraw: bool = False
    refers: bool = False


_PLEASE = (
    r"(?:下さい(?:ませんか)?|ください(?:ませんか)?|ちょうだい|頂戴|欲しい(?:です|な)?|ほしい(?:です|な)?|お願い(?:し?ます)?"
    r"|もらえ(?:る|ます|ない|ません)か?|いただけ(?:る|ます|ない|ません)か?|頂け(?:る|ます|ない|ません)か?"
    r"|くれ(?:る|ます|ない|ません)?か?|みて(?:ください|下さい)?|みせて(?:ください|下さい)?)?(?:ね|よ|にゃ|な)?"
)
_END = r"[\s!?。.~〜…♪:()」w笑]*$"
_DECORATION = re.compile(r":[a-z0-9_+'-]+:|[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]")
"""Emoji, which order nothing."""

_PICTURE_JA = r"(?:画像|絵|イラスト|挿絵|似顔絵|水彩画|油絵|ロゴ|ポスター|壁紙|漫画|マンガ|スケッチ|アイコン)"
_MAKE = r"(?:描いて|えがいて|かいて|書いて|作って|つくって|作成して|生成して|描画して|デザインして|作成を?|生成を?)"
_DRAW = r"(?:描いて|えがいて|描画して)"

_ORDERS_JA = (
    # 猫の絵を描いて, 画像を作ってください, ロゴを一つ作って, 絵をお願いします
    re.compile(
        rf"{_PICTURE_JA}(?:を|も|が)?[、,\s]*(?:[一二三1-3]?[枚つ個点])?"
        rf"(?:{_MAKE}{_PLEASE}|お願い(?:し?ます)?|(?:下さい|ください|欲しい|ほしい|ちょうだい)(?:です|な|よ|にゃ)*){_END}"
    ),
    # 犬の写真を生成して
    re.compile(rf"写真を?(?:[一二三1-3]枚)?(?:生成して|描いて){_PLEASE}{_END}"),
    # それを絵にして, イラスト化して
    re.compile(rf"{_PICTURE_JA}(?:にして|に変えて|化して){_PLEASE}{_END}"),
    # 猫の絵、描ける？ (絵、描ける？ asks what we can do, and so does 何の絵を描ける？)
    re.compile(
        r"^(?!.*(?:誰|だれ|何の|なんの|どの|どんな|みんな|で(?!き)|ai|戦略|全体像|組織|事業|業務|体制|売上|予算|計画))"
        rf"[^。、\s]{{1,30}}の{_PICTURE_JA}[、,を]?\s*(?:(?:描|書)け|えがけ|かけ|作れ|つくれ|(?:作成|生成)でき)"
        rf"(?:る|ます|ない|ません)(?:か|かな|かにゃ|(?=\s*\?)){_END}"
    ),
    # 猫描いて
    re.compile(rf"^[^\s、。をもはがで]{{1,12}}描いて{_PLEASE}{_END}"),
    # 猫を描いて, 月の上の猫を一匹描いて
    re.compile(rf"\S(?:を|も)(?:[一二三1-3]?[枚つ個点匹人本台])?{_DRAW}{_PLEASE}{_END}"),
)
_FIRST_JA = re.compile(
    rf"^(?:(?:こんな|こういう|次の(?:ような)?|以下の|下の)?{_PICTURE_JA}(?:を|も)?"
    rf"(?:{_MAKE}{_PLEASE}\s*(?:[\s:]|--)|{_MAKE}(?:ほしい|欲しい)(?:んだけど|んですけど|のですが|んですが)、)"
    r"|(?:画像生成|お絵描き)\s*(?:[\s:]|--))\s*(?P<rest>\S.*)",
    re.DOTALL,
)
"""An order before what is to be drawn: 画像を作って 夕焼けの海, 画像生成: 猫."""

_STYLE_JA = re.compile(
    r"(?:この|その|上の|さっきの|今の|添付の|添付した)(?:画像|写真|絵|イラスト|似顔絵|スケッチ)を"
    rf"[^。、\s]{{0,12}}?(?:{_PICTURE_JA}|線画|ドット絵|浮世絵|水墨画|アニメ|風|ふう|調|タッチ|スタイル)"
    rf"(?:にして|に変えて|化して|に加工して){_PLEASE}{_END}"
    r"|(?:これ|それ)を(?:水彩画?|油絵|漫画|マンガ|アニメ|イラスト|浮世絵|水墨画|ドット絵|線画|鉛筆画|スケッチ|絵本)"
    rf"(?:ふう|風|調|タッチ)に(?:して|変えて|加工して){_PLEASE}{_END}"
)
"""この写真を水彩画ふうにして: a picture that is there is to be drawn anew."""

_ONE_MORE_JA = re.compile(rf"^もう(?:[一1][枚つ個])(?:同じ感じで)?{_DRAW}{_PLEASE}{_END}")
_ONCE_MORE_JA = re.compile(
    rf"^もう[一1][度回][、\s]*(?:(?:それ|これ|同じ(?:もの|の|絵|画像)?)を)?{_DRAW}{_PLEASE}{_END}"
)

_REDRAW_JA = re.compile(rf"(?:描き|かき)(?:直|なお)して{_PLEASE}(?:{_END}|[\s:、。](?P<rest>.*))", re.DOTALL)

_NOT_JA = re.compile(
    r"図を|グラフ|チャート|ダイアグラム|フロー|(?<!代)表を|曲線|関数|未来を?|ビジョン|物語を|ストーリー|小説|シナリオ|心情"
    r"|線を|像を?描|像をえが|円を|戦略|キャリア|カリキュラム|ロードマップ|構想|青写真|設計|アーキテクチャ|コンテ|夢を|展望|計画|結論|ジャーニー|ペルソナ"
    r"|教えて|方法|やり方|描き方|書き方|作り方|について|というのは|とは"
)
_CODE = re.compile(
    r"コード|スクリプト|プログラム|アスキーアート|エクセル|パワポ|イメージ化"
    r"|(?<![a-z])(?:code|script|program|python|matplotlib|plotly|svg|html|css|canvas|mermaid|plantuml|graphviz|tikz|latex|excel"
    r"|ascii|docker\w*|container|kubernetes|vm|iso|ami|disk|boot|kernel|regex|sql|terraform|emoji)(?![a-z])"
)

_THAT_JA = re.compile(
    r"(?:それ|これ|あれ|今の(?:話|内容|説明|答え|回答)?|さっきの(?:話|内容|説明|答え|回答)?|上の(?:話|内容|説明|文章)|ここまでの(?:話|内容)"
    r"|(?:この|その)(?:話|内容|会話|スレッド|文章|物語|場面|シーン|説明|答え|回答|様子|感じ))(?:を|の)"
)

_COURTESY = re.compile(
    r"(?:please|pls|ok|okay|now|so|then|hey|hi|hello|cocoai|can you|could you|would you|will you|can u|you can|let'?s"
    r"|i want you to|i'?d like you to|i would like you to|just|also|quickly|maybe|try to|go ahead and|for me)\b[\s,:!]*"
)
_PICTURE = (
    r"(?:picture|image|pic|illustration|drawing|painting|sketch|photo|photograph|portrait|cartoon|watercolou?r|logo|icon"
    r"|poster|wallpaper|avatar|sticker|artwork|comic|doodle)s?"
)
_MAKING = r"(?:make|create|generate|produce|render|design|draw|paint|sketch|give)"
_FOR_ME = r"(?:\s+(?:me|us))?"
_SOME = r"(?:\s+(?:a|an|the|one|two|three|some|another|my|our))?"
_WORDS = r"(?:\s+(?!(?:of|for|with|to|from|in|on|at|then|as)\b)[\w'-]+){0,4}?"

_ORDERS = (
    # draw a cat, draw me a dog on the moon, sketch our office
    re.compile(
        rf"(?:draw|sketch|doodle){_FOR_ME}\s+(?P<what>(?:(?:a|an|the|one|two|three|four|five|some|another|my|our|his|her"
        r"|this|that|these|those|it|them|what|how)\b|[\w'-]).*)",
        re.DOTALL,
    ),
    re.compile(r"paint\s+(?:me|us)\s+(?P<what>(?:a|an|the|some|two|three|our|my)\s.*)", re.DOTALL),
    # make a picture of a cat, create me a cute logo for the team
    re.compile(
        rf"{_MAKING}{_FOR_ME}{_SOME}{_WORDS}\s+{_PICTURE}"
        r"(?:\s+(?:of|showing|with|for|about|that|where|in which|in the style|depicting|from|to go with)\b"
        r"|\s*[:,-]\s*\S|[\s.!?]*$)"
    ),
    # i want a picture of a cat; an image of a cat, please
    re.compile(
        rf"(?:i|we)(?:'d| would)?\s+(?:want|need|like){_SOME}{_WORDS}\s+(?!photo){_PICTURE}"
        r"\s+(?:of|showing|depicting)\b"
    ),
    re.compile(rf"(?:an?\s+)?(?:[\w'-]+\s+){{0,2}}?{_PICTURE}\s+of\s.*\b(?:please|pls)[\s.!]*$"),
    # show me a picture of a cat; a photo, or the picture, or one of last week's, would be one that there is
    re.compile(
        rf"show{_FOR_ME}\s+(?:an?|some)(?:\s+[\w'-]+){{0,2}}?\s+(?!photo|logo|icon|poster|avatar|sticker|art){_PICTURE}"
        r"\s+of\s(?!.*\b(?:charts?|sales|revenue|budget|results?|numbers|data|files?|folder|last|yesterday|meeting|slides?"
        r"|page|screen|team|office|dashboard|errors?|app|website)\b)"
    ),
)
_ILLUSTRATE = re.compile(
    r"illustrate\s+(?:this|that|it|the above|(?:this|that|the|our|my)\s+(?:story|scene|poem|tale)(?: above)?)"
    r"(?:[\s,]+(?:please|pls|for (?:me|us)|(?:as|in|with)\s+(?:an?\s+)?(?:[\w-]+\s+){0,2}?"
    rf"(?:{_PICTURE}|style|pencil|ink|crayons?|pastels?)))*[\s.!?]*$"
)
"""illustrate this: what was said is to be drawn. With an example, or a point, it is no picture."""

_NOT_A_PICTURE = re.compile(
    r"(?:(?:a|an|the|any|some|your|our|more|two|three|these|those|my|\d+)\s+)?"
    r"(?:(?!(?:with|in|on|near|at|of|by|and|under|over|behind|from|holding)\b)[\w-]+\s+){0,2}?"
    r"(?:(?:conclusions?|comparisons?|parallels?|distinctions?|inferences?|lessons?|blanks?|baths?|salary|pension"
    r"|(?<!birthday )(?<!greeting )(?<!christmas )cards?(?!\s+with\b)|straws?|lots|curtains?|crowds?(?!\s+of\b)|ire"
    r"|diagrams?|charts?|graphs?|tables?|flow ?charts?|plots?|histograms?|timelines?|gantts?|mind ?maps?|heat ?maps?"
    r"|org ?charts?|structures?|process(?:es)?|workflows?|pipelines?|(?:er|data|domain|entity|object|mental) models?"
    r"|wireframes?|mock-?ups?|plans?|outlines?|proposals?|roadmaps?|architectures?|solutions?|drafts?|class(?:es)?"
    r"|functions?|apis?|schemas?|strateg(?:y|ies)|boundar(?:y|ies)|contracts?|will|winners?|samples?|polygons?|pixels?"
    r"|rect(?:angle)?s? (?:in|on|with)|decision tree|state machines?|letters? to)\b"
    # What is drawn in another sense has no article, and nothing that it would describe.
    r"|(?:attention|inspiration|breath|blood|fire|criticism|customers|power|current|money|funds|water|names?|numbers?)"
    r"(?:\s+(?:from|out|to|for|on|at|by|as|between|against|over|away|into|with)\b|[\s.!?,;:]*$))"
    r"|(?:(?:a|the|some)\s+)?lines?\b(?!\s+(?:art|drawing))"
    r"|(?:it|them|this|that) (?:out|up|from)\b"
    r"|(?:up|on|upon|from|out|in|near|nigh|back|down|away|off|to|into|over|level|even|between|together|closer|nearer)\b"
)
_IDIOM = re.compile(
    r"(?:give|paint)\b.*\b(?:big(?:ger)?|full|whole|overall|clear(?:er)?|complete|general|rough)\s+(?:picture|image|sketch)\b"
    r"|.*?\b(?:picture|image|sketch|drawing|portrait|photo)s?\s+of\s+(?:(?:how|why|where|who|when)\b"
    r"|what\b(?! (?:you|we|i) )|(?:(?:a|an|the|our|their|this|your|my)\s+)?(?:[\w-]+\s+){0,2}?(?:market|situation"
    r"|state of|status|economy|problems?|issues?|project|progress|costs?|process|industry|landscape|impact|architecture"
    r"|schema|pipeline|workflow|systems?|network|topology|database|data model|receipt|invoice|dis[kc]|server)\b)"
)
_THAT = re.compile(
    r"(?:another(?: one)?|one more|that|this|it|them|these|those|the above|what (?:you|we|i|he|she|they)\b.*"
    r"|(?:this|the|that|our) (?:whole )?"
    r"(?:thread|conversation|discussion|story|scene|description|idea|answer|text|last (?:answer|message))(?: above)?)"
    r"(?:[\s,]+(?:as|in|for|with|but|please|now|again)\b.*)?[\s.!?]*$",
    re.DOTALL,
)
_OF_THAT = re.compile(rf"{_PICTURE}\s+(?:of|from|for|about|to go with)\s+(?P<what>.*)", re.DOTALL)
_REDRAW = re.compile(
    r"(?:redraw|re-draw|repaint|draw (?:it|this|that|the picture) (?:again|anew|once more))\b[\s:,-]*(?P<rest>.*)",
    re.DOTALL,
)
_STYLE = re.compile(
    r"(?:(?:turn|change|convert|transform)\s+(?:this|that|the|my)\s+(?:picture|image|photo|photograph|drawing|sketch)\s+(?:in)?to"
    rf"\s+(?:an?\s+)?(?:[\w-]+\s+){{0,2}}?{_PICTURE}\b(?!\s+(?:of|for)\s+(?:the\s+)?text)"
    r"|make\s+(?:this|that|the|my)\s+(?:picture|image|photo|photograph|drawing|sketch)\s+look\s+like\s+(?:an?\s+)?\w"
    r"|(?:(?:turn|change|convert|transform)\s+(?:this|that|it)\s+into|make\s+(?:this|that|it)\s+look\s+like)"
    r"\s+(?:an?\s+)?(?:[\w-]+\s+){0,2}?(?:watercolou?r|oil|painting|cartoon|(?:pencil|charcoal|line|ink|crayon)\s+"
    r"(?:drawing|sketch)|pixel art|ukiyo-?e|anime)"
    r"(?:[\s,]+(?:painting|drawing|picture|image|style|please|pls|for me))*[\s.!?]*$)"
)
"""turn this photo into a cartoon, turn this into a watercolor: a picture that is there is to be drawn anew."""

_INTO = re.compile(
    r"(?:turn|change|convert|transform)\s+(?:this|that|it)\s+into\s+an?\s+(?:[\w-]+\s+){0,2}?(?:picture|image|illustration"
    r"|drawing)(?:[\s,]+(?:please|pls|for me))*[\s.!?]*$"
)
"""turn this into a picture: what was said is to be drawn, or what is attached."""

_DRAW_THIS = re.compile(r"draw\s*:\s*(?P<what>\S.*)", re.DOTALL)
"""draw: a cat"""

_QUOTED = re.compile(r"```.*?```|^&?(?:gt;|>).*$", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"[^。．.!?\n]+[。．.!?\n]*")


def picture_request(text: str) -> PictureRequest | None:
    """Return what is to be drawn, if `text`, the asker's plain words, orders a picture; else None."""
    if len(text) > LONGEST or not text.strip():
        return None
    words = _DECORATION.sub("", normalized(_QUOTED.sub("\n", text))).strip()
    return _japanese(words, text.strip()) or _english(words, text.strip())


def _japanese(words: str, text: str) -> PictureRequest | None:
    sentences = [found[0].strip() for found in _SENTENCE.finditer(words)]
    # What asks for a picture stands first or last; in between is what somebody has pasted.
    looked_at = [each for n, each in enumerate(sentences) if n < 2 or n == len(sentences) - 1]
    for sentence in looked_at:
        if _CODE.search(sentence) or _is_quoted(words, sentence):
            continue
        if (found := _REDRAW_JA.search(sentence)) and not _NOT_JA.search(sentence[: found.start()]):
            return PictureRequest(_behind(text, r"(?:描き|かき)(?:直|なお)して") or text, is_redraw=True)
        if _STYLE_JA.search(sentence) or _ONCE_MORE_JA.search(sentence):
            return PictureRequest(text, is_redraw=True)
        if _ONE_MORE_JA.search(sentence):
            return PictureRequest(text, refers=True)
        if _is_order_ja(sentence):
            return PictureRequest(text, refers=bool(_THAT_JA.search(sentence)))
    if (first := _FIRST_JA.match(words)) and not (_CODE.search(words) or _NOT_JA.search(first["rest"][-40:])):
        return PictureRequest(_behind(text, rf"(?:{_PICTURE_JA}\S*?{_MAKE}|画像生成|お絵描き)\S*?") or text)
    return None


def _is_quoted(words: str, sentence: str) -> bool:
    """Check whether somebody tells of an order, as in 「描いて！と言われた」."""
    return _QUOTING_JA.match(words.partition(sentence)[2]) is not None


def _is_order_ja(sentence: str) -> bool:
    for order in _ORDERS_JA:
        # Only where the picture itself is not named, what is drawn may be a chart, or the future.
        doubts = _NOT_JA if order in _ORDERS_JA[-2:] else _ABOUT_JA
        if order.search(sentence) and not doubts.search(sentence):
            return True
    return False


_QUOTING_JA = re.compile(r"\s*(?:と|って|とか|みたいに)")
_ABOUT_JA = re.compile(r"教えて|方法|やり方|描き方|書き方|作り方|かのよう|ように書いて")


def _english(words: str, text: str) -> PictureRequest | None:
    while (courtesy := _COURTESY.match(words)) is not None:
        words = words[courtesy.end() :]
    first_line = words.partition("\n")[0]
    if _CODE.search(first_line):
        return None
    if found := _REDRAW.match(words):
        is_chart = _NOT_A_PICTURE.match(found["rest"])
        return (
            None
            if is_chart
            else PictureRequest(_behind(text, r"\b(?:redraw|re-draw|repaint)\b") or text, is_redraw=True)
        )
    if _STYLE.match(words):
        return PictureRequest(text, is_redraw=True)
    if _ILLUSTRATE.match(words) or _INTO.match(words):
        return PictureRequest(text, refers=True)
    if found := _DRAW_THIS.match(words):
        what = found["what"]
        refers = _THAT.match(what) is not None
        return None if _NOT_A_PICTURE.match(what) else PictureRequest(_behind(text, r"\bdraw"), refers=refers)
    for order in _ORDERS:
        found = order.match(words)
        if found is None or _IDIOM.match(words):
            continue
        what = found.groupdict().get("what")
        if what is not None and _NOT_A_PICTURE.match(what):
            return None
        return PictureRequest(text, refers=any(_THAT.match(subject) for subject in (what or "", _subject(words))))
    return None


def _subject(words: str) -> str:
    """Return what a picture is to be of: what stands behind `picture of`; "" if nothing does."""
    found = _OF_THAT.search(words)
    return found["what"] if found else ""


def _behind(text: str, order: str) -> str:
    """Return what stands behind an order that a colon or a space ends, as the asker wrote it; "" if nothing does."""
    found = re.search(rf"{order}[^\s:：]*(?:\s*[:：]\s*|\s+)(?P<rest>\S.*)", text, re.DOTALL | re.IGNORECASE)
    return found["rest"].strip() if found else ""
