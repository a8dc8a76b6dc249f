"""ResponseUrl: show something by the address that Slack sends with a slash command or a shortcut.

It needs no token and no membership: it works where the bot is not, five times within 30 minutes. What it answers is not
the Web API's JSON but a bare word, mostly. Whoever knows the address can write by it, so it stands in no log and no
error. Sources: docs.slack.dev/interactivity/handling-user-interaction (Message responses); the words of its refusals:
github.com/getsentry/sentry/pull/7975.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from cocoai.engine.client.client import FullResponse
from cocoai.errors import Permanent
from cocoai.slack.api.api_errors import require_ok, require_ok_reply
from cocoai.slack.api.calls import SlackCalls
from cocoai.slack.api.sent_message import block_without_pings, without_pings
from cocoai.slack.markdown.message_layout import Block

SPENT = frozenset({"used_url", "expired_url"})
"""Codes of an address that takes nothing any more."""

_HOOKS = re.compile(r"https://hooks\.slack(-gov)?\.com/[!-~]+")
_VISIBLE = re.compile(r"[!-~]+")
_WORD = re.compile(r"[a-z0-9_]{1,80}")


def is_response_url(url: str, api_url: str) -> bool:
    """Check whether an address is one of Slack's for such responses, or one of the server of `api_url`."""
    # As it is written, not parsed: two parsers can differ about which host it names.
    own_server = "/".join(api_url.split("/")[:3]) + "/"
    return bool(_HOOKS.fullmatch(url) or (url.startswith(own_server) and _VISIBLE.fullmatch(url)))


class ResponseUrl:
    """One process's responses by such addresses. `api_url` is the Web API's, by whose server an address may be."""

    def __init__(self, calls: SlackCalls, api_url: str) -> None:
        self._calls = calls
        self._api_url = api_url

    def post(self, url: str, text: str, *, blocks: Sequence[Block] = (), thread_ts: str = "") -> None:
        """Show a text (mrkdwn) to the user alone for whom Slack has made the address, once more in its place.

        With `blocks`, those are shown, and `text` is their fallback. `thread_ts` is the thread in which it is shown, ""
        for the channel. Slack tells no ts, so it cannot be changed later, nor found.

        Raise `Permanent` `foreign` for an address that is not Slack's, one of SPENT for one that takes nothing any
        more, or another word of Slack's; `Temporary` `ratelimited` at once for a 429, others as SlackChat does.
        """
        if not is_response_url(url, self._api_url):
            raise Permanent("foreign", source="Slack")
        message: dict[str, Any] = {"response_type": "ephemeral", "replace_original": False, "text": without_pings(text)}
        message |= {"blocks": [block_without_pings(block) for block in blocks]} if blocks else {}
        message |= {"thread_ts": thread_ts} if thread_ts else {}
        message |= {"unfurl_links": False, "unfurl_media": False}
        _require_shown(self._calls.send_json(url, message))


def _require_shown(response: FullResponse) -> None:
    """Raise `Permanent` or `Temporary` unless a response says, in its word or as JSON, that the message is shown."""
    status, request_id = response.status, response.headers.get("x-slack-req-id", "")[:80]
    if status == 429:
        require_ok(response)
    reply = _reply(response.content[:1000].decode("utf-8", "replace").strip())
    if 400 <= status < 500:
        # Not `refused`, which says of an address of the Web API that it takes nothing of ours.
        raise Permanent(reply.get("error", "response_refused"), source="Slack", status=status, request_id=request_id)
    require_ok_reply(reply if status == 200 and reply else None, status, response.headers)


def _reply(content: str) -> dict[str, Any]:
    """Return what a response says, in the form of the Web API's JSON: `ok`, and `error` if that is False.

    {} if it says neither `ok` nor a word of Slack's, as a page of a server in between.
    """
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        word = content
    else:
        word = parsed.get("error", "ok" if parsed.get("ok") else "") if isinstance(parsed, dict) else ""
    code = str(word).lower().replace(" ", "_")  # it has been "Expired url"
    if code == "ok":
        return {"ok": True}
    return {"ok": False, "error": code} if _WORD.fullmatch(code) else {}
