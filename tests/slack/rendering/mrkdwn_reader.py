"""Read what mrkdwn shows, strictly: only what Slack surely takes for a mark is one, and what may be one is a fault.

`*bold*`, `_italic_`, `~struck~`, code, fences, `> ` quotes, `<address|label>`, and three entities; no escapes
(docs.slack.dev/messaging/formatting-message-text). A mark opens behind a space, a line's beginning, punctuation or
another mark, and before anything but a space; it closes the other way round. Beside full-width punctuation clients
differ: where the strict and the lenient reading are not the same, the text is `AMBIGUOUS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tests.slack.rendering.block_reader import plain_runs
from tests.slack.rendering.outline import ZWSP, Block, Run, notation

AMBIGUOUS = "AMBIGUOUS"

_ITEM = re.compile(r"( *)(•|\d+[.)]|-(?=$))(?: (.*))?")
_RULE = re.compile("─{3,}|—{3,}")
_FENCE = re.compile(r"```([A-Za-z0-9+#_.-]*)")
_TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>|`([^`\n]+)`|&(amp|lt|gt);")
_MARKS = {"*": "b", "_": "i", "~": "s"}
_KEPT = "\ue000"
"""Stands for a token while marks are sought: a character that is neither a letter nor a space."""


def read_mrkdwn(text: str) -> list[Block]:
    """Return the blocks that a person sees; each line is one."""
    blocks: list[Block] = []
    code: list[str] | None = None  # the lines of the open fence
    indents: list[int] = []  # of the list items around the next line
    for line in text.split("\n"):
        quotes = int(line.startswith(">"))
        inner = re.sub(r"^>\s?", "", line)
        if code is not None and line.strip() == "```":
            blocks.append(Block("code", _unescaped("\n".join(code)).replace(ZWSP, "")))
            code = None
        elif code is not None:
            code.append(line)
        elif _FENCE.fullmatch(inner.strip()):
            code = []
        elif block := _line(inner, indents):
            blocks.append(replace(block, quotes=quotes))
    return blocks if code is None else [*blocks, Block("OPEN FENCE", "\n".join(code))]


def _line(line: str, indents: list[int]) -> Block | None:
    """Return a line outside code as a block, None if it is blank; `indents` are those of the list items around it."""
    if not line.strip(f" \t{ZWSP}"):
        return None
    if _RULE.fullmatch(line.strip()):
        return Block("hr")
    if found := _ITEM.fullmatch(line):
        indent, marker, text = found.groups()
        while indents and indents[-1] >= len(indent):
            indents.pop()
        indents.append(len(indent))
        return Block("-" if marker in "•-" else marker, inline(text or ""), len(indents) - 1)
    if not line.startswith(" "):
        indents.clear()
    return Block("p", inline(line.strip()))


def inline(text: str) -> str:
    """Return a line's text in the notation; AMBIGUOUS stands before it if clients may read it in two ways."""
    strict, lenient = (notation(_marked(text, is_strict=each)) for each in (True, False))
    return strict if strict == lenient else f"{AMBIGUOUS} {strict}"


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _marked(text: str, *, is_strict: bool) -> list[Run]:
    """Return the runs of a line: links, code and entities are taken out, so that no mark is sought in them."""
    tokens = [_token(found) for found in _TOKEN.finditer(text)]
    runs: list[Run] = []
    at = 0
    for piece, style in _spans(_TOKEN.sub(_KEPT, text), "", is_strict=is_strict):
        for n, words in enumerate(piece.split(_KEPT)):
            if n:
                token = tokens[at]
                at += 1
                runs.append(token if token.style else token._replace(style=style))
            runs.extend(plain_runs(words, style))
    return runs


def _token(found: re.Match[str]) -> Run:
    """Return a link, code or an entity as a run."""
    address, label, code, entity = found.groups()
    if entity:
        return Run(_unescaped(f"&{entity};"))
    if code is None:
        return Run(_unescaped(label or address.removeprefix("mailto:")), "", _unescaped(address))
    # A link in code is both in Slack's own messages; here it counts as a link.
    link = _TOKEN.fullmatch(code)
    return _token(link) if link and link[2] else Run(_unescaped(code), "c")


def _spans(text: str, style: str, *, is_strict: bool) -> Iterator[tuple[str, str]]:
    """Yield the pieces of a text with their styles; what is between marks is read again for other marks."""
    at = 0
    while found := _next_span(text, at, style, is_strict=is_strict):
        start, end = found
        yield text[at:start], style
        inner = "".join(each for each in "bis" if each in style + _MARKS[text[start]])
        yield from _spans(text[start + 1 : end], inner, is_strict=is_strict)
        at = end + 1
    yield text[at:], style


def _next_span(text: str, at: int, style: str, *, is_strict: bool) -> tuple[int, int] | None:
    """Return where the next span's two marks stand; None if there is no further one."""
    for start in range(at, len(text)):
        mark = text[start]
        if mark not in _MARKS or _MARKS[mark] in style or not _opens(text, start, is_strict=is_strict):
            continue
        for end in range(start + 2, len(text)):
            if text[end] == mark and _closes(text, end, is_strict=is_strict):
                return start, end
    return None


def _opens(text: str, at: int, *, is_strict: bool) -> bool:
    after = text[at + 1 : at + 2]
    return (
        bool(after.strip())
        and after not in (ZWSP, text[at])
        and (at == 0 or _is_boundary(text[at - 1], text[at], is_strict=is_strict))
    )


def _closes(text: str, at: int, *, is_strict: bool) -> bool:
    before, after = text[at - 1], text[at + 1 : at + 2]
    return (
        bool(before.strip())
        and before not in (ZWSP, text[at])
        and (not after or _is_boundary(after, text[at], is_strict=is_strict))
    )


def _is_boundary(character: str, mark: str, *, is_strict: bool) -> bool:
    """Return True if a mark beside this character is one: strictly, if that is known of all clients."""
    if character == mark:
        return False
    if character.isspace() or character in (ZWSP, _KEPT):
        return True
    if is_strict:
        return character.isascii() and not character.isalnum()
    return not character.isalnum()
