"""The operator's commands: what they take, and how they say that something is wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import cocoai
from cocoai.cli import main
from cocoai.spool.key import Key
from cocoai.spool.spool import Spool

ROOT = Path(__file__).parent.parent

SCOPE_OF = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
}
"""Slack's events that we hear, and the scope that each of them needs (docs.slack.dev/reference/events)."""


@pytest.fixture(autouse=True)
def nobody_s_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and no secrets in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "OPENAI_API_KEY", "COCOAI_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def test_the_module_is_the_command() -> None:
    """`python -m cocoai` where no script is at hand."""
    command = [sys.executable, "-m", "cocoai", "--version"]

    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    assert (0, f"cocoai {cocoai.__version__}\n", "") == (told.returncode, told.stdout, told.stderr)


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["up", "--port", "1"], ["spool"], ["spool", "show"], ["manifest"], ["rehearse", "--port", "x"]],
)
def test_nonsense_is_refused_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, as every command of the system."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert 2 == ended.value.code
    assert capsys.readouterr().err.startswith("usage: cocoai")


@pytest.mark.parametrize("command", ["up", "rehearse", "status", "spool", "manifest"])
def test_every_command_tells_what_it_takes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And the list of commands names it."""
    for arguments in (["--help"], [command, "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)

        assert 0 == ended.value.code
        assert command in capsys.readouterr().out


def test_what_cannot_be_done_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, the reason on stderr, and no traceback."""
    assert 1 == main(["up"])

    out, err = capsys.readouterr()
    assert "" == out
    assert err.startswith("cocoai: missing: [slack] signing_secret in cocoai.ini, or SLACK_SIGNING_SECRET; ")
    assert 1 == err.count("\n")


def test_a_rehearsal_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    """The page's port here; nginx's is told of by `up`."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "cocoai", "rehearse", "--once", "--port", port]

        told = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
        )

    assert 1 == told.returncode
    assert told.stderr.startswith("cocoai: cannot rehearse: ")
    assert "Address already in use" in told.stderr
    assert 1 == told.stderr.count("\n")


def test_the_manifest_is_for_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON to paste at api.slack.com/apps, with the address that Slack is to post to."""
    assert 0 == main(["manifest", "--url", "https://bot.example.com/"])

    manifest = json.loads(capsys.readouterr().out)
    settings = manifest["settings"]
    assert "https://bot.example.com/slack/events" == settings["event_subscriptions"]["request_url"]
    assert {"is_enabled": True, "request_url": "https://bot.example.com/slack/interactions"} == settings[
        "interactivity"
    ]
    assert (False, False) == (settings["socket_mode_enabled"], settings["token_rotation_enabled"])
    # Without both of these nobody can write to it directly.
    assert (True, False) == (
        manifest["features"]["app_home"]["messages_tab_enabled"],
        manifest["features"]["app_home"]["messages_tab_read_only_enabled"],
    )


def test_the_manifest_asks_for_no_more_than_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    """One scope for each event, one to write, one to know who asks, and one to see what they attach."""
    assert 0 == main(["manifest", "--url", "https://bot.example.com"])

    manifest = json.loads(capsys.readouterr().out)
    assert list(SCOPE_OF) == manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {*SCOPE_OF.values(), "chat:write", "users:read", "files:read"} == set(
        manifest["oauth_config"]["scopes"]["bot"]
    )


@pytest.mark.parametrize("url", ["http://bot.example.com", "bot.example.com", "https://bot.example.com/x", 'https://"'])
def test_the_manifest_is_made_for_https_only(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Slack refuses any other address, and later."""
    assert 1 == main(["manifest", "--url", url])

    assert capsys.readouterr().err.startswith(f"cocoai: --url {url}: expected https://HOST")


KEY = "C0PRACTICE-1763822000.000100-1763822000.000200"


@pytest.fixture
def failed_job(tmp_path: Path) -> Spool:
    """A spool in ./var, where the commands look without settings, with one job that was given up."""
    spool = Spool(str(tmp_path / "var"))
    spool.make_folders()
    spool.put(Key.parse(KEY), {"kind": "mention", "text": "a private matter"})
    job = spool.claim()
    assert job is not None
    spool.fail(job, "OpenAI insufficient_quota 429")
    return spool


@pytest.mark.usefixtures("failed_job")
def test_the_spool_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Where each job is, how often it was tried, what happened last; no secrets are needed for it."""
    assert 0 == main(["spool", "list"])
    assert f"failed {KEY} tries=1 last=failed\n" == capsys.readouterr().out


@pytest.mark.usefixtures("failed_job")
def test_a_job_is_shown_without_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    """The reason is there for the operator; of texts only their length."""
    assert 0 == main(["spool", "show", KEY])

    shown = capsys.readouterr().out
    assert shown.startswith(f"failed/{KEY}\n")
    assert "insufficient_quota" in shown
    assert "(16 characters)" in shown
    assert "private" not in shown


def test_a_failed_job_is_put_back(failed_job: Spool, capsys: pytest.CaptureFixture[str]) -> None:
    """And can be claimed again; a second time it is not there any more."""
    assert 0 == main(["spool", "retry", KEY])
    assert 1 == main(["spool", "retry", KEY])

    assert "cocoai spool list" in capsys.readouterr().err
    job = failed_job.claim()
    assert job is not None
    assert KEY == str(job.key)


@pytest.mark.usefixtures("failed_job")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "../../etc/passwd"], "not a job's key"),
        (["retry", "nonsense"], "not a job's key"),
        (["show", "C0PRACTICE-1.0-1.0"], "there is no job"),
    ],
)
def test_what_is_no_job_is_told(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line."""
    assert 1 == main(["spool", *arguments])
    assert told in capsys.readouterr().err
