"""The FastCGI protocol: parse a request's records, frame a response's. Bytes in, bytes out: no socket and no clock.

The constants, the struct formats and the coding of pairs are flup's. Its reader is not used, for it takes three reads
a record, nor its writer, which takes three writes. Here a request is parsed in one pass over what has arrived, and a
response is framed as one piece.
Source: the FastCGI specification 1.0; the numbers in brackets are its sections.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

from flup.server import fcgi_base
from flup.server.fcgi_base import decode_pair, encode_pair

from cocoai.engine.web.request import MAX_BODY

MAX_REQUEST = MAX_BODY + 128 * 1024
"""Bytes of a request's records: nginx sends at most 64 KiB of params, and the body that it let in."""

MAX_CONTENT = 65535
"""Bytes of content that one record can hold (3.3)."""

_HEADER = struct.Struct(fcgi_base.FCGI_Header)
_HEADER_SIZE = _HEADER.size
_LENGTHS = struct.Struct("!HB")
_BEGIN = struct.Struct(fcgi_base.FCGI_BeginRequestBody)
_END = struct.Struct(fcgi_base.FCGI_EndRequestBody)
_UNKNOWN_TYPE = struct.Struct(fcgi_base.FCGI_UnknownTypeBody)

_VALUES = {b"FCGI_MAX_CONNS": b"1", b"FCGI_MAX_REQS": b"1", b"FCGI_MPXS_CONNS": b"0"}
"""What a web server may ask for with GET_VALUES (4.1): a worker has one connection, and one request on it."""


class ProtocolError(Exception):
    """The web server does not speak FastCGI, or is too slow. Its connection is closed; the worker goes on."""


class RequestParser:
    """A parser of the one request of a connection, fed with bytes as they arrive.

    `params` and `body` are the request's once it is complete. `replies` holds records that must be sent at once, while
    the request is still incomplete: they reply to what the web server asks of this server, not of the application.
    """

    def __init__(self) -> None:
        self.request_id = 0  # until it has begun
        self.role = 0
        self.is_aborted = False
        self.params: dict[str, str] = {}
        self.replies = b""
        self._has_params = False
        self._pairs: list[bytes] = []
        self._body: list[bytes] = []
        self._rest = bytearray()
        self._received = 0

    @property
    def body(self) -> bytes:
        """Return the request's body: the content of its STDIN records."""
        return b"".join(self._body)

    @property
    def is_for_application(self) -> bool:
        """Return True if a handler can respond to the request: its role is responder (6.2), and it was not aborted."""
        return self.role == fcgi_base.FCGI_RESPONDER and not self.is_aborted

    def feed(self, data: bytes) -> bool:
        """Take `data` and parse every record that is whole now. Return True once the request is complete or aborted.

        Raise `ProtocolError` if the records are malformed, of another version, or longer than MAX_REQUEST in all.
        """
        if not self._received and self._take_whole(data):
            return True
        self._received += len(data)
        if self._received > MAX_REQUEST:
            raise ProtocolError("more than a request may have")
        if self._rest:
            self._rest += data
            is_complete, end = self._parse(self._rest)
            del self._rest[:end]
        else:  # a request that arrives in one piece is not copied
            is_complete, end = self._parse(data)
            self._rest += data[end:]
        return is_complete

    def _take_whole(self, data: bytes) -> bool:
        """Take a request that has arrived in one piece, in the records in which nginx sends a short one.

        Return False, with nothing taken, for any other: _parse() reads that, or says what is wrong with it. It would
        come to the same here, but takes three times as long.
        """
        if not data.startswith(_BEGIN_RECORD) or not data.endswith(_STDIN_END):
            return False
        params, after_params = _content(data, len(_BEGIN_RECORD), _PARAMS_HEADER)
        if not params or not data.startswith(_PARAMS_END, after_params):
            return False
        body, after_body = _content(data, after_params + _HEADER_SIZE, _STDIN_HEADER)
        if after_body + _HEADER_SIZE != len(data):
            return False
        self.params = read_pairs(params)
        self.request_id, self.role, self._body = 1, fcgi_base.FCGI_RESPONDER, [body]
        return True

    def _parse(self, data: bytes | bytearray) -> tuple[bool, int]:
        """Parse the whole records in `data`, up to the one that completes the request.

        Return whether the request is complete, and the index behind the parsed part. Raise `ProtocolError` for a record
        of another version, or with malformed content.
        """
        at, last = 0, len(data)
        while at + _HEADER_SIZE <= last:
            version, kind, request_id, length, padding = _HEADER.unpack_from(data, at)
            if version != fcgi_base.FCGI_VERSION_1:
                raise ProtocolError(f"version {version}")
            begin = at + _HEADER_SIZE
            end = begin + length
            if end + padding > last:
                break
            content = bytes(data[begin:end])
            at = end + padding
            handle = self._HANDLERS.get(kind)
            if handle is None:
                self._handle_other(kind, request_id, content)
            # Records of another request than the one that has begun are skipped (3.3).
            elif request_id == self.request_id != 0 and handle(self, content):
                return True, at
        return False, at

    def _handle_other(self, kind: int, request_id: int, content: bytes) -> None:
        """Handle a record that begins a request, or that asks about this server (a management record, 4).

        The reply to the latter is added to `replies`. Any other record is ignored.
        """
        if kind == fcgi_base.FCGI_BEGIN_REQUEST:
            self._begin(request_id, content)
        elif kind == fcgi_base.FCGI_GET_VALUES:
            self.replies += _frame(fcgi_base.FCGI_GET_VALUES_RESULT, 0, _values(content))
        elif request_id == fcgi_base.FCGI_NULL_REQUEST_ID:
            self.replies += _frame(fcgi_base.FCGI_UNKNOWN_TYPE, 0, _UNKNOWN_TYPE.pack(kind))

    def _begin(self, request_id: int, content: bytes) -> None:
        """Begin the request `request_id`; if another has begun already, add a refusal of this second one to `replies`.

        Raise `ProtocolError` if the content of BEGIN_REQUEST (5.1) has a wrong length, or the id is 0, or that of the
        request that has begun.
        """
        if len(content) != _BEGIN.size or request_id == 0:
            raise ProtocolError("a request that begins oddly")
        if request_id == self.request_id:
            # A refusal under this id would end the first request, whose response follows, for the web server.
            raise ProtocolError("a request that begins twice")
        if self.request_id:
            self.replies += end_request(request_id, fcgi_base.FCGI_CANT_MPX_CONN)
        else:
            self.request_id = request_id
            # The flag to keep the connection is ignored: it would tie this worker to one connection.
            self.role, _ = _BEGIN.unpack(content)

    def _handle_params(self, content: bytes) -> bool:
        """Keep a part of the params; decode all of them at the empty record, their end. Return False: input follows."""
        # The pairs are decoded once all of them are there, since a pair may span two records.
        if content:
            self._pairs.append(content)
        else:
            self.params = read_pairs(b"".join(self._pairs))
            self._has_params = True
        return False

    def _handle_stdin(self, content: bytes) -> bool:
        """Keep a part of the body. Return True at the empty record that ends it, and so completes the request.

        Raise `ProtocolError` if the params have not ended before.
        """
        # The end of the input completes the request: no handler runs for a client that never finishes.
        if content:
            self._body.append(content)
        elif not self._has_params:
            raise ProtocolError("the input ends before the params")
        return not content

    def _handle_abort(self, _: bytes) -> bool:
        self.is_aborted = True
        return True

    def _skip(self, _: bytes) -> bool:
        return False

    _HANDLERS: ClassVar[dict[int, Callable[[RequestParser, bytes], bool]]] = {
        fcgi_base.FCGI_PARAMS: _handle_params,
        fcgi_base.FCGI_STDIN: _handle_stdin,
        fcgi_base.FCGI_ABORT_REQUEST: _handle_abort,
        fcgi_base.FCGI_DATA: _skip,  # for the filter role (6.4), which is not served
    }
    """Handlers of a request's own records, by record type: each returns True if the request is complete."""


def _content(data: bytes, at: int, header: bytes) -> tuple[bytes, int]:
    """Return the content of the record at index `at` whose header begins with `header`, and the index behind it.

    If it does not begin so, or is not there as a whole, return b"" and 0.
    """
    if not data.startswith(header, at) or at + _HEADER_SIZE > len(data):
        return b"", 0
    length, padding = _LENGTHS.unpack_from(data, at + len(header))
    begin = at + _HEADER_SIZE
    return data[begin : begin + length], begin + length + padding


def read_pairs(data: bytes) -> dict[str, str]:
    """Decode the names and values of PARAMS (3.4), as latin-1; of equal names the last counts.

    Raise `ProtocolError` if the last pair is cut off.
    """
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
    """Decode the pair at index `at`, whose name or value has 128 bytes or more, into `pairs`. Return where it ends.

    Raise `ProtocolError` if one of its lengths is cut off.
    """
    try:
        at, (name, value) = decode_pair(data, at)
    except (IndexError, struct.error):
        raise ProtocolError("a length that is cut off") from None
    pairs[name.decode("latin-1")] = value.decode("latin-1")
    return at


def _values(content: bytes) -> bytes:
    """Return the content of GET_VALUES_RESULT (4.1): the pairs of _VALUES whose names `content` asks for."""
    names = (name.encode("latin-1") for name in read_pairs(content))
    return b"".join(encode_pair(name, _VALUES[name]) for name in names if name in _VALUES)


def frame_response(request_id: int, output: bytes) -> bytes:
    """Return the records of a whole response: STDOUT with `output`, the end of STDOUT, the end of the request.

    `output` is head and body; it is cut into records of at most MAX_CONTENT bytes.
    """
    if len(output) <= MAX_CONTENT:
        records = _frame(fcgi_base.FCGI_STDOUT, request_id, output)
    else:
        pieces = (output[start : start + MAX_CONTENT] for start in range(0, len(output), MAX_CONTENT))
        records = b"".join(_frame(fcgi_base.FCGI_STDOUT, request_id, piece) for piece in pieces)
    return records + _end_of_response(request_id)


@lru_cache(4)
def _end_of_response(request_id: int) -> bytes:
    return _frame(fcgi_base.FCGI_STDOUT, request_id, b"") + end_request(request_id)


def end_unhandled(request: RequestParser) -> bytes:
    """Return the record that ends a request without a response: an aborted one, or one whose role is not responder."""
    return end_request(
        request.request_id,
        fcgi_base.FCGI_REQUEST_COMPLETE if request.is_aborted else fcgi_base.FCGI_UNKNOWN_ROLE,
    )


def end_request(request_id: int, status: int = fcgi_base.FCGI_REQUEST_COMPLETE) -> bytes:
    """Return the record END_REQUEST (5.5) with this protocol status, such as FCGI_REQUEST_COMPLETE."""
    return _frame(fcgi_base.FCGI_END_REQUEST, request_id, _END.pack(0, status))


def _frame(kind: int, request_id: int, content: bytes) -> bytes:
    return _HEADER.pack(fcgi_base.FCGI_VERSION_1, kind, request_id, len(content), 0) + content


_BEGIN_RECORD = _frame(fcgi_base.FCGI_BEGIN_REQUEST, 1, _BEGIN.pack(fcgi_base.FCGI_RESPONDER, 0))
_PARAMS_END, _STDIN_END = _frame(fcgi_base.FCGI_PARAMS, 1, b""), _frame(fcgi_base.FCGI_STDIN, 1, b"")
_PARAMS_HEADER, _STDIN_HEADER = _PARAMS_END[:4], _STDIN_END[:4]
"""Records of the only request of a connection, which nginx gives the id 1, and the beginnings of headers: version, type
and id. What follows there are two lengths: of the content, and of the padding behind it."""
