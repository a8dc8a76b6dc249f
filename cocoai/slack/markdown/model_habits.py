"""Rewrites a line of Markdown as models write it as the CommonMark that they mean.

Formulas in LaTeX become code; `<url|label>` becomes a link; an address goes on into its Japanese path; two backslashes
stay two; HTML tags, footnotes, file patterns and names such as `__init__` are text. Code is left as it is, and what
CommonMark reads as it was meant is not changed. It knows no blocks.
Sources: spec.commonmark.org/0.31.2 chapter 6, docs.slack.dev/messaging/formatting-message-text (links).
"""

from __future__ import annotations

import re

from cocoai.slack.markdown.html_tags import ELEMENT, IMAGE, rewrite_element, rewrite_image
from cocoai.slack.markdown.inline_parser import ADDRESS, CODE_SPAN, LINK
from cocoai.slack.markdown.pattern_search import search_from
from cocoai.slack.markdown.text_cache import text_cache

_MAY_HAVE_HABIT = re.compile(r"[\\$&<]|__|\[\^|\]:|http|\*\*?[./]|/\*|args")
"""Found in every line that has a _HABIT: a cheap test before a search for one."""

_NAMES = (
    "abs add all and annotations author bases bool builtins bytes call class closure code contains copy date debug"
    " deepcopy defaults del delitem dev dict dir dirname doc enter eq exit file filename fixtures float format func"
    " future ge get getattr getattribute getitem globals gt hash import index init int invert iter le len line ln"
    " loader lt main missing mocks module mro name ne neg new next or package path pos pow proto pycache qualname radd"
    " reduce repr reversed round rmul self set setattr setitem slots snapshots spec str sub subclasses tests time"
    " truediv typename version wrapped xor"
)
"""What stands between the underscores of names in Python, JavaScript and C."""

_HABIT = re.compile(
    rf"""
    {CODE_SPAN}
    | \\\((?P<formula>(?:[^\\`]|\\(?![()]))++)\\\)
    | \\\[(?P<display>(?:[^\\`]|\\(?![\[\]]))++)\\\]
    | (?P<dollars>\$\$[^$`]++\$\$ | \$(?![\s$])[^$`]*?[\\^_*{{][^$`]*+(?<!\s)\$(?!\w))
    | (?P<backslashes>\\\\ | (?<=[A-Za-z0-9])\\(?=\*\.\w))
    | \\[!-/:-@\[-`{{-~]
    | <(?P<url>(?:https?://|mailto:|tel:)[^\s<>|]++)\|(?P<words>[^<>|]*+)>
    | <(?:https?://|mailto:|tel:)[^\s<>]++> | <[\w.+-]++@[\w.-]++>
    | {LINK}
    | (?P<bare>{ADDRESS})
    | (?P<definition>^[ ]{{0,3}}\[(?P<name_of_link>[^\[\]^][^\[\]]{{0,200}})\]:[ \t]*(?=(?P<to>\S)))
    | (?P<footnote>\[\^[^\[\]\s]{{1,60}}\](?!\())
    | (?P<entity>&(?:\#\d{{1,7}}|\#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z][A-Za-z0-9]{{1,31}});)
    | {ELEMENT}
    | {IMAGE}
    | (?P<tag><(?!(?i:br)\b)(?=[A-Za-z/!?]))
    | (?P<name>(?<![^\W_])__(?:(?:{"|".join(_NAMES.split())})__ | (?:{"|".join(_NAMES.upper().split())})__
        | [a-z0-9]++(?:_[a-z0-9]++)++__ | \w{{1,40}}?__(?=\())(?!\w))
    | \*\*[^\s*]++(?<=/)\*\*(?![/*.\w])
    | (?P<pattern>(?<![^\s(/"'])\*\*/\*(?:\.\w++)?+ | /\*\*?(?=[/.\s)"'、。]|$)
        | (?<!\*)\*\.(?:\w{{1,10}}|\{{[\w,.]{{1,40}}\}})(?![\w*]) | \*\*?(?:kw)?args\b(?!\*))
    """,
    re.VERBOSE,
)
"""A habit, or what is to be skipped whole: code, an escape, a link, an autolink, a path in bold."""

_HABIT_START = re.compile(r"^ {0,3}\[|!?\[|[`\\$<&*_]|/\*|http")

_LATEX = re.compile(r"[\\^_={}+*/<>|]|-")
_LATEX_DISPLAY = re.compile(r"^\s|\\[A-Za-z]|[\^_=]")
_SHORTEST_WORD = 4
"""Letters in brackets from which on `\\(note\\)` is words in brackets; `\\(x\\)` is a formula."""

_PLAIN_ENTITIES = ("&lt;", "&gt;", "&amp;")
"""Slack writes these itself, and every reader knows them."""

_IN_LABEL = re.compile(r"[\\`*_~\[\]<]")

# Characters of an address behind its ASCII part: letters with which Japanese goes on are told from its hiragana.
_LETTER = r"々〆〇ァ-ヺー-ヾ㐀-鿿豈-龎０-９Ａ-Ｚａ-ｚ가-힣\u00c0-\u024f\u0370-\u058f\u0600-\u06ff\U00020000-\U0002ffff"
_IN_PATH = r"A-Za-z0-9\-._~:/?#@!$&'*+,;=%"
_PATH = re.compile(rf"(?:[{_LETTER}{_IN_PATH}]|\([^\s()<>、。]*+\))++")
_PATH_WITH_HIRAGANA = re.compile(rf"(?:[{_LETTER}ぁ-ゖ・{_IN_PATH}]|\([^\s()<>、。]*+\))++")
_LONGEST_PATH = 500
"""Characters of a Japanese path that are looked at."""

_BEFORE_PATH = frozenset("/=#_-&?:%")
_ENDS_ADDRESS = frozenset(" \t\u3000)]>|）」』】")
_PARTICLE = re.compile(r"を|(?:です|ます|ました|ください|下さい|こと|から|まで|より|など|[はがにでとものへ])$")
_HIRAGANA = re.compile(r"[ぁ-ゖ]")
_WORDS = "参照 参考 確認 記載 閲覧 公開 掲載 経由 以下 以上 内 等 上 版 配下 直下 形式 側 宛 先 用 参照先 一覧 同様"
_WORDS_BEHIND_ADDRESS = frozenset(_WORDS.split())
"""Words that follow an address without a space, and are seldom a part of one."""


# Cached, since a reply is rendered anew at each update while it is written.
@text_cache(256)
def repair_line(line: str, labels: frozenset[str] = frozenset()) -> str:
    """Return the line, or a table's cell, with each habit rewritten; code spans, escapes and links stay.

    `labels` are those that reference links have, in small letters: the lines that define them stay as well.
    """
    if not _MAY_HAVE_HABIT.search(line):
        return line
    out: list[str] = []
    at = 0
    while habit := search_from(_HABIT_START, _HABIT, line, at):
        out.append(line[at : habit.start()])
        at = address_end(line, habit.end()) if habit["bare"] else habit.end()
        out.append(f"<{line[habit.start() : at]}>" if at > habit.end() else _rewrite(habit, labels))
    return "".join(out) + line[at:]


def address_end(line: str, end: int) -> int:
    """Return where the address ends whose ASCII part ends at `end`: behind its Japanese path, if it has one.

    Where words follow without a space nobody can be sure: katakana and kanji right behind a `/` or `=` are taken for
    the path, hiragana only if nothing but a space or bracket follows, and it does not end in a particle.
    """
    following = line[end : end + 1]
    if following.isascii() or not (line[end - 1] in _BEFORE_PATH or "\u00c0" <= following <= "\u06ff"):
        return end
    title = _PATH_WITH_HIRAGANA.match(line, end, end + _LONGEST_PATH)
    if title and _is_title(line, title):
        return _trimmed(line, title.end())
    path = _PATH.match(line, end, end + _LONGEST_PATH)
    return _trimmed(line, path.end()) if path and path[0] not in _WORDS_BEHIND_ADDRESS else end


def _is_title(line: str, path: re.Match[str]) -> bool:
    """Return True if this path, with hiragana in it, can be a page's title: `吾輩は猫である` at the line's end."""
    following = line[path.end() : path.end() + 1]
    if (following and following not in _ENDS_ADDRESS) or path[0] in _WORDS_BEHIND_ADDRESS:
        return False
    is_wiki = line[max(path.start() - len("/wiki/"), 0) : path.start()] == "/wiki/"
    return not _HIRAGANA.search(path[0]) or not (
        _PARTICLE.search(path[0]) or (_HIRAGANA.match(path[0]) and not is_wiki)
    )


def _trimmed(line: str, end: int) -> int:
    while line[end - 1] in ".,:;!?'*~":
        end -= 1
    return end


def _rewrite(habit: re.Match[str], labels: frozenset[str]) -> str:
    """Return what to write for a _HABIT; what is to be skipped as it is."""
    text = habit[0]
    if habit["definition"]:
        is_used = habit["name_of_link"].lower() in labels and habit["to"] in "<h/#m"
        return text if is_used else text.replace("[", "\\[", 1)
    if habit["backslashes"]:
        return text * 2
    if habit["footnote"] or habit["tag"]:
        return "\\" + text
    if habit["name"] or habit["pattern"]:
        return re.sub(r"([_*])", r"\\\1", text)
    if habit["dollars"] or _is_formula(habit):
        return f"`{text}`"
    if habit["element"]:
        return rewrite_element(habit, repair_line)
    if habit["image"]:
        return rewrite_image(habit)
    if habit["url"]:
        return _link(habit["url"], habit["words"])
    return _character(text) if habit["entity"] and text not in _PLAIN_ENTITIES else text


def _is_formula(habit: re.Match[str]) -> bool:
    r"""Return True for `\( … \)` and `\[ … \]` around a formula; False around words, whose brackets are escaped."""
    if habit["display"]:
        return bool(_LATEX_DISPLAY.search(habit["display"]))
    words = (habit["formula"] or "").strip()
    return bool(words) and ((len(words) < _SHORTEST_WORD and words.isascii()) or bool(_LATEX.search(words)))


def _link(url: str, label: str) -> str:
    """Return a link in Slack's own form, `<url|label>`, as one in Markdown; without a label as an autolink."""
    if not label.strip():
        return f"<{url}>"
    target = f"<{url}>" if "(" in url or ")" in url else url
    return f"[{_IN_LABEL.sub(_escape, label)}]({target})"


def _escape(character: re.Match[str]) -> str:
    return "\\" + character[0]


def _character(entity: str) -> str:
    """Return the character that HTML's entity stands for, escaped if it is punctuation; else the entity as it is."""
    from html import unescape  # its table of 2,000 entities is needed seldom

    text = unescape(entity)
    if text == "<":
        return "&lt;"  # no mention may come of it
    if text == entity or not (text.isprintable() or text == "\u00a0"):
        return entity
    return "\\" + text if text.isascii() and not text.isalnum() and text.strip() else text
