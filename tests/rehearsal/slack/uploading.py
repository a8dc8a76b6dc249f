"""How the bot uploads a file to the practice Slack with slack_sdk, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from slack_sdk import WebClient

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
Post = Callable[..., requests.Response]
"""Posts bytes to an address, without a token."""


def begun(web: WebClient, length: int = len(PNG), name: str = "cat.png") -> tuple[str, str]:
    """Announce a file; return its upload address and its id."""
    reply = web.files_getUploadURLExternal(filename=name, length=length)
    return reply["upload_url"], reply["file_id"]


def uploaded(web: WebClient, post: Post) -> str:
    """Announce a file and send its bytes; return its id."""
    url, file_id = begun(web)
    assert 200 == post(url, PNG).status_code
    return file_id


def complete(web: WebClient, file_id: str, **arguments: Any) -> Any:
    """Complete an upload with these arguments; return the response."""
    return web.files_completeUploadExternal(files=[{"id": file_id, "title": "A cat"}], **arguments)
