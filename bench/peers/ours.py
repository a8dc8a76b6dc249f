"""CocoAI as in production: supervisord runs the pool, and the system runs nginx."""

from __future__ import annotations

import sys

from bench.peers.nginx import Backend, Place
from tests.deployment import known
from tests.processes import free_port


def backend(place: Place) -> Backend:
    """Return supervisord with the file that `cocoai up` gives it, without its nginx."""
    file = place.run / "etc" / "supervisor" / "supervisord-local.conf"
    file.write_text(file.read_text().partition("[program:nginx]")[0])
    workers = {"COCOAI_POOL_WORKERS": str(place.workers)} if place.workers else {}
    settings = {
        # Another pool may listen on the default port.
        "COCOAI_POOL_STATUS_LISTEN": f"127.0.0.1:{free_port()}",
        "COCOAI_POOL_SELF_CHECK": "off",
        # One asker asks all questions, and no peer has such a limit.
        "COCOAI_BUDGET_QUESTIONS_PER_MINUTE": "0",
    }
    return Backend(
        (sys.executable, "-m", "supervisor.supervisord", "-c", str(file)),
        known(settings | workers) | dict(place.environ),
        reach=f'fastcgi_pass "unix:{place.socket}";',
    )
