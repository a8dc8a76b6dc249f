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
from cocoai.slack.api.clips import Clips, asked_again
from cocoai.slack.api.file_reader import FileReader, FileRoom, Why, loggable_id
from cocoai.slack.api.text_excerpt import TextRoom
from cocoai.slack.model.files import CLIPS, File

_REASONS: dict[str, Why] = {
    "too_big": "too_big",
    "kind": "kind",
    "office": "office",
    "speech": "speech",
    "transcribing": "transcribing",
    "speech_off": "speech_off",
    "sound": "sound",
    "sound_too_big": "sound_too_big",
    "allowance": "allowance",
    "uploading": "uploading",
    "encoding": "encoding",
    "login": "login",
    "foreign": "foreign",
    "gone": "gone",
    "file_not_found": "gone",
    "file_deleted": "gone",
    "missing_scope": "login",
}
"""The reason told to the asker, by our own errors' codes and Slack's; every other code means `unreadable`."""

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
        self._clips = Clips(slack)
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
            why = why_of(error)
            log_left_out(file, why, error)
            if why == "login":
                may_lack_scope(self._slack)
            self.left_out.append(LeftOut(file.name, why))
            return
        self._slack.watch.succeeded("files.info", "")
        attachment = result.attachment
        log.info("file=%s outcome=read kind=%s bytes=%d", loggable_id(file), attachment.kind, len(attachment.data))
        self.attachments.append(attachment)
        self.left_out += (LeftOut(file.name, why) for why in result.notes)

    # what Slack tells of a file

    def _described(self, file: File) -> File:
        """Return the file as files.info describes it, if its message did not tell enough; else the same file.

        A transcript is waited for. Raise `Permanent` if a stub is not described.
        """
        if file.is_stub:
            file = self._slack.file_info(file.id)
        if file.kind in CLIPS:
            return self._clips.described(file)
        return (asked_again(self._slack, file) or file) if file.kind == "email" and not file.text else file

    def _room(self, others: Sequence[File]) -> FileRoom:
        """Return the room for a file. A text leaves each other file its share, or what that needs if it is less."""
        most_bytes = self._limits.question_bytes - sum(len(attachment.data) for attachment in self.attachments)
        tokens = self._limits.tokens - sum(attachment.estimated_tokens() for attachment in self.attachments)
        share = tokens // (1 + len(others))
        needs = sum(min(share, file.size // 3 or UNKNOWN_NEED) for file in others)
        return FileRoom(most_bytes, tokens, TextRoom(min(most_bytes, self._limits.text_bytes), tokens - needs))


def may_lack_scope(slack: SlackChat) -> None:
    """Have it noted that the scope for files seems to be missing; auth.test, asked at once, tells whether it is."""
    slack.watch.may_not_download()
    with contextlib.suppress(CocoAIError):
        slack.auth_test()


def why_of(error: Permanent) -> Why:
    """Return the reason for which a file is left out after this error."""
    return _REASONS.get(error.code.partition(":")[0], "unreadable")


def log_left_out(file: File, why: Why, error: Permanent) -> None:
    """Log that a file is left out: as a warning if we may not read it, since the operator can add the scope."""
    if why == "login":
        hint = "has the Slack app the scope files:read?"
        log.warning("file=%s outcome=left-out reason=%s: %s", loggable_id(file), error, hint)
    else:
        log.info("file=%s outcome=left-out why=%s reason=%s bytes=%d", loggable_id(file), why, error, file.size)
