"""AskForms: show the form in which somebody types a question about a message, and say in it why it cannot be sent off.

A form can be opened for 3 seconds after its shortcut was used, so that waits for no slot: a short process makes the one
call of Slack's. What it cannot do is told by a job.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from cocoai import config
from cocoai.connections import Connections
from cocoai.engine.process.scoreboard import Scoreboard
from cocoai.engine.process.short_process import ShortProcesses
from cocoai.errors import CocoAIError
from cocoai.json_values import text_at
from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.api.open_form import open_form
from cocoai.slack.inbound.shortcuts import FormRefused
from cocoai.slack.markdown.message_layout import Block, context, plain_text
from cocoai.slack.model import plain_text as slack_text
from cocoai.slack.model.ask_form import ACTION_ID, BLOCK_ID, CALLBACK_ID, LONGEST_QUESTION, form_metadata
from cocoai.slack.model.shortcut import FormTrouble, Shortcut
from cocoai.slack.thread.user_names import UserNames
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError
from cocoai.texts import Texts, TextsByLanguage, language_of

MOST_FORMS = 4
"""Forms that are being opened at one time."""

SECONDS = 3.0
"""Seconds after which a process that opens one is ended: then its trigger_id is dead."""

PROCESS = "cocoai-modal"
"""The name of a process that opens one."""

OPENED = "exchanged_trigger_id"
"""Slack's code for a trigger_id that has opened a form already: the same request has come twice, to two machines."""

MOST_QUOTED = 150
"""Characters of the message that the form shows."""

MOST_TITLE = 24
"""Characters of a form's title, and of its buttons, that Slack takes."""

log = logging.getLogger(__name__)


class Waker(Protocol):
    """The starter of job processes: the spool's `Runner`."""

    def wake(self) -> None:
        """Start a process for a job that was just put into the spool, if one more may run. Do not wait for it."""


@dataclass(frozen=True)
class AskForms:
    """The forms of all workers, made before they are forked. `connect` makes a connection to Slack.

    `kept_language(user)` returns the language in which a person uses Slack, as far as that is known without asking.
    """

    spool: Spool
    waker: Waker
    processes: ShortProcesses
    connect: Callable[[], SlackCalls]
    phrases: TextsByLanguage
    kept_language: Callable[[str], str]

    def open(self, shortcut: Shortcut) -> None:
        """Show the form to whoever has used the shortcut, from a process of its own; do not wait for it.

        With MOST_FORMS of them under way, whoever comes next is told to try again.
        """
        if not self.processes.start(partial(self._open, shortcut)):
            self._tell(shortcut, "busy")

    def refusal(self, refused: FormRefused) -> bytes:
        """Return the JSON of a response that keeps the form open, and shows under its field why it is refused."""
        texts = self._texts(refused.user, refused.text)
        if refused.why == "limited":
            words = texts.too_many.format(seconds=refused.seconds)
        else:
            words = texts.declined.get(refused.why) or texts.ask[refused.why]
        return json.dumps({"response_action": "errors", "errors": {BLOCK_ID: words}}).encode()

    def view(self, shortcut: Shortcut) -> dict[str, Any]:
        """Return the form as a view of Slack's, which shows how the message begins that it is about."""
        message = shortcut.message or {}
        words = slack_text.plain_text(text_at(message, "shown") or text_at(message, "text"), None)
        texts = self._texts(shortcut.user, words)
        titles = {name: plain_text(texts.ask[key], MOST_TITLE) for name, key in _TITLES.items()}
        blocks = [*_about(texts, words), _field(texts), context(texts.ask["public"])]
        carried = form_metadata(shortcut)
        return {"type": "modal", "callback_id": CALLBACK_ID, "private_metadata": carried, **titles, "blocks": blocks}

    def _open(self, shortcut: Shortcut) -> None:
        """Show the form, in the process that was forked for it."""
        try:
            open_form(self.connect(), shortcut.trigger_id, self.view(shortcut))
        except CocoAIError as error:
            log.warning("shortcut key=%s outcome=no-form reason=%s", shortcut.key, error)
            if error.code != OPENED:
                self._tell(shortcut, "form")

    def _tell(self, shortcut: Shortcut, why: FormTrouble) -> None:
        """Put a job that tells the person that there is no form, and why."""
        refused = shortcut.refused(why)
        try:
            self.spool.put(refused.key, refused.facts())
        except StoreError:
            log.exception("shortcut key=%s outcome=not-kept", shortcut.key)
        else:
            self.waker.wake()

    def _texts(self, user: str, text: str) -> Texts:
        """Return the texts in a person's language, or in that of a text if the person's is not known."""
        return self.phrases.in_language(self.kept_language(user) or language_of(text))


def ask_forms(
    settings: config.Settings,
    spool: Spool,
    waker: Waker,
    scoreboard: Scoreboard,
    connections: Connections,
    phrases: TextsByLanguage,
) -> AskForms:
    """Return the forms, from the settings. Open nothing."""
    var = settings.paths.var
    locks = os.path.join(var, "locks")
    processes = ShortProcesses(locks, "modal", PROCESS, scoreboard, number=MOST_FORMS, seconds=SECONDS)
    names = UserNames(os.path.join(var, "people"), _not_asked)
    return AskForms(spool, waker, processes, connections.form_calls, phrases, names.kept_language)


def _not_asked(_user: str) -> str:
    return ""


_TITLES = {"title": "title", "submit": "send", "close": "close"}
"""The parts of a view that are titles, and the names of their texts."""


def _about(texts: Texts, words: str) -> list[Block]:
    """Return what the form shows of the message: how it begins; nothing if it has no words."""
    quoted = slack_text.escaped(slack_text.shortened(" ".join(words.split()), MOST_QUOTED))
    return [context(f"{texts.ask['about']} {quoted}")] if quoted else []


def _field(texts: Texts) -> Block:
    """Return the form's only field."""
    element = {
        "type": "plain_text_input",
        "action_id": ACTION_ID,
        "multiline": True,
        "max_length": LONGEST_QUESTION,
        "focus_on_load": True,
        "placeholder": plain_text(texts.ask["hint"], 150),
    }
    return {"type": "input", "block_id": BLOCK_ID, "label": plain_text(texts.ask["label"], 2000), "element": element}
