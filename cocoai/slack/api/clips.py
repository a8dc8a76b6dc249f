"""Looks up what Slack knows of a clip: its description as it is now, and the words of which Slack has a transcript."""

from __future__ import annotations

from dataclasses import replace

from cocoai.errors import CocoAIError, Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.file_bytes import fetch
from cocoai.slack.model.files import File

TRANSCRIPT_WAITS = (1.0, 2.0, 3.0, 4.0)
"""Seconds to wait before each look whether Slack has transcribed a clip, for all clips of a question together."""

MOST_TRANSCRIPT = 4 * 1024 * 1024
"""Bytes of a transcript that are read; that of an hour has some 100 KiB."""


class Clips:
    """The clips of one question, which share the waits for transcripts."""

    def __init__(self, slack: SlackChat) -> None:
        self._slack = slack
        self._waits = iter(TRANSCRIPT_WAITS)

    def described(self, file: File, *, may_wait: bool = True) -> File:
        """Ask for a clip until Slack has transcribed it, will not, or has been waited for long enough.

        Return the description as it is then; at once if it has all words already, and after one look unless `may_wait`.
        """
        if (file.text and file.is_whole) or file.vtt:
            return file
        if not may_wait:
            return asked_again(self._slack, file) or file
        for wait in self._waits:
            latest = asked_again(self._slack, file, after=wait if file.is_pending else 0.0)
            if latest is None or not latest.is_pending:
                return latest or file
            file = latest
        return file

    def with_words(self, file: File) -> File | None:
        """Return the clip with all the words that Slack has of it; None if Slack does not have all of them.

        Raise `Temporary` while Slack is in trouble.
        """
        if file.text and file.is_whole:
            return file
        if not file.vtt:
            return None
        from cocoai.slack.api.transcript import transcript_of

        try:
            words = transcript_of(fetch(self._slack, file.vtt, MOST_TRANSCRIPT).head)
        except Permanent:
            return None
        return replace(file, text=words, is_whole=True) if words else None


def asked_again(slack: SlackChat, file: File, *, after: float = 0.0) -> File | None:
    """Return what files.info tells of a file whose description is known already; None if it tells nothing."""
    try:
        latest = slack.file_info(file.id, after=after)
    except CocoAIError:  # what the message told of it has to do
        return None
    return latest if latest.kind == file.kind else None
