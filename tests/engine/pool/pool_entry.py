"""The entry file of the pool under test, copied into each test's folder: cocoai.fcgi with another application.

The test steers it by files that lie beside it: FIFOs at which it waits, and names of what is to fail.
A new WORD is new code.
"""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import argparse  # noqa: E402
import atexit  # noqa: E402
import errno  # noqa: E402
import gc  # noqa: E402
import logging  # noqa: E402
import math  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from contextlib import suppress  # noqa: E402
from functools import partial  # noqa: E402

from cocoai.engine.pool.extra_listeners import ExtraListener  # noqa: E402
from cocoai.engine.pool.listener import open_listener  # noqa: E402
from cocoai.engine.pool.master import Master  # noqa: E402
from cocoai.engine.pool.master_lock import LOCK_WAIT, take_master_lock  # noqa: E402
from cocoai.engine.pool.monitor import HEARTBEAT  # noqa: E402
from cocoai.engine.pool.reload import first_parent, inherited_listener, inherited_lock  # noqa: E402
from cocoai.engine.pool.workers import WorkerLimits  # noqa: E402
from cocoai.engine.process import fork  # noqa: E402
from cocoai.engine.process.scoreboard import Scoreboard  # noqa: E402
from cocoai.engine.web import worker as web_worker  # noqa: E402
from cocoai.engine.web.request import Request  # noqa: E402
from cocoai.engine.web.response import Response  # noqa: E402
from cocoai.engine.web.router import Router  # noqa: E402
from cocoai.errors import CocoAIError  # noqa: E402

WORD = "one"

FOLDER = os.path.dirname(os.path.abspath(__file__))

GROWN: list[bytes] = []

log = logging.getLogger("entry")
board = Scoreboard(os.path.join(FOLDER, "scoreboard"), slots=1)


def exists(name: str) -> bool:
    """Check whether the test has made a file of this name."""
    return os.path.exists(os.path.join(FOLDER, name))


def hold(name: str) -> None:
    """Wait if the test has made a FIFO of this name, until the test has opened and closed it."""
    with suppress(FileNotFoundError), open(os.path.join(FOLDER, name)) as fifo:
        fifo.read()


def hold_before_exec(record: logging.LogRecord) -> bool:
    """Hold the master where it logs that it reloads, a moment before exec."""
    if record.getMessage() == "pool outcome=reloading":
        hold("held-reload")
    return True


def greet(_: Request) -> Response:
    """Respond at once."""
    return Response(200, f"{WORD} {os.getpid()}".encode())


def wait(_: Request) -> Response:
    """Respond once the test lets it."""
    log.info("waiting")
    hold("held-request")
    return Response(200, f"{WORD} {os.getpid()}".encode())


def hang(_: Request) -> Response:
    """Never respond."""
    log.info("hanging")
    while True:
        time.sleep(60)


def work(_: Request) -> Response:
    """Respond, and fork a job after it that the test holds."""

    def job() -> None:
        board.take_row(board.job_row(0))
        log.info("working")
        hold("held-job")

    def after() -> None:
        fork.fork(job, name="cocoai-job")

    return Response(200, str(os.getpid()).encode(), after=after)


def grow(_: Request) -> Response:
    """Take 64 MiB for good, then respond once the test lets it."""
    GROWN.append(os.urandom(1 << 16) * 1024)
    hold("held-request")
    return Response(200, str(os.getpid()).encode())


def ponder(_: Request) -> Response:
    """Note a key, then respond once the test lets it."""
    board.own_row.note("C0PRACTICE-1.0-1.0")
    log.info("pondering")
    hold("held-request")
    return Response(200, str(os.getpid()).encode())


def serve_extra(connection: socket.socket) -> None:
    """Serve a connection of the extra listener: send this process's pid once the test lets it."""
    signal.setitimer(signal.ITIMER_REAL, 0)  # the test says how long
    log.info("connected")
    hold("held-connection")
    connection.sendall(str(os.getpid()).encode())


class Maintenance:
    """Stands for the application's work behind the requests."""

    def __init__(self) -> None:
        # Opened before this process becomes the user nobody.
        self._no_forks = os.open(os.path.join(FOLDER, "no-forks"), os.O_RDONLY) if exists("no-forks") else None
        self._may_fork = True

    def begin(self) -> None:
        """Log the call."""
        log.info("maintenance=begin")

    def _limit_forks(self, no_forks: int) -> None:
        """Set the real limit of processes, in the master, as the test says."""
        may_fork = os.fstat(no_forks).st_size == 0
        if may_fork != self._may_fork:
            self._may_fork = may_fork
            most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
            resource.setrlimit(resource.RLIMIT_NPROC, (most if may_fork else 1, most))
            log.info("forks=%s", may_fork)

    def seconds_to_due(self) -> float:
        """Return 0.0 if the test has said so, else infinity; raise ValueError if it wants that."""
        if self._no_forks is not None:
            self._limit_forks(self._no_forks)
        if exists("failing-maintenance"):
            raise ValueError("maintenance fails")
        return 0.0 if exists("due") else math.inf

    def attend(self) -> None:
        """Fork a process that logs it."""
        os.unlink(os.path.join(FOLDER, "due"))
        fork.fork(partial(log.info, "maintenance=attended"), name="cocoai-helper")

    def end(self) -> None:
        """Log the call; raise OSError if the test wants that."""
        log.info("maintenance=end")
        if exists("failing-end"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def serve(worker: web_worker.Worker, listener: socket.socket, lifeline: socket.socket) -> None:
    """Be a worker, unless the test wants it to die at once."""
    if exists("failing-workers"):
        raise RuntimeError("workers fail")
    worker.serve(listener, lifeline)


def main() -> int:
    """Be the master; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bind")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--most", type=int)
    parser.add_argument("--idle-timeout", type=float, default=1000.0)
    parser.add_argument("--request-timeout", type=float, default=60.0)
    parser.add_argument("--slow-request", type=float, default=1000.0)
    parser.add_argument("--max-worker-mib", type=float, default=1000.0)
    parser.add_argument("--memory-interval", type=float, default=1000.0)
    parser.add_argument("--extra-port", type=int)
    parser.add_argument("--tick", type=float, default=1000.0)
    parser.add_argument("--heartbeat", type=float, default=HEARTBEAT)
    parser.add_argument("--drain", type=float, default=10.0)
    parser.add_argument("--lock-wait", type=float, default=LOCK_WAIT)
    parser.add_argument("--uid", type=int)
    arguments = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(process)d %(message)s")
    logging.root.handlers[0].addFilter(hold_before_exec)
    if arguments.check:
        log.info("checking")
        hold("held-check")
        return 0
    hold("held-start")
    if exists("failing-start"):
        return 3
    parent = first_parent()
    try:
        lock = inherited_lock() or take_master_lock(FOLDER, parent, arguments.lock_wait)
        listener = inherited_listener() or open_listener(arguments.bind)
    except CocoAIError as error:
        print(error, file=sys.stderr)
        return 1
    routes = {"/": greet, "/wait": wait, "/hang": hang, "/work": work, "/grow": grow, "/ponder": ponder}
    router = Router({path: {"GET": handler} for path, handler in routes.items()})
    worker = web_worker.Worker(router, max_requests=0, request_timeout=arguments.request_timeout, board=board)
    extra_listeners = []
    if arguments.extra_port:
        extra_listeners.append(ExtraListener(socket.create_server(("127.0.0.1", arguments.extra_port)), serve_extra))
    pool = Master(
        listener,
        serve=partial(serve, worker),
        limits=WorkerLimits(
            arguments.workers,
            arguments.workers if arguments.most is None else arguments.most,
            idle_timeout=arguments.idle_timeout,
            slow_request=arguments.slow_request,
            max_worker_mib=arguments.max_worker_mib,
        ),
        board=board,
        maintenance=Maintenance(),
        command=[sys.executable, *sys.orig_argv[1:]],
        lock=lock,
        parent=parent,
        extra_listeners=extra_listeners,
        tick=arguments.tick,
        heartbeat=arguments.heartbeat,
        drain=arguments.drain,
        memory_interval=arguments.memory_interval,
    )
    atexit.register(log.info, "cleaned up")
    if arguments.uid:
        os.setresuid(arguments.uid, arguments.uid, arguments.uid)
    gc.collect()
    gc.freeze()
    pool.run()
    return 0


sys.exit(main())
