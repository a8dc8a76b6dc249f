"""Measure how much memory one piece of a job's work takes, in a process that was forked for it, as a job process is.

Run as `python -m tests.memory_probe WORK URL CA_FILE [ARGUMENTS]`: it imports what a job needs, forks, does the work in
the child, and prints one JSON object: `peak` and `dirty`, in bytes, and the `result` of the work.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import run
from typing import Any

from cocoai import app, config
from cocoai.answer import AnswererFactory
from cocoai.answer.prompt import PromptBuilder
from cocoai.chatgpt.chat import ChatGPTChat, Ending
from cocoai.conversation import Conversation, Turn
from cocoai.engine.client.direct import DirectClient
from cocoai.engine.client.tls import tls_context
from cocoai.engine.process.copy_on_write import freeze_memory
from cocoai.errors import CocoAIError
from cocoai.rehearsal.certificates import Certificates
from cocoai.rehearsal.practice_server import PracticeServer
from cocoai.slack.api.chat import SlackChat
from cocoai.slack.api.thread_reader import ThreadPart
from cocoai.warmup import warm_up

ROOT = Path(__file__).parent.parent
LIMIT = 24 * 1024 * 1024
"""Bytes that a job may take on any of these."""

IN_MEMORY = PromptBuilder
"""Imported since a job process has all of answer/ in memory before it forks."""


def measured(work: str, server: PracticeServer, certificates: Certificates, *arguments: str) -> tuple[int, Any]:
    """Do this work of WORKS against a running server in a process of its own; return the bytes it took, and its result.

    The bytes are the peak of resident memory, or the private dirty memory at the end if that is more.
    """
    command = [sys.executable, "-m", "tests.memory_probe", work, server.url, str(certificates.ca_file), *arguments]
    printed = json.loads(run(command, cwd=ROOT, check=True, capture_output=True, timeout=120).stdout)
    return max(printed["peak"], printed["dirty"]), printed["result"]


def read_thread(url: str, client: DirectClient, thread_ts: str, until: str) -> list[int]:
    """Read a thread as a question with the default settings does; return the number of its messages and characters."""
    slack = SlackChat(client, api_url=f"{url}/api/", token="xoxb-practice")
    messages = slack.thread("C0PRACTICE", thread_ts, ThreadPart(until, 12000.0))
    return [len(messages), sum(len(message.text) for message in messages)]


def call_slack(url: str, client: DirectClient) -> str:
    """Call a method of Slack's; return the code of the error."""
    try:
        SlackChat(client, api_url=f"{url}/api/", token="xoxb-practice").auth_test()
    except CocoAIError as error:
        return error.code
    return ""


def read_answer(url: str, client: DirectClient) -> list[Any]:
    """Have an answer written with the default settings; return its number of characters and its finish reason."""
    chat = ChatGPTChat(
        client,
        base_url=f"{url}/v1",
        api_key="sk-practice",
        model="gpt-6-luna",
        max_output_tokens=2000,
        reasoning_effort="low",
        connect_timeout=5,
        first_word_timeout=90,
        silence_timeout=30,
        total_timeout=180,
    )
    text, reason = "", ""
    for piece in chat.reply(Conversation("Be kind.", (Turn("asker", "hello?"),))):
        if isinstance(piece, Ending):
            reason = piece.finish_reason
        elif isinstance(piece, str):
            text += piece
    return [len(text), reason]


def build_all(path: str) -> Process:
    """Build CocoAI by the settings file at `path`, drawing and listening, and warm it up, as the pool's master does."""
    settings = config.read(path, {"COCOAI_IMAGES_USE": "on", "COCOAI_SPEECH_USE": "model"})
    answerers = app.build(settings).answerers
    warm_up(settings, app.new_answerers)
    freeze_memory(immortals=settings.pool.immortals)
    return partial(answer_next, answerers)


def answer_next(answerers: AnswererFactory) -> list[object]:
    """Answer the job that waits; return how its answer ended, and how many sounds were heard for it."""
    job = answerers.spool.claim()
    assert job is not None
    answerers.make().answer(job)
    answer = job.last("answer") or {}
    return [answer.get("finish"), len(job.facts("heard"))]


Process = Callable[[], list[object]]

BUILT: list[Process] = []
"""What the parent has built for its child, if anything."""


def answer_built(*_: object) -> list[object]:
    """Do what the parent has built."""
    return BUILT[0]()


WORKS: dict[str, Callable[..., Any]] = {
    "thread": read_thread,
    "slack": call_slack,
    "answer": read_answer,
    "job": answer_built,
}


def _kib(name: str, path: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(path).read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def _child(pipe: int, work: str, url: str, ca_file: str, arguments: list[str]) -> None:
    """Do the work, and write what it took into the pipe."""
    client = DirectClient(tls_context(ca_file))
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what it is now
    peak, dirty = _kib("VmHWM", "/proc/self/status"), _kib("Private_Dirty", "/proc/self/smaps_rollup")
    result = WORKS[work](url, client, *arguments)
    took = {
        "peak": _kib("VmHWM", "/proc/self/status") - peak,
        "dirty": _kib("Private_Dirty", "/proc/self/smaps_rollup") - dirty,
    }
    os.write(pipe, json.dumps({**took, "result": result}).encode())


def main(work: str, url: str, ca_file: str, *arguments: str) -> None:
    """Fork, and print what the child writes."""
    if work == "job":
        BUILT.append(build_all(*arguments))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            _child(writer, work, url, ca_file, list(arguments))
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, "rb") as printed:
        sys.stdout.write(printed.read().decode())
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
