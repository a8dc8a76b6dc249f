"""Transcriber: have a model of OpenAI's write down what is said in a sound.

The sound is sent from its file, a block at a time, and is never in memory as a whole. Errors are raised: whether to ask
again is the caller's decision. It knows nothing of Slack.

Source: OpenAI's API reference, POST /audio/transcriptions; its guide to speech to text; its specification,
CreateTranscriptionResponseJson.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

from cocoai.chatgpt.answer_reader import read_body
from cocoai.chatgpt.api_error import ApiError, request_id
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.error_body import parsed
from cocoai.chatgpt.multipart import FormFile, MultipartForm
from cocoai.chatgpt.one_response import CallRecorder, OneResponseApi, RefusedParameter
from cocoai.chatgpt.sound_format import MEDIA_TYPES
from cocoai.chatgpt.transport import error_within, read_error
from cocoai.engine.client.body import MOST_WHOLE
from cocoai.engine.client.client import HttpClient, StreamedResponse
from cocoai.errors import Temporary
from cocoai.json_values import encodable, mapping_at, number_at, text_at

TIMEOUT = 180.0
"""Seconds that hearing a sound may take, from the request to the last byte of the response."""

MOST_SECONDS = 1e6
"""Seconds of a usage that is believed: more is none."""

MOST_KEYWORDS = 50
LONGEST_KEYWORD = 60
"""Characters of a keyword that are sent."""

_TAKES_LISTS = "gpt-transcribe"
"""How the names of models begin that take several languages, and keywords."""

_OUR_WORDS = ("languages", "keywords", "language", "prompt", "response_format")
"""Parameters without which a sound can be heard, too: one that the server refuses is left out."""


@dataclass(frozen=True)
class Sound:
    """A sound of `size` bytes in a `file`; `ending` is its format's (sound_format.py)."""

    file: BinaryIO
    size: int
    ending: str


@dataclass(frozen=True)
class Hints:
    """What is likely in a sound: `languages` (ISO 639-1), and `keywords`, such as names."""

    languages: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transcription:
    """The words of a sound, "" for silence, and what they cost: `counts`, by the kind of unit, in thousandths of units.

    The kinds are `second`, or `text_in`, `audio_in` and `text_out` for tokens; {} if the server does not tell.
    """

    text: str = field(repr=False)
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def milliseconds(self) -> int | None:
        """Return the length that was billed; None if it is not told."""
        return self.counts.get("second")


class Transcriber(OneResponseApi):
    """Has sounds written down by `model`, at the server at `base_url`; see OneResponseApi."""

    def __init__(
        self,
        client: HttpClient,
        *,
        base_url: str,
        api_key: str,
        model: str,
        connect_timeout: float,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            client,
            base_url=base_url,
            api_key=api_key,
            connect_timeout=connect_timeout,
            total_timeout=timeout,
            clock=clock,
        )
        self.model = model

    def transcribe(
        self,
        sound: Sound,
        hints: Hints,
        recorder: CallRecorder,
        *,
        wakeup: int | None = None,
        is_stopped: Callable[[], bool] = bool,
    ) -> Transcription:
        """Send a sound, wait for its words and return them.

        What the server refuses by name of the parameters that only help is left out, and the request sent once more.
        When `wakeup`, a descriptor, is readable, `is_stopped` tells whether to go on; if not, raise WaitStopped.
        Raise `Temporary` as ChatGPTChat.reply() does; `Permanent` `sound` if the server cannot use this sound, else the
        API's own code. Either is `sent` if the model may have run, and be billed.
        """
        return self._recorded(lambda: self._exchange(sound, hints, wakeup, is_stopped), recorder)

    def _fields(self, hints: Hints) -> dict[str, tuple[str, ...]]:
        """Return the values of each field but the sound, by its name."""
        fields = {"model": (self.model,), "response_format": ("json",)}
        if self.model.startswith(_TAKES_LISTS):
            keywords = (" ".join(keyword.split())[:LONGEST_KEYWORD] for keyword in hints.keywords)
            return fields | {
                "languages": hints.languages,
                "keywords": tuple(dict.fromkeys(filter(None, keywords)))[:MOST_KEYWORDS],
            }
        # An older model takes one language alone: a wrong one would make it write in that.
        return fields | {"language": hints.languages if len(hints.languages) == 1 else ()}

    def _exchange(
        self, sound: Sound, hints: Hints, wakeup: int | None, is_stopped: Callable[[], bool]
    ) -> Transcription:
        """Send one request and return what its response says. Raise as transcribe(), and `RefusedParameter`."""
        deadlines = self._deadlines()
        fields = {name: values for name, values in self._fields(hints).items() if name not in self._refused}
        form = _form(sound, fields)
        response = self._post("/audio/transcriptions", form, form.content_type, deadlines, wakeup, is_stopped)
        return self._read(response, fields, deadlines)

    def _read(
        self, response: StreamedResponse, fields: Mapping[str, tuple[str, ...]], deadlines: Deadlines
    ) -> Transcription:
        """Read the response to its end and return the transcription in it. Raise as _exchange()."""
        with response:
            if response.status // 100 != 2:
                error = read_error(response, deadlines)
                if name := error.refused_parameter([each for each in _OUR_WORDS if fields.get(each)]):
                    raise RefusedParameter(name, error)
                raise error.to_exception(_code_for_the_sound(error))
            value = parsed(_whole_body(response, deadlines))
            if isinstance(value, dict) and "text" not in value and (failure := error_within(value, response.headers)):
                raise failure
            if not isinstance(value, dict) or not isinstance(value.get("text"), str):
                unread = Temporary("unreadable_answer", source="OpenAI", status=response.status, sent=True)
                unread.request_id = request_id(response.headers)
                raise unread
            return Transcription(encodable(value["text"]).strip(), _counts(mapping_at(value, "usage")))


def _form(sound: Sound, fields: Mapping[str, tuple[str, ...]]) -> MultipartForm:
    """Return the fields and the sound as a form. A list is named with brackets, once for each value."""
    named = {f"{name}[]" if name in ("languages", "keywords") else name: values for name, values in fields.items()}
    pairs = ((name, value) for name, values in named.items() for value in values)
    name = f"clip.{sound.ending}"
    return MultipartForm(
        pairs, [FormFile("file", name, MEDIA_TYPES[sound.ending], sound.size, partial(_opened, sound))]
    )


@contextmanager
def _opened(sound: Sound) -> Iterator[BinaryIO]:
    """Yield the sound's file at its beginning, as a context manager; it stays open."""
    sound.file.seek(0)
    yield sound.file


def _whole_body(response: StreamedResponse, deadlines: Deadlines) -> bytes:
    """Read the body, at most MOST_WHOLE bytes and what one piece has beyond: more is no JSON that we could use."""
    body = bytearray()
    while len(body) <= MOST_WHOLE and (chunk := read_body(response.body, deadlines)):
        body += chunk
    return bytes(body)


def _code_for_the_sound(error: ApiError) -> str:
    """Return our code if the server refuses this sound, not every one: `sound_too_big`, or `sound`; else ""."""
    if error.status == 413:
        return "sound_too_big"
    is_refused = error.status in (400, 415, 422)
    is_of_it = is_refused and not (error.is_about_access or error.is_filtered) and error.param in ("", "file")
    return "sound" if is_of_it else ""


def _counts(usage: Mapping[str, Any]) -> dict[str, int]:
    """Return what a response says of its usage, by the kind of unit, in thousandths; {} if that is nothing usable."""
    if text_at(usage, "type") == "duration":
        seconds = usage.get("seconds")
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds < MOST_SECONDS:
            return {}
        return {"second": -(-int(seconds * 1_000_000) // 1000)}
    if text_at(usage, "type") != "tokens" or not number_at(usage, "input_tokens"):
        return {}
    details = mapping_at(usage, "input_token_details")
    text = min(number_at(details, "text_tokens"), number_at(usage, "input_tokens"))
    counted = {"text_in": text, "audio_in": number_at(usage, "input_tokens") - text}
    counted["text_out"] = number_at(usage, "output_tokens")
    return {kind: number * 1000 for kind, number in counted.items()}
