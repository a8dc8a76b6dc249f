"""The kill points where jobs and the ledger lie in MariaDB: everything has happened once there too.

A process that is killed leaves a claim, whose lease would last for 30 s: its machine's master ends it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.mark import ParameterSet

from cocoai.rehearsal.certificates import Certificates
from tests.deployment import Deployment
from tests.kill.conftest import killable
from tests.kill.points import Point
from tests.kill.test_kill_clicks import has_its_effect_once
from tests.kill.test_kill_points import BOTH, ONE_WAY, REPLIES, happens_once

pytest.importorskip("pymysql", reason="MARIADB IS NOT TESTED: pymysql is missing")

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.store.schema import migrate
from tests.kill.shared_points import SHARED_CLICKS, SHARED_POINTS

if TYPE_CHECKING:
    from tests.mariadb.server import Server

WALKED = [point for point in SHARED_POINTS if point.scene in REPLIES]

SHORT = frozenset(
    {
        "after the link",
        "the attempt recorded",
        "the placeholder posted",
        "the first words shown",
        "the answer recorded",
        "part 2 posted",
        "the end recorded",
        "the job moved",
        "the picture kept",
        "the picture shared",
        "the words recorded",
        "posted out of turn",
        "the tick, after its fork",
        "a click linked",
        "asked again, linked",
        "the stop request seen",
    }
)
"""The points of the short run: those at which the store says something else than files do."""


@pytest.fixture(scope="module")
def shared(
    short_folder: Callable[[], Path], certificates: Certificates, mariadb_of_process: tuple[Server, MariaDB]
) -> Iterator[Deployment]:
    """Start a stack with the kill points on a new database."""
    server, root = mariadb_of_process
    root.execute("CREATE DATABASE kill_points")
    database = MariaDB(server.address("kill_points"))
    migrate(database)
    with killable(short_folder(), certificates, COCOAI_STORE_URL=str(database.address)) as standing:
        yield standing
    database.close()
    root.execute("DROP DATABASE kill_points")


def cases(points: Iterable[Point]) -> Iterator[ParameterSet]:
    """Yield each point; those that are not in SHORT are for the long run."""
    for point in points:
        yield pytest.param(point, id=point.name, marks=[] if point.name in SHORT else [pytest.mark.long])


@pytest.mark.parametrize("point", list(cases(WALKED)))
def test_everything_happens_once_despite_a_kill(shared: Deployment, point: Point) -> None:
    """There is one reply with each part once, the model is called no more than necessary, and nothing is left open."""
    happens_once(shared, point, "mention only" if point.scene in ONE_WAY else BOTH[len(point.name) % 2])


@pytest.mark.parametrize("point", list(cases(SHARED_CLICKS)))
def test_a_click_has_its_effect_once_despite_a_kill(shared: Deployment, point: Point) -> None:
    """Slack shows the user no warning, and the model is called no more than necessary."""
    has_its_effect_once(shared, point)


def test_the_points_of_the_short_run_are_there() -> None:
    """Each is one of the points, none of which was lost on the way from files."""
    assert set() == SHORT - {point.name for point in (*WALKED, *SHARED_CLICKS)}
    assert (101, 18) == (len(SHARED_POINTS), len(SHARED_CLICKS))
