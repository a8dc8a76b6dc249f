"""The handler of `GET /healthz`: it says that a worker responds, and whether something is wrong."""

from __future__ import annotations

import time

from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response, text_response
from cocoai.troubles.store import Trouble, Troubles


class HealthHandler:
    """The handler that reads the troubles below `var`; while there are none, that is one look into a folder."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles

    def __call__(self, _: Request) -> Response:
        """Return 200 with `ok`, or with `degraded: ` and what is wrong since when.

        The status stays 200: a load balancer must not take the only machine away, which still keeps what is asked.
        """
        wrong = "; ".join(map(_described, self._troubles.all()))
        return text_response(200, f"degraded: {wrong}" if wrong else "ok")


def _described(trouble: Trouble) -> str:
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(trouble.since))
    return f"{trouble.source} {trouble.code} since {since}"
