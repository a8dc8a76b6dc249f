"""CommandAnalyzer: read what Slack posted because somebody used our slash command. Pure, as events.py is.

Slack takes no such command in a thread, and tells of none. The command's own name is the operator's to choose, so it is
not looked at. Source: docs.slack.dev/interactivity/implementing-slash-commands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs

from cocoai.errors import BodyNotForm, IdentityUnknown
from cocoai.slack.inbound.access import DEFAULT_ACCESS, AccessRules, Author
from cocoai.slack.inbound.signature import STAMP_HEADER, verify
from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import DeclinedFor, Ignored
from cocoai.slack.model.slash_command import SlashCommand
from cocoai.slack_ids import is_id

_MOST_FIELDS = 50
"""Fields of a form; Slack sends some fifteen."""

_MOST_TEXT = 200
"""Characters that are kept of what was typed; the longest command is far shorter."""


class CommandAnalyzer:
    """Reads the forms of slash commands. `who` returns our identity, None while it is unknown."""

    def __init__(
        self, signing_secret: str, *, who: Callable[[], Identity | None], access: AccessRules = DEFAULT_ACCESS
    ) -> None:
        self._signing_secret = signing_secret
        self._who = who
        self._access = access

    def analyze(self, headers: Mapping[str, str], body: bytes, now: float) -> SlashCommand | Ignored:
        """Check the signature of one POST of a slash command, and return the command; Ignored for an odd one.

        A person who may not address us is in it with the reason. Header names are lower-case, `now` is in seconds since
        the epoch. Raise `Refused` with status 401 for a signature that is not Slack's, 400 for a body that is no form,
        503 (`IdentityUnknown`) while we do not know our own ids.
        """
        verify(body, headers, self._signing_secret, now)
        fields, identity = _fields(body), self._who()
        if fields.get("ssl_check") == "1":
            return Ignored("a look at the certificate")
        if identity is None:
            raise IdentityUnknown
        if identity.app_id and fields.get("api_app_id", identity.app_id) != identity.app_id:
            return Ignored("another app's command")
        user, channel, url = (fields.get(name, "") for name in ("user_id", "channel_id", "response_url"))
        if not (is_id(user) and is_id(channel) and url):
            return Ignored("no user, channel or address, or an odd one")
        author = _author(user, channel, fields, identity)
        ts = _ts(headers[STAMP_HEADER], fields.get("trigger_id", ""))
        text = fields.get("text", "")[:_MOST_TEXT]
        return SlashCommand(user, channel, ts, text, url, self._why(author, identity))

    def _why(self, author: Author, identity: Identity) -> DeclinedFor:
        """Return by which rule a person may not address us there; "" if the person may."""
        if not self._access.refusal(author, identity):
            return ""
        return self._access.declined_for(author, identity) or "person"  # another organisation's


def _fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form, of each name the first. Raise `BodyNotForm` if there are none, or over 50."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:  # raw bytes, or too many fields
        fields = {}
    if not fields:
        raise BodyNotForm
    return {name: values[0] for name, values in fields.items()}


def _author(user: str, channel: str, fields: Mapping[str, str], identity: Identity) -> Author:
    """Return who used the command, as the access rules take it: external, if neither team nor enterprise is ours."""
    team, enterprise = fields.get("team_id", ""), fields.get("enterprise_id", "")
    is_ours = team in identity.teams or enterprise in identity.teams
    is_direct = channel.startswith("D")
    return Author(user, channel, frozenset(filter(is_id, [team])), is_direct, may_be_external=not is_ours)


def _ts(timestamp: str, trigger_id: str) -> str:
    """Return a ts for a command: the signed time, and a digest of what is new in each; a replay has the same."""
    digest = int.from_bytes(hashlib.sha256(trigger_id.encode("utf-8", "replace")).digest()[:8], "big")
    return f"{int(timestamp)}.{digest % 10**8:08d}"
