"""Bring a file of ours, a picture or a transcript, into the thread of a question: once, wherever the process is killed.

What is recorded in the job on the way is told in slack/api/thread_upload.py; here it is the facts `uploaded` and
`shared`.
"""

from __future__ import annotations

from collections.abc import Callable

from cocoai.answer.attempt import Attempt
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_upload import Begun, OutgoingFile, Place, bring_file
from cocoai.slack.model.question import Question
from cocoai.spool.key import Key, file_stem


def file_name(question: Question, ending: str) -> str:
    """Return the name that a file of ours has in Slack; by it the reply's file is known as long as it stands there."""
    return f"{file_stem(Key.parse(question.key))}{ending}"


def bring_into_thread(slack: SlackChat, attempt: Attempt, file: OutgoingFile, sleep: Callable[[float], None]) -> None:
    """Bring the one file of this reply into its thread, unless it stands there, and record that.

    Raise as bring_file() does, and StoreError if it cannot be recorded before it is shown.
    """
    job = attempt.job
    if job.last("shared") is not None:
        return
    uploaded = job.last("uploaded")
    begun = Begun(uploaded["file_id"], uploaded["asked"], uploaded["n"]) if uploaded else None

    def record(begun: Begun) -> bool:
        job.record("uploaded", **vars(begun))  # without it nothing is shown: it could be shown twice
        return True

    place = Place(attempt.question.channel, attempt.reply_thread)
    shown = bring_file(slack, file, place, begun, record, sleep=sleep)
    attempt.record("shared", **vars(shown))
