"""The same work with Slack Bolt for Python, as its documentation has it: served/bolt_app.py, under gunicorn."""

from __future__ import annotations

import importlib.util
import sys

from bench.peers.nginx import MAX_REQUESTS, SERVED, Backend, Place

THREADS = 8
"""Requests in one gunicorn worker at once (gthread): for I/O-bound work its documentation advises 2 to 4 a core."""


def missing() -> str:
    """What to type before Bolt can run; empty if it is all there."""
    wanted = ("slack_bolt", "gunicorn", "slack_sdk", "openai")
    lacking = [name for name in wanted if importlib.util.find_spec(name) is None]
    return f"no {', '.join(lacking)} here: type: .venv/bin/python -m pip install -e '.[bench]'" if lacking else ""


def backend(place: Place) -> Backend:
    """gunicorn in the foreground."""
    command = (sys.executable, "-m", "gunicorn", "--pythonpath", str(SERVED), "--bind", f"unix:{place.socket}")
    workers = ("--workers", str(place.workers), "--worker-class", "gthread", "--threads", str(THREADS))
    renewed = ("--max-requests", str(MAX_REQUESTS), "--max-requests-jitter", str(MAX_REQUESTS // 10))
    log = ("--error-logfile", str(place.log / "gunicorn.log"), "--capture-output")
    control = ("--control-socket", str(place.run / "gunicorn.ctl"))  # else in our home
    return Backend(
        (*command, *workers, *renewed, *log, *control, "bolt_app:api"),
        {**place.told(), "SSL_CERT_FILE": place.certificates.ca_file},
        reach=f'proxy_pass "http://unix:{place.socket}:";',
    )
