"""Ask OpenAI, or the server in its place, whether it takes sounds, where the settings say that a model hears them.

The request has no sound, so that it is refused and costs nothing: a server that takes sounds says what is missing, any
other one that there is no such path. Source: OpenAI's API reference, POST /audio/transcriptions.
"""

from __future__ import annotations

from collections.abc import Iterator

from cocoai.check.openai import FALLBACK
from cocoai.check.reach import CLIENT_ERRORS, Server, client_for
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target


def speech(target: Target) -> Iterator[Result]:
    """Yield whether sounds can be heard; nothing where no model is to hear them."""
    settings = target.settings
    if settings is None or settings.speech.use != "model" or not settings.openai.api_key:
        return
    facts = {"model": settings.speech.model, "url": settings.openai.base_url, "file": target.shown_file}
    facts["reload"] = target.reload
    if not settings.answer.attachments_mib:
        yield warning("openai.speech", "no_files", **facts)
        return
    headers = {"Authorization": f"Bearer {settings.openai.api_key}", "Content-Type": "multipart/form-data; boundary=-"}
    try:
        server = Server(client_for(settings), settings.openai.base_url, target.patience)
        status = server.post("/audio/transcriptions", b"-----\r\n", headers).status
    except CLIENT_ERRORS:
        return  # that is said of the connection
    if status in FALLBACK:
        yield wrong("openai.speech", "no_path", status=status, **facts)
    elif status in (400, 415, 422):
        yield ok("openai.speech", **facts)
    else:
        yield note("openai.speech", "unanswered", status=status, **facts)
