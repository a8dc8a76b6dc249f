"""Decide which buttons stand under a message of a reply, and in which words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cocoai.answer.attempt import Attempt
from cocoai.answer.options import AnswerOptions
from cocoai.chatgpt.stream import UNKNOWN
from cocoai.slack.markdown.message_layout import Button, Confirm, Shown
from cocoai.slack.model.click import Action
from cocoai.slack.model.footer_block import with_footer

UNDER: Mapping[str, tuple[Action, ...]] = {
    "placeholder": ("stop",),
    "answer": ("again", "delete", "up", "down"),
    "error": ("again", "delete"),
}
"""The actions of the buttons under a message, by the message's kind; under other kinds there are none."""


CUT = ("length", UNKNOWN)
"""The `finish` of an answer that lacks its rest, and of one that may: *Go on* stands under it, first in the row."""


class ReplyButtons:
    """The buttons of one attempt's reply; none at all if the settings switch buttons off."""

    def __init__(self, attempt: Attempt, options: AnswerOptions) -> None:
        self._attempt = attempt
        self._are_on = options.buttons

    def under(self, kind: str) -> list[Button]:
        """Return the buttons under a message of this kind; *Go on* is one under an answer that was cut.

        The value of each is the question's key and asker, separated by a space.
        """
        if not self._are_on:
            return []
        texts, question = self._attempt.texts, self._attempt.question
        value, words = f"{question.key} {question.user}", texts.buttons
        confirm = {"delete": Confirm(words["delete_title"], words["delete_confirm"], words["cancel"])}
        actions = UNDER.get(kind, ())
        if kind == "answer" and self._is_cut() and not question.is_task:
            actions = ("continue", *actions)
        return [Button(it, words[it], value, texts.labels[it], confirm.get(it)) for it in actions]

    def footed(self, shown: Shown, kind: str) -> Shown:
        """Return `shown` with these buttons under it, the bin for the asker alone, who alone may delete."""
        return with_footer(shown, self.under(kind), self._attempt.question.user)

    def _is_cut(self) -> bool:
        """Check whether the answer has words and may lack more: an empty one would only end empty again."""
        answer = self._attempt.job.last("answer") or {}
        return answer.get("finish") in CUT and bool(str(answer.get("text", "")).strip())
