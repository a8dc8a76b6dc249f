"""The warm-up: what the master answers before it forks, and that nothing of it is left."""

from __future__ import annotations

import logging
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from cocoai import app, config, warmup
from cocoai.answer import AnswererFactory
from tests.engine.conftest import python_path

ENTRY = Path(__file__).parent.parent / "cocoai.fcgi"


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Those of somebody whose Slack and OpenAI cannot be reached."""
    environ = {
        "SLACK_SIGNING_SECRET": "practice",
        "SLACK_BOT_TOKEN": "xoxb-practice",
        "OPENAI_API_KEY": "sk-practice",
        "COCOAI_SLACK_API_URL": "https://127.0.0.1:9/api/",
        "COCOAI_OPENAI_BASE_URL": "https://127.0.0.1:9/v1",
        "COCOAI_PATHS_VAR": str(tmp_path / "var"),
    }
    return config.read(None, environ)


def answerers(practice: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    return app.build(practice, context).answerers


def test_the_whole_path_is_walked(settings: config.Settings) -> None:
    """The master's own questions are answered, on settings with which nobody outside could be reached."""
    assert warmup.warm_up(settings, answerers)


def test_nothing_is_left(settings: config.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread, no descriptor, no child and no file: a fork may follow at once."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = what_is_held()
    warmup.warm_up(settings, answerers)

    assert before == what_is_held()
    assert [] == [file for _, _, files in os.walk(tmp_path) for file in files]
    assert [] == os.listdir(os.path.join(settings.paths.var, "run"))


def what_is_held() -> tuple[int, list[str], str]:
    """This process's threads, descriptors and children, zombies too."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return threading.active_count(), sorted(os.listdir("/proc/self/fd")), children


def test_no_secret_leaves_the_house(settings: config.Settings) -> None:
    """The answerer of the warm-up is given neither the token nor the key."""
    seen: list[config.Settings] = []

    def looking(practice: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
        seen.append(practice)
        return answerers(practice, context)

    warmup.warm_up(settings, looking)

    assert {"none"} == {seen[0].slack.bot_token, seen[0].openai.api_key}


def deaf(practice: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    """One that trusts real certificates only, and so never comes to an answer."""
    del context
    return answerers(practice, ssl.create_default_context())


def broken(practice: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    raise OSError("no disk")


@pytest.mark.parametrize("make", [deaf, broken])
def test_a_warm_up_that_fails_is_logged_and_no_more(
    settings: config.Settings,
    make: Callable[[config.Settings, ssl.SSLContext], AnswererFactory],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only memory depends on it: one line says so, and what went wrong inside is not the operator's affair."""
    with caplog.at_level(logging.INFO):
        done = warmup.warm_up(settings, make)

    assert not done
    assert ["warm-up outcome=failed"] == [record.getMessage()[:22] for record in caplog.records]


def test_the_pool_guesses_no_charset() -> None:
    """The tables for it are not loaded by the pool's entry, and requests' own warning of that is not heard."""
    program = f"""
import runpy, sys
sys.argv = ["cocoai.fcgi", "--help"]
try:
    runpy.run_path({str(ENTRY)!r}, run_name="__main__")
except SystemExit:
    print([name for name, module in sys.modules.items() if "charset_normalizer" in name and module])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": python_path()},
    )

    assert "[]" == done.stdout.splitlines()[-1]
    assert "" == done.stderr
