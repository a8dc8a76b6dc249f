"""SlackChat: writes and reads messages in Slack, over its Web API.

Every message is written by one method (`_write_message`), which takes away whatever could ping, and gives it our
metadata, so that a later attempt finds it again. It decides nothing about answers. No error of it holds the token.
Sources: docs.slack.dev/apis/web-api, /apis/web-api/rate-limits, /reference/methods.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn

from cocoai.engine.client.client import HttpClient, StreamedResponse
from cocoai.errors import Permanent, Temporary
from cocoai.json_values import mapping_at, text_at
from cocoai.slack.api.box_reader import posts_since, read_box
from cocoai.slack.api.calls import NO_WATCH, CallWatch, SlackCalls
from cocoai.slack.api.home_tab import HomeTab
from cocoai.slack.api.reactions import Reactions
from cocoai.slack.api.response_url import ResponseUrl
from cocoai.slack.api.sent_message import block_without_pings, is_outside, posted_ts, without_pings
from cocoai.slack.api.thread_reader import WHOLE, ThreadPart, ThreadRead, ThreadReader, replies_since
from cocoai.slack.api.upload import Uploads
from cocoai.slack.markdown.message_layout import Block
from cocoai.slack.model.files import File, file_of
from cocoai.slack.model.identity import Identity, from_auth_test
from cocoai.slack.model.messages import EVENT_TYPE, KINDS, Message, MessageMetadata
from cocoai.spool.key import Key

_NO_LINKING = {"parse": "none", "link_names": False}
_NO_UNFURLING = {"unfurl_links": False, "unfurl_media": False, **_NO_LINKING}
"""Nothing unfurls, since an address can carry a secret away; no bare name becomes a ping."""

log = logging.getLogger(__name__)

_Target = tuple[str, str, MessageMetadata]
"""Where a message is posted, and as what: channel, thread_ts and its metadata."""


class SlackChat:
    """One process's access to Slack's Web API, over `client`. The `watch` is told how each call ends.

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
        watch: CallWatch = NO_WATCH,
    ) -> None:
        self.watch = watch
        self._calls = SlackCalls(
            client, api_url=api_url, token=token, clock=clock, sleep=sleep, patience=patience, watch=watch
        )
        self.uploads = Uploads(self._calls)
        self.reactions = Reactions(self._calls)
        self.response_url = ResponseUrl(self._calls, api_url)
        self.home_tab = HomeTab(self._calls)
        self._sleep = sleep
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

        `thread_ts` is "" for a message that is to stand in the channel itself: in a direct message's box.

        Unless `wait`, raise `Temporary` at once while a 429 holds.

        Post nothing if this is a placeholder that was posted and still waits for its answer, or if an earlier call
        failed and its message is in the thread nevertheless: return that message's ts.
        """
        target = (channel, thread_ts, metadata)
        ts = self._find_posted(target, wait=wait)
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

    def post_ephemeral(self, channel: str, user: str, text: str, thread_ts: str, *, wait: bool = True) -> None:
        """Post a text into the thread ("": the channel) that only `user` sees, and that Slack does not keep.

        Unless `wait`, raise `Temporary` at once while a 429 holds.
        """
        arguments = {"channel": channel, "user": user, "text": without_pings(text)}
        arguments |= {"thread_ts": thread_ts} if thread_ts else {}
        self._calls.call("chat.postEphemeral", {**arguments, **_NO_LINKING}, wait=wait)

    def post_direct(self, user: str, text: str, *, wait: bool = True) -> None:
        """Send `user` a direct message without metadata: it is no part of a conversation.

        Unless `wait`, raise `Temporary` at once while a 429 holds.
        """
        # With a person's id as its channel, chat.postMessage opens the conversation: im:write is not needed.
        self._calls.call("chat.postMessage", {"channel": user, "text": without_pings(text), **_NO_UNFURLING}, wait=wait)

    def delete(self, channel: str, ts: str, *, wait: bool = True) -> None:
        """Delete a message of ours; one that is gone already is no error.

        Unless `wait`, raise `Temporary` at once while a 429 holds.
        """
        try:
            self._calls.call("chat.delete", {"channel": channel, "ts": ts}, wait=wait)
        except Permanent as error:
            if error.code != "message_not_found":
                raise

    def user_name(self, user: str) -> str:
        """Return a user's display name, else real name; "" if Slack tells none. Raise `Temporary` at once for a 429."""
        # A name is not worth a wait.
        found = mapping_at(self._calls.call("users.info", {"user": user}, wait=False), "user")
        profile = mapping_at(found, "profile")
        return text_at(profile, "display_name") or text_at(profile, "real_name") or text_at(found, "name")

    def user_team(self, user: str) -> str:
        """Return the id of a user's team; "" if Slack tells none. Raise `Temporary` at once for a 429."""
        return text_at(mapping_at(self._calls.call("users.info", {"user": user}, wait=False), "user"), "team_id")

    def user_locale(self, user: str) -> str:
        """Return the locale of a user's Slack, as `ja-JP`; "" if it tells none. Raise `Temporary` at once for a 429."""
        arguments = {"user": user, "include_locale": "true"}
        return text_at(mapping_at(self._calls.call("users.info", arguments, wait=False), "user"), "locale")

    def file_info(self, file_id: str, *, after: float = 0.0) -> File:
        """Ask Slack for the description of a file (files.info) and return it: with the id alone if there is none.

        Wait `after` seconds first: Slack may be about to have more to tell.
        """
        if after:
            self._sleep(after)
        info = self._calls.call("files.info", {"file": file_id}).get("file")
        return file_of(info if isinstance(info, dict) else {"id": file_id})

    def download(self, url: str) -> StreamedResponse:
        """Request an address of Slack's with our token; return the response, to be read and closed. Follow no redirect.

        Raise `Permanent` `foreign` for an address that is not Slack's: the token goes nowhere else.
        """
        return self._calls.get(url)

    def thread(self, channel: str, thread_ts: str, part: ThreadPart = WHOLE) -> tuple[Message, ...]:
        """Return the messages of `read_thread`."""
        return self.read_thread(channel, thread_ts, part).messages

    def read_thread(self, channel: str, thread_ts: str, part: ThreadPart) -> ThreadRead:
        """Read a thread from Slack, with three calls at most; return its parent and the newest replies of `part`.

        How far back they go is told by ThreadReader.
        """
        reader = ThreadReader(self._calls, channel, thread_ts, part)
        read = reader.read()
        if reader.is_short:
            log.warning("thread channel=%s ts=%s outcome=newest-not-reached", channel, thread_ts)
        return read

    def box(self, channel: str, since: float) -> tuple[Message, ...]:
        """Read a direct message's own box from Slack, with one call; return its newest messages, oldest first.

        They are those since a time (epoch seconds), BOX_PAGE at most. Replies in threads are not among them.
        """
        return read_box(self._calls, channel, since)

    def replies_to(self, channel: str, thread_ts: str, key: str, *, wait: bool = True) -> list[Message]:
        """Return the messages whose metadata has the key of this question, oldest first; they are newer than it.

        They are those in the thread, or for "" those in the channel itself. Unless `wait`, raise `Temporary` at once
        while a 429 holds.
        """
        found: list[Message] = []

        def take(message: Message) -> None:
            if message.metadata is not None and message.metadata.key == key:
                found.append(message)

        if thread_ts:
            replies_since(self._calls, channel, thread_ts, Key.parse(key).ts, take, wait=wait)
        else:
            posts_since(self._calls, channel, Key.parse(key).ts, take, wait=wait)
        return found

    def find(
        self,
        channel: str,
        thread_ts: str,
        key: str,
        kinds: Collection[str] = KINDS,
        n: int = 1,
        own_user: str = "",
        *,
        wait: bool = True,
    ) -> str | None:
        """Look in the thread for a message with this key, part number `n` and a kind of `kinds`; return its ts.

        Return None if there is none, that of the oldest if there are several. Unless `own_user` is "", the message is
        one of that user: another installation's may have the same metadata. Unless `wait`, raise `Temporary` at once
        while a 429 holds.
        """
        for message in self.replies_to(channel, thread_ts, key, wait=wait):
            found = message.metadata
            if found and own_user in ("", message.user) and found.n == n and found.kind in kinds:
                return message.ts
        return None

    def auth_test(self) -> Identity:
        """Ask Slack whose token ours is (auth.test); return that identity, which is our own."""
        return from_auth_test(self._calls.call("auth.test", {}))

    def _find_posted(self, target: _Target, *, wait: bool) -> str:
        """Return the ts of the message that `post` has posted for `target`; "" if there is none.

        Look into the thread, over the network, if an earlier post left its arrival in doubt.
        """
        channel, thread_ts, metadata = target
        if target not in self._posted:
            return ""
        known = self._posted[target]
        return known or self.find(channel, thread_ts, metadata.key, (metadata.kind,), metadata.n, wait=wait) or ""

    def _post(self, target: _Target, text: str, blocks: Sequence[Block], *, wait: bool) -> str:
        """Post a message; return its ts. Note in `_posted` if an error leaves its arrival in doubt, and raise that.

        Raise `Permanent` `thread_not_found` if the thread is gone; the message is then nowhere.
        """
        channel, thread_ts, metadata = target
        arguments = {"channel": channel} | ({"thread_ts": thread_ts} if thread_ts else {})
        try:
            reply = self._write_message("chat.postMessage", arguments, text, metadata, blocks, wait=wait)
            ts = posted_ts(reply)
        except Temporary as error:
            if error.sent:  # the message may be in the thread now
                self._posted[target] = ""
            raise
        if thread_ts and is_outside(reply):
            self._take_back(channel, ts)
        return ts

    def _take_back(self, channel: str, ts: str) -> NoReturn:
        """Delete a message that Slack has put into the channel, and raise `Permanent` `thread_not_found`."""
        for is_last in (False, False, True):
            try:
                self.delete(channel, ts)
                break
            except (Temporary, Permanent) as error:
                if is_last or isinstance(error, Permanent):
                    log.exception("message channel=%s ts=%s outcome=left-in-the-channel", channel, ts)
                    break
        raise Permanent("thread_not_found", source="Slack")

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
        shown = {"blocks": [block_without_pings(block) for block in blocks]} if blocks else {}
        content = {"text": without_pings(text), **shown, "metadata": described}
        return self._calls.call(method, {**arguments, **content, **_NO_UNFURLING}, wait=wait)
