"""CocoAI's work with Slack Bolt, slack_sdk and the openai package, as a developer writes it from their documentation.

`process_before_response` with a lazy listener is Bolt's own way to keep a question before Slack has its 200 and to
answer it afterwards: Bolt runs lazy listeners in threads of the same process. It copies the client for each of them,
and a client with a TLS context of its own cannot be copied, so the authority is set by SSL_CERT_FILE.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openai import OpenAI
from slack_bolt import Ack, App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

Event = dict[str, Any]

UPDATE_INTERVAL = 3.0
PLACEHOLDER = "ちょっと待ってにゃ~"
SUBTYPES = (None, "", "file_share", "thread_broadcast", "me_message")
VAR = os.environ["VAR"]

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
logging.getLogger("httpx2").setLevel(logging.WARNING)  # the openai package's own
log = logging.getLogger("bot")

client = WebClient(token=os.environ["BOT_TOKEN"], base_url=os.environ["SLACK_URL"])
openai = OpenAI(api_key=os.environ["API_KEY"], base_url=os.environ["OPENAI_URL"])
app = App(client=client, signing_secret=os.environ["SIGNING_SECRET"], process_before_response=True)


def keep(event: Event, body: Event, ack: Ack) -> None:
    """Keep an event that is a question durably, before the 200."""
    if is_question(event):
        began = time.monotonic()
        outcome = "accepted" if put(event, body) else "duplicate"
        log.info("question key=%s outcome=%s ms=%.1f", key(event), outcome, (time.monotonic() - began) * 1000)
    ack()


def answer(event: Event) -> None:
    """Answer a question after the 200, in a thread of its own."""
    if os.environ["ANSWERS"] == "1" and is_question(event) and (job := claim(event)):
        with job:
            reply(event, job)


app.event("app_mention")(ack=keep, lazy=[answer])
app.event("message")(ack=keep, lazy=[answer])
api = SlackRequestHandler(app)


def is_question(event: Event) -> bool:
    """Check whether a person's event is a mention, a direct message, or a message in a thread with a mention."""
    if event.get("hidden") or event.get("subtype") not in SUBTYPES or event.get("bot_id"):
        return False
    if event.get("user") in (None, os.environ["BOT_USER"], "USLACKBOT"):
        return False
    if event["type"] == "app_mention" or event.get("channel_type") == "im":
        return True
    text = event.get("text", "")
    if f"<@{os.environ['BOT_USER']}>" in text:
        return True
    return "thread_ts" in event and "<@" not in text and os.path.exists(mark(event))


def key(event: Event) -> str:
    return f"{thread(event)}-{event['ts']}"


def thread(event: Event) -> str:
    return f"{event['channel']}-{event.get('thread_ts') or event['ts']}"


def mark(event: Event) -> str:
    return f"{VAR}/threads/{thread(event)}"


def ready(event: Event) -> str:
    return f"{VAR}/spool/ready/{key(event)}"


# The same steps as in cocoai/spool/spool.py.


def put(event: Event, body: Event) -> bool:
    """Keep the question durably; return False if it is known already."""
    path = f"{VAR}/spool/tmp/{secrets.token_hex(12)}"
    known = is_known(event, "ready", "done", "failed")
    if not known:
        Path(mark(event)).touch()
        with open(path, "x") as file:
            append(file, {"event": event, "event_id": body["event_id"], "event_time": body["event_time"]})
    try:
        new = not known and commit(event, path)
        sync(f"{VAR}/spool/ready")
    finally:
        if not known:
            os.unlink(path)
    return new


def commit(event: Event, path: str) -> bool:
    """Link the written file into ready/; return False if the question is known already."""
    with open(f"{VAR}/locks/put.lock", "a") as lock, contextlib.suppress(FileExistsError):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_known(event, "done", "failed"):
            os.link(path, ready(event))
            return True
    return False


def is_known(event: Event, *folders: str) -> bool:
    return any(os.path.exists(f"{VAR}/spool/{folder}/{key(event)}") for folder in folders)


def append(file: Any, line: Event) -> None:
    file.write(json.dumps(line) + "\n")
    file.flush()
    os.fsync(file.fileno())


def sync(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def claim(event: Event) -> Any:
    """Return the job's file, locked; None if another thread or process has locked or finished it.

    A mention arrives twice, as an app_mention and as a message.
    """
    with contextlib.suppress(FileNotFoundError, BlockingIOError):
        job = open(ready(event), "r+")  # noqa: SIM115 (the caller closes it)
        fcntl.flock(job, fcntl.LOCK_EX | fcntl.LOCK_NB)
        job.seek(0, os.SEEK_END)
        return job
    return None


# The answer.


def reply(event: Event, job: Any) -> None:
    """Post the placeholder, update it while the model writes, and put the whole answer in its place."""
    record(job, "attempt", n=1)
    thread_ts = event.get("thread_ts") or event["ts"]
    metadata = about(event, "placeholder")
    posted = client.chat_postMessage(channel=event["channel"], thread_ts=thread_ts, text=PLACEHOLDER, metadata=metadata)
    record(job, "placeholder", ts=posted["ts"])

    def update(text: str, kind: str) -> None:
        client.chat_update(channel=event["channel"], ts=posted["ts"], text=text, metadata=about(event, kind))

    text = written(conversation(event), lambda text: update(text, "placeholder"))
    record(job, "answer", text=text)
    update(text, "answer")
    record(job, "finished")
    os.rename(ready(event), f"{VAR}/spool/done/{key(event)}")
    sync(f"{VAR}/spool/done")
    sync(f"{VAR}/spool/ready")


def record(job: Any, fact: str, **values: Any) -> None:
    append(job, {"fact": fact, "at": time.time(), **values})


def about(event: Event, kind: str) -> Event:
    return {"event_type": "cocoai", "event_payload": {"key": key(event), "kind": kind, "n": 1}}


def conversation(event: Event) -> list[Any]:
    """Return the thread so far as messages for the model."""
    turns = [{"role": "system", "content": Path(os.environ["INSTRUCTIONS"]).read_text()}]
    thread = client.conversations_replies(channel=event["channel"], ts=event.get("thread_ts") or event["ts"], limit=200)
    for message in thread["messages"]:
        if message["ts"] <= event["ts"]:
            role = "assistant" if message["user"] == os.environ["BOT_USER"] else "user"
            turns.append({"role": role, "content": message["text"].replace(f"<@{os.environ['BOT_USER']}>", "")})
    return turns


def written(turns: list[Any], grow: Callable[[str], None]) -> str:
    """Return the model's whole answer; call `grow` with the text so far, at most every UPDATE_INTERVAL seconds."""
    text, due = "", time.monotonic() + UPDATE_INTERVAL
    stream = openai.chat.completions.create(
        model=os.environ["MODEL"],
        messages=turns,
        stream=True,
        store=False,
        max_completion_tokens=2000,
        reasoning_effort="low",
        stream_options={"include_usage": True},
    )
    for chunk in stream:
        text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        if text and time.monotonic() >= due:
            grow(text)
            due = time.monotonic() + UPDATE_INTERVAL
    return text
