"""Define the settings about where jobs, the ledger and the history are stored: on this machine, or in a database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from cocoai.config.setting import Setting
from cocoai.config.value_types import SECRET, Secret, ValueType
from cocoai.engine.client.tls import is_loopback
from cocoai.engine.mariadb.address import PORT, Address

_NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")


def parse_address(text: str, _folder: str = "") -> Address:
    """Return the address of a database by its URL, without a password.

    Raise ValueError for any other URL, one that holds a password, and one that would be read without TLS on the way.
    """
    url = urlsplit(text)
    options = dict(parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query)))
    socket, tls = options.pop("socket", ""), options.pop("tls", "on")
    database, user, host = url.path.lstrip("/"), url.username or "", url.hostname or ""
    is_local = is_loopback(f"http://{host}") if host else bool(socket)
    is_right = (
        url.scheme == "mariadb"
        and url.password is None
        and not (options or url.fragment)
        and _NAME.fullmatch(database)
        and _NAME.fullmatch(user)
        and bool(host) != bool(socket)
        and socket.startswith("/") == bool(socket)
        and tls in ("on", "off")
        and (tls == "on" or is_local)
    )
    if not is_right:
        raise ValueError
    port = PORT if url.port is None else url.port
    return Address(database, user, host=host, port=port, socket=socket, is_plain=tls == "off")


DATABASE = ValueType(
    "mariadb://USER@HOST/DATABASE, with TLS unless HOST is this machine and `?tls=off` stands behind it, or "
    "mariadb://USER@/DATABASE?socket=/PATH; the password is a setting of its own",
    parse_address,
    empty=None,
)
"""The type of the address of a database."""


@dataclass(frozen=True)
class StoreSettings:
    """[store]: where jobs, what is known of threads, the ledger and the history lie."""

    url: Annotated[
        Address | None,
        Setting(
            DATABASE,
            "",
            "a MariaDB database that several CocoAI machines share, for which the extra `cocoai[mariadb]` is needed; "
            "empty for files on this machine",
        ),
    ]
    password: Annotated[Secret, Setting(SECRET, "", "the password of the database's user; never shown")]

    @property
    def address(self) -> Address | None:
        """Return where the database is, with its password; None if there is none."""
        return self.url and self.url.with_password(self.password)
