"""What of the corpus is not shown right yet: each case with where it fails, and why."""

from __future__ import annotations

from collections.abc import Mapping

_BY_REASON: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "HTML is shown as it is, or lost": {
        "break in a line": ("markdown whole", "markdown growing", "mrkdwn whole", "mrkdwn growing"),
        "subscript and superscript": ("markdown whole", "mrkdwn whole"),
        "superscript n": ("markdown whole", "mrkdwn whole"),
        "details": ("markdown whole", "mrkdwn whole"),
        "details on one line": ("markdown whole", "mrkdwn whole"),
        "bold and italic tags": ("markdown whole", "mrkdwn whole"),
        "underline": ("markdown whole", "markdown growing", "mrkdwn whole"),
        "mark and small": ("markdown whole", "markdown growing"),
        "struck tags": ("markdown whole", "markdown growing", "mrkdwn whole"),
        "keys": ("markdown whole", "markdown growing", "mrkdwn whole"),
        "code tag": ("markdown whole", "markdown growing", "mrkdwn whole"),
        "anchor tag": ("markdown whole", "markdown growing", "mrkdwn whole"),
        "a tag as a word": ("markdown whole",),
        "generics": ("markdown whole",),
        "placeholders in angle brackets": ("markdown whole", "markdown growing"),
        "comment": ("markdown whole",),
        "entities": ("markdown growing", "mrkdwn whole"),
        "a paragraph of HTML": ("markdown whole", "mrkdwn whole"),
        "HTML list": ("markdown whole",),
        "centred text": ("markdown whole",),
        "HTML table": ("markdown whole",),
        "image tag": ("markdown whole", "markdown growing"),
        "font colour": ("markdown whole", "markdown growing"),
        "mail header": ("markdown growing",),
        "XML in a sentence": ("markdown whole",),
    },
    "a backslash of a formula or path is taken for an escape": {
        "inline parentheses LaTeX": ("markdown whole", "mrkdwn whole"),
        "display brackets": ("markdown whole", "markdown growing", "mrkdwn whole", "mrkdwn growing"),
        "display brackets on one line": ("markdown whole", "markdown growing", "mrkdwn whole", "mrkdwn growing"),
        "stars in LaTeX": ("markdown whole", "mrkdwn whole"),
        "matrix with double backslashes": ("markdown whole", "mrkdwn whole"),
        "inline matrix": ("markdown whole", "mrkdwn whole"),
        "aligned equations": ("markdown whole", "mrkdwn whole", "mrkdwn growing"),
        "regular expression outside code": ("markdown whole", "mrkdwn whole"),
        "backslash paths": ("markdown whole", "mrkdwn whole"),
        "double backslash": ("markdown whole", "mrkdwn whole"),
        "boxed and text LaTeX": ("markdown whole", "mrkdwn whole"),
        "LaTeX in an item": ("markdown whole", "mrkdwn whole"),
        "half escaped LaTeX": ("markdown whole", "mrkdwn whole"),
        "set braces LaTeX": ("markdown whole", "mrkdwn whole"),
        "LaTeX percent and ampersand": ("markdown whole", "markdown growing", "mrkdwn whole", "mrkdwn growing"),
    },
    "a footnote's text is taken for a link's address": {
        "footnotes": ("markdown whole", "markdown growing"),
        "footnote with an address": ("markdown whole", "markdown growing"),
        "footnote of one word": ("markdown whole", "markdown growing"),
    },
    "a line break is lost": {
        "hard breaks": ("markdown growing", "mrkdwn whole"),
    },
    "a line of `=` is shown under a heading": {
        "setext heading with equals": ("mrkdwn whole",),
    },
    "a link is half recognised": {
        "heading with code and link": ("mrkdwn growing",),
        "image": ("markdown growing", "mrkdwn growing"),
        "linked image": ("markdown growing", "mrkdwn growing"),
        "link label with code": ("markdown growing", "mrkdwn growing"),
    },
    "a link written in Slack's way is broken": {
        "Slack's way of a link": ("markdown whole", "mrkdwn whole"),
        "Slack's way of a link in English": ("markdown whole", "mrkdwn whole"),
        "Slack's way in an item": ("markdown whole", "mrkdwn whole"),
        "Slack's way of a mail address": ("markdown whole", "mrkdwn whole"),
        "Slack's way in bold": ("markdown whole", "mrkdwn whole"),
    },
    "a mark in prose is misread": {
        "heading with bold": ("mrkdwn growing",),
        "shrug": ("mrkdwn whole", "mrkdwn growing"),
        "dunder is no emphasis": ("markdown whole", "mrkdwn whole"),
        "glob patterns": ("markdown whole", "mrkdwn whole", "mrkdwn growing"),
        "home folder": ("mrkdwn whole", "mrkdwn growing"),
        "masked digits": ("markdown whole", "markdown growing"),
        "star function": ("markdown whole", "mrkdwn whole"),
        "formula in bold": ("markdown whole", "mrkdwn whole"),
        "two SQL stars without spaces": ("markdown whole", "mrkdwn whole"),
    },
    "a table's cell or rule is misread": {
        "compare two tools": ("markdown growing", "mrkdwn growing"),
        "comparison in English": ("markdown growing", "mrkdwn growing"),
        "pipes in code": ("markdown whole", "mrkdwn whole"),
        "logical or in code": ("markdown whole", "mrkdwn whole"),
        "long rows": ("markdown whole",),
        "ragged widths": ("markdown growing", "mrkdwn growing"),
        "marks in cells": ("markdown whole", "mrkdwn whole"),
        "double ticks in a cell": ("markdown whole", "mrkdwn whole"),
    },
    "an address is cut at its first Japanese character": {
        "Japanese path at the line's end": ("markdown whole", "mrkdwn whole"),
        "Japanese query": ("markdown whole", "mrkdwn whole"),
        "address with a fragment and ampersands": ("markdown whole", "mrkdwn whole"),
    },
    "an item's indentation is not CommonMark's": {
        "code in an item by two spaces": ("markdown whole",),
        "two spaces under a number": ("markdown whole",),
        "numbers two spaces under numbers": ("markdown whole",),
        "three levels of numbers by two spaces": ("markdown whole",),
        "nested two spaces under ten": ("markdown whole",),
        "bold head with two-space bullets": ("markdown whole",),
        "five spaces behind a marker": ("markdown whole",),
    },
    "code is not shown as it is": {
        "code with a tick": ("mrkdwn whole", "mrkdwn growing"),
        "indented code": ("mrkdwn whole",),
        "code in a quote": ("markdown growing",),
        "product outside code": ("markdown whole", "mrkdwn whole"),
        "encoded path": ("markdown growing", "mrkdwn growing"),
        "code block inside a cell by breaks": ("markdown whole", "mrkdwn whole"),
    },
    "dashes under a paragraph are no rule": {
        "a rule right under a paragraph": ("markdown whole",),
        "rule with spaces": ("markdown growing", "mrkdwn growing"),
        "signature dashes": ("markdown whole",),
        "front matter": ("markdown whole",),
        "a table with a colon rule without dashes enough": ("markdown growing", "mrkdwn growing"),
    },
    "stars of a formula are taken for emphasis": {
        "Excel product of sums": ("markdown whole", "mrkdwn whole"),
        "Japanese product": ("markdown whole", "mrkdwn whole"),
        "Excel IF with text joins": ("markdown whole", "mrkdwn whole"),
        "area with brackets": ("markdown whole", "mrkdwn whole"),
        "formula in a list without spaces": ("markdown whole", "mrkdwn whole"),
        "mixed digits and names": ("markdown whole", "mrkdwn whole"),
        "long Japanese product chain": ("markdown whole", "mrkdwn whole"),
    },
}
"""Cases by what is wrong with them; `markdown` and `mrkdwn` are the formats."""

FAILING: Mapping[str, Mapping[str, str]] = {
    name: dict.fromkeys(wheres, reason) for reason, cases in _BY_REASON.items() for name, wheres in cases.items()
}
"""The same by case: for each format and check that fails, the reason."""

UNKNOWABLE: Mapping[str, str] = {
    "no outer pipes": "the head of a table without outer bars is a paragraph until its rule comes",
    "reference links": "its brackets are text until the address comes at the end",
}
"""Cases whose beginning means something else by any rule: they are looked at whole only."""
