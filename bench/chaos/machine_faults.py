"""The faults of several machines and their database: a machine dies or stalls, its way is cut, the server is killed.

Stalls and cuts are longer than a lease now and then: then another machine has taken over what the first still does.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Sequence
from functools import partial

from bench.chaos import processes
from bench.chaos.faults import FaultKind
from bench.chaos.machines import Way
from bench.chaos.pool_faults import PoolFaults
from bench.chaos.stack import Machine, Stack
from cocoai.spool.mariadb.tables import LEASE
from tests.mariadb.server import Server

DEAD = (2.0, 45.0)
"""Seconds until a machine that died is started again."""

STALLED = (LEASE + 1.0, LEASE + 15.0)
"""Seconds for which a process, or a machine, stands still: always beyond its leases."""

CUT = (1.0, 45.0)
"""Seconds for which a machine has no way to the database."""

SERVER_DEAD, SERVER_STALLED = (0.0, 8.0), (0.5, 6.0)
"""Seconds until the killed server is started again, and for which it stands still."""

JOB_PATIENCE = 2.0
"""Seconds to wait for a job process that is to be stalled."""


STARTS = frozenset({"master", "HUP", "restart", "stop and start"})
"""Kinds of fault behind which a pool starts anew, for a second of CPU and more."""


def of_any(kinds: Sequence[dict[str, FaultKind]]) -> dict[str, FaultKind]:
    """Return the kinds of fault that each machine has, each of which befalls one of them at a time.

    Those of STARTS come the less often the more machines there are: they have the cores of one.
    """

    def inject(name: str, generator: random.Random) -> str:
        number = generator.randrange(len(kinds))
        detail = kinds[number][name].inject(generator)
        return detail and f"machine {number}: {detail}"

    return {
        name: FaultKind(kind.pause * (len(kinds) if name in STARTS else 1), partial(inject, name))
        for name, kind in kinds[0].items()
    }


class MachineFaults:
    """The faults of the machines of `stack`, each with its way and the faults of its processes, and of their server."""

    def __init__(
        self, stack: Stack, pools: Sequence[PoolFaults], ways: Sequence[Way], server: Server, over: threading.Event
    ) -> None:
        self._machines = list(zip(stack.machines, pools, ways, strict=True))
        self._server = server
        self._over = over
        self._server_lock = threading.Lock()

    def kinds(self) -> dict[str, FaultKind]:
        """Return the kinds of fault by their names."""
        return {
            "machine": FaultKind(90.0, self._kill_machine),
            "stalled machine": FaultKind(120.0, self._stall_machine),
            "stalled job": FaultKind(15.0, self._stall_job),
            "cut way": FaultKind(60.0, self._cut),
            "hanging way": FaultKind(60.0, self._hang),
            "mariadbd": FaultKind(45.0, self._kill_server),
            "stalled mariadbd": FaultKind(60.0, self._stall_server),
        }

    def _kill_machine(self, generator: random.Random) -> str:
        machine, pool, _ = generator.choice(self._machines)
        seconds = generator.uniform(*DEAD)
        return f"{machine.var.name}: {pool.die(seconds)} processes, for {seconds:.1f} s"

    def _stall_machine(self, generator: random.Random) -> str:
        machine, _, _ = generator.choice(self._machines)
        return self._stall(processes.of_run(machine.run_id), generator.uniform(*STALLED))

    def _stall_job(self, generator: random.Random) -> str:
        """Let a job process stand still, in half of the cases with its master, which else keeps the claim for it."""
        machine, _, _ = generator.choice(self._machines)
        deadline = time.monotonic() + JOB_PATIENCE
        while not (found := processes.jobs(machine.run_id)):
            if self._over.wait(0.02) or time.monotonic() > deadline:
                return ""
        victims = [generator.choice(found)]
        if generator.random() < 0.5:
            victims += [it for it in processes.processes() if _is_master(it, machine)]
        self._over.wait(generator.uniform(0.0, 0.5))
        return self._stall(victims, generator.uniform(*STALLED))

    def _stall(self, victims: Sequence[processes.Process], seconds: float) -> str:
        stopped = [victim for victim in victims if processes.send(victim, signal.SIGSTOP)]
        try:
            if stopped:
                self._over.wait(seconds)
        finally:
            for victim in stopped:
                processes.send(victim, signal.SIGCONT)
        names = ", ".join(f"{each.name} {each.pid}" for each in stopped[:3])
        return f"{names} ({len(stopped)}) for {seconds:.1f} s" if stopped else ""

    def _cut(self, generator: random.Random) -> str:
        """Break all connections of a machine, and refuse new ones for a while."""
        machine, _, way = generator.choice(self._machines)
        seconds = generator.uniform(*CUT)
        way.close()
        try:
            self._over.wait(seconds)
        finally:
            way.open()
        return f"{machine.var.name} for {seconds:.1f} s"

    def _hang(self, generator: random.Random) -> str:
        """Let nothing pass between a machine and the server for a while, which neither side is told."""
        machine, _, way = generator.choice(self._machines)
        seconds = generator.uniform(*CUT)
        way.send(signal.SIGSTOP)
        try:
            self._over.wait(seconds)
        finally:
            way.send(signal.SIGCONT)
        return f"{machine.var.name} for {seconds:.1f} s"

    def _kill_server(self, generator: random.Random) -> str:
        seconds = generator.uniform(*SERVER_DEAD)
        with self._server_lock:
            self._server.kill9()
            try:
                self._over.wait(seconds)
            finally:
                self._server.start()
        return f"for {seconds:.1f} s"

    def _stall_server(self, generator: random.Random) -> str:
        seconds = generator.uniform(*SERVER_STALLED)
        with self._server_lock:
            self._server.stall()
            try:
                self._over.wait(seconds)
            finally:
                self._server.resume()
        return f"for {seconds:.1f} s"


def _is_master(process: processes.Process, machine: Machine) -> bool:
    return process.name == "cocoai-master" and processes.belongs_to(process, machine.run_id)
