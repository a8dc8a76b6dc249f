"""Who we are, through a whole deployment: what an identity.json that is not ours does to the buttons after a start."""

from __future__ import annotations

import json
from pathlib import Path

from cocoai.errors import IdentityUnknown
from cocoai.rehearsal.certificates import Certificates
from cocoai.slack.api.identity_cache import binding
from tests.deployment import Deployment, deploy
from tests.http_client import request
from tests.processes import wait_until
from tests.slack_payloads import click, form

ANOTHER_BOT = {
    "team_id": "T0OTHER",
    "user_id": "U0OTHER",
    "bot_id": "B0OTHER",
    "app_id": "A0OTHER",
    "enterprise_id": "",
}


def write_identity(folder: Path, **bound: str) -> None:
    """Write the file that another bot's pool has left in `folder` a moment ago."""
    (folder / "identity.json").write_text(json.dumps(ANOTHER_BOT | bound))


def own_user(deployment: Deployment) -> str:
    """Return the user id in the deployment's file."""
    return str(json.loads((deployment.var / "identity.json").read_text())["user_id"])


def post_click(deployment: Deployment) -> int:
    """Post a click on a button of ours, as Slack does; return the status of the response."""
    body = form(click())
    headers = deployment.slack.signed(body) | {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = request(deployment.address, "POST", "/slack/interactions", body, headers)
    return status


def test_after_a_start_with_another_token_the_buttons_work(tmp_path: Path, certificates: Certificates) -> None:
    """The file of the bot before is no day old, but bound to its token: Slack is asked at once, not a day later."""
    write_identity(tmp_path, bound_to=binding("https://slack.com/api/", "xoxb-another"))

    with deploy(tmp_path, certificates) as deployment:
        wait_until(lambda: own_user(deployment) == "U0COCOAI")
        status = post_click(deployment)
        kept = sum(deployment.spool.count(folder) for folder in ("ready", "done", "failed"))

    assert (200, 1) == (status, kept)


def test_a_click_before_we_know_who_we_are_is_told(tmp_path: Path, certificates: Certificates) -> None:
    """Slack refuses the token, and an earlier version's file must not serve: a 503, which `cocoai status` counts."""
    write_identity(tmp_path)

    with deploy(tmp_path, certificates, COCOAI_SLACK_BOT_TOKEN="xoxb-revoked") as deployment:
        status = post_click(deployment)
        wait_until(lambda: "identity outcome=unknown reason=Slack invalid_auth" in deployment.log())
        shown = deployment.status()

    assert 503 == status
    assert 1 == shown["pool"]["refused"][IdentityUnknown.counter]
    assert "U0OTHER" == own_user(deployment)
