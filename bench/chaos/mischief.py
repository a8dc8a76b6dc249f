"""What is done to the stack: each kind in a thread of its own, at random times, again and again, and undone at the end.

Whoever dies is found anew each time: supervisord knows the master's and nginx's pids, /proc their children.
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
from tests.house import House

ON_ITS_WAY = 0.5
"""Seconds within which a job process that was seen is killed: anywhere on its way."""

FULL = (0.3, 3.0)
"""Seconds for which the disk is full."""

TROUBLE = (OSError, http.client.HTTPException, xmlrpc.client.Error)


@dataclass(frozen=True)
class Deed:
    """Something that was done, at a time in epoch seconds."""

    time: float
    kind: str
    what: str


class Mischief:
    """`deeds` only ever grows. `end` waits until all is mended that can be."""

    def __init__(self, house: House, mark: str, seed: str, *, ballast: Path | None) -> None:
        self.deeds: list[Deed] = []
        self._house = house
        self._mark = mark
        self._seed = seed
        self._ballast = ballast
        self._over = threading.Event()
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
            kinds["full disk"] = (5.0, self._fill)
        self.kinds = tuple(kinds)
        self._threads = [
            threading.Thread(target=self._again_and_again, args=(kind, *how), daemon=True)
            for kind, how in kinds.items()
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(60)
        self.free_disk()

    def counts(self) -> dict[str, int]:
        counted = Counter(deed.kind for deed in self.deeds)
        return {kind: counted[kind] for kind in self.kinds}

    def revive(self) -> list[str]:
        """Start what supervisord has given up; the names of those."""
        with self._supervisor() as supervisor:
            dead = [it["name"] for it in supervisor.getAllProcessInfo() if it["statename"] in ("FATAL", "STOPPED")]
            for name in dead:
                supervisor.startProcess(name, False)  # noqa: FBT003 (XML-RPC knows no names)
        return dead

    def free_disk(self) -> None:
        if self._ballast is not None:
            self._ballast.unlink(missing_ok=True)

    def _again_and_again(self, kind: str, pause: float, act: Callable[[random.Random], str]) -> None:
        """`pause` is the mean of the seconds between two."""
        dice = random.Random(f"{self._seed} {kind}")
        while not self._over.wait(dice.expovariate(1 / pause)):
            at = time.time()
            try:
                what = act(dice)
            except TROUBLE as trouble:
                what = ""
                self.deeds.append(Deed(at, f"{kind} (not done)", repr(trouble)))
            if what:
                self.deeds.append(Deed(at, kind, what))

    # the pool

    def _kill_job(self, dice: random.Random) -> str:
        delay = dice.uniform(0.0, ON_ITS_WAY)
        deadline = time.monotonic() + 2.0
        while not (found := processes.jobs(self._mark)):
            if self._over.wait(0.02) or time.monotonic() > deadline:
                return ""
        victim = dice.choice(found)
        self._over.wait(delay)
        return _killed(victim)

    def _kill_worker(self, dice: random.Random) -> str:
        return _killed_one(dice, processes.children(self._pid("cocoai"), "cocoai-worker"))

    def _kill_master(self, dice: random.Random) -> str:
        return _killed_one(dice, [it for it in processes.processes() if it.pid == self._pid("cocoai")])

    def _reload(self, _: random.Random) -> str:
        pid = self._pid("cocoai")
        if pid:
            os.kill(pid, signal.SIGHUP)
        return f"pid {pid}" if pid else ""

    # nginx

    def _kill_nginx_worker(self, dice: random.Random) -> str:
        return _killed_one(dice, processes.children(self._pid("nginx"), "nginx"))

    def _kill_nginx(self, _: random.Random) -> str:
        pid = self._pid("nginx")
        if not pid or os.getpgid(pid) != pid:
            return ""
        os.killpg(pid, signal.SIGKILL)
        return f"group {pid}"

    # supervisor

    def _restart(self, dice: random.Random) -> str:
        name = dice.choice(("cocoai", "cocoai", "nginx"))
        try:
            with self._supervisor() as supervisor, contextlib.suppress(xmlrpc.client.Fault):
                supervisor.stopProcess(name)  # a fault: it is dead already, and waits to be started again
            self._over.wait(dice.uniform(0.0, 1.0))
        finally:
            with self._supervisor() as supervisor, contextlib.suppress(xmlrpc.client.Fault):
                supervisor.startProcess(name, False)  # noqa: FBT003
        return name

    def _pid(self, name: str) -> int:
        """0: it is not running now."""
        return next((int(it["pid"]) for it in self._house.up.programs() if it["name"] == name), 0)

    @contextlib.contextmanager
    def _supervisor(self) -> Iterator[Any]:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self._house.up.run}/supervisor.sock")
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport).supervisor
        finally:
            transport.close()

    # the disk

    def _fill(self, dice: random.Random) -> str:
        assert self._ballast is not None
        seconds = dice.uniform(*FULL)
        try:
            fill(self._ballast)
            self._over.wait(seconds)
        finally:
            self.free_disk()
        return f"for {seconds:.1f} s"


def fill(ballast: Path) -> None:
    """Take what is free on the file's disk, to the last block."""
    block = bytes(65536)
    with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
        free = os.statvfs(ballast)
        if free.f_bavail > 1:
            os.posix_fallocate(file.fileno(), 0, (free.f_bavail - 1) * free.f_bsize)
        file.seek(0, os.SEEK_END)
        while True:
            file.write(block)


def _killed(victim: Process) -> str:
    return f"{victim.name} {victim.pid}" if processes.send(victim) else ""


def _killed_one(dice: random.Random, found: list[Process]) -> str:
    return _killed(dice.choice(found)) if found else ""
