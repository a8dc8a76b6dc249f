"""The practice OpenAI's two endpoints for pictures: POST /images/generations (JSON) and /images/edits (a form)."""

from __future__ import annotations

from collections.abc import Callable

from cocoai.rehearsal.openai.billing import PracticeBooks
from cocoai.rehearsal.openai.completion_request import parse_json
from cocoai.rehearsal.openai.image_answer import bill_of, body_of, moderated
from cocoai.rehearsal.openai.image_request import ImageRequest, read_drawing, read_edit
from cocoai.rehearsal.openai.multipart import FormPart, parts_of
from cocoai.rehearsal.openai.openai_faults import OpenAIFault, OpenAIFaults
from cocoai.rehearsal.openai.openai_replies import INSTEAD, JSON, OpenAIReply, no_credit
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches
from cocoai.rehearsal.practice_server import Incoming, Outgoing

DRAW, EDIT = "/v1/images/generations", "/v1/images/edits"

FORBIDDEN = "forbidden"
"""A word in a prompt that the moderation blocks, so that a person at the page can see what that looks like."""


class ImageEndpoint:
    """Draws pictures, and puts what they cost on `books`. `clock` gives epoch seconds. `faults` are those to come."""

    def __init__(self, books: PracticeBooks, clock: Callable[[], float]) -> None:
        self.faults = OpenAIFaults()
        self._books = books
        self._clock = clock

    def reply(self, incoming: Incoming, switches: OpenAISwitches) -> OpenAIReply:
        """Return the response to a request, with the fault due next, if any.

        Raise `OpenAIApiError` if the request is refused. One that moderation blocks is billed for its input.
        """
        fault = self.faults.take()
        if fault and fault.kind in INSTEAD:
            return INSTEAD[fault.kind](fault)
        if not switches.credit:
            return no_credit(OpenAIFault("no credit"))
        parts = parts_of(incoming.headers.get("content-type", ""), incoming.body) if incoming.path == EDIT else []
        request = read_edit(parts, switches) if parts else read_drawing(parse_json(incoming.body), switches)
        is_blocked = FORBIDDEN in request.prompt or (fault is not None and fault.kind == "moderated")
        self._books.add(bill_of(request, is_refused=is_blocked))
        if is_blocked:
            raise moderated()
        return self._drawn(request, parts, fault, switches)

    def _drawn(
        self, request: ImageRequest, parts: list[FormPart], fault: OpenAIFault | None, switches: OpenAISwitches
    ) -> OpenAIReply:
        picture = body_of(request, int(self._clock()), fault, switches.picture_padding)
        silence = fault.seconds if fault and fault.kind == "silent" else switches.picture_delay
        form = {each.name: each.text for each in parts if not each.filename} if parts else None
        outcome = fault.kind if fault else "ok"
        return OpenAIReply(outcome, Outgoing(body=picture, headers=JSON), silence, request.attached, body=form)
