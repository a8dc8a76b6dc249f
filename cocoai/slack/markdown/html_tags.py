"""Rewrites the few HTML elements that models write into Markdown as what Slack shows for them.

`<b>` and its like become emphasis, `<kbd>` code, `<a>` a link, `<sub>` and `<sup>` small digits; what only encloses
text goes. A tag that has no end in its line is text, as any other is. It knows one line at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cocoai.slack.markdown.inline_parser import CODE_SPAN

_EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~", "summary": "**"}
_CODE = frozenset(["kbd", "code", "samp", "tt"])
_PLAIN = frozenset(["u", "ins", "p", "span", "small", "big", "mark", "div", "details", "center", "font"])
_BLOCKS = frozenset(["p", "span", "div", "details", "center", "font"])
_MOST_OPEN = 10
_NAMES = "|".join(sorted([*_EMPHASIS, *_CODE, *_PLAIN, "a", "sub", "sup"], key=len, reverse=True))

_ATTRIBUTES = r"(?:\s+(?:[a-zA-Z][\w-]*+\s*=[^<>]*+|open))?\s*+"
"""None, some with a value, or that of open details: `a<b || c>d` is no tag."""

ELEMENT = rf"""
    <(?P<element>{_NAMES})(?P<attributes>{_ATTRIBUTES})>
    (?P<inside>(?:[^<`]|`[^`]*+`|<(?!/?(?P=element)\b))*+)
    </(?P=element)>
"""
"""An element that `rewrite_element` knows, in a verbose pattern; code within it is skipped."""

IMAGE = r"<img\s(?P<image>[^<>]*+)>"

_TAG = re.compile(rf"(?:`++).+?`|<(/?)({_NAMES}){_ATTRIBUTES}>")
"""A tag, or a code span, in which there is none."""

_ATTRIBUTE = re.compile(r"""\b(href|src|alt)\s*=\s*(?:"([^"]*)"|'([^']*)')""")

_IS_TAG = r"(?<!(?<!\\)\\)"
"""Not behind one backslash, which makes a tag text."""

_BREAK = re.compile(
    rf"{CODE_SPAN}|[ \t]*{_IS_TAG}<br\ *+/?>[ \t]*|(?P<summary>{_IS_TAG}</summary>)(?=.)",
    re.IGNORECASE,
)
_ONLY_TAGS = re.compile(r"\s*(?:</?(?:details|div|p|center|ul|ol|span)(?:\s[^<>]*+)?>\s*)+$")
_OUTER_DETAILS = re.compile(r"^(\s*)<details(?:\s[^<>]*+)?>|(?<!\\)</details>\s*$")
_LIST_ITEM = re.compile(r"(\s*)<li>(.*)</li>\s*")
_OPEN_LIST_ITEM = re.compile(r"\s*<li>(?!.*</li>).*")
_RULE = re.compile(r"\s*<hr\s*/?>\s*")

_RAISED = dict(zip("0123456789+-=()in", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿ", strict=True))
_LOWERED = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


def split_at_breaks(line: str) -> list[str]:
    """Return the line's text between `<br>` and behind a summary, and without the tags of blocks; [""] for tags alone.

    `<li>a</li>` becomes `- a`, and `<hr>` a rule.
    """
    if _ONLY_TAGS.match(line):
        return [""]
    if _RULE.fullmatch(line):
        return ["", "---"]
    if item := _LIST_ITEM.fullmatch(line):
        line = f"{item[1]}- {item[2]}"
    if "<summary" in line or not ("<details" in line and "</details>" in line):  # else it is an element in its line
        line = _OUTER_DETAILS.sub(r"\1", line)
    return _BREAK.sub(_line_feed, line).split("\n")


def rewrite_element(element: re.Match[str], repair: Callable[[str], str]) -> str:
    """Return what to write for a match of ELEMENT; `repair` rewrites the text within it."""
    name, inside = element["element"], element["inside"]
    if name in _CODE:
        # Two code spans side by side would be one.
        return f"`{inside}`\u200b" if inside.strip() and not re.search("[`&]", inside) else repair(inside)
    if name in ("sub", "sup"):
        return _shifted(name, inside, repair)
    text = repair(inside)
    if name == "a":
        address = _attributes(element["attributes"] or "").get("href", "")
        return f"[{text}](<{address}>)" if address and text.strip() and "[" not in text else text
    mark = _EMPHASIS.get(name, "")
    words = text.strip()
    if words.startswith(mark) and words.endswith(mark):
        return text  # `<summary><b>` is bold once
    return text.replace(words, f"{mark}{words}{mark}", 1) if words else text


def rewrite_image(image: re.Match[str]) -> str:
    """Return an image in Markdown for a match of IMAGE; as text if it has no address."""
    attributes = _attributes(image["image"])
    alt = re.sub(r"([\[\]\\])", r"\\\1", attributes.get("alt", ""))
    return f"![{alt}](<{attributes['src']}>)" if attributes.get("src") else "\\" + image[0]


def close_elements(line: str) -> str:
    """Return the line of an unfinished text with the end tags of its elements that are open at its end."""
    opened: list[str] = []
    for tag in _TAG.finditer(line):
        if tag[2] is None:
            continue
        if not tag[1]:
            # In the middle of a line the name of a block's tag may be meant.
            opened += [] if tag[2] in _BLOCKS and line[: tag.start()].strip() else [tag[2]]
        elif tag[2] in opened:
            del opened[len(opened) - 1 - opened[::-1].index(tag[2]) :]
    ends = "".join(f"</{name}>" for name in reversed(opened[-_MOST_OPEN:]))
    return line + ends + ("</li>" if _OPEN_LIST_ITEM.fullmatch(line) else "")


def _line_feed(match: re.Match[str]) -> str:
    return match[0] if match["code"] else (match["summary"] or "") + "\n"


def _attributes(text: str) -> dict[str, str]:
    return {name: one or other for name, one, other in _ATTRIBUTE.findall(text)}


def _shifted(name: str, inside: str, repair: Callable[[str], str]) -> str:
    """Return the text of `<sub>` or `<sup>` in small characters, or behind `_` or `^` if it has others."""
    table = _RAISED if name == "sup" else _LOWERED
    if all(character in table for character in inside):
        return "".join(table[character] for character in inside)
    return ("^" if name == "sup" else r"\_") + f"({repair(inside)})"
