"""cocoai.fcgi for the tests of the kill points: the same, with the points installed, and a master without long pauses.

KILL_POINTS in the environment is a folder; a file with a point's name in it kills the first process at that point.
"""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import functools  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from cocoai import app  # noqa: E402
from cocoai.answer import attempt  # noqa: E402
from cocoai.engine.pool import master, workers  # noqa: E402
from tests.kill.light_points import LIGHT  # noqa: E402
from tests.kill.points import CLICKS, POINTS, install  # noqa: E402

TICK = 0.25
"""Seconds between two of the master's looks at the spool, for which most points wait. Production's are 5 s."""

if "COCOAI_STORE_URL" in os.environ:
    from tests.kill.shared_points import SHARED_CLICKS, SHARED_POINTS

    install(os.environ["KILL_POINTS"], (*SHARED_POINTS, *SHARED_CLICKS))
else:
    install(os.environ["KILL_POINTS"], (*POINTS, *CLICKS, *LIGHT))
workers.YOUNG = 0.0  # young workers die often here: spawn the next at once, without a pause
attempt.MESSAGE_DELAY = 0.1  # no process dies here with a message under way; bench/chaos tests that
vars(app)["Master"] = functools.partial(master.Master, tick=TICK)

sys.exit(app.main(sys.argv[1:]))
