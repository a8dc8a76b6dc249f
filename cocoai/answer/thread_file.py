"""Bring a file of ours, a picture or a transcript, into the thread of a question: once, wherever the process is killed.

What is recorded in the job on the way is told in slack/api/thread_upload.py; here it is the facts `uploaded` and
`shared`.
"""

from __future__ import annotations

from collections.abc import Callable

from cocoai.answer.aside import THREAD_GONE
from cocoai.answer.attempt import Attempt
from cocoai.answer.earlier_runs import RESTORED
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_upload import Begun, InThread, OutgoingFile, Place, bring_file
from cocoai.slack.model.question import Question
from cocoai.spool.job import Job
from cocoai.spool.key import Key, file_stem


def file_name(question: Question, ending: str) -> str:
    """Return the name that a file of ours has in Slack; by it the reply's file is known as long as it stands there."""
    return f"{file_stem(Key.parse(question.key))}{ending}"


def bring_into_thread(slack: SlackChat, attempt: Attempt, file: OutgoingFile, sleep: Callable[[float], None]) -> None:
    """Bring the one file of this reply into its thread, unless it stands there, and record that.

    Raise as bring_file() does, and StoreError if it cannot be recorded before it is shown.
    """
    job = attempt.job
    if stands_in_thread(slack, attempt):
        return

    def record(begun: Begun) -> bool:
        job.record("uploaded", **vars(begun))  # without it nothing is shown: it could be shown twice
        return True

    place = Place(attempt.question.channel, attempt.reply_thread)
    shown = bring_file(slack, file, place, _begun(job), record, sleep=sleep)
    attempt.record("shared", **vars(shown))


def stands_in_thread(slack: SlackChat, attempt: Attempt) -> bool:
    """Check whether the file of this reply is known to stand in its thread.

    After a restore it is looked for, by its name, since the machine that is gone may have brought it there behind the
    backup; what is found is recorded. Raise as SlackChat.thread() does, unless the thread is gone.
    """
    if attempt.job.last("shared") is not None:
        return True
    is_restored = any(line.get("fact") == RESTORED for line in attempt.job.lines)
    found = _found(slack, attempt) if is_restored else None
    if found is not None:
        attempt.record("shared", **vars(found))
    return found is not None


def _found(slack: SlackChat, attempt: Attempt) -> InThread | None:
    question, thread_ts = attempt.question, attempt.reply_thread
    try:
        messages = slack.thread(question.channel, thread_ts) if thread_ts else slack.box(question.channel, 0.0)
    except Permanent as error:
        if error.code != THREAD_GONE:
            raise
        return None
    files = ((file, message.ts) for message in messages for file in message.files)
    return next((InThread(file.id, ts) for file, ts in files if file.name.startswith(file_name(question, ""))), None)


def _begun(job: Job) -> Begun | None:
    """Return how far the file has come. With the operator's retry the count of its ids begins anew."""
    uploaded = job.last("uploaded")
    if uploaded is None:
        return None
    lines = job.lines
    is_retried = any(line.get("fact") == "retried" for line in lines[lines.index(uploaded) :])
    return Begun(uploaded["file_id"], uploaded["asked"], 0 if is_retried else uploaded["n"])
