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
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

ZWSP = "\u200b"
"""ZERO WIDTH SPACE. Slack sees a delimiter only at the edge of a word, and Japanese has no spaces: this makes an
edge."""

MRKDWN_DELIMITERS = {"**": "*", "__": "*", "*": "_", "_": "_", "~~": "~"}
"""Markdown's delimiters, and what mrkdwn writes for each."""

_TRIPLE = {"***": ("**", "*"), "___": ("__", "_")}
"""Runs that open two delimiters at once, outermost first."""

_IN_URL = r"[A-Za-z0-9\-._~:/?#@!$&'*+,;=%\[\]]"
TOKEN = re.compile(
    rf"""
    \\(?P<escaped>[!-/:-@\[-`{{-~])
    | (?P<ticks>`++)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)
    | !?\[(?P<label>(?:[^\[\]\\]|\\.|\[[^\[\]]*+\])*+)\]
      \(\ *(?P<target><[^<>]*+>|[^\s()<>]*+(?:\([^\s()<>]*+\)[^\s()<>]*+)*+)(?:\ ++"[^"]*+"|\ ++'[^']*+')?\ *+\)
    | <(?P<auto>(?:https?://|mailto:)[^\s<>]++)>
    | (?P<bare>https?://(?:{_IN_URL}|\({_IN_URL}*+\))*(?:[A-Za-z0-9/\#=&%@+$-]|\({_IN_URL}*+\)))
    | (?P<entity>&(?:lt|gt|amp|quot|nbsp|\#39);)
    | (?P<break><br\ *+/?>)
    | (?P<run>\*++|_++|~++)
    """,
    re.VERBOSE,
)
"""One piece of markup: a backslash escape, a code span, a link or image, an autolink, a bare address, an entity, a hard
line break in HTML, or a delimiter run."""

MARKUP = re.compile(r"[\\`\[<*_~&]|http")
"""Found in every text that has a TOKEN: a cheap test before a search for one."""

_SPECIAL = re.compile(r"[\\`*_~\[\]<&|]|:(?=//)")
"""What could be markup: delimiters, links, entities, a table's cells, and where a bare address begins."""

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&nbsp;": "\u00a0", "&#39;": "'"}
"""The few of HTML's entities that a model writes."""

_LINKED = re.compile(r"(?:https?://|mailto:|tel:)\S.*", re.IGNORECASE)
"""Addresses that Slack makes a link of."""


class Inline(NamedTuple):
    """Visible text, its delimiters as mrkdwn writes them, outermost first, and the address that it links to, if any."""

    text: str
    delimiters: tuple[str, ...] = ()
    url: str = ""


def parse_inlines(markdown: str) -> list[Inline]:
    """Return the inlines of one line of Markdown, in order; [] for "". No visible character is lost; none is empty.

    `a **b**` gives `a ` without delimiters, and `b` with `*`, as mrkdwn writes it.
    """
    if markdown and not MARKUP.search(markdown):
        return [Inline(markdown)]  # most lines, and each is parsed again at every update
    inlines: list[Inline] = []
    openers: dict[str, int] = {}
    at = 0
    for token in TOKEN.finditer(markdown):
        inlines.append(Inline(markdown[at : token.start()]))
        at = token.end()
        if token["run"]:
            before = markdown[token.start() - 1] if token.start() else ""
            _process_run(token["run"], before, markdown[at : at + 1], inlines, openers)
        else:
            inlines.append(_inline_of(token))
    inlines.append(Inline(markdown[at:]))
    return _merge(inline for inline in inlines if inline.text)


def escape_markdown(text: str) -> str:
    """Return one line of Markdown that shows `text` as it is, with backslashes: a file's name for instance."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def render_mrkdwn(inlines: Sequence[Inline]) -> str:
    """Return the inlines as mrkdwn, with a ZWSP at each delimiter that Slack would otherwise show as text.

    That is beside letters: `日**本**語` is rendered with a ZWSP before the first `*` and behind the second.
    """
    if len(inlines) == 1 and not inlines[0].delimiters:
        return _render_text(inlines[0])
    out: list[str] = []
    delimiters: tuple[str, ...] = ()
    before = ""
    for inline in (*inlines, Inline("")):  # the last one closes what is open
        shared = _count_shared(delimiters, inline.delimiters)
        closing, opening = delimiters[shared:][::-1], inline.delimiters[shared:]
        is_hidden = (closing and _hides_delimiter(inline.text[:1])) or (opening and _hides_delimiter(before))
        out += [*closing, ZWSP if is_hidden else "", *opening, _render_text(inline)]
        delimiters, before = inline.delimiters, inline.text[-1:]
    return "".join(out)


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


# Delimiter runs (CommonMark 6.2). `openers` is a stack: the delimiters that are open at a place, outermost first, at
# most one of each kind. Its values are the caller's, and tell where each was opened.


def push_opener(openers: dict[str, T], delimiter: str, place: T) -> None:
    """Add a delimiter as the innermost open one; an open one of the same kind is removed, and so stays text."""
    openers.pop(delimiter, None)
    openers[delimiter] = place


def pop_opener(openers: dict[str, T], delimiter: str) -> T:
    """Remove an open delimiter and all inside it, which stay text; return the place where it was opened."""
    while True:
        innermost, place = openers.popitem()
        if innermost == delimiter:
            return place


def closed_by(run: str, before: str, after: str, openers: dict[str, Any]) -> str:
    """Return the open delimiter that the beginning of `run` closes; "" if it closes none.

    `before` and `after` are the characters beside the run, "" at an end of the line. `openers` stays as it is.
    """
    if not run or not before.strip() or (run[0] == "_" and _is_in_name(after, before)):
        return ""
    if run in openers:
        return run
    return next((opener for opener in reversed(openers) if _closes(run, opener, before, after)), "")


def opened_by(run: str, before: str, after: str) -> tuple[str, ...]:
    """Return the delimiters that this run, between two characters, may open, outermost first; () if none."""
    if not run or not after.strip() or (run[0] == "_" and _is_in_name(before, after)):
        return ()
    if is_in_ascii_word(before, after):
        return ()
    return _TRIPLE.get(run, (run,) if run in MRKDWN_DELIMITERS else ())


def is_in_ascii_word(before: str, after: str) -> bool:
    """Return True between two ASCII letters or digits: `2*3*4` is a product, whatever CommonMark says."""
    return before.isalnum() and after.isalnum() and (before + after).isascii()


def _process_run(run: str, before: str, after: str, inlines: list[Inline], openers: dict[str, int]) -> None:
    """Close what this run closes, then open what the rest of it opens; add what is left then as text.

    `inlines` and `openers` are changed; `openers` has the index in `inlines` of each opener. This is kinder than
    CommonMark beside Japanese, where `**「強調」**は` is meant and fails; and stricter within ASCII words, where
    `2*3*4` is a product and `snake_case_name` a name.
    """
    while delimiter := closed_by(run, before, after, openers):
        start = pop_opener(openers, delimiter)
        # The opener itself, at `start`, is no longer text.
        inlines[start:] = [with_delimiter(each, MRKDWN_DELIMITERS[delimiter]) for each in inlines[start + 1 :]]
        run = run[len(delimiter) :]
    for delimiter in opened_by(run, before, after):
        push_opener(openers, delimiter, len(inlines))
        inlines.append(Inline(delimiter))
        run = run[len(delimiter) :]
    inlines.append(Inline(run))


def _closes(run: str, opener: str, before: str, after: str) -> bool:
    """Return True if the run, between these two characters, begins with this open delimiter and closes it.

    In `*a**b**c*` the `**` does not close the `*`: CommonMark's rule of three (6.2, rules 9 and 10).
    """
    is_nested = len(run) + len(opener) == 3 and bool(opened_by(run, before, after))
    return run.startswith(opener) and not is_nested


def _is_in_name(outside: str, inside: str) -> bool:
    """Return True if an underscore, between the characters `outside` and `inside` the emphasis, belongs to a name.

    In `snake_case` it does. Hiragana goes on behind a word without a space, so there it is a delimiter, unless the text
    inside is ASCII.
    """
    return outside.isalnum() and not ("\u3041" <= outside <= "\u3096" and not inside.isascii())


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
        # mrkdwn cannot show a backtick within code, so that code is text.
        return Inline(code.strip() or code, () if "`" in code else ("`",))
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


def _render_text(inline: Inline) -> str:
    """Return the inline as mrkdwn without its delimiters: its text, or `<address|text>`."""
    if not inline.url:
        return _escape(inline.text)
    address = _escape(re.sub(r"[<>|\s]", _percent_encode, inline.url))
    return f"<{address}>" if inline.text == inline.url else f"<{address}|{_escape(inline.text)}>"


def _percent_encode(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _escape(text: str) -> str:
    """Return the text with `&`, `<` and `>` escaped, as Slack wants them, and with a ZWSP in runs of backticks."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Three backticks open a code block in Slack wherever they stand.
    return re.sub("`(?=``)", f"`{ZWSP}", text) if "```" in text else text
