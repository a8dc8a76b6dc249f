"""The faults of the stack's processes: they are killed, ended, reloaded and restarted, one by one or all at once.

Processes are looked up anew for each fault: supervisord knows the pids of the master and of nginx, /proc their
children.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
import xmlrpc.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.chaos import processes
from bench.chaos.calls import number_asked
from bench.chaos.faults import FaultKind
from bench.chaos.processes import Process
from bench.chaos.questions import question_text
from bench.chaos.stack import Machine, Stack
from cocoai.errors import CocoAIError

LONGEST_DELAY = 0.5
"""Seconds: a job process is killed at a random moment within this time after it was found."""

KILLS = 4
"""How often the job process of one question is killed each time that it has called the model."""

LONGEST_DRAWING = 4.0
"""Seconds: the same for one that draws or hears, which takes longer."""

MEDIA = ('"fact":"drawing"', '"slack_audio"')
"""What stands in a job's lines if a picture is drawn for it, or if its question is a clip."""

CALL_PATIENCE = 15.0
"""Seconds to wait for the next call of the model for that question; it may not come, since two calls are enough."""

STOP_PATIENCE = (1.0, 10.0)
"""Seconds that a service manager gives all processes to end after TERM, before it kills those that are left."""

KILL_PATIENCE = 5.0
"""Seconds that killed processes may take to disappear."""

START_PATIENCE = 60.0
"""Seconds for which the stack's start is tried again; the disk may be full, or a killed nginx still hold the port."""


class PoolFaults:
    """The faults of one machine's processes."""

    def __init__(self, stack: Stack, machine: Machine, over: threading.Event) -> None:
        self._openai = stack.openai
        self._room = stack.room
        self._up = machine.up
        self._run_id = machine.run_id
        self._over = over
        self._all = threading.Lock()
        # supervisord gets TERM when the thread that started it ends (PR_SET_PDEATHSIG): this one outlives the faults.
        self._starter = ThreadPoolExecutor(max_workers=1)

    def kinds(self) -> dict[str, FaultKind]:
        """Return the kinds of fault by their names."""
        return {
            "job": FaultKind(2.0, self._kill_job),
            "TERM to a job": FaultKind(4.0, self._end_job),
            "job that draws or hears": FaultKind(1.5, self._kill_media_job),
            "one question's jobs": FaultKind(20.0, self._kill_one_questions_jobs),
            "worker": FaultKind(4.0, self._kill_worker),
            "master": FaultKind(8.0, self._kill_master),
            "nginx's worker": FaultKind(4.0, self._kill_nginx_worker),
            "nginx whole": FaultKind(8.0, self._kill_nginx),
            "HUP": FaultKind(7.0, self._reload),
            "restart": FaultKind(8.0, self._restart),
            "stop and start": FaultKind(60.0, self._stop_and_start),
        }

    def revive(self) -> list[str]:
        """Start the programs that supervisord has given up; return their names."""
        with self._supervisor() as supervisor:
            dead = [it["name"] for it in supervisor.getAllProcessInfo() if it["statename"] in ("FATAL", "STOPPED")]
            for name in dead:
                supervisor.startProcess(name, False)  # noqa: FBT003 (XML-RPC knows no names)
        return dead

    # the pool

    def _kill_job(self, generator: random.Random) -> str:
        return self._signal_job(generator, signal.SIGKILL)

    def _end_job(self, generator: random.Random) -> str:
        return self._signal_job(generator, signal.SIGTERM)

    def _signal_job(self, generator: random.Random, number: signal.Signals) -> str:
        """Wait up to 2 s for a job process, and send it a signal after a random delay."""
        delay = generator.uniform(0.0, LONGEST_DELAY)
        deadline = time.monotonic() + 2.0
        while not (found := processes.jobs(self._run_id)):
            if self._over.wait(0.02) or time.monotonic() > deadline:
                return ""
        victim = generator.choice(found)
        self._over.wait(delay)
        return _send(victim, number)

    def _kill_media_job(self, generator: random.Random) -> str:
        """Kill the process of a job that draws or hears, after a random delay: there are few of these."""
        found = [process for process, text in self._room.in_hand(self._run_id) if _is_media(text)]
        if not found:
            return ""
        self._over.wait(generator.uniform(0.0, LONGEST_DRAWING))
        return _kill_one(generator, found)

    def _kill_one_questions_jobs(self, _: random.Random) -> str:
        """Choose the next question for which the model is called, and kill its job process after each such call.

        Only so is one question's answer cut off often enough to be paid for more than twice.
        """
        number = self._next_call()
        killed = 0
        while number is not None and killed < KILLS and self._kill_job_of(number):
            killed += 1
            if killed < KILLS and self._next_call(number) is None:
                break
        return f"#{number}: {killed} killed" if killed else ""

    def _next_call(self, wanted: int | None = None) -> int | None:
        """Wait for the next call of the model for the question of this number, None: for any; return its number.

        Return None if there is none in time, or the run is over.
        """
        deadline = time.monotonic() + CALL_PATIENCE
        seen = len(self._openai.requests)
        while time.monotonic() < deadline and not self._over.wait(0.01):
            called = self._openai.requests[seen:]
            seen += len(called)
            numbers = [found for each in called if (found := number_asked(each)) is not None]
            if numbers and wanted in (None, *numbers):
                return wanted or numbers[-1]
        return None

    def _kill_job_of(self, number: int) -> bool:
        """Kill the process that has this question's job in hand; return False if there is none."""
        held = self._room.in_hand(self._run_id)
        return any(processes.send(process) for process, text in held if question_text(number) in text)

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
        return next((int(it["pid"]) for it in self._up.programs() if it["name"] == name), 0)

    @contextlib.contextmanager
    def _supervisor(self) -> Iterator[Any]:
        """Open a connection to supervisord's XML-RPC interface and yield its `supervisor` methods."""
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{self._up.run}/supervisor.sock")
        try:
            yield xmlrpc.client.ServerProxy("http://localhost", transport).supervisor
        finally:
            transport.close()

    # all at once

    def _stop_and_start(self, generator: random.Random) -> str:
        """Stop the whole stack as a service manager does, and start it anew.

        systemd sends TERM to every process of the control group at once, job processes included, waits, and kills those
        that are left (systemd.kill(5), KillMode=control-group).
        """
        patience = generator.uniform(*STOP_PATIENCE)
        with self._all:
            for process in processes.of_run(self._run_id):
                processes.send(process, signal.SIGTERM)
            killed = processes.wait_for_none(self._run_id, patience)
            processes.wait_for_none(self._run_id, KILL_PATIENCE)
            self._starter.submit(self._start).result()
        return f"{len(killed)} killed after {patience:.1f} s" if killed else "none killed"

    def die(self, seconds: float) -> int:
        """Kill every process at once, as a power cut does, and start all again after so long; return how many."""
        with self._all:
            killed = processes.kill_all(self._run_id, KILL_PATIENCE)
            try:
                self._over.wait(seconds)
            finally:
                self._starter.submit(self._start).result()
        return killed

    def _start(self) -> None:
        """Start supervisord, which starts the others. Raise CocoAIError if that fails for `START_PATIENCE` s."""
        deadline = time.monotonic() + START_PATIENCE
        while True:
            self._up.stop()  # it reaps the supervisord before, and gives up the lock
            try:
                return self._up.start()
            except (CocoAIError, OSError):
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)


def _is_media(text: str) -> bool:
    return any(sign in text for sign in MEDIA)


def _send(victim: Process, number: signal.Signals) -> str:
    """Send a signal to the process; return its name and pid, or "" if it has ended meanwhile."""
    return f"{victim.name} {victim.pid}" if processes.send(victim, number) else ""


def _kill_one(generator: random.Random, found: list[Process]) -> str:
    """Kill one of these processes; return its name and pid, or "" if there is none."""
    return _send(generator.choice(found), signal.SIGKILL) if found else ""
