"""The proof: CocoAI answers at its own public address what Slack asks to verify it, signed as Slack signs."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai import config
from cocoai.check.result import wrong
from cocoai.check.url_verification import PATH, Verification, trusting, verify_url
from cocoai.check.words.english import ENGLISH
from cocoai.errors import CocoAIError
from cocoai.install.choices import Choices
from cocoai.install.instance import Instance

PATIENCE = 60.0
"""Seconds in which a pool that has just been started must answer: on 5 % of a core it takes half of that."""

PAUSE = 1.0


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
        own = self.choices.certificate_files(self.instance)[0] if self.choices.is_self_signed else ""
        url, context = f"https://{self.choices.domain}", trusting(own)
        deadline = time.monotonic() + PATIENCE
        while not (found := verify_url(url, secret, context)).is_ok:
            if time.monotonic() > deadline:
                raise CocoAIError(f"{url}{PATH}: {self._words(found)}\n{self._advice()}")
            time.sleep(PAUSE)

    def typed(self) -> Iterator[str]:
        """Yield a command that at least shows whether the pool answers."""
        trusted = ["--cacert", self.choices.certificate_files(self.instance)[0]] if self.choices.is_self_signed else []
        # nginx and the pool have just been told to begin.
        words = ["curl", "--fail", "--silent", "--show-error", "--retry", f"{PATIENCE:.0f}", "--retry-delay", "1"]
        yield shlex.join([*words, "--retry-all-errors", *trusted, f"https://{self.choices.domain}/healthz"])

    def _words(self, found: Verification) -> str:
        """Return how it was found, in the words of `cocoai check`."""
        domain, settings = self.choices.domain, self.instance.settings
        facts = {"url": f"https://{domain}{PATH}", "host": domain, "detail": found.detail, "file": settings}
        return ENGLISH.sentences(wrong("public", found.case))[0].format_map(facts)

    def _advice(self) -> str:
        where = f"/var/log/nginx/error.log and {self.instance.log}/cocoai.log"
        if self.choices.shape == "systemd":
            where = f"/var/log/nginx/error.log and `journalctl -u {self.instance.service}`"
        return (
            f"All is installed, but Slack would not be answered. `sudo {self.instance.id} check` says what to type for"
            f" each wrong thing; look into {where}; then type the same again."
        )
