"""The entry file of the pool under test, copied into each test's folder: cocoai.fcgi with a house of its own.

The test speaks to it by what lies beside it: FIFOs to be held at, and marks of what is to go wrong.
A new WORD is new code.
"""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import argparse  # noqa: E402
import atexit  # noqa: E402
import gc  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from contextlib import suppress  # noqa: E402

from cocoai.engine.pool.extra_listeners import ExtraListener  # noqa: E402
from cocoai.engine.pool.listener import open_listener  # noqa: E402
from cocoai.engine.pool.master import Master  # noqa: E402
from cocoai.engine.pool.reload import inherited_listener  # noqa: E402
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


def there_is(name: str) -> bool:
    return os.path.exists(os.path.join(FOLDER, name))


def hold(name: str) -> None:
    """Wait here, where the test has made a FIFO of this name, until it has been there."""
    with suppress(FileNotFoundError), open(os.path.join(FOLDER, name)) as fifo:
        fifo.read()


def hold_as_it_reloads(record: logging.LogRecord) -> bool:
    """The master is caught where it says so, a moment before exec."""
    if record.getMessage() == "pool outcome=reloading":
        hold("held-reload")
    return True


def greet(_: Request) -> Response:
    return Response(200, f"{WORD} {os.getpid()}".encode())


def wait(_: Request) -> Response:
    """An answer that is not given before the test says so."""
    log.info("waiting")
    hold("held-request")
    return Response(200, f"{WORD} {os.getpid()}".encode())


def hang(_: Request) -> Response:
    log.info("hanging")
    while True:
        time.sleep(60)


def work(_: Request) -> Response:
    """An answer, and a job after it that the test holds."""

    def job() -> None:
        board.take_row(board.job_row(0))
        log.info("working")
        hold("held-job")

    def after() -> None:
        fork.fork(job, name="cocoai-job")

    return Response(200, str(os.getpid()).encode(), after=after)


def grow(_: Request) -> Response:
    """This worker takes 64 MiB for good."""
    GROWN.append(os.urandom(1 << 16) * 1024)
    hold("held-request")
    return Response(200, str(os.getpid()).encode())


def ponder(_: Request) -> Response:
    """A slow request that notes its key first."""
    board.own_row.note("C0PRACTICE-1.0-1.0")
    log.info("pondering")
    hold("held-request")
    return Response(200, str(os.getpid()).encode())


def show(connection: socket.socket) -> None:
    """What is at the door: a word, once the test lets it out."""
    signal.setitimer(signal.ITIMER_REAL, 0)  # the test says how long
    log.info("visited")
    hold("held-visit")
    connection.sendall(str(os.getpid()).encode())


class Maintenance:
    """What a spool would want of the master."""

    def __init__(self) -> None:
        # Opened before it becomes nobody.
        self._no_forks = os.open(os.path.join(FOLDER, "no-forks"), os.O_RDONLY) if there_is("no-forks") else None
        self._may_fork = True

    def begin(self) -> None:
        log.info("chores=begin")

    def _limit_forks(self, no_forks: int) -> None:
        """The real limit, laid on by the master itself as the test says."""
        may_fork = os.fstat(no_forks).st_size == 0
        if may_fork != self._may_fork:
            self._may_fork = may_fork
            most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
            resource.setrlimit(resource.RLIMIT_NPROC, (most if may_fork else 1, most))
            log.info("forks=%s", may_fork)

    def is_due(self) -> bool:
        if self._no_forks is not None:
            self._limit_forks(self._no_forks)
        if there_is("ill-chores"):
            raise ValueError("the chores are not well")
        return there_is("due")

    def attend(self) -> None:
        os.unlink(os.path.join(FOLDER, "due"))
        fork.fork(lambda: log.info("chores=attended"), name="cocoai-notify")

    def end(self) -> None:
        log.info("chores=end")


def serve(worker: web_worker.Worker, listener: socket.socket, lifeline: socket.socket) -> None:
    if there_is("ill-workers"):
        raise RuntimeError("the workers are not well")
    worker.serve(listener, lifeline)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bind")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--most", type=int)
    parser.add_argument("--idle-timeout", type=float, default=1000.0)
    parser.add_argument("--request-timeout", type=float, default=60.0)
    parser.add_argument("--slow-request", type=float, default=1000.0)
    parser.add_argument("--max-worker-mib", type=float, default=1000.0)
    parser.add_argument("--weighing", type=float, default=1000.0)
    parser.add_argument("--door", type=int)
    parser.add_argument("--tick", type=float, default=1000.0)
    parser.add_argument("--drain", type=float, default=10.0)
    parser.add_argument("--uid", type=int)
    given = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(process)d %(message)s")
    logging.root.handlers[0].addFilter(hold_as_it_reloads)
    if given.check:
        log.info("checking")
        hold("held-check")
        return 0
    hold("held-start")
    if there_is("ill-start"):
        return 3
    try:
        listener = inherited_listener() or open_listener(given.bind)
    except CocoAIError as error:
        print(error, file=sys.stderr)
        return 1
    routes = {"/": greet, "/wait": wait, "/hang": hang, "/work": work, "/grow": grow, "/ponder": ponder}
    router = Router({path: {"GET": handler} for path, handler in routes.items()})
    worker = web_worker.Worker(router, max_requests=0, request_timeout=given.request_timeout, board=board)
    doors = [ExtraListener(socket.create_server(("127.0.0.1", given.door)), show)] if given.door else []
    pool = Master(
        listener,
        serve=lambda listener, lifeline: serve(worker, listener, lifeline),
        limits=WorkerLimits(
            given.workers,
            given.workers if given.most is None else given.most,
            idle_timeout=given.idle_timeout,
            slow_request=given.slow_request,
            max_worker_mib=given.max_worker_mib,
        ),
        board=board,
        chores=Maintenance(),
        command=[sys.executable, *sys.orig_argv[1:]],
        doors=doors,
        tick=given.tick,
        drain=given.drain,
        weighing=given.weighing,
    )
    atexit.register(lambda: log.info("cleaned up"))
    if given.uid:
        os.setresuid(given.uid, given.uid, given.uid)
    gc.collect()
    gc.freeze()
    pool.run()
    return 0


sys.exit(main())
