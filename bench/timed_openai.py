"""A practice OpenAI that notes when the pieces of its answers leave it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.openai.openai_switches import OpenAISwitches as Model
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Incoming, Outgoing


class TimedOpenAI(PracticeOpenAI):
    """A practice OpenAI with its own record of times, in epoch seconds.

    `first_pieces` has, by the last word of the question, when the first words of its answer left; `ends` has when each
    answer had left as a whole, in the order in which they did.
    """

    def __init__(self, certificates: Certificates, switches: Model) -> None:
        super().__init__(certificates, switches=switches)
        self.first_pieces: dict[str, float] = {}
        self.ends: list[float] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        """Answer as the practice OpenAI does; note the times of an answer that is streamed."""
        outgoing = super().answer(incoming)
        if isinstance(outgoing.body, bytes):
            return outgoing
        question = json.loads(incoming.body)["messages"][-1]["content"]
        return replace(outgoing, body=self._timed(outgoing.body, question.split()[-1]))

    def _timed(self, pieces: Iterable[bytes], last_word: str) -> Iterator[bytes]:
        """Yield the pieces; note when the first words and the whole answer have left."""
        for piece in pieces:
            # The chunk before the first words has an empty content.
            if b'"content": "' in piece and b'"content": ""' not in piece:
                self.first_pieces.setdefault(last_word, time.time())
            yield piece
        self.ends.append(time.time())
