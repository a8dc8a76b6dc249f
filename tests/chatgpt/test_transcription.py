"""chatgpt/transcription.py: what is sent for a sound, a block at a time, and what is read of any response."""

from __future__ import annotations

import json
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from typing import Any, BinaryIO

import pytest

from cocoai.chatgpt.one_response import WaitStopped
from cocoai.chatgpt.sound_format import MEDIA_TYPES, ending_of
from cocoai.chatgpt.transcription import Hints, Sound, Transcriber, Transcription
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.proxied import ProxyClient
from cocoai.engine.client.tls import tls_context
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.practice_openai import API_KEY, PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from tests.engine.client.servers import listening
from tests.sounds import tone

KEPT = 2 * 1024 * 1024
"""Bytes that hearing a sound may take in memory, whatever its length."""


class Recorder:
    """A recorder that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def asked(self) -> None:
        self.told.append("asked")

    def unasked(self, why: str) -> None:
        self.told.append(why)


class FixedServer(PracticeServer):
    """A server that gives each request the same response."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self.response = Outgoing(status, body, (("Content-Type", "application/json"), ("x-request-id", "req_1")))
        self.bodies: list[bytes] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        self.bodies.append(incoming.body)
        return self.response


@pytest.fixture
def content() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        file.write(tone(2))
        yield file


def sound_in(content: BinaryIO) -> Sound:
    return Sound(content, content.seek(0, 2), "wav")


def transcriber(url: str, client: Any, *, timeout: float = 20) -> Transcriber:
    model = "gpt-transcribe"
    return Transcriber(client, base_url=url, api_key=API_KEY, model=model, connect_timeout=5, timeout=timeout)


def heard(
    status: int, body: Mapping[str, Any] | bytes, content: BinaryIO
) -> tuple[Transcription | CocoAIError, list[str]]:
    """Return the transcription that is read of such a response, or the error, and what was recorded."""
    recorder, client = Recorder(), DirectClient(tls_context())
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with FixedServer(status, raw) as server:
        try:
            return transcriber(server.url, client).transcribe(sound_in(content), Hints(), recorder), recorder.told
        except CocoAIError as error:
            return error, recorder.told
        finally:
            client.close()


@pytest.mark.parametrize("kind", ["direct", "proxied"])
def test_the_practice_openai_takes_what_is_sent(kind: str, certificates: Certificates, content: BinaryIO) -> None:
    """Both clients send the whole sound under a name of ours, with the hints, and read words and seconds."""
    context = tls_context(certificates.ca_file)
    client = DirectClient(context) if kind == "direct" else ProxyClient(context, None)
    recorder = Recorder()
    hints = Hints(("en", "ja"), ("CocoAI", "CocoAI", " ", "a\r\nb" + "c" * 99))
    with PracticeOpenAI(certificates) as practice:
        told = transcriber(practice.base_url, client).transcribe(sound_in(content), hints, recorder)
        body = practice.requests[0].body
    client.close()

    assert (2000, ["asked"]) == (told.milliseconds, recorder.told)
    assert "2.0" in told.text
    assert ["CocoAI", "a b" + "c" * 57] == body["keywords[]"]
    assert ("clip.wav", 32_044) == (body["file"]["name"], body["file"]["size"])


@pytest.mark.parametrize("stops", [True, False])
def test_the_wait_can_be_ended(stops: bool, certificates: Certificates, content: BinaryIO, wakeup: Any) -> None:
    """Whoever asked may want no words any more; anybody else's wish changes nothing."""
    asked: list[bool] = []

    def is_stopped() -> bool:
        asked.append(True)
        wakeup.drain()
        return stops

    with PracticeOpenAI(certificates) as practice, closing(DirectClient(tls_context(certificates.ca_file))) as client:
        practice.switches.hearing_delay = 60.0 if stops else 0.2
        target = transcriber(practice.base_url, client)
        wakeup.write()
        with pytest.raises(WaitStopped) if stops else nullcontext():
            target.transcribe(sound_in(content), Hints(), Recorder(), wakeup=wakeup.fd, is_stopped=is_stopped)

    assert [True] == asked


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"type": "duration", "seconds": 6.1}, {"second": 6100}),
        ({"type": "duration", "seconds": 7}, {"second": 7000}),
        ({"type": "duration", "seconds": 0}, {"second": 0}),
        ({"type": "duration", "seconds": -1}, {}),
        ({"type": "duration", "seconds": 1e300}, {}),
        ({"type": "duration", "seconds": True}, {}),
        ({"type": "duration"}, {}),
        (
            {"type": "tokens", "input_tokens": 14, "input_token_details": {"text_tokens": 4}, "output_tokens": 9},
            {"text_in": 4000, "audio_in": 10_000, "text_out": 9000},
        ),
        ({"type": "tokens", "input_tokens": 0, "output_tokens": 9}, {}),
        ({"type": "tokens"}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_the_usage_is_read_in_each_of_its_forms(usage: Any, expected: dict[str, int], content: BinaryIO) -> None:
    """Seconds or tokens count in thousandths; what is odd counts as not told."""
    assert Transcription("hi", expected) == heard(200, {"text": " hi\n", "usage": usage}, content)[0]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": {"message": "Unrecognized file format.", "code": None}}, (Permanent, "sound", False)),
        (
            400,
            {"error": {"code": "audio_too_short", "param": "file"}},
            (Permanent, "sound", False),
        ),
        (413, b"<html>too large</html>", (Permanent, "sound_too_big", False)),
        (400, {"error": {"code": "model_not_found", "message": "x"}}, (Permanent, "model_not_found", False)),
        (404, {"error": {"code": "model_not_found", "message": "x"}}, (Permanent, "model_not_found", False)),
        (404, b"<html>not here</html>", (Permanent, "404", False)),
        (401, {"error": {"code": "invalid_api_key", "message": "x"}}, (Permanent, "invalid_api_key", False)),
        (429, {"error": {"code": "insufficient_quota", "message": "x"}}, (Permanent, "insufficient_quota", False)),
        (429, {"error": {"code": "rate_limit_exceeded", "message": "x"}}, (Temporary, "rate_limit_exceeded", False)),
        (400, {"error": {"code": "x", "param": "model", "message": "x"}}, (Permanent, "x", False)),
        (500, b"", (Temporary, "500", False)),
        (504, b"", (Temporary, "504", True)),
        (200, b"<html>a login page</html>", (Temporary, "unreadable_answer", True)),
        (200, {"text": None}, (Temporary, "unreadable_answer", True)),
    ],
)
def test_an_error_says_what_to_do_next(
    status: int, body: Any, expected: tuple[type[CocoAIError], str, bool], content: BinaryIO
) -> None:
    """What is wrong with the sound is known from what is wrong with the key, the model or the server."""
    error, told = heard(status, body, content)

    assert isinstance(error, CocoAIError)
    assert expected == (type(error), error.code, error.sent)
    assert ["asked"] == told[:1]
    assert (len(told) == 1) is error.sent


def test_a_server_that_is_away_was_not_asked(content: BinaryIO) -> None:
    """A request that did not leave is recorded as such."""
    recorder, client = Recorder(), DirectClient(tls_context())
    with listening() as (_, address):
        pass
    with pytest.raises(Temporary) as caught:
        transcriber(address, client).transcribe(sound_in(content), Hints(), recorder)
    client.close()

    assert ("connection_failed", False, ["asked", "OpenAI connection_failed"]) == (
        caught.value.code,
        caught.value.sent,
        recorder.told,
    )


def test_an_error_with_status_200_is_what_it_says(content: BinaryIO) -> None:
    """As some gateways send it: no credit is no response that cannot be read, and costs nothing."""
    recorder, client = Recorder(), DirectClient(tls_context())
    with FixedServer(200, b'{"error": {"code": "insufficient_quota"}}') as server, pytest.raises(Permanent) as caught:
        transcriber(server.url, client).transcribe(sound_in(content), Hints(), recorder)
    client.close()

    assert ("insufficient_quota", False, "req_1") == (caught.value.code, caught.value.sent, caught.value.request_id)
    assert 2 == len(recorder.told)


def test_a_late_response_may_have_been_billed(certificates: Certificates, content: BinaryIO) -> None:
    """A server that takes longer than the time limit may have heard the sound."""
    recorder, client = Recorder(), DirectClient(tls_context(certificates.ca_file))
    with PracticeOpenAI(certificates) as practice:
        practice.switches.hearing_delay = 3600
        target = transcriber(practice.base_url, client, timeout=0.5)
        with pytest.raises(Temporary) as caught:
            target.transcribe(sound_in(content), Hints(), recorder)
        billed = practice.billed
    client.close()

    assert ("total_timeout", True, ["asked"], 150_000) == (caught.value.code, caught.value.sent, recorder.told, billed)


@pytest.mark.parametrize("kind", ["direct", "proxied"])
def test_a_long_sound_is_never_in_memory_as_a_whole(kind: str) -> None:
    """24 MiB go out in blocks, by either client."""
    client = DirectClient(tls_context()) if kind == "direct" else ProxyClient(tls_context(), None)
    size = 24 * 1024 * 1024
    received: list[int] = []

    def serve(listener: Any) -> None:
        """Read a request into one small buffer, and respond."""
        connection, _ = listener.accept()
        with connection:
            buffer = bytearray(64 * 1024)
            total = 0
            while total < size:
                total += connection.recv_into(buffer)
            received.append(total)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{"text": "hi"}')
            while connection.recv_into(buffer):
                pass

    with tempfile.TemporaryFile() as file, listening() as (listener, address):
        file.truncate(size)  # a file of nothing but a length
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        target = transcriber(address, client)
        tracemalloc.start()
        told = target.transcribe(Sound(file, size, "wav"), Hints(), Recorder())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        client.close()
        thread.join(20)

    assert "hi" == told.text
    assert received[0] >= size
    assert peak < KEPT


@pytest.mark.pure
@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\0\0\0\x1cftypM4A \0\0\2\0", "m4a"),
        (b"\0\0\0\x1cftypisom\0\0\2\0", "mp4"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81", "webm"),
        (b"RIFFxxxxWAVEfmt ", "wav"),
        (b"OggS\0\2", "ogg"),
        (b"fLaC\0\0", "flac"),
        (b"ID3\4\0", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf3\x40\xc4", "mp3"),
        (b"\xff\xf1\x50\x80", ""),
        (b"#!AMR\n", ""),
        (b"RIFFxxxxAVI LIST", ""),
        (b"<!DOCTYPE html>", ""),
        (b"", ""),
    ],
)
def test_the_bytes_tell_the_format(head: bytes, expected: str) -> None:
    """Neither a name nor a media type is looked at; what OpenAI does not take has no ending."""
    assert expected == ending_of(head)
    assert not expected or expected in MEDIA_TYPES
