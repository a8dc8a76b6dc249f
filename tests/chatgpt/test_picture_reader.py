"""A picture is taken out of its JSON piece by piece, wherever the pieces are cut, in little memory."""

from __future__ import annotations

import base64
import json
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cocoai.chatgpt.picture_reader import HEAD, BadPicture, PictureReader

pytestmark = pytest.mark.pure

PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 3
MIB = 1024 * 1024


def response(*pictures: bytes, **more: Any) -> bytes:
    """Return the JSON of a response with these pictures."""
    data = [{"b64_json": base64.b64encode(each).decode()} for each in pictures]
    return json.dumps({"created": 1, "data": data, "usage": {"output_tokens": 7}, **more}).encode()


def read(*pieces: bytes) -> tuple[bytes, dict[str, Any]]:
    """Return the picture, and the JSON around it."""
    picture = bytearray()
    reader = PictureReader(picture.extend)
    for piece in pieces:
        reader.feed(piece)
    value = reader.end()
    assert len(picture) == reader.size
    assert reader.head == bytes(picture[:HEAD])
    return bytes(picture), value


@given(st.lists(st.integers(0, 1200)))
def test_a_picture_is_whole_wherever_its_response_is_cut(cuts: list[int]) -> None:
    """The JSON around it is parsed as if the picture were empty."""
    whole = response(PICTURE)
    edges = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]

    picture, value = read(*(whole[start:end] for start, end in pairwise(edges)))

    assert picture == PICTURE
    assert {"created": 1, "data": [{"b64_json": ""}], "usage": {"output_tokens": 7}} == value


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
def test_a_picture_of_any_length(size: int) -> None:
    """Base64 has up to two characters that fill up."""
    assert PICTURE[:size] == read(response(PICTURE[:size]))[0]


def test_json_may_be_written_otherwise() -> None:
    """With blanks, with what stands behind the picture, and with a backslash before each slash, also at a cut."""
    data = b"\xff\xff\xff" * 9  # base64: slashes alone
    whole = json.dumps({"usage": {}, "data": [{"b64_json": "X", "revised_prompt": 'a "b64_json": "'}]}, indent=2)
    escaped = whole.replace("X", "\\/" * 36).encode()

    for cut in range(len(escaped)):
        assert data == read(escaped[:cut], escaped[cut:])[0]


@pytest.mark.parametrize(
    ("plain", "escaped"),
    [(b"=", b"\\u003d"), (b"+", b"\\u002B"), (b"/", b"\\u002f"), (b"/", b"/\\r\\n"), (b"A", b"A\\n")],
)
def test_base64_may_be_escaped_or_have_lines(plain: bytes, escaped: bytes) -> None:
    """As gateways in other languages write it, wherever the pieces are cut."""
    data = b"\xff\xff\xff\xfb\xef\xbe\0\0\0\0"
    head, encoded, tail = b'{"data": [{"b64_json": "', base64.b64encode(data), b'"}]}'
    whole = head + encoded.replace(plain, escaped) + tail

    assert whole != head + encoded + tail
    for cut in range(len(whole)):
        assert data == read(whole[:cut], whole[cut:])[0]
    assert data == read(*(bytes((each,)) for each in whole))[0]


def test_a_second_picture_is_passed_over() -> None:
    """Only one was asked for."""
    assert PICTURE == read(response(PICTURE, b"another"))[0]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"[" * 100_000,
        response(PICTURE)[:-300],
        b'{"data": [{"b64_json": "!!!!"}]}',
        b'{"data": [{"b64_json": "AAA"}]}',
        b'{"data": [{"b64_json": "AAA\\u0000"}]}',
        b'{"data": [{"b64_json": "AAA\\u1234"}]}',
        b'{"data": [{"b64_json": "AAAA\\"}]}',
        b'{"data": [{"b64_json": "AA==AAAA"}]}',
        b'{"data": [{"b64_json": "AAAA',
        b'{"x": "' + b"y" * MIB + b'"}',
    ],
)
def test_what_is_no_picture_is_an_error(body: bytes) -> None:
    """Wherever it shows."""
    with pytest.raises(BadPicture):
        read(body)
    with pytest.raises(BadPicture):
        read(*(body[at : at + 4] for at in range(0, len(body), 4)))


def test_a_picture_never_is_in_memory_as_a_whole() -> None:
    """One of 5 MB takes a few pieces' worth at its peak."""
    whole = response(bytes(5 * MIB))
    pieces = [whole[at : at + 64 * 1024] for at in range(0, len(whole), 64 * 1024)]
    sizes: list[int] = []
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        reader = PictureReader(lambda data: sizes.append(len(data)))
        for piece in pieces:
            reader.feed(piece)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

    assert 5 * MIB == sum(sizes) == reader.size
    assert peak < 0.5 * MIB
