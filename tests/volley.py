"""A crowd before the production site: many people's questions as Slack delivers them, over TLS, at given instants.

with deploy(...) as built, production_site(built, folder) as door:
    questions, requests = crowd(built, door, 200)
    answers = send_at_once(door, requests)
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from bench.load import request
from cocoai.rehearsal.slack.workspace import Person
from cocoai.rehearsal.slack.workspace import PracticeMessage as Message
from tests.deployment import Deployment
from tests.sites import production, running, two_ports

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

LOST = (OSError, asyncio.IncompleteReadError)
"""What a connection raises that ends without a response."""

HOST = "localhost"
"""The production site's name here: it resolves to 127.0.0.1 on every machine."""


class FrontDoor(NamedTuple):
    """A running production site before a deployment's pool: its `port`, its certificate, nginx's access log."""

    port: int
    ca_file: str
    log: Path

    @property
    def url(self) -> str:
        """Return the address without a path."""
        return f"https://{HOST}:{self.port}"

    def request_times(self, source: str = "127.0.0.1") -> list[float]:
        """Return nginx's $request_time of each POST so far from the address `source`, in milliseconds."""
        lines = (line.split() for line in self.log.read_text().splitlines())
        return [float(fields[4]) * 1000 for fields in lines if [source, "POST"] == fields[1:3]]


class Answer(NamedTuple):
    """A response: its status (0: there was none), and when it was there.

    `end` is in seconds after the first request of all, `milliseconds` after this request's connection was begun.
    """

    status: int
    end: float
    milliseconds: float


@contextmanager
def production_site(built: Deployment, folder: Path) -> Iterator[FrontDoor]:
    """Run nginx with the production site before a deployment's pool; the practice Slack posts there from now on."""
    port, plain = two_ports()
    production(folder, port, plain, host=HOST)
    door = FrontDoor(port, str(folder / "fullchain.pem"), folder / "access.log")
    with running(folder, [port, plain], built.var / "run"):
        subscribe(built, door)
        yield door


def subscribe(built: Deployment, door: FrontDoor) -> None:
    """Let the practice Slack deliver all events and clicks at this door."""
    built.slack.subscribe(f"{door.url}/slack/events", f"{door.url}/slack/interactions", ca_file=door.ca_file)


def person(built: Deployment, number: int) -> str:
    """Return the id of a person of this number, who is in the workspace from now on."""
    new = Person(f"U0CROWD{number:04}", f"Person {number}")
    built.slack.add(new)
    return new.id


def crowd(built: Deployment, door: FrontDoor, people: int) -> tuple[list[Message], list[bytes]]:
    """Let so many people ask one question each; return the messages, and the requests that Slack has to send for them.

    Those are both copies of each mention, in Slack's order. Slack sends none of them itself, but all later events.
    """
    built.slack.unsubscribe()
    before = len(built.slack.payloads)
    questions = [built.slack.say(person(built, n), f"<@U0COCOAI> question {n}?") for n in range(people)]
    bodies = [json.dumps(payload).encode() for payload in built.slack.payloads[before:]]
    subscribe(built, door)
    return questions, [request(f"{door.url}/slack/events", body, built.slack.signed(body)) for body in bodies]


def send(door: FrontDoor, requests: Sequence[tuple[float, bytes]], source: str = "127.0.0.1") -> list[Answer]:
    """Send each request on a new connection, so many seconds after the start, from the address `source`.

    Return the answers in the order of the requests, once all are there. Their times include the TLS handshakes.
    """
    return asyncio.run(_send(door, requests, source))


def send_at_once(door: FrontDoor, requests: Sequence[bytes], source: str = "127.0.0.1") -> list[Answer]:
    """Open a connection for each request, then send all requests in one instant; return the answers as `send` does.

    So nginx has all of them in hand at once, however slow this client is.
    """
    return asyncio.run(_send_at_once(door, requests, source))


async def _send(door: FrontDoor, requests: Sequence[tuple[float, bytes]], source: str) -> list[Answer]:
    """Do the work of `send`."""
    context = ssl.create_default_context(cafile=door.ca_file)
    start = time.monotonic()

    async def ask(offset: float, sent: bytes) -> Answer:
        await asyncio.sleep(start + offset - time.monotonic())
        begun, status = time.monotonic(), 0
        with suppress(*LOST):
            async with connection(door, context, source) as streams:
                status = await exchange(*streams, sent)
        return _answer(status, start, begun)

    return await asyncio.gather(*(ask(*each) for each in requests))


async def _send_at_once(door: FrontDoor, requests: Sequence[bytes], source: str) -> list[Answer]:
    """Do the work of `send_at_once`."""
    context = ssl.create_default_context(cafile=door.ca_file)

    async def ask(streams: Streams, sent: bytes) -> Answer:
        status = 0
        with suppress(*LOST):
            status = await exchange(*streams, sent)
        return _answer(status, start, start)

    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(connection(door, context, source)) for _ in requests]
        start = time.monotonic()
        return await asyncio.gather(*(ask(*each) for each in zip(opened, requests, strict=True)))


def _answer(status: int, start: float, begun: float) -> Answer:
    """Return an answer that is there now, to a request of a volley that began at `start`."""
    end = time.monotonic()
    return Answer(status, end - start, (end - begun) * 1000)


@asynccontextmanager
async def connection(door: FrontDoor, context: ssl.SSLContext, source: str) -> AsyncIterator[Streams]:
    """Open a connection to the door, from the address `source`; drop it when the context ends."""
    streams = await asyncio.open_connection(
        "127.0.0.1", door.port, ssl=context, server_hostname=HOST, local_addr=(source, 0)
    )
    try:
        yield streams
    finally:
        streams[1].transport.abort()


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> int:
    """Send a request; return the status of its response, which is read to its end."""
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.splitlines()[1:] if line)
    await reader.readexactly(int(fields.get(b"content-length", 0)))
    return int(head.split()[1])
