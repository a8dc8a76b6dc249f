"""What comes of a slash command that Slack posts, as the worker takes it in.

It must become a SlashCommand that can be kept, an Ignored, or `Refused` 400.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.fuzz.check import NOW, SECRET, US, require, signed
from bench.fuzz.events import SLOW, ignored
from cocoai.engine.web.request import MAX_BODY
from cocoai.errors import Refused
from cocoai.slack.inbound.commands import CommandAnalyzer
from cocoai.slack.model.slash_command import SlashCommand
from cocoai.spool.job import encode_line, whole_lines
from cocoai.spool.key import Key

COMMANDS: tuple[dict[str, Any], ...] = (
    {
        "token": "practice-verification",
        "team_id": "T0PRACTICE",
        "team_domain": "practice",
        "channel_id": "C0PRACTICE",
        "channel_name": "practice",
        "user_id": "U0ASKER01",
        "user_name": "asker",
        "command": "/cocoai",
        "text": "usage <@U0ASKER02|second> ＨＥＬＰ",
        "api_app_id": "A0COCOAI",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/T0PRACTICE/1/x",
        "trigger_id": "1.2.practice",
    },
    {"ssl_check": "1", "token": "practice-verification"},
)


class CommandChecker:
    """Checks what comes of a command's form. None is put into a spool: what it holds is names, but for a short text."""

    kept = 0
    slow = SLOW

    def __init__(self, _: Path) -> None:
        self._analyzer = CommandAnalyzer(SECRET, who=lambda: US)

    def __call__(self, body: bytes) -> str:
        form = _form(body)
        if len(form) > MAX_BODY:
            return "too big"
        try:
            command = self._analyzer.analyze(signed(form), form, NOW)
        except Refused as refusal:
            require(refusal.status == 400, "refused, but not as a bad form")
            return "refused 400"
        if not isinstance(command, SlashCommand):
            return ignored(command)
        Key.parse(command.key)
        read = SlashCommand.from_facts(whole_lines(encode_line(command.facts()))[0][0])
        require(read == command, "not what was written")
        require(len(command.text) <= 200, "a long text")
        return f"command {command.why or 'of ours'}"


def _form(body: bytes) -> bytes:
    """Return the form with the fields of a JSON object; what is none is sent as it is."""
    try:
        fields = json.loads(body)
        return urlencode(fields, errors="surrogatepass").encode() if isinstance(fields, dict) else body
    except (ValueError, RecursionError):
        return body
