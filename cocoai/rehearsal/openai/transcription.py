"""Read a request for a transcription, or refuse it with OpenAI's error; what the practice OpenAI hears in it.

It hears no words: those come from the switch `heard`, or tell how long the sound is. Fields and codes: OpenAI's API
reference, POST /audio/transcriptions, its guide to speech to text, and what its servers were seen to answer.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

from cocoai.rehearsal.openai.billing import PracticeBill, PracticeBooks
from cocoai.rehearsal.openai.models import HEARS
from cocoai.rehearsal.openai.openai_errors import OpenAIApiError, missing, none_of, wrong_value
from cocoai.rehearsal.openai.openai_replies import JSON, OpenAIReply, model_or_404
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.sound_length import ENDINGS, format_of, is_silent, length_of

SHORTEST = 0.1
"""Seconds of the shortest sound that is accepted."""

_FIELDS = """
file model language prompt response_format temperature stream chunking_strategy include include[] languages[] keywords[]
timestamp_granularities[] known_speaker_names[] known_speaker_references[]
"""
_KNOWN = frozenset(_FIELDS.split())
_NEWEST = "gpt-transcribe"
_ONLY_NEWEST = ("languages[]", "keywords[]")
_NOT_NEWEST = ("timestamp_granularities[]", "known_speaker_names[]", "known_speaker_references[]")
_FORMATS = {_NEWEST: ("json", "text"), "whisper-1": ("json", "text", "srt", "verbose_json", "vtt")}
_SUPPORTED = "['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']"
_CENTS = {"whisper-1": "0.006", "gpt-4o-transcribe": "0.006", "gpt-4o-mini-transcribe": "0.003", _NEWEST: "0.0045"}
"""US dollars a minute."""


@dataclass(frozen=True)
class ReceivedSound:
    """A sound as it was received: the file's name, its bytes, its format, its seconds, and whether it is silent."""

    name: str
    size: int
    format: str
    seconds: float
    is_silent: bool


@dataclass(frozen=True)
class TranscriptionRequest:
    """An accepted request: its `fields` without the file, each with all its values, and the `sound`."""

    fields: dict[str, list[str]]
    sound: ReceivedSound
    model: str = field(default="")

    @property
    def languages(self) -> list[str]:
        """Return the languages that the sound may be in."""
        return self.fields.get("languages[]", self.fields.get("language", []))

    @property
    def is_plain(self) -> bool:
        """Check whether the words alone are wanted, as text."""
        return self.fields.get("response_format") == ["text"]


def read_transcription(body: bytes, content_type: str, switches: OpenAISwitches) -> TranscriptionRequest:
    """Return the request in a multipart body. Raise `OpenAIApiError` for the first error that is found."""
    if len(body) > switches.sound_bytes:
        problem = f"{switches.sound_bytes}: Maximum content size limit ({switches.sound_bytes}) exceeded"
        raise OpenAIApiError(413, f"{problem} ({len(body)} bytes read)", kind="server_error")
    fields, files = _parts(body, content_type)
    for name in (*fields, *files):
        if name not in _KNOWN or name.removesuffix("[]") in switches.refuses:
            raise OpenAIApiError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if "model" not in fields:
        raise missing("model")
    model = fields["model"][0]
    model_or_404(model, switches)
    if model not in HEARS:
        raise wrong_value("model", f"The model '{model}' does not support this endpoint.")
    _refuse_for_model(model, fields)
    if "file" not in files:
        raise missing("file")
    return TranscriptionRequest(fields, _sound(*files["file"]), model)


def hear(incoming: Incoming, switches: OpenAISwitches, books: PracticeBooks) -> OpenAIReply:
    """Return the words of the sound in a request, and bill them. Raise `OpenAIApiError` if it is refused."""
    request = read_transcription(incoming.body, incoming.headers.get("content-type", ""), switches)
    # It is heard before the first byte of the response leaves.
    seconds, price = billed_seconds(request), price_of(request)
    books.add(PracticeBill(request.model, "default", 0, 0, 0, 0, 0, price, "whole", int(seconds * 1000)))
    body = _response(request, words_of(request, switches), switches)
    headers = (("Content-Type", "text/plain; charset=utf-8"),) if request.is_plain else JSON
    recorded = {**request.fields, "file": asdict(request.sound)}
    return OpenAIReply("ok", Outgoing(body=body, headers=headers), switches.hearing_delay, body=recorded)


def _refuse_for_model(model: str, fields: dict[str, list[str]]) -> None:
    """Raise `OpenAIApiError` for a parameter that this model does not take, or a value that is none."""
    refused = _NOT_NEWEST if model == _NEWEST else _ONLY_NEWEST
    for name in refused:
        if name in fields:
            problem = f"'{name.removesuffix('[]')}' is not supported with the model '{model}'."
            raise OpenAIApiError(400, problem, param=name, code="unsupported_parameter")
    formats = _FORMATS.get(model, ("json",))
    if (asked := fields.get("response_format", ["json"])[0]) not in formats:
        problem = f"response_format '{asked}' is not compatible with model '{model}'."
        raise OpenAIApiError(400, problem, param="response_format", code="unsupported_value")
    if "language" in fields and "languages[]" in fields:
        raise wrong_value("language", "'language' cannot be used together with 'languages'.")
    for name in ("language", "languages[]"):
        for value in fields.get(name, []):
            if not re.fullmatch(r"[a-z]{2,3}", value):
                raise none_of(name, value, ("en", "ja", "de"))


def _sound(name: str, data: bytes) -> ReceivedSound:
    """Return what was received as a sound. Raise `OpenAIApiError` if it is none, or not the one that its name says."""
    ending = name.rpartition(".")[2].lower()
    found = format_of(data)
    if ending not in ENDINGS or (found and ENDINGS[ending] != found):
        raise OpenAIApiError(400, f"Unrecognized file format. Supported formats: {_SUPPORTED}")
    seconds = length_of(data)
    if not found or not math.isfinite(seconds) or (data and not seconds):
        raise wrong_value("file", "Audio file might be corrupted or unsupported")
    if seconds < SHORTEST:
        problem = f"Audio file is too short. Minimum audio length is {SHORTEST} seconds."
        raise OpenAIApiError(400, problem, param="file", code="audio_too_short")
    return ReceivedSound(name, len(data), found, seconds, is_silent(data))


def _parts(body: bytes, content_type: str) -> tuple[dict[str, list[str]], dict[str, tuple[str, bytes]]]:
    """Return the values of all fields by their names, and of each file its name and its bytes."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if not content_type.startswith("multipart/form-data") or boundary is None:
        raise OpenAIApiError(400, "Could not parse multipart form")
    fields: dict[str, list[str]] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for head, content in _split(body, b"--" + boundary[1].encode()):
        named = dict(re.findall(r'; (name|filename)="([^"]*)"', head))
        if "name" not in named:
            raise OpenAIApiError(400, "Could not parse multipart form")
        if "filename" in named:
            files[named["name"]] = named["filename"], content
        else:
            fields.setdefault(named["name"], []).append(content.decode("utf-8", "replace"))
    return fields, files


def _split(body: bytes, delimiter: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the head of each part and its content."""
    for part in body.split(delimiter)[1:-1]:
        head, blank, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if blank:
            yield head.decode("utf-8", "replace"), content.removesuffix(b"\r\n")


def words_of(request: TranscriptionRequest, switches: OpenAISwitches) -> str:
    """Return what is heard: "" for silence, else the words of the switch `heard`, or some that tell the length."""
    if request.sound.is_silent:
        return ""
    if switches.heard is not None:
        return switches.heard(request.sound) if callable(switches.heard) else switches.heard
    seconds = f"{request.sound.seconds:.1f}"
    if request.languages[:1] == ["ja"]:
        return f"これは練習用の書き起こしです。{seconds}秒の音声を聞きました。"
    return f"This is a practice transcription of {seconds} seconds of sound."


def price_of(request: TranscriptionRequest) -> int:
    """Return what the sound costs in nano-dollars, by the second, rounded up."""
    return math.ceil(billed_seconds(request) * Fraction(_CENTS[request.model]) * 10**9 / 60)


def billed_seconds(request: TranscriptionRequest) -> Fraction:
    """Return the seconds that are billed, in hundredths."""
    return Fraction(math.ceil(request.sound.seconds * 100), 100)


def _response(request: TranscriptionRequest, words: str, switches: OpenAISwitches) -> bytes:
    """Return the body of the response: JSON, or the words alone."""
    if request.is_plain:
        return f"{words}\n".encode()
    answer: dict[str, Any] = {"text": words}
    if request.model == _NEWEST:
        known = [code for code in ("ja", "en") if code in request.languages] if words else []
        answer["languages"] = [{"code": code} for code in known[:1]]
    if switches.sound_usage:
        answer["usage"] = _usage(request, words)
    return json.dumps(answer, ensure_ascii=False).encode()


def _usage(request: TranscriptionRequest, words: str) -> dict[str, Any]:
    """Return the usage: of the newest model, and of the oldest, seconds; of those between, tokens."""
    if request.model in (_NEWEST, "whisper-1"):
        return {"type": "duration", "seconds": float(billed_seconds(request))}
    audio, output = math.ceil(request.sound.seconds * 10), max(1, len(words) // 2)
    details = {"text_tokens": 0, "audio_tokens": audio}
    total = {"output_tokens": output, "total_tokens": audio + output}
    return {"type": "tokens", "input_tokens": audio, "input_token_details": details, **total}
