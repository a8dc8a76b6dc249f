"""Chaos on one database: processes of three machines are killed and stopped, the server too, and no job minds."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.mariadb.server import Server
from tests.processes import PATIENCE
from tests.spool.answering import JOBS, World, answer_everything, check, shorten_leases
from tests.spool.rooms import MariaDBRoom


def test_nothing_is_lost_twice_or_out_of_order(
    mariadb_room: MariaDBRoom, mariadb: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two hundred jobs, processes killed and stopped at random, the server killed twice."""
    shorten_leases(monkeypatch)
    seed = random.SystemRandom().randrange(1 << 30)
    server_kills = [JOBS // 4, JOBS // 2]

    def kill_the_server(done: int) -> None:
        if server_kills and done >= server_kills[0]:
            del server_kills[0]
            mariadb.kill9()
            mariadb.start()

    world = World(tmp_path)
    processes = answer_everything(mariadb_room, world, seed, disturb=kill_the_server, patience=2 * PATIENCE)

    assert (not server_kills, processes.killed > 0) == (True, True), seed
    check(mariadb_room, world, seed)
