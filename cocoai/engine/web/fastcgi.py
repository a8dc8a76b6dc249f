"""FastCGI's records, read and framed: bytes in, bytes out, and no socket, no clock.

The numbers, the shapes and the pairs are flup's. Its reading is not: it takes three reads a record, and its writing
three writes. Here a request is read in one pass over whatever has come, and a response is framed as one piece.
Source: the FastCGI specification 1.0, whose sections are named below.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import ClassVar

from flup.server import fcgi_base
from flup.server.fcgi_base import decode_pair, encode_pair

from cocoai.engine.web.request import MAX_BODY

MAX_INPUT = MAX_BODY + 128 * 1024
"""Bytes of one whole request: nginx sends at most 64 KiB of params and the body it was allowed."""

LONGEST = 65535
"""Bytes that one record holds."""

_HEADER = struct.Struct(fcgi_base.FCGI_Header)
_HEADER_SIZE = _HEADER.size
_BEGIN = struct.Struct(fcgi_base.FCGI_BeginRequestBody)
_END = struct.Struct(fcgi_base.FCGI_EndRequestBody)
_UNKNOWN_TYPE = struct.Struct(fcgi_base.FCGI_UnknownTypeBody)

_VALUES = {b"FCGI_MAX_CONNS": b"1", b"FCGI_MAX_REQS": b"1", b"FCGI_MPXS_CONNS": b"0"}
"""What a web server may ask for (4.1): one worker has one connection, and one request on it."""


class ProtocolError(Exception):
    """The peer does not speak FastCGI, or not in time. Its connection ends; the worker goes on."""


class RequestParser:
    """The one request of a connection, taken in piece by piece.

    Once it is whole, or aborted, nothing more need be read. Until then `replies` holds what the peer is to hear
    meanwhile: answers to what it asks of the server itself, and not of the application.
    """

    def __init__(self) -> None:
        self.request_id = 0  # until it has begun
        self.role = 0
        self.aborted = False
        self.params: dict[str, str] = {}
        self._has_params = False
        self.replies = b""
        self._pairs: list[bytes] = []
        self._body: list[bytes] = []
        self._rest = bytearray()
        self._received = 0

    @property
    def body(self) -> bytes:
        """The input that came with it."""
        return b"".join(self._body)

    @property
    def is_for_us(self) -> bool:
        """Is there an application for it? Ours are responders (6.2)."""
        return self.role == fcgi_base.FCGI_RESPONDER and not self.aborted

    def take(self, piece: bytes) -> bool:
        """Act on each record that is whole now. True: that is all. Raises `ProtocolError`."""
        self._received += len(piece)
        if self._received > MAX_INPUT:
            raise ProtocolError("more than a request may have")
        if self._rest:
            self._rest += piece
            is_all, at = self._read(self._rest)
            del self._rest[:at]
        else:  # all at once, as a rule: then it need not be kept
            is_all, at = self._read(piece)
            self._rest += piece[at:]
        return is_all

    def _read(self, data: bytes | bytearray) -> tuple[bool, int]:
        """Whether that is all, and how far it was read. Records of another request than ours are passed over (3.3)."""
        at, end = 0, len(data)
        while at + _HEADER_SIZE <= end:
            version, kind, request_id, length, padding = _HEADER.unpack_from(data, at)
            if version != fcgi_base.FCGI_VERSION_1:
                raise ProtocolError(f"version {version}")
            content = at + _HEADER_SIZE
            if content + length + padding > end:
                break
            at = content + length + padding
            act = self._ACTS.get(kind)
            if act is None:
                self._act(kind, request_id, bytes(data[content : content + length]))
            elif request_id == self.request_id != 0 and act(self, bytes(data[content : content + length])):
                return True, at
        return False, at

    def _act(self, kind: int, request_id: int, content: bytes) -> None:
        """Act on a record that is none of a request's own."""
        if kind == fcgi_base.FCGI_BEGIN_REQUEST:
            self._begin(request_id, content)
        elif kind == fcgi_base.FCGI_GET_VALUES:
            self.replies += _frame(fcgi_base.FCGI_GET_VALUES_RESULT, 0, _values(content))
        elif request_id == fcgi_base.FCGI_NULL_REQUEST_ID:
            self.replies += _frame(fcgi_base.FCGI_UNKNOWN_TYPE, 0, _UNKNOWN_TYPE.pack(kind))

    def _begin(self, request_id: int, content: bytes) -> None:
        """The peer's wish to keep the connection is not heeded: that would pin this worker to one peer."""
        if len(content) != _BEGIN.size or request_id == 0:
            raise ProtocolError("a request that begins oddly")
        if self.request_id:
            self.replies += end_request(request_id, fcgi_base.FCGI_CANT_MPX_CONN)
        else:
            self.request_id = request_id
            self.role, _ = _BEGIN.unpack(content)

    def _take_pairs(self, content: bytes) -> bool:
        """Pairs are read once they are whole: one may span two records."""
        if content:
            self._pairs.append(content)
        else:
            self.params = read_pairs(b"".join(self._pairs))
            self._has_params = True
        return False

    def _take_body(self, content: bytes) -> bool:
        """Its end is the request's: nothing is begun for a peer that never finishes."""
        if content:
            self._body.append(content)
        elif not self._has_params:
            raise ProtocolError("the input ends before the params")
        return not content

    def _abort(self, _: bytes) -> bool:
        self.aborted = True
        return True

    def _pass_over(self, _: bytes) -> bool:
        return False

    _ACTS: ClassVar[dict[int, Callable[[RequestParser, bytes], bool]]] = {
        fcgi_base.FCGI_PARAMS: _take_pairs,
        fcgi_base.FCGI_STDIN: _take_body,
        fcgi_base.FCGI_ABORT_REQUEST: _abort,
        fcgi_base.FCGI_DATA: _pass_over,  # for filters (6.4), and no role of ours
    }


def read_pairs(data: bytes) -> dict[str, str]:
    """Names and values as they stand in PARAMS (3.4), in WSGI's latin-1. Raises `ProtocolError` if one is cut off."""
    text = data.decode("latin-1")
    pairs = {}
    at, end = 0, len(data)
    while at + 1 < end:
        name_length, value_length = data[at], data[at + 1]
        if name_length < 128 and value_length < 128:
            value = at + 2 + name_length
            name, at = at + 2, value + value_length
            pairs[text[name:value]] = text[value:at]
        else:
            at = _read_long_pair(data, at, pairs)
    if at != end:
        raise ProtocolError("a pair that is cut off")
    return pairs


def _read_long_pair(data: bytes, at: int, pairs: dict[str, str]) -> int:
    """One of 128 bytes and more has its length in four bytes. Returns where it ends."""
    try:
        at, (name, value) = decode_pair(data, at)
    except (IndexError, struct.error):
        raise ProtocolError("a length that is cut off") from None
    pairs[name.decode("latin-1")] = value.decode("latin-1")
    return at


def _values(content: bytes) -> bytes:
    """The answer to GET_VALUES (4.1): what is not known is left out."""
    asked = (name.encode("latin-1") for name in read_pairs(content))
    return b"".join(encode_pair(name, _VALUES[name]) for name in asked if name in _VALUES)


def response(request_id: int, out: bytes) -> bytes:
    """A whole response: what the application says, its end, and the request's."""
    if len(out) <= LONGEST:
        records = _frame(fcgi_base.FCGI_STDOUT, request_id, out)
    else:
        pieces = (out[start : start + LONGEST] for start in range(0, len(out), LONGEST))
        records = b"".join(_frame(fcgi_base.FCGI_STDOUT, request_id, piece) for piece in pieces)
    return records + _frame(fcgi_base.FCGI_STDOUT, request_id, b"") + end_request(request_id)


def refusal(request: RequestParser) -> bytes:
    """The end of a request that no application hears of."""
    return end_request(
        request.request_id,
        fcgi_base.FCGI_REQUEST_COMPLETE if request.aborted else fcgi_base.FCGI_UNKNOWN_ROLE,
    )


def end_request(request_id: int, status: int = fcgi_base.FCGI_REQUEST_COMPLETE) -> bytes:
    """END_REQUEST (5.5) with this protocol status."""
    return _frame(fcgi_base.FCGI_END_REQUEST, request_id, _END.pack(0, status))


def _frame(kind: int, request_id: int, content: bytes) -> bytes:
    return _HEADER.pack(fcgi_base.FCGI_VERSION_1, kind, request_id, len(content), 0) + content
