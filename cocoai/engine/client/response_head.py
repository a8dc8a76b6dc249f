"""Reads the head of a response: its status line and its headers.

http.client's own reader makes an e-mail message of the headers, which costs ten times as much. This one refuses what
that refuses, and more: a line that is no header, a lone CR, two lengths.
Source: RFC 9112, sections 4, 5 and 6.3.
"""

from __future__ import annotations

import re
import socket
from http.client import BadStatusLine, HTTPException, LineTooLong, RemoteDisconnected

MOST_HEAD = 64 * 1024
"""Bytes of a head, with those of the interim responses before it."""

MOST_HEADERS = 100

_BLOCK = 16 * 1024
_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(r"HTTP/1\.([0-9])[ \t]+([1-9][0-9]{2})(?:[ \t].*)?")
_HEADER = re.compile(r"(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]++):|(?=[ \t]))([^\r]*+)\r?")


class ResponseHead:
    """The head of a response that comes over a connection, as `HTTPConnection` uses its `response_class`.

    `begin` reads it. The names of `headers` are in lower case; of several headers of one name the last counts. `rest`
    is what has come behind the head. `will_close` says if the connection ends with this response.
    """

    def __init__(self, connection: socket.socket, *_: object, received: bytes = b"", **__: object) -> None:
        # It keeps the connection open until `close`, although HTTPConnection closes it for its part.
        self._file = connection.makefile("rb", buffering=0)
        self._connection = connection
        self.status = 0
        self.headers: dict[str, str] = {}
        self.rest = received
        self.will_close = True

    def begin(self) -> None:
        """Read the head, and skip interim responses (1xx).

        Raise HTTPException if it is malformed or too long, ConnectionError if the connection ends before it does.
        """
        version = self._read(0)
        while 100 <= self.status < 200 and self.status != 101:
            version = self._read(MOST_HEAD // 2)
        connection = self.headers.get("connection", "").lower()
        is_kept = "close" not in connection if version else "keep-alive" in connection
        self.will_close = not (is_kept and self._has_known_end())

    def isclosed(self) -> bool:
        """Return True after `close`."""
        return self._file.closed

    def close(self) -> None:
        """Let go of the connection."""
        self._file.close()

    def _has_known_end(self) -> bool:
        """Return True if the body ends before the connection does."""
        is_chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        return is_chunked or self.status in (204, 304) or self.headers.get("content-length", "").isdigit()

    def _read(self, used: int) -> int:
        """Read one head; return the second number of its HTTP version. `used` bytes of MOST_HEAD are used up."""
        data, at = self.rest, 0
        while not (end := _END.search(data, at)):
            at = max(len(data) - 3, 0)
            if len(data) > MOST_HEAD - used:
                raise LineTooLong("head")
            more = self._connection.recv(_BLOCK)
            if not more:
                raise RemoteDisconnected("the connection has ended within the head of a response")
            data += more
        if end.end() > MOST_HEAD - used:
            raise LineTooLong("head")
        self.rest = data[end.end() :]
        first, *lines = data[: end.start()].decode("latin-1").split("\n")
        status_line = _STATUS_LINE.fullmatch(first.removesuffix("\r"))
        if not status_line:
            raise BadStatusLine(first[:80])
        self.status = int(status_line[2])
        self.headers = parse_headers(lines)
        return int(status_line[1])


def parse_headers(lines: list[str]) -> dict[str, str]:
    """Return the headers, their names in lower case, of which the last of one name counts; lines end with CR or not.

    Raise HTTPException for over MOST_HEADERS, a line that is none, a lone CR, and lengths that differ.
    """
    headers: dict[str, str] = {}
    if len(lines) > MOST_HEADERS:
        raise HTTPException(f"got more than {MOST_HEADERS} headers")
    name = ""
    for line in lines:
        header = _HEADER.fullmatch(line)
        if not header:
            raise HTTPException("not a header")
        value = header[2].strip(" \t")
        if not header[1]:  # a folded line (5.2)
            if not name:
                raise HTTPException("a folded line without a header")
            headers[name] += " " + value
            continue
        name = header[1].lower()
        if name == "content-length" and headers.get(name, value) != value:
            raise HTTPException("two lengths")
        headers[name] = value
    return headers
