"""What the operator does in Slack, before the machine answers and after."""

from __future__ import annotations

from cocoai.up import etc


def before(domain: str) -> str:
    """Return how one makes the Slack app, whose secrets are asked for next. The manifest is in it."""
    return f"""\
In Slack, first (https://api.slack.com/apps):
  1. Create New App, From a manifest, your workspace; paste what stands between the lines.
     That the Request URL is not verified yet is right: this machine does not answer yet.
  2. Install App, Install to Workspace.
  3. Have at hand: the Signing Secret (Basic Information) and the Bot User OAuth Token (OAuth & Permissions).
{"-" * 72}
{etc.manifest(f"https://{domain}").rstrip()}
{"-" * 72}"""


def after(domain: str, command: str = "cocoai") -> str:
    """Return what is left to be done in Slack once the machine answers; `command` is the installed one."""
    return f"""
CocoAI answers at https://{domain}/slack/events. In Slack, now:
  1. https://api.slack.com/apps, your app, Event Subscriptions: the Request URL must say Verified (else: Retry).
     Interactivity & Shortcuts has its own Request URL: https://{domain}/slack/interactions
  2. In a channel: /invite @CocoAI, then mention it with a question.
Whether Slack, OpenAI and this machine are content with all that was set, and how to mend it: sudo {command} check"""
