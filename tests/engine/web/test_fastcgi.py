"""fastcgi.py: a request is parsed alike however it is cut, and what is no FastCGI is a `ProtocolError`."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cocoai.engine.web.fastcgi import (
    MAX_CONTENT,
    MAX_REQUEST,
    ProtocolError,
    RequestParser,
    end_unhandled,
    frame_response,
    read_pairs,
)
from tests.engine.web import fastcgi_client as fcgi
from tests.engine.web.fastcgi_client import begin, pairs, params, record, request, stream

pytestmark = pytest.mark.pure

PAIRS = st.dictionaries(st.text(st.characters(max_codepoint=255), max_size=200), st.text("aé\0", max_size=300))

RECORD = st.builds(
    lambda kind, content, request_id, padding: record(kind, content, request_id=request_id, padding=padding),
    st.integers(0, 12),
    st.sampled_from([b"", bytes(8), b"\0\1" + bytes(6), pairs({"PATH_INFO": "/"}), b"\xff\xff", b"body"]),
    st.integers(0, 2),
    st.integers(0, 9),
)

Parsed = tuple[bool, dict[str, str], bytes, bytes, bool]
"""Whether the request is complete, its params, its body, the replies, and whether it is for the application."""


def parsed(pieces: list[bytes]) -> Parsed | str:
    """Return what a parser makes of these pieces, or the error's text."""
    parser, is_complete = RequestParser(), False
    try:
        for piece in pieces:
            if is_complete := parser.feed(piece):
                break
    except ProtocolError as error:
        return str(error)
    return is_complete, parser.params, parser.body, parser.replies, parser.is_for_application


def test_a_request_in_one_piece_is_parsed() -> None:
    """Params and body are as they were sent."""
    sent = params("/whole", method="POST", body=b"body")

    assert (True, sent, b"body", b"", True) == parsed([request("/whole", method="POST", body=b"body")])


def test_a_request_is_complete_at_the_end_of_its_input() -> None:
    """A request is complete with the last byte of the record that ends its input, and not before."""
    whole = request(body=b"body")
    parser = RequestParser()

    assert not parser.feed(whole[:-1])
    assert parser.feed(whole[-1:])


@pytest.mark.parametrize("kind", [fcgi.PARAMS, fcgi.STDIN, fcgi.DATA, fcgi.ABORT])
@pytest.mark.parametrize("request_id", [0, 2])
def test_records_of_another_request_are_skipped(kind: int, request_id: int) -> None:
    """A record whose id is not that of the request in hand is skipped (FastCGI 3.3); 0 is the id of no request."""
    others = record(kind, b"\1\1AB", request_id=request_id) + record(kind, request_id=request_id)
    whole = request("/whole")

    assert parsed([whole]) == parsed([whole[:16] + others + whole[16:]])
    assert (False, {}, b"", b"", False) == parsed([others])


@given(st.lists(RECORD, max_size=8).map(b"".join), st.lists(st.integers(0, 200), max_size=6), st.booleans())
def test_the_result_does_not_depend_on_the_pieces(data: bytes, cuts: list[int], is_begun: bool) -> None:
    """Input in pieces gives the same request, replies and error as the input at once."""
    data = begin() + data if is_begun else data
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in pairwise(places)]

    assert parsed([data]) == parsed(pieces)


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_a_protocol_error(data: bytes) -> None:
    """Random bytes raise no other exception, neither as records nor as params."""
    for sent in (data, begin() + data, begin() + stream(fcgi.PARAMS, data) + stream(fcgi.STDIN, b"")):
        parsed([sent])


@given(PAIRS)
@example({"n" * 127: "v" * 127, "n" * 128: "v" * 127, "m" * 127: "v" * 128})
def test_pairs_are_read_as_they_were_written(params: dict[str, str]) -> None:
    """Names and values of any length come back, in latin-1."""
    assert params == read_pairs(pairs(params))


@given(PAIRS.filter(bool), st.data())
def test_pairs_that_are_cut_off_are_an_error(params: dict[str, str], data: st.DataObject) -> None:
    """Pairs that are cut inside a pair raise `ProtocolError`; cut between two pairs, the rest is missing."""
    whole = pairs(params)
    cut = data.draw(st.integers(1, len(whole)))
    ends = [len(pairs(dict(list(params.items())[:count]))) for count in range(len(params))]

    if len(whole) - cut in ends:
        assert len(read_pairs(whole[:-cut])) < len(params)
    else:
        with pytest.raises(ProtocolError):
            read_pairs(whole[:-cut])


def test_a_request_that_begins_twice_is_an_error() -> None:
    """A refusal under its id would end it for the web server, before its response."""
    parser = RequestParser()
    parser.feed(begin())

    with pytest.raises(ProtocolError, match="begins twice"):
        parser.feed(begin())
    assert b"" == parser.replies


def test_a_request_of_more_than_the_limit_is_an_error() -> None:
    """Every byte of the connection counts, in whatever records it comes."""
    parser = RequestParser()
    whole, left = divmod(MAX_REQUEST - 9, 65536)
    parser.feed(record(99, bytes(65528)) * whole)
    parser.feed(record(99, bytes(left + 1)))

    with pytest.raises(ProtocolError, match="more than a request may have"):
        parser.feed(b"\1")


@pytest.mark.parametrize("size", [0, 1, MAX_CONTENT, MAX_CONTENT + 1, 3 * MAX_CONTENT])
def test_a_response_is_framed_whole(size: int) -> None:
    """A response is STDOUT in records that are not too long, its end, and END_REQUEST, all with the request's id."""
    output = bytes(size)
    records, at, data = [], 0, frame_response(7, output)
    while at < len(data):
        version, kind, request_id, length, padding = struct.unpack_from("!BBHHBx", data, at)
        assert (1, 7) == (version, request_id)
        records.append((kind, data[at + 8 : at + 8 + length]))
        at += 8 + length + padding

    assert output == b"".join(content for kind, content in records if kind == fcgi.STDOUT)
    assert [(fcgi.STDOUT, b""), (fcgi.END, bytes(8))] == records[-2:]


@pytest.mark.parametrize(
    ("sent", "status"),
    [(begin() + record(fcgi.ABORT), fcgi.COMPLETE), (begin(role=fcgi.AUTHORIZER), fcgi.UNKNOWN_ROLE)],
)
def test_a_request_without_a_handler_is_ended(sent: bytes, status: int) -> None:
    """An aborted request, and one of another role, is ended with the status that says why (FastCGI 5.5)."""
    parser = RequestParser()
    parser.feed(sent)

    assert not parser.is_for_application
    assert record(fcgi.END, struct.pack("!LB3x", 0, status)) == end_unhandled(parser)
