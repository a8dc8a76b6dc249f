"""Run the Web API's methods for files, with the refusals that Slack documents for each.

Sources: https://docs.slack.dev/reference/methods/ files.info, files.getUploadURLExternal, files.completeUploadExternal,
files.delete.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cocoai.rehearsal.practice_server import MAX_BODY
from cocoai.rehearsal.slack.api_call import Arguments, SlackApiError
from cocoai.rehearsal.slack.block_rules import stored_blocks
from cocoai.rehearsal.slack.channel_access import accessible_channel
from cocoai.rehearsal.slack.json_shapes import Payload, shares_json
from cocoai.rehearsal.slack.practice_file import PracticeFile, file_json
from cocoai.rehearsal.slack.slack_switches import SlackSwitches
from cocoai.rehearsal.slack.stored_text import stored
from cocoai.rehearsal.slack.uploads import PracticeUploads
from cocoai.rehearsal.slack.workspace import Workspace

ALT_TEXT_LIMIT = 1_000
"""Characters of the argument `alt_txt`."""


class FileMethods:
    """The methods for files; `methods` maps the name of each to its function."""

    def __init__(self, workspace: Workspace, switches: SlackSwitches, uploads: PracticeUploads) -> None:
        self._workspace = workspace
        self._switches = switches
        self._uploads = uploads
        self.methods: dict[str, Callable[[Arguments], Payload]] = {
            "files.completeUploadExternal": self._complete_upload,
            "files.delete": self._delete,
            "files.getUploadURLExternal": self._get_upload_url,
            "files.info": self._info,
        }

    def _info(self, arguments: Arguments) -> Payload:
        """Return a file's JSON with its shares. Raise `SlackApiError`: file_not_found, or file_deleted."""
        file = self._file(arguments)
        return {"file": self._json(file), "comments": [], "response_metadata": {"next_cursor": ""}}

    def _get_upload_url(self, arguments: Arguments) -> Payload:
        """Return the address that takes a file's bytes, and the file's id.

        Raise `SlackApiError` if the name or length is missing or no number, the length is 0 or more than this server
        takes, or `alt_txt` is too long.
        """
        name, length, alt_text = arguments.required("filename"), arguments.required("length"), arguments.text("alt_txt")
        if not (length.isascii() and length.isdigit()):
            raise SlackApiError("invalid_arguments")
        if not int(length):
            raise SlackApiError("missing_argument")
        if int(length) > MAX_BODY:
            raise SlackApiError("file_upload_size_restricted")
        if len(alt_text) > ALT_TEXT_LIMIT:
            raise SlackApiError("alt_txt_too_large")
        url, file_id = self._uploads.begin(name, int(length), alt_text)
        return {"upload_url": url, "file_id": file_id}

    def _complete_upload(self, arguments: Arguments) -> Payload:
        """Take in uploaded files, to be shown in `channel_id` or `channels` a while later; return their JSON.

        Raise `SlackApiError` if an argument is malformed, a thread is named without its one channel, the bot may not
        write there, or a file's bytes have not come.
        """
        titles = _titles(arguments.structure("files", "invalid_arguments"))
        channels = [each for each in (arguments.text("channel_id"), *arguments.text("channels").split(",")) if each]
        thread_ts = arguments.text("thread_ts")
        if thread_ts and len(channels) != 1:
            raise SlackApiError("invalid_arguments")
        places = [(accessible_channel(self._workspace, channel).id, thread_ts) for channel in channels]
        files = self._uploads.complete(titles, places, self._content(arguments))
        return {"files": [self._json(file) for file in files]}

    def _content(self, arguments: Arguments) -> dict[str, Any]:
        """Return the message's text and blocks: blocks are ignored if there is a comment.

        Raise `SlackApiError` (invalid_blocks) if they are not acceptable.
        """
        comment = arguments.text("initial_comment")
        blocks = None if comment else arguments.structure("blocks", "invalid_blocks")
        if not (isinstance(blocks or [], list) and all(isinstance(block, dict) for block in blocks or [])):
            raise SlackApiError("invalid_blocks")
        return {"text": stored(comment), "blocks": stored_blocks(blocks or (), unknown=self._switches.unknown_blocks)}

    def _delete(self, arguments: Arguments) -> Payload:
        """Delete a file of the bot. Raise `SlackApiError` if there is none, or if it is another user's."""
        with self._workspace.changed:
            file = self._file(arguments)
            if file.user != self._workspace.installation.user_id:
                raise SlackApiError("cant_delete_file")
            self._workspace.delete_file(file.id)
        return {}

    def _file(self, arguments: Arguments) -> PracticeFile:
        """Return the file that the argument `file` names.

        Raise `SlackApiError`: file_not_found, or file_deleted if it was deleted.
        """
        file = self._workspace.files.get(arguments.required("file"))
        if file is None or file.is_deleted:
            raise SlackApiError("file_deleted" if file else "file_not_found")
        return file

    def _json(self, file: PracticeFile) -> Payload:
        return file_json(file) | shares_json(self._workspace, file.id, self._switches.shares_told)


def _titles(files: object) -> dict[str, str]:
    """Return the titles in the argument `files` by the files' ids, "" for none.

    Raise `SlackApiError` (invalid_arguments) if it is no list of objects with an id, or empty.
    """
    entries = files if isinstance(files, list) else []
    if not entries or not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in entries):
        raise SlackApiError("invalid_arguments")
    return {each["id"]: str(each.get("title") or "") for each in entries}
