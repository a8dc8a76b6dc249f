"""HeldAnswers: answers of the model that come when a test says so, so that no test races against them."""

from __future__ import annotations

import threading

from tests.processes import PATIENCE


class HeldAnswers:
    """Answers for `OpenAISwitches.answer`, all of one text: none comes while `let_go` is not set.

    `asked` are the questions in the order of arrival. Only those that contain `words` are held.
    """

    def __init__(self, text: str = "Yes.", *, words: str = "") -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()
        self._text = text
        self._words = words

    def __call__(self, question: str) -> str:
        """Return the text, as soon as it may be given."""
        self.asked.append(question)
        if self._words in question:
            self.let_go.wait(PATIENCE)
        return self._text
