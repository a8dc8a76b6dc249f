"""cocoai.fcgi for the tests of the kill points: the same, with the points laid, and a master without long pauses.

KILL_POINTS in the environment is the folder in which a file of a point's name kills whoever comes there first.
"""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import functools  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402

from cocoai import app  # noqa: E402
from cocoai.answer import attempt  # noqa: E402
from cocoai.engine.pool import master, workers  # noqa: E402
from tests.kill import points  # noqa: E402

TICK = 0.25
"""Seconds between two looks at the spool: most points are healed by one, and production's 5 would be waited for."""

points.lay(os.environ["KILL_POINTS"])
workers.YOUNG = 0.0  # here young workers die often: no back-off for that
attempt.MESSAGE_DELAY = 0.1  # nobody dies with a message on its way: that is bench/chaos's
vars(app)["Master"] = functools.partial(master.Master, tick=TICK)

sys.exit(app.main(sys.argv[1:]))
