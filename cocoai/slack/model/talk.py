"""Talk: what has happened in a thread in which CocoAI was asked, which tells to whom the next line is put.

It lies in the thread's mark, in the spool. It is worth no failure: if it cannot be noted, that is only logged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cocoai.json_values import text_at
from cocoai.slack.model.question import Question
from cocoai.spool.spool import Spool
from cocoai.spool.store_error import StoreError

_QUESTION_AT_END = re.compile(r"(?:[?？]|か|ください|下さい|教えて|お知らせを?)[\s。.！!）)」*_~]*\Z")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Talk:
    """The talk in a thread so far; of what is not known, nothing has happened.

    `asker` is the last asker's id, "" if it is unknown. `has_others`: somebody else has written in the thread.
    `is_ours`: nothing was said among people since CocoAI was last asked, or has answered. `asks`: its last answer ends
    with a question. `language` is that of the last words there: `ja`, `en`, or "".
    """

    asker: str = ""
    has_others: bool = False
    is_ours: bool = True
    asks: bool = False
    language: str = ""

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Talk:
        """Return the talk that `facts()` of this or another version has written."""
        language = text_at(facts, "language")
        return cls(
            asker=text_at(facts, "asker"),
            has_others=facts.get("has_others") is True,
            is_ours=facts.get("is_ours") is not False,
            asks=facts.get("asks") is True,
            language=language if language in ("ja", "en") else "",
        )

    def facts(self) -> dict[str, Any]:
        """Return the talk as a dict for JSON, with a key for each field."""
        return dict(vars(self))

    def asked(self, user: str) -> Talk:
        """Return the talk after this user has put a question to us."""
        return Talk(user, has_others=self.has_others or self._is_another(user), language=self.language)

    def overheard(self, user: str) -> Talk:
        """Return the talk after this user has written a line to somebody else."""
        return replace(self, has_others=self.has_others or self._is_another(user), is_ours=False)

    def answered(self, *, asks: bool, has_others: bool, language: str = "") -> Talk:
        """Return the talk after our answer, which may end with a question; `has_others` as the thread shows it.

        `language` is the question's, "" if it had no words.
        """
        others = self.has_others or has_others
        return replace(self, has_others=others, is_ours=True, asks=asks, language=language or self.language)

    def _is_another(self, user: str) -> bool:
        return user != (self.asker or user)


def place(question: Question) -> tuple[str, str]:
    """Return the channel and the thread_ts of the mark of a question's talk: "" for a direct message's own box."""
    return question.channel, "" if question.is_in_box else question.thread_ts


def note_talk(spool: Spool, channel: str, thread_ts: str, change: Callable[[Talk], Talk]) -> None:
    """Change what is noted of the talk in a thread, as `change` says."""
    try:
        spool.note(channel, thread_ts, lambda facts: change(Talk.from_facts(facts)).facts())
    except StoreError:
        log.exception("thread channel=%s ts=%s outcome=not-noted", channel, thread_ts)


def ends_with_question(text: str) -> bool:
    """Check whether an answer of the model's ends with a question, or with a request to tell something."""
    return bool(_QUESTION_AT_END.search(text[-40:]))
