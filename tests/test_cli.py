"""The operator's commands: their arguments, their output, and their errors."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Never

import pytest

import cocoai
from cocoai.cli import main
from cocoai.rehearsal.slack.shortcuts import COMMAND, SHORTCUTS
from cocoai.spool.file_spool import FileSpool
from cocoai.spool.key import Key
from cocoai.up import etc
from cocoai.version import read_commit, version_text

ROOT = Path(__file__).parent.parent

SCOPE_OF = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
}
"""Slack's events that we subscribe to, and the scope that each needs (docs.slack.dev/reference/events)."""


@pytest.fixture(autouse=True)
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change into an empty folder, and remove the settings from the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("SLACK_SIGNING_SECRET", "SLACK_BOT_TOKEN", "OPENAI_API_KEY", "COCOAI_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def test_the_module_is_the_command() -> None:
    """`python -m cocoai` is the same as `cocoai`."""
    command = [sys.executable, "-m", "cocoai", "--version"]

    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)

    shown = f"cocoai {version_text(cocoai.__version__, read_commit())}\n"
    assert (0, shown, "") == (run.returncode, run.stdout, run.stderr)


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["up", "--port", "1"], ["spool"], ["spool", "show"], ["manifest"], ["rehearse", "--port", "x"]],
)
def test_wrong_arguments_are_answered_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 2, as for other commands."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert 2 == ended.value.code
    assert capsys.readouterr().err.startswith("usage: cocoai")


@pytest.mark.parametrize(
    "command", ["up", "rehearse", "check", "status", "spool", "usage", "forget", "backup", "restore", "manifest"]
)
def test_every_command_has_a_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The list of commands names it, and `--help` explains it."""
    for arguments in (["--help"], [command, "--help"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)

        assert 0 == ended.value.code
        assert command in capsys.readouterr().out


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 1, and stderr has the reason without a traceback."""
    assert 1 == main(["up"])

    out, err = capsys.readouterr()
    assert "" == out
    assert err.startswith("cocoai: missing: [slack] signing_secret in cocoai.ini, or SLACK_SIGNING_SECRET; ")
    assert 1 == err.count("\n")


def test_a_rehearsal_whose_port_is_taken_is_an_error(tmp_path: Path) -> None:
    """The error says that the port of the practice page is in use."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "cocoai", "rehearse", "--once", "--port", port]

        run = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
        )

    assert 1 == run.returncode
    assert run.stderr.startswith("cocoai: cannot rehearse: ")
    assert "Address already in use" in run.stderr
    assert 1 == run.stderr.count("\n")


def test_the_manifest_has_this_machine_s_address(capsys: pytest.CaptureFixture[str]) -> None:
    """The manifest is JSON with the addresses to which Slack posts."""
    assert 0 == main(["manifest", "--url", "https://bot.example.com/"])

    manifest = json.loads(capsys.readouterr().out)
    settings = manifest["settings"]
    assert "https://bot.example.com/slack/events" == settings["event_subscriptions"]["request_url"]
    assert {"is_enabled": True, "request_url": "https://bot.example.com/slack/interactions"} == settings[
        "interactivity"
    ]
    assert (False, False) == (settings["socket_mode_enabled"], settings["token_rotation_enabled"])
    # Without both of these people cannot send it direct messages.
    assert (True, False) == (
        manifest["features"]["app_home"]["messages_tab_enabled"],
        manifest["features"]["app_home"]["messages_tab_read_only_enabled"],
    )


def test_the_manifest_has_only_the_scopes_that_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    """There is one for each event but the opened home, and six: to write, react, read names, files, and be called."""
    assert 0 == main(["manifest", "--url", "https://bot.example.com"])

    manifest = json.loads(capsys.readouterr().out)
    assert [*SCOPE_OF, "app_home_opened"] == manifest["settings"]["event_subscriptions"]["bot_events"]
    others = {"chat:write", "commands", "reactions:write", "users:read", "files:read", "files:write"}
    assert {*SCOPE_OF.values(), *others} == set(manifest["oauth_config"]["scopes"]["bot"])


@pytest.mark.parametrize(
    ("settings", "is_asked"),
    [
        ({"SPEECH_USE": "off"}, False),
        ({"ANSWER_ATTACHMENTS_MIB": "0"}, False),
        ({"SPEECH_USE": "off", "IMAGES_USE": "on"}, True),
        ({"SPEECH_USE": "model"}, True),
    ],
)
def test_the_manifest_has_the_scope_to_send_files_where_some_are_sent(
    settings: dict[str, str], is_asked: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for where pictures are drawn, or the words of a sound can be had."""
    for name, value in settings.items():
        monkeypatch.setenv(f"COCOAI_{name}", value)
    assert 0 == main(["manifest", "--url", "https://bot.example.com"])

    scopes = json.loads(capsys.readouterr().out)["oauth_config"]["scopes"]["bot"]
    assert is_asked == ("files:write" in scopes)
    assert "files:read" in scopes


def test_the_manifest_asks_for_reactions_where_some_ask_for_something(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any, neither for the scope nor for the event, which Slack takes only with it."""
    monkeypatch.setenv("COCOAI_REACTIONS_BUILT_IN", "off")
    assert 0 == main(["manifest", "--url", "https://bot.example.com"])

    manifest = json.loads(capsys.readouterr().out)
    assert "reactions:read" not in manifest["oauth_config"]["scopes"]["bot"]
    assert "reaction_added" not in manifest["settings"]["event_subscriptions"]["bot_events"]


@pytest.mark.parametrize("more", [{}, {"ANSWER_ATTACHMENTS_MIB": "0"}])
def test_the_manifest_asks_for_pins_where_files_of_channels_are_documents(
    more: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the scopes to list them and to read them, and for the events of each, which Slack takes only with these."""
    for name, value in {"DOCUMENTS_CHANNELS": "C0PRACTICE", **more}.items():
        monkeypatch.setenv(f"COCOAI_{name}", value)
    assert 0 == main(["manifest", "--url", "https://bot.example.com"])

    manifest = json.loads(capsys.readouterr().out)
    assert {"pins:read", "channels:read", "groups:read", "files:read"} <= {*bots(manifest)}
    events = ["pin_added", "pin_removed", "file_change", "file_deleted", "file_unshared"]
    assert events == manifest["settings"]["event_subscriptions"]["bot_events"][-5:]


def test_the_manifest_offers_shortcuts_and_a_command() -> None:
    """They come with the scope, and go with it; what Slack calls when one is chosen is this machine."""
    offered, bare = (json.loads(etc.manifest("https://bot.example.com", unused=each)) for each in ((), {etc.COMMANDS}))

    assert [*SHORTCUTS] == [each["callback_id"] for each in offered["features"]["shortcuts"]]
    assert [(COMMAND, "https://bot.example.com/slack/commands")] == [
        (each["command"], each["url"]) for each in offered["features"]["slash_commands"]
    ]
    assert offered["features"]["app_home"]["home_tab_enabled"]
    assert {"shortcuts", "slash_commands"} == offered["features"].keys() - bare["features"].keys()
    assert ["commands"] == [each for each in bots(offered) if each not in bots(bare)]


def bots(manifest: dict[str, Any]) -> list[str]:
    """Return the scopes of the bot."""
    scopes: list[str] = manifest["oauth_config"]["scopes"]["bot"]
    return scopes


@pytest.mark.parametrize("url", ["http://bot.example.com", "bot.example.com", "https://bot.example.com/x", 'https://"'])
def test_the_manifest_needs_an_https_address(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Any other address, which Slack would refuse later, is an error."""
    assert 1 == main(["manifest", "--url", url])

    assert capsys.readouterr().err.startswith(f"cocoai: --url {url}: expected https://HOST")


KEY = "C0PRACTICE-1763822000.000100-1763822000.000200"


@pytest.fixture
def failed_job(tmp_path: Path) -> FileSpool:
    """Return a spool with one failed job, in ./var, where the commands look without settings."""
    spool = FileSpool(str(tmp_path / "var"))
    spool.make_folders()
    spool.put(Key.parse(KEY), {"kind": "mention", "text": "a private matter"})
    job = spool.claim()
    assert job is not None
    spool.fail(job, "OpenAI insufficient_quota 429")
    return spool


@pytest.mark.usefixtures("failed_job")
def test_the_spool_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line has a job's folder, key, attempts and last fact; no secrets are needed."""
    assert 0 == main(["spool", "list"])
    assert f"failed {KEY} tries=1 last=failed\n" == capsys.readouterr().out


@pytest.mark.usefixtures("failed_job")
def test_a_job_is_shown_without_its_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """The reason of a failure is shown, and of a text only the length."""
    assert 0 == main(["spool", "show", KEY])

    shown = capsys.readouterr().out
    assert shown.startswith(f"failed/{KEY}\n")
    assert "insufficient_quota" in shown
    assert "(16 characters)" in shown
    assert "private" not in shown


def test_a_failed_job_is_put_back(failed_job: FileSpool, capsys: pytest.CaptureFixture[str]) -> None:
    """It can be claimed again, and a second `retry` is an error."""
    assert 0 == main(["spool", "retry", KEY])
    assert 1 == main(["spool", "retry", KEY])

    assert "cocoai spool list" in capsys.readouterr().err
    job = failed_job.claim()
    assert job is not None
    assert KEY == str(job.key)


@pytest.mark.usefixtures("failed_job")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "../../etc/passwd"], "not a job's key"),
        (["retry", "nonsense"], "not a job's key"),
        (["show", "C0PRACTICE-1.0-1.0"], "there is no job"),
    ],
)
def test_an_unknown_job_is_an_error(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says whether the key is wrong or the job is missing."""
    assert 1 == main(["spool", *arguments])
    assert message in capsys.readouterr().err


def run(arguments: list[str], out: int | IO[bytes], folder: Path) -> tuple[int, str]:
    """Run a command with its output to `out`; return the exit code and what it wrote to stderr."""
    command = [sys.executable, "-m", "cocoai", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False, env=environ, cwd=folder)
    return done.returncode, done.stderr


PRINTING = [
    ["spool", "list"],
    ["spool", "show", KEY],
    ["status"],
    ["status", "--json"],
    ["manifest", "--url", "https://bot.example.com"],
    ["--help"],
    ["--version"],
]
"""Commands that print something and end."""


@pytest.mark.usefixtures("failed_job")
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_reader_that_has_gone_is_no_trouble(tmp_path: Path, arguments: list[str]) -> None:
    """Of `cocoai spool list | head -1` nobody wants to read about a broken pipe; the exit code is Python's own, 1."""
    reader, writer = os.pipe()
    os.close(reader)

    ended = run(arguments, writer, tmp_path)
    os.close(writer)

    assert (1, "") == ended


@pytest.mark.usefixtures("failed_job")
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_an_output_that_cannot_be_written_is_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    """It is not taken for a file that cannot be read, and leaves no trace."""
    with open("/dev/full", "wb") as full:
        ended = run(arguments, full, tmp_path)

    assert (1, "cocoai: cannot write the output: No space left on device\n") == ended


@pytest.mark.usefixtures("failed_job")
def test_a_closed_output_is_no_trouble(tmp_path: Path) -> None:
    """`cocoai spool list >&-` says nothing, and nowhere."""
    shell = f'exec "{sys.executable}" -m cocoai spool list >&-'

    done = subprocess.run(
        shell, shell=True, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path
    )

    assert (0, b"", b"") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (TimeoutError("waited in vain"), "waited in vain"),
        (OSError(errno.ENOSPC, "No space left on device", "/srv/var"), "No space left on device: '/srv/var'"),
    ],
)
def test_a_failure_of_the_machine_is_one_line(
    failure: OSError, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever a command meets on its way, its operator gets a sentence and no trace."""

    def fail(*_: object, **__: object) -> Never:
        raise failure

    monkeypatch.setattr("cocoai.up.up.make_folders", fail)
    file = tmp_path / "cocoai.ini"
    file.write_text("[slack]\nsigning_secret = s\nbot_token = t\n[openai]\napi_key = k\n")
    file.chmod(0o600)

    assert 1 == main(["up", "--config", str(file)])
    error = capsys.readouterr().err
    assert error.startswith("cocoai: ")
    assert error.endswith(f"{message}\n")
    assert 1 == error.count("\n")
