"""Tell the asker privately that Slack lets no reply be posted where the question was asked.

An archived or read-only channel, or one that we were removed from, refuses our reply and our apology alike. It must not
know why a reply was to be posted.
"""

from __future__ import annotations

import logging
from itertools import pairwise

from cocoai.answer.attempt import Attempt
from cocoai.errors import Permanent
from cocoai.slack.api.api_errors import NO_PERMISSION_ANYWHERE, is_shut_out
from cocoai.slack.api.chat import SlackChat
from cocoai.spool.job import SHUT_OUT, Job

NO_PERMISSION = "no_permission"
"""Slack's code for a place that we are not in, or for an app that may write nowhere: a direct message tells which."""

CLOSED = frozenset({"is_archived", "not_in_channel", "channel_not_found", "cannot_reply_to_message", NO_PERMISSION})
"""Slack's codes for a place that takes no message of ours, so no ephemeral one either."""

READ_ONLY = "restricted_action"
"""How Slack's codes for a place begin where only some may write, such as `restricted_action_thread_locked`."""

UNREADABLE = "missing_scope:"
"""How Slack's codes for a thread begin that we may write to, but not read: whether it has our reply is not known."""

THREAD_GONE = "thread_not_found"
"""Slack's code for a thread whose first message is deleted."""

MOST_TRIES = 2
"""Times that the asker is told, if each time the process dies before that is known to have arrived."""

log = logging.getLogger(__name__)


def tell_aside(attempt: Attempt, slack: SlackChat, refusal: Permanent) -> bool:
    """Tell the asker by an ephemeral message, else by a direct one; return True if Slack has taken it.

    Return False, without a call, if `refusal` is not about the place, or if MOST_TRIES are used up; False too if Slack
    refuses both. An `aside` fact is recorded before each try, and nothing is sent without it. Raise `Temporary` if
    Slack is in trouble, `Permanent` if it takes nothing of ours at all.
    """
    lacks_scope = refusal.code.startswith(UNREADABLE)
    takes_ephemeral = lacks_scope or refusal.code.startswith(READ_ONLY)
    is_of_place = lacks_scope or is_about_place(refusal)
    if not is_of_place or _tries(attempt.job) >= MOST_TRIES or not attempt.record("aside"):
        return False
    text = attempt.texts.error_text("operator") if lacks_scope else attempt.texts.elsewhere
    return (takes_ephemeral and _post_ephemeral(attempt, slack, text)) or _post_direct(attempt, slack, text)


def is_about_place(refusal: Permanent) -> bool:
    """Check whether Slack refuses a message because of the place: it takes none of ours there."""
    return refusal.code in CLOSED or refusal.code.startswith(READ_ONLY)


def is_unreadable(refusal: Permanent) -> bool:
    """Check whether Slack does not give a thread because of its place, or since the app may not read there."""
    return refusal.code in CLOSED or refusal.code.startswith(UNREADABLE)


def _tries(job: Job) -> int:
    """Return how often the asker may have been told; not counted are tries when Slack took nothing of ours."""
    asides = job.facts("aside")
    return len(asides) - sum(1 for fact, then in pairwise(job.lines) if fact in asides and SHUT_OUT in then)


def _raise_if_shut_out(error: Permanent) -> None:
    """Raise an error if Slack takes nothing of ours, not even a private message."""
    if error.code == NO_PERMISSION:
        raise Permanent(NO_PERMISSION_ANYWHERE, source="Slack", status=error.status, request_id=error.request_id)
    if is_shut_out(error):
        raise error


def _post_ephemeral(attempt: Attempt, slack: SlackChat, text: str) -> bool:
    """Post an ephemeral message to the asker; return False if Slack refuses it there."""
    question = attempt.question
    try:
        slack.post_ephemeral(question.channel, question.user, text, attempt.ephemeral_thread)
    except Permanent as error:
        log.warning("answer key=%s outcome=no-ephemeral reason=%s", attempt.job.key, error)
        return False
    return True


def _post_direct(attempt: Attempt, slack: SlackChat, text: str) -> bool:
    """Send the asker a direct message; return False if Slack refuses it."""
    try:
        slack.post_direct(attempt.question.user, text)
    except Permanent as error:
        _raise_if_shut_out(error)
        log.warning("answer key=%s outcome=no-direct-message reason=%s", attempt.job.key, error)
        return False
    return True
