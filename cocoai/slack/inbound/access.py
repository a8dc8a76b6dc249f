"""The one rule for who may address CocoAI, by a message or by a button: AccessRules.

Pure: it must not know the settings' file or Slack's payloads; the two analyzers read an author out of those.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cocoai.slack.model.identity import Identity


@dataclass(frozen=True, slots=True)
class Author:
    """The user who wrote a message or pressed a button, and where.

    `teams` are the ids of all teams and enterprises that the payload names as the user's; none if it names none.
    `is_direct`: in a direct message. `may_be_external`: the user may belong to another organisation. `has_clicked`: the
    user pressed a button, and wrote no message.
    """

    user: str
    channel: str
    teams: frozenset[str]
    is_direct: bool
    may_be_external: bool
    has_clicked: bool = False


@dataclass(frozen=True)
class AccessRules:
    """The settings that restrict who may address CocoAI, and where. An empty collection restricts nothing."""

    allow_channels: Collection[str] = frozenset()
    allow_users: Collection[str] = frozenset()
    external_users: bool = False
    direct_messages: bool = True

    def refusal(self, author: Author, identity: Identity | None) -> str:
        """Return the reason why `author` may not address us, in words for a log; "" if they may.

        `identity` is our own, None while it is unknown. By it a user of our organisation is told from another's.
        """
        return self._not_allowed(author) or self._external(author, identity)

    def _not_allowed(self, author: Author) -> str:
        """Return a reason if `allow_users`, `allow_channels` or `direct_messages` keeps the author out; else "".

        In a direct message `allow_channels` does not count, and `direct_messages` keeps out questions but no clicks.
        """
        if self.allow_users and author.user not in self.allow_users:
            return "this user is not allowed"
        if author.is_direct:
            # allow_channels does not speak of direct messages, which have a switch of their own. The switch keeps
            # questions out, but not clicks: the buttons under earlier replies go on working.
            return "" if self.direct_messages or author.has_clicked else "direct messages are off"
        if self.allow_channels and author.channel not in self.allow_channels:
            return "this channel is not allowed"
        return ""

    def _external(self, author: Author, identity: Identity | None) -> str:
        """Return a reason if other organisations' users are kept out and the author may be one; else "".

        An author who may be external counts as ours only if teams are named, and all are our own team or enterprise.
        """
        if self.external_users or not author.may_be_external:
            return ""
        # A user whose team is not named is external, and so is everybody while our team is unknown.
        ours = {identity.team_id, identity.enterprise_id} if identity else set()
        return "" if author.teams and author.teams <= ours else "another organisation's user"


DEFAULT_ACCESS = AccessRules()
"""The rules of settings that restrict nothing beyond their defaults: external users may not address us."""
