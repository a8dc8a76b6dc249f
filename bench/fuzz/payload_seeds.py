"""Events with all that a message can have, in Slack's shapes, each with its thread and with the files' bytes.

Sources: docs.slack.dev/reference/block-kit/blocks, /reference/objects/file-object,
/reference/methods/conversations.replies.
"""

from __future__ import annotations

import gzip
from typing import Any

from bench.fuzz.events import attached, message_payload

PARENT = "1763821000.000100"

ENTITIES = "<@U0ENTITY1> <@W0ENTITY2|label> <#C0ENTITY3> <#C0ENTITY4|> <#C0ENTITY5|sales> <!subteam^S0ENTITY6> <!here>"
"""Entities whose ids must not reach the model."""

# attachments


def attachment(**fields: Any) -> dict[str, Any]:
    """Return an attachment; `fields` are its own."""
    return {"id": 1, "fallback": "[no preview available]", "color": "36a64f"} | fields


def shared(text: str = "The order moves to Friday.", **fields: Any) -> dict[str, Any]:
    """Return a forwarded message."""
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    blocks = [{"type": "rich_text", "block_id": "s1", "elements": [words]}]
    share = {"is_share": True, "is_msg_unfurl": True, "author_id": "U0ENTITY1", "author_name": "sales", "text": text}
    share |= {"channel_id": "C0ENTITY3", "ts": PARENT, "from_url": "https://example.slack.com/archives/C0OTHER1/p1"}
    message_blocks = [{"team": "T0PRACTICE", "channel": "C0ENTITY3", "ts": PARENT, "message": {"blocks": blocks}}]
    return attachment(
        **share, message_blocks=message_blocks, footer="Posted in #sales", fallback=f"[Oct] {text}", **fields
    )


ALERT = attachment(
    title="Disk full",
    title_link="https://monitor.example.com/a?b=1&c=2",
    pretext="*Alert*",
    author_name="monitor",
    text="`/var` at 95 % on db-1",
    fields=[{"title": "Host", "value": "db-1", "short": True}, {"title": "Since", "value": "10:00"}],
    footer="monitor",
    ts=1763820000,
    image_url="https://monitor.example.com/graph.png",
    mrkdwn_in=["text"],
)
UNFURL = attachment(
    service_name="Example",
    title="A page",
    title_link="https://example.com/",
    text="What it says.",
    from_url="https://example.com/",
)

# blocks


def text(words: str, **style: bool) -> dict[str, Any]:
    """Return a text element of a rich text, with its style."""
    return {"type": "text", "text": words} | ({"style": style} if style else {})


def rich(*parts: dict[str, Any]) -> dict[str, Any]:
    """Return a rich text block."""
    return {"type": "rich_text", "block_id": "r1", "elements": list(parts)}


def part(kind: str, *elements: Any, **more: Any) -> dict[str, Any]:
    """Return a part of a rich text: `section`, `list`, `quote` or `preformatted`."""
    return {"type": f"rich_text_{kind}", "elements": list(elements)} | more


def mrkdwn(words: str) -> dict[str, Any]:
    """Return a text object."""
    return {"type": "mrkdwn", "text": words, "verbatim": False}


_ELEMENTS = (
    {"type": "user", "user_id": "U0ENTITY1"},
    {"type": "channel", "channel_id": "C0ENTITY3"},
    {"type": "usergroup", "usergroup_id": "S0ENTITY6"},
    {"type": "broadcast", "range": "here"},
    {"type": "emoji", "name": "wave", "unicode": "1f44b"},
    {"type": "link", "url": "https://example.com/?a=1&b=2", "text": "here"},
    {"type": "date", "timestamp": 1763820000, "format": "{date_num} {time}", "fallback": "Nov 22"},
    {"type": "color", "value": "#36a64f"},
    {"type": "team", "team_id": "T0PRACTICE"},
)
RICH = rich(
    part("section", text("Look at ", bold=True), *_ELEMENTS, text(" please\n")),
    part(
        "list",
        part("section", text("one")),
        part("section", text("two", strike=True)),
        style="ordered",
        indent=0,
        offset=2,
    ),
    part("list", part("section", text("deeper")), style="bullet", indent=1, border=0),
    part("quote", text("said before\nand more")),
    part("preformatted", text("x = 1 < 2\n"), border=0, language="python"),
)
TABLE = {
    "type": "table",
    "block_id": "t1",
    "column_settings": [{"is_wrapped": True}, {"align": "right"}],
    "rows": [
        [{"type": "raw_text", "text": "Name"}, {"type": "raw_text", "text": "Price"}],
        [
            {"type": "rich_text", "elements": [part("section", text("chair | blue"), _ELEMENTS[0])]},
            {"type": "raw_text", "text": "¥3,980"},
        ],
    ],
}
DATA_TABLE = {
    "type": "data_table",
    "caption": "Sales",
    "rows": [[{"type": "raw_text", "text": "a"}], [{"type": "raw_number", "value": 3, "text": "3"}]],
}
CHART = {
    "type": "data_visualization",
    "title": "Sales",
    "chart": {
        "type": "bar",
        "series": [{"name": "2024", "data": [{"label": "Q1", "value": 5}]}],
        "axis_config": {"categories": ["Q1"]},
    },
}
BUTTON = {
    "type": "button",
    "action_id": "a",
    "text": {"type": "plain_text", "text": "Approve"},
    "value": "x",
    "url": "https://example.com/",
}
BLOCKS = [
    {"type": "header", "text": {"type": "plain_text", "text": "Incident", "emoji": True}},
    {
        "type": "section",
        "text": mrkdwn(f"*Host* db-1 {ENTITIES}"),
        "fields": [mrkdwn("*Since*"), mrkdwn("10:00")],
        "accessory": BUTTON,
    },
    {
        "type": "context",
        "elements": [
            mrkdwn("by monitor"),
            {"type": "image", "image_url": "https://example.com/i.png", "alt_text": "logo"},
        ],
    },
    {"type": "divider"},
    {
        "type": "image",
        "image_url": "https://example.com/g.png",
        "alt_text": "a graph",
        "title": {"type": "plain_text", "text": "Load"},
    },
    {
        "type": "actions",
        "elements": [
            BUTTON,
            {"type": "static_select", "placeholder": {"type": "plain_text", "text": "Pick"}, "options": []},
        ],
    },
    {
        "type": "video",
        "title": {"type": "plain_text", "text": "How to"},
        "video_url": "https://example.com/v",
        "alt_text": "a film",
    },
    {"type": "file", "external_id": "E1", "source": "remote"},
    {"type": "markdown", "text": "**bold** and `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |"},
    {"type": "card", "title": mrkdwn("A card"), "body": mrkdwn("its words"), "actions": [BUTTON]},
    {"type": "alert", "level": "warning", "text": mrkdwn("careful")},
    {
        "type": "input",
        "label": {"type": "plain_text", "text": "Name"},
        "element": {"type": "plain_text_input", "action_id": "n"},
    },
    {"type": "call", "call_id": "R1", "call": {"v1": {"name": "Meeting", "join_url": "https://example.com/call"}}},
    TABLE,
    DATA_TABLE,
    CHART,
]

# files, and their bytes

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"
_JAPANESE = "議事録：髙橋、﨑山。売上は①120万円、ｶﾅ混じり。\r\n" * 3
CANVAS = (
    '<!doctype html><html><body><div class="quip-canvas-content"><h1 id="temp:C:a1">Plan</h1><p class="line">Friday. '
    "<a>@U0CANVAS1</a></p><ul><li>one</li></ul><table><tr><td>a</td><td>b</td></tr>"
    "</table><blockquote>q</blockquote><pre>x = 1</pre></div></body></html>"
)
LOGIN = (
    '<!DOCTYPE html><html><head><title>Slack</title></head><body><form action="/signin">Sign in</form></body></html>'
)
VTT = "WEBVTT\n\n1\n00:00:00.000 --> 00:00:02.000\n<v A>こんにちは\n\n2\n00:00:02.000 --> 00:00:04.500\nand goodbye\n"

BYTES: dict[str, bytes] = {
    "text": b"hello\n",
    "utf8": _JAPANESE.encode(),
    "bom": b"\xef\xbb\xbf" + _JAPANESE.encode(),
    "sjis": _JAPANESE.encode("cp932"),
    "eucjp": "議事録です。ひらがなもあります。\n".encode("euc_jp"),
    "jis": "議事録です。ひらがなもあります。\n".encode("iso2022_jp"),
    "utf16": _JAPANESE.encode("utf-16"),
    "latin": "naïve café – déjà vu\n".encode("cp1252"),
    "cut": _JAPANESE.encode()[:-4],
    "csv": ("名前,値段\n" + "椅子,3980\n" * 40).encode("cp932"),
    "long": ("line of a log 12345\n" * 9000).encode(),
    "png": PNG + bytes(200),
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(200),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + bytes(200),
    "zip": b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(200),
    "gzip": gzip.compress(b"x" * 5000, mtime=0),
    "ogg": b"OggS\0\2" + bytes(200),
    "empty": b"",
    "nul": bytes(300),
    "canvas": CANVAS.encode(),
    "login": LOGIN.encode(),
    "vtt": VTT.encode(),
    "html": b"<html><body>" + b"<p>a page of somebody</p>" * 30 + b"</body></html>",
    "json": '{"名前": "椅子", "値段": 3980}'.encode(),
}

_FILES = "https://files.slack.com/files-"


def file(kind: str, **fields: Any) -> dict[str, Any]:
    """Return a file whose address serves the bytes `kind`."""
    url = f"{_FILES}pri/T0PRACTICE-F0FILE/download/{kind}"
    return attached(url_private=url, url_private_download=url, size=len(BYTES[kind]), created=1763820000) | fields


def thumb(kind: str) -> str:
    """Return the address of something that Slack has made of a file."""
    return f"{_FILES}tmb/T0PRACTICE-F0FILE-1/{kind}"


TRANSCRIPT = {
    "status": "complete",
    "locale": "ja-JP",
    "preview": {"content": "こんにちは、明日の件です。", "has_more": False},
}
CLIP = file(
    "ogg", subtype="slack_audio", mimetype="audio/webm", filetype="webm", name="audio_message.webm", duration_ms=4500
)
FILES: tuple[dict[str, Any], ...] = (
    *(
        file(kind, name=f"{kind}.txt")
        for kind in ("text", "utf8", "bom", "sjis", "eucjp", "jis", "utf16", "latin", "cut")
    ),
    *(
        file(kind, name=f"{kind}.dat", mimetype="application/octet-stream")
        for kind in ("long", "nul", "empty", "gzip", "zip")
    ),
    file(
        "csv",
        name="price.csv",
        mimetype="text/csv",
        filetype="csv",
        preview="名前,値段\n椅子,3980",
        lines=41,
        lines_more=39,
    ),
    file(
        "png",
        name="p.png",
        mimetype="image/png",
        thumb_360=thumb("png"),
        thumb_1024=thumb("jpeg"),
        original_w=1,
        original_h=1,
    ),
    file("heic", name="IMG_1.HEIC", mimetype="image/heic", filetype="heic", thumb_1024=thumb("jpeg"), thumb_1024_w=768),
    file("jpeg", name="large.jpg", mimetype="image/jpeg", size=12_000_000, thumb_1024=thumb("jpeg")),
    file("pdf", name="a.pdf", mimetype="application/pdf", filetype="pdf", thumb_pdf=thumb("png")),
    file(
        "zip",
        name="a.xlsx",
        filetype="xlsx",
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        converted_pdf=thumb("pdf"),
    ),
    file(
        "zip",
        name="old.docx",
        filetype="docx",
        mimetype="application/msword",
        preview="the beginning",
        preview_is_truncated=True,
    ),
    file(
        "canvas",
        name="Plan",
        title="Plan",
        filetype="quip",
        mode="quip",
        mimetype="application/vnd.slack-docs",
        size=871,
    ),
    file(
        "canvas",
        name="Huddle notes",
        filetype="quip",
        mode="canvas",
        mimetype="application/vnd.slack-docs",
        is_huddle_canvas=True,
    ),
    file("login", name="secret.txt"),
    file("html", name="page.html", mimetype="text/html", filetype="html"),
    file(
        "json",
        name="a.json",
        mimetype="application/json",
        mode="snippet",
        preview='{"名前"',
        preview_highlight="<div>x</div>",
    ),
    CLIP | {"transcription": TRANSCRIPT, "vtt": thumb("vtt"), "mp4": thumb("ogg")},
    CLIP | {"transcription": {"status": "processing", "locale": ""}},
    CLIP | {"transcription": TRANSCRIPT | {"preview": {"content": "こん", "has_more": True}}, "vtt": thumb("vtt")},
    file(
        "ogg",
        subtype="slack_video",
        mimetype="video/mp4",
        name="clip.mp4",
        transcription=TRANSCRIPT,
        duration_ms="5000",
    ),
    file(
        "text",
        name="",
        filetype="email",
        mode="email",
        subject="Order",
        plain_text="Please confirm.",
        **{"from": [{"address": "a@example.com"}], "to": [], "headers": {"date": "x"}},
    ),
    {"id": "F0STUB", "mode": "file_access", "file_access": "check_file_info"},
    {"id": "F0GONE", "mode": "tombstone"},
    {"id": "F0HIDDEN", "mode": "hidden_by_limit", "name": "old.txt"},
    file("text", mode="external", is_external=True, external_type="gdrive", url_private="https://docs.example.com/d/1"),
    file("text", mode="post", filetype="post", name="A post", preview="its words"),
    file("text", mode="list", filetype="list", list_metadata={"schema": [{"name": "Task"}]}),
)

# threads


def entry(**fields: Any) -> dict[str, Any]:
    """Return a message of a thread."""
    return {
        "type": "message",
        "user": "U0OTHER01",
        "text": "hm",
        "ts": "1763821500.000200",
        "thread_ts": PARENT,
        "team": "T0PRACTICE",
    } | fields


def ours(kind: str, words: str, ts: str, key_ts: str = "1763821100.000100", **fields: Any) -> dict[str, Any]:
    """Return a message of our own."""
    payload = {"key": f"C0PRACTICE-{PARENT}-{key_ts}", "kind": kind, "n": 1}
    metadata = {"event_type": "cocoai", "event_payload": payload}
    return entry(user="U0COCOAI", bot_id="B0COCOAI", text=words, ts=ts, metadata=metadata, **fields)


THREAD: tuple[dict[str, Any], ...] = (
    entry(ts=PARENT, user="U0ASKER01", text=f"our topic {ENTITIES}", reply_count=6, latest_reply="1763821900.000100"),
    entry(
        ts="1763821100.000100",
        user="U0ASKER01",
        text="<@U0COCOAI> and? <https://example.com/?a=1&amp;b=2|x>",
    ),
    ours(
        "answer",
        "Well: *so*",
        "1763821101.000100",
        blocks=[{"type": "rich_text", "elements": [part("section", text("Well: so"))]}],
    ),
    ours("placeholder", "✍️", "1763821150.000100", "1763821149.000100"),
    entry(
        ts="1763821200.000100",
        bot_id="B0ALERT",
        user="",
        username="monitor",
        subtype="bot_message",
        text="",
        attachments=[ALERT],
    ),
    entry(
        ts="1763821300.000100",
        text="",
        blocks=[RICH],
        edited={"user": "U0OTHER01", "ts": "1763821301.0"},
        files=[FILES[0]],
    ),
    entry(ts="1763821400.000100", text="", attachments=[shared(), UNFURL]),
    entry(
        ts="1763821450.000100",
        text="",
        files=[CLIP | {"transcription": TRANSCRIPT}, {"id": "F0GONE", "mode": "tombstone"}],
    ),
    entry(ts="1763821460.000100", subtype="channel_join", text="<@U0ENTITY1> has joined"),
    entry(ts="1763821470.000100", text="", blocks=[]),
    entry(
        ts="1763821900.000100",
        text="",
        blocks=BLOCKS,
        bot_id="B0APP",
        bot_profile={"name": "app", "team_id": "T0PRACTICE"},
    ),
)

DIRECT = {"channel": "D0PRACTICE", "channel_type": "im"}
REPLY = {"thread_ts": PARENT, "parent_user_id": "U0ASKER01"}


def case(thread: Any = (), info: Any = None, **event: Any) -> dict[str, Any]:
    """Return an input: the payload, the page of its thread, and what files.info and users.info return.

    The page is THREAD for a reply, unless another is given.
    """
    thread = thread or (THREAD if "thread_ts" in event else ())
    page = {"ok": True, "messages": list(thread), "has_more": False, "response_metadata": {"next_cursor": ""}}
    user = {
        "ok": True,
        "user": {"id": "U0OTHER01", "name": "other", "profile": {"display_name": "", "real_name": "Other"}},
    }
    return {
        "payload": message_payload(**event),
        "page": page,
        "info": {"ok": True, "file": info or FILES[0]},
        "user": user,
    }


PAYLOADS: tuple[dict[str, Any], ...] = (
    case(),
    case(type="app_mention"),
    case(text=f"<@U0COCOAI> {ENTITIES} what now?", **REPLY),
    case(text="summarise", attachments=[shared()], **DIRECT),
    case(text="", attachments=[shared()], blocks=[], **DIRECT),
    case(text="", attachments=[shared(files=[file("sjis", name="s.txt")])], **DIRECT, **REPLY),
    case(text="<@U0COCOAI> why?", attachments=[ALERT, UNFURL], **REPLY),
    case(text="", attachments=[ALERT], **DIRECT),
    case(text="", blocks=[RICH], **DIRECT),
    case(text="these", blocks=[RICH, TABLE], **DIRECT),
    case(text="", attachments=[attachment(blocks=[TABLE])], **DIRECT),
    case(text="look", blocks=BLOCKS[:8], **DIRECT),
    case(text="", blocks=BLOCKS[8:], **DIRECT),
    case(text="<@U0COCOAI> deep: help me", **REPLY),
    case(text="", **DIRECT),
    case(text="`<@U0COCOAI>`", **REPLY),
    case(text="<@U0COCOAI> `<@U0ENTITY1>` &lt;@U0ENTITY1&gt; &amp;lt; ```<#C0ENTITY3>```", **REPLY),
    case(
        thread=[THREAD[0], *(entry(ts=f"17638215{n:02}.000100", text=f"line {n} " * 40) for n in range(60))],
        text="<@U0COCOAI> so?",
        **REPLY,
    ),
    *(
        case(subtype="file_share", text=words, files=[each], info=each, **DIRECT)
        for each in FILES
        for words in (("read this",) if each["id"] == "F0FILE" else ("", "read this"))
    ),
    *(
        case(subtype="file_share", text="", files=list(FILES[start : start + 4]), **DIRECT, **REPLY)
        for start in range(0, len(FILES), 4)
    ),
    case(subtype="file_share", text="<@U0COCOAI> all", files=list(FILES), **REPLY),
)
