"""The faults that are injected into the stack: each kind in a thread of its own, at random times, again and again.

Processes are looked up anew for each fault: supervisord knows the pids of the master and of nginx, /proc their
children.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import signal
import threading
import time
import xmlrpc.client
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.chaos import processes
from bench.chaos.processes import Process
from tests.deployment import Deployment

LONGEST_DELAY = 0.5
"""Seconds: a job process is killed at a random moment within this time after it was found."""

AGAIN = 0.25
"""Seconds until a fault that could not be injected is tried again."""

FULL = (0.3, 3.0)
"""Seconds for which the disk is full: the least and the most."""

EXPECTED_ERRORS = (OSError, http.client.HTTPException, xmlrpc.client.Error)
"""Errors of an injection itself, for instance while supervisord is busy: the fault is then noted as failed."""


@dataclass(frozen=True, order=True)
class InjectedFault:
    """Something that was done to the stack, at a time in epoch seconds; `detail` names the process, for instance."""

    time: float
    kind: str
    detail: str


class FaultInjector:
    """Injects faults from `start` to `end`; `faults` holds all of them so far.

    `ballast` is the file that fills the disk, or None if the disk must not be filled. `seed` decides the random
    choices.
    """

    def __init__(self, deploy: Deployment, run_id: str, seed: str, *, ballast: Path | None) -> None:
        self.faults: list[InjectedFault] = []
        self._house = deploy
        self._run_id = run_id
        self._seed = seed
        self._ballast = ballast
        self._over = threading.Event()
        # For each kind the mean of the seconds between two, and what injects it.
        kinds: dict[str, tuple[float, Callable[[random.Random], str]]] = {
            "job": (1.8, self._kill_job),
            "worker": (4.0, self._kill_worker),
            "master": (5.5, self._kill_master),
            "nginx's worker": (4.0, self._kill_nginx_worker),
            "nginx whole": (6.0, self._kill_nginx),
            "HUP": (5.5, self._reload),
            "restart": (5.5, self._restart),
        }
        if ballast is not None:
            kinds["full disk"] = (5.0, self._fill_disk)
        self.kinds = tuple(kinds)
        self._threads = [
            threading.Thread(target=self._inject, args=(kind, *how), daemon=True) for kind, how in kinds.items()
        ]

    def start(self) -> None:
        """Start a thread for each kind of fault."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Wait until each thread has undone what it did, and free the disk."""
        self._over.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(60)
        self.free_disk()

    def counts(self) -> dict[str, int]:
        """Return how many faults of each kind were injected."""
        counted = Counter(fault.kind for fault in self.faults)
        return {kind: counted[kind] for kind in self.kinds}

    def revive(self) -> list[str]:
        """Start the programs that supervisord has given up; return their names."""
        with self._supervisor() as supervisor:
            dead = [it["name"] for it in supervisor.getAllProcessInfo() if it["statename"] in ("FATAL", "STOPPED")]
            for name in dead:
                supervisor.startProcess(name, False)  # noqa: FBT003 (XML-RPC knows no names)
        return dead

    def free_disk(self) -> None:
        """Delete the file that fills the disk, if there is one."""
        if self._ballast is not None:
            self._ballast.unlink(missing_ok=True)

    def _inject(self, kind: str, pause: float, inject: Callable[[random.Random], str]) -> None:
        """Inject faults of one kind until the end, on average every `pause` seconds.

        One that cannot be injected, since its process is not there just now, is tried again until it can: else a kind
        that meets the others too often would be missing from a short run.
        """
        generator = random.Random(f"{self._seed} {kind}")
        while not self._over.wait(generator.expovariate(1 / pause)):
            while not self._is_injected(kind, inject, generator) and not self._over.wait(AGAIN):
                pass

    def _is_injected(self, kind: str, inject: Callable[[random.Random], str], generator: random.Random) -> bool:
        """Try to inject a fault and note it; return False if there was nothing to do it to, or it failed.

        `inject` returns the detail to be noted, or "" if there was nothing to do it to.
        """
        at = time.time()
        try:
            detail = inject(generator)
        except EXPECTED_ERRORS as error:
            self.faults.append(InjectedFault(at, f"{kind} (failed)", repr(error)))
            return False
        if detail:
            self.faults.append(InjectedFault(at, kind, detail))
        return bool(detail)

    # the pool

    def _kill_job(self, generator: random.Random) -> str:
        """Wait up to 2 s for a job process, and kill it after a random delay."""
        delay = generator.uniform(0.0, LONGEST_DELAY)
        deadline = time.monotonic() + 2.0
        while not (found := processes.jobs(self._run_id)):
            if self._over.wait(0.02) or time.monotonic() > deadline:
                return ""
        victim = generator.choice(found)
        self._over.wait(delay)
        return _kill(victim)

    def _kill_worker(self, generator: random.Random) -> str:
        return _kill_one(generator, processes.children(self._pid("cocoai"), "cocoai-worker"))

    def _kill_master(self, generator: random.Random) -> str:
        return _kill_one(generator, [it for it in processes.processes() if it.pid == self._pid("cocoai")])

    def _reload(self, _: random.Random) -> str:
        """Send SIGHUP to the master."""
        pid = self._pid("cocoai")
        if pid:
            os.kill(pid, signal.SIGHUP)
        return f"pid {pid}" if pid else ""

    # nginx

    def _kill_nginx_worker(self, generator: random.Random) -> str:
        return _kill_one(generator, processes.children(self._pid("nginx"), "nginx"))

    def _kill_nginx(self, _: random.Random) -> str:
        """Kill nginx's master and workers together, by their process group."""
        pid = self._pid("nginx")
        if not pid or os.getpgid(pid) != pid:
            return ""
        os.killpg(pid, signal.SIGKILL)
        return f"group {pid}"

    # supervisor

    def _restart(self, generator: random.Random) -> str:
        """Stop the pool or nginx, and start it again after up to a second."""
        name = generator.choice(("cocoai", "cocoai", "nginx"))
        try:
            with self._supervisor() as supervisor, contextlib.suppress(xmlrpc.client.Fault):
                supervisor.stopProcess(name)  # a Fault means that it is dead already and waits to be started again
            self._over.wait(generator.uniform(0.0, 1.0))
        finally:
            with self._supervisor() as supervisor, contextlib.suppress(xmlrpc.client.Fault):
                supervisor.startProcess(name, False)  # noqa: FBT003
        return name

    def _pid(self, name: str) -> int:
        """Return the pid of one of supervisord's programs, or 0 if it is not running now."""
        return next((int(it["pid"]) for it in self._house.up.programs() if it["name"] == name), 0)

    @contextlib.contextmanager
    def _supervisor(self) -> Iterator[Any]:
        """Open a connection to supervisord's XML-RPC interface and yield its `supervisor` methods."""
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self._house.up.run}/supervisor.sock")
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport).supervisor
        finally:
            transport.close()

    # the disk

    def _fill_disk(self, generator: random.Random) -> str:
        """Fill the disk for a random time."""
        assert self._ballast is not None
        seconds = generator.uniform(*FULL)
        try:
            fill(self._ballast)
            self._over.wait(seconds)
        finally:
            self.free_disk()
        return f"for {seconds:.1f} s"


def fill(ballast: Path) -> None:
    """Write `ballast` until its disk has no free block left."""
    block = bytes(65536)
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        free = os.statvfs(ballast)
        if free.f_bavail > 1:
            os.posix_fallocate(file.fileno(), 0, (free.f_bavail - 1) * free.f_bsize)
        file.seek(0, os.SEEK_END)
        while True:
            file.write(block)


def _kill(victim: Process) -> str:
    """Kill the process; return its name and pid, or "" if it has ended meanwhile."""
    return f"{victim.name} {victim.pid}" if processes.send(victim) else ""


def _kill_one(generator: random.Random, found: list[Process]) -> str:
    """Kill one of these processes; return its name and pid, or "" if there is none."""
    return _kill(generator.choice(found)) if found else ""
