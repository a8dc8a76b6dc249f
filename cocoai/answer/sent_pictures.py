"""Find the pictures that a new one is to be made from, and fetch them into the job's files.

They are the asker's own, attached to the question; to draw one anew, else the newest in the thread, whoever put it
there. They are written to the disk as they arrive, and are never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from cocoai.answer.attempt import Attempt
from cocoai.chatgpt.picture_form import SentPicture
from cocoai.chatgpt.picture_tokens import picture_tokens
from cocoai.chatgpt.pictures import picture_type
from cocoai.errors import Permanent
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.download import may_lack_scope
from cocoai.slack.api.file_bytes import save
from cocoai.slack.model.files import File
from cocoai.slack.model.messages import Message
from cocoai.spool.files import FileTooBig, NewFile
from cocoai.spool.spool import Spool

TYPES = ("image/png", "image/jpeg", "image/webp")
"""The pictures that can be changed."""

MOST = 4
"""Pictures of one question that are sent: each costs its tokens."""

LARGEST = 20 * 1024 * 1024
"""Bytes of one picture. OpenAI takes 50 MB, but the disk is small."""

_COUNTED_AS = "gpt-6-luna"
"""No rule is published for pictures sent to a model that draws. This one's counts the most for one that is not shrunk:
1.2 tokens for each 32 by 32 pixels."""

_HEAD = 64 * 1024


def own_pictures(files: Sequence[File]) -> tuple[File, ...]:
    """Return those of a question's files that are pictures, the first MOST."""
    return tuple(filter(_is_picture, files))[:MOST]


def newest_picture(messages: Sequence[Message]) -> tuple[File, ...]:
    """Return the newest picture in these messages, oldest first; () if there is none."""
    found = (file for message in reversed(messages) for file in reversed(message.files) if _is_picture(file))
    return tuple(islice(found, 1))


def _is_picture(file: File) -> bool:
    return file.media_type.startswith("image/") and bool(file.url or file.picture)


def fetch_pictures(spool: Spool, slack: SlackChat, attempt: Attempt, files: Sequence[File]) -> Iterator[SentPicture]:
    """Yield each file as it lies on our disk. Of one that cannot be changed as it is, Slack's own picture is taken.

    Raise `Temporary` if Slack is in trouble, `Permanent` `picture_none` if one cannot be had, StoreError.
    """
    for n, file in enumerate(files, 1):
        is_usable = file.media_type in TYPES and file.size <= LARGEST and file.url
        yield _fetched(spool, slack, attempt, file.url if is_usable else file.picture, n)


def _fetched(spool: Spool, slack: SlackChat, attempt: Attempt, url: str, n: int) -> SentPicture:
    with spool.files.new(attempt.job.key, LARGEST) as new:
        target = _Target(new)
        try:
            size = save(slack, url, LARGEST, target.write)
        except (Permanent, FileTooBig) as error:
            source = error.source if isinstance(error, Permanent) else ""
            if isinstance(error, Permanent) and error.code == "login":
                may_lack_scope(slack)
            raise Permanent("picture_none", source=source) from None
        media_type = picture_type(target.head)
        if media_type not in TYPES:
            raise Permanent("picture_none")
        path = new.keep(f"sent{n}.{media_type.partition('/')[2]}")
        return SentPicture(path, size, media_type, picture_tokens(_COUNTED_AS, target.head, "auto"))


class _Target:
    """A new file that keeps how it begins."""

    def __init__(self, file: NewFile) -> None:
        self.head = b""
        self._file = file

    def write(self, data: bytes) -> None:
        """Write some bytes."""
        self.head += data[: _HEAD - len(self.head)]
        self._file.write(data)
