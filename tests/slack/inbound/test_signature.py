"""slack/inbound/signature.py: what Slack signed passes, everything else raises a 401 and no other error."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import Clock, SignatureVerifier

from cocoai.errors import Refused
from cocoai.slack.inbound.signature import MAX_AGE, sign, verify

pytestmark = pytest.mark.pure

# The example that Slack publishes with its rule.
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
STAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
NOW = 1531420618.5


def headers(stamp: str = STAMP, signature: str = SIGNATURE) -> dict[str, str]:
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}


def signed(body: bytes, stamp: str, secret: str = SECRET) -> dict[str, str]:
    return headers(stamp, sign(body, stamp.encode("utf-8", "replace"), secret).decode())


def accepts(body: bytes, signed_headers: dict[str, str], secret: str = SECRET, now: float = NOW) -> bool:
    try:
        verify(body, signed_headers, secret, now)
    except Refused as refused:
        if refused.status != 401:
            raise
        return False
    return True


def test_the_published_example_passes() -> None:
    """The example that Slack publishes is accepted."""
    assert accepts(BODY, headers())


@pytest.mark.parametrize(
    "signed_headers",
    [
        {},
        {"x-slack-request-timestamp": STAMP},
        {"x-slack-signature": SIGNATURE},
        headers(stamp=""),
        headers(signature=""),
        headers(signature=SIGNATURE[:-1] + "4"),
        headers(signature=SIGNATURE.upper()),
        headers(signature=SIGNATURE.removeprefix("v0=")),
        headers(signature="v1=" + SIGNATURE.removeprefix("v0=")),
        headers(signature="v0=署名"),
        headers(signature="v0=\ud800"),
        headers(stamp="yesterday"),
        headers(stamp="1531420618.5"),
        headers(stamp="١٥٣١٤٢٠٦١٨"),
        headers(stamp="１５３１４２０６１８"),
        headers(stamp="\ud800"),
        headers(stamp="9" * 400),
        headers(stamp="9" * 5000),
        headers(stamp="\x00"),
    ],
)
def test_missing_forged_or_garbled_is_401(signed_headers: dict[str, str]) -> None:
    """Headers that are missing, forged or garbled end in a 401 and no other error."""
    assert not accepts(BODY, signed_headers)


@pytest.mark.parametrize("missing", ["stamp", "signature"])
def test_a_missing_header_is_called_missing(missing: str) -> None:
    """The refusal of a request without one of the headers says so, whichever it is."""
    with pytest.raises(Refused) as refusal:
        verify(BODY, headers(**{missing: ""}), SECRET, NOW)

    assert (401, "the signature is missing or garbled") == (refusal.value.status, refusal.value.code)


def test_a_changed_body_is_refused() -> None:
    """A body with one byte more than was signed is refused."""
    assert not accepts(BODY + b" ", headers())


@pytest.mark.parametrize("stamp", ["１５３１４２０６１８", "now"])
def test_a_timestamp_must_be_a_plain_number_even_if_it_is_signed(stamp: str) -> None:
    """Non-ASCII digits and words are refused though the HMAC over them is right."""
    assert not accepts(BODY, signed(BODY, stamp))


@pytest.mark.parametrize(
    ("age", "expected"), [(0, True), (MAX_AGE, True), (MAX_AGE + 1, False), (-MAX_AGE, True), (-MAX_AGE - 1, False)]
)
def test_a_signature_is_good_for_300_seconds_either_way(age: int, expected: bool) -> None:
    """A request may be late, or our clock slow, by 300 s and no more."""
    assert MAX_AGE == 300
    assert accepts(BODY, headers(), now=int(STAMP) + age) is expected


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signatures are compared by hmac.compare_digest, whose duration does not tell where they differ."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)

    assert accepts(BODY, headers(signature="v0=forged"))
    assert [(b"v0=forged", SIGNATURE.encode())] == compared


@pytest.mark.parametrize("secret", ["", "  "])
def test_an_empty_secret_signs_nothing(secret: str) -> None:
    """With an empty secret, which anybody could sign with, every request is refused."""
    assert not accepts(BODY, signed(BODY, STAMP, secret), secret)


def test_a_body_that_is_not_utf8_can_be_signed() -> None:
    """The raw bytes are signed, in whatever encoding."""
    assert accepts(b"\xff\xfe", signed(b"\xff\xfe", STAMP))


class Frozen(Clock):
    def now(self) -> float:
        return NOW


STAMPS = st.integers(-400, 400).map(lambda age: str(int(STAMP) + age)) | st.text(max_size=12) | st.integers().map(str)
BODIES = st.binary(max_size=60) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace"))


@given(body=BODIES, stamp=STAMPS, secret=st.text("ab0 ", min_size=1, max_size=8), honest=st.booleans())
def test_slack_sdk_agrees(body: bytes, stamp: str, secret: str, honest: bool) -> None:
    """Where slack_sdk's verifier comes to a verdict, ours is the same, except that we take no non-ASCII digits."""
    signed_headers = signed(body, stamp, secret if honest else "x" + secret)
    ours = accepts(body, signed_headers, secret)
    try:
        theirs = SignatureVerifier(secret, Frozen()).is_valid_request(body, signed_headers)
    except (ValueError, TypeError, OverflowError):
        return  # slack_sdk comes to no verdict; ours has

    assert ours is (theirs and stamp.isascii())
