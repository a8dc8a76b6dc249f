"""Tell from what Slack, OpenAI and the senders of requests do whether something is wrong, and note it.

The sources are `slack`, `openai`, `signature` and, for scopes that the Slack app lacks, `scope-…`.
"""

from __future__ import annotations

import logging

from cocoai.errors import CocoAIError, Permanent, StaleSignature, Temporary, WrongSignature
from cocoai.slack.api.api_errors import BUSY, NO_PERMISSION_ANYWHERE, WRITE_SCOPE, is_shut_out
from cocoai.slack.api.calls import CallWatch
from cocoai.troubles.store import Trouble, Troubles

SLACK, OPENAI, SIGNATURE, SCOPE = "slack", "openai", "signature", "scope"

_WRITES = frozenset({"chat.postMessage", "chat.update"})
"""Methods by which replies are posted: where one works, Slack takes what is ours."""

_SCOPES = {
    "users.info": ("users", "users:read"),
    "files.info": ("files", "files:read"),
    "files.getUploadURLExternal": ("uploads", "files:write"),
    "reactions.add": ("reactions", "reactions:write"),
    "conversations.history": ("history", "channels:history"),
    "conversations.replies": ("history", "channels:history"),
}
"""By method: what it is about, which names the source of its trouble, and its scope where Slack does not name that."""

_NOT_BY_TOKEN = (
    "missing_scope",
    "no_permission",
    "ekm_access_denied",
    "not_allowed_token_type",
    "team_access_not_granted",
    "unknown_method",
)
"""How the codes begin of which auth.test says nothing, since it works all the same."""

_MAY_WRITE = ("chat:write", "bot")
"""How the scopes begin with which an app may post; `bot` is that of Slack's classic apps."""

EVERY = 60.0
"""Seconds between two lines in the log about refused signatures, of one process."""

LOOK_EVERY = 5.0
"""Seconds between two looks whether there is a trouble that a right signature ends, of one process."""

log = logging.getLogger(__name__)


def note_put_off(troubles: Troubles, error: CocoAIError) -> None:
    """Note that a job is put off because Slack is away or in trouble; a rate limit is no trouble.

    That Slack refuses us was noted at the call, unless only the calls together tell that.
    """
    is_away = isinstance(error, Temporary) and error.source == "Slack" and error.code not in BUSY
    if is_away or error.code == NO_PERMISSION_ANYWHERE:
        troubles.note(SLACK, error.code)


def note_given_up(troubles: Troubles, error: CocoAIError) -> None:
    """Note that a question is given up because of OpenAI, for a reason that only an operator, or OpenAI, can mend."""
    if error.source == "OpenAI":
        troubles.note(OPENAI, error.code)


class SlackWatch(CallWatch):
    """The watch over one process's calls of Slack: it notes when Slack refuses us, and when that is over."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._begun = float("inf")

    def begun(self) -> None:
        """Keep when the call was made: how it ends says nothing of what another process has met since."""
        self._begun = self._troubles.now()

    def succeeded(self, method: str, channel: str) -> None:
        """Note that Slack takes what is ours, or that the scope of this method is there."""
        if method in _WRITES:
            self._troubles.over(SLACK, self._begun)
        elif method in _SCOPES:
            self._troubles.over(_source(method, channel), self._begun)

    def failed(self, method: str, channel: str, error: CocoAIError) -> None:
        """Note that Slack refuses us, or that a scope is missing; and that auth.test finds no Slack."""
        is_away = method == "auth.test" and isinstance(error, Temporary) and error.code not in BUSY
        if is_shut_out(error) or is_away:
            self._troubles.note(SLACK, error.code)
        elif isinstance(error, Permanent) and error.code.startswith("missing_scope") and method in _SCOPES:
            needed = error.code.partition(":")[2] or _SCOPES[method][1]
            self._troubles.note(_source(method, channel), needed)

    def may_not_download(self) -> None:
        """Note that the scope for files seems to be missing: it is not named, and the file may be closed to us."""
        source, scope = _source("files.info", ""), _SCOPES["files.info"][1]
        self._troubles.note(source, scope)

    def granted(self, scopes: str) -> None:
        """Compare the scopes that Slack has granted, with commas between them, with those that were missed.

        "" if it does not tell them: then nothing is known to be missing until it is missed again.
        """
        names = frozenset(scopes.replace(" ", "").split(",")) - {""}
        for trouble in self._troubles.all():
            is_of_token = trouble.source == SLACK and not trouble.code.startswith(_NOT_BY_TOKEN)
            if is_of_token or (_is_about_scope(trouble) and names.issuperset(_scopes(trouble) if names else ())):
                self._troubles.over(trouble.source, self._begun)
        if names and not any(name.startswith(_MAY_WRITE) for name in names):
            self._troubles.note(SLACK, WRITE_SCOPE)


def _is_about_scope(trouble: Trouble) -> bool:
    return trouble.source.startswith(SCOPE) or trouble.code.startswith(WRITE_SCOPE)


def _scopes(trouble: Trouble) -> list[str]:
    """Return the scopes that a trouble says are missing."""
    return trouble.code.removeprefix("missing_scope:").split(",")


def _source(method: str, channel: str) -> str:
    """Return the source of the trouble that a method's scope is missing: one for each kind of channel's history."""
    about = _SCOPES[method][0]
    return f"{SCOPE}-{about}-{channel[:1]}" if about == "history" else f"{SCOPE}-{about}"


class SignatureWatch:
    """The watch over the signatures of one process's requests. Times are in epoch seconds.

    Unsigned requests are no concern of it: whoever scans the internet sends those.
    """

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._count = 0
        self._logged_at = self._looked_at = float("-inf")

    def refused(self, error: WrongSignature | StaleSignature, now: float) -> None:
        """Count a request that was refused for its signature; log and note that, once a minute at most."""
        self._count += 1
        if 0 <= now - self._logged_at < EVERY:
            return
        log.warning("event outcome=bad-signature count=%d reason=%r", self._count, error.line)
        self._troubles.note(SIGNATURE, "stale" if isinstance(error, StaleSignature) else "wrong", self._count)
        self._count, self._logged_at = 0, now

    def accepted(self, now: float) -> None:
        """Note that a request was rightly signed. Nothing is looked up more often than LOOK_EVERY."""
        if not 0 <= now - self._looked_at < LOOK_EVERY:
            self._looked_at = now
            self._troubles.over(SIGNATURE)
