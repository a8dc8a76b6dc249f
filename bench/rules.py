"""The pool's entry for bench.memory: cocoai.fcgi with one rule of copy on write broken, or one more kept.

    BENCH_RULE=NAME python bench/rules.py --config FILE

What is bent here is bent for a measurement: production has no such switch.
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
    """Every job process learns all by itself."""
    app.warm_up = lambda *_: True


def context_of_each_line() -> None:
    """The authorities are read anew by each process that speaks to the outside."""
    new_client = app.new_client

    def with_its_own(_: Any, proxy: str | None = None) -> Any:
        return new_client(tls_context(os.environ["COCOAI_NETWORK_CA_FILE"]), proxy)

    app.new_client = with_its_own


def no_freeze() -> None:
    gc.freeze = lambda: None


def mortal() -> None:
    """References are counted as ever."""
    copy_on_write.make_all_immortal = lambda: 0


def no_collection() -> None:
    """Neither before the fork, nor is anything taken out of later ones."""
    gc.collect = lambda *_: 0
    no_freeze()


def collecting_child() -> None:
    """Each detached child collects once, as one that lives long does."""
    _in_each_child(gc.collect)


def no_freeze_and_collecting() -> None:
    """What gc.freeze is for: a collection looks at all that it may, and writes into it."""
    no_freeze()
    collecting_child()


def child_without_collections() -> None:
    _in_each_child(gc.disable)


def _in_each_child(act: Callable[[], object]) -> None:
    become = fork._become  # noqa: SLF001

    def becoming(*given: Any, detach: bool) -> None:
        become(*given, detach=detach)
        if detach:
            act()

    fork._become = becoming  # noqa: SLF001


BROKEN: dict[str, Callable[[], None]] = {
    "warm-up": no_warm_up,
    "one context": context_of_each_line,
    "immortals": mortal,
    "gc.freeze": no_freeze,
    "collect and freeze": no_collection,
}
"""Without each of the rules that hold."""

TRIED: dict[str, Callable[[], None]] = {
    "a collection in each job": collecting_child,
    "that, and no gc.freeze": no_freeze_and_collecting,
    "no collection in a job": child_without_collections,
}
"""With what production has not."""

if __name__ == "__main__":
    (BROKEN | TRIED).get(RULE, lambda: None)()
    sys.exit(app.main(sys.argv[1:]))
