"""The server of shared files: each wants the bot's token, and who has none gets a login page instead of a 401.

Sources: https://docs.slack.dev/messaging/working-with-files; that a bad token or a missing scope draws HTML with status
200, or a way there, is documented nowhere and known to everybody who has met it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from cocoai.rehearsal.server import Incoming, Outgoing
from cocoai.rehearsal.slack.files import PATH, PracticeFile
from cocoai.rehearsal.slack.manner import Manner

MOVED_PATH = "/files-moved/"
"""Where `Manner.redirect` "here" sends a download."""

_LOGIN = (
    b"<!DOCTYPE html><html lang='en'><head><title>Sign in | Slack</title></head><body><h1>Sign in</h1></body></html>"
)


@dataclass(frozen=True)
class Download:
    """One request for a file: `authorized` tells whether the bot's own token came with it; `time` in epoch seconds."""

    path: str
    status: int
    authorized: bool
    time: float


class FileServer:
    """Answers for the files below `PATH`; each request is told to `record`."""

    def __init__(
        self,
        files: Mapping[str, PracticeFile],
        bot_token: str,
        manner: Manner,
        record: Callable[[Download], None],
    ) -> None:
        self._files = files
        self._token = bot_token
        self._manner = manner
        self._record = record

    def serves(self, incoming: Incoming) -> bool:
        """Is this request for a file, or for the login page that Slack sends people to instead?"""
        to_login = incoming.path == "/" and incoming.query.startswith("redir=")
        return to_login or incoming.path.startswith((PATH, MOVED_PATH))

    def answer(self, incoming: Incoming) -> Outgoing:
        bearer = incoming.headers.get("authorization", "")
        authorized = hmac.compare_digest(bearer.encode(), f"Bearer {self._token}".encode())
        outgoing = self._outgoing(incoming.path, authorized=authorized)
        self._record(Download(incoming.path, outgoing.status, authorized, incoming.arrived))
        return outgoing

    def _outgoing(self, path: str, *, authorized: bool) -> Outgoing:
        if path == "/" or not (authorized and "files:read" in self._manner.scopes):
            return self._login(path)
        file = self._files.get(_file_id(path))
        if file is None or file.deleted:
            return Outgoing(404, b"<html><body>not found</body></html>", _html())
        if self._manner.redirect and path.startswith(PATH):
            elsewhere = path.replace(PATH, MOVED_PATH, 1)
            return _moved(elsewhere if self._manner.redirect == "here" else self._manner.redirect)
        saved_as = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
        return Outgoing(200, file.data, (("Content-Type", file.media_type), ("Content-Disposition", saved_as)))

    def _login(self, path: str) -> Outgoing:
        """HTTP 200 and HTML, or a way there."""
        if self._manner.login == "redirect" and path != "/":
            return _moved(f"/?redir={quote(path, safe='')}", ("X-Slack-Meta", "?;acl_fail"))
        return Outgoing(200, _LOGIN, _html(("X-Slack-Meta", "?;acl_fail")))


def _file_id(path: str) -> str:
    """The id in an address, whatever name stands behind it: Slack reads no further either."""
    found = re.match(r"/[a-z-]+/[A-Z0-9]+-([A-Z0-9]+)/", path)
    return found.group(1) if found else ""


def _moved(address: str, *headers: tuple[str, str]) -> Outgoing:
    return Outgoing(302, b"", (("Location", address), *headers))


def _html(*headers: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", "text/html; charset=utf-8"), *headers)
