"""Take a clip that was recorded in Slack, without a text beside it, for what its speaker says, as if typed. Pure."""

from __future__ import annotations

from dataclasses import replace

from cocoai.slack.model.messages import Message
from cocoai.slack.model.plain_text import escaped, plain_text


def as_spoken(message: Message, own_user: str) -> Message:
    """Return a message without words of its own as if it showed its clips' words; any other one as it is.

    That is one with clips of sound whose words are known, and neither a text nor anything that it quotes. They are no
    text: what nobody has typed is no command.
    The same in the question and later in the conversation, so that servers can reuse what was sent.
    """
    clips = [file for file in message.files if file.kind == "voice" and file.text and file.is_whole]
    if not clips or message.shown or plain_text(message.text, own_user).strip():
        return message
    others = tuple(file for file in message.files if file not in clips)
    return replace(message, shown=escaped("\n\n".join(file.text for file in clips)), files=others)
