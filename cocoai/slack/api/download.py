"""Downloads the files of a question and makes them ready for the model, or leaves them out with a reason.

The token goes to Slack's own addresses only (SlackChat.download), at every step of a redirect. For a file that we may
not read Slack sends a login page and 200, so such a page is told from a file. No log has an address, a name or content.
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
from cocoai.slack.api.calls import READ_TIMEOUT
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.file_types import is_page, media_type_of, text_of
from cocoai.slack.model.files import File
from cocoai.slack_ids import is_id

MOST_REDIRECTS = 3
"""Redirects that are followed for one file."""

Why = Literal["too_big", "too_many", "kind", "login", "foreign", "gone", "unreadable", "off"]
"""The reason why the model does not get a file. `kind`: neither an image, a PDF nor text; `login`: Slack does not let
us read it; `foreign`: it is not at Slack; `off`: the settings allow no files."""

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
"""The reason told to the asker, by our own errors' codes and Slack's; every other code means `unreadable`."""

_REDIRECTS = (301, 302, 303, 307, 308)
_STATUSES = {401: "login", 403: "login", 404: "gone", 410: "gone"}
_LOGIN_PATHS = ("/login", "/signin", "/ssb/", "/sso", "/workspace-signin")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeftOut:
    """A file that the model does not get, and the reason. `name` is empty if Slack did not tell it."""

    name: str
    why: Why


@dataclass(frozen=True)
class AttachmentLimits:
    """The most that the model gets of one question's files.

    `question_bytes`: bytes of all files together, 0 if none are sent. `text_bytes`: bytes of one text file in UTF-8.
    `tokens`: estimated tokens of all files together. `count`: files.
    """

    question_bytes: int = 4 * 1024 * 1024
    text_bytes: int = 100 * 1024
    tokens: int = 20_000
    count: int = 10


def read_files(
    slack: SlackChat, files: Sequence[File], limits: AttachmentLimits
) -> tuple[tuple[Attachment, ...], tuple[LeftOut, ...]]:
    """Download the files; return attachments for the model, and the files left out, each in the files' order.

    Files over a limit, of another kind, or unreadable are left out with the reason; with `question_bytes` 0 all are.
    Raise `Temporary` while Slack cannot be reached, is in trouble, or asks us to wait.
    """
    if limits.question_bytes <= 0:
        return (), tuple(LeftOut(file.name, "off") for file in files)
    attachments: list[Attachment] = []
    left_out: list[LeftOut] = []
    for file in files[: limits.count]:
        most = limits.question_bytes - sum(len(attachment.data) for attachment in attachments)
        tokens = limits.tokens - sum(attachment.estimated_tokens() for attachment in attachments)
        result = _read_file(slack, file, most, limits.text_bytes, tokens)
        if isinstance(result, Attachment):
            attachments.append(result)
        else:
            left_out.append(result)
    left_out += (LeftOut(file.name, "too_many") for file in files[limits.count :])
    return tuple(attachments), tuple(left_out)


def _read_file(slack: SlackChat, file: File, most: int, most_text: int, tokens: int) -> Attachment | LeftOut:
    """Download one file and log the outcome; return it as an attachment, or as left out if it cannot be used.

    `most` is the greatest size in bytes, `most_text` that of a text in UTF-8, `tokens` the most by our estimate. Raise
    `Temporary` while Slack is in trouble.
    """
    try:
        if file.is_stub:
            file = slack.file_info(file.id)
        attachment = _attachment(file.name, _download(slack, file, most), min(most, most_text), tokens)
    except Permanent as error:
        why = _REASONS.get(error.code.partition(":")[0], "unreadable")
        _log_left_out(file, why, error)
        return LeftOut(file.name, why)
    log.info("file=%s outcome=read kind=%s bytes=%d", _loggable_id(file), attachment.kind, len(attachment.data))
    return attachment


def _log_left_out(file: File, why: Why, error: Permanent) -> None:
    """Log that a file is left out: as a warning if we may not read it, since the operator can add the scope."""
    if why == "login":
        hint = "has the Slack app the scope files:read?"
        log.warning("file=%s outcome=left-out reason=%s: %s", _loggable_id(file), error, hint)
    else:
        log.info("file=%s outcome=left-out why=%s reason=%s bytes=%d", _loggable_id(file), why, error, file.size)


def _loggable_id(file: File) -> str:
    return file.id if is_id(file.id) else "odd"


# downloading


def _download(slack: SlackChat, file: File, most: int) -> bytes:
    """Download the file, following up to 3 redirects; return its bytes, `most` at most.

    Raise `Permanent` if it is longer or cannot be read: the error's code is a key of _REASONS, or means `unreadable`.
    Raise `Temporary` while Slack is in trouble.
    """
    url = file.url
    if not url.startswith(("https://", "http://")):
        raise Permanent("odd_address")
    if file.size > most:
        raise Permanent("too_big")
    for _ in range(MOST_REDIRECTS + 1):
        with slack.download(url) as response:
            location = _redirect_of(response)
            if location is None:
                return _content(response, file, most)
        url = _redirect_target(url, location)
    raise Permanent("too_many_redirects")


def _redirect_of(response: StreamedResponse) -> str | None:
    """Return the address that a redirect names, "" if it names none; None for a 200, whose body is still to be read.

    Raise `Permanent` if Slack refuses the file (`x-slack-meta` says `acl_fail`, or by status), `Temporary` for 429 or
    5xx.
    """
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


def _redirect_target(url: str, location: str) -> str:
    """Return the absolute address that a redirect from `url` leads to; nothing is requested.

    Raise `Permanent` `login` if that is Slack's login page, `odd_redirect` if it is no address.
    """
    # Whether it is Slack's, SlackChat.download checks.
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
    except ValueError:
        raise Permanent("odd_redirect", source="Slack") from None
    if "redir=" in parts.query or parts.path.startswith(_LOGIN_PATHS):
        raise Permanent("login", source="Slack")
    return target


def _content(response: StreamedResponse, file: File, most: int) -> bytes:
    """Read and return the body of a 200. Raise `Permanent`: `login` for a login page, `too_big` above `most` bytes."""
    data = translate_errors(_read_body, response, most)
    if _is_login_page(response, file, data):
        raise Permanent("login", source="Slack", status=response.status)
    if data is None:
        raise Permanent("too_big")
    return data


def _read_body(response: StreamedResponse, most: int) -> bytes | None:
    """Read and return the body; None as soon as it turns out to be over `most` bytes: then its rest is not read."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        return None
    buffer = BytesIO()  # returns its content without a copy
    while chunk := response.body.read(READ_TIMEOUT):
        if buffer.tell() + len(chunk) > most:
            return None
        buffer.write(chunk)
    return buffer.getvalue()


def _is_login_page(response: StreamedResponse, file: File, data: bytes | None) -> bool:
    """Check whether the body is Slack's login page instead of the file. `data` is None if it was too long to read.

    That is HTML of another length than the file's, or HTML where the file is none.
    """
    if "text/html" not in response.headers.get("content-type", "").lower() and not is_page(data or b""):
        return False
    # An HTML file that somebody shared is as long as Slack says; a login page is not.
    if not file.size:
        return "html" not in file.media_type
    return len(data or b"") != file.size or file.media_type.startswith(("image/", "application/pdf"))


# recognizing the type


def _attachment(name: str, data: bytes, most_text: int, tokens: int) -> Attachment:
    """Return the file as an image, a PDF or a text, whichever its bytes show it to be, not its name.

    Raise `Permanent`: `kind` if it is none of these, `too_big` if it is a text of over `most_text` bytes in UTF-8, or
    over so many `tokens` by our estimate.
    """
    media_type = media_type_of(data)
    if not media_type:
        attachment = Attachment("text", name, "text/plain", _as_utf_8(data, most_text))
    else:
        attachment = Attachment("pdf" if media_type == "application/pdf" else "image", name, media_type, data)
    if attachment.estimated_tokens() > tokens:
        raise Permanent("too_big")
    return attachment


def _as_utf_8(data: bytes, most: int) -> bytes:
    """Return a text file in UTF-8. Raise `Permanent`: `kind` if it is no text, `too_big` if over `most` bytes long."""
    # No text shrinks to less than half in UTF-8. ASCII in UTF-16 shrinks to half, without its byte order mark.
    head = data[: 2 * most + 2]
    text = text_of(head, is_cut=len(head) < len(data))
    if text is None:
        raise Permanent("kind")
    encoded = text.encode()
    if len(head) < len(data) or len(encoded) > most:
        raise Permanent("too_big")
    return encoded
