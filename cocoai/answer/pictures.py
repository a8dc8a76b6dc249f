"""Pictures: tell whether a question asks for a picture, and have it drawn. What draws is loaded only then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.answer.paid_requests import Books
from cocoai.answer.prompt import PromptBuilder
from cocoai.answer.reply import Reply
from cocoai.answer.stops import StopRequests
from cocoai.chatgpt.chat import ChatGPTChat
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.plain_text import plain_text
from cocoai.spool.files import DRAWING
from cocoai.spool.job import Fact, Job
from cocoai.spool.spool import Spool
from cocoai.texts import split_model_prefix

if TYPE_CHECKING:
    from cocoai.chatgpt.pictures import ChatGPTPictures
    from cocoai.texts.picture_requests import PictureRequest

MOVING = 300.0
"""Seconds more that a job may take where it may have a file: to bring that to Slack, twice, and to word a picture."""


def cannot_draw() -> ChatGPTPictures:
    """Raise `Permanent`: there is no model that draws."""
    raise Permanent("images_off")


def load_what_draws() -> None:
    """Import what a picture needs, so that the processes that are forked later share it."""
    import cocoai.answer.drawing
    import cocoai.answer.picture_words
    import cocoai.texts.picture_requests  # noqa: F401


@dataclass(frozen=True)
class Pictures:
    """What one process needs to draw. `draw` makes the connection to the models that do; `sleep` is in seconds."""

    spool: Spool
    options: AnswerOptions
    slack: SlackChat
    chatgpt: ChatGPTChat
    books: Books
    prompts: PromptBuilder
    stops: StopRequests
    draw: Callable[[], ChatGPTPictures] = cannot_draw
    sleep: Callable[[float], None] = time.sleep

    def answer(self, attempt: Attempt, reply: Reply) -> Fact | None:
        """Draw what the question asks for, and return the `answer` fact; None if it asks for no picture.

        Raise as Drawing.answer() does.
        """
        request = None if attempt.question.is_about_message else self._request(attempt)
        if request is None:
            return None
        from cocoai.answer.drawing import Drawing
        from cocoai.answer.picture_words import PictureWords

        words = PictureWords(self.chatgpt, self.prompts, self.books)
        drawing = Drawing(
            self.spool, self.options, self.slack, self.books, self.prompts, self.stops, words, self.draw, self.sleep
        )
        return drawing.answer(attempt, reply, request)

    def _request(self, attempt: Attempt) -> PictureRequest | None:
        """Return the picture that is asked for: what an earlier run took it for, else by the question's words."""
        begun = attempt.job.last(DRAWING)
        # One that was drawn goes on its way, though pictures have been switched off meanwhile.
        if self.options.images is None and not (begun and is_drawn(attempt.job)):
            return None
        from cocoai.texts.picture_requests import PictureRequest, picture_request

        if begun:
            return PictureRequest(begun["text"], begun["is_redraw"], begun["refers"])
        text = plain_text(attempt.question.text, self.prompts.own_user())
        return picture_request(split_model_prefix(text, self.options.personas.models())[1])


def is_drawn(job: Job) -> bool:
    """Check whether the job has a picture that was paid."""
    return job.last("picture") is not None
