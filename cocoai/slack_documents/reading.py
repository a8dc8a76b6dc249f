"""Reads a pinned file into sections: its bytes with the reader of its format, or what Slack has made of it.

Files of formats that could harm are read apart, as in a folder. Slack's login page, which comes in the place of a file
that we may not read, is never taken for a document.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from typing import BinaryIO, cast

from cocoai.documents.document import DocumentSection
from cocoai.documents.readers.apart import read_apart
from cocoai.documents.readers.formats import format_of
from cocoai.documents.readers.text import LARGEST_TEXT
from cocoai.documents.source import Unreadable
from cocoai.errors import Permanent
from cocoai.json_values import encodable
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.clips import Clips
from cocoai.slack.api.file_bytes import fetch, save
from cocoai.slack.api.file_reader import is_login_page
from cocoai.slack.api.pinned_files import PinnedFile
from cocoai.slack.model.files import CLIPS, File

LARGEST_FILE = 50 << 20
"""Bytes of a file that is downloaded at all, as of one in the folder."""

_CODES = {"too_big": "too_large", "foreign": "foreign", "too_slow": "too_slow", "login": "no_leave"}
"""Our codes for errors at the download; for every other, such as `gone`, it is `no_leave`: Slack does not show it."""

_ENDINGS = (
    (re.compile(r"text/html|application/xhtml"), ".html"),
    (re.compile(r"text/(?:x-)?markdown"), ".md"),
    (re.compile(r"text/(?:csv|tab-separated-values)"), ".csv"),
    (re.compile(r"application/pdf"), ".pdf"),
    (re.compile(r"text/|application/(?:[\w.-]+\+)?(?:json|xml|yaml|x-yaml|javascript|sql|x-ndjson)"), ".txt"),
)
"""How a file is read whose name has no ending of a format, by its media type."""


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Characters by which a reader would take words for binary data."""


def read_file(
    slack: SlackChat, pinned: PinnedFile, name_of_user: Callable[[str], str], folder: str
) -> Iterable[DocumentSection]:
    """Return the sections of a pinned file. In canvases people are called by `name_of_user(id)`.

    A large file is in `folder` while it is read, under no name. Raise `Unreadable`, with `no_leave`, `hidden` or
    `foreign` beside the readers' codes, and `Temporary` while Slack cannot be reached or is in trouble.
    """
    if pinned.problem:
        raise Unreadable(pinned.problem)
    file = pinned.file
    try:
        if file.kind == "canvas":
            return _canvas(slack, file, name_of_user)
        if file.kind in CLIPS or file.kind == "email":
            return _told(slack, file)
        return _hosted(slack, file, folder)
    except Unreadable:
        raise
    except Permanent as error:
        raise Unreadable(_CODES.get(error.code, "no_leave")) from None


def _canvas(slack: SlackChat, file: File, name_of_user: Callable[[str], str]) -> Iterable[DocumentSection]:
    from cocoai.slack.api.canvas_text import MOST_HTML, canvas_text, is_canvas

    def is_login(body: bytes | None) -> bool:
        return not is_canvas(body or b"")

    words = canvas_text(fetch(slack, file.url, MOST_HTML, is_login=is_login).head, name_of_user)
    return read_words(words, "canvas.md")


def read_words(words: str, name: str = "words.txt") -> Iterable[DocumentSection]:
    """Return the sections of a text, as of a file of this name. Raise `Unreadable`, with `empty` if it has none."""
    data = encodable(_CONTROLS.sub("", words)).encode()
    return read_apart(BytesIO(data), name, len(data))


def _told(slack: SlackChat, file: File) -> Iterable[DocumentSection]:
    """Return what Slack tells of a recording or an e-mail: its words, or the whole of its text."""
    if file.kind in CLIPS:
        heard = Clips(slack).with_words(file)
        words = heard.text if heard else ""
    else:
        words = file.text
    if not words.strip():
        raise Unreadable("no_text")
    return read_words(words)


def _hosted(slack: SlackChat, file: File, folder: str) -> Iterable[DocumentSection]:
    """Return the sections of a file by its bytes, or by those of the PDF that Slack has made of an office file."""
    name, url, size = _readable_name(file), file.url, file.size
    if not name and file.pdf:
        name, url, size = ".pdf", file.pdf, 0
    form = format_of(f"file{name}")
    if form is None:
        raise Unreadable("no_text")
    if not form.is_readable():
        raise Unreadable("needs_extra")
    if size > (LARGEST_FILE if form.library else LARGEST_TEXT):
        raise Unreadable("too_large")
    if not form.library:
        data = fetch(slack, url, LARGEST_TEXT, is_login=partial(is_login_page, file)).head
        return read_apart(BytesIO(data), f"file{name}", len(data))
    with tempfile.TemporaryFile(dir=folder) as temporary:
        length = save(slack, url, LARGEST_FILE, temporary.write)
        temporary.flush()
        temporary.seek(0)
        return read_apart(cast("BinaryIO", temporary), f"file{name}", length)


def _readable_name(file: File) -> str:
    """Return the ending by which a file is read, such as `.md`; "" if none of ours fits."""
    name = file.name.lower()
    if format_of(name):
        return name[name.rindex(".") :]
    return next((ending for pattern, ending in _ENDINGS if pattern.match(file.media_type)), "")
