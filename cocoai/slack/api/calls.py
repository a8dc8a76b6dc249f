"""SlackCalls: call the methods of Slack's Web API, one at a time, and wait when Slack asks for that.

It knows requests, limits and errors, but no messages. No error of it holds the token.
Sources: docs.slack.dev/apis/web-api, /apis/web-api/rate-limits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from cocoai.engine.client.client import FullResponse, HttpClient, StreamedResponse
from cocoai.engine.client.file_body import FileBody
from cocoai.errors import CocoAIError, Permanent, Temporary
from cocoai.slack.api.api_errors import CLIENT_ERRORS, error_for, require_ok, require_ok_reply, translate_errors
from cocoai.slack.api.json_array import ArrayReader
from cocoai.slack.model.files import is_at_slack

CONNECT_TIMEOUT = 5.0
"""Seconds to wait for a connection."""

READ_TIMEOUT = 10.0
"""Seconds to wait for each piece of a response."""

TIMEOUTS = (CONNECT_TIMEOUT, READ_TIMEOUT)

UPLOAD_TIMEOUTS = (CONNECT_TIMEOUT, 30.0)
"""Seconds to wait for a connection, and for Slack to take each piece of a file, and to say that it has the whole."""

IN_JSON = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral", "views.publish"})
"""Methods called with JSON: Slack takes it only for methods that write, else a form (docs.slack.dev/apis/web-api)."""

NEEDLESS = "chat.update"
"""The method whose reply, the whole message once more, nobody needs: it is not parsed if it begins as a success."""

_SUCCESS = re.compile(rb'\s*\{\s*"ok"\s*:\s*true\s*[,}]')


@dataclass(frozen=True)
class Items:
    """The array `name` in a reply that may be long: `take`, which must not raise ValueError, gets its items."""

    name: str
    take: Callable[[Any], None]


class CallWatch:
    """A watch over the outcomes of calls, which are made one at a time. This one takes note of nothing."""

    def begun(self) -> None:
        """Take note that a call is made now: what it tells is true of this moment, however late that is read."""

    def succeeded(self, method: str, channel: str) -> None:
        """Take note that a call of this method succeeded; `channel` is "" if it was about none."""

    def failed(self, method: str, channel: str, error: CocoAIError) -> None:
        """Take note that a call of this method failed, with its error."""

    def may_not_download(self) -> None:
        """Take note that Slack showed its login page in place of a file."""

    def granted(self, scopes: str) -> None:
        """Take note of the scopes that our token has, with commas between them; "" if Slack does not tell them."""


NO_WATCH = CallWatch()


class SlackCalls:
    """One process's calls of Slack's Web API, over `client`. The `watch` is told how each of them ends.

    Every method raises `Temporary` or `Permanent` with Slack's own code. A 429 is waited out, up to `patience` seconds
    for one call; `clock` (monotonic) and `sleep` are in seconds. `timeouts` are those of HttpClient.
    """

    def __init__(
        self,
        client: HttpClient,
        *,
        api_url: str,
        token: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        patience: float,
        watch: CallWatch = NO_WATCH,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        self._client = client
        self._watch = watch
        self._api_url = api_url
        self._token = f"Bearer {token}"
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        self._timeouts = timeouts
        # Until when (by `clock`) Slack has asked us to wait. By method and channel, as Slack limits posting.
        self._limited_until: dict[tuple[str, str], float] = {}

    def call(
        self, method: str, arguments: Mapping[str, Any], *, wait: bool = True, items: Items | None = None
    ) -> dict[str, Any]:
        """Call a method; return its JSON. If `wait`, sleep through 429s, up to `patience` seconds in all.

        With `items`, its array is not in the JSON: its items are given away as they arrive, also if an error follows.
        """
        patience = self._patience if wait else 0.0
        limit = (method, arguments.get("channel", ""))
        pause = self._remaining_pause(limit)
        while pause <= patience:
            if pause:
                self._sleep(pause)
                self._limited_until.pop(limit, None)
                patience -= pause
            self._watch.begun()
            try:
                reply = self._send(method, arguments, items)
            except CocoAIError as error:
                self._watch.failed(*limit, error)
                if not isinstance(error, Temporary) or error.retry_after is None:
                    raise
                pause = error.retry_after
                self._limited_until[limit] = self._clock() + pause
            else:
                self._watch.succeeded(*limit)
                return reply
        raise Temporary("ratelimited", source="Slack", status=429, retry_after=pause)

    def get(self, url: str) -> StreamedResponse:
        """Request an address of Slack's with our token; return the response, to be read and closed. Follow no redirect.

        Raise `Permanent` `foreign` for an address that is not Slack's: the token goes nowhere else.
        """
        self.require_own(url)
        # A compressed file could be far longer than Slack says.
        headers = {"Authorization": self._token, "Accept-Encoding": "identity"}
        return translate_errors(self._client.get, url, headers, TIMEOUTS)

    def send_file(self, url: str, body: FileBody) -> FullResponse:
        """POST the bytes of a file to an address of Slack's, which needs no token; return the response, of any status.

        Raise `Permanent` `foreign` for an address that is not Slack's.
        """
        self.require_own(url)
        headers = {"Content-Type": "application/octet-stream"}
        return translate_errors(self._client.post_file, url, body, headers, UPLOAD_TIMEOUTS)

    def send_json(self, url: str, value: Mapping[str, Any]) -> FullResponse:
        """POST JSON to an address that needs no token; return the response, of any status.

        The caller has seen to it that the address is Slack's.
        """
        headers = {"Content-Type": "application/json; charset=utf-8"}
        body = json.dumps(value, ensure_ascii=False).encode()
        return translate_errors(self._client.post, url, body, headers, TIMEOUTS)

    def require_own(self, url: str) -> None:
        """Raise `Permanent` `foreign` unless an address is Slack's."""
        if not is_at_slack(url, self._api_url):
            raise Permanent("foreign", source="Slack")

    def _remaining_pause(self, limit: tuple[str, str]) -> float:
        """Return the seconds that a 429 for this (method, channel) still asks us to wait; 0.0 if there is none."""
        if limit not in self._limited_until:
            return 0.0
        return max(0.0, self._limited_until[limit] - self._clock())

    def _send(self, method: str, arguments: Mapping[str, Any], items: Items | None) -> dict[str, Any]:
        """Send one POST; return the JSON of its response. Raise `Temporary` or `Permanent` for any failure."""
        try:
            body, content_type = _encode(method, arguments)
            headers = {"Authorization": self._token, "Content-Type": content_type}
            if items is None:
                return self._replied(method, self._client.post(self._api_url + method, body, headers, self._timeouts))
            with self._client.post_unread(self._api_url + method, body, headers, self._timeouts) as response:
                return _read(response, items)
        except CLIENT_ERRORS as error:
            failure = error_for(error)
        # Raised outside of the handler so that it carries no context: that may quote the header with the token.
        try:
            raise failure
        finally:
            del failure  # it refers to this frame, and the two would keep the connection until a collection

    def _replied(self, method: str, response: FullResponse) -> dict[str, Any]:
        """Return the JSON of a response, for NEEDLESS an empty object; raise as require_ok does."""
        if method == NEEDLESS and response.status == 200 and _SUCCESS.match(response.content):
            return {}
        reply = require_ok(response)
        if method == "auth.test":
            self._watch.granted(response.headers.get("x-oauth-scopes", ""))
        return reply


def _read(response: StreamedResponse, items: Items) -> dict[str, Any]:
    """Give the items in a response's JSON away, and return the rest of it; raise as require_ok does."""
    if response.status != 200:
        return require_ok(FullResponse(response.status, response.headers, response.body.read_all(READ_TIMEOUT)))
    reader = ArrayReader(partial(response.body.read, READ_TIMEOUT), items.name)
    reply: dict[str, Any] | None = reader.rest
    try:
        for item in reader:
            items.take(item)
        while response.body.read(READ_TIMEOUT):  # to its end, so that the connection can be kept
            pass
    except ValueError:
        reply = None
    return require_ok_reply(reply, response.status, response.headers)


def _encode(method: str, arguments: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the request's body and its Content-Type: JSON for a method in IN_JSON, else a form."""
    # JSON wherever Slack takes it: a long text costs ten times as much CPU in a form.
    if method in IN_JSON:
        return json.dumps(arguments, ensure_ascii=False).encode(), "application/json; charset=utf-8"
    return urlencode(arguments).encode("ascii"), "application/x-www-form-urlencoded"
