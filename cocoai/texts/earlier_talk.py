"""Recognise that somebody asks about what was said earlier: "前に聞いた…", "what did we decide last time?". Pure.

A wrong guess costs little: earlier answers of the same channel are searched beside the documents, or are not.
"""

from __future__ import annotations

import re

from cocoai.texts.commands import normalized

LONGEST = 2000
"""Characters of a text that are looked at."""

_TALKED_JA = (
    r"(?:聞い|訊い|きい|尋ね|質問し|話し|話題|話に|話が|話の|言っ|言い|いっ|言わ|教え|おしえ|相談し|答え|回答|説明し"
    r"|議論し"
    r"|打ち合わせ|決め|決ま|まとめ|書い|作っ|つくっ|出し|出た|調べ|頼ん|頼み|お願いし|提案|紹介|見せ|使っ|直し"
    r"|やりとり|やり取り|会話|件|質問|続き|案|返事)"
)
_MARKERS_JA = (
    r"(?:(?<![のるたく駅直目名手午以丁])(?<!事)(?<!人)前に(?:も)?(?!進|出[るてた]|向|立|置|つい)|(?<![0-9])まえに"
    r"|以前(?:に|も|、|から)?"
    r"|この前(?:の)?|このまえ|この間(?:の)?|こないだ|先日(?:の)?|さっき(?:の)?|先ほど(?:の)?|前回(?:の|は)?|昨日"
    r"|きのう|一昨日|おととい"
    r"|先週|先々週|先月|(?:[0-9一二三四五六七八九十数]+|何)(?:分|時間|日|週間|[かヶケ]月|年)前)"
)
_JAPANESE = (
    re.compile(rf"{_MARKERS_JA}[^。\n?]{{0,40}}?{_TALKED_JA}"),
    # 何て言ってたっけ, どう決まったんだっけ
    re.compile(r"(?:言って|話して|聞いて|答えて|決めて|教えて(?:くれて|もらって)?|書いて)(?:い)?た(?:んだ|の|ん)?っけ"),
    re.compile(r"(?:言った|話した|聞いた|答えた|決めた|決まった|教えてくれた)(?:んだ|ん|の)?っけ"),
    re.compile(r"(?:過去|これまで|今まで|前)の(?:やりとり|やり取り|会話|質問|回答|答え|話)(?!は?忘)"),
    re.compile(r"(?:覚えて|おぼえて)(?:い)?(?:る|ます)(?:か|よね)?"),
)

_TALK = (
    r"(?:talk(?:ed|ing)?|discuss(?:ed|ing)?|ask(?:ed)?|say|said|tell|told|mention(?:ed)?|decide[d]?|agree[d]?"
    r"|answer(?:ed)?|suggest(?:ed)?|explain(?:ed)?|recommend(?:ed)?|conclude[d]?|propose[d]?|promise[d]?|settle[d]?"
    r"|cover(?:ed)?|go over"
    r"|went over|come up with|came up with|speak|spoke|chat(?:ted)?|write|wrote|written|give|gave|given"
    r"|look(?:ed)? (?:at|into))"
)
_WHEN = (
    r"(?:before|earlier|previously|already|last (?:time|week|month|year|night|monday|tuesday|wednesday|thursday|friday)"
    r"|yesterday|the other day|a while (?:ago|back)|recently|in the past|(?:\w+ )?(?:minutes?|hours?|days?|weeks?"
    r"|months?) ago)"
)
_WHO = r"(?:we|i|you|somebody|someone|anybody|anyone)"
_ENGLISH = (
    re.compile(rf"\b{_WHO}\b(?: \w+){{0,3}}? {_TALK}\b.*\b{_WHEN}\b"),
    re.compile(rf"\b{_WHEN},? (?:when )?{_WHO}\b(?: \w+){{0,2}}? {_TALK}\b"),
    re.compile(rf"\b(?:what|when|how|why|which|where)\b[^.?!]{{0,40}}\b(?:did|had|have) {_WHO} {_TALK}\b"),
    re.compile(rf"\b(?:have|had|has|did) {_WHO} (?:ever |already |not )?{_TALK}\b"),
    re.compile(r"\blast time\b"),
    re.compile(
        r"\b(?:do you remember|remember (?:when|what|how|that|the)|as (?:i|we|you) (?:said|discussed|mentioned))\b"
    ),
    re.compile(
        r"\b(?:your|my|our) (?:earlier|previous|last|past) (?:answers?|questions?|conversations?|discussions?"
        r"|suggestions?)\b"
    ),
)


def asks_about_earlier(text: str) -> bool:
    """Check whether `text`, an asker's plain words in Japanese or English, asks about what was said earlier."""
    words = " ".join(normalized(text[:LONGEST]).split())
    return any(pattern.search(words) for pattern in (*_JAPANESE, *_ENGLISH))
