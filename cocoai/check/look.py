"""All checks in their order. Those of the network run at the same time, each in a thread, and none is waited for long.

`everything` is what `cocoai check` looks at; `from_the_pool` leaves out what the pool, which is one user's and lives,
cannot or need not ask of itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from cocoai.check.as_user import results_as
from cocoai.check.credit import SECONDS as CREDIT_SECONDS
from cocoai.check.credit import credit
from cocoai.check.documents import documents
from cocoai.check.fcgi_socket import fcgi_socket
from cocoai.check.folders import as_user, disk, settings_file
from cocoai.check.home import home
from cocoai.check.inbox import inbox
from cocoai.check.machine import memory, nginx, python
from cocoai.check.met import met
from cocoai.check.money import ledger, prices
from cocoai.check.openai import openai
from cocoai.check.pool import pool
from cocoai.check.public import public
from cocoai.check.result import Result, note, ok, warning, wrong
from cocoai.check.slack import secret_shape, slack
from cocoai.check.speech import speech
from cocoai.check.store import store
from cocoai.check.target import Target
from cocoai.check.units import units

NETWORK_SECONDS = 9.0
"""Seconds after which the network is waited for no more: a name that does not resolve may take half a minute."""

PATIENCE = 4.0
"""By how much the pool's time limits are longer than an operator's: on 5 % of a core TLS alone takes seconds."""

Check = Callable[[], Iterable[Result]]


def everything(target: Target, *, ask: bool = False) -> list[Result]:
    """Return what all checks find; with `ask` one paid request is made, too."""
    before = [*_settings(target), *_guarded("settings", partial(settings_file, target)), *_as_pool_user(target)]
    before += _guarded("socket", partial(fcgi_socket, target))
    inside = _in_var(target)
    # What forks is done: from here on there are threads.
    local: dict[str, Check] = {
        "units": partial(units, target),
        "prices": partial(prices, target),
        "memory": memory,
        "nginx": partial(nginx, target),
        "python": python,
    }
    seconds = CREDIT_SECONDS + 2 if ask else NETWORK_SECONDS
    deadline = time.monotonic() + seconds
    waiting = _begun(_network(target, ask=ask))
    here = [result for name, check in local.items() for result in _guarded(name, check)]
    return [*before, *_ended(waiting, deadline, seconds), *inside, *here]


def from_the_pool(target: Target) -> list[Result]:
    """Return what the pool finds of itself: the network, `var`, prices, ledger and documents."""
    target, seconds = replace(target, patience=PATIENCE), NETWORK_SECONDS * PATIENCE
    deadline = time.monotonic() + seconds
    waiting = _begun(_network(target, ask=False))
    local: dict[str, Check] = {
        "settings": partial(settings_file, target),
        "var": partial(as_user, target),
        "var.disk": partial(disk, target),
        "pool": partial(pool, target),
        "inbox": partial(inbox, target),
        "ledger": partial(ledger, target),
        "prices": partial(prices, target),
        "documents": partial(documents, target),
    }
    here = [result for name, check in local.items() for result in _guarded(name, check)]
    return [*_ended(waiting, deadline, seconds), *here]


def _settings(target: Target) -> Iterator[Result]:
    """Yield whether the settings can be read, and what they warn of."""
    if not target.trouble:
        yield ok("settings", file=target.shown_file)
    elif target.is_hidden:
        yield note("settings", "not_for_you", file=target.file)
    else:
        facts = {"file": target.shown_file, "reload": target.reload, "start": target.start}
        yield wrong("settings", "refused", trouble=target.trouble, **facts)


def _as_pool_user(target: Target) -> list[Result]:
    """Return what the pool's user may read and write: asked as that user, where this process may become it."""
    if target.is_hidden:
        return []  # that is said of the settings
    owner, check = target.owner, partial(as_user, target)
    if owner is None or owner.uid == os.geteuid():
        return _guarded("var", check)
    if os.geteuid() == 0:
        return results_as(owner, check)
    return [note("settings.access", "not_asked", user=owner.shown)]


def _in_var(target: Target) -> list[Result]:
    """Return what is found by reading the files in `var`, as their owner where this process is root.

    What that user has put there, a link or a pipe without a writer, must neither lead root elsewhere nor hold it up.
    """
    checks: dict[str, Check] = {
        "pool": partial(pool, target),
        "pool.met": partial(met, target),
        "inbox": partial(inbox, target),
        "slack.home": partial(home, target),
        "var.disk": partial(disk, target),
        "ledger": partial(ledger, target),
        "documents": partial(documents, target),
    }
    owner = target.owner if os.geteuid() == 0 else None
    if owner is None or owner.uid == 0:
        return [result for name, check in checks.items() for result in _guarded(name, check)]
    return [result for check in checks.values() for result in results_as(owner, check)]


def _network(target: Target, *, ask: bool) -> dict[str, Check]:
    """Return the checks that ask other machines, by the part that names each."""
    found: dict[str, Check] = {"slack.reach": partial(slack, target), "openai.reach": partial(openai, target)}
    found["openai.speech"] = partial(speech, target)
    found["store"] = partial(store, target)
    if ask:
        found["openai.credit"] = partial(credit, target)
    return {**found, "public": partial(public, target), "slack.secret": partial(secret_shape, target)}


def _guarded(name: str, check: Check) -> list[Result]:
    """Return what a check finds; its failure is a result too, without the exception's text, which may hold a secret."""
    return _Begun(name, check).run().results


class _Begun:
    """A check in a thread of its own, and the results that it has yielded so far."""

    def __init__(self, name: str, check: Check) -> None:
        self.name = name
        self.results: list[Result] = []
        self.is_done = False
        self._check = check
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> _Begun:
        """Run the check, and return this object."""
        try:
            for result in self._check():
                self.results.append(result)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is said)
            self.results.append(warning("check", "broken", name=self.name, kind=type(error).__name__))
        self.is_done = True
        return self


def _begun(checks: Mapping[str, Check]) -> list[_Begun]:
    """Start each check in a thread of its own; return them at once."""
    begun = [_Begun(name, check) for name, check in checks.items()]
    for each in begun:
        each.thread.start()
    return begun


def _ended(begun: Iterable[_Begun], deadline: float, seconds: float) -> Iterator[Result]:
    """Yield what the checks have found, each waited for until the deadline (monotonic); what is not done is said.

    `seconds` is the time that they had.
    """
    for each in begun:
        each.thread.join(max(0.0, deadline - time.monotonic()))
        results, is_done = list(each.results), each.is_done
        yield from results
        if not is_done:
            level = warning if results else wrong
            yield level("check", "late", name=each.name, seconds=f"{seconds:.0f}")
