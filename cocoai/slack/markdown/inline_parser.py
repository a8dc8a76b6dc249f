"""Spans: what stands within one line of Markdown, read into pieces that can be cut anywhere and then written as mrkdwn.

A span is visible text with its marks and its link, so marks are closed at a cut and opened again by themselves.
It knows no lines, lists, fences or messages. Every step is linear: the text may be anybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

GAP = "\u200b"
"""Slack sees markup only at the edge of a word, and Japanese has no spaces: this one has no width."""

MARKS = {"**": "*", "__": "*", "*": "_", "_": "_", "~~": "~"}
_OPENERS = {"***": ("**", "*"), "___": ("__", "_")}
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
MARKUP = re.compile(r"[\\`\[<*_~&]|http")
"""What a token begins with, or has within it."""

_SPECIAL = re.compile(r"[\\`*_~\[\]<&|]|:(?=//)")
"""What could be a mark, a link, an entity, a table's line or the beginning of an address."""

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&nbsp;": "\u00a0", "&#39;": "'"}
"""The few that a model writes."""

_LINKED = re.compile(r"(?:https?://|mailto:|tel:)\S.*", re.IGNORECASE)


class Span(NamedTuple):
    """Visible text, its marks as mrkdwn writes them, outermost first, and where it links to."""

    text: str
    marks: tuple[str, ...] = ()
    url: str = ""


def read(markdown: str) -> list[Span]:
    """The spans of one line of Markdown. No visible character is lost, no span is empty."""
    if markdown and not MARKUP.search(markdown):
        return [Span(markdown)]  # most lines, and each is read at every update
    spans: list[Span] = []
    opened: dict[str, int] = {}
    at = 0
    for token in TOKEN.finditer(markdown):
        spans.append(Span(markdown[at : token.start()]))
        at = token.end()
        if token["run"]:
            before = markdown[token.start() - 1] if token.start() else ""
            _delimit(token["run"], before, markdown[at : at + 1], spans, opened)
        else:
            spans.append(_atom(token))
    spans.append(Span(markdown[at:]))
    return _merged(span for span in spans if span.text)


def literal(text: str) -> str:
    """What stands within a line, as Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def written(spans: Sequence[Span]) -> str:
    """The spans as mrkdwn, marks opened and closed between them, with a gap where Slack would not see a mark."""
    if len(spans) == 1 and not spans[0].marks:
        return _shown(spans[0])
    out: list[str] = []
    marks: tuple[str, ...] = ()
    before = ""
    for span in (*spans, Span("")):
        shared = _shared(marks, span.marks)
        closing, opening = marks[shared:][::-1], span.marks[shared:]
        hidden = (closing and _hides(span.text[:1])) or (opening and _hides(before))
        out += [*closing, GAP if hidden else "", *opening, _shown(span)]
        marks, before = span.marks, span.text[-1:]
    return "".join(out)


def marked(span: Span, mark: str) -> Span:
    """The span with one more mark around it, if it has not got it yet."""
    return span if mark in span.marks else span._replace(marks=(mark, *span.marks))


def text_of(spans: Iterable[Span]) -> str:
    """What a reader sees, without marks and addresses."""
    return "".join(span.text for span in spans)


def sliced(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """The spans of `text_of(spans)[start:end]`."""
    out: list[Span] = []
    at = 0
    for span in spans:
        if at >= end:
            break
        text = span.text[max(start - at, 0) : end - at]
        if text:
            out.append(span._replace(text=text))
        at += len(span.text)
    return out


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Neighbours of the same marks in one span; links stay apart."""
    merged: list[Span] = []
    for (marks, url), group in groupby(spans, key=lambda span: span[1:]):
        alike = list(group)
        merged += alike if url else [Span(text_of(alike), marks)]
    return merged


def _delimit(run: str, before: str, after: str, spans: list[Span], opened: dict[str, int]) -> None:
    """Close what these delimiters close, then open what they open; what is left of them is text.

    Kinder than CommonMark beside Japanese, where `**「強調」**は` is meant and fails; stricter within ASCII words,
    where `2*3*4` is a product and `snake_case_name` a name.
    """
    while delimiter := closed_by(run, before, after, opened):
        _close(delimiter, spans, opened)
        run = run[len(delimiter) :]
    for delimiter in opened_by(run, before, after):
        opened[delimiter] = len(spans)
        spans.append(Span(delimiter))
        run = run[len(delimiter) :]
    spans.append(Span(run))


def closed_by(run: str, before: str, after: str, opened: Mapping[str, int]) -> str:
    """Which of the open delimiters this run between two characters closes first; empty if none."""
    if not run or not before.strip() or (run[0] == "_" and _is_in_word(after, before)):
        return ""
    if run in opened:
        return run
    return max((each for each in opened if _closes(run, each, before, after)), key=opened.__getitem__, default="")


def opened_by(run: str, before: str, after: str) -> tuple[str, ...]:
    """Which delimiters this run between two characters may open, outermost first."""
    if not run or not after.strip() or (run[0] == "_" and _is_in_word(before, after)):
        return ()
    if before.isalnum() and after.isalnum() and (before + after).isascii():
        return ()
    return _OPENERS.get(run, (run,) if run in MARKS else ())


def _closes(run: str, delimiter: str, before: str, after: str) -> bool:
    """In `*a**b**c*` the `**` is no end of `*`: CommonMark's rule of three."""
    is_nested = len(run) + len(delimiter) == 3 and bool(opened_by(run, before, after))
    return run.startswith(delimiter) and not is_nested


def _is_in_word(outside: str, inside: str) -> bool:
    """Is an underscore here one of a name's? Hiragana go on behind a word; what is ASCII may be a name."""
    return outside.isalnum() and not ("\u3041" <= outside <= "\u3096" and not inside.isascii())


def _close(delimiter: str, spans: list[Span], opened: dict[str, int]) -> None:
    start = opened[delimiter]
    spans[start:] = [marked(span, MARKS[delimiter]) for span in spans[start + 1 :]]
    for other in [other for other, at in opened.items() if at >= start]:
        del opened[other]


def _atom(token: re.Match[str]) -> Span:
    if token["escaped"]:
        return Span(token["escaped"])
    if token["break"]:
        return Span(" ")  # a line of a list or a table has to stay one
    if token["entity"]:
        return Span(_ENTITIES[token["entity"]])
    if code := token["code"]:
        # mrkdwn has no way to quote a backtick.
        return Span(code.strip() or code, () if "`" in code else ("`",))
    if url := token["auto"] or token["bare"]:
        return Span(url.removeprefix("mailto:"), (), url)
    return _link(token["label"], token["target"].strip("<>"))


def _link(label: str, target: str) -> Span:
    spans = read(label)
    text = text_of(spans).strip() or target
    if not _LINKED.fullmatch(target):  # an address that leads nowhere from Slack
        return Span(text if target in ("", text) else f"{text} ({target})")
    marks = {span.marks for span in spans}
    return Span(text, marks.pop() if len(marks) == 1 else (), target)


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many marks go on from one span into the next."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _hides(neighbour: str) -> bool:
    """Does a mark go unseen beside this character? Letters of every script, and all that is wider than ASCII."""
    return bool(neighbour.strip()) and (neighbour.isalnum() or not neighbour.isascii() or neighbour in "*_~`")


def _shown(span: Span) -> str:
    if not span.url:
        return _escaped(span.text)
    address = _escaped(re.sub(r"[<>|\s]", lambda found: f"%{ord(found[0]):02X}", span.url))
    return f"<{address}>" if span.text == span.url else f"<{address}|{_escaped(span.text)}>"


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Three backticks open a code block in Slack wherever they stand.
    return re.sub("`(?=``)", f"`{GAP}", text) if "```" in text else text
