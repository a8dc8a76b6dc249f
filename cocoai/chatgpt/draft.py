"""Draft: the request of one reply, as it goes to the server next, and the repairs to it after a refusal.

A parameter that the model refuses is dropped, a conversation that is too long is shortened, and where a stream comes
empty, the answer is asked for as a whole. Pure: it sends nothing. An error that nothing repairs is raised.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cocoai.chatgpt.allowance import Allowance
from cocoai.chatgpt.api_error import ApiError
from cocoai.chatgpt.request import request_body
from cocoai.chatgpt.request_size import RequestSize, most_tokens
from cocoai.chatgpt.stream import StreamState
from cocoai.conversation import Conversation, Turn

_LEAST_OUTPUT = 64
"""Tokens below which the limit of an answer is not lowered to make a conversation fit."""


class Draft:
    """A request for an answer to `conversation` by `model`, of at most `max_output_tokens`.

    `refused` are the names of what the model has refused so far: more are added to it. With an empty
    `reasoning_effort` none is requested, and with an empty `service_tier` or `cache_key` none is named.
    """

    def __init__(
        self,
        conversation: Conversation,
        model: str,
        max_output_tokens: int,
        reasoning_effort: str,
        refused: set[str],
        *,
        service_tier: str = "",
        cache_key: str = "",
    ) -> None:
        self._conversation = conversation
        self._model = model
        self._limit = max_output_tokens
        self._reasoning_effort = reasoning_effort
        self._refused = refused
        self._service_tier = service_tier
        self._cache_key = cache_key
        self._is_whole = False
        self._is_shorter = False

    def body(self) -> bytes:
        """Return the request's JSON."""
        conversation = self._conversation
        if "neighbours" in self._refused:
            conversation = replace(conversation, turns=_alternating(conversation.turns))
        if "system" in self._refused:
            conversation = _without_system(conversation)
        return request_body(conversation, self._model, self._parameters())

    def size(self) -> RequestSize:
        """Return how large the request is, in tokens, at most and about."""
        conversation = self._conversation
        return RequestSize(
            self._model,
            most_input=most_tokens(conversation, self._model),
            estimated_input=conversation.estimated_tokens(),
            most_output=self._limit,
            has_tier="service_tier" in self._parameters(),
        )

    def new_state(self) -> StreamState:
        """Return the state to read the answer with."""
        estimated = self._conversation.estimated_tokens() if self._conversation.is_text else 0
        return StreamState(self._model, estimated, Allowance(self._limit))

    def ask_for_whole(self) -> bool:
        """Do without a stream from now on, for this reply only; return False if there was none."""
        was_streamed = "stream" in self._parameters()
        self._is_whole = True
        return was_streamed

    def amend(self, error: ApiError) -> None:
        """Repair the request after the server's `error`; raise `Temporary` or `Permanent` if that cannot be.

        If it is too long, it loses the older half of its turns, until the question alone is left. A parameter that the
        model refuses is never sent to it again, and neither are messages in a form that its chat template refuses.
        """
        if error.is_too_long:
            self._shorten(error)
            return
        if self._conversation.has_attachments and error.refuses_attachment:
            raise error.to_exception("attachment")
        refused = error.refused_form or error.refused_parameter(self._droppable())
        if not refused or refused in self._refused:
            raise error.to_exception()
        self._refused.add(refused)

    def _shorten(self, error: ApiError) -> None:
        """Drop the older half of the turns, and halve the limit of the answer too where that counts for the length.

        The limit is left alone the first time: most often the thread is what is too long. If the limit alone is, the
        turns stay. Raise `Permanent` if nothing can be shortened any more.
        """
        is_limit = error.wants_a_lower_limit
        shorter = self._conversation if is_limit else self._conversation.without_oldest()
        is_alone = shorter == self._conversation
        limit = self._limit
        if error.counts_the_answer and (is_alone or self._is_shorter):
            limit = max(limit // 2, min(limit, _LEAST_OUTPUT))
        if is_alone and limit == self._limit:
            raise error.to_exception("context_length_exceeded")
        self._conversation, self._limit, self._is_shorter = shorter, limit, True

    def _parameters(self) -> dict[str, Any]:
        """Return the parameters beside `model` and `messages`, without those that this model has refused so far.

        Once `max_completion_tokens` is refused, `max_tokens`, its older name, takes its place.
        """
        left_out = self._refused | {"stream"} if self._is_whole else self._refused
        wanted = {
            "max_completion_tokens": self._limit,
            "max_tokens": self._limit if "max_completion_tokens" in left_out else None,
            "prompt_cache_key": self._cache_key or None,
            "reasoning_effort": self._reasoning_effort or None,
            "service_tier": self._service_tier or None,
            "store": False,  # OpenAI keeps nothing of the conversation
            "stream": True,
            # Without it a stream has no usage, and without `stream` it is not allowed.
            "stream_options": None if "stream" in left_out else {"include_usage": True},
        }
        return {name: value for name, value in wanted.items() if value is not None and name not in left_out}

    def _droppable(self) -> set[str]:
        """Return the names of the parameters that may be left out once refused.

        `max_tokens` is never one of them: it bounds the cost.
        """
        return self._parameters().keys() - {"max_tokens"}


def _alternating(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Return the turns with those in a row of one speaker joined to one, and without one of the model's in front."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].speaker == turn.speaker:
            last = joined[-1]
            joined[-1] = Turn(turn.speaker, f"{last.text}\n\n{turn.text}", last.attachments + turn.attachments)
        elif joined or turn.speaker == "asker":
            joined.append(turn)
    return tuple(joined)


def _without_system(conversation: Conversation) -> Conversation:
    """Return the conversation with its instructions in front of its first turn of the asker, not before all turns."""
    if not conversation.instructions:
        return conversation
    turns = list(conversation.turns)
    first = next(index for index, turn in enumerate(turns) if turn.speaker == "asker")
    turns[first] = replace(turns[first], text=f"{conversation.instructions}\n\n{turns[first].text}")
    return Conversation("", tuple(turns))
