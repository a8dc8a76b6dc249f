"""CommandReplies: reply to a use of the slash command, in words that only the person who typed it sees.

Nobody can look for such a reply: by the job's facts it is said at most once more (private_messages.py).
"""

from __future__ import annotations

import logging
import re

from cocoai.answer.note_job import NoteJobHandler
from cocoai.answer.private_messages import WORD, PrivateMessages
from cocoai.errors import Permanent
from cocoai.ledger.store import LedgerBroken
from cocoai.slack.api.response_url import SPENT
from cocoai.slack.markdown.message_layout import Shown
from cocoai.slack.model.plain_text import plain_text
from cocoai.slack.model.slash_command import SlashCommand
from cocoai.spool.job import Job
from cocoai.texts import Texts, command, language_of

_MENTION = re.compile(r"\A\s*[@＠/／]\S+")
"""A mention in front, or the command's name once more: whoever types it behind the command means us."""

_MARKS = " \t\r\n\u200b\u3000[]()<>{}`*_~|\"'“”‘’「」『』【】［］"
"""What people put around a word that they have read somewhere, as in the command's hint `[help | usage | model]`."""

log = logging.getLogger(__name__)


class CommandReplies(NoteJobHandler[SlashCommand]):
    """An object that does jobs of kind COMMAND, with what the `notes` tell."""

    def _run(self, job: Job, content: SlashCommand) -> None:
        """Reply by the command's own address, unless an earlier attempt has, and finish the job."""
        if job.last("obeyed") is None:
            outcome = "replied"
            messages = PrivateMessages(job, self._notes.slack, content.user, content.response_url)
            try:
                messages.say(WORD, Shown(self._text(content)), or_direct=False)
            except Permanent as error:
                if error.code not in SPENT:
                    raise
                outcome = "too-late"
            job.record("obeyed")
            log.info("command key=%s outcome=%s", job.key, outcome)
        self._spool.finish(job)

    def _text(self, typed: SlashCommand) -> str:
        """Return the reply (mrkdwn), in the language in which a command was typed or, beyond English, of one's Slack.

        Raise `Temporary` as the reply to a mention does.
        """
        words = plain_text(typed.text, "")
        language = language_of(words)
        # Slack's own commands are in English everywhere.
        texts = self._notes.options.texts_in("ja" if language == "ja" else self._notes.language(typed.user) or language)
        if typed.why:
            return texts.declined[typed.why]
        match command(_bare(words)):
            case "usage":
                return self._usage(typed.user, texts)
            case "model":
                return self._notes.model(texts, typed.channel)
        # An app that has the command has the entries in the menu too, and these are interactive as buttons are.
        menu = [texts.more["menu"]] if self._notes.options.buttons else []
        return "\n".join([self._notes.help(texts), *menu, texts.more["alone"]])

    def _usage(self, user: str, texts: Texts) -> str:
        """Return the usage of all and one's own; that the operator must look if the ledger cannot be read."""
        try:
            return self._notes.usage().whole(user, texts)
        except LedgerBroken as error:
            log.exception("command outcome=no-ledger reason=%s", error.reason)
            return texts.error_text("operator")


def _bare(words: str) -> str:
    """Return what was typed behind the command without a mention in front of it and without marks around it."""
    return _MENTION.sub("", words).strip(_MARKS)
