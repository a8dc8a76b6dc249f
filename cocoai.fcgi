#!/usr/bin/env python3
"""The pool's entry: supervisor starts it with the listening socket on descriptor 0."""

import signal

# A reload or a stack dump asked for while we start waits until the master listens; it must not end us.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import sys  # noqa: E402

from cocoai import app  # noqa: E402

sys.exit(app.main(sys.argv[1:]))
