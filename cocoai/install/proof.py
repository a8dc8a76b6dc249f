"""The proof: CocoAI answers at its own public address what Slack asks to verify it, signed as Slack signs."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import shlex
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai import config
from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance

PATIENCE = 60.0
"""Seconds in which a pool that has just been started must answer: on 5 % of a core it takes half of that."""

PAUSE = 1.0
TIMEOUT = 5.0


@dataclass(frozen=True)
class Proof:
    """A step that changes nothing: it asks CocoAI as Slack would, until it answers or PATIENCE seconds are over."""

    instance: Instance
    choices: Choices

    def is_done(self) -> bool:
        """Return False: it is asked each time."""
        return False

    def do(self) -> None:
        """Ask. Raise CocoAIError with what was found, and where to look, if there is no right answer."""
        secret = config.read(self.instance.settings, {}).slack.signing_secret
        context = _context(self.instance, self.choices)
        deadline = time.monotonic() + PATIENCE
        while (trouble := _trouble(self.choices.domain, secret, context)) is not None:
            if time.monotonic() > deadline:
                raise CocoAIError(f"https://{self.choices.domain}/slack/events: {trouble}\n{self._advice()}")
            time.sleep(PAUSE)

    def typed(self) -> Iterator[str]:
        """Yield a command that at least shows whether the pool answers."""
        trusted = ["--cacert", self.choices.certificate_files(self.instance)[0]] if self.choices.is_self_signed else []
        # nginx and the pool have just been told to begin.
        words = ["curl", "--fail", "--silent", "--show-error", "--retry", f"{PATIENCE:.0f}", "--retry-delay", "1"]
        yield shlex.join([*words, "--retry-all-errors", *trusted, f"https://{self.choices.domain}/healthz"])

    def _advice(self) -> str:
        where = f"/var/log/nginx/error.log and {self.instance.log}/cocoai.log"
        if self.choices.shape == "systemd":
            where = f"/var/log/nginx/error.log and `journalctl -u {self.instance.service}`"
        return f"All is installed, but Slack would not be answered. Look into {where}; then type the same again."


def _context(instance: Instance, choices: Choices) -> ssl.SSLContext:
    """Return a TLS context that trusts what Slack trusts, and the certificate that we made ourselves to try."""
    context = ssl.create_default_context()
    if choices.is_self_signed:
        context.load_verify_locations(choices.certificate_files(instance)[0])
    return context


def _trouble(domain: str, secret: str, context: ssl.SSLContext) -> str | None:
    """Send a signed url_verification, and return what was wrong with the answer; None if it was right."""
    challenge = secrets.token_hex(16)
    body = json.dumps({"type": "url_verification", "token": "none", "challenge": challenge})
    now = str(int(time.time()))
    signature = hmac.new(secret.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={signature}",
    }
    connection = http.client.HTTPSConnection(domain, timeout=TIMEOUT, context=context)
    try:
        connection.request("POST", "/slack/events", body, headers)
        response = connection.getresponse()
        answer = response.read(4096).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    if response.status != 200:
        return f"{response.status} {answer.strip()[:200]}"
    return None if challenge in answer else f"200, but another answer: {answer.strip()[:200]}"
