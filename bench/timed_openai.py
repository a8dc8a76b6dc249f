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

    `starts` and `first_pieces` have, by the last word of the question, when its last request came and when the first
    words of its answer left; `ends` has when each answer had left as a whole, in the order in which they did, and
    `lengths` how many seconds after its request that was.
    """

    def __init__(self, certificates: Certificates, switches: Model) -> None:
        super().__init__(certificates, switches=switches)
        self.starts: dict[str, float] = {}
        self.first_pieces: dict[str, float] = {}
        self.ends: list[float] = []
        self.lengths: list[float] = []

    def answer(self, incoming: Incoming) -> Outgoing:
        """Answer as the practice OpenAI does; note the times of an answer that is streamed."""
        start = time.time()
        outgoing = super().answer(incoming)
        if isinstance(outgoing.body, bytes):
            return outgoing
        last_word = json.loads(incoming.body)["messages"][-1]["content"].split()[-1]
        self.starts[last_word] = start
        return replace(outgoing, body=self._timed(outgoing.body, last_word, start))

    def _timed(self, pieces: Iterable[bytes], last_word: str, start: float) -> Iterator[bytes]:
        """Yield the pieces; note when the first words and the whole answer have left."""
        for piece in pieces:
            # The chunk before the first words has an empty content.
            if b'"content": "' in piece and b'"content": ""' not in piece:
                self.first_pieces.setdefault(last_word, time.time())
            yield piece
        self.ends.append(time.time())
        self.lengths.append(self.ends[-1] - start)
