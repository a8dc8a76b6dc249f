"""ReplyText: what the asker reads of an answer.

Words of a sound that take more than one message go into the thread as a text file, before the reply that tells of it.
They are in the `answer` fact by then, so that a killed process loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cocoai.answer.attempt import Attempt
from cocoai.answer.ears import Ears
from cocoai.answer.heard import beginning
from cocoai.answer.model_call import IN_FILE, PICTURE, TRANSCRIBED, answer_text
from cocoai.answer.options import AnswerOptions
from cocoai.answer.tasks import Tasks
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.model.plain_text import unescaped
from cocoai.spool.job import Fact
from cocoai.texts import Texts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReplyText:
    """What one process needs to word its replies. `sleep` waits for a number of seconds."""

    options: AnswerOptions
    slack: SlackChat
    ears: Ears
    tasks: Tasks
    sleep: Callable[[float], None]

    def of(self, attempt: Attempt, answer: Fact, *, as_text: bool) -> str:
        """Return what the asker reads of an `answer` fact, as Markdown; it is never empty.

        Of the words of a sound that take more than one message it is the beginning, once all of them stand in the
        thread as a file. Where Slack takes none it is all of them. For a reply `as_text`, which has no buttons, no file
        is sent. *Go on* is named only where it stands: not under a task's reply.

        Raise `Temporary` if Slack is in trouble, StoreError if the file cannot be recorded.
        """
        has_buttons = self.options.buttons and not (as_text or attempt.question.is_task)
        text = self._text(attempt, answer, has_buttons=has_buttons)
        if answer.get("finish") != TRANSCRIBED:
            return text
        is_sent = attempt.job.last("shared") is not None
        if not (is_sent or as_text) and len(self.options.layout.parts(text)) > 1:
            is_sent = self._sent(attempt, answer["text"])
        if not is_sent:
            return text
        in_file = {**answer, "text": beginning(answer["text"]), "finish": IN_FILE}
        return self._text(attempt, in_file, has_buttons=has_buttons)

    def _sent(self, attempt: Attempt, words: str) -> bool:
        """Bring the words into the thread as a text file; return False if Slack takes none."""
        # Most processes never need it.
        from cocoai.answer.thread_file import bring_into_thread, file_name
        from cocoai.slack.api.thread_upload import OutgoingFile

        name, title = file_name(attempt.question, "transcript.txt"), attempt.texts.speech["title"]
        file = OutgoingFile(f"{words}\n".encode("utf-8", "replace"), name, title)
        try:
            bring_into_thread(self.slack, attempt, file, self.sleep)
        except Permanent as error:
            log.warning("answer key=%s outcome=no-file reason=%s", attempt.job.key, error)
            return False
        return True

    def _text(self, attempt: Attempt, answer: Fact, *, has_buttons: bool) -> str:
        texts = attempt.texts
        is_told = answer.get("finish") in (TRANSCRIBED, IN_FILE)
        quoted = self.tasks.quoted(attempt, answer) or self.ears.quoted(answer.get("heard", ()), texts, is_told=is_told)
        sources = self._sources(attempt, answer)
        return answer_text(answer, texts, self._cost_note(answer, texts), quoted, sources, has_buttons=has_buttons)

    def _sources(self, attempt: Attempt, answer: Fact) -> str:
        """Return the line of the passages that an answer cites; "" if it cites none, or there were none."""
        material = attempt.job.last("material")
        if not (material and material.get("passages")):
            return ""
        from cocoai.answer.sources_line import sources_line

        return sources_line(str(answer["text"]), material, attempt.texts)

    def _cost_note(self, answer: Fact, texts: Texts) -> str:
        """Return the note that says what an answer cost and which model wrote it; "" unless the settings want it."""
        bill = answer.get("bill")
        if not (self.options.money.shows_cost and bill):
            return ""
        from cocoai.answer.money_text import money

        cost = unescaped(money(bill["spent"], texts, self.options.money.yen_rate, is_fine=True))
        if answer.get("finish") == PICTURE:  # its words name the model, and what another has worded is in the cost
            return texts.usage["picture_cost"].format(cost=cost)
        return texts.usage["cost"].format(cost=cost, model=bill["model"] or answer["model"])
