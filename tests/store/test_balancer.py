"""Two machines behind the load balancer of etc/nginx/: one may be killed, or stop in the midst of a request."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.balancer import MachineSite, balancer, machine_site
from tests.deployment import Deployment
from tests.processes import wait_until
from tests.volley import subscribe

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from tests.store.machines import another, pids

SLACK_GIVES_UP = 3000.0
"""Milliseconds."""


@dataclass(frozen=True)
class Second:
    """The second machine: its folder, and its site."""

    var: Path
    site: MachineSite

    def log(self) -> str:
        """Return what its pool has logged."""
        return (self.var / "log/cocoai.log").read_text()


@pytest.fixture
def second(first: Deployment, short_folder: Callable[[], Path]) -> Iterator[Second]:
    """Start the second machine, and the balancer before both; Slack delivers there from now on."""
    var = short_folder()
    with contextlib.ExitStack() as stack:
        stack.enter_context(another(first, var, COCOAI_POOL_WORKERS="1"))
        pools = (first.var / "run", var / "run")
        sites = [stack.enter_context(machine_site(short_folder(), pool)) for pool in pools]
        subscribe(first, stack.enter_context(balancer(short_folder(), sites, pools[0])))
        yield Second(var, sites[1])


def statuses_in_time(first: Deployment) -> set[int]:
    """Return what Slack has heard, but for what a busy machine was too slow for: Slack sends that again."""
    return {each.status for each in first.slack.wait_for_deliveries() if each.milliseconds < SLACK_GIVES_UP}


def test_a_machine_that_is_killed_is_passed_over(first: Deployment, second: Second) -> None:
    """Slack notices nothing: each question is kept at its first delivery, and has one answer; status shows both."""
    before = [first.ask(f"number {number}?") for number in range(4)]
    for question in before:
        first.answer_to(question)
    assert second.site.posts()
    wait_until(lambda: 2 == len(first.status()["machines"]))
    for pid in (*second.site.nginx(), *pids(second.var)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    after = [first.ask(f"number {number}?") for number in range(4, 8)]
    for question in after:
        first.answer_to(question)

    assert [1] * 8 == [len(first.replies(question)) for question in before + after]
    assert {200} == statuses_in_time(first)
    assert 2 == len(first.status()["machines"])


def test_a_request_in_which_a_machine_stops_is_another_s_and_is_known_when_it_wakes(
    first: Deployment, second: Second
) -> None:
    """The balancer sends it on; what the first one takes in behind that is a duplicate, as what Slack sends again."""
    [worker] = pids(second.var, "cocoai-worker")
    os.kill(worker, signal.SIGSTOP)
    taken = len(second.site.posts())
    questions = []
    while len(second.site.posts()) == taken:
        questions.append(first.ask("hello"))
        first.answer_to(questions[-1])
    os.kill(worker, signal.SIGCONT)
    wait_until(lambda: "outcome=duplicate" in second.log())

    assert [1] * len(questions) == [len(first.replies(question)) for question in questions]
    assert {200} == statuses_in_time(first)
