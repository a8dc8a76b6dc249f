"""Downloads the bytes behind an address of Slack's, with our token, or tells why they cannot be had.

The token goes to Slack's own addresses only (SlackChat.download), at every step of a redirect. For a file that we may
not read Slack sends a login page and 200, so such a page is told from a file. It knows no kinds of files.
Sources: docs.slack.dev/messaging/working-with-files; the login page is documented nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import urljoin, urlsplit

from cocoai.decoding.text_files import encoding_of
from cocoai.engine.client.client import FullResponse, StreamedResponse
from cocoai.errors import Permanent
from cocoai.slack.api.api_errors import require_ok, translate_errors
from cocoai.slack.api.calls import READ_TIMEOUT
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.file_types import is_page, media_type_of

MOST_REDIRECTS = 3
"""Redirects that are followed for one file."""

MOST_STREAMED = 32 * 1024 * 1024
"""Bytes of a long text that are read to come to its end. Of a longer one nothing is read."""

_REDIRECTS = (301, 302, 303, 307, 308)
_STATUSES = {401: "login", 403: "login", 404: "gone", 410: "gone"}
_LOGIN_PATHS = ("/login", "/signin", "/ssb/", "/sso", "/workspace-signin")

LoginCheck = Callable[[bytes | None], bool]
"""Tells Slack's login page from a file that is HTML too; it gets the body, None if that was too long to read."""


@dataclass(frozen=True)
class FileBytes:
    """The bytes of a file: all in `head`; or its beginning there, its end in `tail`, and `skipped` bytes in between."""

    head: bytes = field(repr=False)
    tail: bytes = field(default=b"", repr=False)
    skipped: int = 0


def any_page(_body: bytes | None) -> bool:
    """Take every HTML page for the login page: the LoginCheck for a file that is no HTML."""
    return True


def fetch(slack: SlackChat, url: str, most: int, *, ends: int = 0, is_login: LoginCheck = any_page) -> FileBytes:
    """Download a file, following up to 3 redirects; return its bytes, at most `most`.

    Of a longer one that looks like text, return the first and the last `ends` bytes; 0 if none is to be read.
    Raise `Permanent` if it is longer (`too_big`) or cannot be had (`login`, `gone`, `foreign`, or any other code), and
    `Temporary` while Slack is in trouble.
    """
    with _opened(slack, url) as response:
        return _content(response, most, ends, is_login)


def save(slack: SlackChat, url: str, most: int, write: Callable[[bytes], object]) -> int:
    """Download a file that is no HTML, and give it to `write`, a block at a time; return its length, at most `most`.

    Raise as fetch() does, and what `write` raises.
    """
    with _opened(slack, url) as response:
        if "text/html" in response.headers.get("content-type", "").lower():
            raise Permanent("login", source="Slack", status=response.status)
        told = response.headers.get("content-length", "")
        length = int(told) if told.isdecimal() and int(told) > most else 0
        while length <= most and (chunk := translate_errors(response.body.read, READ_TIMEOUT)):
            length += len(chunk)
            write(chunk)
        if length > most:
            raise Permanent("too_big")
    return length


@contextmanager
def _opened(slack: SlackChat, url: str) -> Iterator[StreamedResponse]:
    """Yield the 200 behind an address, whose body is still to be read, as a context manager; follow redirects."""
    if not url.startswith(("https://", "http://")):
        raise Permanent("odd_address")
    for _ in range(MOST_REDIRECTS + 1):
        with slack.download(url) as response:
            location = _redirect_of(response)
            if location is None:
                yield response
                return
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


def _content(response: StreamedResponse, most: int, ends: int, is_login: LoginCheck) -> FileBytes:
    """Read and return the body of a 200. Raise `Permanent`: `login` for a login page, `too_big` above `most` bytes."""
    content = translate_errors(_read_body, response, most, ends)
    whole = content.head if content and not content.skipped else None
    is_html = "text/html" in response.headers.get("content-type", "").lower()
    if (is_html or is_page(content.head if content else b"")) and is_login(whole):
        raise Permanent("login", source="Slack", status=response.status)
    if content is None:
        raise Permanent("too_big")
    return content


def _read_body(response: StreamedResponse, most: int, ends: int) -> FileBytes | None:
    """Read and return the body; None as soon as it turns out to be too long: then its rest is not read."""
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > (MOST_STREAMED if ends else most):
        return None
    buffer = BytesIO()  # returns its content without a copy
    while chunk := response.body.read(READ_TIMEOUT):
        if buffer.tell() + len(chunk) > most:
            return _read_ends(response, buffer.getvalue() + chunk, ends)
        buffer.write(chunk)
    return FileBytes(buffer.getvalue())


def _read_ends(response: StreamedResponse, start: bytes, ends: int) -> FileBytes | None:
    """Read the rest of a body that begins with `start`, and return its beginning and its end, of `ends` bytes each.

    Return None, and leave the rest unread, if it is no text, or too long to be read to its end.
    """
    if not ends or media_type_of(start) or is_page(start) or not encoding_of(start, is_cut=True):
        return None
    head, tail, total = start[:ends], start[ends:], len(start)
    while chunk := response.body.read(READ_TIMEOUT):
        total += len(chunk)
        if total > MOST_STREAMED:
            return None
        tail += chunk
        if len(tail) > 2 * ends:  # not at each chunk: each cut is a copy
            tail = tail[-ends:]
    return split_bytes(head, tail[-ends:], total)


def split_bytes(head: bytes, tail: bytes, total: int) -> FileBytes:
    """Return the beginning and the end of a file of `total` bytes, cut so that the end begins at an even byte."""
    # A character of UTF-16 begins at an even byte.
    tail = tail[(total - len(tail)) % 2 :]
    return FileBytes(head, tail, total - len(head) - len(tail))
