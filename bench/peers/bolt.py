"""The same work with Slack Bolt for Python, as its documentation shows it: served/bolt_app.py, under gunicorn."""

from __future__ import annotations

import importlib.util
import sys

from bench.peers.nginx import MAX_REQUESTS, SERVED, Backend, Place

THREADS = 8
"""Requests at once in one gunicorn worker (gthread): for I/O-bound work its documentation advises 2 to 4 a core."""


def missing() -> str:
    """Return what to type before Bolt can run; "" if everything is installed."""
    wanted = ("slack_bolt", "gunicorn", "slack_sdk", "openai")
    lacking = [name for name in wanted if importlib.util.find_spec(name) is None]
    return f"no {', '.join(lacking)} here: type: .venv/bin/python -m pip install -e '.[bench]'" if lacking else ""


def backend(place: Place) -> Backend:
    """Return gunicorn in the foreground."""
    command = (sys.executable, "-m", "gunicorn", "--pythonpath", str(SERVED), "--bind", f"unix:{place.socket}")
    workers = ("--workers", str(place.workers), "--worker-class", "gthread", "--threads", str(THREADS))
    renewed = ("--max-requests", str(MAX_REQUESTS), "--max-requests-jitter", str(MAX_REQUESTS // 10))
    log = ("--error-logfile", str(place.log / "gunicorn.log"), "--capture-output")
    control = ("--control-socket", str(place.run / "gunicorn.ctl"))  # its default lies in the home folder
    return Backend(
        (*command, *workers, *renewed, *log, *control, "bolt_app:api"),
        {**place.environment(), "SSL_CERT_FILE": place.certificates.ca_file},
        reach=f'proxy_pass "http://unix:{place.socket}:";',
    )
