"""Serve the practice Slack's shared files to requests with the bot's token; others get a login page, not a 401.

Source: https://docs.slack.dev/messaging/working-with-files. That a bad token or a missing scope is answered by HTML
with status 200, or by a redirect to it, is not documented there, but is what Slack was seen to do.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from cocoai.rehearsal.practice_server import Incoming, Outgoing
from cocoai.rehearsal.slack.practice_file import CANVAS, PATH, PracticeFile
from cocoai.rehearsal.slack.slack_switches import SlackSwitches

MOVED_PATH = "/files-moved/"
"""Where the paths begin that a download is redirected to if `SlackSwitches.redirect` is "here"."""

_LOGIN_PAGE = (
    b"<!DOCTYPE html><html lang='en'><head><title>Sign in | Slack</title></head><body><h1>Sign in</h1></body></html>"
)


@dataclass(frozen=True)
class Download:
    """One request for a file: `is_authorized` is True if the bot's token came with it; `time` is in epoch seconds."""

    path: str
    status: int
    is_authorized: bool
    time: float


class FileServer:
    """Serves the files below `PATH`; `record` is called with each request."""

    def __init__(
        self,
        files: Mapping[str, PracticeFile],
        bot_token: str,
        switches: SlackSwitches,
        record: Callable[[Download], None],
    ) -> None:
        self._files = files
        self._token = bot_token
        self._switches = switches
        self._record = record

    def serves(self, incoming: Incoming) -> bool:
        """Return True if a request is for a file, or for the login page that downloads are redirected to."""
        to_login = incoming.path == "/" and incoming.query.startswith("redir=")
        return to_login or incoming.path.startswith((PATH, MOVED_PATH))

    def answer(self, incoming: Incoming) -> Outgoing:
        """Check the bot's token, record the request, and return the response: the file, or what Slack sends instead."""
        # Compared as bytes: compare_digest takes no text with characters outside ASCII.
        bearer = incoming.headers.get("authorization", "")
        authorized = hmac.compare_digest(bearer.encode(), f"Bearer {self._token}".encode())
        outgoing = self._outgoing(incoming.path, authorized=authorized)
        self._record(Download(incoming.path, outgoing.status, authorized, incoming.arrived))
        return outgoing

    def _outgoing(self, path: str, *, authorized: bool) -> Outgoing:
        """Return the response for a path.

        Without the token or the scope files:read it is the login page, for a file that does not exist or was deleted a
        404, if `switches.redirect` is set a redirect, else the file as a download, or what Slack has made of it. A
        canvas is HTML.
        """
        # The page at "/" is what a redirect to the login page leads to, with or without a token.
        if path == "/" or not (authorized and "files:read" in self._switches.scopes):
            return self._login(path)
        file = self._files.get(_file_id(path))
        if file is None or file.is_deleted:
            return Outgoing(404, b"<html><body>not found</body></html>", _html())
        if self._switches.redirect and path.startswith(PATH):
            moved = path.replace(PATH, MOVED_PATH, 1)
            return _redirect(moved if self._switches.redirect == "here" else self._switches.redirect)
        if (variant := file.variants.get(path.rpartition("/")[0].rpartition("/")[2])) is not None:
            return Outgoing(200, variant, (("Content-Type", "application/octet-stream"),))
        if file.media_type == CANVAS:
            return Outgoing(200, file.data, _html())
        disposition = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        return Outgoing(200, file.data, (("Content-Type", file.media_type), ("Content-Disposition", disposition)))

    def _login(self, path: str) -> Outgoing:
        """Return the login page with status 200 or, if the switch `login` says so, a redirect to it."""
        if self._switches.login == "redirect" and path != "/":
            return _redirect(f"/?redir={quote(path, safe='')}", ("X-Slack-Meta", "?;acl_fail"))
        return Outgoing(200, _LOGIN_PAGE, _html(("X-Slack-Meta", "?;acl_fail")))


def _file_id(path: str) -> str:
    """Return the file's id in a path such as `/files-pri/T0PRACTICE-F0123/a.png`, or "" if there is none.

    The name after it is ignored, as at Slack.
    """
    match = re.match(r"/[a-z-]+/[A-Z0-9]+-([A-Z0-9]+)/", path)
    return match.group(1) if match else ""


def _redirect(address: str, *headers: tuple[str, str]) -> Outgoing:
    return Outgoing(302, b"", (("Location", address), *headers))


def _html(*headers: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", "text/html; charset=utf-8"), *headers)
