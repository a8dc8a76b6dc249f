"""Reads Slack's own text, which has entities, as a person reads it, and finds whom and what it refers to.

Slack writes `<@U12>` for a user, `<!subteam^S12>` for a user group, `<#C12|general>` for a channel, `<!here>`, and
`<https://…|label>` for a link. In code (backticks) such an entity is plain characters, and addresses nobody.
Pure. It must not know payloads or threads: names are looked up by a callable.
Source: docs.slack.dev/messaging/formatting-message-text.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from cocoai.slack.markdown.inline_parser import ZWSP
from cocoai.slack_ids import ID

ReferenceKind = Literal["user", "group", "channel"]

UNNAMED: Mapping[ReferenceKind, str] = {"user": "@somebody", "group": "@a user group", "channel": "#a channel"}
"""What a reference is read as whose name nobody knows: an id says nothing to a reader."""

# All are linear in the length of the text, whatever it holds: no run of characters is tried twice. Most texts have no
# code, and are searched three times as fast for entities alone.
_CODE = re.compile(r"`(?:``.*?```|(?<![A-Za-z0-9`]`)[^`\n]++`(?![A-Za-z0-9`]))", re.DOTALL)
_ENTITY = re.compile(r"([ \t]?)<([@#!]?)([^<>|]*+)(?:\|([^<>]*+))?>")
"""What Slack writes in `<…>`, and the space before it."""

_REFERENCE = re.compile(rf"<([@#]|!subteam\^)({ID})(?:\|([^<>]*+))?>")
_LINK_IN_CODE = re.compile(r"<([a-z]+:[^<>|]*+)(?:\|([^<>]*+))?>")
_ANY_MENTION = re.compile(rf"<(?:@|!subteam\^)({ID})(?:\|[^<>|]*)?>")
_TIME = re.compile(r"\d{1,12}")

_KINDS: Mapping[str, ReferenceKind] = {"@": "user", "#": "channel", "!subteam^": "group"}


class Reference(NamedTuple):
    """A user, user group or channel that a text names; `label` is the name that stands beside the id, often none."""

    kind: ReferenceKind
    id: str
    label: str


def _no_name(_id: str) -> str:
    return ""


def plain_text(text: str, own_user: str | None, names: Callable[[str], str] = _no_name) -> str:
    """Return Slack's text as a person reads it, without mentions of `own_user` (None while that is unknown).

    `names` returns the name for an id, "" if it knows none: then the label in the text serves, else plain words, never
    the id. Links become `LABEL (URL)`, and `&lt;` becomes `<`. Code stays as it was written, mentions in it included.
    """

    def read(match: re.Match[str]) -> str:
        return _read_entity(match, own_user, names)

    plain = text.replace(ZWSP, "")
    if "<" in plain:
        plain = "".join(
            _LINK_IN_CODE.sub(_read_link, part) if is_code else _ENTITY.sub(read, part)
            for is_code, part in _parts(plain)
        )
    return unescaped(plain).strip()


def references(text: str) -> Iterator[Reference]:
    """Yield each user, user group and channel that the text names outside code, in order."""
    if "<" in text:
        for is_code, part in _parts(text):
            for sign, target, label in () if is_code else _REFERENCE.findall(part):
                yield Reference(_KINDS[sign], target, label)


def mentions(text: str) -> frozenset[str]:
    """Return the ids of the users and groups that the text mentions outside code: to mention one is to address it."""
    return frozenset(reference.id for reference in references(text) if reference.kind != "channel")


def written_mentions(text: str) -> frozenset[str]:
    """Return the ids of all users and groups whose mention is written anywhere in the text, in code too."""
    return frozenset(_ANY_MENTION.findall(unescaped(text)))


def without_open_fence(text: str) -> str:
    """Return the text without a last fence of three backticks that nothing closes: it would open code in what follows.

    Slack shows it as plain characters, as it cuts the code of a long message.
    """
    if text.count("```") % 2 == 0:
        return text
    before, _, behind = text.rpartition("```")
    return before + behind


def first_part(text: str, most: int) -> str:
    """Return at most the first `most` characters, without an entity that is cut through: its id must not be shown."""
    start = text[:most]
    return start[: start.rfind("<")] if start.rfind("<") > start.rfind(">") else start


def last_part(text: str, most: int) -> str:
    """Return at most the last `most` characters, without an entity that is cut through."""
    start = max(0, len(text) - most)
    if text.rfind("<", 0, start) > text.rfind(">", 0, start):
        start = max(start, text.find(">", start) + 1)
    return text[start:]


def unescaped(text: str) -> str:
    """Return the text with Slack's three escapes read: `&lt;`, `&gt;`, and `&amp;` last."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def shortened(text: str, most: int) -> str:
    """Return a text of at most `most` characters, with an ellipsis as the last one if it was cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def escaped(text: str) -> str:
    """Return the text with `&`, `<` and `>` escaped, as Slack writes it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the text in parts, each with whether it is code."""
    start = 0
    for code in _CODE.finditer(text) if "`" in text else ():
        yield False, text[start : code.start()]
        yield True, code[0]
        start = code.end()
    yield False, text[start:]


def _read_entity(match: re.Match[str], own_user: str | None, names: Callable[[str], str]) -> str:
    """Return one entity as a person reads it, with the space before it; our own mention as "".

    `<@U12>` becomes `@NAME`, `<#C12|general>` `#general`, `<!here>` `@here`. What is none of Slack's stays as it is.
    """
    space, sign, target, label = match[1], match[2], match[3], match[4] or ""
    if sign == "@" and target == own_user:
        return ""
    if reference := _REFERENCE.match(match[0], len(space)):
        return space + _read_reference(Reference(_KINDS[reference[1]], reference[2], label), names)
    if sign == "!":
        return space + _read_special(target, label)
    if sign:
        return f"{space}{sign}{label or target}"
    return f"{space}{_link(target, label)}" if ":" in target else match[0]


def _read_reference(reference: Reference, names: Callable[[str], str]) -> str:
    """Return `@NAME` or `#NAME`.

    A user's name is the one that is looked up, before the label, which may be an old one. Slack itself writes the label
    of a group or channel.
    """
    named, label = names(reference.id), reference.label.strip().lstrip("@#")
    name = named or label if reference.kind == "user" else label or named
    return f"{UNNAMED[reference.kind][0]}{name}" if name else UNNAMED[reference.kind]


def _read_special(target: str, label: str) -> str:
    """Return `@here` for `<!here>`, a date's own words for `<!date^…|WORDS>`, and any other special by its label."""
    name, _, rest = target.partition("^")
    if name == "date":
        return label or _read_time(rest.partition("^")[0])
    return f"@{(label or name).strip().lstrip('@')}"


def _read_time(seconds: str) -> str:
    """Return `2026-11-30 12:00 UTC` for seconds since the epoch; "a date" if they are odd."""
    if not _TIME.fullmatch(seconds) or int(seconds) >= 10**11:
        return "a date"
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(int(seconds)))


def _read_link(match: re.Match[str]) -> str:
    return _link(match[1], match[2] or "")


def _link(url: str, label: str) -> str:
    """Return a link as `LABEL (ADDRESS)`, or the address alone if the label says no more."""
    address = url.removeprefix("mailto:")
    # Slack itself links what people type: `<http://example.com|example.com>`.
    return address if label in ("", address, url.partition("://")[2]) else f"{label} ({address})"
