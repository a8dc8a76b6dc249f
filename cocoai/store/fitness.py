"""Look whether a database is fit for its work: its version, how it keeps what was committed, its tables, who may come.

Source: MariaDB's own variables and information_schema; what each failure would do is in docs/store.md.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cocoai.engine.mariadb.mariadb import MariaDB
from cocoai.store.schema import VERSION, version

TRIED = ((10, 11), (11, 8))
"""The versions of MariaDB that CocoAI was tried with."""

SLOW = 20.0
"""Milliseconds of a round trip from which on each answer waits noticeably."""

_VARIABLES = """
SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@max_connections, @@sync_binlog, @@log_bin
"""

_TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND engine <> 'InnoDB'
"""

_COLUMNS = """
SELECT CONCAT(table_name, '.', column_name, ' ', collation_name) FROM information_schema.columns
WHERE table_schema = DATABASE() AND collation_name IS NOT NULL
AND collation_name NOT IN ('ascii_bin', 'utf8mb4_bin', 'utf8mb4_nopad_bin')
"""


@dataclass(frozen=True)
class Fitness:
    """One thing that was looked at: `level` is `ok`, `warning` or `error`; `text` says how it is."""

    level: str
    text: str


def findings(database: MariaDB, connections: int) -> Iterator[Fitness]:
    """Yield what is found; `connections` are those that one machine opens at most. Raise `MariaDBError`."""
    began = time.monotonic()
    server, flush, most, sync_binlog, log_bin = database.rows(_VARIABLES)[0]
    first = time.monotonic() - began
    yield _server(str(server))
    yield _schema(version(database))
    yield (
        Fitness("ok", "what is committed survives a power cut")
        if int(flush) == 1
        else Fitness(
            "error",
            f"innodb_flush_log_at_trx_commit is {flush}: a crash may lose accepted questions; it must be 1",
        )
    )
    if int(log_bin) and int(sync_binlog) != 1:
        yield Fitness("warning", f"sync_binlog is {sync_binlog}: a replica may lack what was committed; 1 is safe")
    machines = int(most) // connections
    yield Fitness("ok" if machines > 1 else "warning", f"max_connections {most}: enough for {machines} such machines")
    yield from (Fitness("error", f"table {name} is not of InnoDB") for (name,) in database.rows(_TABLES))
    for (name,) in database.rows(_COLUMNS):
        yield Fitness("error", f"column {name} is collated so that two keys may be one")
    yield _safety(database)
    began = time.monotonic()
    database.rows("SELECT 1")
    milliseconds = (time.monotonic() - began) * 1000
    yield Fitness(
        "ok" if milliseconds < SLOW else "warning",
        f"a round trip takes {milliseconds:.1f} ms, the first with its connection {first * 1000:.0f}",
    )


def _server(text: str) -> Fitness:
    found = re.match(r"(\d+)\.(\d+)", text)
    if "MariaDB" not in text or found is None:
        return Fitness("error", f"the server is {text}, no MariaDB")
    is_tried = (int(found[1]), int(found[2])) in TRIED
    names = " and ".join(".".join(map(str, each)) for each in TRIED)
    return Fitness("ok" if is_tried else "warning", f"MariaDB {text}" + ("" if is_tried else f"; {names} were tried"))


def _schema(found: int) -> Fitness:
    if found == VERSION:
        return Fitness("ok", f"tables of version {found}")
    return Fitness("error", f"tables of version {found}, this CocoAI knows {VERSION}: run `cocoai store init`")


def _safety(database: MariaDB) -> Fitness:
    """Return how what is said on the way is kept from others."""
    if database.address.socket:
        return Fitness("ok", "reached on a socket of this machine")
    (cipher,) = (value for _, value in database.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'"))
    if cipher:
        return Fitness("ok", f"reached by TLS ({cipher}), and the server's name is checked")
    return Fitness("warning", "reached without TLS, which is for a server on this machine alone")
