"""Small valid inputs that the product gets wrong, each with the right behaviour.

A case is a program: it prints what it found and exits 0 if the product is right, 1 if it is not. Those that fail today
are listed with what goes wrong. A case that begins to pass must leave the list, so that it cannot fail again unseen.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases"
SHARED = ("_fake", "files_at_slack", "stand")
"""Files beside the cases that are no cases."""

FAILING = {
    "canvas": "a shared canvas is taken for Slack's login page",
    "content_as_parts": "an answer whose content is a list of parts is lost",
    "cut_by_filter": "an answer that a content filter cut off is shown as whole",
    "done_only": "a stream of [DONE] alone is blamed on thinking",
    "error_behind_empty_stream": "an empty event stream with status 200 is not asked again for its error",
    "error_in_another_shape": "an error inside the stream is only known under the key `error`",
    "filtered_by_gateway": "a content filter behind LiteLLM's proxy is called a mistake in the settings",
    "full_message_at_end": "a last chunk that repeats the whole message is shown twice",
    "ids_to_model": "ids of user groups and unnamed channels reach the model",
    "jis_file": "a text file in ISO-2022-JP reaches the model undecoded",
    "mention_in_code": "a mention that stands only in code is answered",
    "no_credit_by_gateway": "no credit behind LiteLLM's proxy is taken for a busy hour",
    "reboot": "supervisord ends after a reboot, since nothing makes /run/cocoai",
    "shared_message": "a forwarded message does not reach the model",
    "shortened_once": "a conversation is halved once only, which is too little for small windows",
    "stream_called_json": "an event stream under application/json is not read",
    "think_tags": "<think> tags are shown in the reply",
    "thinking_aloud": "reasoning in the stream does not count as a sign of life",
    "unframed_error": "an error as bare JSON inside the stream is not read",
}


def _names() -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.py") if path.stem not in SHARED)


@pytest.mark.parametrize("name", _names())
def test_case(name: str) -> None:
    """The product does what the case says is right, unless the case is listed as failing."""
    command = [sys.executable, str(CASES / f"{name}.py")]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    printed = ended.stdout + ended.stderr
    assert "Traceback" not in printed, printed  # the case itself is broken: it has proven nothing
    assert (1 if name in FAILING else 0) == ended.returncode, printed
    if name in FAILING:
        pytest.xfail(FAILING[name])


def test_every_failing_case_is_there() -> None:
    """The list of failing cases names no case that does not exist."""
    assert set() == set(FAILING) - set(_names())
