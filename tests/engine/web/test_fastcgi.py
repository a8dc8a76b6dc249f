"""records.py: what comes is taken in alike however it is cut, and whatever is no FastCGI is a ProtocolError."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.engine.web.fastcgi import LONGEST, MAX_INPUT, ProtocolError, RequestParser, read_pairs, refusal, response
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

Taken = tuple[bool, dict[str, str], bytes, bytes, bool]


def taken(pieces: list[bytes]) -> Taken | str:
    """What has come of these pieces; or why the connection ends."""
    intake, is_all = RequestParser(), False
    try:
        for piece in pieces:
            if is_all := intake.take(piece):
                break
    except ProtocolError as error:
        return str(error)
    return is_all, intake.params, intake.body, intake.replies, intake.is_for_us


def test_a_request_in_one_piece_is_whole() -> None:
    """Params and body, as they were sent."""
    sent = params("/whole", method="POST", body=b"body")

    assert (True, sent, b"body", b"", True) == taken([request("/whole", method="POST", body=b"body")])


def test_the_end_of_the_input_is_the_end_of_the_request() -> None:
    """Not a byte before it is that all."""
    whole = request(body=b"body")
    intake = RequestParser()

    assert not intake.take(whole[:-1])
    assert intake.take(whole[-1:])


@pytest.mark.parametrize("kind", [fcgi.PARAMS, fcgi.STDIN, fcgi.DATA, fcgi.ABORT])
@pytest.mark.parametrize("request_id", [0, 2])
def test_what_belongs_to_another_request_is_passed_over(kind: int, request_id: int) -> None:
    """FastCGI 3.3: a record names the request it belongs to, and this one is none of ours; 0 is nobody's."""
    others = record(kind, b"\1\1AB", request_id=request_id) + record(kind, request_id=request_id)
    whole = request("/whole")

    assert taken([whole]) == taken([whole[:16] + others + whole[16:]])
    assert (False, {}, b"", b"", False) == taken([others])


@given(st.lists(RECORD, max_size=8).map(b"".join), st.lists(st.integers(0, 200), max_size=6), st.booleans())
def test_it_does_not_matter_how_the_input_is_cut(data: bytes, cuts: list[int], is_begun: bool) -> None:
    """Whatever is sent, in pieces it is taken as at once: the same request, the same replies, the same fault."""
    data = begin() + data if is_begun else data
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[start:end] for start, end in pairwise(places)]

    assert taken([data]) == taken(pieces)


@given(st.binary(max_size=300))
def test_anything_at_all_is_taken_or_is_a_protocol_error(data: bytes) -> None:
    """No other exception comes of it, nor of what lies in a request's params."""
    for sent in (data, begin() + data, begin() + stream(fcgi.PARAMS, data) + stream(fcgi.STDIN, b"")):
        taken([sent])


@given(PAIRS)
def test_pairs_are_read_as_they_were_written(told: dict[str, str]) -> None:
    """Names and values of any length, in latin-1."""
    assert told == read_pairs(pairs(told))


@given(PAIRS.filter(bool), st.data())
def test_pairs_that_are_cut_off_are_no_pairs(told: dict[str, str], data: st.DataObject) -> None:
    """Unless it is cut between two of them."""
    whole = pairs(told)
    cut = data.draw(st.integers(1, len(whole)))
    ends = [len(pairs(dict(list(told.items())[:count]))) for count in range(len(told))]

    if len(whole) - cut in ends:
        assert len(read_pairs(whole[:-cut])) < len(told)
    else:
        with pytest.raises(ProtocolError):
            read_pairs(whole[:-cut])


def test_no_more_is_taken_than_a_request_may_have() -> None:
    """However it comes: the count is of all that was sent."""
    intake = RequestParser()
    intake.take(begin())
    intake.take(stream(fcgi.DATA, bytes(MAX_INPUT - 200000)))

    with pytest.raises(ProtocolError, match="more than a request may have"):
        intake.take(bytes(200001))


@pytest.mark.parametrize("size", [0, 1, LONGEST, LONGEST + 1, 3 * LONGEST])
def test_a_response_is_framed_whole(size: int) -> None:
    """STDOUT in records that are not too long, its end, and END_REQUEST; all of the request's own id."""
    out = bytes(size)
    records, at, data = [], 0, response(7, out)
    while at < len(data):
        version, kind, request_id, length, padding = struct.unpack_from("!BBHHBx", data, at)
        assert (1, 7) == (version, request_id)
        records.append((kind, data[at + 8 : at + 8 + length]))
        at += 8 + length + padding

    assert out == b"".join(content for kind, content in records if kind == fcgi.STDOUT)
    assert [(fcgi.STDOUT, b""), (fcgi.END, bytes(8))] == records[-2:]


@pytest.mark.parametrize(
    ("sent", "status"),
    [(begin() + record(fcgi.ABORT), fcgi.COMPLETE), (begin(role=fcgi.AUTHORIZER), fcgi.UNKNOWN_ROLE)],
)
def test_a_request_that_is_not_for_us_is_ended(sent: bytes, status: int) -> None:
    """FastCGI 5.5: with the status that says why."""
    intake = RequestParser()
    intake.take(sent)

    assert not intake.is_for_us
    assert record(fcgi.END, struct.pack("!LB3x", 0, status)) == refusal(intake)
