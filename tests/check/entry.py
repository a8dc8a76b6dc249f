"""cocoai.fcgi for tests: the same, but the pool looks at itself at its first tick, and not after a minute."""

import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import sys  # noqa: E402

from cocoai import app, last_check  # noqa: E402

last_check.AFTER_START = 0.0

sys.exit(app.main(sys.argv[1:]))
