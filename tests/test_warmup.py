"""The warm-up: the master answers questions before it forks, and nothing of that is left."""

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
from cocoai.rehearsal.certificates import Certificates
from tests.deployment import deploy
from tests.engine.conftest import python_path
from tests.processes import wait_until

ENTRY = Path(__file__).parent.parent / "cocoai.fcgi"
ENTRY_THAT_NOTES = Path(__file__).with_name("imports_entry.py")


@pytest.fixture
def settings(tmp_path: Path) -> config.Settings:
    """Return settings with which neither Slack nor OpenAI can be reached."""
    environ = {
        "SLACK_SIGNING_SECRET": "practice",
        "SLACK_BOT_TOKEN": "xoxb-practice",
        "OPENAI_API_KEY": "sk-practice",
        "COCOAI_SLACK_API_URL": "https://127.0.0.1:9/api/",
        "COCOAI_OPENAI_BASE_URL": "https://127.0.0.1:9/v1",
        "COCOAI_PATHS_VAR": str(tmp_path / "var"),
    }
    return config.read(None, environ)


def answerers(settings: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    """Return the answerers that the product makes."""
    return app.build(settings, context).answerers


def test_every_question_is_answered(settings: config.Settings) -> None:
    """The warm-up answers its questions without reaching any server outside."""
    assert warmup.warm_up(settings, answerers)


def test_nothing_is_left(settings: config.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warm-up leaves no thread, descriptor, child or file, so that a fork may follow at once."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resources()
    warmup.warm_up(settings, answerers)

    assert before == resources()
    assert [] == [file for _, _, files in os.walk(tmp_path) for file in files]
    assert [] == os.listdir(os.path.join(settings.paths.var, "run"))


def resources() -> tuple[int, list[str], str]:
    """Return this process's threads, descriptors and children, zombies included."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return threading.active_count(), sorted(os.listdir("/proc/self/fd")), children


def test_the_answerers_get_no_secret_and_a_folder_of_their_own(settings: config.Settings) -> None:
    """The warm-up's settings have neither the token nor the key, and keep the operator's spool out of it."""
    seen: list[config.Settings] = []

    def record(changed: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
        seen.append(changed)
        return answerers(changed, context)

    warmup.warm_up(settings, record)

    assert {"none"} == {seen[0].slack.bot_token, seen[0].openai.api_key}
    assert os.path.join(settings.paths.var, "run", "warm-up") == seen[0].paths.var
    assert 0.0 == seen[0].slack.update_interval  # so that a reply's updates are warmed up too


def distrustful(settings: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    """Return answerers that trust real certificates only, so that no answer comes about."""
    del context
    return answerers(settings, ssl.create_default_context())


def broken(settings: config.Settings, context: ssl.SSLContext) -> AnswererFactory:
    raise OSError("no disk")


@pytest.mark.parametrize("make", [distrustful, broken])
def test_a_failed_warm_up_is_one_line_in_the_log(
    settings: config.Settings,
    make: Callable[[config.Settings, ssl.SSLContext], AnswererFactory],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failed warm-up returns False and logs one line; what the answerers log inside is left out."""
    with caplog.at_level(logging.INFO):
        done = warmup.warm_up(settings, make)

    assert not done
    assert ["warm-up outcome=failed"] == [record.getMessage()[:22] for record in caplog.records]


def test_a_job_process_imports_nothing(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> None:
    """What an answer, a reaction and a click need was imported before the fork: else each process pays for it."""
    var = tmp_path_factory.mktemp("house")
    noted = var / "imports"
    with deploy(var, certificates, entry=str(ENTRY_THAT_NOTES), IMPORTS=str(noted)) as running:
        question = running.ask("why?")
        answer = running.answer_to(question)
        running.slack.say("U0ASKER01", "thank you", thread_ts=question.ts)
        wait_until(lambda: len(running.spool.keys("done")) == 2)
        running.slack.click("U0ASKER01", answer.channel, answer.ts, "cocoai_delete")
        wait_until(lambda: len(running.spool.keys("done")) == 3)
        wait_until(lambda: noted.exists() and len(noted.read_text().splitlines()) >= 2)

    assert {""} == set(noted.read_text().splitlines())


def test_the_pool_loads_no_charset_detection() -> None:
    """The pool's entry file loads no tables for guessing charsets, and requests does not warn of that."""
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
