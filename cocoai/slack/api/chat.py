"""SlackChat: writes and reads messages in Slack, over its Web API.

Every message is written by one method (`_write_message`), which takes away whatever could ping, and gives it our
metadata, so that a later attempt finds it again. It decides nothing about answers. No error of it holds the token.
Sources: docs.slack.dev/apis/web-api, /apis/web-api/rate-limits, /reference/methods.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from cocoai.engine.client.client import FullResponse, HttpClient, StreamedResponse
from cocoai.errors import Permanent, Temporary
from cocoai.json_values import encodable, mapping_at, text_at
from cocoai.slack.api.api_errors import CLIENT_ERRORS, error_for, require_ok, translate_errors
from cocoai.slack.markdown.message_layout import Block
from cocoai.slack.markdown.to_mrkdwn import break_pings, escape_pings
from cocoai.slack.model.files import File, file_of, is_at_slack
from cocoai.slack.model.identity import Identity, from_auth_test
from cocoai.slack.model.messages import EVENT_TYPE, KINDS, Message, MessageMetadata, message_of
from cocoai.slack_ids import is_ts

CONNECT_TIMEOUT = 5.0
"""Seconds to wait for a connection."""

READ_TIMEOUT = 10.0
"""Seconds to wait for each piece of a response."""

_TIMEOUTS = (CONNECT_TIMEOUT, READ_TIMEOUT)

PAGE = 200
"""Messages asked for at once; Slack advises no more."""

MOST_PAGES = 100
"""Pages read of one thread."""

MOST_MESSAGES = 1000
"""Replies kept of a thread, the newest; the parent is kept besides."""

IN_JSON = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral"})
"""Methods called with JSON: Slack takes it only for methods that write, else a form (docs.slack.dev/apis/web-api)."""

_NO_LINKING = {"parse": "none", "link_names": False}
_NO_UNFURLING = {"unfurl_links": False, "unfurl_media": False, **_NO_LINKING}
"""Nothing unfurls, since an address can carry a secret away; no bare name becomes a ping."""

_Target = tuple[str, str, MessageMetadata]
"""Where a message is posted, and as what: channel, thread_ts and its metadata."""


class SlackChat:
    """One process's access to Slack's Web API, over `client`.

    Every method raises `Temporary` or `Permanent` with Slack's own code. A 429 is waited out, up to `patience` seconds
    for one call; `clock` (monotonic) and `sleep` are in seconds.
    """

    def __init__(
        self,
        client: HttpClient,
        *,
        api_url: str,
        token: str,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = 60.0,
    ) -> None:
        self._client = client
        self._api_url = api_url
        self._token = f"Bearer {token}"
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        # Until when (by `clock`) Slack has asked us to wait. By method and channel, as Slack limits posting.
        self._limited_until: dict[tuple[str, str], float] = {}
        # The ts of each placeholder that still waits; "" for any message of which we do not know whether it arrived.
        self._posted: dict[_Target, str] = {}

    def post(
        self,
        channel: str,
        text: str,
        thread_ts: str,
        metadata: MessageMetadata,
        *,
        blocks: Sequence[Block] = (),
        wait: bool = True,
    ) -> str:
        """Post into the thread; return the message's ts. With `blocks`, those are shown, and `text` is their fallback.

        Unless `wait`, raise `Temporary` at once while a 429 holds.

        Post nothing if this is a placeholder that was posted and still waits for its answer, or if an earlier call
        failed and its message is in the thread nevertheless: return that message's ts.
        """
        target = (channel, thread_ts, metadata)
        ts = self._find_posted(target)
        if not ts:
            ts = self._post(target, text, blocks, wait=wait)
        if metadata.kind == "placeholder":
            self._posted[target] = ts
        else:
            self._posted.pop(target, None)
        return ts

    def update(
        self,
        channel: str,
        ts: str,
        text: str,
        metadata: MessageMetadata,
        *,
        blocks: Sequence[Block] = (),
        wait: bool = True,
    ) -> None:
        """Replace the content of our message `ts`. Unless `wait`, raise `Temporary` at once while a 429 holds."""
        self._write_message("chat.update", {"channel": channel, "ts": ts}, text, metadata, blocks, wait=wait)
        if metadata.kind != "placeholder":
            self._posted = {target: posted for target, posted in self._posted.items() if posted != ts}

    def post_ephemeral(self, channel: str, user: str, text: str, thread_ts: str) -> None:
        """Post a text that only `user` sees, and that Slack does not keep: into the thread, or the channel for ""."""
        arguments = {"channel": channel, "user": user, "text": _without_pings(text)}
        place = {"thread_ts": thread_ts} if thread_ts else {}
        self._call("chat.postEphemeral", {**arguments, **place, **_NO_LINKING})

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours; one that is gone already is no error."""
        try:
            self._call("chat.delete", {"channel": channel, "ts": ts})
        except Permanent as error:
            if error.code != "message_not_found":
                raise

    def user_name(self, user: str) -> str:
        """Return a user's display name, else real name; "" if Slack tells none. Raise `Temporary` at once for a 429."""
        # A name is not worth a wait.
        found = mapping_at(self._call("users.info", {"user": user}, wait=False), "user")
        profile = mapping_at(found, "profile")
        return text_at(profile, "display_name") or text_at(profile, "real_name") or text_at(found, "name")

    def file_info(self, file_id: str) -> File:
        """Ask Slack for the description of a file (files.info) and return it: with the id alone if there is none."""
        info = self._call("files.info", {"file": file_id}).get("file")
        return file_of(info if isinstance(info, dict) else {"id": file_id})

    def download(self, url: str) -> StreamedResponse:
        """Request an address of Slack's with our token; return the response, to be read and closed. Follow no redirect.

        Raise `Permanent` `foreign` for an address that is not Slack's: the token goes nowhere else.
        """
        if not is_at_slack(url, self._api_url):
            raise Permanent("foreign", source="Slack")
        # A compressed file could be far longer than Slack says.
        headers = {"Authorization": self._token, "Accept-Encoding": "identity"}
        return translate_errors(self._client.get, url, headers, _TIMEOUTS)

    def thread(self, channel: str, thread_ts: str) -> tuple[Message, ...]:
        """Read a thread from Slack; return its parent and the newest 1,000 replies, oldest first, each message once."""
        kept: list[Message] = []
        for page in self._pages(channel, thread_ts):
            # Pages may overlap, and a reply that was sent to the channel too may be listed twice.
            by_ts = {message.ts: message for message in (*kept, *page)}
            ordered = sorted(by_ts.values(), key=_seconds)
            kept = ordered[:1] + ordered[1:][-MOST_MESSAGES:]
        return tuple(kept)

    def find(
        self,
        channel: str,
        thread_ts: str,
        key: str,
        kinds: Collection[str] = KINDS,
        n: int = 1,
        own_user: str = "",
    ) -> str | None:
        """Read the thread; return the ts of its oldest message with this key, part number `n` and a kind of `kinds`.

        Return None if there is none. Unless `own_user` is "", the message is one of that user: another installation's
        may have the same metadata.
        """
        for message in self.thread(channel, thread_ts):
            found = message.metadata
            if found and own_user in ("", message.user) and (found.key, found.n) == (key, n) and found.kind in kinds:
                return message.ts
        return None

    def auth_test(self) -> Identity:
        """Ask Slack whose token ours is (auth.test); return that identity, which is our own."""
        return from_auth_test(self._call("auth.test", {}))

    def _find_posted(self, target: _Target) -> str:
        """Return the ts of the message that `post` has posted for `target`; "" if there is none.

        Look into the thread, over the network, if an earlier post left its arrival in doubt.
        """
        channel, thread_ts, metadata = target
        if target not in self._posted:
            return ""
        known = self._posted[target]
        return known or self.find(channel, thread_ts, metadata.key, (metadata.kind,), metadata.n) or ""

    def _post(self, target: _Target, text: str, blocks: Sequence[Block], *, wait: bool) -> str:
        """Post a message; return its ts. Note in `_posted` if an error leaves its arrival in doubt, and raise that."""
        channel, thread_ts, metadata = target
        arguments = {"channel": channel, "thread_ts": thread_ts}
        try:
            return _posted_ts(self._write_message("chat.postMessage", arguments, text, metadata, blocks, wait=wait))
        except Temporary as error:
            if error.sent:  # the message may be in the thread now
                self._posted[target] = ""
            raise

    def _write_message(
        self,
        method: str,
        arguments: Mapping[str, str],
        text: str,
        metadata: MessageMetadata,
        blocks: Sequence[Block],
        *,
        wait: bool = True,
    ) -> dict[str, Any]:
        """Post or change a public message, without pings; return Slack's JSON. No other method writes such messages."""
        described = {"event_type": EVENT_TYPE, "event_payload": metadata.payload()}
        shown = {"blocks": [_block_without_pings(block) for block in blocks]} if blocks else {}
        content = {"text": _without_pings(text), **shown, "metadata": described}
        return self._call(method, {**arguments, **content, **_NO_UNFURLING}, wait=wait)

    def _pages(self, channel: str, thread_ts: str) -> Iterator[list[Message]]:
        """Yield the thread's messages, one list a request; end at a cursor that came before, or after MOST_PAGES."""
        arguments = {"channel": channel, "ts": thread_ts, "limit": str(PAGE), "include_all_metadata": "true"}
        cursor = ""
        seen: set[str] = set()
        while cursor not in seen and len(seen) < MOST_PAGES:
            seen.add(cursor)
            reply = self._call("conversations.replies", arguments | ({"cursor": cursor} if cursor else {}))
            entries = reply.get("messages")
            yield [found for each in entries if (found := message_of(each))] if isinstance(entries, list) else []
            cursor = text_at(mapping_at(reply, "response_metadata"), "next_cursor")

    def _call(self, method: str, arguments: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        """Call a Web API method; return its JSON. If `wait`, sleep through 429s, up to `patience` seconds in all."""
        patience = self._patience if wait else 0.0
        limit = (method, arguments.get("channel", ""))
        pause = self._remaining_pause(limit)
        while pause <= patience:
            if pause:
                self._sleep(pause)
                self._limited_until.pop(limit, None)
                patience -= pause
            try:
                return require_ok(self._post_request(method, arguments))
            except Temporary as error:
                if error.retry_after is None:
                    raise
                pause = error.retry_after
                self._limited_until[limit] = self._clock() + pause
        raise Temporary("ratelimited", source="Slack", status=429, retry_after=pause)

    def _remaining_pause(self, limit: tuple[str, str]) -> float:
        """Return the seconds that a 429 for this (method, channel) still asks us to wait; 0.0 if there is none."""
        if limit not in self._limited_until:
            return 0.0
        return max(0.0, self._limited_until[limit] - self._clock())

    def _post_request(self, method: str, arguments: Mapping[str, Any]) -> FullResponse:
        """Send one POST; return the response, whatever its status. Raise `Temporary` or `Permanent` if none comes."""
        try:
            body, content_type = _encode(method, arguments)
            headers = {"Authorization": self._token, "Content-Type": content_type}
            return self._client.post(self._api_url + method, body, headers, _TIMEOUTS)
        except CLIENT_ERRORS as error:
            failure = error_for(error)
        # Raised outside of the handler so that it carries no context: that may quote the header with the token.
        raise failure


def _encode(method: str, arguments: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the request's body and its Content-Type: JSON for a method in IN_JSON, else a form."""
    # JSON wherever Slack takes it: a long text costs ten times as much CPU in a form.
    if method in IN_JSON:
        return json.dumps(arguments, ensure_ascii=False).encode(), "application/json; charset=utf-8"
    return urlencode(arguments).encode("ascii"), "application/x-www-form-urlencoded"


def _without_pings(text: str) -> str:
    """Return `text` (mrkdwn) with mentions such as `<!channel>` made plain text, and `?` for lone surrogates."""
    return escape_pings(encodable(text))


def _block_without_pings(block: Block) -> Block:
    # Only a Markdown block has text that is not our own.
    return {**block, "text": break_pings(block["text"])} if block.get("type") == "markdown" else block


def _posted_ts(reply: Mapping[str, Any]) -> str:
    """Return the ts in the reply to a post. Raise `Temporary` with `sent` if it has none: the message may be posted."""
    ts = reply.get("ts")
    if is_ts(ts):
        return ts
    raise Temporary("posted without a ts", source="Slack", sent=True)


def _seconds(message: Message) -> float:
    return float(message.ts)
