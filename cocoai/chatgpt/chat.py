"""ChatGPTChat: send a conversation to OpenAI's chat API, and return the answer as it is written.

It keeps the deadlines, and sends a request again as long as draft.py can repair it before the answer begins. All other
errors are raised: whether to ask again is the caller's decision. It knows nothing of Slack, nor of where a conversation
comes from.

Source: OpenAI's API reference, POST /chat/completions; other servers speak the same API with small differences.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.client import HTTPException

from cocoai.chatgpt.answer_reader import AnswerReader
from cocoai.chatgpt.api_error import ApiError, request_id
from cocoai.chatgpt.chunk import Chunk, Usage
from cocoai.chatgpt.deadlines import Deadlines
from cocoai.chatgpt.draft import Draft
from cocoai.chatgpt.request_recorder import NoRecord, RequestRecorder
from cocoai.chatgpt.stream import INTERRUPTED, AnswerPieces, Ending, Interruption
from cocoai.chatgpt.transport import bearer, method_url, read_error, translated
from cocoai.conversation import Conversation
from cocoai.engine.client.body import Interrupted
from cocoai.engine.client.client import HttpClient, PendingResponse, StreamedResponse
from cocoai.errors import CocoAIError, Permanent

__all__ = ["AnswerPieces", "ChatGPTChat", "Ending", "Usage"]

_NO_RECORD = NoRecord()


class ChatGPTChat:
    """Sends conversations to the models at one address, for one process and one thread.

    It remembers which parameters each model refuses. `base_url` is that of any server that speaks this API; its path is
    kept, with a trailing slash or without. `model` is the server's own name for the default model. `max_output_tokens`
    includes the reasoning. With an empty `reasoning_effort` or `service_tier` none is requested. The time-outs are in
    seconds: until the connection is established; from sending to the first word; between the events of the stream after
    that; in total. `clock` is monotonic.
    """

    def __init__(
        self,
        client: HttpClient,
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
        service_tier: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._url = method_url(base_url, "/chat/completions")
        self._api_key = api_key
        self._model = model
        self._max_output_tokens = max_output_tokens
        self._reasoning_effort = reasoning_effort
        self._connect_timeout = connect_timeout
        self._first_word_timeout = first_word_timeout
        self._silence_timeout = silence_timeout
        self._total_timeout = total_timeout
        self._service_tier = service_tier
        self._clock = clock
        self._refused: dict[str, set[str]] = {}

    def __repr__(self) -> str:
        return f"ChatGPTChat({self._url!r}, {self._model!r})"

    def reply(
        self,
        conversation: Conversation,
        *,
        model: str = "",
        wakeup: int | None = None,
        patience: float = math.inf,
        cache_key: str = "",
        recorder: RequestRecorder = _NO_RECORD,
    ) -> AnswerPieces:
        """Yield pieces of text as they are written, then exactly one `Ending`; the first `next` sends the request.

        `model` is used instead of the default one. A caller may `send` the seconds for which it needs no further text:
        so long text is gathered, but the end of the answer is yielded at once. INTERRUPTED is yielded if nothing has
        come by then, and when `wakeup`, a descriptor, becomes readable during a wait: the caller can look around, drain
        the descriptor, and go on or close. It is yielded once, too, in the first wait that `patience` seconds after the
        start come to. Behind a proxy both are ignored until the response begins. The `recorder` is told of each request
        before it leaves, and of each for which the model did not run. Conversations with the same `cache_key` may find
        what they have in common in the server's cache.

        An answer may be empty: its `Ending` says why (`length`: the reasoning took all tokens; `stop`: the model wrote
        nothing; or a refusal). Closing the generator closes the connection. Raise these errors, also after some text:

        `Temporary`: `connect_timeout`, `first_word_timeout`, `silence_timeout`, `total_timeout`, `connection_failed`,
        `connection_lost`, `proxy_failed`, `tls_failed`, `stream_cut`, `stream_unfinished`, `unreadable_answer`,
        `empty_answer`, `unknown_ending`, or the API's own code.
        `Permanent`: the API's own code, else its type, else the status; `answer_too_big`, `no_choices`, `not_an_api`,
        `invalid_api_key`, `invalid_base_url`; and `attachment`, `refused` and `context_length_exceeded` for all the
        codes by which it refuses an attachment, a question, or so much text, with its own code as `their_code`.
        Either is `sent` if the model may have run, and be billed.
        """
        deadlines = Deadlines(self._clock, self._total_timeout, patience)
        model = model or self._model
        refused = self._refused.setdefault(model, set())
        draft = Draft(
            conversation,
            model,
            self._max_output_tokens,
            self._reasoning_effort,
            refused,
            service_tier=self._service_tier,
            cache_key=cache_key if self._service_tier else "",  # both are OpenAI's own
        )
        del conversation  # its attachments need not stay in memory while the answer is written
        response, reader = yield from self._accepted(draft, deadlines, wakeup, recorder)
        del draft
        with response, _traced(response, recorder):
            yield from reader.pieces()

    def _accepted(
        self, draft: Draft, deadlines: Deadlines, wakeup: int | None, recorder: RequestRecorder
    ) -> Generator[Interruption, float | None, tuple[StreamedResponse, AnswerReader]]:
        """Send the request until its answer begins, each time without what the server has refused.

        Where a stream is empty, the request is sent once more without `stream`: only then some servers tell what is the
        matter. Return the response and the reader of its answer. Yield INTERRUPTED for each interrupted wait. Raise
        `Temporary` or `Permanent` if there is no answer and nothing can be repaired.
        """
        while True:
            response = yield from self._send(draft, deadlines, wakeup, recorder)
            if response.status // 100 != 2:
                error = read_error(response, deadlines)
            else:
                response.body.wakeup = wakeup
                reader = AnswerReader(response, draft.new_state(), deadlines, self._silence_timeout)
                with ExitStack() as unless_begun, _traced(response, recorder):
                    unless_begun.push(response)
                    first = yield from reader.opening()
                    if first and not first.is_error:
                        unless_begun.pop_all()
                        return response, reader
                error = _error_of(first, response)
                if first is None and error.in_stream and draft.ask_for_whole():
                    continue
            if not error.may_have_run:
                recorder.unasked(str(error.to_exception()))
            draft.amend(error)

    def _send(
        self, draft: Draft, deadlines: Deadlines, wakeup: int | None, recorder: RequestRecorder
    ) -> Generator[Interruption, float | None, StreamedResponse]:
        """Send the request and return the response, whatever its status; yield INTERRUPTED for each interrupted wait.

        Raise `Temporary` or `Permanent` if there is no response, and whatever `recorder.asked` raises.
        """
        body = draft.body()
        deadlines.await_first_word(self._first_word_timeout)
        left = deadlines.left()  # the response is awaited as long as the first word
        timeout = (min(self._connect_timeout, left), left)
        recorder.asked(draft.size())
        try:
            pending = self._client.post_streamed(self._url, body, self._headers(), timeout)
            del body  # it may be large, and the model may think for long
            return (yield from _await_response(pending, deadlines, wakeup))
        except (OSError, HTTPException, ValueError, Permanent) as error:
            failure = translated(error, deadlines)
        if not failure.sent:
            recorder.unasked(str(failure))
        # Raised outside of the handler, so that it does not name its cause: that may quote the key.
        try:
            raise failure
        finally:
            del failure  # it refers to this frame, and the two would keep the connection until a collection

    def _headers(self) -> dict[str, str | bytes]:
        """Return the request's headers."""
        return {
            "Authorization": bearer(self._api_key),
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",  # a server that compresses holds words back until it has a block
        }


def _await_response(
    pending: PendingResponse, deadlines: Deadlines, wakeup: int | None
) -> Generator[Interruption, float | None, StreamedResponse]:
    """Wait for the response and return it; yield INTERRUPTED for each wait that `wakeup`, or the patience, has ended.

    If the wait fails, or this generator is closed, the pending request is closed too.
    """
    with ExitStack() as on_error:
        on_error.callback(pending.close)
        while True:
            try:
                response = pending.response(deadlines.left(), wakeup, deadlines.patience())
            except Interrupted:
                deadlines.note_interruption()
                yield INTERRUPTED
            else:
                on_error.pop_all()
                return response


@contextmanager
def _traced(response: StreamedResponse, recorder: RequestRecorder) -> Iterator[None]:
    """Add the request's id to each error that is raised inside, and tell the recorder if the model did not run.

    As a context manager, which passes the error on.
    """
    try:
        yield
    except CocoAIError as error:
        error.request_id = error.request_id or request_id(response.headers)
        if not error.sent:
            recorder.unasked(str(error))
        raise


def _error_of(first: Chunk | None, response: StreamedResponse) -> ApiError:
    """Return the error with which an answer begins; for one without any event, `empty_answer`, or that of a page."""
    error = first.error if first else None
    if error is None and "html" in response.headers.get("content-type", ""):
        error = ApiError(response.status)
    error = error or ApiError(0, code="empty_answer", in_stream=True)
    return replace(error, request_id=request_id(response.headers))
