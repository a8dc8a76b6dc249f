"""Tells how much of a decoded text looks wrong: bytes of one encoding are often valid in another, but read as nonsense.

Pure. Used by text_files.py to choose an encoding. It knows no bytes but those of Shift_JIS, which order the kanji.
"""

from __future__ import annotations

import re

_KANA = re.compile("[ぁ-ヿ]")
_HALF = "\uff61-\uff9f"
_HALF_RUNS = re.compile(f"[{_HALF}]+")
_WIDE_RUNS = re.compile(f"[^\x00-\x7f{_HALF}]+")

_LONE_MARK = re.compile("(?<![ｳｶ-ﾄﾊ-ﾎ])ﾞ|(?<![ﾊ-ﾎ])ﾟ")
"""A half-width voicing mark behind a kana that takes none."""

_HALF_SIGNS = re.compile("[｡-･]")
_RARE_HALF = re.compile("[ｦｯﾇﾈﾋﾍﾎﾑﾒﾕﾖﾜ]")
_EARLY_HALF = re.compile("[ｱ-ｿ]")
"""A third of half-width Japanese. The bytes of Cyrillic words (KOI8-R, Windows-1251) become later kana."""

_BEFORE_LATIN = re.compile("(?<![^\x00-\x7f])[^\x00-\x7f](?=[a-z])")
_BEHIND_LATIN = re.compile("(?<=[A-Za-z])[^\x00-\x7f](?![^\x00-\x7fa-z])")
"""A single character at a Latin word: Western accents and curly quotes turn into such."""

_FREQUENT = frozenset(
    "一二三四五六七八九十百千万円年月日時分秒週曜火水木金土今本前後中上下左右内外大小高新数量名姓氏号番地区市町村県都府道国東"
    "西南北京人者男女会社員部課係長店業種別類品目商項容件計合算額料費税率価単予売買入出払支請求書領収証注文発送受付先元所住話電子郵"
    "便備考表示記録登更追加削除変確認承申報告連絡担当責任管理使用利開始終了期限程定議事次第回以済無有可能否正誤字列行値型式組場在庫"
    "手続方法由状況結果対応完生齢性学校科動自車運転機器材設工作製造検査質問答案画務通知態成績説明言語線面積全体平均最約等級同各相他"
    "山田川林藤佐伊橋井野原島石松清池森岡吉青坂谷口崎太郎美渡辺加鈴斎"
)
"""Kanji that lists and letters at work, and people's names, are full of."""

_ACCENTED = "À-ÖØ-öø-ÿŒœŠšŽžŸ"
_ODD_WESTERN = re.compile("[\ufffd¤¦¬¯¸‚ƒˆ‰˜þÞðÐý×÷¹¼¾ÿ]")
"""Characters of Windows-1252 that are rare in texts, but frequent in other encodings' bytes read as it."""

_INNER_CAPITAL = re.compile("(?<=[a-zß-öø-ÿ])[À-ÖØ-Þ]")
_MISPLACED = re.compile("(?<=[^\\s])•|•(?=\\S)|“(?=[\\s\\d])|(?<=[\\s(])”|[„‹](?=\\W)")
_HIGH_RUNS = re.compile(f"[^\x00-\x7f]*[{_ACCENTED}][^\x00-\x7f]*")


def japanese_faults(text: str, *, needs_words: bool) -> float:
    """Return the part of the characters outside ASCII that Japanese would not have there, 0.0 to 1.0.

    1.0 if there are none. `needs_words`: return 1.0 if there are neither kana nor enough frequent kanji: Chinese and
    Korean are valid in EUC-JP as common kanji.
    """
    wide = "".join(_WIDE_RUNS.findall(text))
    half = "".join(_HALF_RUNS.findall(text))
    if not wide and not half:
        return 1.0
    has_words = _KANA.search(wide) is not None or _has_frequent_kanji(wide)
    if needs_words and not has_words and not half:
        return 1.0
    faults = sum(map(_fault_of, wide)) + len(_BEFORE_LATIN.findall(text))
    faults += sum(not _is_frequent(character) for character in _BEHIND_LATIN.findall(text))
    faults += _half_faults(text, half, has_words=has_words)
    return min(1.0, faults / (len(wide) + len(half)))


def western_faults(text: str) -> float:
    """Return the part of the characters outside ASCII that Western European text would not have there, 0.0 to 1.0.

    1.0 if there are none, or if most letters of several are outside ASCII: such words are of another alphabet.
    """
    high = len(text) - len(text.encode("ascii", "ignore"))
    accented = len(re.findall(f"[{_ACCENTED}]", text))
    letters = len(re.findall(f"[A-Za-z{_ACCENTED}]", text))
    if not high or (accented > 2 and accented * 9 > letters * 5):
        return 1.0
    faults = sum(len(odd.findall(text)) for odd in (_ODD_WESTERN, _INNER_CAPITAL, _MISPLACED))
    faults += sum(len(run) for run in _HIGH_RUNS.findall(text) if len(run) > 2)
    return min(1.0, faults / high)


def _has_frequent_kanji(wide: str) -> bool:
    """Check whether a third of the kanji are frequent, and at least two, if there are two."""
    kanji = [character for character in wide if _is_kanji(character)]
    frequent = sum(map(_is_frequent, kanji))
    return frequent >= max(1, min(2, len(kanji)), len(kanji) / 3)


def _is_kanji(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def _is_frequent(character: str) -> bool:
    return character in _FREQUENT


def _fault_of(character: str) -> float:
    """Return 0.0 for a character that is common in Japanese, 0.35 for a rare kanji, 3.0 for what is no character."""
    lead = character.encode("cp932", "ignore")[:1]
    if not lead or character == "\ufffd" or "\ue000" <= character <= "\uf8ff":
        return 3.0
    # In Shift_JIS the first byte tells: up to 0x98 signs, kana and the kanji of level 1; the last are those of names.
    return 0.0 if lead <= b"\x98" or lead in (b"\xed", b"\xee") or lead >= b"\xfa" else 0.35


def _half_faults(text: str, half: str, *, has_words: bool) -> float:
    """Return how many of the half-width katakana look wrong: all, unless they are spread as in Japanese."""
    number = len(half)
    faults: float = len(_LONE_MARK.findall(half))
    faults += sum(len(run) == 1 for run in _HALF_RUNS.findall(text))
    is_odd = len(_HALF_SIGNS.findall(half)) * 4 > number or len(_RARE_HALF.findall(half)) * 5 > number * 2
    is_late = len(_EARLY_HALF.findall(half)) * 7 < number
    if number > 3 and (is_odd or (is_late and not has_words)):
        faults += number
    # Kanji stand beside half-width kana where two-byte characters are read at the wrong place.
    beside = re.findall(f"[{_HALF}][\u4e00-\u9fff](?=[{_HALF}])", text)
    return faults + sum(not _is_frequent(pair[1]) for pair in beside)
