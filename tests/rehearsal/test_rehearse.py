"""`cocoai rehearse`: the settings that it writes for the production setup, which is not started here."""

from __future__ import annotations

import configparser
import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from cocoai.errors import CocoAIError
from cocoai.rehearsal.rehearse import Running, rehearse
from cocoai.rehearsal.slack.practice_slack import SIGNING_SECRET, TOKEN


class NoProduction:
    """Stands in for the production setup: it keeps the secrets in its settings, and answers no request."""

    def __init__(self) -> None:
        self.secrets: list[tuple[str, str]] = []

    @contextlib.contextmanager
    def start(self, _var: str, *, listen: str, config: str) -> Iterator[Running]:
        """Read the settings, and be there without an nginx."""
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(config)
        self.secrets.append((settings["slack"]["signing_secret"], settings["slack"]["bot_token"]))
        yield SimpleNamespace(address=f"http://{listen}")


def no_wait() -> None:
    """Return at once: nobody goes on talking here."""


@pytest.mark.parametrize("openai", [True, False])
def test_each_rehearsal_has_secrets_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, openai: bool) -> None:
    """With those in the source every program that reaches nginx could spend the operator's money at OpenAI."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real")
    production = NoProduction()

    for _ in range(2):
        with pytest.raises(CocoAIError, match="url_verification was not answered"):
            rehearse(listen="127.0.0.1:1", port=0, once=True, openai=openai, up=production.start, wait=no_wait)

    signing, tokens = zip(*production.secrets, strict=True)
    assert (2, 2) == (len(set(signing)), len(set(tokens)))
    assert SIGNING_SECRET not in signing
    assert TOKEN not in tokens
    assert all(token.startswith("xoxb-") for token in tokens)
