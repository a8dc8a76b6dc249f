"""The pool's entry script for bench.memory: cocoai.fcgi without one rule for copy on write, or with one more.

    BENCH_RULE=NAME python bench/memory_rules.py --config FILE

The rules are changed from outside, for a measurement: production has no such switch.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGUSR2})
sys.path.insert(0, str(Path(__file__).parent.parent))

RULE = os.environ.get("BENCH_RULE", "")

from cocoai import app  # noqa: E402
from cocoai.engine.client.tls import tls_context  # noqa: E402
from cocoai.engine.process import copy_on_write, fork  # noqa: E402


def no_warm_up() -> None:
    """Leave out the warm-up, so that every job process fills its own caches and loads its own modules."""
    app.warm_up = _skip_warm_up


def context_of_each_client() -> None:
    """Make a TLS context in each process that connects to the outside, instead of one before the fork."""
    new_client = app.new_client

    def with_its_own(_: Any, proxy: str | None = None) -> Any:
        return new_client(tls_context(os.environ["COCOAI_NETWORK_CA_FILE"]), proxy)

    app.new_client = with_its_own


def no_freeze() -> None:
    """Leave out gc.freeze, so that a collection in a child looks at what it has from its parent."""
    gc.freeze = _skip


def mortal() -> None:
    """Leave the reference counts of all objects as they are, so that a child writes to what it only reads."""
    copy_on_write.make_all_immortal = _skip


def no_collection() -> None:
    """Neither collect nor freeze before the fork."""
    gc.collect = _skip
    no_freeze()


def collecting_child() -> None:
    """Collect once in each detached child, as a child that lives long does by itself."""
    _in_each_child(gc.collect)


def no_freeze_and_collecting() -> None:
    """Collect in each child without gc.freeze: a collection writes into every object that it looks at."""
    no_freeze()
    collecting_child()


def child_without_collections() -> None:
    """Switch collections off in each detached child."""
    _in_each_child(gc.disable)


def _in_each_child(act: Callable[[], object]) -> None:
    """Call `act` in each detached child, right after its fork."""
    become = fork._become  # noqa: SLF001

    def become_and_act(*arguments: Any, detach: bool) -> None:
        become(*arguments, detach=detach)
        if detach:
            act()

    fork._become = become_and_act  # noqa: SLF001


def _skip(*_: object) -> int:
    """Do nothing, in place of a function that returns how much it did."""
    return 0


def _skip_warm_up(*_: object) -> bool:
    """Report that the warm-up went well."""
    return True


BROKEN: dict[str, Callable[[], None]] = {
    "warm-up": no_warm_up,
    "one context": context_of_each_client,
    "immortals": mortal,
    "gc.freeze": no_freeze,
    "collect and freeze": no_collection,
}
"""How each rule that production keeps is broken, by the rule's name."""

TRIED: dict[str, Callable[[], None]] = {
    "a collection in each job": collecting_child,
    "that, and no gc.freeze": no_freeze_and_collecting,
    "no collection in a job": child_without_collections,
}
"""Rules that were tried and not kept."""

if __name__ == "__main__":
    if RULE:
        (BROKEN | TRIED)[RULE]()
    sys.exit(app.main(sys.argv[1:]))
