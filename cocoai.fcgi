#!/usr/bin/env python3
"""The pool's entry: supervisor starts it with the listening socket on descriptor 0."""

import signal

# A reload or a stack dump asked for while we start waits until the master listens; it must not end us.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})

import os  # noqa: E402
import sys  # noqa: E402

# /opt/cocoai is a link, which an upgrade turns to another environment while this process and its children live: what
# they import or read later has to be of the version that they began with. sys.executable and the arguments keep the
# link, since a reload and its check execute those, to begin with the version that is installed then.
sys.path[:] = map(os.path.realpath, sys.path)
sys.prefix = os.path.realpath(sys.prefix)

from cocoai import app  # noqa: E402

sys.exit(app.main(sys.argv[1:]))
