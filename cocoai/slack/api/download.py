"""The files of a question: fetched from Slack, looked at, and made ready for the model; or left out, with the reason.

The token goes to Slack's own addresses only (SlackChat.fetch), at every step of a redirect. Slack answers for a file
that we may not read with a login page and 200, so a page is told from a file. No log has an address, a name or content.
Sources: docs.slack.dev/messaging/working-with-files, /reference/objects/file-object; that page is documented nowhere.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal
from urllib.parse import urljoin, urlsplit

from cocoai.conversation import Attachment
from cocoai.engine.client.client import FullResponse, StreamedResponse
from cocoai.errors import Permanent
from cocoai.slack.api.api_errors import require_ok, translate_errors
from cocoai.slack.api.chat import READ_TIMEOUT, SlackChat
from cocoai.slack.api.file_types import is_page, media_type_of, text_of
from cocoai.slack.model.files import File
from cocoai.slack.model.identity import is_id

MOST_REDIRECTS = 3

Why = Literal["too_big", "too_many", "kind", "login", "foreign", "gone", "unreadable", "off"]

_REASONS: dict[str, Why] = {
    "too_big": "too_big",
    "kind": "kind",
    "login": "login",
    "foreign": "foreign",
    "gone": "gone",
    "file_not_found": "gone",
    "file_deleted": "gone",
    "missing_scope": "login",
}
"""What our own errors and Slack's codes mean for the asker; all else is unreadable."""

_REDIRECTS = (301, 302, 303, 307, 308)
_STATUSES = {401: "login", 403: "login", 404: "gone", 410: "gone"}
_LOGIN_PATHS = ("/login", "/signin", "/ssb/", "/sso", "/workspace-signin")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeftOut:
    """A file that the model does not get. `name` is empty where Slack did not tell it."""

    name: str
    why: Why


@dataclass(frozen=True)
class AttachmentLimits:
    """Of one question: bytes of all that goes to the model (0: no file does), bytes of one text in UTF-8, and files."""

    question_bytes: int = 4 * 1024 * 1024
    text_bytes: int = 100 * 1024
    count: int = 10


def read_files(
    slack: SlackChat, files: Sequence[File], limits: AttachmentLimits
) -> tuple[tuple[Attachment, ...], tuple[LeftOut, ...]]:
    """What the model gets of these files, and what it does not, each in their order.

    Raises `Temporary` while Slack is in trouble.
    """
    if limits.question_bytes <= 0:
        return (), tuple(LeftOut(file.name, "off") for file in files)
    attachments: list[Attachment] = []
    left_out: list[LeftOut] = []
    for file in files[: limits.count]:
        most = limits.question_bytes - sum(len(attachment.data) for attachment in attachments)
        taken = _take(slack, file, most, limits.text_bytes)
        if isinstance(taken, Attachment):
            attachments.append(taken)
        else:
            left_out.append(taken)
    left_out += (LeftOut(file.name, "too_many") for file in files[limits.count :])
    return tuple(attachments), tuple(left_out)


def _take(slack: SlackChat, file: File, most: int, most_text: int) -> Attachment | LeftOut:
    try:
        if file.is_stub:
            file = slack.file(file.id)
        attachment = _attachment(file.name, _fetched(slack, file, most), min(most, most_text))
    except Permanent as error:
        why = _REASONS.get(error.code.partition(":")[0], "unreadable")
        _tell_operator(file, why, error)
        return LeftOut(file.name, why)
    log.info("file=%s outcome=read kind=%s bytes=%d", _id(file), attachment.kind, len(attachment.data))
    return attachment


def _tell_operator(file: File, why: Why, error: Permanent) -> None:
    if why == "login":
        log.warning("file=%s outcome=left-out reason=%s: has the Slack app the scope files:read?", _id(file), error)
    else:
        log.info("file=%s outcome=left-out why=%s reason=%s bytes=%d", _id(file), why, error, file.size)


def _id(file: File) -> str:
    return file.id if is_id(file.id) else "odd"


# fetching


def _fetched(slack: SlackChat, file: File, most: int) -> bytes:
    """The file's bytes, at most `most`. Raises `Permanent` with a code of _REASONS, `Temporary`."""
    url = file.url
    if not url.startswith(("https://", "http://")):
        raise Permanent("odd_address")
    if file.size > most:
        raise Permanent("too_big")
    for _ in range(MOST_REDIRECTS + 1):
        with slack.fetch(url) as response:
            location = _location(response)
            if location is None:
                return _content(response, file, most)
        url = _target(url, location)
    raise Permanent("too_many_redirects")


def _location(response: StreamedResponse) -> str | None:
    """Where a redirect points to, None if what was asked for is here. Raises for all else."""
    status = response.status
    if "acl_fail" in response.headers.get("x-slack-meta", ""):
        raise Permanent("login", source="Slack", status=status)
    if status in _REDIRECTS:
        return response.headers.get("location", "")
    if status == 429 or status >= 500:
        require_ok(FullResponse(status, response.headers, b""))  # raises the Temporary
    if status != 200:
        raise Permanent(_STATUSES.get(status, "refused"), source="Slack", status=status)
    return None


def _target(url: str, location: str) -> str:
    """The next address; whose it is, SlackChat.fetch finds out."""
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
    except ValueError:
        raise Permanent("odd_redirect", source="Slack") from None
    if "redir=" in parts.query or parts.path.startswith(_LOGIN_PATHS):
        raise Permanent("login", source="Slack")
    return target


def _content(response: StreamedResponse, file: File, most: int) -> bytes:
    data = translate_errors(lambda: _read(response, most))
    if _is_login(response, file, data):
        raise Permanent("login", source="Slack", status=response.status)
    if data is None:
        raise Permanent("too_big")
    return data


def _read(response: StreamedResponse, most: int) -> bytes | None:
    """The body; None if it is longer than `most`, of which no more than that is read."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        return None
    whole = BytesIO()  # hands out what it holds without a copy
    while piece := response.body.read(READ_TIMEOUT):
        if whole.tell() + len(piece) > most:
            return None
        whole.write(piece)
    return whole.getvalue()


def _is_login(response: StreamedResponse, file: File, data: bytes | None) -> bool:
    """Is it HTML in the place of the file? HTML files that somebody shares are as long as Slack says."""
    if "text/html" not in response.headers.get("content-type", "").lower() and not is_page(data or b""):
        return False
    if not file.size:
        return "html" not in file.media_type
    return len(data or b"") != file.size or file.media_type.startswith(("image/", "application/pdf"))


# telling what it is


def _attachment(name: str, data: bytes, most_text: int) -> Attachment:
    media_type = media_type_of(data)
    if not media_type:
        return Attachment("text", name, "text/plain", _as_utf_8(data, most_text))
    return Attachment("pdf" if media_type == "application/pdf" else "image", name, media_type, data)


def _as_utf_8(data: bytes, most: int) -> bytes:
    # In UTF-8 nothing is less than half as long: just half is ASCII in UTF-16, but for its mark of two bytes.
    head = data[: 2 * most + 2]
    text = text_of(head, is_cut=len(head) < len(data))
    if text is None:
        raise Permanent("kind")
    encoded = text.encode()
    if len(head) < len(data) or len(encoded) > most:
        raise Permanent("too_big")
    return encoded
