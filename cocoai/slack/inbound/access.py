"""The one rule for who may address CocoAI, by a message or by a button, and whose words it is shown: AccessRules.

Pure: it must not know the settings' file or Slack's payloads; its callers read an author out of those.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cocoai.slack.model.identity import Identity
from cocoai.slack.model.question import DeclinedFor


@dataclass(frozen=True, slots=True)
class Author:
    """The user who wrote a message or pressed a button, and where.

    `teams` are the ids of all teams and enterprises that Slack names as the user's; none if it names none.
    `is_direct`: in a direct message. `may_be_external`: the user may belong to another organisation. `is_app`: an app
    wrote the message, not a person.
    """

    user: str
    channel: str
    teams: frozenset[str]
    is_direct: bool
    may_be_external: bool
    is_app: bool = False


@dataclass(frozen=True)
class AccessRules:
    """The settings that restrict who may address CocoAI, and where. An empty collection restricts nothing."""

    allow_channels: Collection[str] = frozenset()
    allow_users: Collection[str] = frozenset()
    external_users: bool = False
    direct_messages: bool = True

    def may_refuse(self, *, is_direct: bool, may_be_external: bool) -> bool:
        """Check whether there are authors whom the rules refuse in such a place: elsewhere nobody need be looked at."""
        is_closed = is_direct and not self.direct_messages
        return bool(self.allow_users or self.allow_channels or is_closed or may_be_external)

    def refusal(self, author: Author, identity: Identity | None) -> str:
        """Return the reason why `author` may not address us there, in words for a log; "" if they may.

        `identity` is our own, None while it is unknown. By it a user of our organisation is told from another's.
        """
        return self._not_allowed(author) or self._wrong_place(author) or self._external(author, identity)

    def declined_for(self, author: Author, identity: Identity | None) -> DeclinedFor:
        """Return by which rule `author`, a person of our own organisation, may not address us there; "" for others."""
        if author.is_app or (author.may_be_external and not _is_ours(author, identity)):
            return ""
        if self._not_allowed(author):
            return "person"
        return ("direct" if author.is_direct else "place") if self._wrong_place(author) else ""

    def hides(self, author: Author, identity: Identity | None) -> bool:
        """Check whether the words of `author` in a thread are to be kept from the model.

        They are if the author may not address us, wherever that is. An app counts as its organisation's: no list of
        users has it.
        """
        # The place does not count: whoever asked there was allowed to.
        return bool(self._not_allowed(author) or self._external(author, identity))

    def _not_allowed(self, author: Author) -> str:
        """Return a reason if `allow_users` does not have the author; "" for an app."""
        is_allowed = author.is_app or not self.allow_users or author.user in self.allow_users
        return "" if is_allowed else "this user is not allowed"

    def _wrong_place(self, author: Author) -> str:
        """Return a reason if `allow_channels` or `direct_messages` closes the place; else "".

        `allow_channels` does not speak of direct messages, which have a switch of their own.
        """
        if author.is_direct:
            return "" if self.direct_messages else "direct messages are off"
        if self.allow_channels and author.channel not in self.allow_channels:
            return "this channel is not allowed"
        return ""

    def _external(self, author: Author, identity: Identity | None) -> str:
        """Return a reason if other organisations' users are kept out and the author may be one; else ""."""
        if self.external_users or not author.may_be_external:
            return ""
        return "" if _is_ours(author, identity) else "another organisation's user"


def _is_ours(author: Author, identity: Identity | None) -> bool:
    """Check whether an author who may be external is ours: teams are named, and all are our own team or enterprise."""
    # A user whose team is not named is external, and so is everybody while our team is unknown.
    return identity is not None and bool(author.teams) and author.teams <= identity.teams


DEFAULT_ACCESS = AccessRules()
"""The rules of settings that restrict nothing beyond their defaults: external users may not address us."""
