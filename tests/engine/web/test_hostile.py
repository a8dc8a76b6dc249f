"""A client that speaks no FastCGI, or never finishes, loses its connection, and the workers go on.

Several tests hold us to what flup 1.0.3 got wrong; their docstrings say what that was.
"""

from __future__ import annotations

import os
import random
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from cocoai.engine.web.fastcgi import MAX_REQUEST
from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response
from cocoai.engine.web.router import Router
from tests.engine.conftest import Workers
from tests.engine.web import fastcgi_client as fcgi
from tests.engine.web.fastcgi_client import Peer, ask, begin, pairs, params, record, request, stream
from tests.processes import wait_until

GONE = (BrokenPipeError, ConnectionResetError)

PARAMS = stream(fcgi.PARAMS, pairs(params()))

MALFORMED = {
    "a BEGIN_REQUEST that is too short": record(fcgi.BEGIN, b"\0"),
    "a BEGIN_REQUEST that is too long": record(fcgi.BEGIN, bytes(9)),
    "a request with the id of none": record(fcgi.BEGIN, b"\0\1" + bytes(6), request_id=0),
    "a pair that has no value's length": begin() + record(fcgi.PARAMS, b"\1") + record(fcgi.PARAMS),
    "a pair that ends in its length": begin() + record(fcgi.PARAMS, b"\x80\0") + record(fcgi.PARAMS),
    "a pair that is longer than the params": begin() + record(fcgi.PARAMS, b"\5\5ab") + record(fcgi.PARAMS),
    "a pair of 4 GB": begin() + record(fcgi.PARAMS, b"\xff" * 8 + b"ab") + record(fcgi.PARAMS),
    "GET_VALUES with a name that is cut off": record(fcgi.GET_VALUES, b"\x0e", request_id=0),
    "another version": record(fcgi.BEGIN, bytes(8), version=2),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "a length that is less than the content": b"\1\1\0\1\0\4\0\0" + bytes(8) + PARAMS,
    "input before the params have ended": begin() + record(fcgi.PARAMS, pairs(params())) + stream(fcgi.STDIN, b""),
    "more than a request may have": begin() + PARAMS + record(fcgi.STDIN, bytes(65535)) * (MAX_REQUEST // 65535 + 1),
}
"""Input that ends the connection at once."""

UNFINISHED = {
    "nothing": b"",
    "half a header": b"\1\1\0",
    "half a request": request()[:100],
    "a record that never comes whole": begin() + b"\1\4\0\1\xff\xff\0\0abc",
    "a length that is more than the content": b"\1\1\0\1\0\xff\0\0" + bytes(8) + PARAMS,
    "params that never end": begin() + record(fcgi.PARAMS, pairs(params())),
    "a request that never ends": begin() + PARAMS + record(fcgi.STDIN, b"abc"),
    "a kept connection that never ends": begin(flags=fcgi.KEEP_CONN) + PARAMS,
    "data before the params": begin() + record(fcgi.DATA, b"data"),
    "input without a request": stream(fcgi.STDIN, b"{}"),
    "another request's records": begin() + record(fcgi.PARAMS, b"\1", request_id=2) + record(fcgi.STDIN, request_id=2),
    "the abortion of a request that has not begun": begin() + record(fcgi.ABORT, request_id=9),
    "an unknown type": begin() + record(99),
    "records that only a server sends": begin()
    + b"".join(record(kind, bytes(8)) for kind in (fcgi.END, fcgi.STDOUT, fcgi.STDERR)),
    "unknown types whose replies are not read": record(77, request_id=0) * 8000,
}
"""Input that may still become a request: the worker waits until the deadline, or until the client closes."""


def greet(_: Request) -> Response:
    return Response(200, str(os.getpid()).encode())


ROUTER = Router({"/": {"GET": greet, "POST": greet}})


def send(peer: Peer, data: bytes) -> None:
    """Send as much of `data` as the worker takes."""
    with suppress(*GONE, TimeoutError):
        peer.send(data)


def drip(peer: Peer, data: bytes, *, size: int) -> None:
    """Send `data` in pieces of this size."""
    for start in range(0, len(data), size):
        peer.send(data[start : start + size])


def descriptors(pid: int) -> list[str]:
    """Return the descriptors that this process has open."""
    return sorted(os.listdir(f"/proc/{pid}/fd"))


def children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_input_ends_the_connection_at_once(workers: Workers, sent: bytes) -> None:
    """Malformed input ends the connection without a reply, and the worker goes on. flup's worker ended."""
    pid = workers.start(ROUTER)

    with Peer(workers.path) as peer:
        send(peer, sent)
        closed = peer.is_closed()

    assert closed
    assert str(pid) == ask(workers.path).text


@pytest.mark.parametrize("sent", {**MALFORMED, **UNFINISHED}.values(), ids={**MALFORMED, **UNFINISHED}.keys())
def test_a_hostile_client_keeps_one_worker_at_most_and_leaves_nothing(workers: Workers, sent: bytes) -> None:
    """While a hostile client stays the other worker serves; after it no descriptor and no process is left."""
    pids = [workers.start(ROUTER) for _ in range(2)]
    before = [descriptors(pid) for pid in pids]

    with Peer(workers.path) as hostile:
        hostile.sock.settimeout(0.1)  # for input that is more than is taken
        send(hostile, sent)
        served = int(ask(workers.path).text)

    assert served in pids
    wait_until(lambda: before == [descriptors(pid) for pid in pids])
    assert ["", ""] == [children(pid) for pid in pids]
    assert [0, 0] == [workers.dismiss(pid) for pid in pids]


@pytest.mark.parametrize("sent", UNFINISHED.values(), ids=UNFINISHED.keys())
def test_a_client_that_falls_silent_is_dropped_at_the_deadline(workers: Workers, sent: bytes) -> None:
    """A silent connection keeps a worker until the deadline. With flup it kept the worker for ever."""
    pid = workers.start(ROUTER, request_timeout=0.1)

    with Peer(workers.path) as silent:
        send(silent, sent)
        # It is still there. The deadline is so short here that a busy machine may miss it once or twice.
        wait_until(lambda: ask(workers.path).text == str(pid))

    assert 0 == workers.dismiss(pid)


def test_the_deadline_is_that_of_the_whole_request(workers: Workers) -> None:
    """A client that sends a byte at a time is dropped at the deadline: no read makes it any later."""
    pid = workers.start(ROUTER, request_timeout=0.2)

    with Peer(workers.path) as slow, pytest.raises(GONE):
        drip(slow, begin() + PARAMS + stream(fcgi.STDIN, bytes(1 << 20), piece=1000), size=1)

    wait_until(lambda: ask(workers.path).text == str(pid))
    assert 0 == workers.dismiss(pid)


def test_a_body_without_end_ends_the_connection(workers: Workers) -> None:
    """Input above the limit ends the connection, and no handler runs. flup kept everything in memory."""
    pid = workers.start(ROUTER)

    with Peer(workers.path) as peer:
        peer.send(begin() + stream(fcgi.PARAMS, pairs(params(method="POST"))))
        with pytest.raises(GONE):
            drip(peer, record(fcgi.STDIN, bytes(65535)) * 1000, size=65543)

    assert str(pid) == ask(workers.path).text


def test_a_management_record_of_unknown_type_is_replied_to(workers: Workers) -> None:
    """A management record of an unknown type gets FCGI_UNKNOWN_TYPE (FastCGI 4.2), and the request goes on."""
    pid = workers.start(ROUTER)

    with Peer(workers.path) as peer:
        peer.send(record(77, b"what?", request_id=0, padding=3) + record(78, b"ours", request_id=1) + request())
        records = list(peer.records())

    assert (fcgi.UNKNOWN, 0, bytes([77]) + bytes(7)) == (records[0].kind, records[0].request_id, records[0].content)
    assert str(pid) == fcgi.reply(records).text


def spoiled(chance: random.Random) -> bytes:
    """Return a valid request in which records were added, shuffled, changed or cut off."""
    records = [begin(), record(fcgi.PARAMS, pairs(params(method="POST", body=b"body"))), record(fcgi.PARAMS)]
    records += [record(fcgi.STDIN, b"body"), record(fcgi.STDIN)]
    for _ in range(chance.randint(0, 2)):
        records.insert(chance.randint(0, 5), record(chance.randint(0, 255), chance.randbytes(20), request_id=0))
    if chance.random() < 0.5:
        chance.shuffle(records)
    data = bytearray(b"".join(records))
    for _ in range(chance.randint(0, 3)):
        data[chance.randrange(len(data))] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
    return bytes(data[: chance.randint(0, len(data))]) if chance.random() < 0.2 else bytes(data)


def test_three_thousand_spoiled_requests_leave_a_worker_as_it_was(workers: Workers) -> None:
    """Each gets a valid FastCGI response or none, none raises in the worker, and nothing is left behind."""
    seed = 4
    print(f"seed {seed}")
    chance = random.Random(seed)
    pid = workers.start(ROUTER)
    before = descriptors(pid)
    statuses: dict[int, int] = {}

    for number in range(3000):
        sent = chance.randbytes(chance.randint(0, 200)) if number % 10 == 0 else spoiled(chance)
        with Peer(workers.path) as peer:
            send(peer, sent)
            with suppress(OSError):  # it has ended the connection already
                peer.sock.shutdown(socket.SHUT_WR)
            records = list(peer.records())
        status = fcgi.reply([each for each in records if each.request_id]).status
        statuses[status] = statuses.get(status, 0) + 1

    assert {0, 200, 400, 404, 405} == set(statuses), statuses
    assert str(pid) == ask(workers.path).text
    assert (before, "") == (descriptors(pid), children(pid))
    assert 0 == workers.dismiss(pid)
