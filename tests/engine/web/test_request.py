"""Request: what is read from FastCGI's params and input, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cocoai.engine.web.request import MAX_BODY, Headers, Request
from cocoai.errors import BodyCutShort, BodyTooBig, LengthNotNumber

pytestmark = pytest.mark.pure


def made(body: bytes = b"", **others: str | None) -> Request:
    """Return the request of a POST with this body; a None takes its param away."""
    params = {"REQUEST_METHOD": "POST", "PATH_INFO": "/some/path", "CONTENT_LENGTH": str(len(body))} | others
    return Request.from_params({name: value for name, value in params.items() if value is not None}, body)


def body_of(body: bytes, length: str | None) -> bytes:
    """Return the body of a request that declares this length, once it was checked."""
    return made(body, CONTENT_LENGTH=length).with_checked_body().body


def headers(**params: str) -> Mapping[str, str]:
    """Return the headers in these params."""
    return Headers(params)


def test_a_request_is_read_whole() -> None:
    """Method, path and body are what the params and the input say."""
    request = made(b'{"type": 1}').with_checked_body()

    assert ("POST", "/some/path", b'{"type": 1}') == (request.method, request.path, request.body)


def test_header_names_are_lower_case_with_hyphens() -> None:
    """HTTP_X_REQUEST_ID is x-request-id; a param that is no header of the request stays out."""
    found = headers(HTTP_X_REQUEST_ID="Ab", HTTP_HOST="localhost", SERVER_NAME="localhost", CONTENT_TYPE="text/html")

    assert {"x-request-id": "Ab", "host": "localhost", "content-type": "text/html"} == found


def test_type_and_length_have_names_of_their_own() -> None:
    """The two headers that CGI has under other names appear once, with CGI's value."""
    found = headers(
        HTTP_CONTENT_TYPE="text/plain", CONTENT_TYPE="text/html", HTTP_CONTENT_LENGTH="1", CONTENT_LENGTH="2"
    )

    assert {"content-type", "content-length"} == set(found)
    assert 2 == len(found)
    assert ("text/html", "2") == (found["content-type"], found["content-length"])


def test_a_header_that_was_not_sent_is_missing() -> None:
    """A header that has no param is not in the mapping."""
    assert headers(HTTP_HOST="localhost").get("x-request-id") is None
    assert {"host"} == set(headers(HTTP_HOST="localhost"))
    assert "content-type" not in headers()


def test_a_header_may_be_empty() -> None:
    """An empty value is a value: the handler refuses it if it must."""
    assert "" == headers(HTTP_X_REQUEST_ID="")["x-request-id"]


def test_a_missing_path_is_the_root() -> None:
    """A PATH_INFO that is absent or empty is `/`."""
    assert ["/", "/"] == [made(PATH_INFO=path).path for path in ("", None)]


@pytest.mark.parametrize("length", ["", None, "0", "000"])
def test_no_length_is_no_body(length: str | None) -> None:
    """Without a Content-Length a request has no body, whatever arrived (RFC 3875, 4.2)."""
    assert b"" == body_of(b"1234", length)


@pytest.mark.parametrize("length", ["-1", "+4", "4.0", "four", " 4", "4 ", "0x4", "٤", "1_0", "4,4"])
def test_a_length_that_is_no_number_is_refused(length: str) -> None:
    """Only the digits of HTTP are a length (RFC 9110, 8.6): what int() would take besides is not."""
    with pytest.raises(LengthNotNumber) as refused:
        body_of(b"1234", length)

    assert 400 == refused.value.status


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "9" * 12, "9" * 13, "9" * 20, "9" * 5000])
def test_a_length_that_is_too_big_is_refused(length: str) -> None:
    """A length above the limit is a 413, however long the number itself is."""
    with pytest.raises(BodyTooBig) as refused:
        body_of(b"", length)

    assert 413 == refused.value.status


def test_the_biggest_body_is_taken() -> None:
    """A body of MAX_BODY bytes is allowed, and one that is only declared so big is cut short."""
    assert MAX_BODY == len(body_of(bytes(MAX_BODY), str(MAX_BODY)))
    with pytest.raises(BodyCutShort):
        body_of(b"", str(MAX_BODY))


def test_a_body_shorter_than_its_length_is_refused() -> None:
    """A body that was cut off on its way is a 400."""
    with pytest.raises(BodyCutShort) as refused:
        body_of(b"1234", "5")

    assert 400 == refused.value.status


def test_no_more_is_read_than_the_length_says() -> None:
    """Bytes behind the declared length are left out."""
    assert b"12" == body_of(b"1234", "2")
