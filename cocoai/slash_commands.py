"""The handler of `POST /slack/commands`: a use of our slash command, which is replied to as a job.

As webhook.py's it must not know what a command means, nor how it is replied to.
"""

from __future__ import annotations

from cocoai.engine.web.response import Response
from cocoai.slack.model.slash_command import SlashCommand
from cocoai.spool.key import Key
from cocoai.webhook import SlackHandler


class CommandsHandler(SlackHandler[SlashCommand]):
    """The handler of slash commands. Slack shows nothing of its 200, as the reply comes by the command's own address.

    Slack sends no command again: after a 503 it shows the person that it did not work.
    """

    subject = "command"

    def _accept(self, posted: SlashCommand) -> Response:
        """Put the command into the spool. Raise `CannotKeep` if that fails."""
        self._note(posted.key)
        return self._put(Key.parse(posted.key), posted.facts())
