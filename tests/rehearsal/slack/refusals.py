"""A helper for calls that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """Return the status and the error with which a call is refused."""
    with pytest.raises(SlackApiError) as caught:
        call()
    response = cast("Any", caught.value.response)
    return response.status_code, response["error"]
