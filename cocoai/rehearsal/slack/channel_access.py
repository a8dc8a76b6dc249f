"""Find the conversation that an argument or a person names, and refuse it if the bot may not use it."""

from __future__ import annotations

from cocoai.rehearsal.slack.api_call import SlackApiError
from cocoai.rehearsal.slack.workspace import PracticeChannel, Workspace


def accessible_channel(workspace: Workspace, channel_id: str, *, may_be_archived: bool = False) -> PracticeChannel:
    """Return a channel by its id.

    Raise `SlackApiError` if it does not exist, the bot is not in it, or it is archived and may not be.
    """
    channel = workspace.channels.get(channel_id)
    if channel is None or (not channel.is_member and channel.kind != "channel"):
        # To an app that cannot see a private conversation Slack answers as if there were none.
        raise SlackApiError("channel_not_found")
    if channel.is_archived and not may_be_archived:
        raise SlackApiError("is_archived")
    if not channel.is_member:
        raise SlackApiError("not_in_channel")
    return channel


def direct_channel(workspace: Workspace, user: str) -> PracticeChannel | None:
    """Return the direct conversation with one of our people; None if `user` is no person's id, or of another team."""
    person = workspace.people.get(user)
    if person is None or person.is_bot or person.team != workspace.installation.team_id:
        return None
    direct = [each for each in workspace.channels.values() if each.kind == "im"]
    # A person whom a test has added has none of one's own.
    return next((each for each in direct if each.user == person.id), direct[0])
