"""cocoai.fcgi for the test of imports: the same, but each job process notes what it has imported in a file.

IMPORTS in the environment is its path; each process adds a line, with the names of the modules.
"""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import os  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterable  # noqa: E402

from cocoai import app  # noqa: E402
from cocoai.engine.process.locks import FileLock  # noqa: E402
from cocoai.spool.job_process import JobProcess  # noqa: E402

run = JobProcess.run


def run_and_note(self: JobProcess, lock: FileLock | None, tasks: Iterable[Callable[[], object]] = ()) -> None:
    """Run as a job process does, and note the modules that were not there before."""
    before = set(sys.modules)
    run(self, lock, tasks)
    imported = sorted(set(sys.modules) - before)
    with open(os.environ["IMPORTS"], "a", encoding="utf-8") as file:
        file.write(" ".join(imported) + "\n")


JobProcess.run = run_and_note  # type: ignore[method-assign]

sys.exit(app.main(sys.argv[1:]))
