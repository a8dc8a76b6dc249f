"""Reads the files of a question and makes them ready for the model, or leaves them out with a reason.

A file that the model cannot read is replaced by what Slack has made of it, where it has: a smaller picture, a PDF, a
transcript, the beginning of a text. No log has an address, a name or content.
Sources: docs.slack.dev/messaging/working-with-files, /reference/objects/file-object.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cocoai.conversation import Attachment
from cocoai.errors import CocoAIError, Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.file_reader import FileReader, FileRoom, Why, loggable_id
from cocoai.slack.api.text_excerpt import TextRoom
from cocoai.slack.model.files import CLIPS, File

_REASONS: dict[str, Why] = {
    "too_big": "too_big",
    "kind": "kind",
    "office": "office",
    "speech": "speech",
    "transcribing": "transcribing",
    "encoding": "encoding",
    "login": "login",
    "foreign": "foreign",
    "gone": "gone",
    "file_not_found": "gone",
    "file_deleted": "gone",
    "missing_scope": "login",
}
"""The reason told to the asker, by our own errors' codes and Slack's; every other code means `unreadable`."""

TRANSCRIPT_WAITS = (1.0, 2.0, 3.0, 4.0)
"""Seconds to wait before each look whether Slack has transcribed a clip, for all clips of a question together."""

UNKNOWN_NEED = 1000
"""Estimated tokens that are kept free for a file whose size Slack does not tell."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LeftOut:
    """A file that the model does not get, or not whole, and the reason. `name` is empty if Slack did not tell it."""

    name: str
    why: Why


@dataclass(frozen=True)
class AttachmentLimits:
    """The most that the model gets of one question's files.

    `question_bytes`: bytes of all files together, 0 if none are sent. `text_bytes`: bytes of one text file in UTF-8.
    `tokens`: estimated tokens of all files together. `count`: files.
    """

    question_bytes: int = 4 * 1024 * 1024
    text_bytes: int = 100 * 1024
    tokens: int = 20_000
    count: int = 10


def _nobody(_user: str) -> str:
    return ""


def read_files(
    slack: SlackChat,
    files: Sequence[File],
    limits: AttachmentLimits,
    name_of_user: Callable[[str], str] = _nobody,
) -> tuple[tuple[Attachment, ...], tuple[LeftOut, ...]]:
    """Download the files; return attachments for the model, and the files left out, each in the files' order.

    Files over a limit, of another kind, or unreadable are left out with the reason; with `question_bytes` 0 all are.
    Of a long text the beginning and the end are read: then it is in both. In canvases people are called by
    `name_of_user(id)`. Raise `Temporary` while Slack cannot be reached, is in trouble, or asks us to wait.
    """
    if limits.question_bytes <= 0:
        return (), tuple(LeftOut(file.name, "off") for file in files)
    reader = _QuestionFiles(slack, limits, name_of_user)
    read = files[: limits.count]
    for number, file in enumerate(read, 1):
        reader.read(file, read[number:])
    left_out = [*reader.left_out, *(LeftOut(file.name, "too_many") for file in files[limits.count :])]
    return tuple(reader.attachments), tuple(left_out)


class _QuestionFiles:
    """The files of one question, which share the limits and the waits for transcripts.

    What was read is in `attachments` and `left_out`.
    """

    def __init__(self, slack: SlackChat, limits: AttachmentLimits, name_of_user: Callable[[str], str]) -> None:
        self._slack = slack
        self._limits = limits
        self._reader = FileReader(slack, name_of_user)
        self._waits = iter(TRANSCRIPT_WAITS)
        self.attachments: list[Attachment] = []
        self.left_out: list[LeftOut] = []

    def read(self, file: File, others: Sequence[File]) -> None:
        """Read one file, and log the outcome. `others` are those still to be read: each is left some room.

        Raise `Temporary` while Slack is in trouble.
        """
        try:
            file = self._described(file)
            result = self._reader.read(file, self._room(others))
        except Permanent as error:
            why = _REASONS.get(error.code.partition(":")[0], "unreadable")
            _log_left_out(file, why, error)
            if why == "login":
                self._may_lack_scope()
            self.left_out.append(LeftOut(file.name, why))
            return
        self._slack.watch.succeeded("files.info", "")
        attachment = result.attachment
        log.info("file=%s outcome=read kind=%s bytes=%d", loggable_id(file), attachment.kind, len(attachment.data))
        self.attachments.append(attachment)
        self.left_out += (LeftOut(file.name, why) for why in result.notes)

    def _may_lack_scope(self) -> None:
        """Have it noted that the scope for files seems to be missing; auth.test, asked at once, tells whether it is."""
        self._slack.watch.may_not_download()
        with contextlib.suppress(CocoAIError):
            self._slack.auth_test()

    # what Slack tells of a file

    def _described(self, file: File) -> File:
        """Return the file as files.info describes it, if its message did not tell enough; else the same file.

        A transcript is waited for. Raise `Permanent` if a stub is not described.
        """
        if file.is_stub:
            file = self._slack.file_info(file.id)
        if file.kind in CLIPS and not (file.text and file.is_whole) and not file.vtt:
            return self._transcribed(file)
        return (self._asked_again(file) or file) if file.kind == "email" and not file.text else file

    def _transcribed(self, file: File) -> File:
        """Ask for a clip until Slack has transcribed it, will not, or has been waited for long enough."""
        for wait in self._waits:
            latest = self._asked_again(file, after=wait if file.is_pending else 0.0)
            if latest is None or not latest.is_pending:
                return latest or file
            file = latest
        return file

    def _asked_again(self, file: File, *, after: float = 0.0) -> File | None:
        """Return what files.info tells of a file whose description is known already; None if it tells nothing."""
        try:
            latest = self._slack.file_info(file.id, after=after)
        except CocoAIError:  # what the message told of it has to do
            return None
        return latest if latest.kind == file.kind else None

    def _room(self, others: Sequence[File]) -> FileRoom:
        """Return the room for a file. A text leaves each other file its share, or what that needs if it is less."""
        most_bytes = self._limits.question_bytes - sum(len(attachment.data) for attachment in self.attachments)
        tokens = self._limits.tokens - sum(attachment.estimated_tokens() for attachment in self.attachments)
        share = tokens // (1 + len(others))
        needs = sum(min(share, file.size // 3 or UNKNOWN_NEED) for file in others)
        return FileRoom(most_bytes, tokens, TextRoom(min(most_bytes, self._limits.text_bytes), tokens - needs))


def _log_left_out(file: File, why: Why, error: Permanent) -> None:
    """Log that a file is left out: as a warning if we may not read it, since the operator can add the scope."""
    if why == "login":
        hint = "has the Slack app the scope files:read?"
        log.warning("file=%s outcome=left-out reason=%s: %s", loggable_id(file), error, hint)
    else:
        log.info("file=%s outcome=left-out why=%s reason=%s bytes=%d", loggable_id(file), why, error, file.size)
