"""The command line of `cocoai install`: what it refuses, and what a dry run prints."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from cocoai.cli import main
from cocoai.install import choices, removal, settings
from cocoai.install.instance import Instance
from cocoai.install.system import AMAZON, DEBIAN, System

DOMAIN = "cocoai.example.com"
SECRETS = {"SLACK_SIGNING_SECRET": "s3cret-s", "SLACK_BOT_TOKEN": "xoxb-s3cret", "OPENAI_API_KEY": "sk-s3cret"}


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play a Debian on which nothing of an installation is found, whatever this machine has."""
    on(monkeypatch, DEBIAN)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("cocoai.install.plan.has", lambda _: False)
    monkeypatch.setattr("cocoai.install.plan.memory_and_swap", lambda: (426_908, 0))
    for kind in ("Command", "Folder", "WholeFile", "Link"):
        monkeypatch.setattr(f"cocoai.install.steps.{kind}.is_done", lambda _: False)
    monkeypatch.setattr("cocoai.install.removal.Removal.is_done", lambda _: False)


def on(monkeypatch: pytest.MonkeyPatch, system: System) -> None:
    monkeypatch.setattr("cocoai.install.command.this_system", lambda: system)


def dry_run(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert 0 == main(["install", "--dry-run", *options]), capsys.readouterr().err
    return capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert 1 == main(["install", *options])
    printed = capsys.readouterr()
    assert "" == printed.out
    return printed.err


@pytest.mark.parametrize(
    "options",
    [
        ("--domain", DOMAIN),
        ("--domain", DOMAIN, "--self-signed", "--with", "systemd"),
        ("--domain", DOMAIN, "--certificate", "/etc/tls/c.pem", "--key", "/etc/tls/k.pem", "--name", "qa"),
        ("--remove",),
        ("--remove", "--purge", "--name", "qa"),
    ],
)
def test_a_dry_run_prints_what_sh_understands(capsys: pytest.CaptureFixture[str], options: tuple[str, ...]) -> None:
    script = dry_run(capsys, *options)
    subprocess.run(["sh", "-n"], input=script, check=True, encoding="utf-8")
    assert "s3cret" not in script


def test_each_step_finds_what_it_needs(capsys: pytest.CaptureFixture[str]) -> None:
    """Swap comes before packages, port 80 before the certificate, that before port 443, the link before the start."""
    script = dry_run(capsys, "--domain", DOMAIN)
    order = [
        "mkswap /swapfile",
        "apt-get install",
        "useradd",
        "install -d -o root -g cocoai -m 0750 /etc/cocoai",
        "pip install",
        "install -D -o root -g cocoai -m 0640 /dev/stdin /etc/cocoai/cocoai.ini",
        "cocoai.fcgi --config /etc/cocoai/cocoai.ini --check",
        "worker_connections",
        "/etc/nginx/conf.d/cocoai_http.conf <<",
        "certbot certonly --webroot",
        "/etc/systemd/system/cocoai.service <<",
        "ln -sfnT cocoai.a /opt/cocoai",
        "systemctl enable --now cocoai.service",
        "/etc/nginx/conf.d/cocoai_https.conf <<",
        "curl --fail",
    ]
    found = [script.find(words) for words in order]
    assert -1 not in found, order[found.index(-1)]
    assert sorted(found) == found


def test_a_copy_touches_nothing_of_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    """What a copy writes, makes and removes bears its own name, but for what all share in nginx."""
    script = dry_run(capsys, "--domain", "qa.example.com", "--name", "qa", "--self-signed")
    written = re.findall(r"^install -[Dd].* (/\S+)(?: <<|$)", script, re.M)
    assert 10 < len(written)
    shared = {
        "/etc/nginx/conf.d/cocoai.conf",
        "/var/www/acme",
        "/etc/systemd/system/nginx.service.d/cocoai.conf",
    }
    assert shared == {path for path in written if "cocoai_qa" not in path}
    assert [] == re.findall(
        r"(?m)^(?!#).*/(?:etc|opt|run|local/bin|var/[a-z]+)/cocoai(?:[/\s:]|$)", script.replace(" bin/cocoai", "")
    )
    assert "status_listen = off" in script


def test_amazon_linux_has_its_own_packages_and_group(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    on(monkeypatch, AMAZON)
    script = dry_run(capsys, "--domain", DOMAIN)
    assert "dnf install -y -q nginx openssl logrotate certbot\n" in script
    assert "apt" not in script
    assert "socket_owner=cocoai:nginx\n" in script


def test_debian_has_another_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert "socket_owner=cocoai:www-data\n" in dry_run(capsys, "--domain", DOMAIN)
    assert "SocketGroup=www-data\n" in dry_run(capsys, "--domain", DOMAIN, "--with", "systemd")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ((), "--domain is missing"),
        (("--domain", "nonsense"), "--domain nonsense"),
        (("--rollback", "--remove"), "choose one"),
        (("--purge",), "--purge goes with --remove"),
        (("--rollback",), "cocoai is not installed here"),
        (("--name", "Q A", "--domain", DOMAIN), "--name Q A"),
        (("--domain", DOMAIN, "--from", "/no/such/place"), "--from /no/such/place"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_changes(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], named: str
) -> None:
    assert named in refusal(capsys, "--dry-run", *options)


def test_no_two_copies_have_one_name(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = choices.Choices(DOMAIN)
    monkeypatch.setattr("cocoai.install.choices.others", lambda _: [("cocoai", theirs)])
    assert "cocoai has this name already" in refusal(capsys, "--dry-run", "--name", "qa", "--domain", DOMAIN)


def test_one_can_go_back_to_certbot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cocoai.install.choices.kept", lambda _: choices.Choices(DOMAIN, is_self_signed=True))
    assert "\ncertbot certonly" not in dry_run(capsys)
    assert "\ncertbot certonly" in dry_run(capsys, "--certbot")
    assert "--certbot fetches" in refusal(capsys, "--dry-run", "--certbot", "--self-signed")


def test_without_root_nothing_is_begun(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "sudo" in refusal(capsys, "--domain", DOMAIN)


def test_missing_secrets_are_named_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name)
    with pytest.raises(Exception, match="SLACK_SIGNING_SECRET, SLACK_BOT_TOKEN, OPENAI_API_KEY"):
        settings.ask({}, may_ask=False)


@pytest.mark.parametrize("value", ["two words", "あ", "tab\there"])
def test_what_is_no_secret_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(Exception, match="SLACK_BOT_TOKEN: expected text without spaces") as error:
        settings.ask({**SECRETS, "SLACK_BOT_TOKEN": value}, may_ask=False)
    assert value not in str(error.value)


def test_the_settings_are_the_example_with_the_secrets(tmp_path: Path) -> None:
    from cocoai import config

    file = settings.file(Instance("cocoai_qa"), settings.ask(SECRETS, may_ask=False))
    path = tmp_path / "cocoai.ini"
    path.write_text(file.text)
    path.chmod(0o600)
    read = config.read(str(path), {})
    assert ("s3cret-s", "xoxb-s3cret", "sk-s3cret") == (
        read.slack.signing_secret,
        read.slack.bot_token,
        read.openai.api_key,
    )
    assert "/var/lib/cocoai_qa" == read.paths.var
    assert (0o640, "root", "cocoai_qa") == (file.owner.mode, file.owner.user, file.owner.group)


def test_what_was_chosen_is_chosen_again(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade needs no options; one that is given changes that alone."""
    before = choices.Choices(DOMAIN, shape="systemd", is_self_signed=True)
    monkeypatch.setattr("cocoai.install.choices.kept", lambda _: before)
    script = dry_run(capsys)
    assert "StandardInput=socket" in script
    assert "openssl req" in script
    script = dry_run(capsys, "--with", "supervisor", "--domain", "other.example.com")
    kept = json.loads(re.findall(r"install.json <<'END_OF_FILE'\n(.*?)\nEND_OF_FILE", script, re.S)[0])
    assert {"domain": "other.example.com", "shape": "supervisor", "is_self_signed": True}.items() <= kept.items()


def test_removal_keeps_what_was_kept_unless_it_is_purged(capsys: pytest.CaptureFixture[str]) -> None:
    kept = removal._kept(Instance())
    assert "/var/lib/cocoai" in kept
    removed = dry_run(capsys, "--remove")
    purged = dry_run(capsys, "--remove", "--purge")
    for path in kept:
        assert f"rm -rf {path} " not in removed
        assert f"rm -rf {path} " in purged
    assert "userdel" not in removed
    assert "userdel cocoai" in purged
