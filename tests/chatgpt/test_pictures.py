"""A picture is drawn by the practice OpenAI over TLS: its bytes, its usage, and what can go wrong with it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cocoai.chatgpt.image_size import image_size
from cocoai.chatgpt.one_response import WaitStopped
from cocoai.chatgpt.picture_form import PictureOrder, SentPicture
from cocoai.chatgpt.pictures import ChatGPTPictures, PictureUsage, picture_type
from cocoai.engine.client.client import HttpClient
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.proxied import ProxyClient
from cocoai.engine.client.tls import tls_context
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.openai.practice_picture import practice_picture
from cocoai.rehearsal.practice_server import Incoming, Outgoing
from tests.chatgpt.chats import PATIENCE, SOON, Scripted

ORDER = PictureOrder("gpt-image-2.6-flare", "a cat あ\ud800", "1536x1024", "medium", "jpeg")
MIB = 1024 * 1024


class Record:
    """A recorder that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def asked(self) -> None:
        self.told.append("asked")

    def unasked(self, why: str) -> None:
        self.told.append(f"unasked: {why}")


@pytest.fixture(params=[DirectClient, partial(ProxyClient, proxy=None)], ids=["direct", "by requests"])
def client(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[HttpClient]:
    """Yield a client of each kind."""
    made = request.param(tls_context(str(certificates.ca_file)))
    yield made
    made.close()


@pytest.fixture
def practice(certificates: Certificates) -> Iterator[PracticeOpenAI]:
    """Yield a practice OpenAI."""
    with PracticeOpenAI(certificates) as practice:
        yield practice


def pictures(client: HttpClient, base_url: str, **changes: Any) -> ChatGPTPictures:
    """Return what draws pictures at this address."""
    settings: dict[str, Any] = {"api_key": API_KEY, "connect_timeout": PATIENCE, "total_timeout": PATIENCE}
    return ChatGPTPictures(client, base_url=base_url, **settings | changes)


def failure(drawing: ChatGPTPictures, order: PictureOrder = ORDER) -> tuple[CocoAIError, list[str]]:
    """Return the error of a picture, and what was recorded."""
    record = Record()
    with pytest.raises(CocoAIError) as raised:
        drawing.draw(order, lambda _: None, record)
    return raised.value, record.told


def test_a_picture_is_drawn(client: HttpClient, practice: PracticeOpenAI) -> None:
    """Its bytes come in pieces, and its usage says what is billed."""
    practice.switches.picture_padding = 300_000
    pieces: list[bytes] = []
    record = Record()
    drawn = pictures(client, practice.base_url).draw(ORDER, pieces.append, record)

    picture, (bill,) = b"".join(pieces), practice.bills
    assert practice_picture("jpeg", 1536, 1024, "a cat あ?", 300_000) == picture
    assert (len(picture), "image/jpeg", (1536, 1024)) == (drawn.size, drawn.media_type, image_size(picture))
    assert PictureUsage(bill.plain, 0, bill.output) == drawn.usage
    assert len(pieces) > 3
    assert ["asked"] == record.told
    assert {"output_compression": 85, "n": 1}.items() <= practice.requests[-1].body.items()


def test_pictures_are_changed(client: HttpClient, practice: PracticeOpenAI, tmp_path: Path) -> None:
    """They are read from their files, and billed too."""
    sent = []
    for n, (form, size) in enumerate([("png", 100_000), ("webp", 0)]):
        path = tmp_path / f"{n}"
        path.write_bytes(practice_picture(form, 64, 32, "x", size))
        sent.append(SentPicture(str(path), path.stat().st_size, f"image/{form}", 36))
    pieces: list[bytes] = []
    order = PictureOrder("gpt-image-2", "bluer\r\n--", "1024x1024", "low", "png", tuple(sent))
    drawn = pictures(client, practice.base_url).draw(order, pieces.append, Record())

    request = practice.requests[-1]
    assert ("/v1/images/edits", "bluer\r\n--", "png") == (
        request.path,
        request.body["prompt"],
        request.body["output_format"],
    )
    assert [("1.png", sent[0].size), ("2.webp", sent[1].size)] == [(each.name, each.size) for each in request.attached]
    assert drawn.usage is not None
    assert 0 < drawn.usage.image <= sum(each.tokens for each in sent)
    one = PictureOrder("gpt-image-2", "bluer", "1024x1024", "low", "png", tuple(sent[:1]))
    pictures(client, practice.base_url).draw(one, pieces.append, Record())
    assert 1 == len(practice.requests[-1].attached)


Kind = tuple[str, type[CocoAIError], str, bool]
FAULTS: list[Kind] = [
    ("moderated", Permanent, "refused", True),
    ("no credit", Permanent, "insufficient_quota", False),
    ("bad key", Permanent, "invalid_api_key", False),
    ("rate limited", Temporary, "rate_limit_exceeded", False),
    ("overloaded", Temporary, "server_is_overloaded", False),
    ("server error", Temporary, "server_error", False),
    ("gone", Temporary, "connection_lost", True),
    ("cut", Temporary, "stream_cut", True),
]


@pytest.mark.parametrize(("kind", "error", "code", "sent"), FAULTS)
def test_what_goes_wrong_has_a_code(
    client: HttpClient, practice: PracticeOpenAI, kind: Any, error: type[CocoAIError], code: str, sent: bool
) -> None:
    """A request that was refused before it ran is recorded as not billed."""
    practice.fail_picture(kind)
    raised, told = failure(pictures(client, practice.base_url))

    assert (error, code, sent) == (type(raised), raised.code, raised.sent)
    assert (["asked"] if sent else ["asked", f"unasked: {raised}"]) == told


@pytest.mark.parametrize(("kind", "media_type"), [("another type", "image/png"), ("not a picture", "")])
def test_what_comes_is_known_by_its_bytes(
    client: HttpClient, practice: PracticeOpenAI, kind: Any, media_type: str
) -> None:
    """Whatever the response says of it; its usage is told all the same."""
    practice.fail_picture(kind)
    drawn = pictures(client, practice.base_url).draw(ORDER, lambda _: None, Record())

    assert media_type == drawn.media_type
    assert drawn.usage is not None


def test_no_usage_is_no_zero(client: HttpClient, practice: PracticeOpenAI) -> None:
    """A picture without one costs what it may cost at most."""
    practice.fail_picture("no usage")

    assert pictures(client, practice.base_url).draw(ORDER, lambda _: None, Record()).usage is None


def test_a_model_that_is_gone(client: HttpClient, practice: PracticeOpenAI) -> None:
    """It is the operator's to name another."""
    raised, _ = failure(pictures(client, practice.base_url), PictureOrder("dall-e-3", "x", "1024x1024", "low", "png"))

    assert (Permanent, "model_not_found", 404) == (type(raised), raised.code, raised.status)


def test_a_picture_has_one_time_limit(client: HttpClient, practice: PracticeOpenAI) -> None:
    """Nothing comes while it is drawn: it is waited for as long as it takes, and no longer."""
    practice.fail_picture("silent")
    raised, told = failure(pictures(client, practice.base_url, total_timeout=SOON))

    assert (Temporary, "total_timeout", True, ["asked"]) == (type(raised), raised.code, raised.sent, told)


def test_what_the_caller_cannot_take_ends_it(client: HttpClient, practice: PracticeOpenAI) -> None:
    """A disk that is full, or a picture that is too large for it: no more is read."""
    practice.fail_picture("too large")
    sizes: list[int] = []

    def write(data: bytes) -> None:
        sizes.append(len(data))
        if sum(sizes) > MIB:
            raise OverflowError

    with pytest.raises(OverflowError):
        pictures(client, practice.base_url).draw(ORDER, write, Record())

    assert sum(sizes) < 2 * MIB


def test_a_picture_takes_little_memory(
    client: HttpClient, practice: PracticeOpenAI, certificates: Certificates
) -> None:
    """One of 4 MB never is in memory as a whole."""
    practice.switches.picture_padding = 4 * MIB
    drawing = pictures(client, practice.base_url)
    drawing.draw(ORDER, lambda _: None, Record())  # the practice server, in this process, has made its own by now
    response = _whole_response(practice)

    def answer(_: Incoming) -> Outgoing:
        return Outgoing(body=iter(response))

    with Scripted(certificates, answer) as server:
        here = pictures(client, f"{server.url}/v1")
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            drawn = here.draw(ORDER, lambda _: None, Record())
            peak = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()

    assert drawn.size > 4 * MIB
    assert peak < MIB


def _whole_response(practice: PracticeOpenAI) -> list[bytes]:
    """Return the body of the practice OpenAI's response to ORDER, in pieces."""
    from cocoai.rehearsal.openai.image_answer import body_of
    from cocoai.rehearsal.openai.image_request import read_drawing

    request = read_drawing(ORDER.fields(), practice.switches)
    return list(body_of(request, 1, None, practice.switches.picture_padding))


def test_a_refused_parameter_that_only_helps_is_left_out(client: HttpClient, practice: PracticeOpenAI) -> None:
    """Some servers know fewer of them: the picture comes in another format then."""
    practice.switches.refuses = frozenset({"output_compression"})
    record = Record()
    drawing = pictures(client, practice.base_url)
    for _ in range(2):
        drawing.draw(ORDER, lambda _: None, record)

    refused = "unasked: OpenAI unsupported_parameter 400 req_practice1"
    assert ["asked", refused, "asked", "asked"] == record.told


@pytest.mark.parametrize("stops", [True, False])
def test_the_wait_can_be_ended(certificates: Certificates, stops: bool, wakeup: Any) -> None:
    """Whoever asked may have changed their mind; anybody else's wish changes nothing."""
    asked: list[bool] = []

    def is_stopped() -> bool:
        asked.append(True)
        wakeup.drain()
        return stops

    with PracticeOpenAI(certificates) as practice:
        practice.switches.picture_delay = SOON
        drawing = pictures(DirectClient(tls_context(str(certificates.ca_file))), practice.base_url)
        wakeup.write()
        draw: Callable[[], object] = partial(
            drawing.draw, ORDER, lambda _: None, Record(), wakeup=wakeup.fd, is_stopped=is_stopped
        )
        if stops:
            with pytest.raises(WaitStopped):
                draw()
        else:
            draw()

    assert [True] == asked


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "unreadable_answer"),
        (b'{"data": [{"url": "https://example.com/a.png"}]}', ""),
        (b'{"data": [{"b64_json": "!!"}]}', "unreadable_answer"),
    ],
)
def test_odd_responses(client: HttpClient, certificates: Certificates, body: bytes, code: str) -> None:
    """What is no picture in JSON is an error; an empty picture is none."""
    with Scripted(certificates, lambda _: Outgoing(body=body)) as server:
        drawing = pictures(client, f"{server.url}/v1")
        if code:
            assert code == failure(drawing)[0].code
        else:
            drawn = drawing.draw(ORDER, lambda _: None, Record())
            assert (0, "", None) == (drawn.size, drawn.media_type, drawn.usage)


@pytest.mark.parametrize(
    ("body", "kind", "code", "told"),
    [
        (b'{"error": {"code": "server_is_overloaded"}}', Temporary, "server_is_overloaded", ["unasked: OpenAI "]),
        (b'{"error": {"code": 429, "message": "slow down"}}', Temporary, "429", ["unasked: OpenAI "]),
        (b'{"error": {"code": "insufficient_quota"}}', Permanent, "insufficient_quota", ["unasked: OpenAI "]),
        (b'{"error": {"code": "moderation_blocked"}, "data": []}', Permanent, "refused", []),
        (b'{"error": "something broke"}', Temporary, "error_in_stream", []),
    ],
)
def test_an_error_with_status_200(
    client: HttpClient, certificates: Certificates, body: bytes, kind: type[CocoAIError], code: str, told: list[str]
) -> None:
    """It is what it says, not a picture that is none; what may be billed is not recorded as unasked."""
    with Scripted(certificates, lambda _: Outgoing(body=body)) as server:
        error, record = failure(pictures(client, f"{server.url}/v1"))

    assert (kind, code, not told) == (type(error), error.code, error.sent)
    assert ["asked", *told] == [each[:16] for each in record]


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_pictures_are_told_by_their_bytes(form: str) -> None:
    """Nothing else counts."""
    assert f"image/{form}" == picture_type(practice_picture(form, 16, 16, ""))
    assert "" == picture_type(b"RIFF0000WAVE") == picture_type(b"") == picture_type(b"<svg>")
