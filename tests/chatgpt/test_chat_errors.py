"""chatgpt/chat.py over TLS: which error is raised if a request is refused, or does not reach the API."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from cocoai.engine.client.factory import new_client
from cocoai.engine.client.tls import tls_context
from cocoai.errors import Permanent, Temporary
from cocoai.rehearsal.openai.practice_openai import PracticeOpenAI
from cocoai.rehearsal.practice_server import Outgoing
from tests.chatgpt.chats import CONVERSATION, SOON, Chats, Script, Scripted, failure


@pytest.mark.parametrize(
    ("kind", "code", "status", "retry_after"),
    [
        ("rate limited", "rate_limit_exceeded", 429, 1.5),
        ("server error", "server_error", 500, None),
        ("overloaded", "server_is_overloaded", 503, None),
        ("broken", "502", 502, None),
    ],
)
def test_an_error_that_passes_is_temporary(
    chats: Chats, practice: PracticeOpenAI, kind: Any, code: str, status: int, retry_after: float | None
) -> None:
    """The error has the code, the status, the request's id and the wait, and counts as not billed."""
    practice.fail(kind, seconds=1.5)
    _, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("OpenAI", code, status, "req_practice1") == (error.source, error.code, error.status, error.request_id)
    assert (retry_after, False) == (error.retry_after, error.sent)


@pytest.mark.parametrize(
    "code", ["insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded"]
)
def test_no_credit_is_permanent(chats: Chats, practice: PracticeOpenAI, code: str) -> None:
    """A 429 for missing credit is permanent."""
    practice.fail("no credit", code=code)
    _, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Permanent)
    assert (code, 429, "req_practice1") == (error.code, error.status, error.request_id)


@pytest.mark.parametrize("key", ["sk-wrong", "sk-wrong-日本", "sk-wrong\n", "sk-wrong\udc80"])
def test_a_bad_key_is_permanent_and_stays_secret(chats: Chats, practice: PracticeOpenAI, key: str) -> None:
    """The key, also one that no header can hold, is not in the error, its cause or any `repr`."""
    chat = chats.at(practice.base_url, api_key=key)
    _, error = failure(chat)

    assert isinstance(error, Permanent)
    assert "invalid_api_key" == error.code
    assert "sk-wrong" not in f"{error!r} {error} {error.__cause__!r} {chat!r}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_missing_model_is_permanent(chats: Chats, practice: PracticeOpenAI) -> None:
    """A 404 with model_not_found is permanent."""
    _, error = failure(chats.at(practice.base_url, model="gpt-3.5-turbo"))

    assert isinstance(error, Permanent)
    assert ("model_not_found", 404) == (error.code, error.status)


@pytest.mark.parametrize(
    "base_url",
    [
        "ftp://127.0.0.1/v1",
        "https://",
        "no address",
        "https://[::1",
        "https://127.0.0.1:99999/v1",
        "https://a..b/v1",
        f"https://{'a' * 70}.example/v1",
        "http://192.0.2.1/v1",
    ],
)
def test_an_invalid_base_url_is_permanent(chats: Chats, base_url: str) -> None:
    """An address that cannot be used is permanent, and so is plain http to another machine."""
    with pytest.raises(Permanent):
        list(chats.at(base_url).reply(CONVERSATION))


def test_a_redirect_is_not_followed(chats: Chats, scripted: Callable[[Script], Scripted]) -> None:
    """The key is sent to the configured address only."""
    server = scripted(lambda _: Outgoing(307, headers=(("Location", "/elsewhere"),)))
    _, error = failure(chats.at(server.url))

    assert isinstance(error, Permanent)
    assert ("307", 1) == (error.code, len(server.seen))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<html>Welcome!</html>", "text/html"),
        (b"\n<!DOCTYPE html><title>Log in</title>", "text/event-stream"),
        (b"<html>Welcome!</html>", "application/json"),
        (b"Welcome!", "text/html; charset=utf-8"),
        (b"", "text/html"),
    ],
)
def test_an_html_page_is_permanent(
    chats: Chats, scripted: Callable[[Script], Scripted], body: bytes, content_type: str
) -> None:
    """Status 200 with HTML means a login page, or a wrong address."""
    server = scripted(lambda _: Outgoing(body=body, headers=(("Content-Type", content_type),)))
    _, error = failure(chats.at(server.url))

    assert isinstance(error, Permanent)
    assert ("not_an_api", 200) == (error.code, error.status)


def test_a_refused_connection_is_temporary(chats: Chats) -> None:
    """A refused connection is temporary, and the request was not sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    _, error = failure(chats.at(f"https://127.0.0.1:{port}/v1"))

    assert isinstance(error, Temporary)
    assert ("connection_failed", False) == (error.code, error.sent)


def test_a_missing_proxy_has_its_own_code(context: ssl.SSLContext) -> None:
    """A proxy that cannot be reached has its own code, so that the operator looks in the right place."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
    _, error = failure(Chats(new_client(context, proxy)).at("https://practice.example/v1"))

    assert isinstance(error, Temporary)
    assert ("proxy_failed", False) == (error.code, error.sent)


def test_an_untrusted_certificate_is_temporary(practice: PracticeOpenAI) -> None:
    """Nothing is sent, and the error is temporary, because a wrong clock has the same effect."""
    _, error = failure(Chats(new_client(tls_context())).at(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("tls_failed", False, []) == (error.code, error.sent, practice.requests)


def test_the_connect_time_out_includes_the_handshake(chats: Chats) -> None:
    """A server that never finishes the handshake causes connect_timeout, and the request was not sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/v1"
        _, error = failure(chats.at(url, connect_timeout=SOON))

    assert isinstance(error, Temporary)
    assert ("connect_timeout", "OpenAI", False) == (error.code, error.source, error.sent)


def test_a_connection_closed_before_the_response(chats: Chats, practice: PracticeOpenAI) -> None:
    """The request had been read, so it counts as sent, and is not sent again."""
    practice.fail("gone")
    _, error = failure(chats.at(practice.base_url))

    assert isinstance(error, Temporary)
    assert ("connection_lost", True, 1) == (error.code, error.sent, len(practice.requests))
