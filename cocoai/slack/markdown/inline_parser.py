"""Parses the inline markup of one line of Markdown into pieces that can be cut anywhere, and renders them as mrkdwn.

A piece is visible text with its delimiters and its link: wherever it is cut, each half can be rendered by itself. This
module knows no lines, lists, fences or messages. Every step takes linear time, since the text may be anybody's.
Sources: spec.commonmark.org/0.31.2 chapter 6, docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from cocoai.slack.markdown.delimiter_runs import Openers, Run, closed_by, opened_by, pop_opener, push_opener
from cocoai.slack.markdown.pattern_search import search_from
from cocoai.slack.markdown.text_cache import text_cache

ZWSP = "\u200b"
"""ZERO WIDTH SPACE. Slack sees a delimiter only at the edge of a word, and Japanese has no spaces: this makes an
edge."""

MRKDWN_DELIMITERS = {"**": "*", "__": "*", "*": "_", "_": "_", "~~": "~"}
"""Markdown's delimiters, and what mrkdwn writes for each."""

_IN_URL = r"[A-Za-z0-9\-._~:/?#@!$&'*+,;=%\[\]]"

ADDRESS = rf"https?://(?:{_IN_URL}|\({_IN_URL}*+\))*(?:[A-Za-z0-9/\#=&%@+$-]|\({_IN_URL}*+\))"
"""A bare address, as far as it is ASCII; in a verbose pattern, as the next one."""

LINK = r"""
    !?\[(?P<label>(?:[^\[\]\\]|\\.|\[[^\[\]]*+\])*+)\]
      \(\ *(?P<target><[^<>]*+>|[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+)(?:\ ++"[^"]*+"|\ ++'[^']*+')?\ *+\)
"""
"""A link or an image."""

CODE_SPAN = r"(?P<ticks>`++)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
"""A code span and the code in it, for a pattern of any kind."""

TOKEN = re.compile(
    rf"""
    \\(?P<escaped>[!-/:-@\[-`{{-~])
    | {CODE_SPAN}
    | {LINK}
    | <(?P<auto>(?:https?://|mailto:)[^\s<>]++)>
    | (?P<bare>{ADDRESS})
    | (?P<entity>&(?:lt|gt|amp|quot|nbsp|\#39|\#92);)
    | (?P<break><(?i:br)\ *+/?>)
    | (?P<run>\*++|_++|~++)
    """,
    re.VERBOSE,
)
"""One piece of markup: a backslash escape, a code span, a link or image, an autolink, a bare address, an entity, a hard
line break in HTML, or a delimiter run."""

_TOKEN_START = re.compile(r"[\\`<*_~&]|!?\[|http")

MARKUP = re.compile(r"[\\`\[<*_~&]|http")
"""Found in every text that has a TOKEN: a cheap test before a search for one."""

_SPECIAL = re.compile(r"[\\`*_~\[\]<&|]|:(?=//)")
"""What could be markup: delimiters, links, entities, a table's cells, and where a bare address begins."""

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&nbsp;": "\u00a0", "&#39;": "'", "&#92;": "\\"}
"""The few of HTML's entities that a model writes."""

_LINKED = re.compile(r"(?:https?://|mailto:|tel:)\S.*", re.IGNORECASE)
"""Addresses that Slack makes a link of."""

_SIGN = re.compile(r"[*_~]")
_OPENING_SIGN = re.compile(r"(?<![^\W_])([*_~])(?=[^\s*_~])")
_CLOSING_SIGN = re.compile(r"(?<=[^\s*_~])([*_~])(?![^\W_])")
"""Where Slack takes a sign for a delimiter: at the edge of a word, and not beside space on the inner side."""


class Inline(NamedTuple):
    """Visible text, its delimiters as mrkdwn writes them, outermost first, and the address that it links to, if any."""

    text: str
    delimiters: tuple[str, ...] = ()
    url: str = ""


# Cached, since each line is read by several steps, one after the other.
@text_cache(16)
def find_tokens(markdown: str) -> tuple[re.Match[str], ...]:
    """Return each TOKEN of one line of Markdown, in order."""
    tokens: list[re.Match[str]] = []
    token = search_from(_TOKEN_START, TOKEN, markdown)
    while token:
        tokens.append(token)
        token = search_from(_TOKEN_START, TOKEN, markdown, token.end())
    return tuple(tokens)


def parse_inlines(markdown: str) -> list[Inline]:
    """Return the inlines of one line of Markdown, in order; [] for "". No visible character is lost; none is empty.

    `a **b**` gives `a ` without delimiters, and `b` with `*`, as mrkdwn writes it.
    """
    if markdown and not MARKUP.search(markdown):
        return [Inline(markdown)]  # most lines, and each is parsed again at every update
    inlines: list[Inline] = []
    openers: Openers[int] = {}
    at = 0
    for token in find_tokens(markdown):
        inlines.append(Inline(markdown[at : token.start()]))
        at = token.end()
        if token["run"]:
            _process_run(Run(markdown, token.start(), at), inlines, openers)
        else:
            inlines.append(_inline_of(token))
    inlines.append(Inline(markdown[at:]))
    return _merge(inline for inline in inlines if inline.text)


def escape_markdown(text: str) -> str:
    """Return one line of Markdown that shows `text` as it is, with backslashes: a file's name for instance.

    A backslash itself is written as an entity, since models mean two by two.
    """
    return _SPECIAL.sub(_escape_mark, text)


def _escape_mark(mark: re.Match[str]) -> str:
    return "&#92;" if mark[0] == "\\" else "\\" + mark[0]


def render_mrkdwn(inlines: Sequence[Inline]) -> str:
    """Return the inlines as mrkdwn, with a ZWSP at each delimiter that Slack would otherwise show as text.

    That is beside letters: `日**本**語` is rendered with a ZWSP before the first `*` and behind the second. A sign that
    is text, but would be a delimiter to Slack, gets a ZWSP on its inner side.
    """
    signs = _misread_signs(inlines)
    if len(inlines) == 1 and not inlines[0].delimiters:
        return _render_text(inlines[0], signs)
    out: list[str] = []
    delimiters: tuple[str, ...] = ()
    before = ""
    for inline in (*inlines, Inline("")):  # the last one closes what is open
        shared = _count_shared(delimiters, inline.delimiters)
        closing, opening = delimiters[shared:][::-1], inline.delimiters[shared:]
        is_hidden = (closing and _hides_delimiter(inline.text[:1])) or (opening and _hides_delimiter(before))
        out += [*closing, ZWSP if is_hidden else "", *opening, _render_text(inline, signs)]
        delimiters, before = inline.delimiters, inline.text[-1:]
    return "".join(out)


def render_code(inlines: Iterable[Inline]) -> str:
    """Return the visible text as it stands in a code block of mrkdwn."""
    return _escape(text_of(inlines))


def with_delimiter(inline: Inline, delimiter: str) -> Inline:
    """Return the inline with `delimiter` around its others; unchanged if it has that one already."""
    if delimiter in inline.delimiters:
        return inline
    return inline._replace(delimiters=(delimiter, *inline.delimiters))


def text_of(inlines: Iterable[Inline]) -> str:
    """Return the visible text, without delimiters and addresses."""
    return "".join(inline.text for inline in inlines)


def slice_inlines(inlines: Sequence[Inline], start: int, end: int) -> list[Inline]:
    """Return the inlines of `text_of(inlines)[start:end]`, with their delimiters and links; the ends may be cut."""
    out: list[Inline] = []
    at = 0
    for inline in inlines:
        if at >= end:
            break
        text = inline.text[max(start - at, 0) : end - at]
        if text:
            out.append(inline._replace(text=text))
        at += len(inline.text)
    return out


def _merge(inlines: Iterable[Inline]) -> list[Inline]:
    """Return the inlines, with neighbours of the same delimiters joined into one; links stay apart."""
    merged: list[Inline] = []
    for (delimiters, url), group in groupby(inlines, key=attrgetter("delimiters", "url")):
        alike = list(group)
        merged += alike if url else [Inline(text_of(alike), delimiters)]
    return merged


def _process_run(run: Run, inlines: list[Inline], openers: Openers[int]) -> None:
    """Close what this run closes, then open what the rest of it opens; add what is left then as text.

    `inlines` and `openers` are changed; the places in `openers` are indexes in `inlines`.
    """
    rest = run.text
    while delimiter := closed_by(run, rest, openers):
        start = pop_opener(openers, delimiter)
        # The opener itself, at `start`, is no longer text.
        inlines[start:] = [with_delimiter(each, MRKDWN_DELIMITERS[delimiter]) for each in inlines[start + 1 :]]
        rest = rest[len(delimiter) :]
    for delimiter in opened_by(run, rest):
        push_opener(openers, delimiter, run, len(inlines))
        inlines.append(Inline(delimiter))
        rest = rest[len(delimiter) :]
    inlines.append(Inline(rest))


# Everything else than delimiter runs


def _inline_of(token: re.Match[str]) -> Inline:
    """Return what a TOKEN shows that is no delimiter run: a character, code, a link, or a space for `<br>`."""
    if token["escaped"]:
        return Inline(token["escaped"])
    if token["break"]:
        return Inline(" ")  # a list item's line, and a table's row, has to stay one line
    if token["entity"]:
        return Inline(_ENTITIES[token["entity"]])
    if code := token["code"]:
        return Inline(code.strip() or code, ("`",))
    if url := token["auto"] or token["bare"]:
        return Inline(url.removeprefix("mailto:"), (), url)
    return _parse_link(token["label"], token["target"].strip("<>"))


def _parse_link(label: str, target: str) -> Inline:
    """Return a link or an image as an inline; as text, `LABEL (TARGET)`, where Slack would make no link of the target.

    Slack shows no markup within a link's label, so only delimiters around all of it are kept.
    """
    inlines = parse_inlines(label)
    text = text_of(inlines).strip() or target
    if not _LINKED.fullmatch(target):
        return Inline(text if target in ("", text) else f"{text} ({target})")
    delimiters = {inline.delimiters for inline in inlines}
    return Inline(text, delimiters.pop() if len(delimiters) == 1 else (), target)


# Rendering


def _count_shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many delimiters, from the outermost, two neighbours have in common: these stay open between them."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _hides_delimiter(neighbour: str) -> bool:
    """Return True if Slack does not see a delimiter beside this character; False for "" and for space.

    These are letters and digits of every script, all that is not ASCII, and other delimiters.
    """
    return bool(neighbour.strip()) and (neighbour.isalnum() or not neighbour.isascii() or neighbour in "*_~`")


def _misread_signs(inlines: Sequence[Inline]) -> str:
    """Return the signs that are text in this line, but that Slack would take for delimiters; "" if there are none."""
    texts = [text for text, delimiters, _ in inlines if "`" not in delimiters and _SIGN.search(text)]
    if not texts:
        return ""
    whole = "\n".join(texts)
    first = {sign[1]: sign.start() for sign in reversed(list(_OPENING_SIGN.finditer(whole)))}
    last = {sign[1]: sign.start() for sign in _CLOSING_SIGN.finditer(whole)}
    used = {delimiter for inline in inlines for delimiter in inline.delimiters}
    pairs = {sign for sign, at in first.items() if at < last.get(sign, -1)}
    return "".join(pairs | (used & (first.keys() | last.keys())))


def _part_signs(text: str, signs: str) -> str:
    """Return the text with a ZWSP on the inner side of each of these signs that Slack would take for a delimiter."""
    for sign in signs:
        text = re.sub(rf"(?<![^\W_])\{sign}(?=[^\s*_~])", sign + ZWSP, text)
        text = re.sub(rf"(?<=[^\s*_~])\{sign}(?![^\W_])", ZWSP + sign, text)
    return text


def _render_text(inline: Inline, signs: str) -> str:
    """Return the inline as mrkdwn without its delimiters: its text, or `<address|text>`; `signs` are parted."""
    if "`" in inline.delimiters:
        text = inline.text.replace("`", "ˋ")  # mrkdwn cannot show a backtick within code: this is its likeness
    else:
        text = _part_signs(inline.text, signs) if signs else inline.text
    if not inline.url:
        return _escape(text)
    address = _escape(re.sub(r"[<>|\s]", _percent_encode, inline.url))
    return f"<{address}>" if inline.text == inline.url else f"<{address}|{_escape(text)}>"


def _percent_encode(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _escape(text: str) -> str:
    """Return the text with `&`, `<` and `>` escaped, as Slack wants them, and with a ZWSP in runs of backticks."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Three backticks open a code block in Slack wherever they stand.
    return re.sub("`(?=``)", f"`{ZWSP}", text) if "```" in text else text
