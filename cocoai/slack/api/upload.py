"""Uploads: bring a file to Slack, in the three steps that Slack has for it, and see where it is shown.

Slack answers the third step before the file is shown anywhere: its message appears some seconds later, and may be
overtaken by a later one. What is done about that, and after a crash, is thread_upload.py's.
Sources: docs.slack.dev/reference/methods files.getUploadURLExternal, files.completeUploadExternal, files.info,
files.delete; what the third step answers: github.com/slackapi/node-slack-sdk/issues/1865.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from cocoai.engine.client.client import FullResponse
from cocoai.engine.client.file_body import FileBody
from cocoai.errors import Permanent, Temporary
from cocoai.json_values import encodable, mapping_at, number_at, objects_in, text_at
from cocoai.slack.api.api_errors import require_ok
from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.api.file_types import is_page
from cocoai.slack_ids import is_id, is_ts

LONGEST_ALT_TEXT = 1000
"""Characters of the description for screen readers; Slack refuses a longer one (`alt_txt_too_large`)."""

_TAKEN = re.compile(rb"OK\s*-\s*(\d{1,15})")
"""What Slack answers to the bytes of a file."""

GONE = frozenset({"file_not_found", "file_deleted"})
"""Slack's codes for a file that is not there, or not any more."""


@dataclass(frozen=True)
class Upload:
    """A file that Slack awaits: its id, its `length` in bytes, and the address that takes them, once."""

    file_id: str
    length: int
    url: str = field(repr=False)


@dataclass(frozen=True)
class Share:
    """A message that shows a file. `thread_ts` is "" if it stands in no thread."""

    channel: str
    ts: str
    thread_ts: str


@dataclass(frozen=True)
class UploadedFile:
    """What Slack tells of a file: when it was begun (epoch seconds, 0 if untold), and its messages, oldest first."""

    created: int
    shares: tuple[Share, ...]

    def shares_in(self, channel: str, thread_ts: str) -> list[str]:
        """Return the ts of the file's messages in a thread, or for "" of those in the channel itself, oldest first."""
        return [each.ts for each in self.shares if each.channel == channel and each.thread_ts == thread_ts]


class Uploads:
    """One process's uploads to Slack, by `calls`. The scope files:write is needed, and files:read to look.

    Every method raises `Temporary` or `Permanent` with Slack's own code.
    """

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    def begin(self, name: str, length: int, alt_text: str = "") -> Upload:
        """Announce a file of exactly `length` bytes, at least 1, and return the upload (files.getUploadURLExternal).

        `name` ends as the file's type does; `alt_text` describes a picture to people who cannot see it.
        Raise `Permanent` `foreign` for an address that is not Slack's.
        """
        arguments = {"filename": encodable(name), "length": str(length)}
        arguments |= {"alt_txt": encodable(alt_text)[:LONGEST_ALT_TEXT]} if alt_text else {}
        reply = self._calls.call("files.getUploadURLExternal", arguments)
        file_id, url = text_at(reply, "file_id"), text_at(reply, "upload_url")
        if not is_id(file_id) or not url:
            raise Temporary("no upload address", source="Slack")
        self._calls.require_own(url)  # before anything is paid for what would not be sent there
        return Upload(file_id, length, url)

    def send(self, upload: Upload, file: BinaryIO) -> None:
        """Send the bytes of an open file from where it stands; they are read as they leave.

        Raise `Permanent` `upload_refused` if Slack takes them not, as when they are not as many as was said. Raise
        `Temporary` `no_response` for a redirect, which is not followed, and for a page of a server in between.
        """
        _require_taken(self._calls.send_file(upload.url, FileBody(file, upload.length)), upload.length)

    def share(self, file_id: str, title: str, channel: str, thread_ts: str) -> None:
        """Have Slack show an uploaded file in a thread, or for "" in the channel itself (files.completeUploadExternal).

        It is shown some seconds later. Slack documents that this can be done once; what a second time does is unknown.
        """
        arguments = {"files": json.dumps([{"id": file_id, "title": encodable(title)}]), "channel_id": channel}
        arguments |= {"thread_ts": thread_ts} if thread_ts else {}
        self._calls.call("files.completeUploadExternal", arguments)

    def info(self, file_id: str) -> UploadedFile:
        """Ask Slack for a file (files.info): where it is shown. Raise `Permanent` with a code of GONE if it is not."""
        info = mapping_at(self._calls.call("files.info", {"file": file_id}), "file")
        shares = sorted(_shares(mapping_at(info, "shares")), key=lambda share: float(share.ts))
        return UploadedFile(number_at(info, "created"), tuple(shares))

    def delete(self, file_id: str) -> None:
        """Delete a file (files.delete); one that is gone is no error. Its messages stay, with a tombstone in it."""
        try:
            self._calls.call("files.delete", {"file": file_id})
        except Permanent as error:
            if error.code not in GONE:
                raise


def _require_taken(response: FullResponse, length: int) -> None:
    """Raise `Permanent` `upload_refused` for a 4xx to an upload, `Temporary` for a 429 and any status but 200.

    Raise `Temporary` too for a 200 that is a page, or says that another number of bytes than `length` has come. What
    Slack says in a 200 (`OK - 1234`) is documented nowhere, so any other text is believed.
    """
    if response.status == 200:
        told = _TAKEN.fullmatch(response.content.strip()[:80])
        if is_page(response.content) or (told and int(told[1]) != length):
            raise Temporary("no_response", source="Slack", status=response.status, sent=True)
        return
    if 400 <= response.status < 500 and response.status != 429:
        # Not `refused`, which says of an address of the Web API that it takes nothing of ours.
        request_id = response.headers.get("x-slack-req-id", "")[:80]
        raise Permanent("upload_refused", source="Slack", status=response.status, request_id=request_id)
    require_ok(response)


def _shares(shares: Mapping[str, Any]) -> Iterator[Share]:
    """Yield the messages in the field `shares` of a file: by `public` or `private`, then by channel."""
    for kind in ("public", "private"):
        for channel, entries in mapping_at(shares, kind).items():
            for entry in objects_in(entries):
                ts, thread_ts = text_at(entry, "ts"), text_at(entry, "thread_ts")
                if is_ts(ts):
                    # The first message of a thread bears its own ts as the thread's.
                    yield Share(channel, ts, thread_ts if thread_ts != ts else "")
