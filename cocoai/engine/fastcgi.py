"""One worker's requests, over flup's protocol part. The only file that imports flup.

What flup does well is kept: records, pairs, roles, the bridge to WSGI. What its shape makes unsafe is
replaced here, and each replacement names its reason: a whole request is read before it is begun, under one
deadline; a whole response leaves in one write; one request a connection; no word of ours to nginx's log.
"""

from __future__ import annotations

import contextlib
import logging
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flup.server import fcgi_base
from flup.server.fcgi_base import decode_pair

from cocoai.engine.request import MAX_BODY
from cocoai.engine.response import AFTER, After

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HEADER = struct.Struct(fcgi_base.FCGI_Header)
MAX_INPUT = MAX_BODY + 128 * 1024
"""Bytes of one whole request: nginx sends at most 64 KiB of params and the body it was allowed."""

PIECE = 64 * 1024

ALARM_MARGIN = 0.5
"""Seconds between them: the deadline ends a slow peer, the alarm an application that hangs, and its worker."""

log = logging.getLogger(__name__)


class ProtocolError(Exception):
    """The peer does not speak FastCGI, or not in time. Its connection ends; the worker goes on."""


class Request(fcgi_base.Request):  # type: ignore[misc]
    """flup's request, whose errors go to the operator's log: flup's go to nginx's, with all they quote."""

    def __init__(self, conn: Connection, stream: type, timeout: float) -> None:
        super().__init__(conn, stream, timeout)
        self.pairs = bytearray()
        self.has_params = False
        self.stderr = sys.stderr

    def run(self) -> None:
        """Run the application and queue its whole response."""
        self.params[AFTER] = self._conn.afters.append  # after the peer's own, which may bear any name
        try:
            protocol_status, app_status = self.server.handler(self)
        except Exception:
            log.exception("request outcome=error")
            self._conn.take_back()
            self.server.error(self)
            protocol_status, app_status = fcgi_base.FCGI_REQUEST_COMPLETE, 0
        self.stdout.close()
        self._end(app_status, protocol_status)

    def read_pairs(self) -> None:
        """Read the params once they are whole: flup reads record by record, and a pair may span two."""
        position = 0
        while position < len(self.pairs):
            position, (name, value) = decode_pair(self.pairs, position)
            self.params[name.decode("latin-1")] = value.decode("latin-1")
        if position > len(self.pairs):
            raise ProtocolError("a pair is longer than the params")
        self.has_params = True


class Connection(fcgi_base.Connection):  # type: ignore[misc]
    """One connection, one request. `afters` is what its response wants done once it is out."""

    def __init__(self, sock: socket.socket, server: Server, deadline: float) -> None:
        super().__init__(sock, "", server, None)
        self.afters: list[After] = []
        self._deadline = deadline
        self._input = bytearray()
        self._received = 0
        self._output = bytearray()
        self._keepGoing = True
        self._acts: dict[int, Callable[[fcgi_base.Record], None]] = {
            fcgi_base.FCGI_GET_VALUES: self._do_get_values,
            fcgi_base.FCGI_BEGIN_REQUEST: self._do_begin_request,
            fcgi_base.FCGI_ABORT_REQUEST: self._do_abort_request,
            fcgi_base.FCGI_PARAMS: self._do_params,
            fcgi_base.FCGI_STDIN: self._do_stdin,
            fcgi_base.FCGI_DATA: self._do_data,
        }

    def run(self) -> None:
        """Serve the connection to its end. Never raises for what the peer does."""
        try:
            while self._keepGoing:
                self.process_input()
                self._flush()
        except (ProtocolError, EOFError, OSError, IndexError, struct.error) as error:
            log.info("connection outcome=dropped reason=%r", str(error) or type(error).__name__)
        finally:
            self._sock.close()

    def process_input(self) -> None:
        """Read one record and act on it."""
        record = self._next_record()
        act = self._acts.get(record.type)
        if act is not None:
            act(record)
        elif record.requestId == fcgi_base.FCGI_NULL_REQUEST_ID:
            self._do_unknown_type(record)

    def writeRecord(self, rec: fcgi_base.Record) -> None:  # noqa: N802 (flup's name)
        """Queue a record: flup writes its header, its content and its padding each by itself."""
        padding = -rec.contentLength & 7
        self._output += HEADER.pack(rec.version, rec.type, rec.requestId, rec.contentLength, padding)
        self._output += rec.contentData
        self._output += bytes(padding)

    def take_back(self) -> None:
        """Forget what is queued: nothing of it has left, so half a response need not pass for a whole one."""
        self._output.clear()

    def end_request(
        self,
        req: Request,
        app_status: int = 0,
        protocol_status: int = 0,
        remove: bool = True,  # noqa: FBT001, FBT002
    ) -> None:
        """End the request, and the connection with it: a kept connection would pin this worker to one peer."""
        req.flags = fcgi_base.FCGI_KEEP_CONN  # so that flup leaves the socket alone until our flush
        super().end_request(req, app_status, protocol_status, remove)
        self._keepGoing = self._keepGoing and not remove

    def _next_record(self) -> fcgi_base.Record:
        version, kind, request_id, length, padding = HEADER.unpack(self._take(HEADER.size))
        if version != fcgi_base.FCGI_VERSION_1:
            raise ProtocolError(f"version {version}")
        record = fcgi_base.Record(kind, request_id)
        record.contentLength = length
        record.contentData = self._take(length + padding)[:length]
        return record

    def _take(self, length: int) -> bytes:
        while len(self._input) < length:
            self._receive()
        taken = bytes(self._input[:length])
        del self._input[:length]
        return taken

    def _receive(self) -> None:
        self._wait_at_most(self._deadline - time.monotonic())
        piece = self._sock.recv(PIECE)
        if not piece:
            raise EOFError("the peer closed")
        self._input += piece
        self._received += len(piece)
        if self._received > MAX_INPUT:
            raise ProtocolError("more than a request may have")

    def _flush(self) -> None:
        if self._output:
            self._wait_at_most(self._deadline - time.monotonic())
            self._sock.sendall(self._output)
            self._output.clear()

    def _wait_at_most(self, seconds: float) -> None:
        if seconds <= 0:
            raise ProtocolError("not in time")
        self._sock.settimeout(seconds)

    def _do_params(self, inrec: fcgi_base.Record) -> None:
        req = self._requests.get(inrec.requestId)
        if req is not None:
            req.pairs += inrec.contentData
            if not inrec.contentLength:
                req.read_pairs()

    def _do_stdin(self, inrec: fcgi_base.Record) -> None:
        """The end of the input starts the request: nothing is begun for a peer that never finishes."""
        req = self._requests.get(inrec.requestId)
        if req is not None:
            req.stdin.add_data(inrec.contentData)
            if not inrec.contentLength:
                if not req.has_params:
                    raise ProtocolError("the input ends before the params")
                req.run()

    def _do_abort_request(self, inrec: fcgi_base.Record) -> None:
        req = self._requests.get(inrec.requestId)
        if req is not None:
            self.end_request(req)


class Server(fcgi_base.BaseFCGIServer):  # type: ignore[misc]
    """flup's bridge from a request to a WSGI application."""

    request_class = Request

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__(application, multithreaded=False, multiprocess=True)
        # flup looks these up by bytes, and has them by str: it answers nothing.
        self.capability = {b"FCGI_MAX_CONNS": 1, b"FCGI_MAX_REQS": 1, b"FCGI_MPXS_CONNS": 0}

    def error(self, req: Any) -> None:
        """What a client sees of an exception: that there was one."""
        req.stdout.write(b"Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\n\r\ninternal error\n")


class Worker:
    """A worker's life: accept, answer, run what comes after, until it is no longer wanted."""

    def __init__(self, application: WSGIApplication, *, max_requests: int, request_timeout: float) -> None:
        """`max_requests`: after so many it ends, 0 for never. `request_timeout`: seconds for one whole request."""
        self._server = Server(application)
        self._max_requests = max_requests
        self._request_timeout = request_timeout

    def serve(self, listener: socket.socket, lifeline: socket.socket) -> None:
        """Serve until the lifeline ends: the master has closed it, or is dead."""
        # Ctrl-C and a closed terminal reach the whole foreground group: the master tells us when to go.
        # USR1 means nothing here, and forked jobs are not ours to wait for.
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(lifeline, select.POLLIN)
        with contextlib.suppress(OSError):  # a master that has gone is seen below
            lifeline.send(b"+")
        served = 0
        while not self._max_requests or served < self._max_requests:
            events = dict(poll.poll())
            if lifeline.fileno() in events:
                return
            served += self._accept(listener)

    def _accept(self, listener: socket.socket) -> int:
        # A TERM waits for the end of a request, and ends an idle worker at once.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            sock, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return 0  # another worker was quicker, or the peer has gone
        else:
            self._converse(sock)
            return 1
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def _converse(self, sock: socket.socket) -> None:
        # The alarm has its default action: an application that hangs, even in C, ends with its worker.
        signal.setitimer(signal.ITIMER_REAL, self._request_timeout + ALARM_MARGIN)
        connection = Connection(sock, self._server, time.monotonic() + self._request_timeout)
        connection.run()
        signal.setitimer(signal.ITIMER_REAL, 0)
        for after in connection.afters:
            try:
                after()
            except Exception:
                log.exception("after outcome=error")
