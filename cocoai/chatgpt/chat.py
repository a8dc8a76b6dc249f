"""ChatGPTChat: a conversation goes to OpenAI's chat API, and the answer comes back as it is written.

It holds the deadlines, and mends what can be mended before the first word: a parameter that the model refuses is
dropped, a conversation that is too long is shortened. All else is raised; whether to ask again is for the caller.
It knows nothing of Slack, nor of where a conversation comes from.

Source: OpenAI's API reference, POST /chat/completions; other servers speak the same with small differences.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3

from cocoai.chatgpt.complaint import Complaint, request_id
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.stream import Chunk, Ending, Reading, Usage, chunks, whole
from cocoai.conversation import Conversation
from cocoai.engine.https import set_read_timeout
from cocoai.errors import CocoAIError, Permanent, Temporary

__all__ = ["ChatGPTChat", "Ending", "Usage"]

MAX_ERROR = 64 * 1024
"""Bytes of an error's body that are looked at."""

_USAGE_WAIT = 5.0
_CLOSING_WAIT = 0.5
"""Seconds. Once the answer is whole, its usage is worth a wait; once the server has said that it is done, the end of
the body is, since only a body read to its end leaves the connection fit for the next request."""

_REST = 0.25
_AT_ONCE = 0.001
"""Seconds. To wake up for every token costs far more CPU than to read it: 500 of them, one by one, took 135 ms.
So a read that had to wait longer than `_AT_ONCE` is followed by a rest, and what came meanwhile is read at once: 40 ms.
"""

_BLOCK = 16 * 1024
_ROLES = {"asker": "user", "cocoai": "assistant"}


class ChatGPTChat:
    """One model at one address. Of one process and one thread; it remembers which parameters the model refuses.

    `base_url` is any server's that speaks this API, its path kept, a trailing slash or not. `model` is the server's own
    name for it. `max_output_tokens` counts the thinking too. `reasoning_effort` may be empty: then none is asked for.
    The time-outs are in seconds: until the connection stands; from sending to the first word; between the events of the
    stream thereafter; in all. `clock` is monotonic.
    """

    def __init__(
        self,
        session: requests.Session,
        *,
        base_url: str,
        api_key: str,
        model: str,
        max_output_tokens: int,
        reasoning_effort: str,
        connect_timeout: float,
        first_word_timeout: float,
        silence_timeout: float,
        total_timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._url = _completions(base_url)
        self._api_key = api_key
        self._model = model
        self._max_output_tokens = max_output_tokens
        self._reasoning_effort = reasoning_effort
        self._connect_timeout = connect_timeout
        self._first_word_timeout = first_word_timeout
        self._silence_timeout = silence_timeout
        self._total_timeout = total_timeout
        self._clock = clock
        self._sleep = sleep
        self._refused: set[str] = set()

    def __repr__(self) -> str:
        return f"ChatGPTChat({self._url!r}, {self._model!r})"

    def reply(self, conversation: Conversation) -> Generator[str | Ending, None, None]:
        """Pieces of text as they are written, then exactly one `Ending`; the request leaves with the first `next`.

        An answer may be empty: its `Ending` says why (`length`: all went into thinking; or `refusal`). Closing the
        generator closes the connection. Raises, also after some text:

        `Temporary`: `connect_timeout`, `first_word_timeout`, `silence_timeout`, `total_timeout`, `connection_failed`,
        `connection_lost`, `proxy_failed`, `tls_failed`, `stream_cut`, `unreadable_answer`, or the API's own code;
        `sent` when the request had left whole and nobody can tell what became of it.
        `Permanent`: the API's own code, else its type, else the status; `answer_too_big`, `no_choices`, `not_an_api`,
        `invalid_api_key`, `invalid_base_url`.
        """
        deadlines = Deadlines(self._clock, self._total_timeout)
        with closing(self._accepted(conversation, deadlines)) as response:
            try:
                yield from self._read(response, deadlines)
            except CocoAIError as error:
                error.request_id = error.request_id or request_id(response.headers)
                raise

    def _accepted(self, conversation: Conversation, deadlines: Deadlines) -> requests.Response:
        """The response that holds the answer, once all is mended that can be."""
        shortened = False
        while not _promises_an_answer(response := self._send(conversation, deadlines)):
            complaint = self._complaint(response, deadlines)
            shorter = conversation.without_oldest()
            if complaint.too_long and not shortened and shorter != conversation:
                conversation, shortened = shorter, True
            elif refused := complaint.refused_parameter(self._droppable()):
                self._refused.add(refused)
            else:
                raise complaint.error()
        return response

    def _send(self, conversation: Conversation, deadlines: Deadlines) -> requests.Response:
        """Raises without the cause: the message of an error below may quote the key."""
        body = _Body(_utf8({**self._messages(conversation), **self._parameters()}))
        deadlines.await_first_word(self._first_word_timeout)
        left = deadlines.left()
        try:
            return self._session.post(
                self._url,
                data=body,
                headers=self._headers(),
                timeout=(min(self._connect_timeout, left), left),
                stream=True,
                allow_redirects=False,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _failure(error, deadlines, sent=body.sent) from None

    def _headers(self) -> dict[str, str | bytes]:
        """The key as bytes: an odd one is then refused by the server, not by an encoder."""
        return {
            "Authorization": b"Bearer " + self._api_key.encode("utf-8", "replace"),
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # a server that compresses holds words back until it has a block
        }

    def _messages(self, conversation: Conversation) -> dict[str, Any]:
        said = [{"role": _ROLES[turn.speaker], "content": turn.text} for turn in conversation.turns]
        instructions = [{"role": "system", "content": conversation.instructions}] if conversation.instructions else []
        return {"model": self._model, "messages": instructions + said}

    def _parameters(self) -> dict[str, Any]:
        """All that is asked for beside the answer itself, as far as this model has not refused it."""
        limit = self._max_output_tokens
        wanted = {
            "max_completion_tokens": limit,
            "max_tokens": limit if "max_completion_tokens" in self._refused else None,
            "reasoning_effort": self._reasoning_effort or None,
            "store": False,
            "stream": True,
            "stream_options": None if "stream" in self._refused else {"include_usage": True},
        }
        return {name: value for name, value in wanted.items() if value is not None and name not in self._refused}

    def _droppable(self) -> set[str]:
        """Never the last limit: an answer without one could cost anything."""
        return self._parameters().keys() - {"max_tokens"}

    def _read(self, response: requests.Response, deadlines: Deadlines) -> Iterator[str | Ending]:
        reading = Reading(self._model)
        try:
            for chunk in self._chunks(response, deadlines, reading):
                text = reading.take(chunk)
                if text:
                    yield text
                self._wait_on(reading, deadlines)
        except CocoAIError as error:
            if not reading.complete:
                raise _in_the_middle(error, reading) from None
        if not reading.complete:
            raise Temporary("stream_cut", source="OpenAI", sent=True)
        yield reading.ending()

    def _chunks(self, response: requests.Response, deadlines: Deadlines, reading: Reading) -> Iterator[Chunk]:
        """A server that does not stream sends one JSON body, whatever was asked."""
        pieces = self._pieces(response, deadlines, reading)
        return iter([whole(pieces)]) if "json" in response.headers.get("Content-Type", "") else chunks(pieces)

    def _complaint(self, response: requests.Response, deadlines: Deadlines) -> Complaint:
        """What can be read of it: the status alone says a lot, so a body that is cut is no further trouble."""
        body = bytearray()
        with closing(response), suppress(Temporary):
            for piece in self._pieces(response, deadlines, Reading(self._model)):
                body += piece
                if len(body) > MAX_ERROR:
                    break
        return Complaint.in_response(response.status_code, response.headers, bytes(body))

    def _pieces(self, response: requests.Response, deadlines: Deadlines, reading: Reading) -> Iterator[bytes]:
        """The body as the network brings it, each wait bounded by what is left."""
        asked = self._clock()
        while piece := _piece(response, deadlines):
            came = self._clock()
            yield piece
            rest = came + _REST - self._clock()
            if reading.begun and not reading.complete and came - asked > _AT_ONCE and rest > 0:
                self._sleep(min(rest, deadlines.left()))
            asked = self._clock()

    def _wait_on(self, reading: Reading, deadlines: Deadlines) -> None:
        """How long the next event may take, by how far the answer is."""
        if reading.done:
            deadlines.allow_silence(_CLOSING_WAIT)
        elif reading.complete:
            deadlines.allow_silence(_USAGE_WAIT)
        elif reading.begun:
            deadlines.allow_silence(self._silence_timeout)


class _Body(io.BytesIO):
    """A request's body that knows whether it has left: whoever asks for more has handed on all before."""

    sent = False

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.sent = self.sent or not block
        return block


def _completions(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
    except ValueError:
        raise Permanent("invalid_base_url", source="OpenAI") from None
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/chat/completions"))


def _utf8(request: dict[str, Any]) -> bytes:
    """Half a surrogate pair, which Slack's JSON can smuggle in, becomes a question mark."""
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _promises_an_answer(response: requests.Response) -> bool:
    """A page with status 200 is a wrong address, or something in between that wants a person to log in."""
    return response.status_code // 100 == 2 and "html" not in response.headers.get("Content-Type", "")


def _piece(response: requests.Response, deadlines: Deadlines) -> bytes:
    """What comes next, or nothing at the end."""
    set_read_timeout(response, deadlines.left())
    try:
        piece: bytes = response.raw.read1(_BLOCK, decode_content=True)
    except urllib3.exceptions.ReadTimeoutError:
        raise deadlines.struck() from None
    except (urllib3.exceptions.HTTPError, OSError):
        raise Temporary("stream_cut", source="OpenAI", sent=True) from None
    return piece


def _in_the_middle(error: CocoAIError, reading: Reading) -> CocoAIError:
    """An error after the first words may have been billed, whatever it says."""
    if isinstance(error, Temporary):
        error.sent = error.sent or reading.begun
    return error


def _failure(error: Exception, deadlines: Deadlines, *, sent: bool) -> Temporary | Permanent:
    """What an exception of the library below means. A time-out before all was sent is a handshake's."""
    if isinstance(error, requests.Timeout):
        return deadlines.struck() if sent else Temporary("connect_timeout", source="OpenAI")
    if isinstance(error, requests.exceptions.SSLError):
        return Temporary("tls_failed", source="OpenAI", sent=sent)
    if isinstance(error, requests.exceptions.ProxyError):
        return Temporary("proxy_failed", source="OpenAI", sent=sent)
    if isinstance(error, requests.ConnectionError):
        return Temporary("connection_lost" if sent else "connection_failed", source="OpenAI", sent=sent)
    odd_key = isinstance(error, requests.exceptions.InvalidHeader)
    return Permanent("invalid_api_key" if odd_key else "invalid_base_url", source="OpenAI")
