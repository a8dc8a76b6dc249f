"""Recognise that somebody wants passages of the documents listed: "探して 有給休暇", "find expense policy". Pure.

A list costs nothing, and an answer does: but whoever wants something thought up, chosen or mended is not to get a list.
So "find" counts before words that could stand in a document, and not before what is made ("find a good name for our
cat"), before somebody's own text ("find the bug in this code") or a question ("find out why …").
"""

from __future__ import annotations

import re

from cocoai.texts.commands import normalized

LONGEST = 80
"""Characters of a text that may be such a request: a longer one has more to it."""

MOST_WORDS = 7
"""Words in English behind "find": more of them are a task."""

_END = r"[\s!.。〜~♪]*$"
_PLEASE_JA = (
    r"(?:(?:いただけ|頂け|もらえ)(?:ます|ません|る|ない)か?|くれ(?:る|ます|ません|ない)?か?|(?:みて|見て)?(?:ください"
    r"|下さい)?"
    r"|ほしい(?:です)?|欲しい(?:です)?|ちょうだい|よ)?(?:ね|にゃ|な)?\??"
)
_SEARCH_JA = r"(?:探して|さがして|捜して|検索して|検索)"

_FIRST_JA = re.compile(rf"^{_SEARCH_JA}{_PLEASE_JA}(?:\s*[:、,]\s*|\s+)(?P<words>\S.*?){_END}")
"""探して 有給休暇, 検索: 経費精算"""

_LAST_JA = re.compile(rf"^(?P<words>\S.*?)(?:を|について|に関して)\s*(?:{_SEARCH_JA}){_PLEASE_JA}{_END}")
"""有給休暇の規程を探して, 交通費について検索してください"""

_NOT_JA = re.compile(
    r"いい|良い|よい|よさ|おすすめ|お勧め|オススメ|安い|近く|最適|ベスト|面白|おしゃれ|美味し|おいし|人気|最新|ニュース"
    r"|この|その|次の|以下|上の|下の"
    r"|添付|コード|バグ|間違|誤字|脱字|エラー|ミス|名前|ネーミング|店|レストラン|ランチ|ホテル|候補|アイデア"
    r"|アイディア|案を?$|方法|やり方|原因|理由"
    r"|言い換え|表現|類語|違い|画像|写真|曲|映画|ウェブ|ネット|インターネット|グーグル|google|web|今日|明日|来週|私"
    r"|僕|俺|してくれ|[?。]|\n"
)
_ABOUT_JA = re.compile(
    r"(?:に関する|に関して|について|について書かれた|に関連する|の|が書いてある|が載っている)?"
    r"(?:文書|ドキュメント|資料|書類|規程|規定|ルール|ページ|ファイル|箇所|記述|情報|ところ)$"
)

_COURTESY = re.compile(r"^(?:(?:please|pls|ok|okay|hey|hi|can you|could you|would you|cocoai)\b[\s,:]*)+")
_FIRST = re.compile(
    r"^(?:find|search|look up)(?: me)?(?:\s*:\s*|\s+)"
    r"(?:(?:in )?(?:(?:the|our|all|team'?s?|company)\s+)*(?:documents?|docs|files|wiki|handbook|passages|pages)\s+)?"
    rf"(?:(?:for|about|on|with|that mention|mentioning)\s+)?(?P<words>\S.*?)(?:[,\s]+(?:please|pls|thanks"
    rf"|for me))*{_END}"
)
_QUOTED = re.compile(r"[\"“”「『](?P<words>[^\"“”「」『』]+)[\"“”」』]")

_NOT = re.compile(
    r"(?:an?|me|us|out|it|him|her|them|this|that|these|those|one|two|three|some|something|somebody|someone|any"
    r"|another|all"
    r"|every|each|more|other|what|whatever|who|how|why|where|when|which|if|whether|ways?|my|your|his|their|good|better"
    r"|best|nice|cheap\w*|the (?:best|right|most|next|first|last|longest|shortest|nearest|cheapest|fastest)|similar"
    r"|engines?|alternatives?|synonyms?|words? (?:for|that)|examples?|ideas?|names?|solutions?|\d+|x|time|love|fault"
    r"|your)\b"
    r"|.*\b(?:bugs?|errors?|mistakes?|typos?|differences?|problems?|roots?|sum|average|derivative|integral|area|maximum"
    r"|minimum|solution|meaning|reason|cause|way to|web|internet|google|online|restaurants?|hotels?|flights?|lunch"
    r"|in this|in the code"
    r"|in my|above|below|attached|of these|and (?:then )?(?:tell|explain|summari[sz]e|fix|list|write|translate|send))\b"
)


def search_request(text: str) -> str:
    """Return the words that are to be looked for, if `text`, an asker's plain words, asks for a list; else ""."""
    words = " ".join(normalized(text).split(" ")).strip()
    if len(words) > LONGEST or "\n" in words:
        return ""
    return _japanese(words) or _english(words)


def _japanese(words: str) -> str:
    if found := _FIRST_JA.match(words):
        return _bare(found["words"])
    found = _LAST_JA.match(words)
    if found is None or _NOT_JA.search(found["words"]):
        return ""
    return _bare(_ABOUT_JA.sub("", found["words"]) or found["words"])


def _english(words: str) -> str:
    found = _FIRST.match(_COURTESY.sub("", words))
    if found is None:
        return ""
    wanted = found["words"]
    if quoted := _QUOTED.fullmatch(wanted):
        return quoted["words"].strip()
    if wanted.endswith("?") or len(wanted.split()) > MOST_WORDS:
        return ""
    is_marked = ":" in found[0][: found.start("words")]
    return "" if _NOT.match(wanted) and not is_marked else _bare(re.sub(r"^(?:the|our)\s+", "", wanted))


def _bare(words: str) -> str:
    """Return the words without the quotation marks around them."""
    quoted = _QUOTED.fullmatch(words.strip())
    return (quoted["words"] if quoted else words).strip()
