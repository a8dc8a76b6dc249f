"""Files that somebody attached to a message, as Slack describes them.

Pure: slack/api/download.py fetches their bytes. Source: docs.slack.dev/reference/objects/file-object.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cocoai.json_values import encodable, mapping_at, number_at, objects_in, text_at
from cocoai.slack.model.attachment_text import attachments_in

LONGEST_NAME = 80
"""Characters of a file's name that are shown."""

MOST_TEXT = 20_000
"""Characters that are kept of what Slack tells of a file's content."""

MOST_QUOTED = 2_000
"""Characters of a clip's words that are quoted in a later conversation."""

THUMBNAILS = ("thumb_1024", "thumb_960", "thumb_800", "thumb_720", "thumb_480", "thumb_360", "thumb_160", "thumb_80")
"""Slack's pictures of an image, the largest first; `thumb_64` shows too little."""

_CANVAS_MODES = ("canvas", "quip", "docs")
_OFFICE_TYPES = re.compile(
    r"application/(?:vnd\.openxmlformats-officedocument\.|vnd\.oasis\.opendocument\.|vnd\.ms-(?:excel|powerpoint|word)"
    r"|msword|vnd\.apple\.(?:pages|numbers|keynote)|x-iwork-|vnd\.justsystems|x-js-taro|vnd\.hancom)"
)
_OFFICE_ENDINGS = (
    *(".docx", ".doc", ".docm", ".xlsx", ".xls", ".xlsm", ".xlsb", ".pptx", ".ppt", ".pptm", ".odt", ".ods", ".odp"),
    *(".pages", ".numbers", ".key", ".jtd"),
)

_SLACKS = re.compile(r"https://([a-z0-9-]+\.)+slack(-edge)?\.com(:443)?/[!-~]*", re.ASCII | re.IGNORECASE)
_VISIBLE = re.compile(r"[!-~]+")


Kind = Literal["", "canvas", "voice", "audio", "video", "email", "office"]
"""What a file is to Slack, where that decides how it is read.

`voice` is a clip that somebody has recorded in Slack, `audio` any other sound. `video` is a clip or an uploaded one.
"""

SOUNDS = ("voice", "audio")
"""The kinds of sounds."""

CLIPS = (*SOUNDS, "video")
"""The kinds that Slack may transcribe."""

_REQUIRED = ("id", "name", "media_type", "size", "url", "is_stub")
"""The fields that every version has written."""


@dataclass(frozen=True)
class File:
    """One file; what Slack leaves out is empty. `size` is in bytes, 0 if unknown; `name` may be shown to anybody.

    `is_stub`: Slack gave only the id, as it does for another organisation's file; files.info returns the rest.
    `text` is what Slack itself tells of the content: the transcript of a clip, an e-mail, or else the file's beginning;
    `is_whole`: nothing of it is missing. `is_pending`: Slack is still writing the transcript. Further addresses: `vtt`
    is the transcript's, as WebVTT; `picture` that of the largest thumbnail of an image; `pdf` that of the PDF which
    Slack has made of an office file. `milliseconds` is a clip's length, 0 if unknown. `listener` is the model that has
    heard a sound's `text`, "" if it is Slack's.
    """

    id: str
    name: str = ""
    media_type: str = ""
    size: int = 0
    url: str = ""
    is_stub: bool = False
    kind: Kind = ""
    text: str = field(default="", repr=False)
    is_whole: bool = False
    is_pending: bool = False
    vtt: str = ""
    picture: str = ""
    pdf: str = ""
    milliseconds: int = 0
    listener: str = ""

    def facts(self) -> dict[str, Any]:
        """Return the file as a dict for JSON. Fields that an earlier version did not know are there if not empty.

        The `text` is there for a clip alone, whose words are the message itself: no other file's content is kept.
        """
        facts = {name: value for name, value in asdict(self).items() if value or name in _REQUIRED}
        if self.kind not in CLIPS:
            facts.pop("text", None)
            facts.pop("is_whole", None)
        return facts

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> File:
        """Return the file that `facts()` of this or another version has written.

        Raise KeyError if a field is missing that every version has written, TypeError if `facts` is no mapping.
        """
        known = {name: facts[name] for name in _REQUIRED}
        return cls(**known | {name: facts[name] for name in cls.__dataclass_fields__ if name in facts})


def files_of(message: Mapping[str, Any]) -> tuple[File, ...]:
    """Return the files in the JSON of a message or an event, and in messages forwarded with it; () if it has none.

    Each once. Deleted files (their `mode` is `tombstone`) are left out, and so are entries without an id.
    """
    return tuple(map(file_of, file_entries(message)))


def file_entries(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the JSON objects of the files of `files_of`."""
    holders = (message, *attachments_in(message.get("attachments")))
    once: dict[str, Mapping[str, Any]] = {}
    for entry in (entry for holder in holders for entry in objects_in(holder.get("files")) if _is_file(entry)):
        once.setdefault(_encodable_at(entry, "id"), entry)
    return list(once.values())


def file_of(entry: Mapping[str, Any]) -> File:
    """Return the file that Slack's JSON object describes. Only `id` is required: the rest is empty if missing or odd.

    `name` is the file's name, else its title, made fit to be shown; `url` is the address that serves its bytes.
    """
    kind = _kind_of(entry)
    transcription = mapping_at(entry, "transcription")
    text, is_whole = _text_of(entry, kind)
    return File(
        id=_encodable_at(entry, "id"),
        name=_presentable(_encodable_at(entry, "name") or _encodable_at(entry, "title")),
        media_type=_encodable_at(entry, "mimetype"),
        size=number_at(entry, "size"),
        url=_address_of(entry, kind),
        is_stub=entry.get("file_access") == "check_file_info",
        kind=kind,
        text=text[:MOST_TEXT],
        is_whole=is_whole and len(text) <= MOST_TEXT,
        is_pending=transcription.get("status") == "processing",
        vtt=_encodable_at(entry, "vtt") if transcription.get("status") == "complete" else "",
        picture=_largest_thumbnail(entry),
        pdf=_encodable_at(entry, "converted_pdf"),
        milliseconds=number_at(entry, "duration_ms"),
    )


def file_note(file: File, name: str) -> str:
    """Return the line that stands for a file of an earlier message: `[attached: NAME, not read, WHY]`.

    Of a clip whose words are known, these are quoted instead, at most 2,000 characters. `name` is shown, unless "".
    """
    if file.kind in CLIPS and file.text:
        return f"[{clip_name(file)}: “{' '.join(file.text[:MOST_QUOTED].split())}”]"
    return not_read(name, "it belongs to an earlier message")


def not_read(name: str, why: str) -> str:
    """Return the line that tells a model of a file which it is not shown, and the reason."""
    return f"[attached: {name or 'a file'}, not read, {why}]"


def clip_name(file: File) -> str:
    """Return how the transcript of a clip is named for a model: `transcript of a voice clip of 0:15, by Slack`."""
    seconds = file.milliseconds // 1000
    length = f" of {seconds // 60}:{seconds % 60:02}" if seconds else ""
    what = "an audio file" if file.kind == "audio" else f"a {file.kind} clip"
    return f"transcript of {what}{length}, by {file.listener or 'Slack'}"


def is_at_slack(url: str, api_url: str) -> bool:
    """Return True if `url` may be requested with our token: it is on a host of Slack's, or on the server of `api_url`.

    That is `https://files.slack.com/…`, for instance. An address with a user before the host, another port or plain
    http gives False.
    """
    # The address is matched as it is written, not parsed: two parsers can differ about which host it names.
    own_server = "/".join(api_url.split("/")[:3]) + "/"
    return bool(_SLACKS.fullmatch(url) or (url.startswith(own_server) and _VISIBLE.fullmatch(url)))


def _is_file(entry: Mapping[str, Any]) -> bool:
    # A deleted file stays in its message as a tombstone.
    return bool(text_at(entry, "id")) and entry.get("mode") != "tombstone"


def _presentable(name: str) -> str:
    """Return the name on one line without invisible characters; a long one loses its middle and keeps its ending.

    A name of over 80 characters becomes its first 67, `…`, and its last 12, which have the `.pdf`.
    """
    visible = "".join(filter(str.isprintable, " ".join(name.split())))
    return visible if len(visible) <= LONGEST_NAME else f"{visible[: LONGEST_NAME - 13]}…{visible[-12:]}"


def _kind_of(entry: Mapping[str, Any]) -> Kind:
    """Return what a file is by Slack's words for it; "" for pictures, PDFs, texts and all else."""
    file_type, media_type = text_at(entry, "filetype"), text_at(entry, "mimetype")
    if text_at(entry, "mode") in _CANVAS_MODES or file_type == "quip" or media_type == "application/vnd.slack-docs":
        return "canvas"
    # An uploaded recording has no `subtype`, but Slack transcribes it as it does a clip.
    is_clip = text_at(entry, "subtype") in ("slack_audio", "slack_video")
    if is_clip or mapping_at(entry, "transcription") or media_type.startswith("audio/"):
        return "video" if _is_video(entry) else "voice" if is_clip else "audio"
    if file_type == "email" or text_at(entry, "mode") == "email":
        return "email"
    ends_so = (text_at(entry, "name") or text_at(entry, "title")).lower().endswith(_OFFICE_ENDINGS)
    return "office" if ends_so or _OFFICE_TYPES.match(media_type) else ""


def _is_video(entry: Mapping[str, Any]) -> bool:
    # Slack calls sound alone `video/mp4` too: its media type decides only where nothing else does.
    shown_as = text_at(entry, "media_display_type") or text_at(entry, "subtype").removeprefix("slack_")
    return (shown_as or text_at(entry, "mimetype").partition("/")[0]) == "video"


def _text_of(entry: Mapping[str, Any], kind: Kind) -> tuple[str, bool]:
    """Return what Slack tells of a file's content, and whether that is all of it; "" and False if it tells nothing."""
    if kind in CLIPS:
        transcription = mapping_at(entry, "transcription")
        preview = mapping_at(transcription, "preview")
        is_complete = transcription.get("status") == "complete"
        return (_encodable_at(preview, "content").strip() if is_complete else "", preview.get("has_more") is False)
    if kind == "email":
        return _email(entry)
    if kind == "canvas":  # its preview is empty, or HTML
        return "", False
    text = _encodable_at(entry, "preview_plain_text") or _encodable_at(entry, "preview")
    return text, bool(text) and entry.get("preview_is_truncated") is False


def _email(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """Return an e-mail as text, with its subject and its people above; "" if Slack does not tell what it says."""
    body = _encodable_at(entry, "plain_text") or _encodable_at(entry, "preview_plain_text")
    if not body.strip():
        return "", False
    people = {"From": _people(entry, "from"), "To": _people(entry, "to"), "Cc": _people(entry, "cc")}
    lines = {"Subject": _encodable_at(entry, "subject") or _encodable_at(entry, "title"), **people}
    lines["Date"] = _encodable_at(mapping_at(entry, "headers"), "date")
    head = "\n".join(f"{name}: {' '.join(value.split())}" for name, value in lines.items() if value)
    return f"{head}\n\n{body}", bool(text_at(entry, "plain_text"))


def _people(entry: Mapping[str, Any], key: str) -> str:
    named = (_encodable_at(each, "original") or _encodable_at(each, "address") for each in objects_in(entry.get(key)))
    return ", ".join(filter(None, named))


def _address_of(entry: Mapping[str, Any], kind: Kind) -> str:
    """Return the address that serves the file; of a canvas that is `url_private`, the other one its download."""
    keys = ("url_private_download", "url_private")
    first, second = reversed(keys) if kind == "canvas" else keys
    return _encodable_at(entry, first) or _encodable_at(entry, second)


def _largest_thumbnail(entry: Mapping[str, Any]) -> str:
    return next(filter(None, (_encodable_at(entry, size) for size in THUMBNAILS)), "")


def _encodable_at(entry: Mapping[str, Any], key: str) -> str:
    return encodable(text_at(entry, key))
