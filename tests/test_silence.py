"""Nobody is left in silence, through a whole deployment: a dead token, another app's secret, and wrong settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.slack.slack_faults import SlackFault as Fault
from cocoai.spool.job import SHUT_OUT
from cocoai.texts import JAPANESE
from cocoai.troubles.store import Troubles
from tests.deployment import Deployment, deploy
from tests.http_client import request
from tests.processes import wait_until


def health(deployment: Deployment) -> str:
    """Return what /healthz says, through nginx."""
    status, body = request(deployment.address, "GET", "/healthz")
    assert 200 == status
    return body.decode().strip()


def put_off_for_long(deployment: Deployment) -> None:
    """Put the waiting question off as if it had been tried for a while: it is due in five minutes."""
    (key,) = deployment.spool.keys("ready")
    generation = int((deployment.var / "run" / "generation").read_text())
    for job in deployment.spool.each_without("nothing"):
        assert key == job.key
        job.record("retry", retry_at=job.lines[-1]["at"] + 299, why="", free=True, sent=False, **{SHUT_OUT: generation})


def test_a_dead_token_is_seen_everywhere_and_what_waits_is_answered(tmp_path: Path, certificates: Certificates) -> None:
    """`status`, /healthz and the log say so. A reload brings another token: the question is answered at once."""
    with deploy(tmp_path, certificates) as deployment:
        well = health(deployment)
        deployment.slack.fail("*", Fault("refused", code="token_revoked"), times=10_000)
        question = deployment.ask("これは何ですか")
        wait_until(lambda: "outcome=postponed" in deployment.log())
        wait_until(lambda: not deployment.held_locks())
        put_off_for_long(deployment)
        ill, shown = health(deployment), deployment.status()
        deployment.slack.clear_faults()

        os.kill(deployment.pool_pid(), signal.SIGHUP)

        answer = deployment.answer_to(question, patience=60)
        wait_until(lambda: health(deployment) == "ok")
        log = deployment.log()

    assert "ok" == well
    assert "degraded" == ill
    assert [("slack", "token_revoked")] == [(each["source"], each["code"]) for each in shown["troubles"]]
    assert 1 == shown["spool"]["files"]["ready"]
    assert JAPANESE.late in f"{answer.text}{answer.blocks}"
    assert 1 == len(deployment.openai.requests)
    assert "trouble source=slack code=token_revoked outcome=begun" in log
    assert "trouble source=slack outcome=over" in log


def test_the_secret_of_another_app_is_seen(tmp_path: Path, certificates: Certificates) -> None:
    """Every event is refused: a line in the log, and a mark in `status`, which also works with wrong settings."""
    body = b"{}"
    with deploy(tmp_path, certificates) as deployment:
        headers = deployment.slack.signed(b"another body") | {"Content-Type": "application/json"}
        status, _ = request(deployment.address, "POST", "/slack/events", body, headers)
        wait_until(lambda: "event outcome=bad-signature count=1" in deployment.log())
        (tmp_path / "cocoai.ini").write_text((tmp_path / "cocoai.ini").read_text() + "\n[pool]\nslots = many\n")
        command = [sys.executable, "-m", "cocoai", "status", "--config", str(tmp_path / "cocoai.ini")]
        shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        as_json = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True, timeout=60).stdout)

    lines = shown.splitlines()
    assert 401 == status
    assert any(line.startswith("! Signatures") and "wrong" in line for line in lines)
    assert any(line.startswith("! Settings") for line in lines)
    assert "running" == as_json["state"]
    assert as_json["settings_error"]


def test_the_operators_are_told_and_people_left_out_too(tmp_path: Path, certificates: Certificates) -> None:
    """What has been wrong for a while is a direct message; whoever the settings leave out reads one word."""
    Troubles(str(tmp_path), clock=lambda: time.time() - 400).note("openai", "insufficient_quota")
    with deploy(
        tmp_path,
        certificates,
        COCOAI_BUDGET_OPERATORS="U0ASKER02",
        COCOAI_SLACK_ALLOW_USERS="U0ASKER03",
    ) as deployment:
        for _ in range(2):
            deployment.ask("これは何ですか")
        wait_until(lambda: deployment.slack.ephemeral_messages())
        wait_until(lambda: "trouble outcome=told about=openai" in deployment.log())
        told = [call.arguments for call in deployment.slack.calls if call.method == "chat.postMessage"]
        words = [message.text for message in deployment.slack.ephemeral_messages()]

    assert ["U0ASKER02"] == [call["channel"] for call in told]
    assert "insufficient_quota" in told[0]["text"]
    assert [JAPANESE.declined["person"]] == words
    assert [] == deployment.openai.requests
