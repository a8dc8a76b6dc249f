"""What all checkers share: the practice secret, our identity and the time, and how a broken law is told."""

from __future__ import annotations

from cocoai.slack.inbound.signature import SIGNATURE_HEADER, STAMP_HEADER, sign
from cocoai.slack.model.identity import Identity

SECRET = "practice-signing-secret"
NOW = 1_763_822_000
US = Identity("T0PRACTICE", "U0COCOAI", "B0COCOAI")


def signed(body: bytes) -> dict[str, str]:
    """Return the headers with which Slack would post this body."""
    stamp = str(NOW)
    return {STAMP_HEADER: stamp, SIGNATURE_HEADER: sign(body, stamp.encode(), SECRET).decode()}


def require(condition: bool, problem: str) -> None:  # noqa: FBT001
    """Raise AssertionError unless the condition holds. An `assert` would be left out under -O."""
    if not condition:
        raise AssertionError(problem)
