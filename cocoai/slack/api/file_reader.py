"""Reads one file in the best way that succeeds: its own bytes, or what Slack has made of it.

A photo from a phone comes as Slack's smaller picture, an office file as the PDF that Slack has made of it, a canvas and
a clip as their words. No log and no error has an address, a name or content.
Source: docs.slack.dev/reference/objects/file-object.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from cocoai.conversation import Attachment
from cocoai.decoding.text_files import SAMPLE, looks_like_text
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.file_bytes import FileBytes, fetch
from cocoai.slack.api.file_types import is_office, media_type_of
from cocoai.slack.api.text_excerpt import TextExcerpt, TextRoom, excerpt_of, excerpt_of_file
from cocoai.slack.model.files import CLIPS, File, clip_name
from cocoai.slack_ids import is_id

Why = Literal[
    "too_big", "too_many", "kind", "office", "speech", "speech_off", "transcribing", "uploading", "sound",
    "sound_too_big", "silent", "allowance", "encoding", "login", "foreign", "gone", "unreadable",
    "off", "cut", "damaged", "preview",
]  # fmt: skip
"""The reason why the model does not get a file, or gets only a part (PARTLY).

`kind`: neither an image, a PDF nor text; `office`: no PDF of it; `speech`: sound or video without a transcript, which
may be on its way (`transcribing`); `speech_off`: a sound, where the settings allow none; `uploading`: not all of a
sound is at Slack; `sound`: none that can be heard, or over 25 MB (`sound_too_big`), or without a word (`silent`);
`allowance`: the asker has had enough heard within a day; `encoding`: a text that cannot be decoded; `login`: Slack does
not let us read it; `foreign`: it is not at Slack; `off`: the settings allow no files. `cut`: the middle of a text is
missing; `damaged`: some of its bytes are; `preview`: only Slack's preview of it is read.
"""

PARTLY = frozenset({"cut", "damaged", "preview"})
"""The reasons with which the model gets a part of a file."""

PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""The types of image that the model takes. Of another one, Slack's own smaller picture is read."""

_TEXT_TYPES = re.compile(
    r"text/(?!html)|application/(?:[\w.-]+\+)?(?:json|xml|yaml|x-yaml|javascript|sql|csv|x-ndjson)"
)
"""The types of which a file over the limit is read nevertheless: its beginning and its end."""

MOST_NAMES = 20
"""People whose names are looked up for the canvases of a question."""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileRoom:
    """The most that a file may have: bytes, and estimated tokens; `text` is the room for it if it is a text."""

    most_bytes: int
    tokens: int
    text: TextRoom


@dataclass(frozen=True)
class ReadFile:
    """A file as the model gets it, and why it is not the whole file; () if it is."""

    attachment: Attachment
    notes: tuple[Why, ...] = ()


class FileReader:
    """The reader of the files of one question. In canvases people are called by `name_of_user(id)`."""

    def __init__(self, slack: SlackChat, name_of_user: Callable[[str], str]) -> None:
        self._slack = slack
        self._name_of_user = name_of_user
        self._names: dict[str, str] = {}

    def read(self, file: File, room: FileRoom) -> ReadFile:
        """Read the file in the first way that succeeds; raise the `Permanent` of the first way if none does.

        Raise `Temporary` while Slack is in trouble.
        """
        first_error: Permanent | None = None
        for way in self._ways(file, room):
            try:
                result = way()
            except Permanent as error:
                first_error = first_error or error
            else:
                if first_error:
                    log.info("file=%s outcome=replaced reason=%s", loggable_id(file), first_error)
                return result
        raise first_error or Permanent("speech")

    def _ways(self, file: File, room: FileRoom) -> Iterator[Callable[[], ReadFile]]:
        """Yield the ways to read a file, the best one first."""
        if file.kind in CLIPS:
            if file.text and file.is_whole:
                yield partial(self._told, file, room, clip_name(file))
            elif file.vtt:
                yield partial(self._transcript, file, room)
            yield partial(_without_words, file)
        elif file.kind == "canvas":
            yield partial(self._canvas, file, room)
        elif file.kind == "email" and file.text:
            yield partial(self._told, file, room, f"{file.name} (an e-mail)")
        else:
            is_odd_image = file.media_type.startswith("image/") and file.media_type not in PICTURES
            if file.picture and (is_odd_image or file.size > room.most_bytes):
                yield partial(self._picture, file, room)
            if file.pdf and file.media_type != "application/pdf":
                yield partial(self._pdf, file, room)
            yield partial(self._bytes_of, file, room)
            if file.picture:
                yield partial(self._picture, file, room)
        if file.text:
            name = clip_name(file) if file.kind in CLIPS else f"{file.name} (as Slack shows it)"
            yield partial(self._told, file, room, name)

    def _bytes_of(self, file: File, room: FileRoom) -> ReadFile:
        """Download a file, and return it as an image, a PDF or a text, whichever its bytes show it to be.

        Raise `Permanent`: `kind`, `office`, `speech` or `encoding` if it is none of these, `too_big` if it does not
        fit.
        """
        may_be_cut = _TEXT_TYPES.match(file.media_type) is not None
        if file.size > room.most_bytes and not may_be_cut:
            raise Permanent("office" if file.kind == "office" else "too_big")
        ends = max(2 * room.text.most_bytes, SAMPLE) + 4 if may_be_cut else 0
        content = fetch(self._slack, file.url, room.most_bytes, ends=ends, is_login=partial(is_login_page, file))
        if media_type := media_type_of(content.head):
            return _whole(file.name, media_type, content.head, room)
        try:
            return _text(file.name, excerpt_of_file(content, room.text))
        except Permanent as error:
            if error.code != "kind":
                raise
            raise Permanent(_kind_error(file, content)) from None

    def _picture(self, file: File, room: FileRoom) -> ReadFile:
        """Return Slack's own smaller picture of an image."""
        content = fetch(self._slack, file.picture, room.most_bytes)
        media_type = media_type_of(content.head)
        if media_type not in PICTURES:
            raise Permanent("kind")
        return _whole(file.name, media_type, content.head, room)

    def _pdf(self, file: File, room: FileRoom) -> ReadFile:
        """Return the PDF that Slack has made of an office file."""
        content = fetch(self._slack, file.pdf, room.most_bytes)
        if media_type_of(content.head) != "application/pdf":
            raise Permanent("office")
        return _whole(f"{file.name}.pdf", "application/pdf", content.head, room)

    def _canvas(self, file: File, room: FileRoom) -> ReadFile:
        """Return the words of a canvas. Raise `Permanent` `login` if Slack's login page came in its place."""
        from cocoai.slack.api.canvas_text import MOST_HTML, canvas_text, is_canvas

        def is_login(body: bytes | None) -> bool:
            return not is_canvas(body or b"")

        content = fetch(self._slack, file.url, MOST_HTML, is_login=is_login)
        if media_type_of(content.head) or not looks_like_text(content.head):
            raise Permanent("unreadable")
        words = canvas_text(content.head, self._user)
        return _text(f"{file.name} (a canvas in Slack)", excerpt_of(words, room.text))

    def _transcript(self, file: File, room: FileRoom) -> ReadFile:
        """Return the words of a clip from its transcript. Raise `Permanent` `speech` if there are none."""
        from cocoai.slack.api.transcript import transcript_of

        words = transcript_of(fetch(self._slack, file.vtt, room.most_bytes).head)
        if not words:
            raise Permanent("speech")
        return _text(clip_name(file), excerpt_of(words, room.text))

    def _told(self, file: File, room: FileRoom, name: str) -> ReadFile:
        """Return what Slack itself tells of the file's content."""
        read = _text(name, excerpt_of(file.text, room.text))
        return read if file.is_whole else ReadFile(read.attachment, (*read.notes, "preview"))

    def _user(self, user: str) -> str:
        """Return a person's name, "" if it is unknown or too many were asked for."""
        if user not in self._names and len(self._names) < MOST_NAMES:
            self._names[user] = self._name_of_user(user)
        return self._names.get(user, "")


def _whole(name: str, media_type: str, data: bytes, room: FileRoom) -> ReadFile:
    """Return an image or a PDF. Raise `Permanent` `too_big` if it has over as many tokens as are left."""
    attachment = Attachment("pdf" if media_type == "application/pdf" else "image", name, media_type, data)
    if attachment.estimated_tokens() > room.tokens:
        raise Permanent("too_big")
    return ReadFile(attachment)


def _text(name: str, excerpt: TextExcerpt) -> ReadFile:
    notes: dict[Why, bool] = {"cut": excerpt.is_cut, "damaged": excerpt.is_damaged}
    attachment = Attachment("text", name, "text/plain", excerpt.text.encode())
    return ReadFile(attachment, tuple(why for why, is_so in notes.items() if is_so))


def _without_words(file: File) -> ReadFile:
    raise Permanent("transcribing" if file.is_pending else "speech")


def _kind_error(file: File, content: FileBytes) -> str:
    """Return the code for a file whose bytes are neither an image, a PDF nor text: what it is instead."""
    if file.kind == "office" or is_office(content.head):
        return "office"
    if file.media_type.startswith(("audio/", "video/")):
        return "speech"
    return "encoding" if looks_like_text(content.head) else "kind"


def is_login_page(file: File, body: bytes | None) -> bool:
    """Check whether an HTML page is Slack's login page instead of the file. `body` is None if it was too long to read.

    That is HTML of another length than the file's, or HTML where the file is none.
    """
    # An HTML file that somebody shared is as long as Slack says; a login page is not.
    if not file.size:
        return "html" not in file.media_type
    return len(body or b"") != file.size or file.media_type.startswith(("image/", "application/pdf"))


def loggable_id(file: File) -> str:
    """Return the file's id as it may stand in a log: `odd` for one that is none."""
    return file.id if is_id(file.id) else "odd"
