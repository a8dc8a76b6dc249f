"""The settings file of an installation: made once, with the secrets in it, and from then on the operator's own."""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Mapping

from cocoai.errors import CocoAIError
from cocoai.install.instance import Instance
from cocoai.install.steps import Owner, WholeFile
from cocoai.up import etc

SECRETS = (
    ("slack", "signing_secret", "SLACK_SIGNING_SECRET", "Slack's Signing Secret (Basic Information)"),
    ("slack", "bot_token", "SLACK_BOT_TOKEN", "Slack's Bot User OAuth Token, xoxb-… (OAuth & Permissions)"),
    ("openai", "api_key", "OPENAI_API_KEY", "the API key of OpenAI, sk-…"),
)
"""Section, key, the variable it may come from, and what the operator is asked for."""

_SECRET = re.compile(r"[\x21-\x7e]+")
HIDDEN = "(not shown)"


def missing(instance: Instance) -> bool:
    """Check whether there is no settings file yet."""
    return not os.path.exists(instance.settings)


def ask(environ: Mapping[str, str], *, may_ask: bool) -> dict[str, str]:
    """Return the secrets by their keys: from the environment, else asked for at the terminal, without echo.

    Raise CocoAIError, which names the variables, if one is missing and nobody can be asked, or is none.
    """
    secrets: dict[str, str] = {}
    lacking = [variable for _, _, variable, _ in SECRETS if not environ.get(variable)]
    if lacking and not may_ask:
        raise CocoAIError(f"secrets are missing: set {', '.join(lacking)} in the environment (sudo: with -E)")
    for _, key, variable, what in SECRETS:
        value = environ.get(variable) or _asked(what)
        if not _SECRET.fullmatch(value):
            raise CocoAIError(f"{variable}: expected text without spaces, in ASCII")
        secrets[key] = value
    return secrets


def _asked(what: str) -> str:
    for _ in range(3):
        value = getpass.getpass(f"  {what}: ").strip()
        if value:
            return value
        print("  It is needed; Ctrl-C ends the installation, and nothing has been changed yet.", file=sys.stderr)
    raise CocoAIError(f"{what} is missing")


def file(instance: Instance, secrets: Mapping[str, str]) -> WholeFile:
    """Return the step that writes the settings: the example, with the secrets and this machine's folder."""
    values = {**secrets, "var": instance.var}
    if instance.is_copy:  # the first installation has the port
        values["status_listen"] = "off"
    shown = {**values, **dict.fromkeys(secrets, HIDDEN)}
    owner = Owner(0o640, group=instance.id)
    return WholeFile(instance.settings, _filled(values), owner, shown=_filled(shown))


def _filled(values: Mapping[str, str]) -> str:
    """Return the example's text with these keys set. Raise CocoAIError if the example has no line for one."""
    text = etc.read("cocoai.ini.example")
    for key, value in values.items():
        line = re.search(rf"(?m)^#{key} =.*$", text)
        if line is None:
            raise CocoAIError(f"cocoai.ini.example has no line for {key}: install CocoAI again")
        text = f"{text[: line.start()]}{key} = {value}{text[line.end() :]}"
    return text
