"""What the source of Slack's documents works with: the listing, and the connection to Slack."""

from __future__ import annotations

import os
from collections.abc import Callable

from cocoai import config
from cocoai.connections import Connections
from cocoai.engine.client.tls import tls_context
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.pinned_files import PinnedFiles
from cocoai.slack.thread.user_names import UserNames
from cocoai.slack_documents.listing import SlackListing, listing_path

MOST_NAMES = 50
"""People whose names are looked up in one slice."""


def listing_of(var: str) -> SlackListing:
    """Return what was last seen of the channels."""
    return SlackListing(listing_path(var))


class Slack:
    """What one process asks Slack with: `chat` for bytes, `pinned` for what is pinned; and it knows people's names."""

    def __init__(self, chat: SlackChat, pinned: PinnedFiles, names: UserNames) -> None:
        self.chat = chat
        self.pinned = pinned
        self._names = names
        self._asked: dict[str, str] = {}

    def name_of_user(self, user: str) -> str:
        """Return a person's name, "" if it is unknown or too many were asked for. Never raise."""
        if user not in self._asked and len(self._asked) < MOST_NAMES:
            self._asked[user] = self._names.name(user)
        return self._asked.get(user, "")


def connection(settings: config.Settings) -> Callable[[], Slack]:
    """Return a function that connects to Slack: a process that has nothing to ask makes no TLS context."""

    def connect() -> Slack:
        connections = Connections(settings, tls_context(settings.network.ca_file or None))
        chat = connections.slack()
        names = UserNames(os.path.join(settings.paths.var, "people"), chat.user_name)
        return Slack(chat, PinnedFiles(connections.prompt_calls()), names)

    return connect
