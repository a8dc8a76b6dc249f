"""SlackChat: what we say in Slack and what we read there, over its Web API.

Every text leaves through one door (`_say`), which takes away whatever could ping. Each message of ours bears a mark
as metadata, so that a later run finds it again. It decides nothing about answers, and no error of it holds the token.
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
from cocoai.slack.api.api_errors import require_ok, translate_errors
from cocoai.slack.markdown.message_layout import Block
from cocoai.slack.markdown.to_mrkdwn import harmless, unpinged
from cocoai.slack.model.files import File, file_of, is_at_slack
from cocoai.slack.model.identity import Identity, from_auth_test
from cocoai.slack.model.messages import EVENT_TYPE, KINDS, Message, MessageMetadata, is_ts, message_of, text_at

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 10.0
"""Seconds: to stand the connection, and to wait for each piece of the answer."""

PAGE = 200
"""Messages asked for at once; Slack advises no more."""

MOST_PAGES = 100
MOST_MESSAGES = 1000
"""Replies kept of a thread, the newest; the parent is kept besides."""

IN_JSON = frozenset({"chat.postMessage", "chat.update", "chat.postEphemeral"})
"""Slack takes JSON where something is written; what is read is asked for in a form (docs.slack.dev/apis/web-api)."""

_UNLINKED = {"parse": "none", "link_names": False}
_QUIET = {"unfurl_links": False, "unfurl_media": False, **_UNLINKED}
"""Nothing unfurls, since an address can carry a secret away; no bare name becomes a ping."""


class SlackChat:
    """One process's line to Slack, over `line`.

    Every method raises `Temporary` or `Permanent` with Slack's own code. A 429 is waited out, up to `patience` seconds
    for one call; `clock` (monotonic) and `sleep` are in seconds.
    """

    def __init__(
        self,
        line: HttpClient,
        *,
        api_url: str,
        token: str,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = 60.0,
    ) -> None:
        self._line = line
        self._api_url = api_url
        self._token = f"Bearer {token}"
        self._clock = clock
        self._sleep = sleep
        self._patience = patience
        self._limited: dict[tuple[str, str], float] = {}
        self._posted: dict[tuple[str, str, MessageMetadata], str] = {}

    def post(
        self, channel: str, text: str, thread_ts: str, mark: MessageMetadata, *, blocks: Sequence[Block] = ()
    ) -> str:
        """Post into the thread; returns the message's ts. With `blocks`, those are shown, and `text` is their fallback.

        A placeholder that waits for its answer is not posted again, and a message of which nobody knows whether it
        arrived is first sought: in both cases the ts is that of the message which is there.
        """
        place = (channel, thread_ts, mark)
        ts = self._already_posted(place)
        if not ts:
            ts = self._post(place, text, blocks)
        if mark.kind == "placeholder":
            self._posted[place] = ts
        else:
            self._posted.pop(place, None)
        return ts

    def update(
        self,
        channel: str,
        ts: str,
        text: str,
        mark: MessageMetadata,
        *,
        blocks: Sequence[Block] = (),
        wait: bool = True,
    ) -> None:
        """Change a message of ours. With `wait` False a 429, also one that still holds, raises `Temporary` at once."""
        self._say("chat.update", {"channel": channel, "ts": ts}, text, mark, blocks, wait=wait)
        if mark.kind != "placeholder":
            self._posted = {place: posted for place, posted in self._posted.items() if posted != ts}

    def post_ephemeral(self, channel: str, user: str, text: str, thread_ts: str) -> None:
        """Say something in the thread that only `user` sees, and that nobody keeps."""
        to = {"channel": channel, "user": user, "thread_ts": thread_ts}
        self._call("chat.postEphemeral", {**to, "text": _visible(text), **_UNLINKED})

    def delete(self, channel: str, ts: str) -> None:
        """Take a message of ours away; one that has gone already is no error."""
        try:
            self._call("chat.delete", {"channel": channel, "ts": ts})
        except Permanent as error:
            if error.code != "message_not_found":
                raise

    def name(self, user: str) -> str:
        """What somebody is called in this workspace (users.info); empty if Slack does not say.

        A 429 raises `Temporary` at once: a name is not worth a wait.
        """
        told = self._call("users.info", {"user": user}, wait=False).get("user")
        told = told if isinstance(told, dict) else {}
        profile = told.get("profile")
        profile = profile if isinstance(profile, dict) else {}
        return text_at(profile, "display_name") or text_at(profile, "real_name") or text_at(told, "name")

    def file(self, file_id: str) -> File:
        """All that Slack knows of a file (files.info): for one of which a message tells only the id."""
        told = self._call("files.info", {"file": file_id}).get("file")
        return file_of(told if isinstance(told, dict) else {"id": file_id})

    def fetch(self, url: str) -> StreamedResponse:
        """GET what lies at an address of Slack's own; its body is left to be read, and a redirect is not followed.

        Raises `Permanent` `foreign` for any other address: the token goes nowhere else.
        """
        if not is_at_slack(url, self._api_url):
            raise Permanent("foreign", source="Slack")
        headers = {"Authorization": self._token, "Accept-Encoding": "identity"}
        return translate_errors(lambda: self._line.get(url, headers, (CONNECT_TIMEOUT, READ_TIMEOUT)))

    def thread(self, channel: str, thread_ts: str) -> tuple[Message, ...]:
        """The thread, oldest first, each message once: its parent and the newest 1,000 replies."""
        kept: list[Message] = []
        for page in self._pages(channel, thread_ts):
            by_ts = {message.ts: message for message in (*kept, *page)}
            ordered = sorted(by_ts.values(), key=lambda message: float(message.ts))
            kept = ordered[:1] + ordered[1:][-MOST_MESSAGES:]
        return tuple(kept)

    def find(
        self,
        channel: str,
        thread_ts: str,
        mark_key: str,
        kinds: Collection[str] = KINDS,
        n: int = 1,
        own_user: str = "",
    ) -> str | None:
        """The ts of our first message in the thread with that key, one of those kinds, and that part's number.

        A QA copy of CocoAI marks its messages as we do: `own_user` tells ours from those.
        """
        for message in self.thread(channel, thread_ts):
            mark = message.mark
            if own_user in ("", message.user) and mark and mark.key == mark_key and mark.kind in kinds and mark.n == n:
                return message.ts
        return None

    def who(self) -> Identity:
        """Who Slack takes us for (auth.test)."""
        return from_auth_test(self._call("auth.test", {}))

    def _already_posted(self, place: tuple[str, str, MessageMetadata]) -> str:
        """The ts of what this object posted there before, or may have; empty if nothing."""
        channel, thread_ts, mark = place
        if place not in self._posted:
            return ""
        return self._posted[place] or self.find(channel, thread_ts, mark.key, (mark.kind,), mark.n) or ""

    def _post(self, place: tuple[str, str, MessageMetadata], text: str, blocks: Sequence[Block]) -> str:
        channel, thread_ts, mark = place
        try:
            return _ts(self._say("chat.postMessage", {"channel": channel, "thread_ts": thread_ts}, text, mark, blocks))
        except Temporary as error:
            if error.sent:
                self._posted[place] = ""
            raise

    def _say(
        self,
        method: str,
        to: Mapping[str, str],
        text: str,
        mark: MessageMetadata,
        blocks: Sequence[Block],
        *,
        wait: bool = True,
    ) -> dict[str, Any]:
        """The one door: what everybody can see leaves by no other, and nothing that leaves can ping."""
        metadata = {"event_type": EVENT_TYPE, "event_payload": mark.payload()}
        shown = {"blocks": [_quiet(block) for block in blocks]} if blocks else {}
        return self._call(method, {**to, "text": _visible(text), **shown, "metadata": metadata, **_QUIET}, wait=wait)

    def _pages(self, channel: str, thread_ts: str) -> Iterator[list[Message]]:
        fields = {"channel": channel, "ts": thread_ts, "limit": str(PAGE), "include_all_metadata": "true"}
        cursor = ""
        seen: set[str] = set()
        while cursor not in seen and len(seen) < MOST_PAGES:
            seen.add(cursor)
            told = self._call("conversations.replies", fields | ({"cursor": cursor} if cursor else {}))
            messages = told.get("messages")
            yield [found for each in messages if (found := message_of(each))] if isinstance(messages, list) else []
            cursor = _next_cursor(told)

    def _call(self, method: str, fields: Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        left = self._patience if wait else 0.0
        place = (method, fields.get("channel", ""))
        pause = self._pause(place)
        while pause <= left:
            if pause:
                self._sleep(pause)
                self._limited.pop(place, None)
                left -= pause
            try:
                return require_ok(self._send(method, fields))
            except Temporary as error:
                if error.retry_after is None:
                    raise
                pause = error.retry_after
                self._limited[place] = self._clock() + pause
        raise Temporary("ratelimited", source="Slack", status=429, retry_after=pause)

    def _pause(self, place: tuple[str, str]) -> float:
        """Seconds that an earlier 429 still asks for."""
        if place not in self._limited:
            return 0.0
        return max(0.0, self._limited[place] - self._clock())

    def _send(self, method: str, fields: Mapping[str, Any]) -> FullResponse:
        def post() -> FullResponse:
            body, kind = _written(method, fields)
            headers = {"Authorization": self._token, "Content-Type": kind}
            return self._line.post(self._api_url + method, body, headers, (CONNECT_TIMEOUT, READ_TIMEOUT))

        return translate_errors(post)


def _written(method: str, fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """The arguments as bytes, and of what kind they are. A long text costs ten times as much CPU in a form."""
    if method in IN_JSON:
        return json.dumps(fields, ensure_ascii=False).encode(), "application/json; charset=utf-8"
    return urlencode(fields).encode("ascii"), "application/x-www-form-urlencoded"


def _visible(text: str) -> str:
    """The text, in characters that a socket takes, and without a ping."""
    return harmless(text.encode("utf-8", "replace").decode("utf-8"))


def _quiet(block: Block) -> Block:
    """The block, its Markdown without a ping; all else in a block is our own words."""
    return {**block, "text": unpinged(block["text"])} if block.get("type") == "markdown" else block


def _ts(told: Mapping[str, Any]) -> str:
    ts = text_at(told, "ts")
    if is_ts(ts):
        return ts
    raise Temporary("posted without a ts", source="Slack", sent=True)


def _next_cursor(told: Mapping[str, Any]) -> str:
    more = told.get("response_metadata")
    return text_at(more, "next_cursor") if isinstance(more, dict) else ""
