"""Take in files that the bot uploads: hand out addresses, take the bytes, and show the files some seconds later.

Source: https://docs.slack.dev/reference/methods/files.getUploadURLExternal and /files.completeUploadExternal. Not
documented there, and so chosen by switches: how late a file is shown, what a second completion does, and how the bot's
own message comes back to it.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cocoai.rehearsal.practice_server import Incoming, Outgoing, PracticeServer
from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.practice_file import PracticeFile, media_type_of, new_id
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.workspace import Workspace

PATH = "/upload/v1/"
"""Where the paths of upload addresses begin."""

UNKNOWN_YET = {"mimetype": "", "filetype": "", "pretty_type": ""}
"""The fields of a file that Slack has not looked at yet."""


@dataclass
class _Upload:
    """A file that was announced: its length in bytes, and its content once that has come."""

    name: str
    alt_text: str
    length: int
    content: bytes | None = None
    is_completed: bool = False


class PracticeUploads:
    """The files that the bot uploads into `workspace`. `server` is the practice Slack; `stop` ends what is to come."""

    def __init__(self, workspace: Workspace, switches: SlackSwitches, server: PracticeServer) -> None:
        self._workspace = workspace
        self._switches = switches
        self._server = server
        self._uploads: dict[str, _Upload] = {}
        self._tickets: dict[str, str] = {}
        self._numbers = itertools.count()
        self._due: dict[int, partial[None]] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, name: str, length: int, alt_text: str) -> tuple[str, str]:
        """Announce a file of `length` bytes; return the address that takes them, once, and the file's id."""
        file_id, ticket = new_id(), secrets.token_hex(16)
        with self._workspace.changed:
            self._uploads[file_id] = _Upload(name, alt_text, length)
            self._tickets[ticket] = file_id
        return f"{self._server.url}{PATH}{ticket}", file_id

    def serves(self, incoming: Incoming) -> bool:
        """Return True if a request is for an upload address."""
        return incoming.path.startswith(PATH)

    def receive(self, incoming: Incoming) -> tuple[str, Outgoing]:
        """Take the bytes of a file; return the outcome, `ok` or why they are refused, and the response.

        An address that is unknown or was used is a 404, another length than was announced a 400: Slack documents no
        more than that a status other than 200 is a failure.
        """
        with self._workspace.changed:
            file_id = self._tickets.pop(incoming.path.removeprefix(PATH), "")
            upload = self._uploads.get(file_id)
            if incoming.method != "POST" or upload is None:
                return "no_such_address", _text(404, "no such upload")
            if len(incoming.body) != upload.length:
                return "wrong_length", _text(400, "wrong length")
            upload.content = incoming.body
        return "ok", _text(200, f"OK - {upload.length}")

    def complete(
        self, titles: Mapping[str, str], places: Sequence[tuple[str, str]], content: Mapping[str, Any]
    ) -> list[PracticeFile]:
        """Take in uploaded files, and return them as they are by now: Slack has not looked at them yet.

        `titles` are by the files' ids. After `switches.share_delay` seconds one message with them and with `content` is
        posted into each of `places`: a channel and a thread_ts, "" for none. Raise `SlackApiError` (file_not_found) if
        a file's bytes have not come, or if it was completed before and that is refused.
        """
        with self._workspace.changed:
            uploads = {file_id: self._uploaded(file_id) for file_id in titles}
            files = [self._taken_in(file_id, upload, titles[file_id]) for file_id, upload in uploads.items()]
        self._later(self._switches.share_delay, partial(self._share, list(titles), places, content))
        return files

    def show_now(self, most: int | None = None) -> None:
        """Show files at once that are still to be shown, in the order in which they were completed: all, or `most`."""
        for number in list(self._due)[:most]:
            self._do(number)

    def stop(self) -> None:
        """Wait for the threads of the files to come, at most 10 s for each; the server must be stopping."""
        for thread in self._threads:
            thread.join(10)

    def _uploaded(self, file_id: str) -> _Upload:
        """Return an upload whose bytes have come. Raise `SlackApiError` as `complete` does. Needs the lock held."""
        upload = self._uploads.get(file_id)
        if upload is None or upload.content is None:
            raise SlackApiError("file_not_found")
        if upload.is_completed:
            is_gone = self._workspace.files[file_id].is_deleted
            if is_gone or self._switches.second_share == "refused":
                raise SlackApiError("file_not_found")
        return upload

    def _taken_in(self, file_id: str, upload: _Upload, title: str) -> PracticeFile:
        """Return a file of the workspace, which is made of its upload the first time. Needs the lock held."""
        if not upload.is_completed:
            upload.is_completed = True
            told = {"title": title or upload.name, "alt_txt": upload.alt_text}
            file = PracticeFile(
                upload.name, media_type_of(upload.name), upload.content or b"", id=file_id, fields=UNKNOWN_YET | told
            )
            self._workspace.add_file(file, self._workspace.installation.user_id)
        return self._workspace.files[file_id]

    def _share(self, ids: Sequence[str], places: Sequence[tuple[str, str]], content: Mapping[str, Any]) -> None:
        """Look at the files, and post them, unless one was deleted meanwhile.

        A thread that is gone has them in the channel, as chat.postMessage does it: for files nothing is documented.
        """
        with self._workspace.changed:
            if any(self._workspace.files[file_id].is_deleted for file_id in ids):
                return
            files = tuple(self._looked_at(file_id) for file_id in ids)
            for channel, thread_ts in places:
                thread = thread_ts if thread_ts and self._workspace.find(channel, thread_ts) else None
                more = {"subtype": "file_share", "files": files, "upload": self._switches.share_echo, **content}
                self._workspace.post(channel, self._workspace.installation.user_id, thread_ts=thread, **more)

    def _looked_at(self, file_id: str) -> PracticeFile:
        """Return a file of which Slack knows now what it is. Needs the lock held."""
        file = self._workspace.files[file_id]
        told = {name: value for name, value in file.fields.items() if name not in UNKNOWN_YET}
        known = self._workspace.files[file_id] = replace(file, fields=told)
        self._workspace.notify()
        return known

    def _later(self, seconds: float | None, work: partial[None]) -> None:
        """Do some work after so many seconds, in a thread of its own, or at the next `show_now`; None: only then."""
        with self._workspace.changed:
            number = next(self._numbers)
            self._due[number] = work

        def run() -> None:
            if not self._server.stopping.wait(seconds):
                self._do(number)

        if seconds is not None:
            thread = threading.Thread(target=run, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _do(self, number: int) -> None:
        """Do the work of this number, unless it was done."""
        with self._workspace.changed:
            work = self._due.pop(number, None)
        if work:
            work()


def _text(status: int, line: str) -> Outgoing:
    return Outgoing(status, line.encode(), (("Content-Type", "text/plain; charset=utf-8"),))
