"""TroubleNotices: tell the operators by direct message what is wrong, once an hour at most, and when all is well again.

What they know is kept beside the troubles, in `told.json`. That a message is about to be sent is noted there before it
is, and that it was sent behind: so a message is sent once, and twice at most if its process dies in between.
While Slack takes nothing of ours nobody can be told: the log has it once an hour, and they hear of it afterwards.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cocoai.answer.options import AnswerOptions
from cocoai.answer.retry import AWAY, SILENT
from cocoai.errors import CocoAIError, Permanent
from cocoai.slack.api.api_errors import SHUT_OUT
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.thread.user_names import UserNames
from cocoai.texts import Texts
from cocoai.troubles.store import Trouble, Troubles, as_time
from cocoai.troubles.watch import OPENAI, SCOPE, SIGNATURE, SLACK

LASTING = 300.0
"""Seconds for which a trouble lasts before anybody is told: most pass by themselves."""

HOUR = 3600.0
"""Seconds between two messages about troubles, and between two lines in the log while nobody can be told."""

AGAIN = 86_400.0
"""Seconds after which operators are told again of what is wrong still."""

MOST_TRIES = 2
"""Times that a message is sent, if each time the process dies before that is known to have arrived."""

_PASSING = AWAY | SILENT | {"overloaded", "rate_limit_exceeded", "rate_limited", "server_error", "slow_down"}
"""Codes of an OpenAI that is busy or away."""

log = logging.getLogger(__name__)


@dataclass
class _Told:
    """What the operators know. `known` has each trouble that has lasted, by its source: its code, and two times.

    They are those of its first error (`since`) and of the last message about it (`told`, 0.0 for none). `at` is the
    time of the last message, `logged` that of the last line in the log; `tries` are messages that may have been sent.
    """

    known: dict[str, dict[str, Any]]
    at: float = 0.0
    logged: float = 0.0
    tries: int = 0

    @property
    def is_anything_told(self) -> bool:
        """Return True if there was a message about any of what is known."""
        return any(facts["told"] for facts in self.known.values())


class TroubleNotices:
    """The telling of one process. `waiting` returns how many jobs wait. `clock` gives seconds since the epoch."""

    def __init__(
        self,
        troubles: Troubles,
        options: AnswerOptions,
        slack: SlackChat,
        names: UserNames,
        waiting: Callable[[], int],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._troubles = troubles
        self._options = options
        self._slack = slack
        self._names = names
        self._waiting = waiting
        self._clock = clock

    def tell(self) -> None:
        """Tell the operators what has been wrong for LASTING and they do not know, or that all is well again.

        Errors are only logged: it is tried again a minute later. If what is told cannot be kept, nothing is sent.
        """
        try:
            self._tell()
        except OSError as error:
            log.warning("trouble outcome=not-told reason=%s", error)

    def _tell(self) -> None:
        """Do what tell() does; raise OSError if what is told cannot be kept."""
        now, told = self._clock(), self._read()
        current = {trouble.source: trouble for trouble in self._troubles.all()}
        for trouble in current.values():
            if trouble.source in told.known or self._is_lasting(trouble, now):
                before = told.known.get(trouble.source, {"since": trouble.since, "told": 0.0})
                told.known[trouble.source] = before | {"code": trouble.code}
        self._log(current.values(), told, now)
        if text := self._due(current, told, now):
            self._send(text, current, told, now)
        self._write(told, now)

    def _is_lasting(self, trouble: Trouble, now: float) -> bool:
        """Check whether a trouble that is not known yet has lasted for LASTING.

        An OpenAI that is busy may be well since, until somebody asks: so long as it was met, it has lasted. Of wrong
        signatures, which anybody can send who is not Slack, nobody is told more often than each AGAIN.
        """
        if trouble.source == SIGNATURE:
            at = self._troubles.told_of(SIGNATURE).read_json()
            if isinstance(at, (int, float)) and 0 <= now - at < AGAIN:
                return False
        is_passing = _text_of(trouble.source, trouble.code) == "openai_away"
        return (trouble.last if is_passing else now) - trouble.since >= LASTING

    def _log(self, current: Iterable[Trouble], told: _Told, now: float) -> None:
        """Log what is wrong for a while, and how many jobs wait, once an hour."""
        lasting = [trouble for trouble in current if trouble.source in told.known]
        if not lasting or 0 <= now - told.logged < HOUR:
            return
        told.logged = now
        for trouble in lasting:
            since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(trouble.since))
            log.error(
                "trouble source=%s code=%s since=%s jobs=%d", trouble.source, trouble.code, since, self._waiting()
            )

    def _due(self, current: Mapping[str, Trouble], told: _Told, now: float) -> str:
        """Return which message is due, the text `head` or `over`; "" if none is."""
        if SLACK in current or not told.known:
            return ""
        is_hour_over = not 0 <= now - told.at < HOUR
        if not current:  # at once only behind a message, since Slack may come and go
            return "over" if is_hour_over or told.is_anything_told else ""
        wrong = [facts for source, facts in told.known.items() if source in current]
        is_new = any(not 0 <= now - facts["told"] < AGAIN for facts in wrong)
        return "head" if is_new and is_hour_over else ""

    def _send(self, text: str, current: Mapping[str, Trouble], told: _Told, now: float) -> None:
        """Send a message to all operators, and note that if anybody has got it, or may have twice."""
        listed = [source for source in told.known if text == "over" or source in current or _is_news(source, told)]
        told.tries += 1
        is_told = told.tries > MOST_TRIES or not self._options.operators
        if not is_told:
            self._write(told, now)
            lines = {source: told.known[source] for source in listed}
            sent = [self._send_to(user, text, lines) for user in sorted(self._options.operators)]
            is_told = None in sent
            if not is_told and all(isinstance(error, Permanent) for error in sent):
                told.at = now  # such as an operator who has left: a minute later it is the same
                for facts in told.known.values():
                    facts["told"] = 0.0
        if not is_told:
            told.tries -= 1
            return
        told.tries = 0
        if text == "head" or not told.is_anything_told:
            told.at = now
        for source in listed:
            told.known[source]["told"] = now
        if SIGNATURE in listed:
            self._troubles.told_of(SIGNATURE).write_json(now)
        if text == "over":
            told.known.clear()

    def _send_to(self, user: str, text: str, wrong: Mapping[str, Mapping[str, Any]]) -> CocoAIError | None:
        """Send an operator the message with this text above what is or was wrong. Return the error, if any."""
        texts = self._options.texts_in(self._names.language(user))
        lines = [texts.troubles[text], *(_line(source, facts, texts) for source, facts in wrong.items())]
        try:
            self._slack.post_direct(user, "\n".join(lines))
        except CocoAIError as error:
            log.warning("trouble outcome=not-told reason=%s", error)
            return error
        log.info("trouble outcome=told about=%s", ",".join(wrong))
        return None

    def _read(self) -> _Told:
        """Return what the operators know; nothing, if that cannot be read."""
        facts = self._troubles.told_file.read_json()
        with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError, AttributeError):
            known = {
                str(source): {"code": str(each["code"]), "since": as_time(each["since"]), "told": as_time(each["told"])}
                for source, each in facts["known"].items()
            }
            return _Told(known, as_time(facts["at"]), as_time(facts["logged"]), int(facts["tries"]))
        return _Told({})

    def _write(self, told: _Told, now: float) -> None:
        """Keep what the operators know. The file goes once nothing was wrong for an hour: the next message may come."""
        file = self._troubles.told_file
        if told.known or 0 <= now - told.at < HOUR:
            file.write_json(vars(told))
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file.path)


def _is_news(source: str, told: _Told) -> bool:
    """Check whether Slack has refused us, and nobody could be told until now."""
    return source == SLACK and not told.known[source]["told"]


def _line(source: str, facts: Mapping[str, Any], texts: Texts) -> str:
    """Return the line that says what is wrong at a source, by the code of its newest error, and since when."""
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(facts["since"]))
    return texts.troubles[_text_of(source, facts["code"])].format(code=facts["code"], since=since)


def _text_of(source: str, code: str) -> str:
    if source == SLACK:
        return "slack" if code in SHUT_OUT or code.startswith("missing_scope") else "slack_away"
    if source == OPENAI:
        return "openai_away" if code in _PASSING or code.startswith("5") else "openai"
    return SIGNATURE if source == SIGNATURE else SCOPE
