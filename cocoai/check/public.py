"""Say what the answer at the own public address means, and look at the certificate that is served there."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.target import Target
from cocoai.check.url_verification import PATH, trusting, verify_url
from cocoai.engine.client.tls import default_bundle
from cocoai.errors import CocoAIError

DAY = 86_400.0
SOON, ALMOST_OVER = 21, 3
"""Days left of the certificate: a warning, and wrong. certbot renews when 30 are left."""

NO_WRONG = {"limited": note}
"""Cases that say nothing bad of the address."""


def public(target: Target) -> Iterator[Result]:
    """Yield whether Slack would be answered at the public address, and how long its certificate lasts."""
    if not target.url:
        yield note("public", "unknown")
        return
    secret = str(target.settings.slack.signing_secret) if target.settings else ""
    outcome = verify_url(target.url, secret, _context(target), patience=target.patience)
    host = target.url.removeprefix("https://")
    facts = {
        "url": target.url + PATH,
        "host": host,
        "detail": outcome.detail,
        "file": target.shown_file,
        "reload": target.reload,
        "start": target.start,
        "install": target.install,
        "log": _log(target),
    }
    if outcome.is_ok:
        yield ok("public", "ok" if secret else "lives", **facts)
    else:
        yield NO_WRONG.get(outcome.case, wrong)("public", outcome.case, **facts)
    if outcome.certificate:
        yield _certificate(outcome.certificate, host, target)


def _log(target: Target) -> str:
    """Return the command that shows the end of the pool's log."""
    if target.instance is None:
        return f"tail {target.var or 'var'}/log/*"
    is_systemd = target.choices is not None and target.choices.shape == "systemd"
    name = target.instance.id
    return f"sudo journalctl -n 50 -u {name}" if is_systemd else f"sudo tail -n 50 {target.instance.log}/cocoai.log"


def _context(target: Target) -> ssl.SSLContext:
    """Return a TLS context that trusts what Slack trusts, and the certificate that the installer made itself to try."""
    own = ""
    if target.choices and target.instance and target.choices.is_self_signed:
        own = target.choices.certificate_files(target.instance)[0]
    context = trusting(own)
    with contextlib.suppress(CocoAIError):  # without certifi there are the system's authorities alone
        context.load_verify_locations(default_bundle())
    return context


def _certificate(found: Mapping[str, Any], host: str, target: Target) -> Result:
    """Return how long the certificate lasts, and whether Slack can trust it."""
    ends = ssl.cert_time_to_seconds(str(found.get("notAfter", "")))
    days = (ends - target.clock()) / DAY
    facts = {"host": host, "days": f"{max(0.0, days):.0f}", "install": target.install}
    if days < ALMOST_OVER:
        return wrong("public.certificate", "almost_over", **facts)
    if days < SOON:
        return warning("public.certificate", "soon", **facts)
    if target.choices and target.choices.is_self_signed:
        return warning("public.certificate", "self_signed", **facts)
    return ok("public.certificate", **facts)
