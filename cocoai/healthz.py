"""The handler of `GET /healthz`: it says that a worker responds, and whether something is wrong."""

from __future__ import annotations

from cocoai.engine.web.request import Request
from cocoai.engine.web.response import Response, text_response
from cocoai.troubles.store import Troubles


class HealthHandler:
    """The handler that reads the troubles below `var`; while there are none, that is one look into a folder."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles

    def __call__(self, _: Request) -> Response:
        """Return 200 with `ok` or `degraded`; what is wrong is for `cocoai status` to say, since anybody may ask here.

        The status stays 200: a load balancer must not take the only machine away, which still keeps what is asked.
        """
        return text_response(200, "degraded" if self._troubles.any() else "ok")
